package store

import (
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"postroom/internal/postroom"
)

// Standing is what decides who may see a submission, without anything of what
// somebody wrote.
type Standing struct {
	Submission string // id
	Contact    string // id
	Reference  string
	Programme  string
	Area       string
	AssignedTo string
	Held       string // why it is held, or ""
	Alarm      bool   // one about it is open
	Rings      string // the programme whose guards that alarm calls
	Risen      int    // how far it ever rose
	ReceivedAt time.Time
}

// StandingsOf lists what some contacts sent, the newest first.
func (r Reader) StandingsOf(contacts []string) ([]Standing, error) {
	return r.standings(`contact_id`, contacts)
}

// LatestStandingsOf is StandingsOf for at most the newest few of each contact.
func (r Reader) LatestStandingsOf(contacts []string, few int) (list []Standing, err error) {
	for some := range slices.Chunk(contacts, looksAtOnce) {
		var marks places
		most := marks.add(few)
		looks := make([]string, len(some))
		for i, contact := range some {
			looks[i] = `SELECT * FROM (SELECT id FROM submissions WHERE contact_id = ` + marks.add(contact) + ` ORDER BY received_at DESC, id DESC LIMIT ` + most + `) AS look` + strconv.Itoa(i)
		}
		ids, err := r.ids(strings.Join(looks, " UNION ALL "), marks.args...)
		if err != nil {
			return nil, fmt.Errorf("list what people sent last: %w", err)
		}
		newest, err := r.StandingsAt(ids)
		if err != nil {
			return nil, err
		}
		list = append(list, newest...)
	}
	return list, nil
}

// StandingsAt is StandingsOf for submissions by their ids.
func (r Reader) StandingsAt(submissions []string) ([]Standing, error) {
	return r.standings(`id`, submissions)
}

func (r Reader) standings(by string, ids []string) (list []Standing, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var marks places
	err = r.each(func(rows *sql.Rows) error {
		var s Standing
		var risen int
		var at int64
		err := rows.Scan(&s.Submission, &s.Contact, &s.Reference, &s.Programme, &s.Area, &s.AssignedTo, &at, &s.Held, &s.Rings, &risen)
		s.ReceivedAt, s.Alarm, s.Risen = moment(at), risen >= 0, max(risen, 0)
		list = append(list, s)
		return err
	}, `SELECT submissions.id, contact_id, reference, submissions.programme, area, assigned_to, received_at,
		       coalesce((SELECT reason FROM holds WHERE submission_id = submissions.id AND released_at = 0 ORDER BY `+gravestFirst+` LIMIT 1), ''),
		       coalesce(alarms.programme, ''), coalesce(CASE WHEN risen > stage THEN risen ELSE stage END, -1)
		  FROM submissions LEFT JOIN alarms ON alarms.kind = 'submission' AND alarms.subject = submissions.id AND closed_at = 0
		 WHERE submissions.`+by+` IN (`+marks.each(ids)+`) ORDER BY received_at DESC, submissions.id DESC`, marks.args...)
	if err != nil {
		return nil, fmt.Errorf("look who may see what: %w", err)
	}
	return list, nil
}

// LatestSenders lists the contacts who sent something to some programmes last,
// the latest first, each once; of each programme at most the latest limit
// submissions are looked at.
func (r Reader) LatestSenders(programmes []string, limit int) (contacts []string, err error) {
	var rows []Standing
	for _, programme := range programmes {
		if err := r.each(func(found *sql.Rows) error {
			var s Standing
			var at int64
			err := found.Scan(&s.Contact, &at)
			s.ReceivedAt = moment(at)
			rows = append(rows, s)
			return err
		}, `SELECT contact_id, received_at FROM submissions WHERE programme = $1 ORDER BY received_at DESC LIMIT $2`, programme, limit); err != nil {
			return nil, fmt.Errorf("list who wrote last to %s: %w", programme, err)
		}
	}
	return latestFirst(rows), nil
}

// Named is a contact as a list names them.
type Named struct {
	postroom.Contact
	AddedAt time.Time
}

// Names returns contacts by their ids, with the newest address of each.
func (r Reader) Names(contacts []string) (map[string]Named, error) {
	found := make(map[string]Named, len(contacts))
	if len(contacts) == 0 {
		return found, nil
	}
	var marks places
	err := r.each(func(rows *sql.Rows) error {
		var n Named
		var at int64
		err := rows.Scan(&n.ID, &n.Name, &n.Phone, &n.Locale, &n.Reach, &n.Discreet, &n.Address, &at)
		n.AddedAt = moment(at)
		found[n.ID] = n
		return err
	}, `SELECT id, name, phone, locale, reach, discreet,
		       coalesce((SELECT address FROM contact_addresses WHERE contact_id = contacts.id ORDER BY added_at DESC, address LIMIT 1), ''), created_at
		  FROM contacts WHERE id IN (`+marks.each(contacts)+`)`, marks.args...)
	return found, err
}

// DeedsAround lists what colleagues did to a contact and to what they sent, the
// newest first, after a place. CROSS JOIN keeps SQLite from reading all deeds.
func (r Reader) DeedsAround(contact string, after InboxPlace) (list []postroom.Deed, more bool, err error) {
	err = r.each(func(rows *sql.Rows) error {
		d, err := scanDeed(rows.Scan)
		list = append(list, d)
		return err
	}, `SELECT `+deedColumns+` FROM deeds WHERE id IN (SELECT id FROM deeds WHERE kind = 'contact' AND subject = $1
		 UNION SELECT deeds.id FROM submissions CROSS JOIN deeds WHERE deeds.kind = 'submission' AND subject = submissions.id AND contact_id = $1)`+before("at", "id"), upTo(contact, after)...)
	list, more = paged(list)
	return list, more, err
}

// ForumsOf lists the forums that a contact is on.
func (r Reader) ForumsOf(contact string) ([]string, error) {
	return r.ids(`SELECT forum FROM forum_members WHERE contact_id = $1 ORDER BY forum`, contact)
}

// ForumsOfGroup lists the forums that somebody is on for a local group.
func (r Reader) ForumsOfGroup(organisation string) ([]string, error) {
	return r.ids(`SELECT DISTINCT forum FROM forum_members WHERE organisation_id = $1 ORDER BY forum`, organisation)
}

// StartsOf returns when what was booked with some submissions begins.
func (r Reader) StartsOf(submissions []string) (map[string]time.Time, error) {
	starts := make(map[string]time.Time)
	if len(submissions) == 0 {
		return starts, nil
	}
	var marks places
	err := r.each(func(rows *sql.Rows) error {
		var id string
		var at int64
		err := rows.Scan(&id, &at)
		starts[id] = moment(at)
		return err
	}, `SELECT submission_id, min(starts_at) FROM bookings JOIN sessions ON sessions.id = session_id
		 WHERE submission_id IN (`+marks.each(submissions)+`) AND state IN ('confirmed', 'held', 'waiting') GROUP BY submission_id`, marks.args...)
	return starts, err
}

// latestFirst returns the contacts of some submissions, each once, whose newest
// is the latest first.
func latestFirst(rows []Standing) (contacts []string) {
	slices.SortStableFunc(rows, func(a, b Standing) int { return b.ReceivedAt.Compare(a.ReceivedAt) })
	seen := make(map[string]bool, len(rows))
	for _, s := range rows {
		if !seen[s.Contact] {
			seen[s.Contact] = true
			contacts = append(contacts, s.Contact)
		}
	}
	return contacts
}
