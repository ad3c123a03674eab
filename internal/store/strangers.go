package store

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"postroom/internal/postroom"
)

// byStrangers are the channels by which anybody can send anything, and nothing
// says who.
const byStrangers = `('web', 'api')`

// byForm is that a message is about what came by such a channel.
const byForm = `EXISTS (SELECT 1 FROM submissions WHERE submissions.id = messages.submission_id AND channel IN ` + byStrangers + `)`

// Vouched says whether anything but a form that anybody can fill in says that an
// address is a contact's: they confirmed something from there, wrote from there, or
// spoke with one of us. A contact is known by name and address, so whoever types
// another name is not vouched for.
func (r Reader) Vouched(contact, address string) (yes bool, err error) {
	err = r.row(`
		SELECT EXISTS (SELECT 1 FROM submissions WHERE contact_id = $1 AND address = $2 AND (channel NOT IN `+byStrangers+` OR answered_at > 0))
		    OR EXISTS (SELECT 1 FROM subscriptions WHERE contact_id = $1 AND address = $2 AND state = 'confirmed')`, contact, address).Scan(&yes)
	if err != nil {
		return false, fmt.Errorf("look who vouches for the address of contact %s: %w", contact, err)
	}
	return yes, nil
}

// CausedMail says when mail that forms caused went to an address since a moment, the
// newest first, at most n. It counts every mail, of whatever form, and what anybody had
// sent there by asking, from when it was owed: that leaves however much else does. It
// does not count the answers to letters: those came from the address. The caller has
// locked the address with TouchAddress.
func (r Reader) CausedMail(address string, since time.Time, n int) (times []time.Time, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var us int64
		err := rows.Scan(&us)
		times = append(times, moment(us))
		return err
	}, `
		SELECT sending_at FROM (
			SELECT id, sending_at FROM messages
			 WHERE address = $1 AND form <> '' AND contact_id <> '' AND state IN ('sending', 'sent', 'uncertain') AND sending_at > $2 AND `+byForm+`
			UNION `+askedOf+`) AS caused
		 ORDER BY sending_at DESC LIMIT $3`, address, micros(since), n, r.linkWho(address))
	return times, err
}

// CausedFor says for how many submissions on forms mail to an address was owed since
// a moment, and counts to n at most.
func (r Reader) CausedFor(address string, since time.Time, n int) (count int, err error) {
	err = r.row(`
		SELECT count(*) FROM (SELECT DISTINCT submission_id FROM (
			SELECT submission_id FROM messages
			 WHERE address = $1 AND form <> '' AND contact_id <> '' AND created_at > $2 AND `+byForm+`
			 ORDER BY created_at DESC LIMIT $3) AS owed) AS causes`, address, micros(since), 4*n).Scan(&count)
	return min(count, n), err
}

// CausedBefore says for how many submissions before one mail to its address was owed
// in the day that led to it, and counts to n at most. It is the same however often,
// and whenever, it is asked.
func (r Reader) CausedBefore(sub postroom.Submission, n int) (count int, err error) {
	err = r.row(`
		SELECT count(*) FROM (SELECT DISTINCT submission_id FROM (
			SELECT submission_id FROM messages
			 WHERE address = $1 AND form <> '' AND contact_id <> '' AND created_at > $2 AND created_at <= $3 AND submission_id < $4 AND `+byForm+`
			 ORDER BY created_at DESC LIMIT $5) AS owed) AS causes`,
		sub.Address, micros(sub.ReceivedAt.Add(-24*time.Hour)), micros(sub.ReceivedAt), sub.ID, 4*n).Scan(&count)
	if err != nil {
		return 0, fmt.Errorf("count what came before submission %s: %w", sub.ID, err)
	}
	return min(count, n), nil
}

// byAsking is that a message goes to an address that anybody can have typed: to go on
// with a form, or to agree to somebody's.
const byAsking = `template IN ('finish-later', 'guardian-ask')`

// askedOf reads which messages were owed to an address ($1) since a moment ($2) because
// somebody asked for them: to go on, to agree, or the link to all that is on file,
// which is known by its request ($4 is who asked).
const askedOf = `SELECT id, created_at FROM messages WHERE address = $1 AND ` + byAsking + ` AND created_at > $2
			UNION SELECT messages.id, messages.created_at FROM link_requests JOIN messages ON messages.key = '` + linkMail + `' || link_requests.id
			 WHERE who = $4 AND mailed AND messages.created_at > $2`

// RoomToAsk locks an address and says whether fewer than perDay mails were owed to it
// in a day that anybody can have sent to any address, by asking or by a form.
func (tx *Tx) RoomToAsk(address string, perDay int, now time.Time) (bool, error) {
	if err := tx.TouchAddress(address, time.Time{}); err != nil { // locked: two cannot both see the last room
		return false, fmt.Errorf("lock address: %w", err)
	}
	var n int
	err := tx.row(`
		SELECT count(*) FROM (
			SELECT id, created_at FROM messages WHERE address = $1 AND form <> '' AND contact_id <> '' AND created_at > $2 AND `+byForm+`
			UNION `+askedOf+` LIMIT $3) AS owed`,
		address, micros(now.Add(-24*time.Hour)), perDay, tx.linkWho(address)).Scan(&n)
	if err != nil {
		return false, fmt.Errorf("count what was asked of an address: %w", err)
	}
	return n < perDay, nil
}

// tallyLife is for how long it is known how often something was done.
const tallyLife = 48 * time.Hour

