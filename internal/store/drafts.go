package store

import (
	"cmp"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"postroom/internal/postroom"
)

// Draft is what somebody has begun to fill in. Its token stands in the address
// of its pages and is nowhere on file; its hash is what the row is known by.
type Draft struct {
	Hash   string
	Form   string
	Locale string
	State  DraftState
	DraftBody
	Receipt   string // what the page after it is about, once it was sent
	Mails     int    // links to it that were sent
	Holder    string // of its files; the draft itself if nothing is said
	BegunAt   time.Time
	TouchedAt time.Time
	sendingAt time.Time
}

// DraftBody is what is sealed of a draft.
type DraftBody struct {
	Key     string // its idempotency key is made from it and the answers, and not to be guessed from the row
	Answers postroom.Answers
	Seen    []string // fields that were asked and passed
	Version string   // of the form when it was begun
	Suspect bool
}

// DraftState says what became of a draft.
type DraftState string

// The states of a draft. Only an open one has answers.
const (
	DraftOpen  DraftState = "open"
	DraftSent  DraftState = "sent"
	DraftEnded DraftState = "ended" // nobody came back to it
)

const (
	// DraftLife is how long answers are kept after they were last touched.
	DraftLife = 7 * 24 * time.Hour
	// draftMemory is how long it is remembered that there was a draft, so that
	// its page can say what became of it.
	draftMemory = 60 * 24 * time.Hour
	// draftSending is for how long a draft that is being sent cannot be changed. It
	// ends by itself, because whoever sends it may die.
	draftSending = time.Minute
)

// HashOfDraft is what a draft with this token is known by.
func HashOfDraft(token string) string {
	sum := sha256.Sum256([]byte("draft|" + token))
	return hex.EncodeToString(sum[:])
}

const draftPlace = "drafts.body:"

