package store

import (
	"fmt"
	"time"

	"postroom/internal/postroom"
)

// Move is a wish to get news at another address. Both mailboxes have to say so.
type Move struct {
	ID       string
	From, To string
	Locale   string
	State    string // waiting, done or refused
	AskedAt  time.Time
	FromAt   time.Time // when the old address agreed; zero while it has not
	ToAt     time.Time // when the new one did
}

// The states of a move.
const (
	MoveWaiting = "waiting"
	MoveDone    = "done"
	MoveRefused = "refused"
)

// AddMove notes a wish. One for the same addresses that waits is the same wish,
// and comes back; fresh says whether it is a new one.
func (tx *Tx) AddMove(m Move) (filed Move, fresh bool, err error) {
	if err := tx.TouchAddress(m.From, time.Time{}); err != nil { // locked: two wishes cannot both be the last
		return m, false, err
	}
	var asked, from, to int64
	err = tx.row(`SELECT id, asked_at, from_at, to_at FROM moves WHERE from_address = $1 AND to_address = $2 AND state = 'waiting' AND asked_at > $3
		 ORDER BY asked_at DESC LIMIT 1`, m.From, m.To, micros(m.AskedAt.Add(-moveLasts))).Scan(&m.ID, &asked, &from, &to)
	if err == nil {
		m.State, m.AskedAt, m.FromAt, m.ToAt = MoveWaiting, moment(asked), moment(from), moment(to)
		return m, false, nil
	}
	if postroom.KindOf(absent(err, "move", m.From)) != postroom.NotFound {
		return m, false, fmt.Errorf("look for a move: %w", err)
	}
	m.ID, m.State = newID(), MoveWaiting
	_, err = tx.exec(`INSERT INTO moves (id, from_address, to_address, locale, asked_at) VALUES ($1, $2, $3, $4, $5)`, m.ID, m.From, m.To, m.Locale, micros(m.AskedAt))
	return m, true, err
}

// moveLasts is for how long both ends may take.
const moveLasts = 7 * 24 * time.Hour

// Moves counts the wishes since a moment that were mailed about to an address,
// whichever end it is.
func (r Reader) Moves(address string, since time.Time) (n int, err error) {
	err = r.row(`SELECT (SELECT count(*) FROM moves WHERE from_address = $1 AND asked_at > $2) + (SELECT count(*) FROM moves WHERE to_address = $1 AND asked_at > $2)`,
		address, micros(since)).Scan(&n)
	return n, err
}

// Move returns one wish, or NotFound.
func (r Reader) Move(id string) (Move, error) {
	m := Move{ID: id}
	var asked, from, to int64
	err := r.row(`SELECT from_address, to_address, locale, state, asked_at, from_at, to_at FROM moves WHERE id = $1`, id).
		Scan(&m.From, &m.To, &m.Locale, &m.State, &asked, &from, &to)
	m.AskedAt, m.FromAt, m.ToAt = moment(asked), moment(from), moment(to)
	return m, absent(err, "move", id)
}

// AgreeToMove notes that one end agreed, and returns the wish as it is then.
func (tx *Tx) AgreeToMove(id string, newEnd bool, at time.Time) (Move, error) {
	column := "from_at"
	if newEnd {
		column = "to_at"
	}
	if _, err := tx.exec(`UPDATE moves SET `+column+` = CASE WHEN `+column+` = 0 THEN $2 ELSE `+column+` END WHERE id = $1 AND state = 'waiting'`, id, micros(at)); err != nil {
		return Move{}, fmt.Errorf("agree to move %s: %w", id, err)
	}
	return tx.Move(id)
}

// EndMove ends a wish that waits, and says whether it did.
func (tx *Tx) EndMove(id, state string) (bool, error) {
	n, err := tx.exec(`UPDATE moves SET state = $2 WHERE id = $1 AND state = 'waiting'`, id, state)
	return n > 0, err
}

// MoveSubscription gives a confirmed subscription to another address, which is on
// the list from then on; what that had left it is on again, because it agreed just
// now. It says whether there was anything to move.
func (tx *Tx) MoveSubscription(id, to string, at time.Time) (bool, error) {
	sub, err := tx.Subscription(id)
	if err != nil || sub.State != postroom.Confirmed || sub.Address == to {
		return false, err
	}
	if err := tx.AddAddress(sub.Contact, to, at); err != nil {
		return false, err
	}
	there, found, err := tx.SubscriptionAt(sub.List, to)
	if err != nil {
		return false, err
	}
	if !found {
		_, err := tx.exec(`UPDATE subscriptions SET address = $2 WHERE id = $1`, id, to)
		return true, err
	}
	if _, err := tx.exec(`UPDATE subscriptions SET state = 'confirmed', basis = 'consent', confirmed_at = $2, ended_at = 0, contact_id = $3, submission_id = $4,
			topics = $5, areas = $6, often = $7, paused_until = $8, look = $9, locale = $10 WHERE id = $1`,
		there.ID, micros(at), sub.Contact, sub.Submission, sub.Topics, sub.Areas, string(sub.Often), micros(sub.PausedUntil), string(sub.Look), sub.Locale); err != nil {
		return false, fmt.Errorf("move subscription %s: %w", id, err)
	}
	_, err = tx.exec(`UPDATE subscriptions SET state = 'unsubscribed', ended_at = $2 WHERE id = $1`, id, micros(at)) // the "yes" goes on at the other address
	return true, err
}
