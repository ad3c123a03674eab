package store

import (
	"fmt"
	"slices"
	"strings"
)

// owned are the tables of which rows are moved when two contacts turn out to be
// one person, with which of them.
func owned() map[string]string {
	return map[string]string{
		"submissions": "", "consents": "", "subscriptions": "", "runs": "", "calls": "", "bookings": "",
		"messages": " AND state IN ('queued', 'deferred', 'held')",
	}
}

// Keys of what MergeContacts has changed, beside the names of tables.
const (
	mergedAddresses     = "addresses"     // blinded
	mergedOrganisations = "organisations" // ids
	mergedForums        = "forums"        // names
	mergedNotes         = "notes"         // ids
	mergedBefore        = "merged"        // contacts that were merged into the one that is dropped
	mergedPhone         = "phone"
	mergedDiscreet      = "discreet"
)

// BothBooked says whether two contacts have a place, or wait for one, in the
// same session.
func (r Reader) BothBooked(one, other string) (bool, error) {
	var n int
	err := r.row(`SELECT count(*) FROM bookings a JOIN bookings b ON b.session_id = a.session_id
		WHERE a.contact_id = $1 AND b.contact_id = $2 AND a.state IN ('confirmed', 'waiting', 'held') AND b.state IN ('confirmed', 'waiting', 'held')`, one, other).Scan(&n)
	return n > 0, err
}

// MergedInto returns the contact that another is the same person as, or "".
func (r Reader) MergedInto(contact string) (into string, err error) {
	err = r.row(`SELECT merged_into FROM contacts WHERE id = $1`, contact).Scan(&into)
	return into, absent(err, "contact", contact)
}

// MergeContacts gives everything of one contact to another who is the same
// person, and returns what it moved: ids, with blanks between, under the names of
// tables. The row of the one that is dropped stays, with the name and the
// addresses by which letters of theirs are still known, and points to the other.
// The caller has made sure that they have no booking in the same session.
func (tx *Tx) MergeContacts(keep, drop string) (map[string]string, error) {
	moved := make(map[string]string)
	add := func(key string, ids []string, err error) error {
		if err != nil {
			return fmt.Errorf("move %s of contact %s: %w", key, drop, err)
		}
		if len(ids) > 0 {
			moved[key] = strings.Join(ids, " ")
		}
		return nil
	}
	for table, which := range owned() {
		ids, err := tx.ids(`UPDATE `+table+` SET contact_id = $1 WHERE contact_id = $2`+which+` RETURNING id`, keep, drop)
		if err := add(table, ids, err); err != nil {
			return nil, err
		}
	}
	for key, query := range map[string]string{
		mergedOrganisations: `INSERT INTO contact_organisations (contact_id, organisation_id, added_at)
			SELECT CAST($1 AS TEXT), organisation_id, added_at FROM contact_organisations WHERE contact_id = $2 ON CONFLICT DO NOTHING RETURNING organisation_id`,
		mergedAddresses: `INSERT INTO contact_addresses (contact_id, address, added_at, name_key)
			SELECT CAST($1 AS TEXT), address, added_at, (SELECT name_key FROM contacts WHERE id = $1) FROM contact_addresses WHERE contact_id = $2 ON CONFLICT DO NOTHING RETURNING address`,
		mergedForums: `UPDATE forum_members SET contact_id = $1 WHERE contact_id = $2
			AND forum NOT IN (SELECT forum FROM forum_members WHERE contact_id = $1) RETURNING forum`,
		mergedNotes:  `UPDATE notes SET subject = $1 WHERE kind = 'contact' AND subject = $2 RETURNING id`,
		mergedBefore: `UPDATE contacts SET merged_into = $1 WHERE merged_into = $2 RETURNING id`,
	} {
		ids, err := tx.ids(query, keep, drop)
		if key == mergedAddresses {
			ids = tx.blinded(ids)
		}
		if err := add(key, ids, err); err != nil {
			return nil, err
		}
	}
	if err := tx.complement(keep, drop, moved); err != nil {
		return nil, err
	}
	_, err := tx.exec(`UPDATE contacts SET merged_into = $1 WHERE id = $2`, keep, drop)
	return moved, err
}

