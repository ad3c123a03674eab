package store

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"
)

// FindOrAddOrganisation returns the id of the local group with this name, however
// it is written, or of the one that it was found to be the same as. Whether it was
// known is for nobody outside: the answer to whoever wrote the name is the same.
func (tx *Tx) FindOrAddOrganisation(name string, at time.Time) (id string, err error) {
	fresh := newID()
	err = tx.row(`
		INSERT INTO organisation_names (name_key, organisation_id) VALUES ($1, $2)
		ON CONFLICT (name_key) DO UPDATE SET name_key = organisation_names.name_key RETURNING organisation_id`, groupKey(name), fresh).Scan(&id)
	if err == nil && id == fresh {
		id, err = tx.addGroup(fresh, name, at)
	}
	if err != nil {
		return "", fmt.Errorf("find or add organisation: %w", err)
	}
	return id, nil
}

// addGroup adds a local group. One that a version before this added beside us is
// known from now on.
func (tx *Tx) addGroup(fresh, name string, at time.Time) (id string, err error) {
	err = tx.row(`
		INSERT INTO organisations (id, name, name_key, created_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (name_key) DO UPDATE SET name = organisations.name
		RETURNING CASE WHEN merged_into <> '' THEN merged_into ELSE id END`, fresh, name, nameKey(name), micros(at)).Scan(&id)
	if err != nil {
		return "", err
	}
	if id != fresh {
		_, err := tx.exec(`UPDATE organisation_names SET organisation_id = $2 WHERE name_key = $1`, groupKey(name), id)
		return id, err
	}
	if err := tx.beFound(FoundOrganisation, id, cut(name)); err != nil {
		return "", err
	}
	if err := tx.doubt(id, name, at); err != nil {
		return "", err
	}
	return id, tx.knowWords(id, name)
}

