package store

import (
	"cmp"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"postroom/internal/postroom"
)

// MostShown is how much of each kind one page of a person or an organisation
// shows.
const MostShown = 200

// Person is a contact with what belongs to them.
type Person struct {
	postroom.Contact
	CreatedAt     time.Time
	Addresses     []PersonAddress // the newest, which is the preferred one, first
	Organisations []Organisation
}

// PersonAddress is an address of a contact, which others may share.
type PersonAddress struct {
	Address  string
	Dead     bool // mail to it does not arrive
	AddedAt  time.Time
	MailedAt time.Time // when mail went to it last; zero when none did
}

// Organisation is a local group.
type Organisation struct {
	ID         string
	Name       string
	AddedAt    time.Time // when it came on file, or a contact joined it
	MergedInto string    // id of the one that it is the same as
}

// Person returns a contact with every address and group, or NotFound.
func (r Reader) Person(id string) (p Person, err error) {
	if p.Contact, err = r.Contact(id); err != nil {
		return p, err
	}
	var created int64
	if err := r.row(`SELECT created_at FROM contacts WHERE id = $1`, id).Scan(&created); err != nil {
		return p, absent(err, "contact", id)
	}
	p.CreatedAt = moment(created)
	if err := r.each(func(rows *sql.Rows) error {
		var a PersonAddress
		var added, mailed int64
		err := rows.Scan(&a.Address, &a.Dead, &added, &mailed)
		a.AddedAt, a.MailedAt = moment(added), moment(mailed)
		p.Addresses = append(p.Addresses, a)
		return err
	}, `SELECT addresses.address, state = 'dead', added_at, mailed_at FROM contact_addresses JOIN addresses ON addresses.address = contact_addresses.address
		 WHERE contact_id = $1 ORDER BY added_at DESC, addresses.address LIMIT $2`, id, MostShown); err != nil {
		return p, fmt.Errorf("list addresses of contact %s: %w", id, err)
	}
	p.Organisations, err = r.organisations(`SELECT organisations.id, name, added_at FROM contact_organisations JOIN organisations ON organisations.id = organisation_id
		 WHERE contact_id = $1 AND merged_into = '' ORDER BY added_at DESC, name LIMIT $2`, id, MostShown)
	if err != nil {
		return p, fmt.Errorf("list organisations of contact %s: %w", id, err)
	}
	return p, nil
}

func (r Reader) organisations(query string, args ...any) (list []Organisation, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var o Organisation
		var at int64
		err := rows.Scan(&o.ID, &o.Name, &at)
		o.AddedAt = moment(at)
		list = append(list, o)
		return err
	}, query, args...)
	return list, err
}

// Organisation returns a local group, or NotFound.
func (r Reader) Organisation(id string) (o Organisation, err error) {
	var at int64
	err = r.row(`SELECT id, name, created_at, merged_into FROM organisations WHERE id = $1`, id).Scan(&o.ID, &o.Name, &at, &o.MergedInto)
	o.AddedAt = moment(at)
	return o, absent(err, "organisation", id)
}

// Member is a contact of a local group.
type Member struct {
	postroom.Contact
	JoinedAt time.Time
}

// Members lists the contacts of a local group, in the order of their names, after
// the one with the id given ("" for the first), at most MostShown, and says
// whether there are more.
func (r Reader) Members(organisation string, after Member) (list []Member, more bool, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var m Member
		var joined int64
		err := rows.Scan(&m.ID, &m.Name, &m.Phone, &m.Locale, &m.Reach, &m.Discreet, &m.Address, &joined)
		m.JoinedAt = moment(joined)
		list = append(list, m)
		return err
	}, `SELECT contacts.id, name, phone, locale, reach, discreet,
		       coalesce((SELECT address FROM contact_addresses WHERE contact_id = contacts.id ORDER BY added_at DESC, address LIMIT 1), ''), added_at
		  FROM contact_organisations JOIN contacts ON contacts.id = contact_id
		 WHERE organisation_id = $1 AND ($3 = '' OR name_key > $2 OR (name_key = $2 AND contacts.id > $3)) ORDER BY name_key, contacts.id LIMIT $4`,
		organisation, nameKey(after.Name), after.ID, MostShown+1)
	list, more = paged(list)
	return list, more, err
}

