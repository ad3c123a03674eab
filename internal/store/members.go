package store

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"postroom/internal/postroom"
)

// A file of people for a list may be long, so its rows are looked up, filed and
// taken back by statements that name several.

// ListMember is somebody whom a file puts on a list.
type ListMember struct {
	Address     string // normalised, each once in a call
	Name        string
	Locale      string
	State       postroom.SubscriptionState
	Basis       postroom.Basis
	Topics      string
	Areas       string
	Source      string // where the file had them from
	AskedAt     time.Time
	ConfirmedAt time.Time
	EndedAt     time.Time
}

// MemberStanding is what is on file of an address that a file names.
type MemberStanding struct {
	Subscription string // id; "" if it never was on the list
	State        postroom.SubscriptionState
	Basis        postroom.Basis
	ConfirmedAt  time.Time
	Stopped      bool // no marketing goes there, whatever list it is
}

// MemberStandings says how addresses stand with a list; one of which nothing is
// known is not in the answer.
func (r Reader) MemberStandings(list string, addresses []string) (map[string]MemberStanding, error) {
	known := make(map[string]MemberStanding)
	for some := range slices.Chunk(addresses, 64) {
		args := places{args: []any{list}}
		sought := args.table(some)
		err := r.each(func(rows *sql.Rows) error {
			var address string
			var s MemberStanding
			var confirmed int64
			err := rows.Scan(&address, &s.Subscription, &s.State, &s.Basis, &confirmed)
			s.ConfirmedAt = moment(confirmed)
			known[address] = s
			return err
		}, `WITH sought (address) AS (`+sought+`)
			SELECT address, id, state, basis, confirmed_at FROM subscriptions
			 WHERE id IN (SELECT (SELECT id FROM subscriptions WHERE list = $1 AND address = sought.address) FROM sought)`, args.args...)
		if err != nil {
			return nil, fmt.Errorf("look up %d members of %s: %w", len(some), list, err)
		}
		var stopped places
		err = r.each(func(rows *sql.Rows) error {
			var address string
			err := rows.Scan(&address)
			s := known[address]
			s.Stopped = true
			known[address] = s
			return err
		}, `SELECT address FROM suppressions WHERE lifted_at = 0 AND reason <> '`+RestReason+`' AND address IN (`+stopped.each(some)+`)`, stopped.args...)
		if err != nil {
			return nil, fmt.Errorf("look up what stops %d addresses: %w", len(some), err)
		}
	}
	return known, nil
}

// MemberFile is what the members that are added together have in common.
type MemberFile struct {
	Import    string
	List      string
	Programme string
	At        time.Time // when the import was begun
}

// AddMembers puts people on a list, and says how many that were: whoever is on it,
// or has left it, stays as they are. A person whom we know by the same name at the
// same address is the same person.
func (tx *Tx) AddMembers(f MemberFile, members []ListMember) (added int, err error) {
	members = slices.Clone(members)
	slices.SortFunc(members, func(a, b ListMember) int { return strings.Compare(a.Address, b.Address) }) // everybody locks addresses in this order
	for some := range blocks(members) {
		n, err := tx.addMembers(f, some)
		if err != nil {
			return added, fmt.Errorf("add %d members to %s: %w", len(some), f.List, err)
		}
		added += n
	}
	return added, nil
}

// filedMember is a member with the ids of the rows that they get.
type filedMember struct {
	ListMember
	contact, subscription string
	fresh                 bool // the contact is
}

func (tx *Tx) addMembers(f MemberFile, some []ListMember) (int, error) {
	if err := tx.lockAddresses(some); err != nil {
		return 0, err
	}
	filed, err := tx.whoTheyAre(some)
	if err != nil {
		return 0, err
	}
	if filed, err = tx.notOnList(f.List, filed); err != nil || len(filed) == 0 {
		return 0, err
	}
	for _, insert := range []func(MemberFile, []filedMember) error{tx.insertContacts, tx.insertSubscriptions, tx.insertConsents} {
		if err := insert(f, filed); err != nil {
			return 0, err
		}
	}
	return len(filed), nil
}

// lockAddresses puts addresses on file and locks their rows, so that nobody makes
// the same person, or the same subscription, at the same moment.
func (tx *Tx) lockAddresses(some []ListMember) error {
	var list places
	rows := make([]string, len(some))
	for i, m := range some {
		rows[i] = "(" + list.add(m.Address) + ")"
	}
	_, err := tx.exec(`INSERT INTO addresses (address) VALUES `+strings.Join(rows, ", ")+`
		ON CONFLICT (address) DO UPDATE SET mailed_at = addresses.mailed_at`, list.args...)
	return err
}

