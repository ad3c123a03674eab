package store

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"postroom/internal/postroom"
)

// Subscribe asks for an address to be on a list. It stays pending until the
// owner of the address confirms. An address that is pending or confirmed keeps
// its subscription, and that belongs to the submission that asked first; one
// that had left is pending again, and so is one that a file put there without
// saying why. What was chosen counts where nobody has confirmed: a stranger may
// have typed the address.
func (tx *Tx) Subscribe(s postroom.Subscription) (postroom.Subscription, error) {
	const fresh = `subscriptions.state = 'unsubscribed' OR subscriptions.basis = 'unknown'`
	s.Basis = postroom.ByConsent
	err := tx.row(`
		INSERT INTO subscriptions (id, list, programme, contact_id, address, locale, submission_id, state, asked_at, topics, areas)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 'pending', $8, $9, $10)
		ON CONFLICT (list, address) DO UPDATE SET
			state = CASE WHEN subscriptions.state = 'confirmed' THEN 'confirmed' ELSE 'pending' END,
			submission_id = CASE WHEN `+fresh+` THEN excluded.submission_id ELSE subscriptions.submission_id END,
			contact_id = CASE WHEN `+fresh+` THEN excluded.contact_id ELSE subscriptions.contact_id END,
			basis = CASE WHEN `+fresh+` THEN 'consent' ELSE subscriptions.basis END,
			topics = CASE WHEN subscriptions.state = 'confirmed' THEN subscriptions.topics ELSE excluded.topics END,
			areas = CASE WHEN subscriptions.state = 'confirmed' THEN subscriptions.areas ELSE excluded.areas END,
			locale = excluded.locale, asked_at = excluded.asked_at, ended_at = 0
		RETURNING id, state`,
		newID(), s.List, s.Programme, s.Contact, s.Address, s.Locale, s.Submission, micros(s.AskedAt), s.Topics, s.Areas).Scan(&s.ID, &s.State)
	if err != nil {
		return s, fmt.Errorf("subscribe to %s: %w", s.List, err)
	}
	return s, nil
}

// ConfirmSubscription confirms a pending subscription and says whether that
// changed anything. It returns NotFound if it is unknown, Gone if it ended.
func (tx *Tx) ConfirmSubscription(id string, at time.Time) (postroom.Subscription, bool, error) {
	changed, err := tx.exec(`UPDATE subscriptions SET state = 'confirmed', basis = 'consent', confirmed_at = $2 WHERE id = $1 AND state = 'pending'`, id, micros(at))
	if err != nil {
		return postroom.Subscription{}, false, fmt.Errorf("confirm subscription %s: %w", id, err)
	}
	if changed > 0 {
		if err := tx.dateConsents("confirmed_at", id, at); err != nil {
			return postroom.Subscription{}, false, err
		}
	}
	sub, err := tx.Subscription(id)
	if err == nil && sub.State == postroom.Unsubscribed {
		err = &postroom.Error{Kind: postroom.Gone, Say: postroom.Say("subscription.ended")}
	}
	return sub, changed > 0, err
}

// Unsubscribe ends a subscription and says whether that changed anything.
func (tx *Tx) Unsubscribe(id string, at time.Time) (bool, error) {
	n, err := tx.exec(`UPDATE subscriptions SET state = 'unsubscribed', ended_at = $2 WHERE id = $1 AND state <> 'unsubscribed'`, id, micros(at))
	if err != nil || n == 0 {
		return false, err
	}
	return true, tx.dateConsents("withdrawn_at", id, at)
}

