package store

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"postroom/internal/postroom"
)

// TeamRevision and WordingRevision are the counters that rise with each change
// of who works here, and of what was changed at the desk.
const (
	TeamRevision    = "team"
	WordingRevision = "wording"
)

// Raise raises a counter, so that every process reads anew what it keeps in
// memory.
func (tx *Tx) Raise(name string) error {
	_, err := tx.exec(`INSERT INTO revisions (name, n) VALUES ($1, 1) ON CONFLICT (name) DO UPDATE SET n = revisions.n + 1`, name)
	if err != nil {
		return fmt.Errorf("raise revision of %s: %w", name, err)
	}
	return nil
}

// lockCounter keeps others from raising a counter until the transaction ends.
func (tx *Tx) lockCounter(name string) error {
	_, err := tx.exec(`INSERT INTO revisions (name, n) VALUES ($1, 0) ON CONFLICT (name) DO UPDATE SET n = revisions.n`, name)
	if err != nil {
		return fmt.Errorf("lock counter of %s: %w", name, err)
	}
	return nil
}

// Revision returns a counter; 0 before the first change.
func (r Reader) Revision(name string) (n int64, err error) {
	err = r.row(`SELECT n FROM revisions WHERE name = $1`, name).Scan(&n)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return n, err
}

// Colleagues lists everybody who works or worked here, by name, each with their
// grants.
func (r Reader) Colleagues() (list []postroom.Colleague, err error) {
	at := make(map[string]int)
	err = r.each(func(rows *sql.Rows) error {
		var c postroom.Colleague
		var from, until, added, left int64
		err := rows.Scan(&c.Name, &c.Address, &c.Locale, &c.Cover, &from, &until, &c.Absence.Proposed, &c.FromFile, &c.AtDesk, &added, &left)
		c.Absence.From, c.Absence.Until, c.AddedAt, c.LeftAt = moment(from), moment(until), moment(added), moment(left)
		at[c.Name] = len(list)
		list = append(list, c)
		return err
	}, `SELECT name, address, locale, cover, away_from, away_until, proposed, from_file, at_desk, added_at, left_at FROM colleagues ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("list colleagues: %w", err)
	}
	err = r.each(func(rows *sql.Rows) error {
		var name string
		var g postroom.Grant
		err := rows.Scan(&name, &g.Role, &g.Programme, &g.Area)
		if i, known := at[name]; known {
			list[i].Grants = append(list[i].Grants, g)
		}
		return err
	}, `SELECT colleague, role, programme, area FROM grants ORDER BY colleague, role, programme, area`)
	return list, err
}

// AddColleague puts a colleague on file with their grants, and says whether
// neither their name nor their address was there.
func (tx *Tx) AddColleague(c postroom.Colleague) (bool, error) {
	n, err := tx.exec(`INSERT INTO colleagues (name, address, locale, cover, from_file, added_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT DO NOTHING`, c.Name, c.Address, c.Locale, c.Cover, c.FromFile, micros(c.AddedAt))
	if err != nil {
		return false, fmt.Errorf("add colleague %s: %w", c.Name, err)
	}
	if n == 0 {
		return false, nil
	}
	return true, tx.SetGrants(c.Name, c.Grants)
}

// SetGrants gives a colleague these grants and no others.
func (tx *Tx) SetGrants(name string, grants []postroom.Grant) error {
	if _, err := tx.exec(`DELETE FROM grants WHERE colleague = $1`, name); err != nil {
		return fmt.Errorf("take grants of %s: %w", name, err)
	}
	for _, g := range grants {
		_, err := tx.exec(`INSERT INTO grants (colleague, role, programme, area) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, name, g.Role, g.Programme, g.Area)
		if err != nil {
			return fmt.Errorf("grant %s the role of %s: %w", name, g.Role, err)
		}
	}
	return tx.Raise(TeamRevision)
}

// ChangeColleague notes what can be changed of a colleague: address, language,
// cover, absence, whether they still follow the settings file, and whether they
// have left. It returns NotFound for one who is
// not on file. Whoever leaves keeps no grants and is signed out.
func (tx *Tx) ChangeColleague(c postroom.Colleague) error {
	n, err := tx.exec(`UPDATE colleagues SET address = $2, locale = $3, cover = $4, away_from = $5, away_until = $6, proposed = $7, from_file = $8, at_desk = $9, left_at = $10 WHERE name = $1`,
		c.Name, c.Address, c.Locale, c.Cover, micros(c.Absence.From), micros(c.Absence.Until), c.Absence.Proposed, c.FromFile, c.AtDesk, micros(c.LeftAt))
	if err != nil {
		return fmt.Errorf("change colleague %s: %w", c.Name, err)
	}
	if n == 0 {
		return absent(sql.ErrNoRows, "colleague", c.Name)
	}
	if !c.Here() {
		for _, statement := range []string{
			`DELETE FROM grants WHERE colleague = $1`, `DELETE FROM sign_ins WHERE colleague = $1`, `DELETE FROM signin_links WHERE colleague = $1`,
		} {
			if _, err := tx.exec(statement, c.Name); err != nil {
				return fmt.Errorf("end what %s may do: %w", c.Name, err)
			}
		}
	}
	return tx.Raise(TeamRevision)
}

// PassAll assigns everything of one colleague that still waits to another ("" is
// whoever looks after each), and says how much that is.
func (tx *Tx) PassAll(from, to string) (n int64, err error) {
	for _, statement := range []string{
		`UPDATE submissions SET assigned_to = $2 WHERE assigned_to = $1 AND state = 'received'`,
		`UPDATE submissions SET assigned_to = $2 WHERE assigned_to = $1 AND state = 'held'`,
		`UPDATE letters SET assigned_to = $2 WHERE assigned_to = $1 AND state = 'triage'`,
		`UPDATE calls SET assigned_to = $2 WHERE assigned_to = $1 AND state = 'open'`,
	} {
		some, err := tx.exec(statement, from, to)
		if err != nil {
			return 0, fmt.Errorf("hand over what %s has: %w", from, err)
		}
		n += some
	}
	return n, nil
}

// AssignSubmission gives a submission to a colleague ("" is whoever looks after
// its programme).
func (tx *Tx) AssignSubmission(id, name string) error {
	_, err := tx.exec(`UPDATE submissions SET assigned_to = $2 WHERE id = $1`, id, name)
	return err
}

// Snooze puts a submission off until a moment; the zero time ends that.
func (tx *Tx) Snooze(submission string, until time.Time) error {
	_, err := tx.exec(`UPDATE submissions SET snoozed_until = $2 WHERE id = $1`, submission, micros(until))
	return err
}

// SnoozeLetter puts a letter in triage off until a moment; the zero time ends
// that.
func (tx *Tx) SnoozeLetter(id string, until time.Time) error {
	_, err := tx.exec(`UPDATE letters SET snoozed_until = $2 WHERE id = $1`, id, micros(until))
	return err
}
