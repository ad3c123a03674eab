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
// its subscription; one that had left is pending again.
func (tx *Tx) Subscribe(s postroom.Subscription) (postroom.Subscription, error) {
	err := tx.row(`
		INSERT INTO subscriptions (id, list, programme, contact_id, address, locale, submission_id, state, asked_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 'pending', $8)
		ON CONFLICT (list, address) DO UPDATE SET
			state = CASE WHEN subscriptions.state = 'confirmed' THEN 'confirmed' ELSE 'pending' END,
			submission_id = CASE WHEN subscriptions.state = 'confirmed' THEN subscriptions.submission_id ELSE excluded.submission_id END,
			contact_id = CASE WHEN subscriptions.state = 'confirmed' THEN subscriptions.contact_id ELSE excluded.contact_id END,
			locale = excluded.locale, asked_at = excluded.asked_at
		RETURNING id, state`,
		newID(), s.List, s.Programme, s.Contact, s.Address, s.Locale, s.Submission, micros(s.AskedAt)).Scan(&s.ID, &s.State)
	if err != nil {
		return s, fmt.Errorf("subscribe to %s: %w", s.List, err)
	}
	return s, nil
}

// ConfirmSubscription confirms a pending subscription and says whether that
// changed anything. It returns NotFound if it is unknown, Gone if it ended.
func (tx *Tx) ConfirmSubscription(id string, at time.Time) (postroom.Subscription, bool, error) {
	changed, err := tx.exec(`UPDATE subscriptions SET state = 'confirmed', confirmed_at = $2 WHERE id = $1 AND state = 'pending'`, id, micros(at))
	if err != nil {
		return postroom.Subscription{}, false, fmt.Errorf("confirm subscription %s: %w", id, err)
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
	return n > 0, err
}

const subscriptionColumns = `id, list, programme, contact_id, address, locale, submission_id, state, asked_at`

func scanSubscription(scan func(...any) error) (postroom.Subscription, error) {
	var s postroom.Subscription
	var asked int64
	err := scan(&s.ID, &s.List, &s.Programme, &s.Contact, &s.Address, &s.Locale, &s.Submission, &s.State, &asked)
	s.AskedAt = moment(asked)
	return s, err
}

// Subscription returns one subscription, or NotFound.
func (r Reader) Subscription(id string) (postroom.Subscription, error) {
	s, err := scanSubscription(r.row(`SELECT `+subscriptionColumns+` FROM subscriptions WHERE id = $1`, id).Scan)
	return s, absent(err, "subscription", id)
}

// SubscriptionOf returns the subscription a submission asked for, and whether
// there is one.
func (r Reader) SubscriptionOf(submission string) (postroom.Subscription, bool, error) {
	s, err := scanSubscription(r.row(`SELECT `+subscriptionColumns+` FROM subscriptions WHERE submission_id = $1`, submission).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return s, false, nil
	}
	return s, err == nil, err
}

// ReaddressSubscription moves a pending subscription to another address,
// because the person corrected it. A confirmed one stays where it was.
func (tx *Tx) ReaddressSubscription(submission, address string, at time.Time) error {
	if err := tx.TouchAddress(address, time.Time{}); err != nil {
		return err
	}
	_, err := tx.exec(`
		UPDATE subscriptions SET address = $2, asked_at = $3
		 WHERE submission_id = $1 AND state = 'pending'
		   AND NOT EXISTS (SELECT 1 FROM subscriptions AS other WHERE other.list = subscriptions.list AND other.address = $2)`,
		submission, address, micros(at))
	return err
}
