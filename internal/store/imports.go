package store

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"postroom/internal/postroom"
)

// Import is one file of entries that was put on file.
type Import struct {
	ID       string
	Form     string // "" for one to a list
	List     string // "" for one to a form
	FileHash string
	MadeBy   string
	MadeAt   time.Time
	State    string // running, done or undone
	Rows     int    // that it added
}

// The states of an import. A running one was begun, and can be begun again to end it.
const (
	ImportRunning = "running"
	ImportDone    = "done"
	ImportUndone  = "undone"
)

// ImportKey is the idempotency key of a row of a file, by all that it says. It is
// blinded, so that nobody who has the database can test guesses at a row.
func (r Reader) ImportKey(form, said string) string {
	return "import:" + form + ":" + r.box.Blind("submissions.import_key", []byte(said))
}

// BeginImport begins an import, or goes on with the one of the same file that was
// begun and did not end.
func (tx *Tx) BeginImport(i Import) (Import, error) {
	var at int64
	err := tx.row(`SELECT id, made_by, made_at, state FROM imports WHERE form = $1 AND list = $3 AND file_hash = $2 AND state = 'running' ORDER BY made_at, id LIMIT 1`,
		i.Form, i.FileHash, i.List).Scan(&i.ID, &i.MadeBy, &at, &i.State)
	if err == nil {
		i.MadeAt = moment(at)
		return i, nil
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return i, fmt.Errorf("look for an import that did not end: %w", err)
	}
	i.ID, i.State = newID(), ImportRunning
	if _, err := tx.exec(`INSERT INTO imports (id, form, file_hash, made_by, made_at, state, list) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		i.ID, i.Form, i.FileHash, i.MadeBy, micros(i.MadeAt), i.State, i.List); err != nil {
		return i, fmt.Errorf("begin import: %w", err)
	}
	return i, nil
}

// ClaimImportRow notes, before it does so, that an import adds a row. It returns
// false where another import has claimed the same row.
func (tx *Tx) ClaimImportRow(importID, key string, line int) (bool, error) {
	if _, err := tx.exec(`INSERT INTO import_rows (key, import_id, line) VALUES ($1, $2, $3) ON CONFLICT (key) DO NOTHING`, key, importID, line); err != nil {
		return false, fmt.Errorf("claim row %d of import %s: %w", line, importID, err)
	}
	var owner string
	err := tx.row(`SELECT import_id FROM import_rows WHERE key = $1`, key).Scan(&owner)
	return owner == importID, err
}

// SettleImport notes that an import has ended, or was undone.
func (tx *Tx) SettleImport(id, state string, at time.Time) error {
	n, err := tx.exec(`UPDATE imports SET state = $2, settled_at = $3 WHERE id = $1`, id, state, micros(at))
	if err == nil && n == 0 {
		err = absent(sql.ErrNoRows, "import", id)
	}
	return err
}

// ForgetImportRow lets go of a row, so that it can be imported again.
func (tx *Tx) ForgetImportRow(key string) error {
	_, err := tx.exec(`DELETE FROM import_rows WHERE key = $1`, key)
	return err
}

const importColumns = `id, form, list, file_hash, made_by, made_at, state,
	(SELECT count(*) FROM import_rows JOIN submissions ON idempotency_key = import_rows.key WHERE import_id = imports.id)
	+ (SELECT count(*) FROM subscriptions WHERE import_id = imports.id AND import_id <> '')`

func scanImport(scan func(...any) error) (i Import, err error) {
	var at int64
	err = scan(&i.ID, &i.Form, &i.List, &i.FileHash, &i.MadeBy, &at, &i.State, &i.Rows)
	i.MadeAt = moment(at)
	return i, err
}

// Import returns one import, or NotFound.
func (r Reader) Import(id string) (Import, error) {
	i, err := scanImport(r.row(`SELECT `+importColumns+` FROM imports WHERE id = $1`, id).Scan)
	return i, absent(err, "import", id)
}

// Imports lists the newest imports first, at most limit.
func (r Reader) Imports(limit int) (list []Import, err error) {
	err = r.each(func(rows *sql.Rows) error {
		i, err := scanImport(rows.Scan)
		list = append(list, i)
		return err
	}, `SELECT `+importColumns+` FROM imports ORDER BY made_at DESC, id DESC LIMIT $1`, limit)
	return list, err
}

// ImportKeys lists the keys of the rows that an import claimed, in the order of the
// file.
func (r Reader) ImportKeys(id string) ([]string, error) {
	return r.ids(`SELECT key FROM import_rows WHERE import_id = $1 ORDER BY line`, id)
}

// Untouched says whether nothing has happened to a submission, or to the contact
// it made, since it was put on file.
func (tx *Tx) Untouched(s postroom.Submission) (bool, error) {
	// Whoever is about to do something with it waits until we are done, or we for them.
	if _, err := tx.exec(`UPDATE submissions SET state = state WHERE id = $1`, s.ID); err != nil {
		return false, fmt.Errorf("lock submission: %w", err)
	}
	var touched bool
	err := tx.row(`SELECT
		   EXISTS (SELECT 1 FROM submissions WHERE id = $1 AND (state NOT IN ('received', 'answered') OR answered_at NOT IN (0, received_at) OR assigned_to <> '' OR snoozed_until <> 0))
		OR EXISTS (SELECT 1 FROM deeds WHERE kind = 'submission' AND subject = $1)
		OR EXISTS (SELECT 1 FROM deeds WHERE kind = 'contact' AND subject = $2 AND at >= $3)
		OR EXISTS (SELECT 1 FROM notes WHERE kind = 'submission' AND subject = $1)
		OR EXISTS (SELECT 1 FROM letters WHERE submission_id = $1)
		OR EXISTS (SELECT 1 FROM messages WHERE submission_id = $1)
		OR EXISTS (SELECT 1 FROM calls WHERE submission_id = $1)
		OR EXISTS (SELECT 1 FROM holds WHERE submission_id = $1)
		OR EXISTS (SELECT 1 FROM alarms WHERE kind = 'submission' AND subject = $1)
		OR EXISTS (SELECT 1 FROM jobs WHERE subject = $1 AND state IN ('handed', 'running'))
		OR EXISTS (SELECT 1 FROM bookings WHERE submission_id = $1 AND state NOT IN ('confirmed', 'waiting'))
		OR EXISTS (SELECT 1 FROM subscriptions WHERE submission_id = $1 AND state <> 'pending')
		OR EXISTS (SELECT 1 FROM contacts WHERE id = $2 AND merged_into <> '')`, s.ID, s.Contact, micros(s.ReceivedAt)).Scan(&touched)
	return !touched, err
}

// RemoveSubmission removes a submission that nobody has touched, with all that
// it brought: what it promised, its place, its consents, and the person and the
// organisation that it made, where nothing else has to do with them.
func (tx *Tx) RemoveSubmission(s postroom.Submission) error {
	if err := tx.dropFiles(s.ID); err != nil {
		return err
	}
	for _, statement := range []string{
		`DELETE FROM consents WHERE submission_id = $1`,
		`DELETE FROM subscriptions WHERE submission_id = $1`,
		`DELETE FROM forum_members WHERE submission_id = $1`,
		`DELETE FROM bookings WHERE submission_id = $1`,
		`DELETE FROM steps WHERE run_id IN (SELECT id FROM runs WHERE submission_id = $1)`,
		`DELETE FROM runs WHERE submission_id = $1`,
		`DELETE FROM jobs WHERE subject = $1`,
		`DELETE FROM items WHERE kind = 'submission' AND subject = $1`,
		`DELETE FROM submissions WHERE id = $1`,
	} {
		if _, err := tx.exec(statement, s.ID); err != nil {
			return fmt.Errorf("remove submission %s: %w", s.ID, err)
		}
	}
	if err := tx.removeContact(s); err != nil {
		return err
	}
	return tx.removeOrganisation(s)
}

// removeContact removes the contact that a removed submission made, if nothing
// else has to do with them.
func (tx *Tx) removeContact(s postroom.Submission) error {
	var alone bool
	err := tx.row(`SELECT EXISTS (SELECT 1 FROM contacts WHERE id = $1 AND created_at = $2)
		AND NOT EXISTS (SELECT 1 FROM submissions WHERE contact_id = $1)
		AND NOT EXISTS (SELECT 1 FROM consents WHERE contact_id = $1)
		AND NOT EXISTS (SELECT 1 FROM subscriptions WHERE contact_id = $1)
		AND NOT EXISTS (SELECT 1 FROM forum_members WHERE contact_id = $1)
		AND NOT EXISTS (SELECT 1 FROM bookings WHERE contact_id = $1)
		AND NOT EXISTS (SELECT 1 FROM runs WHERE contact_id = $1)
		AND NOT EXISTS (SELECT 1 FROM messages WHERE contact_id = $1)
		AND NOT EXISTS (SELECT 1 FROM calls WHERE contact_id = $1)
		AND NOT EXISTS (SELECT 1 FROM deeds WHERE kind = 'contact' AND subject = $1)
		AND NOT EXISTS (SELECT 1 FROM notes WHERE kind = 'contact' AND subject = $1)
		AND NOT EXISTS (SELECT 1 FROM contacts WHERE merged_into = $1)`, s.Contact, micros(s.ReceivedAt)).Scan(&alone)
	if err != nil || !alone {
		return err
	}
	for _, statement := range []string{
		`DELETE FROM finds WHERE kind = 'contact' AND id = $1`,
		`DELETE FROM contact_addresses WHERE contact_id = $1`,
		`DELETE FROM contact_organisations WHERE contact_id = $1`,
		`DELETE FROM contacts WHERE id = $1`,
	} {
		if _, err := tx.exec(statement, s.Contact); err != nil {
			return fmt.Errorf("remove contact %s: %w", s.Contact, err)
		}
	}
	return nil
}

func (tx *Tx) removeOrganisation(s postroom.Submission) error {
	if s.Organisation == "" {
		return nil
	}
	n, err := tx.exec(`DELETE FROM organisations WHERE id = $1 AND created_at = $2
		AND NOT EXISTS (SELECT 1 FROM contact_organisations WHERE organisation_id = $1)
		AND NOT EXISTS (SELECT 1 FROM submissions WHERE organisation_id = $1)
		AND NOT EXISTS (SELECT 1 FROM forum_members WHERE organisation_id = $1)
		AND NOT EXISTS (SELECT 1 FROM deeds WHERE kind = 'organisation' AND subject = $1)
		AND NOT EXISTS (SELECT 1 FROM notes WHERE kind = 'organisation' AND subject = $1)
		AND NOT EXISTS (SELECT 1 FROM organisations AS same WHERE same.merged_into = $1)`, s.Organisation, micros(s.ReceivedAt))
	if err != nil {
		return fmt.Errorf("remove organisation %s: %w", s.Organisation, err)
	}
	if n > 0 {
		err = tx.forgetGroup(s.Organisation)
	}
	return err
}