// knowWords puts on file by what a name is alike with others.
func (tx *Tx) knowWords(id, name string) error {
	for _, word := range likeness(name) {
		if _, err := tx.exec(`INSERT INTO organisation_words (word, organisation_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, word, id); err != nil {
			return fmt.Errorf("note the words of organisation %s: %w", id, err)
		}
	}
	return nil
}

// mostAlike is how many groups a new one is held against, the newest first.
const mostAlike = 200

// doubt notes the groups that a new one may be the same as.
func (tx *Tx) doubt(id, name string, at time.Time) error {
	words := likeness(name)
	if len(words) == 0 {
		return nil
	}
	var list places
	query := `SELECT id, name, created_at FROM organisations WHERE merged_into = '' AND id IN (
		SELECT organisation_id FROM organisation_words WHERE word IN (` + list.each(words) + `)) ORDER BY id DESC LIMIT ` + list.add(mostAlike)
	near, err := tx.organisations(query, list.args...)
	if err != nil {
		return fmt.Errorf("look for organisations alike: %w", err)
	}
	for _, other := range near {
		if other.ID == id || !alike(name, other.Name) {
			continue
		}
		if _, err := tx.exec(`INSERT INTO organisation_doubts (organisation_id, other_id, found_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, id, other.ID, micros(at)); err != nil {
			return fmt.Errorf("note that two organisations are alike: %w", err)
		}
	}
	return nil
}

// knowGroups gives names and words to the groups that were on file before there were
// any. Of two that are one by their names, the second is shown to a person.
func (tx *Tx) knowGroups() error {
	list, err := tx.organisations(`SELECT id, name, created_at FROM organisations ORDER BY id`)
	if err != nil {
		return fmt.Errorf("list organisations: %w", err)
	}
	for _, o := range list {
		if _, err := tx.exec(`INSERT INTO organisation_names (name_key, organisation_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, groupKey(o.Name), o.ID); err != nil {
			return fmt.Errorf("note the name of organisation %s: %w", o.ID, err)
		}
		if err := tx.doubt(o.ID, o.Name, o.AddedAt); err != nil {
			return err
		}
		if err := tx.knowWords(o.ID, o.Name); err != nil {
			return err
		}
	}
	return nil
}

// forgetGroup takes away by what a group was known that is gone.
func (tx *Tx) forgetGroup(id string) error {
	for _, statement := range []string{
		`DELETE FROM finds WHERE kind = 'organisation' AND id = $1`,
		`DELETE FROM organisation_names WHERE organisation_id = $1`,
		`DELETE FROM organisation_words WHERE organisation_id = $1`,
		`DELETE FROM organisation_doubts WHERE organisation_id = $1 OR other_id = $1`,
	} {
		if _, err := tx.exec(statement, id); err != nil {
			return fmt.Errorf("forget organisation %s: %w", id, err)
		}
	}
	return nil
}

// Doubt is two organisations that may be one.
type Doubt struct{ Group, Other Organisation }

// Doubts lists organisations that may be one and of which nobody has said, the
// newest first: those about one, or about any for "".
func (r Reader) Doubts(organisation string, limit int) (list []Doubt, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var d Doubt
		var added, otherAdded int64
		err := rows.Scan(&d.Group.ID, &d.Group.Name, &added, &d.Other.ID, &d.Other.Name, &otherAdded)
		d.Group.AddedAt, d.Other.AddedAt = moment(added), moment(otherAdded)
		list = append(list, d)
		return err
	}, `SELECT a.id, a.name, a.created_at, b.id, b.name, b.created_at FROM organisation_doubts
		  JOIN organisations a ON a.id = organisation_id JOIN organisations b ON b.id = other_id
		 WHERE settled_at = 0 AND a.merged_into = '' AND b.merged_into = '' AND ($1 = '' OR a.id = $1 OR b.id = $1)
		 ORDER BY found_at DESC, a.id, b.id LIMIT $2`, organisation, limit)
	if err != nil {
		return nil, fmt.Errorf("list organisations that are alike: %w", err)
	}
	return list, nil
}

// TellApart notes that two organisations are two, and says whether nobody had said
// so before.
func (tx *Tx) TellApart(one, other, by string, at time.Time) (bool, error) {
	n, err := tx.exec(`UPDATE organisation_doubts SET settled_at = $3, settled_by = $4
		WHERE settled_at = 0 AND ((organisation_id = $1 AND other_id = $2) OR (organisation_id = $2 AND other_id = $1))`, one, other, micros(at), by)
	if err != nil {
		return false, fmt.Errorf("tell organisations %s and %s apart: %w", one, other, err)
	}
	return n > 0, nil
}

// Heard is an organisation and a programme and area that its people sent something to.
type Heard struct{ Name, Programme, Area string }

// mostSuggested is how many are looked at for one page.
const mostSuggested = 2000

// OrganisationsHeard lists the organisations whose people sent something to
// programmes, in the order of their names. What is held tells of nobody.
func (r Reader) OrganisationsHeard(programmes []string) (list []Heard, err error) {
	if len(programmes) == 0 {
		return nil, nil
	}
	var in places
	err = r.each(func(rows *sql.Rows) error {
		var h Heard
		err := rows.Scan(&h.Name, &h.Programme, &h.Area)
		list = append(list, h)
		return err
	}, `SELECT DISTINCT name, programme, area FROM submissions JOIN organisations ON organisations.id = organisation_id
		 WHERE organisation_id IS NOT NULL AND state <> 'held' AND merged_into = '' AND programme IN (`+in.each(programmes)+`) ORDER BY name, programme, area LIMIT `+in.add(mostSuggested), in.args...)
	if err != nil {
		return nil, fmt.Errorf("list organisations that were heard of: %w", err)
	}
	return list, nil
}

// Names of what MergeOrganisations moves besides rows of tables.
const (
	groupContacts = "contacts"
	groupSent     = "submissions"
	groupForums   = "forum_members"
	groupNotes    = "notes"
	groupNames    = "organisation_names"
	groupBefore   = "organisations"
)

// MergeOrganisations gives everything of one organisation to another that is the
// same, and returns what it moved, as MergeContacts does. From then on its name
// stands for the other.
func (tx *Tx) MergeOrganisations(keep, drop string) (map[string]string, error) {
	moved := make(map[string]string)
	for key, query := range map[string]string{
		groupContacts: `INSERT INTO contact_organisations (contact_id, organisation_id, added_at)
			SELECT contact_id, CAST($1 AS TEXT), added_at FROM contact_organisations WHERE organisation_id = $2 ON CONFLICT DO NOTHING RETURNING contact_id`,
		groupSent:   `UPDATE submissions SET organisation_id = $1 WHERE organisation_id = $2 RETURNING id`,
		groupForums: `UPDATE forum_members SET organisation_id = $1 WHERE organisation_id = $2 RETURNING forum || '/' || contact_id`,
		groupNotes:  `UPDATE notes SET subject = $1 WHERE kind = 'organisation' AND subject = $2 RETURNING id`,
		groupNames:  `UPDATE organisation_names SET organisation_id = $1 WHERE organisation_id = $2 RETURNING name_key`,
		groupBefore: `UPDATE organisations SET merged_into = $1 WHERE merged_into = $2 RETURNING id`,
	} {
		ids, err := tx.ids(query, keep, drop)
		if err != nil {
			return nil, fmt.Errorf("move %s of organisation %s: %w", key, drop, err)
		}
		if len(ids) > 0 {
			moved[key] = strings.Join(ids, " ")
		}
	}
	for _, contact := range strings.Fields(moved[groupContacts]) {
		if err := tx.foundByGroup(contact, keep); err != nil {
			return nil, err
		}
	}
	if _, err := tx.exec(`DELETE FROM finds WHERE kind = 'organisation' AND id = $1`, drop); err != nil {
		return nil, fmt.Errorf("have organisation %s not found any more: %w", drop, err)
	}
	_, err := tx.exec(`UPDATE organisations SET merged_into = $1 WHERE id = $2`, keep, drop)
	return moved, err
}

// PartOrganisations takes back what MergeOrganisations did.
func (tx *Tx) PartOrganisations(keep, drop string, moved map[string]string) error {
	for key, query := range map[string]string{
		groupContacts: `DELETE FROM contact_organisations WHERE $1 <> '' AND organisation_id = $2 AND contact_id`,
		groupSent:     `UPDATE submissions SET organisation_id = $1 WHERE organisation_id = $2 AND id`,
		groupForums:   `UPDATE forum_members SET organisation_id = $1 WHERE organisation_id = $2 AND forum || '/' || contact_id`,
		groupNotes:    `UPDATE notes SET subject = $1 WHERE kind = 'organisation' AND subject = $2 AND id`,
		groupNames:    `UPDATE organisation_names SET organisation_id = $1 WHERE organisation_id = $2 AND name_key`,
		groupBefore:   `UPDATE organisations SET merged_into = $1 WHERE merged_into = $2 AND id`,
	} {
		if err := tx.giveBack(query, drop, keep, moved[key]); err != nil {
			return fmt.Errorf("move %s back: %w", key, err)
		}
	}
	for _, contact := range strings.Fields(moved[groupContacts]) {
		if err := tx.findAnew(contact); err != nil {
			return err
		}
	}
	if _, err := tx.exec(`UPDATE organisations SET merged_into = '' WHERE id = $1`, drop); err != nil {
		return err
	}
	return tx.findGroup(drop)
}

// GroupMergedInto returns the organisation that another is the same as, or "".
func (r Reader) GroupMergedInto(organisation string) (into string, err error) {
	err = r.row(`SELECT merged_into FROM organisations WHERE id = $1`, organisation).Scan(&into)
	return into, absent(err, "organisation", organisation)
}

// groupKey folds the name of a group so that it does not matter how somebody writes
// it: letters and digits only, without what only says of what kind in law it is.
func groupKey(name string) string {
	words := lawless(name)
	if len(words) == 0 {
		return nameKey(name)
	}
	key := []rune(strings.Join(words, ""))
	return string(key[:min(len(key), maxKey)])
}

// maxKey is how many letters of a name are held against others.
const maxKey = 200

// lawless are the words of a name without those at its ends that only say of what
// kind in law it is, and without "the" and "and".
func lawless(name string) []string {
	words := slices.DeleteFunc(initials(strings.Fields(folded(name))), func(word string) bool { return word == "and" || word == "та" || word == "й" })
	if len(words) > 1 && slices.Contains([]string{"the", "го", "бо", "бф", "тов", "شركت", "شرکت"}, words[0]) {
		words = words[1:]
	}
	for len(words) > 1 && slices.Contains([]string{"ltd", "limited", "cic", "cio", "scio", "plc", "llp", "inc", "incorporated"}, words[len(words)-1]) {
		words = words[:len(words)-1]
	}
	return words
}

// initials puts letters together that stand alone one after the other: of C.I.C.
// the dots are gone.
func initials(words []string) (list []string) {
	alone := false
	for _, word := range words {
		one := len([]rune(word)) == 1
		if one && alone {
			list[len(list)-1] += word
			continue
		}
		list, alone = append(list, word), one
	}
	return list
}

// telling are the words of a name that tell groups from each other.
func telling(name string) []string {
	all := lawless(name)
	some := slices.DeleteFunc(slices.Clone(all), func(word string) bool {
		return slices.Contains([]string{"of", "for", "in", "at", "a", "an", "group", "groups", "club", "society", "association", "project", "charity", "group's", "і", "у", "в", "گروه", "انجمن", "ډله"}, word)
	})
	if len(some) == 0 {
		some = all
	}
	slices.Sort(some)
	return slices.Compact(some)
}

// wordStem is how many letters of a word find another that is like it.
const wordStem = 4

// likeness are the beginnings of the words by which a name is like another.
func likeness(name string) (list []string) {
	for _, word := range telling(name) {
		letters := []rune(word)
		list = append(list, string(letters[:min(len(letters), wordStem)]))
	}
	slices.Sort(list)
	list = slices.Compact(list)
	return list[:min(len(list), maxAsked)]
}

// alike says whether two names may be one: the same words in another order, all
// words of one in the other, or a slip or two.
func alike(one, other string) bool {
	a, b := telling(one), telling(other)
	if slices.Equal(a, b) {
		return true
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a) >= 2 && !slices.ContainsFunc(a, func(word string) bool { return !slices.Contains(b, word) }) {
		return true
	}
	left, right := []rune(groupKey(one)), []rune(groupKey(other))
	return slips(left, right) <= min(2, min(len(left), len(right))/6)
}

// slips is how many letters have to be changed, added or taken away to make one text
// of the other.
func slips(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		before := row[0]
		row[0] = i + 1
		for j := range b {
			cost := before
			if a[i] != b[j] {
				cost++
			}
			before = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