// BeginDraft keeps a new draft.
func (tx *Tx) BeginDraft(d Draft) error {
	sealed, err := tx.sealJSON(draftPlace+d.Hash, d.DraftBody)
	if err != nil {
		return err
	}
	_, err = tx.exec(`INSERT INTO drafts (hash, form, locale, body_sealed, begun_at, touched_at, holder) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		d.Hash, d.Form, d.Locale, sealed, micros(d.BegunAt), micros(d.TouchedAt), cmp.Or(d.Holder, d.Hash))
	if err != nil {
		return fmt.Errorf("begin draft: %w", err)
	}
	return nil
}

// Draft returns a draft, or NotFound. One that nobody has touched for too long
// has ended, whether or not its answers have been deleted yet.
func (r Reader) Draft(hash string, now time.Time) (d Draft, err error) {
	var sealed []byte
	var begun, touched, sending int64
	err = r.row(`SELECT hash, form, locale, state, body_sealed, receipt, mails, begun_at, touched_at, holder, sending_at FROM drafts WHERE hash = $1`, hash).
		Scan(&d.Hash, &d.Form, &d.Locale, &d.State, &sealed, &d.Receipt, &d.Mails, &begun, &touched, &d.Holder, &sending)
	if err != nil {
		return d, absent(err, "draft", hash)
	}
	d.BegunAt, d.TouchedAt, d.sendingAt = moment(begun), moment(touched), moment(sending)
	if d.State == DraftOpen && !d.TouchedAt.After(now.Add(-DraftLife)) {
		d.State = DraftEnded
	}
	if d.State != DraftOpen {
		return d, nil
	}
	return d, r.openJSON(draftPlace+hash, sealed, &d.DraftBody)
}

// SaveDraft keeps what was answered since. It returns Gone when the draft was
// sent or ended meanwhile, and Unavailable while it is being sent. What another page saved at the same moment must not be
// lost, so change is given the draft as it is now.
func (tx *Tx) SaveDraft(hash, locale string, now time.Time, change func(*DraftBody)) (Draft, error) {
	if _, err := tx.exec(`UPDATE drafts SET touched_at = touched_at WHERE hash = $1`, hash); err != nil { // locks the row
		return Draft{}, fmt.Errorf("lock draft: %w", err)
	}
	d, err := tx.Draft(hash, now)
	if err != nil {
		return d, err
	}
	if d.State != DraftOpen {
		return d, &postroom.Error{Kind: postroom.Gone, Cause: errors.New("save draft: it is not open")}
	}
	if d.sendingAt.After(now.Add(-draftSending)) {
		return d, &postroom.Error{Kind: postroom.Unavailable, Cause: errors.New("save draft: it is being sent")}
	}
	change(&d.DraftBody)
	sealed, err := tx.sealJSON(draftPlace+hash, d.DraftBody)
	if err != nil {
		return d, err
	}
	d.Locale, d.TouchedAt = locale, now
	_, err = tx.exec(`UPDATE drafts SET body_sealed = $2, locale = $3, touched_at = $4 WHERE hash = $1 AND state = 'open'`, hash, sealed, locale, micros(now))
	return d, err
}

// SendingDraft returns a draft as it is sent: from now on, for a minute, nothing
// else is saved, for it would be neither sent nor kept. Where it is not open, it
// says what it is.
func (tx *Tx) SendingDraft(hash string, now time.Time) (Draft, error) {
	_, err := tx.exec(`UPDATE drafts SET sending_at = $2 WHERE hash = $1 AND state = 'open'`, hash, micros(now))
	if err != nil {
		return Draft{}, fmt.Errorf("note that a draft is being sent: %w", err)
	}
	return tx.Draft(hash, now)
}

// UnsentDraft lets a draft be changed that could not be sent.
func (tx *Tx) UnsentDraft(hash string) error {
	_, err := tx.exec(`UPDATE drafts SET sending_at = 0 WHERE hash = $1 AND state = 'open'`, hash)
	if err != nil {
		return fmt.Errorf("open a draft again that was not sent: %w", err)
	}
	return nil
}

// SentDraft deletes the answers of a draft that was sent, and remembers what the
// page after it is about. Doing it again changes nothing.
func (tx *Tx) SentDraft(hash, receipt string, now time.Time) error {
	_, err := tx.exec(`UPDATE drafts SET state = 'sent', body_sealed = NULL, receipt = $2, touched_at = $3 WHERE hash = $1 AND state = 'open'`, hash, receipt, micros(now))
	if err != nil {
		return fmt.Errorf("close draft: %w", err)
	}
	return nil
}

// MailDraft counts a link to a draft that is sent by mail, and says whether
// there was room for one: most for a draft, and perDay for an address.
func (tx *Tx) MailDraft(hash, address string, most, perDay int, now time.Time) (bool, error) {
	if room, err := tx.RoomToAsk(address, perDay, now); err != nil || !room {
		return false, err
	}
	n, err := tx.exec(`UPDATE drafts SET mails = mails + 1, touched_at = $3 WHERE hash = $1 AND state = 'open' AND mails < $2`, hash, most, micros(now))
	return n > 0, err
}

// PurgeDrafts deletes the answers of drafts that nobody has touched for
// DraftLife, the files that nobody sent, and forgets those that ended long ago. It says of how many it
// deleted answers.
func (tx *Tx) PurgeDrafts(now time.Time) (int, error) {
	n, err := tx.exec(`UPDATE drafts SET state = 'ended', body_sealed = NULL WHERE state = 'open' AND touched_at <= $1`, micros(now.Add(-DraftLife)))
	if err != nil {
		return 0, fmt.Errorf("purge drafts: %w", err)
	}
	if err := tx.purgeFiles(now); err != nil {
		return 0, err
	}
	if _, err := tx.exec(`UPDATE drafts SET receipt = '' WHERE state = 'sent' AND receipt <> '' AND touched_at <= $1`, micros(now.Add(-24*time.Hour))); err != nil {
		return 0, fmt.Errorf("forget receipts of drafts: %w", err)
	}
	_, err = tx.exec(`DELETE FROM drafts WHERE state <> 'open' AND touched_at <= $1`, micros(now.Add(-draftMemory)))
	return int(n), err
}

// AddEquality keeps answers about equality under an id that the page drew, so
// that sending them twice keeps them once. It stands in a transaction of its own.
func (tx *Tx) AddEquality(id, form string, answers postroom.Answers, at time.Time) error {
	sealed, err := tx.sealJSON("equality_answers.answers:"+id, answers)
	if err != nil {
		return err
	}
	_, err = tx.exec(`INSERT INTO equality_answers (id, form, month, answers_sealed) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING`,
		id, form, at.Format("2006-01"), sealed)
	if err != nil {
		return fmt.Errorf("keep answers about equality: %w", err)
	}
	return nil
}

// Equality lists the answers about equality to a form in the months from and to.
func (r Reader) Equality(form, from, to string) (list []postroom.Answers, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var id string
		var sealed []byte
		if err := rows.Scan(&id, &sealed); err != nil {
			return err
		}
		var a postroom.Answers
		err := r.openJSON("equality_answers.answers:"+id, sealed, &a)
		list = append(list, a)
		return err
	}, `SELECT id, answers_sealed FROM equality_answers WHERE form = $1 AND month >= $2 AND month <= $3 ORDER BY id`, form, from, to)
	return list, err
}
