package store

import (
	"database/sql"
	"fmt"
	"slices"
)

// Load is what waits and is assigned to one colleague, by ids.
type Load struct{ Submissions, Letters, Calls []string }

// Assigned lists what waits and is assigned to a colleague: what PassAll passes
// on. Each state is asked for by itself and the order is made here, or SQLite would
// read everything that ever came in.
func (r Reader) Assigned(name string) (l Load, err error) {
	for _, part := range []struct {
		into  *[]string
		query string
	}{
		{&l.Submissions, `SELECT id FROM submissions WHERE assigned_to = $1 AND state = 'received'`},
		{&l.Submissions, `SELECT id FROM submissions WHERE assigned_to = $1 AND state = 'held'`},
		{&l.Letters, `SELECT id FROM letters WHERE assigned_to = $1 AND state = 'triage'`},
		{&l.Calls, `SELECT id FROM calls WHERE assigned_to = $1 AND state = 'open'`},
	} {
		err := r.each(func(rows *sql.Rows) error {
			var id string
			err := rows.Scan(&id)
			*part.into = append(*part.into, id)
			return err
		}, part.query, name)
		if err != nil {
			return l, fmt.Errorf("list what %s has: %w", name, err)
		}
		slices.Sort(*part.into)
	}
	return l, nil
}

// Reassign gives a load to one colleague, as far as it is still with another.
func (tx *Tx) Reassign(l Load, from, to string) error {
	for _, part := range []struct {
		ids       []string
		statement string
	}{
		{l.Submissions, `UPDATE submissions SET assigned_to = $2 WHERE id = $1 AND assigned_to = $3`},
		{l.Letters, `UPDATE letters SET assigned_to = $2 WHERE id = $1 AND assigned_to = $3`},
		{l.Calls, `UPDATE calls SET assigned_to = $2 WHERE id = $1 AND assigned_to = $3`},
	} {
		for _, id := range part.ids {
			if _, err := tx.exec(part.statement, id, to, from); err != nil {
				return fmt.Errorf("give %s to %s: %w", id, to, err)
			}
		}
	}
	return nil
}
