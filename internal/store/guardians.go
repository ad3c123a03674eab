package store

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"postroom/internal/postroom"
)

// Guardian is who has to agree to what a submission asks for.
type Guardian struct {
	Submission string
	GuardianReach
	State      GuardianState
	Asked      int // how often by mail; the link of the newest mail is the one that works
	AskedAt    time.Time
	ChaseAt    time.Time // zero when the coordinators have been told that no answer came
	AnsweredAt time.Time
}

// GuardianReach is how a guardian is found. It is sealed.
type GuardianReach struct{ Name, Address, Phone string }

// GuardianState says what a guardian has answered.
type GuardianState string

// What a guardian may have answered.
const (
	GuardianWaiting GuardianState = "waiting"
	GuardianAgreed  GuardianState = "agreed"
	GuardianRefused GuardianState = "refused"
)

const guardianPlace = "guardians.reach:"

// AddGuardian notes who has to agree, once for a submission, and says whether
// that is new.
func (tx *Tx) AddGuardian(g Guardian) (bool, error) {
	sealed, err := tx.sealJSON(guardianPlace+g.Submission, g.GuardianReach)
	if err != nil {
		return false, err
	}
	n, err := tx.exec(`INSERT INTO guardians (submission_id, sealed, state, asked, asked_at, chase_at) VALUES ($1, $2, 'waiting', $3, $4, $5)
		ON CONFLICT (submission_id) DO NOTHING`, g.Submission, sealed, g.Asked, micros(g.AskedAt), micros(g.ChaseAt))
	if err != nil {
		return false, fmt.Errorf("add guardian: %w", err)
	}
	return n > 0, nil
}

// Guardian returns who has to agree to a submission, and whether anybody has.
func (r Reader) Guardian(submission string) (g Guardian, there bool, err error) {
	var sealed []byte
	var asked, chase, answered int64
	err = r.row(`SELECT submission_id, sealed, state, asked, asked_at, chase_at, answered_at FROM guardians WHERE submission_id = $1`, submission).
		Scan(&g.Submission, &sealed, &g.State, &g.Asked, &asked, &chase, &answered)
	if errors.Is(err, sql.ErrNoRows) {
		return g, false, nil
	}
	if err != nil {
		return g, false, fmt.Errorf("read guardian: %w", err)
	}
	g.AskedAt, g.ChaseAt, g.AnsweredAt = moment(asked), moment(chase), moment(answered)
	return g, true, r.openJSON(guardianPlace+submission, sealed, &g.GuardianReach)
}

// AnswerGuardian notes what a guardian answered to the asking with this number,
// and says whether they had not before.
func (tx *Tx) AnswerGuardian(submission string, asked int, state GuardianState, at time.Time) (bool, error) {
	n, err := tx.exec(`UPDATE guardians SET state = $3, answered_at = $4 WHERE submission_id = $1 AND asked = $2 AND state = 'waiting'`,
		submission, asked, state, micros(at))
	if err != nil {
		return false, fmt.Errorf("note a guardian's answer: %w", err)
	}
	return n > 0, nil
}

// AskGuardianFirst notes that a guardian who could not be asked at the door is
// asked now, and until when an answer is waited for. It says whether nobody had
// asked them before.
func (tx *Tx) AskGuardianFirst(submission string, at, chase time.Time) (bool, error) {
	n, err := tx.exec(`UPDATE guardians SET asked = 1, asked_at = $2, chase_at = $3 WHERE submission_id = $1 AND state = 'waiting' AND asked = 0`,
		submission, micros(at), micros(chase))
	if err != nil {
		return false, fmt.Errorf("note that a guardian is asked: %w", err)
	}
	return n > 0, nil
}

// GuardianToldUs notes that a guardian has agreed by another way than the button,
// whatever they had answered by it, and says whether that is new.
func (tx *Tx) GuardianToldUs(submission string, at time.Time) (bool, error) {
	n, err := tx.exec(`UPDATE guardians SET state = 'agreed', answered_at = $2, chase_at = 0 WHERE submission_id = $1 AND state <> 'agreed'`,
		submission, micros(at))
	if err != nil {
		return false, fmt.Errorf("note a guardian's word: %w", err)
	}
	return n > 0, nil
}

// AskGuardianAgain counts one more asking of a guardian who waits, by which the
// links of before end, and returns its number. It returns TooMany when there were
// as many as there may be, or the last was less than apart ago.
func (tx *Tx) AskGuardianAgain(submission string, most int, apart time.Duration, at time.Time) (asked int, err error) {
	err = tx.row(`UPDATE guardians SET asked = asked + 1, asked_at = $3 WHERE submission_id = $1 AND state = 'waiting' AND asked < $2 AND asked_at <= $4 RETURNING asked`,
		submission, most, micros(at), micros(at.Add(-apart))).Scan(&asked)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, &postroom.Error{Kind: postroom.TooMany, Say: postroom.Say("guardian.too_many"), Cause: err}
	}
	return asked, err
}

// GuardiansToChase lists the submissions whose guardian has not answered in time,
// at most limit. Whatever is held for another reason besides waits for whoever
// looks at that, and what is held no more waits for nobody.
func (r Reader) GuardiansToChase(now time.Time, limit int) (submissions []string, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		submissions = append(submissions, id)
		return err
	}, `SELECT submission_id FROM guardians WHERE state = 'waiting' AND chase_at > 0 AND chase_at <= $1
		AND EXISTS (SELECT 1 FROM holds WHERE holds.submission_id = guardians.submission_id AND released_at = 0 AND reason = 'guardian')
		AND NOT EXISTS (SELECT 1 FROM holds WHERE holds.submission_id = guardians.submission_id AND released_at = 0 AND reason <> 'guardian')
		ORDER BY chase_at LIMIT $2`, micros(now), limit)
	return submissions, err
}

// GuardianChased notes that the coordinators have been told, and says whether
// they had not before.
func (tx *Tx) GuardianChased(submission string) (bool, error) {
	n, err := tx.exec(`UPDATE guardians SET chase_at = 0 WHERE submission_id = $1 AND state = 'waiting' AND chase_at > 0`, submission)
	return n > 0, err
}
