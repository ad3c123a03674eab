package store

import (
	"cmp"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"postroom/internal/postroom"
)

// PutFormVersion keeps what a form asked, once per version.
func (tx *Tx) PutFormVersion(version, programme, form string, snapshot []byte, at time.Time) error {
	_, err := tx.exec(`
		INSERT INTO form_versions (version, programme, form, snapshot, first_seen) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (version) DO NOTHING`, version, programme, form, string(snapshot), micros(at))
	return err
}

// maxDraws is how many references are drawn for one submission before it is
// given up; at a million on file one draw in three hundred is taken.
const maxDraws = 8

// sameWords is how long the same answers of the same person are taken for a
// repeat. Who sends them again days later waits for an answer in vain, and has
// to be heard.
const sameWords = 24 * time.Hour

// AddSubmission files what somebody sent and returns it with its id and
// reference. If the same entry came in before (the same idempotency key, or
// the same answers of the same person less than a day after the first, which
// still waits), it returns that one and false. An empty key repeats nothing: the submission's own id
// stands in for it. The natural key is stored blinded, so that nobody who has
// the database can test guesses at what somebody answered.
func (tx *Tx) AddSubmission(s postroom.Submission) (postroom.Submission, bool, error) {
	s.ID = newID()
	s.Key = cmp.Or(s.Key, s.ID)
	s.NaturalKey = tx.box.Blind("submissions.natural_key", []byte(cmp.Or(s.NaturalKey, s.ID)))
	for range maxDraws {
		s.Reference = tx.draw()
		if added, err := tx.insertSubmission(s); err != nil || added {
			return s, added, err
		}
		// Something is taken. The insert has waited for whoever was first to
		// commit, and a new statement sees what they wrote.
		if earlier, err := tx.earlier(s); err != nil || earlier.ID != "" {
			return earlier, false, err
		}
		if err := tx.freeNaturalKey(s); err != nil {
			return s, false, fmt.Errorf("add submission: %w", err)
		}
	}
	return s, false, fmt.Errorf("add submission: every reference drawn is taken")
}

// insertSubmission files s unless one of its keys or its reference is taken.
func (tx *Tx) insertSubmission(s postroom.Submission) (bool, error) {
	answers, err := tx.sealJSON("submissions.answers:"+s.ID, s.Answers)
	if err != nil {
		return false, err
	}
	n, err := tx.exec(`
		INSERT INTO submissions (id, reference, idempotency_key, natural_key, programme, form, form_version, kind, channel,
			contact_id, organisation_id, address, locale, area, answers_sealed, open_fields, mailbox, letter_id, locale_guessed, state, received_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
		ON CONFLICT DO NOTHING`,
		s.ID, s.Reference, s.Key, s.NaturalKey, s.Programme, s.Form, s.FormVersion, s.Kind, s.Channel,
		s.Contact, nullable(s.Organisation), s.Address, s.Locale, s.Area, answers, strings.Join(s.Open, ","), s.Mailbox, s.Letter, s.Guessed, s.State, micros(s.ReceivedAt))
	if err != nil {
		return false, fmt.Errorf("add submission: %w", err)
	}
	tx.made[s.ID] = n > 0
	return n > 0, nil
}

// earlier finds the submission that s repeats. The idempotency key wins: the
// same key is the same submission, even when another has the same answers.
func (tx *Tx) earlier(s postroom.Submission) (postroom.Submission, error) {
	earlier, err := tx.scanSubmission(tx.row(`
		SELECT `+submissionColumns+` FROM submissions
		 WHERE idempotency_key = $1 OR (natural_key = $2 AND state IN ('received', 'held') AND received_at > $3)
		 ORDER BY CASE WHEN idempotency_key = $1 THEN 0 ELSE 1 END, received_at LIMIT 1`,
		s.Key, s.NaturalKey, micros(s.ReceivedAt.Add(-sameWords))).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return postroom.Submission{}, nil
	}
	return earlier, err
}

// freeNaturalKey takes the natural key from a submission that is too old to be
// repeated by s. Its own id stands in for it, which blinds to nothing.
func (tx *Tx) freeNaturalKey(s postroom.Submission) error {
	_, err := tx.exec(`UPDATE submissions SET natural_key = id WHERE natural_key = $1 AND state IN ('received', 'held') AND received_at <= $2`,
		s.NaturalKey, micros(s.ReceivedAt.Add(-sameWords)))
	return err
}

// FinishSubmission puts the whole answers on a submission of which questions
// were open, and says whether they still were. Repeats of it are found by the
// letter's key only, from now on.
func (tx *Tx) FinishSubmission(s postroom.Submission) (bool, error) {
	answers, err := tx.sealJSON("submissions.answers:"+s.ID, s.Answers)
	if err != nil {
		return false, err
	}
	n, err := tx.exec(`UPDATE submissions SET answers_sealed = $2, area = $3, locale = $4, locale_guessed = FALSE, open_fields = '', natural_key = id,
			organisation_id = coalesce($5, organisation_id)
		WHERE id = $1 AND open_fields <> ''`, s.ID, answers, s.Area, s.Locale, nullable(s.Organisation))
	if err != nil {
		return false, fmt.Errorf("finish submission %s: %w", s.ID, err)
	}
	return n > 0, nil
}