// paged cuts a list that was read one longer than a page down to the page.
func paged[T any](list []T) ([]T, bool) {
	return list[:min(len(list), MostShown)], len(list) > MostShown
}

// before is what a query whose rows have a time and an id adds for the page after
// a place; it takes $2 for the time, $3 for the id and $4 for how many.
func before(at, id string) string {
	return ` AND ($3 = '' OR ` + at + ` < $2 OR (` + at + ` = $2 AND ` + id + ` < $3)) ORDER BY ` + at + ` DESC, ` + id + ` DESC LIMIT $4`
}

// upTo are the arguments that before needs, with the first of the query.
func upTo(first string, after InboxPlace) []any {
	return []any{first, micros(after.At), after.ID, MostShown + 1}
}

// SubmissionsOf lists what a contact sent, the newest first, after a place.
func (r Reader) SubmissionsOf(contact string, after InboxPlace) ([]InboxRow, bool, error) {
	return r.sent(`contact_id = $1`, contact, after)
}

// SubmissionsOfMembers is SubmissionsOf for all contacts of a local group.
func (r Reader) SubmissionsOfMembers(organisation string, after InboxPlace) ([]InboxRow, bool, error) {
	return r.sent(`contact_id IN (SELECT contact_id FROM contact_organisations WHERE organisation_id = $1)`, organisation, after)
}

func (r Reader) sent(by, id string, after InboxPlace) ([]InboxRow, bool, error) {
	var keys []inboxKey
	if err := r.each(func(rows *sql.Rows) error {
		k := inboxKey{matter: postroom.AboutSubmission}
		err := rows.Scan(&k.id, &k.at)
		keys = append(keys, k)
		return err
	}, `SELECT id, received_at FROM submissions WHERE `+by+before("received_at", "id"), upTo(id, after)...); err != nil {
		return nil, false, fmt.Errorf("list submissions: %w", err)
	}
	keys, more := paged(keys)
	rows, err := r.inboxRows(keys)
	return rows, more, err
}

// LettersOf lists the letters that were made part of a contact's submissions, and
// those that came from one of their addresses, the newest first, after a place.
// An address may be shared: who wrote is in the letter.
func (r Reader) LettersOf(contact string, after InboxPlace) ([]postroom.Letter, bool, error) {
	look := func(which string) string {
		return `SELECT * FROM (SELECT id, received_at FROM letters WHERE ` + which + before("received_at", "id") + `) AS one`
	}
	list, err := r.letters(`SELECT `+letterColumns+` FROM letters WHERE id IN (SELECT id FROM (`+
		look(`submission_id IN (SELECT id FROM submissions WHERE contact_id = $1)`)+` UNION `+
		look(`folder = 'inbox' AND address IN (SELECT address FROM contact_addresses WHERE contact_id = $1)`)+
		`) AS theirs) ORDER BY received_at DESC, id DESC LIMIT $4`, upTo(contact, after)...)
	list, more := paged(list)
	return list, more, err
}

// PersonMessage is a mail to a contact, without what it says.
type PersonMessage struct {
	postroom.Message        // without Data and Raw
	Step             string // name of the step of the programme that caused it; "" when none did
	SettledAt        time.Time
}

