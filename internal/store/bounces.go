package store

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"postroom/internal/postroom"
)

// RestReason is the reason of a suppression that nobody asked for: news to an
// address rests, because mail to it keeps coming back.
const RestReason = "bounces"

// fades is after how long without anything coming back a point is taken off an
// address. It is worked out when the score is asked for, so nothing has to run.
const fades = 30 * 24 * time.Hour

// ScoreBounce gives an address a point because mail to it came back, at most
// one a day, and says whether it got one. day is that of at in the
// organisation's zone. Many at once give one point together: each waits for the
// row and then finds the day in it.
func (tx *Tx) ScoreBounce(address, day string, at time.Time) (score int, rose bool, err error) {
	err = tx.row(`
		INSERT INTO bounces (address, score, risen_at, risen_on) VALUES ($1, 1, $2, $3)
		ON CONFLICT (address) DO UPDATE SET risen_at = excluded.risen_at, risen_on = excluded.risen_on,
			score = 1 + CASE WHEN bounces.score > (excluded.risen_at - bounces.risen_at) / CAST($4 AS BIGINT)
				THEN bounces.score - (excluded.risen_at - bounces.risen_at) / CAST($4 AS BIGINT) ELSE 0 END
		 WHERE bounces.risen_on < excluded.risen_on
		RETURNING score`, address, micros(at), day, fades.Microseconds()).Scan(&score)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("score a bounce: %w", err)
	}
	return score, true, nil
}

// BounceScore returns how many points an address has at a moment.
func (r Reader) BounceScore(address string, at time.Time) (int, error) {
	var score int
	var risen int64
	err := r.row(`SELECT score, risen_at FROM bounces WHERE address = $1`, address).Scan(&score, &risen)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if quiet := at.Sub(moment(risen)); quiet > 0 {
		score -= int(quiet / fades)
	}
	return max(0, score), err
}

// NewsTo returns the oldest subscription by which an address gets news, and
// whether there is one.
func (r Reader) NewsTo(address string) (postroom.Subscription, bool, error) {
	s, err := scanSubscription(r.row(`SELECT `+subscriptionColumns+` FROM subscriptions
		 WHERE address = $1 AND state = 'confirmed' ORDER BY asked_at, id LIMIT 1`, address).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return s, false, nil
	}
	return s, err == nil, err
}

// Rest lets news to a scored address rest while a probe, a message by this id,
// finds out whether mail arrives there. It says false if news rests already.
func (tx *Tx) Rest(address, probe string, at time.Time) (bool, error) {
	n, err := tx.exec(`UPDATE bounces SET probe_id = $2 WHERE address = $1 AND probe_id = ''`, address, probe)
	if err != nil || n == 0 {
		return false, err
	}
	return true, tx.Suppress(address, true, RestReason, at)
}

// EndRests ends the rest of every address whose probe was settled before a
// moment and has not come back since, and says how many that are. A probe that
// the gate kept back has found out nothing, and neither has one that nobody can
// say about: those begin again as well. One that failed keeps the rest.
func (tx *Tx) EndRests(probedBefore, at time.Time) (int, error) {
	var rested []string
	err := tx.each(func(rows *sql.Rows) error {
		var address string
		err := rows.Scan(&address)
		rested = append(rested, address)
		return err
	}, `
		UPDATE bounces SET score = 0, probe_id = '' WHERE probe_id <> '' AND EXISTS (
			SELECT 1 FROM messages WHERE messages.id = bounces.probe_id AND messages.state IN ('sent', 'uncertain', 'suppressed') AND messages.settled_at <= $1)
		RETURNING address`, micros(probedBefore))
	if err != nil {
		return 0, fmt.Errorf("end the rest of addresses: %w", err)
	}
	for _, address := range rested {
		if _, err := tx.LiftSuppression(address, RestReason, at); err != nil {
			return 0, fmt.Errorf("end the rest of an address: %w", err)
		}
	}
	return len(rested), nil
}

// Revive notes that mail to an address arrives after all, whatever came back
// before: somebody wrote from there, or pressed a button in a mail that went
// there.
func (tx *Tx) Revive(address string, at time.Time) error {
	if err := tx.MarkAddress(address, false); err != nil {
		return fmt.Errorf("revive address: %w", err)
	}
	n, err := tx.exec(`DELETE FROM bounces WHERE address = $1`, address)
	if err != nil {
		return fmt.Errorf("forget what came back: %w", err)
	}
	if n > 0 {
		_, err = tx.LiftSuppression(address, RestReason, at)
	}
	return err
}