// whoTheyAre finds the contact of each member: that of the same name at the
// address, or the only one there where the file says no name.
func (tx *Tx) whoTheyAre(some []ListMember) ([]filedMember, error) {
	ids := make(map[string]string, len(some))
	var list places
	sought := make([]string, len(some))
	for i, m := range some {
		sought[i] = "(" + list.add(m.Address, nameKey(m.Name)) + ")"
	}
	const from = ` FROM contact_addresses a JOIN contacts c ON c.id = a.contact_id WHERE a.address = sought.address`
	err := tx.each(func(rows *sql.Rows) error {
		var address, id string
		err := rows.Scan(&address, &id)
		ids[address] = id
		return err
	}, `WITH sought (address, name_key) AS (VALUES `+strings.Join(sought, ", ")+`)
		SELECT address, CASE WHEN name_key = ''
			THEN (SELECT CASE WHEN count(*) = 1 THEN min(`+whoNow+`) ELSE '' END`+from+`)
			ELSE coalesce((SELECT `+whoNow+from+` AND a.name_key = sought.name_key ORDER BY c.id LIMIT 1), '') END
		  FROM sought`, list.args...)
	if err != nil {
		return nil, fmt.Errorf("look for contacts: %w", err)
	}
	filed := make([]filedMember, len(some))
	for i, m := range some {
		filed[i] = filedMember{ListMember: m, subscription: newID(), contact: ids[m.Address]}
		if filed[i].contact == "" {
			filed[i].contact, filed[i].fresh = newID(), true
		}
	}
	return filed, nil
}

// whoNow is the contact c, or the one that it turned out to be.
const whoNow = `CASE WHEN c.merged_into <> '' THEN c.merged_into ELSE c.id END`

// table is a list of rows of one column each, to look something up for each by a
// question of its own. A join would go by how many rows PostgreSQL thinks a table has:
// while a long file is read that is none, and it would read whole tables every time.
func (p *places) table(list []string) string {
	rows := make([]string, len(list))
	for i, one := range list {
		rows[i] = "(" + p.add(one) + ")"
	}
	return "VALUES " + strings.Join(rows, ", ")
}

// notOnList leaves out who is or was on the list.
func (tx *Tx) notOnList(name string, filed []filedMember) ([]filedMember, error) {
	on := make(map[string]bool)
	list := places{args: []any{name}}
	addresses := make([]string, len(filed))
	for i, m := range filed {
		addresses[i] = m.Address
	}
	err := tx.each(func(rows *sql.Rows) error {
		var address string
		err := rows.Scan(&address)
		on[address] = true
		return err
	}, `WITH sought (address) AS (`+list.table(addresses)+`)
		SELECT address FROM sought WHERE (SELECT id FROM subscriptions WHERE list = $1 AND address = sought.address) IS NOT NULL`, list.args...)
	if err != nil {
		return nil, fmt.Errorf("look who is on the list: %w", err)
	}
	return slices.DeleteFunc(filed, func(m filedMember) bool { return on[m.Address] }), nil
}

func (tx *Tx) insertContacts(f MemberFile, filed []filedMember) error {
	var contacts, finds, addresses places
	var c, w, a []string
	for _, m := range filed {
		if !m.fresh {
			continue
		}
		c = append(c, "("+contacts.add(m.contact, m.Name, nameKey(m.Name), m.Locale, micros(f.At))+")")
		w = append(w, "('contact', "+finds.add(m.contact, strings.Join(contactWords(m.Name, "", m.Address), " "))+")")
		a = append(a, "("+addresses.add(m.contact, m.Address, micros(f.At), nameKey(m.Name))+")")
	}
	if len(c) == 0 {
		return nil
	}
	for _, each := range []struct {
		into string
		rows []string
		args []any
	}{
		{`contacts (id, name, name_key, locale, created_at)`, c, contacts.args},
		{`finds (kind, id, words)`, w, finds.args},
		{`contact_addresses (contact_id, address, added_at, name_key)`, a, addresses.args},
	} {
		if _, err := tx.exec(`INSERT INTO `+each.into+` VALUES `+strings.Join(each.rows, ", "), each.args...); err != nil {
			return fmt.Errorf("insert into %s: %w", each.into, err)
		}
	}
	return nil
}

