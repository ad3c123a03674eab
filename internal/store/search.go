package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"postroom/internal/postroom"
)

// FoundKind is what a search found.
type FoundKind string

// What can be found.
const (
	FoundContact      FoundKind = "contact"
	FoundOrganisation FoundKind = "organisation"
	FoundSubmission   FoundKind = "submission"
	FoundLetter       FoundKind = "letter"
)

// Found is one thing that a search found, with as much as a person needs to tell
// it from the others.
type Found struct {
	Kind      FoundKind
	ID        string
	Name      string // of the contact or organisation; of the submission's contact, unless it is held; "" for a letter
	Detail    string // an address, or else a phone number; "" for what is held
	Discreet  bool   // the contact is
	Reference string // of a submission or letter
	Programme string // of a submission
	Mailbox   string // of a letter, or of a submission that came by letter
	State     postroom.SubmissionState
}

// Search finds by what is not sealed: the submissions and the letters in triage
// whose reference begins as query does, and after them the contacts and
// organisations of which each word of query begins a word (of a name, an address
// or a group's name) or a phone number; the newest first, at most limit. Who may
// see what was found is for the caller to decide. query is what a person typed:
// anything may stand in it.
func (r Reader) Search(query string, limit int) ([]Found, error) {
	if letters := []rune(query); len(letters) > maxQuery {
		query = string(letters[:maxQuery])
	}
	found, err := r.byReference(query, limit)
	if err != nil {
		return nil, fmt.Errorf("search by reference: %w", err)
	}
	named, err := r.byWords(asked(query), limit-len(found))
	if err != nil {
		return nil, fmt.Errorf("search by words: %w", err)
	}
	return append(found, named...), nil
}

func (r Reader) byReference(query string, limit int) (list []Found, err error) {
	first, last := askedReferences(query)
	if first == "" || limit <= 0 {
		return nil, nil
	}
	if err := r.each(func(rows *sql.Rows) error {
		f := Found{Kind: FoundSubmission}
		err := rows.Scan(&f.ID, &f.Reference, &f.Programme, &f.Mailbox, &f.State, &f.Detail, &f.Name, &f.Discreet)
		list = append(list, f)
		return err
	}, `SELECT submissions.id, reference, programme, mailbox, state, CASE WHEN `+isHeld+` THEN '' ELSE address END, CASE WHEN `+isHeld+` THEN '' ELSE contacts.name END, contacts.discreet
		  FROM submissions JOIN contacts ON contacts.id = contact_id
		 WHERE reference BETWEEN $1 AND $2 ORDER BY received_at DESC LIMIT $3`, first, last, limit); err != nil {
		return nil, err
	}
	err = r.each(func(rows *sql.Rows) error {
		f := Found{Kind: FoundLetter}
		err := rows.Scan(&f.ID, &f.Reference, &f.Mailbox, &f.Detail)
		list = append(list, f)
		return err
	}, `SELECT id, reference, mailbox, CASE WHEN `+rings+` THEN '' ELSE address END FROM letters
		 WHERE reference BETWEEN $1 AND $2 AND reference <> '' AND state = 'triage' ORDER BY received_at DESC LIMIT $3`, first, last, limit)
	return list[:min(len(list), limit)], err
}

// byWords finds contacts and organisations by the beginnings of words. They are
// letters and digits only, so nothing in them means anything to either engine.
func (r Reader) byWords(words []string, limit int) (list []Found, err error) {
	if len(words) == 0 || limit <= 0 {
		return nil, nil
	}
	hits, begins, and := `SELECT num, kind, finds.id FROM finds_index JOIN finds ON num = finds_index.rowid
		 WHERE finds_index MATCH $1 ORDER BY finds_index.rowid DESC LIMIT $2`, `"%s" *`, " "
	if r.on == "postgres" { // materialised, or it may read the newest of all and see whether they fit
		hits, begins, and = `SELECT num, kind, id FROM (SELECT num, kind, id FROM finds
			 WHERE finds_vector(words) @@ CAST($1 AS tsquery) OFFSET 0) AS fitting ORDER BY num DESC LIMIT $2`, `'%s':*`, " & "
	}
	terms := make([]string, len(words))
	for i, word := range words {
		terms[i] = fmt.Sprintf(begins, word)
	}
	err = r.each(func(rows *sql.Rows) error {
		var f Found
		var address, phone string
		err := rows.Scan(&f.Kind, &f.ID, &f.Name, &address, &phone, &f.Discreet)
		f.Detail = cmp.Or(address, phone)
		list = append(list, f)
		return err
	}, `WITH hits AS MATERIALIZED (`+hits+`)
		SELECT kind, hits.id, coalesce(contacts.name, organisations.name, ''),
		       coalesce((SELECT address FROM contact_addresses WHERE contact_id = hits.id ORDER BY added_at DESC, address LIMIT 1), ''),
		       coalesce(contacts.phone, ''), coalesce(contacts.discreet, FALSE)
		  FROM hits LEFT JOIN contacts ON kind = 'contact' AND contacts.id = hits.id
		  LEFT JOIN organisations ON kind = 'organisation' AND organisations.id = hits.id
		 ORDER BY num DESC`, strings.Join(terms, and), limit)
	return list, err
}

