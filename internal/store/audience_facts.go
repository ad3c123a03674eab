package store

import (
	"database/sql"
	"fmt"
	"strings"
	"time"

	"postroom/internal/postroom"
)

// Listed is somebody who is on a list, with what was asked about them.
type Listed struct {
	Subscription string
	Contact      string
	Address      string
	Name         string
	Locale       string
	ConfirmedAt  time.Time
	Topics       []string // that they chose; none is all
	Areas        []string // that they chose, or told when they signed up; none is all

	form, submission string
	answers          []byte
}

// Form is the form by which they signed up.
func (m *Listed) Form() string { return m.form }

// OpenAnswers opens what they answered to it. It may be called by many at once.
func (r Reader) OpenAnswers(m *Listed) (postroom.Answers, error) {
	var answers postroom.Answers
	if m.submission == "" {
		return answers, nil
	}
	return answers, r.openJSON("submissions.answers:"+m.submission, m.answers, &answers)
}

// Span is a part of a list: the subscriptions from First to Last, by their ids. ""
// is without end.
type Span struct{ First, Last string }

// EachMember calls fn for everybody in a part of a list who has confirmed it, in
// the order of subscriptions, with the answers if they are asked for. fn may keep
// what it gets.
func (r Reader) EachMember(list string, of Span, answers bool, fn func(*Listed) error) error {
	columns, join := `'', '', '', NULL`, ``
	if answers {
		columns = `coalesce(b.area, ''), coalesce(b.form, ''), coalesce(b.id, ''), b.answers_sealed`
		join = ` LEFT JOIN submissions b ON b.id = s.submission_id` // who came from a file answered nothing
	}
	return r.each(func(rows *sql.Rows) error {
		m := new(Listed)
		var confirmed int64
		var topics, areas, area string
		if err := rows.Scan(&m.Subscription, &m.Contact, &m.Address, &m.Locale, &confirmed, &topics, &areas, &area, &m.form, &m.submission, &m.answers); err != nil {
			return err
		}
		m.ConfirmedAt, m.Topics, m.Areas = moment(confirmed), strings.Fields(topics), strings.Fields(areas)
		if area != "" && len(m.Areas) == 0 {
			m.Areas = []string{area}
		}
		return fn(m)
	}, `SELECT s.id, s.contact_id, s.address, s.locale, s.confirmed_at, s.topics, s.areas, `+columns+`
		  FROM subscriptions s`+join+`
		 WHERE s.list = $1 AND s.id >= $2 AND ($3 = '' OR s.id <= $3) AND s.state = 'confirmed' AND s.basis <> 'unknown'
		 ORDER BY s.id`, list, of.First, of.Last)
}

// NamesOf returns the names of people, by contact.
func (r Reader) NamesOf(contacts []string) (map[string]string, error) {
	names := make(map[string]string, len(contacts))
	if len(contacts) == 0 {
		return names, nil
	}
	places, args := make([]string, len(contacts)), make([]any, len(contacts))
	for i, id := range contacts {
		places[i], args[i] = fmt.Sprintf("$%d", i+1), id
	}
	return names, r.each(func(rows *sql.Rows) error {
		var id, name string
		err := rows.Scan(&id, &name)
		names[id] = name
		return err
	}, `SELECT id, name FROM contacts WHERE id IN (`+strings.Join(places, ", ")+`)`, args...)
}

// BookedEvent is an event that somebody has a place for, or came to.
type BookedEvent struct {
	Contact, Event string
	Attended       bool
}

// EventsOf lists what those in a part of a list have booked or been to.
func (r Reader) EventsOf(list string, of Span) (found []BookedEvent, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var b BookedEvent
		err := rows.Scan(&b.Contact, &b.Event, &b.Attended)
		found = append(found, b)
		return err
	}, `SELECT DISTINCT s.contact_id, e.name, b.state = 'attended'
		  FROM subscriptions s
		  JOIN bookings b ON b.contact_id = s.contact_id AND b.state IN ('confirmed', 'attended')
		  JOIN sessions d ON d.id = b.session_id
		  JOIN events e ON e.id = d.event_id
		 WHERE s.list = $1 AND s.id >= $2 AND ($3 = '' OR s.id <= $3) AND s.state = 'confirmed'`, list, of.First, of.Last)
	return found, err
}

// ListsOf lists what the addresses in a part of a list are on, by address.
func (r Reader) ListsOf(list string, of Span) (map[string][]string, error) {
	lists := make(map[string][]string)
	return lists, r.each(func(rows *sql.Rows) error {
		var address, on string
		err := rows.Scan(&address, &on)
		lists[address] = append(lists[address], on)
		return err
	}, `SELECT o.address, o.list
		  FROM subscriptions s JOIN subscriptions o ON o.address = s.address AND o.state = 'confirmed'
		 WHERE s.list = $1 AND s.id >= $2 AND ($3 = '' OR s.id <= $3) AND s.state = 'confirmed'
		 ORDER BY o.address, o.list`, list, of.First, of.Last)
}

// EditionNamed returns the ids of the campaigns that have an id or a subject.
func (r Reader) EditionNamed(name string) (ids []string, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	}, `SELECT id FROM campaigns WHERE (id = $1 OR subject = $1) AND state IN ('sending', 'paused', 'sent', 'cancelled') ORDER BY id`, name)
	return ids, err
}

// GotEdition lists the addresses to which a copy of a campaign went, or may have
// gone, or is still to go.
func (r Reader) GotEdition(campaign string, fn func(address string)) error {
	return r.each(func(rows *sql.Rows) error {
		var address string
		err := rows.Scan(&address)
		fn(address)
		return err
	}, `SELECT address FROM copies WHERE campaign_id = $1 AND state NOT IN ('failed', 'suppressed')`, campaign)
}

// CountMembers counts the confirmed subscriptions of a list that may be mailed.
func (r Reader) CountMembers(list string) (n int, err error) {
	err = r.row(`SELECT count(*) FROM subscriptions WHERE list = $1 AND state = 'confirmed' AND basis <> 'unknown'`, list).Scan(&n)
	return n, err
}