func (tx *Tx) insertSubscriptions(f MemberFile, filed []filedMember) error {
	var list places
	all := list.add(f.List, f.Programme, f.Import)
	rows := make([]string, len(filed))
	for i, m := range filed {
		rows[i] = "(" + all + ", " + list.add(m.subscription, m.contact, m.Address, m.Locale, string(m.State), string(m.Basis), m.Topics, m.Areas, m.Source,
			micros(m.AskedAt), micros(m.ConfirmedAt), micros(m.EndedAt)) + ")"
	}
	_, err := tx.exec(`INSERT INTO subscriptions (list, programme, import_id, id, contact_id, address, locale, state, basis, topics, areas, source,
			asked_at, confirmed_at, ended_at) VALUES `+strings.Join(rows, ", "), list.args...)
	return err
}

// insertConsents keeps what a file says of each "yes". Nobody saw words of ours.
func (tx *Tx) insertConsents(f MemberFile, filed []filedMember) error {
	var list places
	all := list.add(Purpose(f.List))
	var rows []string
	for _, m := range filed {
		if m.Basis == postroom.ByConsent {
			rows = append(rows, "("+all+", "+list.add(newID(), m.contact, m.Source, micros(m.AskedAt), micros(m.ConfirmedAt), micros(m.EndedAt))+", '', '')")
		}
	}
	if len(rows) == 0 {
		return nil
	}
	_, err := tx.exec(`INSERT INTO consents (purpose, id, contact_id, source, given_at, confirmed_at, withdrawn_at, wording, form_version)
		VALUES `+strings.Join(rows, ", "), list.args...)
	return err
}

// Purpose is under what a "yes" to a list is kept: as the box of a form is called
// that asks for it.
func Purpose(list string) string { return strings.ReplaceAll(list, "-", "_") }

// AgreeMember confirms somebody of whom a file did not say why they are on the
// list, because another file does; it says false if they are not waiting for that
// any more.
func (tx *Tx) AgreeMember(f MemberFile, id string, m ListMember) (bool, error) {
	if err := tx.noteChange(f.Import, id); err != nil {
		return false, err
	}
	n, err := tx.exec(`UPDATE subscriptions SET state = 'confirmed', basis = $2, source = $3, asked_at = $4, confirmed_at = $5
		 WHERE id = $1 AND state = 'pending' AND basis = 'unknown'`, id, string(m.Basis), m.Source, micros(m.AskedAt), micros(m.ConfirmedAt))
	if err != nil || n == 0 {
		return false, err
	}
	if m.Basis != postroom.ByConsent {
		return true, nil
	}
	sub, err := tx.Subscription(id)
	if err != nil {
		return false, err
	}
	return true, tx.insertConsents(f, []filedMember{{ListMember: m, contact: sub.Contact}})
}

// noteChange keeps how a subscription was before an import changes it.
func (tx *Tx) noteChange(importID, subscription string) error {
	_, err := tx.exec(`INSERT INTO import_changes (import_id, subscription_id, state, basis, confirmed_at)
		SELECT $1, id, state, basis, confirmed_at FROM subscriptions WHERE id = $2 ON CONFLICT (import_id, subscription_id) DO NOTHING`, importID, subscription)
	if err != nil {
		return fmt.Errorf("note what an import changes: %w", err)
	}
	return nil
}

// undoStep is how many members are taken back in one transaction.
const undoStep = 250

