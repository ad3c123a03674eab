package store

import (
	"database/sql"
	"fmt"
	"time"
)

// WordingKind is what sort of thing was changed on the desk.
type WordingKind string

// The kinds of wording.
const (
	ProgrammeWording WordingKind = "programme"
	LetterWording    WordingKind = "letter"
	MailboxWording   WordingKind = "mailbox"
)

// Wording is one version of something that was changed on the desk.
type Wording struct {
	Kind    WordingKind
	Name    string
	Locale  string // of a letter
	Version int    // counted from 1
	Body    string // the whole of it; "" is as it came
	MadeBy  string
	MadeAt  time.Time
}

const wordingColumns = `kind, name, locale, version, body, made_by, made_at`

func (r Reader) wordings(query string, args ...any) (list []Wording, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var w Wording
		var at int64
		err := rows.Scan(&w.Kind, &w.Name, &w.Locale, &w.Version, &w.Body, &w.MadeBy, &at)
		w.MadeAt = moment(at)
		list = append(list, w)
		return err
	}, query, args...)
	return list, err
}

// Wordings lists the newest version of everything that was ever changed.
func (r Reader) Wordings() ([]Wording, error) {
	return r.wordings(`SELECT ` + wordingColumns + ` FROM wordings w
		WHERE version = (SELECT max(version) FROM wordings o WHERE o.kind = w.kind AND o.name = w.name AND o.locale = w.locale)
		ORDER BY kind, name, locale`)
}

// WordingsOf lists every version of one thing, the newest first.
func (r Reader) WordingsOf(kind WordingKind, name, locale string) ([]Wording, error) {
	return r.wordings(`SELECT `+wordingColumns+` FROM wordings WHERE kind = $1 AND name = $2 AND locale = $3 ORDER BY version DESC`, kind, name, locale)
}

// MailboxWordings lists every version of the mode of every mailbox, the oldest
// first.
func (r Reader) MailboxWordings() ([]Wording, error) {
	return r.wordings(`SELECT ` + wordingColumns + ` FROM wordings WHERE kind = 'mailbox' ORDER BY name, version`)
}

// AddWording puts the next version of something on file and raises the counter of
// wordings. w.Version is filled in.
func (tx *Tx) AddWording(w Wording) (Wording, error) {
	err := tx.Raise(WordingRevision) // first: it keeps everybody else out until the commit
	if err != nil {
		return w, err
	}
	err = tx.row(`SELECT coalesce(max(version), 0) + 1 FROM wordings WHERE kind = $1 AND name = $2 AND locale = $3`, w.Kind, w.Name, w.Locale).Scan(&w.Version)
	if err != nil {
		return w, fmt.Errorf("number the wording of %s %s: %w", w.Kind, w.Name, err)
	}
	_, err = tx.exec(`INSERT INTO wordings (id, kind, name, locale, version, body, made_by, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		newID(), w.Kind, w.Name, w.Locale, w.Version, w.Body, w.MadeBy, micros(w.MadeAt))
	if err != nil {
		return w, fmt.Errorf("add version %d of %s %s: %w", w.Version, w.Kind, w.Name, err)
	}
	return w, nil
}
