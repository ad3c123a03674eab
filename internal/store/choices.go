package store

import (
	"fmt"

	"postroom/internal/postroom"
)

// SetLocale notes in which language the person of a submission wants to be
// written to: in this conversation, in what begins later, and on the lists that
// this person is on, or has asked for, at the same address.
func (tx *Tx) SetLocale(s postroom.Submission, locale string) error {
	if _, err := tx.exec(`UPDATE submissions SET locale = $2, locale_guessed = FALSE WHERE id = $1`, s.ID, locale); err != nil {
		return fmt.Errorf("set language of submission %s: %w", s.ID, err)
	}
	if _, err := tx.exec(`UPDATE contacts SET locale = $2 WHERE id = $1`, s.Contact, locale); err != nil {
		return fmt.Errorf("set language of contact %s: %w", s.Contact, err)
	}
	_, err := tx.exec(`UPDATE subscriptions SET locale = $3 WHERE address = $1 AND contact_id = $2 AND state <> 'unsubscribed'`, s.Address, s.Contact, locale)
	if err != nil {
		return fmt.Errorf("set language of lists of contact %s: %w", s.Contact, err)
	}
	return nil
}

// SetReach notes how a contact wants to be reached; phone, if it is not "", takes
// the place of the number on file.
func (tx *Tx) SetReach(contact string, reach postroom.Reach, phone string) error {
	if err := tx.touchPhone(phone); err != nil {
		return fmt.Errorf("lock phone number: %w", err)
	}
	_, err := tx.exec(`UPDATE contacts SET reach = $2, phone = CASE WHEN $3 <> '' THEN $3 ELSE phone END WHERE id = $1`, contact, string(reach), phone)
	if err != nil {
		return fmt.Errorf("set how to reach contact %s: %w", contact, err)
	}
	if phone == "" {
		return nil
	}
	return tx.findAnew(contact)
}
