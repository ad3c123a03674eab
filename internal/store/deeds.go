package store

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"postroom/internal/postroom"
)

// NewDeedID makes the id of a deed before its row, so that what it causes can
// name it.
func NewDeedID() string { return newID() }

// AddDeed puts on file what a colleague did. Before holds states, names and ids,
// never what somebody wrote.
func (tx *Tx) AddDeed(d postroom.Deed) error {
	before, err := json.Marshal(d.Before)
	if err != nil {
		return fmt.Errorf("encode what was before deed %s: %w", d.ID, err)
	}
	_, err = tx.exec(`INSERT INTO deeds (id, at, actor, act, kind, subject, before) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		d.ID, micros(d.At), d.Actor, d.Act, d.Matter, d.Subject, string(before))
	if err != nil {
		return fmt.Errorf("add deed %s: %w", d.Act, err)
	}
	return nil
}

const deedColumns = `id, at, actor, act, kind, subject, before, undone_at`

func scanDeed(scan func(...any) error) (postroom.Deed, error) {
	var d postroom.Deed
	var before string
	var at, undone int64
	if err := scan(&d.ID, &at, &d.Actor, &d.Act, &d.Matter, &d.Subject, &before, &undone); err != nil {
		return d, err
	}
	d.At, d.UndoneAt = moment(at), moment(undone)
	return d, json.Unmarshal([]byte(before), &d.Before)
}

// Deed returns one deed, or NotFound.
func (r Reader) Deed(id string) (postroom.Deed, error) {
	d, err := scanDeed(r.row(`SELECT `+deedColumns+` FROM deeds WHERE id = $1`, id).Scan)
	return d, absent(err, "deed", id)
}

// Deeds lists what colleagues did to a matter, also what was undone, the newest
// first.
func (r Reader) Deeds(matter postroom.Matter, subject string) (list []postroom.Deed, err error) {
	err = r.each(func(rows *sql.Rows) error {
		d, err := scanDeed(rows.Scan)
		list = append(list, d)
		return err
	}, `SELECT `+deedColumns+` FROM deeds WHERE kind = $1 AND subject = $2 ORDER BY at DESC, id DESC`, matter, subject)
	return list, err
}

// MarkUndone notes that a deed was undone, and says whether it stood.
func (tx *Tx) MarkUndone(deed string, at time.Time) (bool, error) {
	n, err := tx.exec(`UPDATE deeds SET undone_at = $2 WHERE id = $1 AND undone_at = 0`, deed, micros(at))
	return n > 0, err
}

// Assigned lists the ids of what waits and is assigned to a colleague.
func (r Reader) Assigned(name string) (submissions, letters []string, err error) {
	into := func(list *[]string) func(*sql.Rows) error {
		return func(rows *sql.Rows) error {
			var id string
			err := rows.Scan(&id)
			*list = append(*list, id)
			return err
		}
	}
	err = r.each(into(&submissions), `SELECT id FROM submissions WHERE assigned_to = $1 AND state IN ('received', 'held') ORDER BY id`, name)
	if err != nil {
		return nil, nil, fmt.Errorf("list submissions of %s: %w", name, err)
	}
	if err := r.each(into(&letters), `SELECT id FROM letters WHERE assigned_to = $1 AND state = 'triage' ORDER BY id`, name); err != nil {
		return nil, nil, fmt.Errorf("list letters of %s: %w", name, err)
	}
	return submissions, letters, nil
}

// Reassign gives back to one colleague what is with another and was named.
func (tx *Tx) Reassign(submissions, letters []string, from, to string) error {
	for table, ids := range map[string][]string{"submissions": submissions, "letters": letters} {
		for _, id := range ids {
			if _, err := tx.exec(`UPDATE `+table+` SET assigned_to = $2 WHERE id = $1 AND assigned_to = $3`, id, to, from); err != nil {
				return fmt.Errorf("give %s back to %s: %w", id, to, err)
			}
		}
	}
	return nil
}
