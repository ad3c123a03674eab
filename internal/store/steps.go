package store

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"postroom/internal/postroom"
)

// AddRun begins a contact's way through a programme, once per submission.
func (tx *Tx) AddRun(run postroom.Run) (postroom.Run, error) {
	run.ID = newID()
	const insert = `
		INSERT INTO runs (id, programme, form, submission_id, contact_id, created_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (submission_id) DO NOTHING`
	args := []any{run.ID, run.Programme, run.Form, run.Submission, run.Contact, micros(run.CreatedAt)}
	if tx.made[run.Submission] { // so it has none
		tx.made[run.ID], tx.made[run.Submission] = true, false
		return run, tx.later(insert, args...)
	}
	n, err := tx.exec(insert, args...)
	if err == nil && n == 0 {
		err = tx.row(`SELECT id FROM runs WHERE submission_id = $1`, run.Submission).Scan(&run.ID)
	}
	if err != nil {
		return run, fmt.Errorf("add run: %w", err)
	}
	return run, nil
}

const runColumns = `id, programme, form, submission_id, contact_id, created_at`

func scanRun(scan func(...any) error) (postroom.Run, error) {
	var run postroom.Run
	var created int64
	err := scan(&run.ID, &run.Programme, &run.Form, &run.Submission, &run.Contact, &created)
	run.CreatedAt = moment(created)
	return run, err
}

// Run returns one run, or NotFound.
func (r Reader) Run(id string) (postroom.Run, error) {
	run, err := scanRun(r.row(`SELECT `+runColumns+` FROM runs WHERE id = $1`, id).Scan)
	return run, absent(err, "run", id)
}

// RunOf returns the run a submission began, and whether there is one.
func (r Reader) RunOf(submission string) (postroom.Run, bool, error) {
	run, err := scanRun(r.row(`SELECT `+runColumns+` FROM runs WHERE submission_id = $1`, submission).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return run, false, nil
	}
	return run, err == nil, err
}

// PromiseStep promises a step, once per run, name and occurrence, and says
// whether this was the first time. The step comes back as it stands on file.
func (tx *Tx) PromiseStep(s postroom.Step) (postroom.Step, bool, error) {
	s.State = postroom.StepPlanned
	return tx.addStep(s, time.Time{})
}

// KeepStep is PromiseStep for a step that the same transaction does, at the
// moment it is due.
func (tx *Tx) KeepStep(s postroom.Step) (postroom.Step, bool, error) {
	s.State = postroom.StepDone
	return tx.addStep(s, s.DueAt)
}

func (tx *Tx) addStep(s postroom.Step, settled time.Time) (postroom.Step, bool, error) {
	s.ID, s.PromisedFor = newID(), s.DueAt
	const insert = `
		INSERT INTO steps (id, run_id, name, occurrence, state, due_at, promised_for, settled_at) VALUES ($1, $2, $3, $4, $5, $6, $6, $7)
		ON CONFLICT (run_id, name, occurrence) DO NOTHING`
	args := []any{s.ID, s.Run, s.Name, s.Occurrence, s.State, micros(s.DueAt), micros(settled)}
	if key := s.Run + " " + s.Name + " " + s.Occurrence; tx.made[s.Run] && !tx.made[key] { // so it is the first
		tx.made[key] = true
		return s, true, tx.later(insert, args...)
	}
	n, err := tx.exec(insert, args...)
	if err != nil {
		return s, false, fmt.Errorf("promise step %s: %w", s.Name, err)
	}
	if n > 0 {
		return s, true, nil
	}
	err = tx.each(func(rows *sql.Rows) error { return scanStep(rows, &s) },
		`SELECT `+stepColumns+` FROM steps WHERE run_id = $1 AND name = $2 AND occurrence = $3`, s.Run, s.Name, s.Occurrence)
	return s, false, err
}

// SettleStep ends a planned step and says whether it still was planned, so
// that two schedulers never do one step twice.
func (tx *Tx) SettleStep(id string, to postroom.StepState, reason string, at time.Time) (bool, error) {
	n, err := tx.exec(`UPDATE steps SET state = $2, reason = $3, settled_at = $4 WHERE id = $1 AND state = 'planned'`, id, to, reason, micros(at))
	return n > 0, err
}

// ReplanStep promises a step for another moment. One that is planned is due
// then; one that was cancelled for this reason is planned again. Any other
// stays as it is: what was done is done.
func (tx *Tx) ReplanStep(id, reason string, due time.Time) error {
	_, err := tx.exec(`UPDATE steps SET state = 'planned', reason = '', settled_at = 0, due_at = $3, promised_for = $3
		WHERE id = $1 AND (state = 'planned' OR (state = 'cancelled' AND reason = $2))`, id, reason, micros(due))
	return err
}