// beFound puts on file by what words something new is found.
func (tx *Tx) beFound(kind FoundKind, id string, words []string) error {
	return tx.later(`INSERT INTO finds (kind, id, words) VALUES ($1, $2, $3)`, kind, id, strings.Join(words, " "))
}

// foundEnough is how many letters and spaces of words a contact has before an
// address more adds none: nothing that happens in life.
const foundEnough = 50_000

// alsoFoundBy adds words, unless the contact has them, in one statement: of two
// that happen at once, each adds its own.
func (tx *Tx) alsoFoundBy(contact string, words []string) error {
	if len(words) == 0 {
		return nil
	}
	return tx.later(`UPDATE finds SET words = ltrim(words || CAST($2 AS TEXT)) WHERE kind = 'contact' AND id = $1
		AND length(words) < $3 AND replace(' ' || words || ' ', CAST($2 AS TEXT) || ' ', '') = ' ' || words || ' '`,
		contact, " "+strings.Join(words, " "), foundEnough)
}

// foundByGroup is alsoFoundBy for the words of a local group.
func (tx *Tx) foundByGroup(contact, organisation string) error {
	return tx.later(`UPDATE finds SET words = ltrim(words || ' ' || (SELECT groups.words FROM finds AS groups WHERE groups.kind = 'organisation' AND groups.id = $2))
		 WHERE kind = 'contact' AND id = $1 AND length(words) < $3
		   AND EXISTS (SELECT 1 FROM finds AS groups WHERE groups.kind = 'organisation' AND groups.id = $2 AND groups.words <> '')`,
		contact, organisation, foundEnough)
}

// findAnew cuts the words of a contact again, from all that is on file of them;
// one who is gone is not found any more. Whoever changes a name or a number,
// takes an address away, or removes a contact calls it afterwards. Their row is
// locked first, so that nobody adds words that this does not see.
func (tx *Tx) findAnew(contact string) error {
	if _, err := tx.exec(`UPDATE finds SET id = id WHERE kind = 'contact' AND id = $1`, contact); err != nil {
		return fmt.Errorf("lock the words of contact %s: %w", contact, err)
	}
	var name, phone string
	err := tx.row(`SELECT name, phone FROM contacts WHERE id = $1`, contact).Scan(&name, &phone)
	if errors.Is(err, sql.ErrNoRows) {
		_, err = tx.exec(`DELETE FROM finds WHERE kind = 'contact' AND id = $1`, contact)
		return err
	}
	if err != nil {
		return fmt.Errorf("read contact %s: %w", contact, err)
	}
	belongings, err := tx.belongings(contact, contact)
	if err != nil {
		return fmt.Errorf("read what belongs to contact %s: %w", contact, err)
	}
	_, err = tx.exec(`INSERT INTO finds (kind, id, words) VALUES ('contact', $1, $2)
		ON CONFLICT (kind, id) DO UPDATE SET words = excluded.words WHERE finds.words <> excluded.words`,
		contact, strings.Join(append(contactWords(name, phone), belongings[contact]...), " "))
	return err
}

// belongings returns, for the contacts between two ids, the words of their
// addresses and of the groups they belong to.
func (r Reader) belongings(first, last string) (words map[string][]string, err error) {
	words = make(map[string][]string)
	if err := r.each(func(rows *sql.Rows) error {
		var contact, address string
		err := rows.Scan(&contact, &address)
		words[contact] = append(words[contact], addressWords(address)...)
		return err
	}, `SELECT contact_id, address FROM contact_addresses WHERE contact_id BETWEEN $1 AND $2`, first, last); err != nil {
		return nil, err
	}
	err = r.each(func(rows *sql.Rows) error {
		var contact, group string
		err := rows.Scan(&contact, &group)
		words[contact] = append(words[contact], cut(group)...)
		return err
	}, `SELECT contact_id, name FROM contact_organisations JOIN organisations ON organisations.id = organisation_id
		 WHERE contact_id BETWEEN $1 AND $2`, first, last)
	return words, err
}

// atOnce is how many are given their words in one statement.
const atOnce = 500

