package store

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"postroom/internal/postroom"
)

// Suppress stops mail to an address: all of it, or marketing only.
func (tx *Tx) Suppress(address string, marketingOnly bool, reason string, at time.Time) error {
	scope := "all"
	if marketingOnly {
		scope = "marketing"
	}
	_, err := tx.exec(`INSERT INTO suppressions (id, address, scope, reason, placed_at) VALUES ($1, $2, $3, $4, $5)`,
		newID(), address, scope, reason, micros(at))
	return err
}

// Suppression returns why no message of this class may go to an address, or
// "". Marketing is stopped by either scope, service by "all" only. What somebody
// said comes before a rest that nobody asked for.
func (r Reader) Suppression(address string, class postroom.Class) (reason string, err error) {
	err = r.row(`
		SELECT reason FROM suppressions WHERE address = $1 AND lifted_at = 0 AND (scope = 'all' OR $2 = 'marketing')
		 ORDER BY CASE WHEN reason = '`+RestReason+`' THEN 1 ELSE 0 END, placed_at LIMIT 1`, address, string(class)).Scan(&reason)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return reason, err
}

// LiftSuppression ends what stopped marketing to an address for this reason,
// because its owner asks for it again, and says whether anything did. What
// stops all mail stays.
func (tx *Tx) LiftSuppression(address, reason string, at time.Time) (bool, error) {
	n, err := tx.exec(`UPDATE suppressions SET lifted_at = $3 WHERE address = $1 AND reason = $2 AND scope = 'marketing' AND lifted_at = 0`,
		address, reason, micros(at))
	return n > 0, err
}

// Hold puts the brake on a submission: nothing automatic leaves for it.
func (tx *Tx) Hold(submission, reason string, at time.Time) error {
	if _, err := tx.exec(`INSERT INTO holds (id, submission_id, reason, placed_at) VALUES ($1, $2, $3, $4)`,
		newID(), submission, reason, micros(at)); err != nil {
		return fmt.Errorf("hold submission %s: %w", submission, err)
	}
	_, err := tx.exec(`UPDATE submissions SET state = 'held' WHERE id = $1 AND state = 'received'`, submission)
	return err
}

// gravestFirst is the order of the reasons of holds: what closes a submission to
// most comes before what only waits, whichever was there first.
const gravestFirst = `CASE reason WHEN 'safeguarding' THEN 0 WHEN 'guardian' THEN 2 ELSE 1 END, placed_at`

// Held returns why a submission is held, the gravest reason of several, or "".
func (r Reader) Held(submission string) (reason string, err error) {
	err = r.row(`SELECT reason FROM holds WHERE submission_id = $1 AND released_at = 0 ORDER BY `+gravestFirst+` LIMIT 1`, submission).Scan(&reason)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return reason, err
}

// Release takes the brake off a submission and says whether it was on.
func (tx *Tx) Release(submission, by string, at time.Time) (bool, error) {
	n, err := tx.exec(`UPDATE holds SET released_at = $2, released_by = $3 WHERE submission_id = $1 AND released_at = 0`, submission, micros(at), by)
	if err != nil || n == 0 {
		return false, err
	}
	_, err = tx.exec(`UPDATE submissions SET state = CASE WHEN answered_at > 0 THEN 'answered' ELSE 'received' END
		WHERE id = $1 AND state = 'held'`, submission)
	return true, err
}

// ReleaseFor takes off what was placed for one reason, and says whether that
// freed the submission: another hold keeps it.
func (tx *Tx) ReleaseFor(submission, reason, by string, at time.Time) (bool, error) {
	n, err := tx.exec(`UPDATE holds SET released_at = $3, released_by = $4 WHERE submission_id = $1 AND reason = $2 AND released_at = 0`, submission, reason, micros(at), by)
	if err != nil || n == 0 {
		return false, err
	}
	if left, err := tx.Held(submission); err != nil || left != "" {
		return false, err
	}
	_, err = tx.exec(`UPDATE submissions SET state = CASE WHEN answered_at > 0 THEN 'answered' ELSE 'received' END
		WHERE id = $1 AND state = 'held'`, submission)
	return true, err
}

// OweCall turns a message that nobody can be mailed into a call to make, once.
func (tx *Tx) OweCall(m postroom.Message, reason string, at time.Time) error {
	_, err := tx.exec(`
		INSERT INTO calls (id, message_id, contact_id, submission_id, reason, created_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (message_id) DO NOTHING`, newID(), m.ID, m.Contact, m.Submission, reason, micros(at))
	return err
}

// Calls lists the calls to make, oldest first.
func (r Reader) Calls(limit int) (list []postroom.Call, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var c postroom.Call
		var at int64
		err := rows.Scan(&c.ID, &c.Message, &c.Contact, &c.Submission, &c.Reason, &at)
		c.At = moment(at)
		list = append(list, c)
		return err
	}, `SELECT id, message_id, contact_id, submission_id, reason, created_at FROM calls WHERE state = 'open' ORDER BY created_at, id LIMIT $1`, limit)
	return list, err
}

// CallDone notes that a call was made. It returns NotFound if it is not open.
func (tx *Tx) CallDone(id string, at time.Time) error {
	var done string
	err := tx.row(`UPDATE calls SET state = 'done', done_at = $2 WHERE id = $1 AND state = 'open' RETURNING id`, id, micros(at)).Scan(&done)
	return absent(err, "call", id)
}

// Audit notes who did what to what. It holds ids, never content.
func (tx *Tx) Audit(actor, action, subject string, at time.Time) error {
	_, err := tx.exec(`INSERT INTO audit (id, at, actor, action, subject) VALUES ($1, $2, $3, $4, $5)`, newID(), micros(at), actor, action, subject)
	return err
}

// Audited counts how often letters did something to what has an id.
func (r Reader) Audited(action, subject string) (n int, err error) {
	err = r.row(`SELECT count(*) FROM audit WHERE subject = $1 AND action = $2 AND actor LIKE 'letter:%'`, subject, action).Scan(&n)
	return n, err
}

// Lease takes or keeps a duty that one process at a time may hold, and says
// whether this process has it until the given moment. A lease that ends later
// than any that could be taken now was taken by a clock that ran ahead, perhaps
// by a process that has died since: nobody has to wait for it.
func (tx *Tx) Lease(name, holder string, now, until time.Time) (bool, error) {
	n, err := tx.exec(`
		INSERT INTO leases (name, held_by, leased_until) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET held_by = excluded.held_by, leased_until = excluded.leased_until
		 WHERE leases.held_by = excluded.held_by OR leases.leased_until < $4 OR leases.leased_until > $5`,
		name, holder, micros(until), micros(now), micros(until.Add(until.Sub(now))))
	return n > 0, err
}

// EndLease gives a duty back, so that another process need not wait.
func (tx *Tx) EndLease(name, holder string) error {
	_, err := tx.exec(`UPDATE leases SET leased_until = 0 WHERE name = $1 AND held_by = $2`, name, holder)
	return err
}
