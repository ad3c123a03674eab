package store

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"postroom/internal/postroom"
)

// DoorDate is a date at whose door somebody greets, without its people.
type DoorDate struct {
	postroom.Session
	Programme string
	EventName string // the key in the programme file
	Expected  int    // people who have a place, or had one and came
	Here      int    // people who came
}

const doorDates = `SELECT ` + sessionColumns + `, programme, events.name,
		       coalesce((SELECT sum(party) FROM bookings WHERE session_id = sessions.id AND state IN ('confirmed', 'attended')), 0),
		       coalesce((SELECT sum(party) FROM bookings WHERE session_id = sessions.id AND state = 'attended'), 0)
		  FROM sessions JOIN events ON events.id = event_id`

func scanDoorDate(scan func(...any) error) (d DoorDate, err error) {
	d.Session, err = scanSession(func(into ...any) error {
		return scan(append(into, &d.Programme, &d.EventName, &d.Expected, &d.Here)...)
	})
	return d, err
}

// DoorDates lists the dates that begin between two moments, the earliest first,
// at most MostShown.
func (r Reader) DoorDates(from, until time.Time) (list []DoorDate, err error) {
	err = r.each(func(rows *sql.Rows) error {
		d, err := scanDoorDate(rows.Scan)
		list = append(list, d)
		return err
	}, doorDates+` WHERE starts_at >= $1 AND starts_at < $2 ORDER BY starts_at, sessions.name LIMIT $3`, micros(from), micros(until), MostShown)
	return list, err
}

// DoorDate returns one date, or NotFound.
func (r Reader) DoorDate(session string) (DoorDate, error) {
	d, err := scanDoorDate(r.row(doorDates+` WHERE sessions.id = $1`, session).Scan)
	return d, absent(err, "session", session)
}

// Guest is a party that is expected, or has come: a name and how many, which is
// all that whoever greets needs.
type Guest struct {
	Booking string // id
	Name    string
	Party   int
	Here    bool
	Area    string // of the submission, by which a greeter may be bounded
}

// Guests lists who has a place in a session, in the order of their names.
func (r Reader) Guests(session string) (list []Guest, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var g Guest
		err := rows.Scan(&g.Booking, &g.Name, &g.Party, &g.Here, &g.Area)
		list = append(list, g)
		return err
	}, `SELECT bookings.id, contacts.name, party, bookings.state = 'attended', area
		  FROM bookings JOIN contacts ON contacts.id = bookings.contact_id JOIN submissions ON submissions.id = submission_id
		 WHERE session_id = $1 AND bookings.state IN ('confirmed', 'attended') ORDER BY name_key, bookings.id`, session)
	return list, err
}

// Booking returns one booking, or NotFound.
func (r Reader) Booking(id string) (postroom.Booking, error) {
	b, found, err := scanBooking(r.row(`SELECT `+bookingColumns+` FROM bookings WHERE id = $1`, id).Scan)
	if err == nil && !found {
		err = absent(sql.ErrNoRows, "booking", id)
	}
	return b, err
}

// CameBefore says whether a contact has come to any other date of a programme.
func (r Reader) CameBefore(contact, programme, but string) (bool, error) {
	var one int
	err := r.row(`SELECT 1 FROM submissions JOIN bookings ON submission_id = submissions.id AND bookings.state = 'attended' AND bookings.id <> $3
		  JOIN sessions ON sessions.id = session_id JOIN events ON events.id = event_id AND events.programme = $2
		 WHERE submissions.contact_id = $1 LIMIT 1`, contact, programme, but).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look whether contact %s came before: %w", contact, err)
	}
	return true, nil
}
