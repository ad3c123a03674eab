package store

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"postroom/internal/postroom"
)

// nameKey folds a name so that the same person written twice is one contact.
func nameKey(name string) string {
	return strings.ToLower(strings.Join(strings.Fields(name), " "))
}

// FindOrAddContact returns the contact with this name at this address (or,
// without an address, at this phone number), and adds one if there is none. An
// address may be shared: another name at it is another person.
func (tx *Tx) FindOrAddContact(c postroom.Contact, at time.Time) (postroom.Contact, error) {
	id, err := tx.findContact(c)
	if err != nil {
		return c, fmt.Errorf("find contact: %w", err)
	}
	if id != "" {
		return tx.Contact(id)
	}
	return tx.addContact(c, at)
}

// AddContact adds a contact, also where somebody by that name is known at that
// address: for somebody who has not shown that it is them.
func (tx *Tx) AddContact(c postroom.Contact, at time.Time) (postroom.Contact, error) {
	if c.Address != "" {
		if err := tx.TouchAddress(c.Address, time.Time{}); err != nil {
			return c, fmt.Errorf("lock address: %w", err)
		}
	}
	return tx.addContact(c, at)
}

// addContact is AddContact for an address that is locked already.
func (tx *Tx) addContact(c postroom.Contact, at time.Time) (postroom.Contact, error) {
	if c.Address != "" { // else the number is locked already
		if err := tx.touchPhone(c.Phone); err != nil {
			return c, fmt.Errorf("lock phone number: %w", err)
		}
	}
	c.ID = newID()
	if err := tx.later(`
		INSERT INTO contacts (id, name, name_key, phone, locale, reach, discreet, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		c.ID, c.Name, nameKey(c.Name), c.Phone, c.Locale, c.Reach, c.Discreet, micros(at)); err != nil {
		return c, fmt.Errorf("add contact: %w", err)
	}
	if err := tx.beFound(FoundContact, c.ID, contactWords(c.Name, c.Phone, c.Address)); err != nil {
		return c, fmt.Errorf("add contact: %w", err)
	}
	if c.Address == "" {
		return c, nil
	}
	return c, tx.giveAddress(c.ID, c.Address, at)
}

func (tx *Tx) findContact(c postroom.Contact) (id string, err error) {
	switch {
	case c.Address != "":
		// The address row is locked first, so that two letters at once do not make
		// two contacts. At an address that nobody knew there is none to find.
		if added, err := tx.addAddress(c.Address); err != nil || added {
			return "", err
		}
		if err := tx.TouchAddress(c.Address, time.Time{}); err != nil {
			return "", err
		}
		err = tx.row(`
			SELECT CASE WHEN merged_into <> '' THEN merged_into ELSE contacts.id END FROM contacts JOIN contact_addresses a ON a.contact_id = contacts.id
			 WHERE a.address = $1 AND a.name_key = $2 ORDER BY contacts.id LIMIT 1`, c.Address, nameKey(c.Name)).Scan(&id)
	case c.Phone != "":
		if err := tx.touchPhone(c.Phone); err != nil {
			return "", err
		}
		err = tx.row(`SELECT CASE WHEN merged_into <> '' THEN merged_into ELSE id END FROM contacts WHERE phone = $1 AND phone <> '' AND name_key = $2 ORDER BY id LIMIT 1`, c.Phone, nameKey(c.Name)).Scan(&id)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return id, err
}

// ContactNamed returns the id of the contact with a name at an address, or "".
func (r Reader) ContactNamed(address, name string) (id string, err error) {
	if nameKey(name) == "" {
		return "", nil
	}
	err = r.row(`SELECT CASE WHEN merged_into <> '' THEN merged_into ELSE contacts.id END FROM contacts JOIN contact_addresses a ON a.contact_id = contacts.id
		 WHERE a.address = $1 AND a.name_key = $2 ORDER BY contacts.id LIMIT 1`, address, nameKey(name)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return id, err
}

// touchPhone makes sure the number is on file and locks its row until the
// transaction ends, as TouchAddress does for those who have no address.
// Whoever needs both locks the address first.
func (tx *Tx) touchPhone(phone string) error {
	if phone == "" {
		return nil
	}
	return tx.later(`INSERT INTO phones (phone) VALUES ($1) ON CONFLICT (phone) DO UPDATE SET phone = excluded.phone`, phone)
}

// addAddress puts an address on file, with its row locked, and says whether it
// was not there yet.
func (tx *Tx) addAddress(address string) (bool, error) {
	n, err := tx.exec(`INSERT INTO addresses (address) VALUES ($1) ON CONFLICT (address) DO NOTHING`, address)
	return n > 0, err
}

// TouchAddress makes sure the address is on file and locks its row until the
// transaction ends; a time that is not zero notes that mail goes to it now.
func (tx *Tx) TouchAddress(address string, mailed time.Time) error {
	_, err := tx.exec(`
		INSERT INTO addresses (address, mailed_at) VALUES ($1, $2)
		ON CONFLICT (address) DO UPDATE SET mailed_at = CASE WHEN excluded.mailed_at > 0 THEN excluded.mailed_at ELSE addresses.mailed_at END`,
		address, micros(mailed))
	return err
}

// AddAddress notes that a contact can be reached at an address. The newest is
// the preferred one. An empty address changes nothing.
func (tx *Tx) AddAddress(contact, address string, at time.Time) error {
	if address == "" {
		return nil
	}
	if err := tx.TouchAddress(address, time.Time{}); err != nil {
		return fmt.Errorf("add address: %w", err)
	}
	if err := tx.giveAddress(contact, address, at); err != nil {
		return fmt.Errorf("add address: %w", err)
	}
	return tx.alsoFoundBy(contact, addressWords(address))
}

// CorrectAddress puts an address in the place of one that proved wrong, which
// is somebody else's: what comes in from there is not the contact's any more.
func (tx *Tx) CorrectAddress(contact, wrong, right string, at time.Time) error {
	if err := tx.AddAddress(contact, right, at); err != nil || wrong == right {
		return err
	}
	if _, err := tx.exec(`DELETE FROM contact_addresses WHERE contact_id = $1 AND address = $2`, contact, wrong); err != nil {
		return fmt.Errorf("take address away: %w", err)
	}
	return tx.findAnew(contact)
}

// giveAddress is AddAddress for an address that is locked already.
func (tx *Tx) giveAddress(contact, address string, at time.Time) error {
	return tx.later(`
		INSERT INTO contact_addresses (contact_id, address, added_at, name_key)
		VALUES ($1, $2, $3, coalesce((SELECT name_key FROM contacts WHERE id = $1), ''))
		ON CONFLICT (contact_id, address) DO UPDATE SET added_at = excluded.added_at`, contact, address, micros(at))
}

// MarkAddress says whether mail to an address arrives at all.
func (tx *Tx) MarkAddress(address string, dead bool) error {
	state := "ok"
	if dead {
		state = "dead"
	}
	_, err := tx.exec(`UPDATE addresses SET state = $2 WHERE address = $1 AND state <> $2`, address, state)
	return err
}

// AddressDead says whether mail to an address is known not to arrive.
func (r Reader) AddressDead(address string) (bool, error) {
	var n int
	err := r.row(`SELECT count(*) FROM addresses WHERE address = $1 AND state = 'dead'`, address).Scan(&n)
	return n > 0, err
}

// Contact returns one contact with the newest of their addresses, or NotFound.
func (r Reader) Contact(id string) (postroom.Contact, error) {
	c := postroom.Contact{ID: id}
	err := r.row(`
		SELECT name, phone, locale, reach, discreet,
		       coalesce((SELECT address FROM contact_addresses WHERE contact_id = contacts.id ORDER BY added_at DESC, address LIMIT 1), '')
		  FROM contacts WHERE id = $1`, id).
		Scan(&c.Name, &c.Phone, &c.Locale, &c.Reach, &c.Discreet, &c.Address)
	return c, absent(err, "contact", id)
}

// ComplementContact fills in the name, the phone number and the way to be
// reached of a contact where they are empty or the usual.
func (tx *Tx) ComplementContact(id string, c postroom.Contact) error {
	if err := tx.touchPhone(c.Phone); err != nil {
		return fmt.Errorf("lock phone number: %w", err)
	}
	_, err := tx.exec(`
		UPDATE contacts SET name = CASE WHEN name = '' THEN $2 ELSE name END, name_key = CASE WHEN name = '' THEN $3 ELSE name_key END,
		       phone = CASE WHEN phone = '' THEN $4 ELSE phone END, reach = CASE WHEN reach = 'email' AND $5 <> '' THEN $5 ELSE reach END
		 WHERE id = $1`, id, c.Name, nameKey(c.Name), c.Phone, string(c.Reach))
	if err != nil {
		return fmt.Errorf("complement contact %s: %w", id, err)
	}
	return tx.renamed(id)
}

// renamed has a contact found by the name they have now, at each address of
// theirs and by its words.
func (tx *Tx) renamed(contact string) error {
	_, err := tx.exec(`UPDATE contact_addresses SET name_key = (SELECT name_key FROM contacts WHERE id = $1) WHERE contact_id = $1`, contact)
	if err != nil {
		return fmt.Errorf("note the name of contact %s at their addresses: %w", contact, err)
	}
	return tx.findAnew(contact)
}

// JoinOrganisation notes that a contact belongs to a local group.
func (tx *Tx) JoinOrganisation(contact, organisation string, at time.Time) error {
	n, err := tx.exec(`
		INSERT INTO contact_organisations (contact_id, organisation_id, added_at) VALUES ($1, $2, $3)
		ON CONFLICT (contact_id, organisation_id) DO NOTHING`, contact, organisation, micros(at))
	if err != nil || n == 0 {
		return err
	}
	return tx.foundByGroup(contact, organisation)
}

// JoinForum puts a contact on a forum. Joining again changes nothing.
func (tx *Tx) JoinForum(forum string, s postroom.Submission, at time.Time) error {
	_, err := tx.exec(`
		INSERT INTO forum_members (forum, contact_id, organisation_id, submission_id, joined_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (forum, contact_id) DO NOTHING`, forum, s.Contact, nullable(s.Organisation), s.ID, micros(at))
	return err
}

// ForumMembers lists the contacts on a forum, first come first.
func (r Reader) ForumMembers(forum string) (contacts []string, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		contacts = append(contacts, id)
		return err
	}, `SELECT contact_id FROM forum_members WHERE forum = $1
		AND contact_id NOT IN (SELECT id FROM contacts WHERE merged_into <> '') ORDER BY joined_at, contact_id`, forum)
	return contacts, err
}