// FindEverybody gives words to all contacts and organisations that have none, such
// as those that a version before this one adds while both are at work. Doing it
// again changes nothing.
func (s *Store) FindEverybody(ctx context.Context) error { return s.Write(ctx, (*Tx).findEverybody) }

// FindMissing gives words to the contacts and organisations that have none, a few in
// a transaction so that nobody waits for it, and says to how many.
func (s *Store) FindMissing(ctx context.Context) (n int, err error) {
	for _, of := range []struct {
		kind FoundKind
		give func(tx *Tx, id string) error
	}{{FoundContact, (*Tx).findAnew}, {FoundOrganisation, (*Tx).findGroup}} {
		for last, more := "", true; more; {
			ids, err := s.Read(ctx).wordless(of.kind, last)
			if err != nil {
				return n, fmt.Errorf("look which %s has no words: %w", of.kind, err)
			}
			if more = len(ids) == atOnce; len(ids) == 0 {
				break
			}
			if err := s.Write(ctx, func(tx *Tx) error { return each(tx, ids, of.give) }); err != nil {
				return n, fmt.Errorf("give words to some of every %s: %w", of.kind, err)
			}
			n, last = n+len(ids), ids[len(ids)-1]
		}
	}
	return n, nil
}

func each(tx *Tx, ids []string, do func(tx *Tx, id string) error) error {
	for _, id := range ids {
		if err := do(tx, id); err != nil {
			return err
		}
	}
	return nil
}

// wordless lists some of those who have no words, after an id.
func (r Reader) wordless(kind FoundKind, after string) (ids []string, err error) {
	table := map[FoundKind]string{FoundContact: "contacts", FoundOrganisation: "(SELECT id FROM organisations WHERE merged_into = '') AS standing"}[kind]
	as := map[FoundKind]string{FoundContact: "contacts", FoundOrganisation: "standing"}[kind]
	err = r.each(func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	}, `SELECT id FROM `+table+` WHERE id > $1 AND NOT EXISTS (SELECT 1 FROM finds WHERE kind = $2 AND finds.id = `+as+`.id) ORDER BY id LIMIT $3`, after, kind, atOnce)
	return ids, err
}

// findGroup gives words to a local group that has none.
func (tx *Tx) findGroup(id string) error {
	var name string
	if err := tx.row(`SELECT name FROM organisations WHERE id = $1`, id).Scan(&name); err != nil {
		return fmt.Errorf("read organisation %s: %w", id, err)
	}
	_, err := tx.exec(`INSERT INTO finds (kind, id, words) VALUES ($1, $2, $3) ON CONFLICT (kind, id) DO NOTHING`, FoundOrganisation, id, strings.Join(cut(name), " "))
	return err
}

// findEverybody is FindEverybody for those on file before there were any words.
func (tx *Tx) findEverybody() error {
	for _, of := range []struct {
		kind  FoundKind
		query string
	}{
		{FoundContact, `SELECT id, name, phone FROM contacts WHERE id > $1 ORDER BY id LIMIT $2`},
		{FoundOrganisation, `SELECT id, name, '' FROM organisations WHERE id > $1 ORDER BY id LIMIT $2`},
	} {
		for last, more := "", true; more; {
			var err error
			if last, more, err = tx.findSome(of.kind, of.query, last); err != nil {
				return fmt.Errorf("give words to every %s: %w", of.kind, err)
			}
		}
	}
	return nil
}

// findSome is findEverybody for those after one id. It returns the last that it
// came to, and whether there may be more.
func (tx *Tx) findSome(kind FoundKind, query, after string) (last string, more bool, err error) {
	var ids []string
	words := make(map[string][]string)
	if err := tx.each(func(rows *sql.Rows) error {
		var id, name, phone string
		err := rows.Scan(&id, &name, &phone)
		ids, words[id] = append(ids, id), contactWords(name, phone)
		return err
	}, query, after, atOnce); err != nil || len(ids) == 0 {
		return "", false, err
	}
	last = ids[len(ids)-1]
	var belongings map[string][]string
	if kind == FoundContact {
		if belongings, err = tx.belongings(ids[0], last); err != nil {
			return "", false, err
		}
	}
	var list places
	values := make([]string, len(ids))
	for i, id := range ids {
		values[i] = "(" + list.add(string(kind), id, strings.Join(append(words[id], belongings[id]...), " ")) + ")"
	}
	_, err = tx.exec(`INSERT INTO finds (kind, id, words) VALUES `+strings.Join(values, ", ")+` ON CONFLICT (kind, id) DO NOTHING`, list.args...)
	return last, len(ids) == atOnce, err
}
