package store

import (
	"fmt"
	"time"

	"postroom/internal/postroom"
)

// LockSubmission keeps everybody else away from a submission until the
// transaction ends, and returns it as whoever had it before has left it.
func (tx *Tx) LockSubmission(id string) (postroom.Submission, error) {
	if _, err := tx.exec(`UPDATE submissions SET id = id WHERE id = $1`, id); err != nil {
		return postroom.Submission{}, fmt.Errorf("lock submission %s: %w", id, err)
	}
	return tx.Submission(id)
}

// AmendSubmission puts other answers in the place of those on file. Repeats of it
// are found by its key only, from now on. The caller holds its lock.
func (tx *Tx) AmendSubmission(s postroom.Submission) error {
	answers, err := tx.sealJSON("submissions.answers:"+s.ID, s.Answers)
	if err != nil {
		return err
	}
	_, err = tx.exec(`UPDATE submissions SET answers_sealed = $2, area = $3, natural_key = id, organisation_id = coalesce($4, organisation_id) WHERE id = $1`,
		s.ID, answers, s.Area, nullable(s.Organisation))
	if err != nil {
		return fmt.Errorf("amend submission %s: %w", s.ID, err)
	}
	return nil
}

// CorrectName changes the name of a contact, who is found by the new one.
func (tx *Tx) CorrectName(contact, name string) error {
	_, err := tx.exec(`UPDATE contacts SET name = $2, name_key = $3 WHERE id = $1`, contact, name, nameKey(name))
	if err != nil {
		return fmt.Errorf("correct name of contact %s: %w", contact, err)
	}
	return tx.renamed(contact)
}

// ConsentsTo lists what was said "yes" to with a submission, in the order in which
// it was said.
func (r Reader) ConsentsTo(submission string) ([]PersonConsent, error) {
	return r.consents(`SELECT id, contact_id, purpose, wording, form_version, submission_id, given_at, confirmed_at, withdrawn_at, source FROM consents
		 WHERE submission_id = $1 ORDER BY given_at, id`, submission)
}

// WithdrawConsent ends a "yes" and says whether it stood until now.
func (tx *Tx) WithdrawConsent(id string, at time.Time) (bool, error) {
	n, err := tx.exec(`UPDATE consents SET withdrawn_at = $2 WHERE id = $1 AND withdrawn_at = 0`, id, micros(at))
	return n > 0, err
}

// AuditedBy counts how often somebody did something to what has an id since a
// moment.
func (r Reader) AuditedBy(actor, action, subject string, since time.Time) (n int, err error) {
	err = r.row(`SELECT count(*) FROM audit WHERE subject = $1 AND at > $4 AND actor = $2 AND action = $3`, subject, actor, action, micros(since)).Scan(&n)
	return n, err
}

// ByPhone is how somebody may be reached who is not written to.
type ByPhone struct {
	LeaveMessage string `json:",omitempty"` // "yes", "no", or "" where nobody asked
	Through      string `json:",omitempty"` // somebody they trust, with a number
}

// byPhonePlace is what a ByPhone is sealed for, before the contact's id.
const byPhonePlace = "contacts.by_phone:"

// SetByPhone notes how a contact may be reached by phone.
func (tx *Tx) SetByPhone(contact string, how ByPhone) error {
	sealed, err := tx.sealJSON(byPhonePlace+contact, how)
	if err != nil {
		return err
	}
	if _, err := tx.exec(`UPDATE contacts SET by_phone_sealed = $2 WHERE id = $1`, contact, sealed); err != nil {
		return fmt.Errorf("set how to phone contact %s: %w", contact, err)
	}
	return nil
}

// ByPhone returns how a contact may be reached by phone, or NotFound.
func (r Reader) ByPhone(contact string) (how ByPhone, err error) {
	var sealed []byte
	err = r.row(`SELECT by_phone_sealed FROM contacts WHERE id = $1`, contact).Scan(&sealed)
	if err != nil {
		return how, absent(err, "contact", contact)
	}
	return how, r.openJSON(byPhonePlace+contact, sealed, &how)
}