// TakeBackMembers takes the next members off a list that an import put there and
// that have done nothing since, with the contacts that it made and nothing else
// has to do with. It says how many that were, and where to go on; "" is the end.
func (tx *Tx) TakeBackMembers(i Import, after string) (removed int, next string, err error) {
	var all, free, contacts []string
	err = tx.each(func(rows *sql.Rows) error {
		var id, contact string
		var untouched bool
		err := rows.Scan(&id, &contact, &untouched)
		all = append(all, id)
		if untouched {
			free, contacts = append(free, id), append(contacts, contact)
		}
		return err
	}, `SELECT id, contact_id, submission_id = '' AND often = 'every' AND paused_until = 0 AND look = '' AND asked_at <= $3
			AND (confirmed_at <= $3 AND (state <> 'unsubscribed' OR ended_at <= $3))
		  FROM subscriptions WHERE import_id = $1 AND import_id <> '' AND id > $2 ORDER BY id LIMIT $4`, i.ID, after, micros(i.MadeAt), undoStep)
	if err != nil || len(all) == 0 {
		return 0, "", err
	}
	next = all[len(all)-1]
	if len(free) == 0 {
		return 0, next, nil
	}
	var list places
	n, err := tx.exec(`DELETE FROM subscriptions WHERE id IN (`+list.each(free)+`)`, list.args...)
	if err != nil {
		return 0, "", fmt.Errorf("take members back: %w", err)
	}
	args := places{args: []any{Purpose(i.List)}}
	if _, err := tx.exec(`DELETE FROM consents WHERE submission_id = '' AND purpose = $1 AND contact_id IN (`+args.each(contacts)+`)`, args.args...); err != nil {
		return 0, "", fmt.Errorf("take consents back: %w", err)
	}
	return int(n), next, tx.removeAlone(i, contacts)
}

// removeAlone removes the contacts that an import made and nothing else has to do
// with. Once an edition has left, its copies have.
func (tx *Tx) removeAlone(i Import, contacts []string) error {
	alone, err := tx.aloneOf(i, contacts)
	if err != nil {
		return fmt.Errorf("look for contacts that an import made: %w", err)
	}
	if len(alone) == 0 {
		return nil
	}
	for _, from := range []string{`finds WHERE kind = 'contact' AND id`, `contact_addresses WHERE contact_id`, `contacts WHERE id`} {
		var list places
		if _, err := tx.exec(`DELETE FROM `+from+` IN (`+list.each(alone)+`)`, list.args...); err != nil {
			return fmt.Errorf("remove contacts that an import made: %w", err)
		}
	}
	return nil
}

func (tx *Tx) aloneOf(i Import, contacts []string) (alone []string, err error) {
	args := places{args: []any{micros(i.MadeAt), i.List}}
	err = tx.each(func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		alone = append(alone, id)
		return err
	}, `SELECT c.id FROM contacts c WHERE c.created_at = $1 AND c.merged_into = '' AND c.id IN (`+args.each(contacts)+`)
		AND NOT EXISTS (SELECT 1 FROM campaigns WHERE list = $2 AND created_at >= $1)
		AND NOT EXISTS (SELECT 1 FROM submissions WHERE contact_id = c.id)
		AND NOT EXISTS (SELECT 1 FROM consents WHERE contact_id = c.id)
		AND NOT EXISTS (SELECT 1 FROM subscriptions WHERE contact_id = c.id)
		AND NOT EXISTS (SELECT 1 FROM contact_organisations WHERE contact_id = c.id)
		AND NOT EXISTS (SELECT 1 FROM messages WHERE contact_id = c.id AND submission_id = '' AND campaign_id = '' AND contact_id <> '')
		AND NOT EXISTS (SELECT 1 FROM calls WHERE contact_id = c.id)
		AND NOT EXISTS (SELECT 1 FROM deeds WHERE kind = 'contact' AND subject = c.id)
		AND NOT EXISTS (SELECT 1 FROM notes WHERE kind = 'contact' AND subject = c.id)`, args.args...)
	return alone, err
}

// RevertMembers gives back what an import changed of those who were on the list
// before it, and says of how many. Whoever has done something since stays as they are.
func (tx *Tx) RevertMembers(i Import) (int, error) {
	n, err := tx.exec(`
		UPDATE subscriptions SET state = w.state, basis = w.basis, confirmed_at = w.confirmed_at
		  FROM import_changes AS w
		 WHERE w.import_id = $1 AND w.subscription_id = subscriptions.id AND subscriptions.state = 'confirmed' AND subscriptions.confirmed_at <= $2`,
		i.ID, micros(i.MadeAt))
	if err != nil {
		return 0, fmt.Errorf("give back what import %s changed: %w", i.ID, err)
	}
	_, err = tx.exec(`DELETE FROM import_changes WHERE import_id = $1`, i.ID)
	return int(n), err
}

// MemberRow is one line of an export.
type MemberRow struct {
	postroom.Subscription
	Name        string
	ConfirmedAt time.Time
	EndedAt     time.Time
	Source      string
	Stopped     string // why no marketing goes there; "" if nothing stops it
}