// filled begins what the audit calls an answer that a letter gave.
const filled = "filled "

// FillSubmission puts answers that a letter gave on a submission of which
// questions were open, with the letter that each came from, and says whether
// the same questions still were. was is the submission as it was read. Repeats
// of it are found by the key of its first letter only, from now on.
func (tx *Tx) FillSubmission(was, is postroom.Submission, letter string, fields []string, at time.Time) (bool, error) {
	answers, err := tx.sealJSON("submissions.answers:"+is.ID, is.Answers)
	if err != nil {
		return false, err
	}
	n, err := tx.exec(`UPDATE submissions SET answers_sealed = $2, area = $3, open_fields = $4, natural_key = id, organisation_id = coalesce($5, organisation_id)
		WHERE id = $1 AND open_fields = $6 AND state = 'received'`,
		is.ID, answers, is.Area, strings.Join(is.Open, ","), nullable(is.Organisation), strings.Join(was.Open, ","))
	if err != nil || n == 0 {
		return false, err
	}
	for _, field := range fields {
		if err := tx.Audit("letter:"+letter, filled+field, is.ID, at); err != nil {
			return false, fmt.Errorf("note where answer %s came from: %w", field, err)
		}
	}
	return true, nil
}

// FilledBy returns which letter gave each answer of a submission that came
// after its first.
func (r Reader) FilledBy(submission string) (letters map[string]string, err error) {
	letters = map[string]string{}
	err = r.each(func(rows *sql.Rows) error {
		var actor, action string
		err := rows.Scan(&actor, &action)
		letters[strings.TrimPrefix(action, filled)] = strings.TrimPrefix(actor, "letter:")
		return err
	}, `SELECT actor, action FROM audit WHERE subject = $1 AND action LIKE 'filled %' ORDER BY at, id`, submission)
	return letters, err
}

// ReopenSubmission makes a submission wait for an answer again, because the
// person wrote once more after somebody had answered, and says whether it did
// not wait already.
func (tx *Tx) ReopenSubmission(id string) (bool, error) {
	n, err := tx.exec(`UPDATE submissions SET state = 'received', answered_at = 0, natural_key = id WHERE id = $1 AND state IN ('answered', 'closed')`, id)
	return n > 0, err
}

// SubmissionByKey returns the submission with this idempotency key, or
// NotFound.
func (r Reader) SubmissionByKey(key string) (postroom.Submission, error) {
	s, err := r.scanSubmission(r.row(`SELECT `+submissionColumns+` FROM submissions WHERE idempotency_key = $1`, key).Scan)
	return s, absent(err, "submission with key", key)
}

// ReaddressSubmission changes where answers to a submission go.
func (tx *Tx) ReaddressSubmission(id, address string) error {
	_, err := tx.exec(`UPDATE submissions SET address = $2 WHERE id = $1`, id, address)
	return err
}

// MadeContact says whether a submission made its contact, and no other has
// used that contact since.
func (r Reader) MadeContact(s postroom.Submission) (bool, error) {
	var n int
	err := r.row(`
		SELECT count(*) FROM contacts WHERE id = $1 AND created_at >= $2
		   AND NOT EXISTS (SELECT 1 FROM submissions WHERE contact_id = $1 AND id <> $3)`, s.Contact, micros(s.ReceivedAt), s.ID).Scan(&n)
	return n > 0, err
}

// MoveSubmission makes a submission, and all that it caused, another contact's.
// What other submissions caused stays where it is. The caller has made sure
// that the new contact has no booking in the same session.
func (tx *Tx) MoveSubmission(id, from, to string) error {
	if _, err := tx.exec(`UPDATE submissions SET contact_id = $2 WHERE id = $1`, id, to); err != nil {
		return fmt.Errorf("move submission: %w", err)
	}
	for _, table := range []string{"runs", "bookings", "consents", "subscriptions", "calls"} {
		if _, err := tx.exec(`UPDATE `+table+` SET contact_id = $3 WHERE submission_id = $1 AND contact_id = $2`, id, from, to); err != nil {
			return fmt.Errorf("move %s: %w", table, err)
		}
	}
	if _, err := tx.exec(`UPDATE messages SET contact_id = $3 WHERE submission_id = $1 AND submission_id <> '' AND contact_id = $2
		AND state IN ('queued', 'deferred', 'held') AND (about IN ('', $1) OR about IN (SELECT id FROM subscriptions WHERE submission_id = $1))`,
		id, from, to); err != nil {
		return fmt.Errorf("move messages: %w", err)
	}
	_, err := tx.exec(`UPDATE forum_members SET contact_id = $3 WHERE submission_id = $1 AND contact_id = $2
		AND forum NOT IN (SELECT forum FROM forum_members WHERE contact_id = $3)`, id, from, to)
	return err
}