// MessagesTo lists the mails to a contact, the newest first, before the one with
// an id ("" for the newest). Copies of newsletters are found by the lists that
// they are on.
func (r Reader) MessagesTo(contact, before string) (list []PersonMessage, more bool, err error) {
	place := placeInTime(before)
	const page = ` AND ($2 = '' OR messages.id < $2) ORDER BY messages.id DESC LIMIT $3`
	err = r.each(func(rows *sql.Rows) error {
		m, err := scanPersonMessage(rows)
		list = append(list, m)
		return err
	}, `SELECT messages.id, messages.key, messages.message_id, messages.programme, messages.form, messages.submission_id, messages.contact_id, messages.address,
		       messages.template, messages.locale, messages.class, messages.lane, messages.discreet, messages.letter_id, messages.campaign_id,
		       messages.state, messages.reason, messages.created_at, messages.settled_at, coalesce(steps.name, '')
		  FROM messages LEFT JOIN steps ON steps.id = CASE WHEN substr(messages.key, 1, 5) = 'step:' THEN substr(messages.key, 6, 36) ELSE '' END
		 WHERE messages.id IN (SELECT * FROM (SELECT id FROM messages WHERE contact_id = $1 AND contact_id <> '' AND campaign_id = ''`+page+`) AS alone)
		 ORDER BY messages.id DESC LIMIT $3`, contact, place, MostShown+1)
	if err != nil {
		return nil, false, err
	}
	copies, err := r.copiesTo(contact, place)
	list = append(list, copies...)
	slices.SortFunc(list, func(a, b PersonMessage) int { return cmp.Compare(placeInTime(b.ID), placeInTime(a.ID)) })
	list, more = paged(list)
	return list, more, err
}

// copiesTo lists the copies of newsletters to a contact as MessagesTo does. Their
// ids begin with those of their campaigns, and so with a moment, as all ids do.
// CROSS JOIN keeps SQLite from beginning with every reader of every list.
func (r Reader) copiesTo(contact, before string) (list []PersonMessage, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var c Copy
		var settled int64
		var place string
		err := c.scan(rows.Scan, &settled, &place)
		list = append(list, PersonMessage{Message: c.Message, SettledAt: moment(settled)})
		return err
	}, `WITH lists AS MATERIALIZED (SELECT id, list, contact_id, look FROM subscriptions WHERE contact_id = $1)
		SELECT * FROM (SELECT `+copyColumns+`, copies.settled_at AS settled, `+sqlPlace+` AS place
		  FROM lists AS s CROSS JOIN campaigns JOIN copies ON copies.campaign_id = campaigns.id AND copies.subscription_id = s.id
		 WHERE campaigns.list = s.list) AS theirs WHERE ($2 = '' OR place < $2) ORDER BY place DESC LIMIT $3`, contact, before, MostShown+1)
	if err != nil {
		return nil, fmt.Errorf("list copies to a contact: %w", err)
	}
	return list, nil
}

func scanPersonMessage(rows *sql.Rows) (PersonMessage, error) {
	var m PersonMessage
	var created, settled int64
	err := rows.Scan(&m.ID, &m.Key, &m.MessageID, &m.Programme, &m.Form, &m.Submission, &m.Contact, &m.To,
		&m.Template, &m.Locale, &m.Class, &m.Lane, &m.Discreet, &m.Letter, &m.Campaign,
		&m.State, &m.Reason, &created, &settled, &m.Step)
	m.CreatedAt, m.SettledAt = moment(created), moment(settled)
	if m.State == postroom.Sent {
		m.SentAt = m.SettledAt
	}
	return m, err
}

// ofTheirs narrows a table to what a contact's submissions caused.
const ofTheirs = ` submission_id IN (SELECT id FROM submissions WHERE contact_id = $1)`

// PromisesTo lists what will happen next for a contact: the planned steps of
// their submissions, the soonest first, at most MostShown.
func (r Reader) PromisesTo(contact string) ([]Promise, error) {
	// CROSS JOIN keeps SQLite from beginning with all that is planned.
	return r.promises(`WHERE steps.id IN (SELECT planned.id FROM submissions CROSS JOIN runs AS theirs CROSS JOIN steps AS planned
		 WHERE submissions.contact_id = $1 AND theirs.submission_id = submissions.id AND planned.run_id = theirs.id AND planned.state = 'planned')
		 ORDER BY due_at, steps.id LIMIT $2`, contact, MostShown)
}

// PersonConsent is a "yes" of a contact, and whether it still stands.
type PersonConsent struct {
	postroom.Consent
	ConfirmedAt time.Time
	WithdrawnAt time.Time // zero while it stands
}

// ConsentsOf lists what a contact said "yes" to, the newest first, after a place.
func (r Reader) ConsentsOf(contact string, after InboxPlace) (list []PersonConsent, more bool, err error) {
	list, err = r.consents(`SELECT id, contact_id, purpose, wording, form_version, submission_id, given_at, confirmed_at, withdrawn_at, source FROM consents
		 WHERE contact_id = $1`+before("given_at", "id"), upTo(contact, after)...)
	list, more = paged(list)
	return list, more, err
}