// MembersAfter lists who is or was on a list, in the order of addresses, after
// one, at most limit; of one state only where it is not "".
func (r Reader) MembersAfter(list string, state postroom.SubscriptionState, after string, limit int) ([]MemberRow, error) {
	return r.members(list, `s.address > $2 AND ($3 = '' OR s.state = $3) ORDER BY s.address LIMIT $4`, after, string(state), limit)
}

// MemberAt returns who is or was on a list under an address, and whether anybody.
func (r Reader) MemberAt(list, address string) (m MemberRow, found bool, err error) {
	rows, err := r.members(list, `s.address = $2`, address)
	if err != nil || len(rows) == 0 {
		return m, false, err
	}
	return rows[0], true, nil
}

// members lists those of a list for whom a condition holds.
func (r Reader) members(list, when string, args ...any) (rows []MemberRow, err error) {
	columns := `s.` + strings.ReplaceAll(subscriptionColumns, `, `, `, s.`)
	err = r.each(func(found *sql.Rows) error {
		var m MemberRow
		var confirmed, ended int64
		m.Subscription, err = scanSubscription(func(into ...any) error {
			return found.Scan(append(into, &m.Name, &confirmed, &ended, &m.Source, &m.Stopped)...)
		})
		m.ConfirmedAt, m.EndedAt = moment(confirmed), moment(ended)
		rows = append(rows, m)
		return err
	}, `SELECT `+columns+`, c.name, s.confirmed_at, s.ended_at, s.source,
			coalesce((SELECT p.reason FROM suppressions p WHERE p.address = s.address AND p.lifted_at = 0 ORDER BY p.placed_at LIMIT 1), '')
		  FROM subscriptions s JOIN contacts c ON c.id = s.contact_id
		 WHERE s.list = $1 AND `+when, append([]any{list}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("list members of %s: %w", list, err)
	}
	return rows, nil
}

// MemberCount is how many are on a list in one way.
type MemberCount struct {
	State  postroom.SubscriptionState
	Basis  postroom.Basis
	Often  postroom.Often
	Locale string
	Paused bool
	N      int
}

// MemberCounts counts who is or was on a list, all in one look.
func (r Reader) MemberCounts(list string, at time.Time) (counts []MemberCount, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var c MemberCount
		err := rows.Scan(&c.State, &c.Basis, &c.Often, &c.Locale, &c.Paused, &c.N)
		counts = append(counts, c)
		return err
	}, `SELECT state, basis, often, locale, paused_until > $2, count(*) FROM subscriptions WHERE list = $1
		 GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5`, list, micros(at))
	if err != nil {
		return nil, fmt.Errorf("count members of %s: %w", list, err)
	}
	return counts, nil
}

// SubscriptionAt returns what an address has to do with a list, and whether there
// is anything.
func (r Reader) SubscriptionAt(list, address string) (postroom.Subscription, bool, error) {
	found, err := r.subscriptions(`SELECT `+subscriptionColumns+` FROM subscriptions WHERE list = $1 AND address = $2`, list, address)
	if err != nil || len(found) == 0 {
		return postroom.Subscription{}, false, err
	}
	return found[0], true, nil
}

// SetChoices keeps what somebody chose of a list, in the language they chose, and
// says whether they are still on it.
func (tx *Tx) SetChoices(id, locale string, c postroom.Choices) (bool, error) {
	n, err := tx.exec(`UPDATE subscriptions SET topics = $2, areas = $3, often = $4, paused_until = $5, look = $6, locale = $7
		 WHERE id = $1 AND state <> 'unsubscribed'`, id, c.Topics, c.Areas, string(c.Often), micros(c.PausedUntil), string(c.Look), locale)
	if err != nil {
		return false, fmt.Errorf("keep what was chosen of subscription %s: %w", id, err)
	}
	return n > 0, nil
}

// undoFor is how long the page from which somebody left a list offers the way back.
const undoFor = time.Hour

// CanReturn says when a subscription ended, and whether it may be put back without
// asking its address: that was confirmed, and left not long ago.
func (r Reader) CanReturn(id string, now time.Time) (ended time.Time, can bool, err error) {
	var confirmed, end int64
	err = r.row(`SELECT confirmed_at, CASE WHEN state = 'unsubscribed' THEN ended_at ELSE 0 END FROM subscriptions WHERE id = $1`, id).Scan(&confirmed, &end)
	ended = moment(end)
	return ended, err == nil && confirmed > 0 && end > 0 && now.Sub(ended) < undoFor, absent(err, "subscription", id)
}