// dateConsents notes when the owner of a subscription's address confirmed or
// withdrew what was ticked for that address: every tick for the list, by
// whichever submission, or by none. The box has the list's name, with _ for -.
func (tx *Tx) dateConsents(column, subscription string, at time.Time) error {
	_, err := tx.exec(`
		UPDATE consents SET `+column+` = $2
		 WHERE `+column+` = 0 AND withdrawn_at = 0 AND id IN (
			SELECT c.id FROM subscriptions s
			  JOIN contact_addresses a ON a.address = s.address
			  JOIN consents c ON c.contact_id = a.contact_id AND c.purpose = replace(s.list, '-', '_')
			 WHERE s.id = $1 AND (c.submission_id = '' OR EXISTS (SELECT 1 FROM submissions f WHERE f.id = c.submission_id AND f.address = s.address)))`, subscription, micros(at))
	if err != nil {
		return fmt.Errorf("date consents of subscription %s: %w", subscription, err)
	}
	return nil
}

const subscriptionColumns = `id, list, programme, contact_id, address, locale, submission_id, state, asked_at, basis, topics, areas, often, paused_until, look`

func scanSubscription(scan func(...any) error) (postroom.Subscription, error) {
	var s postroom.Subscription
	var asked, paused int64
	err := scan(&s.ID, &s.List, &s.Programme, &s.Contact, &s.Address, &s.Locale, &s.Submission, &s.State, &asked,
		&s.Basis, &s.Topics, &s.Areas, &s.Often, &paused, &s.Look)
	s.AskedAt, s.PausedUntil = moment(asked), moment(paused)
	return s, err
}

// Subscription returns one subscription, or NotFound.
func (r Reader) Subscription(id string) (postroom.Subscription, error) {
	s, err := scanSubscription(r.row(`SELECT `+subscriptionColumns+` FROM subscriptions WHERE id = $1`, id).Scan)
	return s, absent(err, "subscription", id)
}

// SubscriptionOf returns the subscription a submission asked for, and whether
// there is one. Of several, because the address was corrected, it is the last.
func (r Reader) SubscriptionOf(submission string) (postroom.Subscription, bool, error) {
	s, err := scanSubscription(r.row(`SELECT `+subscriptionColumns+` FROM subscriptions WHERE submission_id = $1
		 ORDER BY CASE WHEN state = 'unsubscribed' THEN 1 ELSE 0 END, asked_at DESC LIMIT 1`, submission).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return s, false, nil
	}
	return s, err == nil, err
}

// ReaddressSubscription asks for another address to be on the list instead,
// because the person corrected it. A confirmed subscription stays where it
// was. A pending one ends, and the right address gets one of its own: the link
// that went to the wrong address must not confirm for the right one. One that
// somebody else has asked for as well does not end, but is theirs from then
// on. Messages about it that have not left are about the new one.
func (tx *Tx) ReaddressSubscription(submission, address string, at time.Time) error {
	old, found, err := tx.SubscriptionOf(submission)
	if err != nil || !found || old.State != postroom.Pending || old.Address == address {
		return err
	}
	if err := tx.TouchAddress(address, time.Time{}); err != nil {
		return err
	}
	if left, err := tx.leave(old, at); err != nil || !left {
		return err
	}
	next := old
	next.Address, next.AskedAt = address, at
	if next, err = tx.Subscribe(next); err != nil {
		return err
	}
	_, err = tx.exec(`UPDATE messages SET about = $2 WHERE submission_id = $3 AND submission_id <> '' AND about = $1 AND state IN ('queued', 'deferred', 'held')`,
		old.ID, next.ID, submission)
	return err
}

// leave takes a pending subscription from the submission it belongs to: it
// goes to another that was answered with a mail about it, or ends. It says
// false if it has ended already.
func (tx *Tx) leave(s postroom.Subscription, at time.Time) (bool, error) {
	n, err := tx.exec(`
		UPDATE subscriptions SET submission_id = heir.submission_id, contact_id = heir.contact_id
		  FROM (SELECT submission_id, contact_id FROM messages
		         WHERE address = $2 AND about = $1 AND submission_id <> $3 AND submission_id <> '' AND contact_id <> '' ORDER BY id LIMIT 1) AS heir
		 WHERE id = $1 AND state = 'pending'`, s.ID, s.Address, s.Submission)
	if err != nil || n > 0 {
		return n > 0, err
	}
	return tx.Unsubscribe(s.ID, at)
}
