package store

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"postroom/internal/postroom"
)

// Outcome says how a job ended. Also is settled in the same transaction as the
// job, so that a message and its job cannot disagree.
type Outcome struct {
	Verdict Verdict
	At      time.Time // with Again and Wait: when it is due again
	Reason  string    // for the person who looks at the job; never content
	Also    func(tx *Tx) error
}

// Verdict is the one word for how a job ended.
type Verdict int

// The verdicts. Again counts a try, because the work itself failed; Wait
// counts none, because something outside was away (an outage, no permit, a
// shutdown).
const (
	Done Verdict = iota
	Again
	Wait
	Dead
)

// AddJob makes work due at the given moment, unless the same kind of work on
// the same subject is on file already. It says whether it was added.
func (tx *Tx) AddJob(kind postroom.JobKind, subject string, lane postroom.Lane, due, at time.Time) (bool, error) {
	n, err := tx.exec(insertJob,
		newID(), kind, subject, lane, micros(due), micros(at))
	if err != nil {
		return false, fmt.Errorf("add job %s of %s: %w", kind, subject, err)
	}
	tx.woken[lane] = true
	return n > 0, nil
}

// OweJob is AddJob for whoever need not hear whether it was on file.
func (tx *Tx) OweJob(kind postroom.JobKind, subject string, lane postroom.Lane, due, at time.Time) error {
	tx.woken[lane] = true
	if err := tx.later(insertJob, newID(), kind, subject, lane, micros(due), micros(at)); err != nil {
		return fmt.Errorf("owe job %s of %s: %w", kind, subject, err)
	}
	return nil
}

const insertJob = `
		INSERT INTO jobs (id, kind, subject, lane, due_at, created_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (kind, subject) DO NOTHING`

// ReopenJob makes a settled job due again, with its tries counted from none.
// Whoever did it before can no longer settle it. It returns NotFound if there
// is no such job, or it is not settled.
func (tx *Tx) ReopenJob(id string, due time.Time) error {
	var lane postroom.Lane
	err := tx.row(`
		UPDATE jobs SET state = 'due', due_at = $2, tries = 0, reason = '', settled_at = 0, held_by = ''
		 WHERE id = $1 AND state IN ('done', 'dead') RETURNING lane`, id, micros(due)).Scan(&lane)
	if err != nil {
		return absent(err, "reopen job", id)
	}
	tx.woken[lane] = true
	return nil
}

// DropJob gives a job up: nobody will do it. It returns NotFound if it is
// unknown or being done at this moment.
func (tx *Tx) DropJob(id, reason string, at time.Time) error {
	var kind string
	err := tx.row(`
		UPDATE jobs SET state = 'dead', reason = $2, settled_at = $3
		 WHERE id = $1 AND state IN ('due', 'handed', 'dead') RETURNING kind`, id, reason, micros(at)).Scan(&kind)
	return absent(err, "drop job", id)
}

// HandOver takes up to limit due jobs of a lane, most overdue first, raises
// their turn and marks them as handed over by this process until the given
// moment. It must be committed before the tasks reach asynq.
//
// The rows are picked in a CTE of their own: inside "WHERE id IN (SELECT …
// LIMIT)" PostgreSQL's planner may run the SELECT again for every row, and
// then hands over more than limit.
func (tx *Tx) HandOver(lane postroom.Lane, by string, limit int, now, until time.Time) ([]postroom.Job, error) {
	var jobs []postroom.Job
	err := tx.each(func(rows *sql.Rows) error {
		j := postroom.Job{Lane: lane, State: postroom.JobHanded, HandedUntil: until}
		var due int64
		err := rows.Scan(&j.ID, &j.Kind, &j.Subject, &j.Turn, &j.Tries, &due)
		j.DueAt = moment(due)
		jobs = append(jobs, j)
		return err
	}, `WITH picked AS MATERIALIZED (
			SELECT id AS picked_id FROM jobs WHERE lane = $1 AND state = 'due' AND due_at <= $4
			 ORDER BY due_at, id LIMIT $5`+tx.skip+`)
		UPDATE jobs SET state = 'handed', turn = turn + 1, handed_by = $2, handed_until = $3, held_by = ''
		  FROM picked WHERE id = picked_id
		RETURNING id, kind, subject, turn, tries, due_at`,
		lane, by, micros(until), micros(now), limit)
	if err != nil {
		return nil, fmt.Errorf("hand over jobs of lane %s: %w", lane, err)
	}
	slices.SortFunc(jobs, func(a, b postroom.Job) int {
		return cmp.Or(a.DueAt.Compare(b.DueAt), cmp.Compare(a.ID, b.ID))
	})
	return jobs, nil
}