// DropMail settles the mails about a submission that have not left yet, but
// for those to coordinators: nobody is to have them.
func (tx *Tx) DropMail(submission, reason string, at time.Time) error {
	_, err := tx.exec(`UPDATE messages SET state = 'suppressed', reason = $2, settled_at = $3
		WHERE submission_id = $1 AND submission_id <> '' AND contact_id <> '' AND state IN ('queued', 'deferred', 'held')`, submission, reason, micros(at))
	if err != nil {
		return fmt.Errorf("drop mail about submission %s: %w", submission, err)
	}
	return nil
}

// MarkAnswered notes that a person answered a submission. One that is held is
// answered once it is let go.
func (tx *Tx) MarkAnswered(id string, at time.Time) error {
	_, err := tx.exec(`UPDATE submissions SET answered_at = $2, state = CASE WHEN state = 'held' THEN 'held' ELSE 'answered' END
		WHERE id = $1 AND state IN ('received', 'held')`, id, micros(at))
	return err
}

const submissionColumns = `id, reference, idempotency_key, natural_key, programme, form, form_version, kind, channel,
	contact_id, coalesce(organisation_id, ''), address, locale, area, answers_sealed, open_fields, mailbox, letter_id, locale_guessed, state, received_at, assigned_to, snoozed_until`

func (r Reader) scanSubmission(scan func(...any) error) (postroom.Submission, error) {
	var s postroom.Submission
	var answers []byte
	var open string
	var received, snoozed int64
	err := scan(&s.ID, &s.Reference, &s.Key, &s.NaturalKey, &s.Programme, &s.Form, &s.FormVersion, &s.Kind, &s.Channel,
		&s.Contact, &s.Organisation, &s.Address, &s.Locale, &s.Area, &answers, &open, &s.Mailbox, &s.Letter, &s.Guessed, &s.State, &received,
		&s.AssignedTo, &snoozed)
	if err != nil {
		return s, err
	}
	s.ReceivedAt, s.SnoozedUntil = moment(received), moment(snoozed)
	s.Open = strings.FieldsFunc(open, func(r rune) bool { return r == ',' })
	return s, r.openJSON("submissions.answers:"+s.ID, answers, &s.Answers)
}

// Submission returns one submission with its answers opened, or NotFound.
func (r Reader) Submission(id string) (postroom.Submission, error) {
	s, err := r.scanSubmission(r.row(`SELECT `+submissionColumns+` FROM submissions WHERE id = $1`, id).Scan)
	return s, absent(err, "submission", id)
}

// MailboxOf returns the address of the mailbox that a submission came to, or
// "".
func (r Reader) MailboxOf(submission string) (mailbox string, err error) {
	err = r.row(`SELECT mailbox FROM submissions WHERE id = $1`, submission).Scan(&mailbox)
	return mailbox, absent(err, "submission", submission)
}

// Submissions lists the newest submissions first, at most limit.
func (r Reader) Submissions(limit int) (list []postroom.Submission, err error) {
	err = r.each(func(rows *sql.Rows) error {
		s, err := r.scanSubmission(rows.Scan)
		list = append(list, s)
		return err
	}, `SELECT `+submissionColumns+` FROM submissions ORDER BY received_at DESC, id DESC LIMIT $1`, limit)
	return list, err
}

// SubmissionWith returns the submission that a person names by its reference,
// or NotFound.
func (r Reader) SubmissionWith(reference string) (postroom.Submission, error) {
	s, err := r.scanSubmission(r.row(`SELECT `+submissionColumns+` FROM submissions WHERE reference = $1`, strings.ToUpper(reference)).Scan)
	return s, absent(err, "submission", reference)
}

// CountSubmissions counts what is on file.
func (r Reader) CountSubmissions() (n int, err error) {
	err = r.row(`SELECT count(*) FROM submissions`).Scan(&n)
	return n, err
}

// referenceSigns are what references are made of, in order.
const referenceSigns = "23456789BCDFGHJKMNPQRTVWXZ"

// newReference draws a reference that can be read out over the phone: no
// vowels (no words by accident), nothing that looks like another sign. Three
// hundred million of them; the column is unique.
func newReference() string {
	const signs = referenceSigns
	raw := make([]byte, 6)
	rand.Read(raw)
	for i, b := range raw {
		raw[i] = signs[int(b)%len(signs)]
	}
	return string(raw[:3]) + "-" + string(raw[3:])
}

// AddConsent keeps a "yes" with the words that were shown.
func (tx *Tx) AddConsent(c postroom.Consent) error {
	_, err := tx.exec(`
		INSERT INTO consents (id, contact_id, purpose, wording, form_version, submission_id, given_at, source) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		newID(), c.Contact, c.Purpose, c.Wording, c.FormVersion, c.Submission, micros(c.At), c.Source)
	return err
}