// blinded hides addresses: a deed holds nothing of a person.
func (r Reader) blinded(addresses []string) (list []string) {
	for _, a := range addresses {
		list = append(list, r.box.Blind("deeds.address", []byte(a)))
	}
	return list
}

// complement gives a contact the telephone number of the other where they have
// none, and has them written to discreetly if either was.
func (tx *Tx) complement(keep, drop string, moved map[string]string) error {
	n, err := tx.exec(`UPDATE contacts SET phone = (SELECT phone FROM contacts WHERE id = $2) WHERE id = $1 AND phone = ''
		AND EXISTS (SELECT 1 FROM contacts WHERE id = $2 AND phone <> '')`, keep, drop)
	if err != nil {
		return fmt.Errorf("move phone number of contact %s: %w", drop, err)
	}
	if n > 0 {
		moved[mergedPhone] = "yes"
	}
	n, err = tx.exec(`UPDATE contacts SET discreet = TRUE WHERE id = $1 AND NOT discreet AND EXISTS (SELECT 1 FROM contacts WHERE id = $2 AND discreet)`, keep, drop)
	if err != nil {
		return fmt.Errorf("keep contact %s discreet: %w", keep, err)
	}
	if n > 0 {
		moved[mergedDiscreet] = "yes"
	}
	return nil
}

// PartContacts takes back what MergeContacts did: what it moved is the other's
// again, and what came since stays where it is.
func (tx *Tx) PartContacts(keep, drop string, moved map[string]string) error {
	for table := range owned() {
		if err := tx.giveBack(`UPDATE `+table+` SET contact_id = $1 WHERE contact_id = $2 AND id`, drop, keep, moved[table]); err != nil {
			return fmt.Errorf("move %s back: %w", table, err)
		}
	}
	for key, query := range map[string]string{
		mergedOrganisations: `DELETE FROM contact_organisations WHERE $1 <> '' AND contact_id = $2 AND organisation_id`,
		mergedForums:        `UPDATE forum_members SET contact_id = $1 WHERE contact_id = $2 AND forum`,
		mergedNotes:         `UPDATE notes SET subject = $1 WHERE kind = 'contact' AND subject = $2 AND id`,
		mergedBefore:        `UPDATE contacts SET merged_into = $1 WHERE merged_into = $2 AND id`,
	} {
		if err := tx.giveBack(query, drop, keep, moved[key]); err != nil {
			return fmt.Errorf("move %s back: %w", key, err)
		}
	}
	if err := tx.takeAddresses(keep, moved[mergedAddresses]); err != nil {
		return err
	}
	for key, query := range map[string]string{
		mergedPhone:    `UPDATE contacts SET phone = '' WHERE id = $1 AND phone = (SELECT phone FROM contacts WHERE id = $2)`,
		mergedDiscreet: `UPDATE contacts SET discreet = FALSE WHERE id = $1 AND $2 <> ''`,
	} {
		if moved[key] == "" {
			continue
		}
		if _, err := tx.exec(query, keep, drop); err != nil {
			return fmt.Errorf("take %s back: %w", key, err)
		}
	}
	_, err := tx.exec(`UPDATE contacts SET merged_into = '' WHERE id = $1`, drop)
	return err
}

// giveBack runs a query for ids with blanks between.
func (tx *Tx) giveBack(query, drop, keep, ids string) error {
	for some := range blocks(strings.Fields(ids)) {
		list := places{args: []any{drop, keep}}
		if _, err := tx.exec(query+` IN (`+list.each(some)+`)`, list.args...); err != nil {
			return err
		}
	}
	return nil
}

// takeAddresses takes those addresses from a contact that a merger gave them.
func (tx *Tx) takeAddresses(contact, blinded string) error {
	addresses, err := tx.ids(`SELECT address FROM contact_addresses WHERE contact_id = $1`, contact)
	if err != nil {
		return fmt.Errorf("list addresses of contact %s: %w", contact, err)
	}
	given := strings.Fields(blinded)
	for _, a := range addresses {
		hidden := tx.blinded([]string{a})
		if !slices.Contains(given, hidden[0]) {
			continue
		}
		if _, err := tx.exec(`DELETE FROM contact_addresses WHERE contact_id = $1 AND address = $2`, contact, a); err != nil {
			return fmt.Errorf("take an address back: %w", err)
		}
	}
	return nil
}