// RaiseTurn hands a job over once more under a new turn, because asynq
// already knows the old one. It returns Gone if the job moved on meanwhile.
func (tx *Tx) RaiseTurn(id string, turn int, until time.Time) (int, error) {
	var raised int
	err := tx.row(`
		UPDATE jobs SET turn = turn + 1, handed_until = $3
		 WHERE id = $1 AND turn = $2 AND state = 'handed' RETURNING turn`, id, turn, micros(until)).Scan(&raised)
	return raised, movedOn(err, "raise turn of", id)
}

// Claim takes a job that was handed over at this turn. It returns Gone if the
// job is settled or has been handed over again since. The holder must be
// nobody else's, nor another claim's of the same process: then whoever did not
// hear that a claim was committed makes it again and is not turned away.
func (tx *Tx) Claim(id string, turn int, holder string, until time.Time) (postroom.Job, error) {
	j := postroom.Job{ID: id, Turn: turn, State: postroom.JobRunning, HeldBy: holder, LeasedUntil: until}
	err := tx.row(`
		UPDATE jobs SET state = 'running', held_by = $3, leased_until = $4
		 WHERE id = $1 AND turn = $2 AND (state = 'handed' OR (state = 'running' AND held_by = $3))
		RETURNING kind, subject, lane, tries`, id, turn, holder, micros(until)).
		Scan(&j.Kind, &j.Subject, &j.Lane, &j.Tries)
	return j, movedOn(err, "claim", id)
}

// Renew lengthens the lease of a job being done. It returns Gone if the job
// has been handed over again since: the work must stop.
func (tx *Tx) Renew(id string, turn int, until time.Time) error {
	var kept string
	err := tx.row(`
		UPDATE jobs SET leased_until = $3
		 WHERE id = $1 AND turn = $2 AND state = 'running' RETURNING id`, id, turn, micros(until)).Scan(&kept)
	return movedOn(err, "renew", id)
}

// Settle ends this turn of a job. A worker whose lease ran out may still
// settle as long as nobody else was handed the job: the work was done. Such a
// job is due and still names its holder; one that is due because it was
// settled or reopened names nobody, so the same turn never settles twice. It
// returns Gone, with nothing changed, if the job moved on, and nil, with
// nothing changed, if this holder has ended this turn in this way already and
// not heard that it was committed.
func (tx *Tx) Settle(job postroom.Job, o Outcome, at time.Time) error {
	state, tries, settled, due := postroom.JobDone, 0, micros(at), micros(at)
	switch o.Verdict {
	case Again:
		state, tries, settled, due = postroom.JobDue, 1, 0, micros(o.At)
	case Wait:
		state, settled, due = postroom.JobDue, 0, micros(o.At)
	case Dead:
		state, tries = postroom.JobDead, 1
	}
	var lane postroom.Lane
	err := tx.row(`
		UPDATE jobs SET state = $3, tries = tries + $4, due_at = $5, settled_at = $6, reason = $7,
			held_by = CASE WHEN $3 = 'due' THEN '' ELSE held_by END
		 WHERE id = $1 AND turn = $2 AND (state = 'running' OR (state = 'due' AND held_by <> '')) RETURNING lane`,
		job.ID, job.Turn, state, tries, due, settled, o.Reason).Scan(&lane)
	if errors.Is(err, sql.ErrNoRows) {
		return tx.settledBefore(job, state, due, o.Reason, err)
	}
	if err != nil {
		return fmt.Errorf("settle job %s: %w", job.ID, err)
	}
	if state == postroom.JobDue {
		tx.woken[lane] = true
	}
	if o.Also == nil {
		return nil
	}
	return o.Also(tx)
}

// settledBefore returns nil if the row stands as this settlement would have
// left it, and otherwise Gone. A job that is done or dead still names who ended
// it; one that is due names nobody, and then the moment and the reason tell.
func (tx *Tx) settledBefore(job postroom.Job, state postroom.JobState, due int64, reason string, gone error) error {
	var same int
	err := tx.row(`
		SELECT count(*) FROM jobs WHERE id = $1 AND turn = $2 AND state = $3 AND reason = $4
		   AND ((state = 'due' AND held_by = '' AND due_at = $5) OR (state <> 'due' AND held_by = $6 AND held_by <> ''))`,
		job.ID, job.Turn, state, reason, due, job.HeldBy).Scan(&same)
	if err != nil {
		return fmt.Errorf("look how job %s was settled: %w", job.ID, err)
	}
	if same == 0 {
		return movedOn(gone, "settle", job.ID)
	}
	return nil
}