func (r Reader) consents(query string, args ...any) (list []PersonConsent, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var c PersonConsent
		var given, confirmed, withdrawn int64
		err := rows.Scan(&c.ID, &c.Contact, &c.Purpose, &c.Wording, &c.FormVersion, &c.Submission, &given, &confirmed, &withdrawn, &c.Source)
		c.At, c.ConfirmedAt, c.WithdrawnAt = moment(given), moment(confirmed), moment(withdrawn)
		list = append(list, c)
		return err
	}, query, args...)
	return list, err
}

// PersonSubscription is a list that a contact is on, or was.
type PersonSubscription struct {
	postroom.Subscription
	ConfirmedAt time.Time
	EndedAt     time.Time // zero while it has not ended
}

// SubscriptionsOf lists the lists of a contact, the newest first, after a place.
func (r Reader) SubscriptionsOf(contact string, after InboxPlace) (list []PersonSubscription, more bool, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var s PersonSubscription
		var confirmed, ended int64
		s.Subscription, err = scanSubscription(func(into ...any) error { return rows.Scan(append(into, &confirmed, &ended)...) })
		s.ConfirmedAt, s.EndedAt = moment(confirmed), moment(ended)
		list = append(list, s)
		return err
	}, `SELECT `+subscriptionColumns+`, confirmed_at, ended_at FROM subscriptions WHERE contact_id = $1`+before("asked_at", "id"), upTo(contact, after)...)
	list, more = paged(list)
	return list, more, err
}

// PersonBooking is a place of a contact, with the keys by which the programme
// file knows its event and its date.
type PersonBooking struct {
	postroom.Booking
	Programme string
	Event     string
	Date      string
	StartsAt  time.Time
	HeldUntil time.Time // until when the place is offered; zero when it is not
}

// BookingsOf lists the places of a contact, the newest first, after a place.
func (r Reader) BookingsOf(contact string, after InboxPlace) (list []PersonBooking, more bool, err error) {
	columns := `bookings.` + strings.ReplaceAll(bookingColumns, `, `, `, bookings.`)
	err = r.each(func(rows *sql.Rows) error {
		var b PersonBooking
		var queued, held, starts int64
		err := rows.Scan(&b.ID, &b.Session, &b.Contact, &b.Submission, &b.Party, &b.State, &queued, &held, &b.Programme, &b.Event, &b.Date, &starts)
		b.QueuedAt, b.HeldUntil, b.StartsAt = moment(queued), moment(held), moment(starts)
		list = append(list, b)
		return err
	}, `SELECT `+columns+`, held_until, events.programme, events.name, sessions.name, starts_at
		  FROM bookings JOIN sessions ON sessions.id = session_id JOIN events ON events.id = event_id
		 WHERE`+ofTheirs+before("queued_at", "bookings.id"), upTo(contact, after)...)
	list, more = paged(list)
	return list, more, err
}

// CallsTo lists the calls that were or are to be made to a contact, the newest
// first, after a place.
func (r Reader) CallsTo(contact string, after InboxPlace) (list []postroom.Call, more bool, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var c postroom.Call
		var created int64
		err := rows.Scan(&c.ID, &c.Message, &c.Contact, &c.Submission, &c.Reason, &c.Done, &created)
		c.At = moment(created)
		list = append(list, c)
		return err
	}, `SELECT id, message_id, contact_id, submission_id, reason, state = 'done', created_at FROM calls
		 WHERE contact_id = $1`+before("created_at", "id"), upTo(contact, after)...)
	list, more = paged(list)
	return list, more, err
}

// NoteIDs lists the notes beside a matter that have not been removed, the newest
// first, at most MostShown.
func (r Reader) NoteIDs(matter postroom.Matter, subject string) (ids []string, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	}, `SELECT id FROM notes WHERE kind = $1 AND subject = $2 AND removed_at = 0 ORDER BY made_at DESC, id DESC LIMIT $3`, string(matter), subject, MostShown)
	return ids, err
}
