package store

import (
	"database/sql"
	"fmt"
	"slices"
	"time"

	"postroom/internal/postroom"
)

// SubscriptionsAt lists what an address is or was on: everything that it gets,
// and, of the lists that are named, also what waits or has ended.
func (r Reader) SubscriptionsAt(address string, lists []string) ([]postroom.Subscription, error) {
	found, err := r.subscriptions(`SELECT `+subscriptionColumns+` FROM subscriptions WHERE address = $1 AND state = 'confirmed' ORDER BY id`, address)
	if err != nil {
		return nil, fmt.Errorf("list what an address gets: %w", err)
	}
	for _, list := range lists {
		more, err := r.subscriptions(`SELECT `+subscriptionColumns+` FROM subscriptions WHERE list = $1 AND address = $2`, list, address)
		if err != nil {
			return nil, fmt.Errorf("find address on %s: %w", list, err)
		}
		for _, s := range more {
			if !slices.Contains(found, s) {
				found = append(found, s)
			}
		}
	}
	return found, nil
}

func (r Reader) subscriptions(query string, args ...any) (list []postroom.Subscription, err error) {
	err = r.each(func(rows *sql.Rows) error {
		s, err := scanSubscription(rows.Scan)
		list = append(list, s)
		return err
	}, query, args...)
	return list, err
}

// Resubscribe puts an address back on a list that it left at one moment, and
// says whether that changed anything: whoever left once more since then stays
// away. What was agreed to then is agreed to anew, in the same words; the old
// "yes" keeps the date of its end.
func (tx *Tx) Resubscribe(id string, left, at time.Time) (bool, error) {
	n, err := tx.exec(`UPDATE subscriptions SET state = 'confirmed', confirmed_at = $2, ended_at = 0 WHERE id = $1 AND state = 'unsubscribed' AND ended_at = $3`,
		id, micros(at), micros(left))
	if err != nil || n == 0 {
		return false, err
	}
	consents, err := tx.endedConsents(id, left)
	if err != nil {
		return false, fmt.Errorf("list consents of subscription %s: %w", id, err)
	}
	for _, c := range consents {
		c.At = at
		if err := tx.AddConsent(c); err != nil {
			return false, fmt.Errorf("renew consent %s: %w", c.Purpose, err)
		}
	}
	return true, tx.dateConsents("confirmed_at", id, at)
}

// endedConsents lists each "yes" for a list that ended with a subscription.
func (r Reader) endedConsents(subscription string, ended time.Time) (list []postroom.Consent, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var c postroom.Consent
		err := rows.Scan(&c.Contact, &c.Purpose, &c.Wording, &c.FormVersion, &c.Submission)
		list = append(list, c)
		return err
	}, `
		SELECT c.contact_id, c.purpose, c.wording, c.form_version, c.submission_id FROM subscriptions s
		  JOIN contact_addresses a ON a.address = s.address
		  JOIN consents c ON c.contact_id = a.contact_id AND c.purpose = replace(s.list, '-', '_')
		 WHERE s.id = $1 AND c.withdrawn_at = $2 ORDER BY c.id`, subscription, micros(ended))
	return list, err
}