// PostponeStep keeps the reason why a planned step could not be done and lets
// it fall due again later. It says whether the step still was planned.
func (tx *Tx) PostponeStep(id, reason string, until time.Time) (bool, error) {
	n, err := tx.exec(`UPDATE steps SET reason = $2, due_at = $3 WHERE id = $1 AND state = 'planned' AND due_at < $3`, id, reason, micros(until))
	return n > 0, err
}

// MoveStep lets a planned step fall due at another moment, as if it had been
// promised for that one from the first, and says whether it still was planned.
func (tx *Tx) MoveStep(id string, due time.Time) (bool, error) {
	n, err := tx.exec(`UPDATE steps SET reason = '', due_at = $2, promised_for = $2 WHERE id = $1 AND state = 'planned'`, id, micros(due))
	return n > 0, err
}

// WantStep makes a step due now because a person wants it done, with the
// reason for whoever does it. It returns NotFound if there is none, and
// Conflict if it has been done.
func (tx *Tx) WantStep(id, reason string, now time.Time) (postroom.Step, error) {
	s, err := tx.Step(id)
	if err != nil {
		return s, err
	}
	n, err := tx.exec(`UPDATE steps SET state = 'planned', reason = $2, due_at = $3, promised_for = $3, settled_at = 0
		WHERE id = $1 AND state <> 'done'`, id, reason, micros(now))
	if err == nil && n == 0 {
		err = &postroom.Error{Kind: postroom.Conflict, Say: postroom.Say("error.moved_on"), Cause: fmt.Errorf("step %s has been done", id)}
	}
	return s, err
}

// The version before this one promised steps without promised_for.
const stepColumns = `steps.id, run_id, steps.name, occurrence, steps.state, reason, due_at, CASE WHEN promised_for = 0 THEN due_at ELSE promised_for END`

func scanStep(rows *sql.Rows, s *postroom.Step, more ...any) error {
	var due, promised int64
	err := rows.Scan(append([]any{&s.ID, &s.Run, &s.Name, &s.Occurrence, &s.State, &s.Reason, &due, &promised}, more...)...)
	s.DueAt, s.PromisedFor = moment(due), moment(promised)
	return err
}

// Step returns one step, or NotFound.
func (r Reader) Step(id string) (postroom.Step, error) {
	list, err := r.steps(`SELECT `+stepColumns+` FROM steps WHERE id = $1`, id)
	if err == nil && len(list) == 0 {
		err = absent(sql.ErrNoRows, "step", id)
	}
	if err != nil {
		return postroom.Step{}, err
	}
	return list[0], nil
}

// Promise is a step with what a person knows it by.
type Promise struct {
	postroom.Step
	Submission string // that began its run
	Reference  string // of that
	Programme  string
}

// Promises lists planned steps, the soonest first.
func (r Reader) Promises(limit int) ([]Promise, error) {
	return r.promises(`WHERE steps.state = 'planned' ORDER BY due_at, steps.id LIMIT $1`, limit)
}

// PromisesOf lists every step of a run, in the order they fall due.
func (r Reader) PromisesOf(run string) ([]Promise, error) {
	return r.promises(`WHERE run_id = $1 ORDER BY due_at, steps.id`, run)
}

func (r Reader) promises(which string, args ...any) (list []Promise, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var p Promise
		err := scanStep(rows, &p.Step, &p.Submission, &p.Reference, &p.Programme)
		list = append(list, p)
		return err
	}, `SELECT `+stepColumns+`, submissions.id, submissions.reference, runs.programme FROM steps JOIN runs ON runs.id = run_id
		 JOIN submissions ON submissions.id = runs.submission_id `+which, args...)
	return list, err
}

func (r Reader) steps(query string, args ...any) (list []postroom.Step, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var s postroom.Step
		err := scanStep(rows, &s)
		list = append(list, s)
		return err
	}, query, args...)
	return list, err
}

// DueSteps lists planned steps that have fallen due, oldest first.
func (r Reader) DueSteps(now time.Time, limit int) ([]postroom.Step, error) {
	return r.steps(`SELECT `+stepColumns+` FROM steps WHERE state = 'planned' AND due_at <= $1 ORDER BY due_at, id LIMIT $2`, micros(now), limit)
}

// StepsOf lists every step of a run in the order they fall due.
func (r Reader) StepsOf(run string) ([]postroom.Step, error) {
	return r.steps(`SELECT `+stepColumns+` FROM steps WHERE run_id = $1 ORDER BY due_at, id`, run)
}

// NextStep returns when the next planned step falls due, or the zero time.
func (r Reader) NextStep() (time.Time, error) {
	var us sql.NullInt64
	err := r.row(`SELECT min(due_at) FROM steps WHERE state = 'planned'`).Scan(&us)
	return moment(us.Int64), err
}