// Sweep makes jobs due again that were handed over and never claimed, or whose
// holder stopped renewing. It says which lanes gained work. These are two
// statements, because for one with OR SQLite reads every job there ever was.
func (tx *Tx) Sweep(now time.Time) (map[postroom.Lane]int, error) {
	lanes, err := tx.makeDue(`UPDATE jobs SET state = 'due', due_at = $1 WHERE state = 'handed' AND handed_until < $1 RETURNING lane`, micros(now))
	if err != nil {
		return nil, err
	}
	lapsed, err := tx.makeDue(`UPDATE jobs SET state = 'due', due_at = $1 WHERE state = 'running' AND leased_until < $1 RETURNING lane`, micros(now))
	for lane, n := range lapsed {
		lanes[lane] += n
	}
	return lanes, err
}

// SweepAhead makes jobs due again that a clock has put off which was put back
// since: handed over or leased until later than anybody now does it, made due
// by a sweep at a moment that is still to come, or added at such a moment to be
// done at once. A job that was given a later time by whoever added or settled
// it keeps that time, because nothing in its row says by which clock: at worst
// it is done as much later as the clock was put back.
func (tx *Tx) SweepAhead(now, handed, leased time.Time) (map[postroom.Lane]int, error) {
	lanes := make(map[postroom.Lane]int)
	for _, which := range []struct {
		query string
		than  time.Time
	}{
		{`state = 'handed' AND handed_until > $2`, handed},
		{`state = 'running' AND leased_until > $2`, leased},
		{`state = 'due' AND due_at > $2 AND (held_by <> '' OR (turn = 0 AND due_at <= created_at))`, now},
	} {
		found, err := tx.makeDue(`UPDATE jobs SET state = 'due', due_at = $1 WHERE `+which.query+` RETURNING lane`, micros(now), micros(which.than))
		if err != nil {
			return nil, err
		}
		for lane, n := range found {
			lanes[lane] += n
		}
	}
	return lanes, nil
}

// TakeBack makes handed jobs due again: those of one process, or of all when
// by is empty, because the Redis that held their tasks is gone.
func (tx *Tx) TakeBack(by string, now time.Time) (map[postroom.Lane]int, error) {
	return tx.makeDue(`
		UPDATE jobs SET state = 'due', due_at = $1
		 WHERE state = 'handed' AND ($2 = '' OR handed_by = $2)
		RETURNING lane`, micros(now), by)
}

// TakeAllBack makes every job due again that was handed over or being done.
// Only a process that knows it is alone may call it, at its start.
func (tx *Tx) TakeAllBack(now time.Time) (map[postroom.Lane]int, error) {
	return tx.makeDue(`UPDATE jobs SET state = 'due', due_at = $1 WHERE state IN ('handed', 'running') RETURNING lane`, micros(now))
}

func (tx *Tx) makeDue(query string, args ...any) (map[postroom.Lane]int, error) {
	lanes := make(map[postroom.Lane]int)
	err := tx.each(func(rows *sql.Rows) error {
		var lane postroom.Lane
		err := rows.Scan(&lane)
		lanes[lane]++
		tx.woken[lane] = true
		return err
	}, query, args...)
	if err != nil {
		return nil, fmt.Errorf("make jobs due again: %w", err)
	}
	return lanes, nil
}

// WorkLeft says whether any job is due by now, handed over or running. It is
// one statement, so that no job is missed on its way from one state to the
// next.
func (r Reader) WorkLeft(now time.Time) (left bool, err error) {
	err = r.row(`
		SELECT EXISTS (SELECT 1 FROM jobs WHERE state = 'handed')
		    OR EXISTS (SELECT 1 FROM jobs WHERE state = 'running')
		    OR EXISTS (SELECT 1 FROM jobs WHERE state = 'due' AND due_at <= $1)`, micros(now)).Scan(&left)
	return left, err
}