// Tally counts that something was done once more in the hour of a moment.
func (tx *Tx) Tally(what string, at time.Time) error {
	slot := at.Truncate(time.Hour)
	var n int
	if err := tx.row(`
		INSERT INTO tallies (what, slot, n) VALUES ($1, $2, 1)
		ON CONFLICT (what, slot) DO UPDATE SET n = tallies.n + 1 RETURNING n`, what, micros(slot)).Scan(&n); err != nil {
		return fmt.Errorf("count %s: %w", what, err)
	}
	if n > 1 {
		return nil
	}
	_, err := tx.exec(`DELETE FROM tallies WHERE what = $1 AND slot < $2`, what, micros(at.Add(-tallyLife)))
	return err
}

// Tallied says how often something was done in the hour of a moment.
func (r Reader) Tallied(what string, at time.Time) (n int, err error) {
	err = r.row(`SELECT n FROM tallies WHERE what = $1 AND slot = $2`, what, micros(at.Truncate(time.Hour))).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return n, err
}

// Surge is that far more comes in by a form than is usual.
type Surge struct {
	Form      string
	Programme string
	ShutAt    time.Time // zero where it is open
	Room      int       // how many in ten minutes would have been no surge
	FreeUntil time.Time // a person opened it, and until then it stays so
}

// Surge returns how it is with a form. The zero Surge is that nothing was ever
// unusual.
func (r Reader) Surge(form string) (s Surge, err error) {
	list, err := r.surges(`WHERE form = $1`, form)
	if err != nil || len(list) == 0 {
		return Surge{Form: form}, err
	}
	return list[0], nil
}

// Surges lists the forms that are shut softly, in the order in which that happened.
func (r Reader) Surges() ([]Surge, error) {
	return r.surges(`WHERE shut_at > 0 ORDER BY shut_at, form`)
}

func (r Reader) surges(which string, args ...any) (list []Surge, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var s Surge
		var shut, free int64
		err := rows.Scan(&s.Form, &s.Programme, &shut, &s.Room, &free)
		s.ShutAt, s.FreeUntil = moment(shut), moment(free)
		list = append(list, s)
		return err
	}, `SELECT form, programme, shut_at, room, free_until FROM surges `+which, args...)
	if err != nil {
		return nil, fmt.Errorf("read surges: %w", err)
	}
	return list, nil
}

// Shut shuts a form softly, unless that has happened or a person wants it open, and
// says whether it did.
func (tx *Tx) Shut(s Surge) (bool, error) {
	n, err := tx.exec(`
		INSERT INTO surges (form, programme, shut_at, room) VALUES ($1, $2, $3, $4)
		ON CONFLICT (form) DO UPDATE SET shut_at = excluded.shut_at, room = excluded.room, programme = excluded.programme, opened_by = ''
		 WHERE surges.shut_at = 0 AND surges.free_until <= excluded.shut_at`, s.Form, s.Programme, micros(s.ShutAt), s.Room)
	if err != nil {
		return false, fmt.Errorf("shut form %s softly: %w", s.Form, err)
	}
	return n > 0, nil
}

// Unshut opens a form that was shut softly, and says whether it was. by is the
// colleague who wants it to stay open until a moment; "" is that it is calm.
func (tx *Tx) Unshut(form, by string, freeUntil time.Time) (bool, error) {
	n, err := tx.exec(`UPDATE surges SET shut_at = 0, free_until = $3, opened_by = $2 WHERE form = $1 AND shut_at > 0`, form, by, micros(freeUntil))
	if err != nil {
		return false, fmt.Errorf("open form %s again: %w", form, err)
	}
	return n > 0, nil
}

// Lately says how many strangers sent a form since a moment, and counts to n at most.
func (r Reader) Lately(programme, form string, since time.Time, n int) (count int, err error) {
	err = r.row(`
		SELECT count(*) FROM (SELECT 1 FROM submissions
		 WHERE programme = $1 AND received_at > $2 AND form = $3 AND channel IN `+byStrangers+` LIMIT $4) AS lately`,
		programme, micros(since), form, n).Scan(&count)
	if err != nil {
		return 0, fmt.Errorf("count what came in by form %s: %w", form, err)
	}
	return count, nil
}

// mostOfADay is to what number the submissions of a form's days are counted: a form
// that gets more has room for any newsletter.
const mostOfADay = 200_000

// BusiestDay says how much was sent on a form on the busiest day (24 hours) between
// two moments, what is held or was put aside left out.
func (r Reader) BusiestDay(programme, form string, since, until time.Time) (most int, err error) {
	err = r.row(`
		SELECT coalesce(max(n), 0) FROM (SELECT count(*) AS n FROM (SELECT received_at FROM submissions
		 WHERE programme = $1 AND received_at > $2 AND received_at <= $3 AND form = $4 AND state IN ('received', 'answered') LIMIT $5) AS sent
		 GROUP BY (received_at - $2) / 86400000000) AS days`, programme, micros(since), micros(until), form, mostOfADay).Scan(&most)
	if err != nil {
		return 0, fmt.Errorf("find the busiest day of form %s: %w", form, err)
	}
	return most, nil
}

// Suspects counts the submissions of a programme that came in between two moments
// and are held because they look automatic.
func (r Reader) Suspects(programme string, since, until time.Time) (n int, err error) {
	err = r.row(`
		SELECT count(*) FROM submissions
		 WHERE programme = $1 AND state = 'held' AND received_at >= $2 AND received_at < $3
		   AND EXISTS (SELECT 1 FROM holds WHERE submission_id = submissions.id AND released_at = 0 AND reason LIKE '`+postroom.HeldAsSuspect+`%')`,
		programme, micros(since), micros(until)).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count what is held of programme %s: %w", programme, err)
	}
	return n, nil
}