// HandedBy counts the jobs of a lane that this process handed over and nobody
// has claimed yet.
func (r Reader) HandedBy(lane postroom.Lane, by string) (n int, err error) {
	err = r.row(`SELECT count(*) FROM jobs WHERE lane = $1 AND handed_by = $2 AND state = 'handed'`, lane, by).Scan(&n)
	return n, err
}

// NextDue returns when the next job of each lane falls due. It asks lane by
// lane, because that is one look into the index each, however long the queue.
func (r Reader) NextDue() (map[postroom.Lane]time.Time, error) {
	next := make(map[postroom.Lane]time.Time)
	err := r.each(func(rows *sql.Rows) error {
		var lane postroom.Lane
		var due sql.NullInt64
		err := rows.Scan(&lane, &due)
		if due.Valid {
			next[lane] = moment(due.Int64)
		}
		return err
	}, `WITH lanes (lane) AS (VALUES ('urgent'), ('confirm'), ('followup'), ('digest'), ('bulk'), ('inbound'))
		SELECT lane, (SELECT min(due_at) FROM jobs WHERE jobs.lane = lanes.lane AND state = 'due') FROM lanes`)
	return next, err
}

const jobColumns = `id, kind, subject, lane, state, turn, tries, due_at, handed_until, leased_until, held_by, reason, created_at, settled_at`

func scanJob(scan func(...any) error) (postroom.Job, error) {
	var j postroom.Job
	var due, handed, leased, created, settled int64
	err := scan(&j.ID, &j.Kind, &j.Subject, &j.Lane, &j.State, &j.Turn, &j.Tries, &due, &handed, &leased, &j.HeldBy, &j.Reason, &created, &settled)
	j.DueAt, j.HandedUntil, j.LeasedUntil = moment(due), moment(handed), moment(leased)
	j.CreatedAt, j.SettledAt = moment(created), moment(settled)
	return j, err
}

// Job returns one job, or NotFound.
func (r Reader) Job(id string) (postroom.Job, error) {
	j, err := scanJob(r.row(`SELECT `+jobColumns+` FROM jobs WHERE id = $1`, id).Scan)
	return j, absent(err, "job", id)
}

// JobOf returns the job of this kind on this subject, or NotFound.
func (r Reader) JobOf(kind postroom.JobKind, subject string) (postroom.Job, error) {
	j, err := scanJob(r.row(`SELECT `+jobColumns+` FROM jobs WHERE kind = $1 AND subject = $2`, kind, subject).Scan)
	return j, absent(err, "job "+string(kind)+" of", subject)
}

// Jobs lists jobs in a state (or, when state is empty, all that are not done),
// oldest due first, at most limit.
func (r Reader) Jobs(state postroom.JobState, limit int) ([]postroom.Job, error) {
	var jobs []postroom.Job
	err := r.each(func(rows *sql.Rows) error {
		j, err := scanJob(rows.Scan)
		jobs = append(jobs, j)
		return err
	}, `SELECT `+jobColumns+` FROM jobs
		 WHERE state = $1 OR ($1 = '' AND state <> 'done')
		 ORDER BY due_at, id LIMIT $2`, state, limit)
	return jobs, err
}

// JobCount is how many jobs of a lane are in a state.
type JobCount struct {
	Lane  postroom.Lane
	State postroom.JobState
	N     int
}

// OpenJobs counts the jobs that are not done, by lane and state. Each state
// has an index of its own; the jobs that are done have none and are not read.
func (r Reader) OpenJobs() ([]JobCount, error) {
	var counts []JobCount
	err := r.each(func(rows *sql.Rows) error {
		var c JobCount
		err := rows.Scan(&c.Lane, &c.State, &c.N)
		counts = append(counts, c)
		return err
	}, `SELECT lane, state, count(*) FROM (
			SELECT lane, state FROM jobs WHERE state = 'due' UNION ALL SELECT lane, state FROM jobs WHERE state = 'handed' UNION ALL
			SELECT lane, state FROM jobs WHERE state = 'running' UNION ALL SELECT lane, state FROM jobs WHERE state = 'dead') AS open
		 GROUP BY lane, state ORDER BY lane, state`)
	return counts, err
}

// movedOn turns "no row at this turn" into Gone.
func movedOn(err error, what, id string) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("%s job %s: %w", what, id, err)
	if errors.Is(err, sql.ErrNoRows) {
		return &postroom.Error{Kind: postroom.Gone, Say: postroom.Say("error.moved_on"), Cause: err}
	}
	return err
}
