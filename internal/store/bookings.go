package store

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"postroom/internal/postroom"
)

// PutEvent makes sure an event of a programme is on file and returns its id.
func (tx *Tx) PutEvent(programme, name string, at time.Time) (id string, err error) {
	err = tx.row(`
		INSERT INTO events (id, programme, name, created_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (programme, name) DO UPDATE SET name = excluded.name RETURNING id`,
		newID(), programme, name, micros(at)).Scan(&id)
	return id, err
}

// PutSession makes sure a session is on file as the programme says, and counts
// a move when its date or venue is another than before.
func (tx *Tx) PutSession(s postroom.Session) (id string, err error) {
	err = tx.row(`
		INSERT INTO sessions (id, event_id, name, starts_at, ends_at, venue, capacity) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (event_id, name) DO UPDATE SET starts_at = excluded.starts_at, ends_at = excluded.ends_at,
			venue = excluded.venue, capacity = excluded.capacity,
			moves = sessions.moves + CASE WHEN sessions.starts_at <> excluded.starts_at OR sessions.ends_at <> excluded.ends_at
				OR sessions.venue <> excluded.venue THEN 1 ELSE 0 END
		RETURNING id`,
		newID(), s.Event, s.Name, micros(s.StartsAt), micros(s.EndsAt), s.Venue, s.Capacity).Scan(&id)
	if err != nil {
		return "", fmt.Errorf("put session %s: %w", s.Name, err)
	}
	return id, nil
}

const sessionColumns = `sessions.id, event_id, sessions.name, starts_at, ends_at, venue, capacity, moves`

func scanSession(scan func(...any) error) (postroom.Session, error) {
	var s postroom.Session
	var starts, ends int64
	err := scan(&s.ID, &s.Event, &s.Name, &starts, &ends, &s.Venue, &s.Capacity, &s.Moves)
	s.StartsAt, s.EndsAt = moment(starts), moment(ends)
	return s, err
}

// Session returns one session, or NotFound.
func (r Reader) Session(id string) (postroom.Session, error) {
	s, err := scanSession(r.row(`SELECT `+sessionColumns+` FROM sessions WHERE id = $1`, id).Scan)
	return s, absent(err, "session", id)
}

// Sessions lists the sessions of an event, earliest first.
func (r Reader) Sessions(programme, event string) (list []postroom.Session, err error) {
	err = r.each(func(rows *sql.Rows) error {
		s, err := scanSession(rows.Scan)
		list = append(list, s)
		return err
	}, `SELECT `+sessionColumns+` FROM sessions JOIN events ON events.id = event_id
		 WHERE programme = $1 AND events.name = $2 ORDER BY starts_at, sessions.name`, programme, event)
	return list, err
}

// LockSession keeps everybody else away from a session's places until the
// transaction ends. The parent row is locked because it always exists; the
// rows of those who wait may not. Whoever also needs an address or a contact
// takes those first, and several sessions in the order of their ids: then
// nobody waits in a circle, which PostgreSQL notices only after a second.
func (tx *Tx) LockSession(id string) (postroom.Session, error) {
	s, err := scanSession(tx.row(`UPDATE sessions SET version = version + 1 WHERE id = $1 RETURNING `+
		`id, event_id, name, starts_at, ends_at, venue, capacity, moves`, id).Scan)
	return s, absent(err, "session", id)
}

// Places says how many places of a session are taken and how many parties
// wait. Every screen and every decision counts with this one method.
func (r Reader) Places(session string) (taken, waiting int, err error) {
	err = r.row(`
		SELECT coalesce(sum(CASE WHEN counts AND state IN ('confirmed', 'held', 'attended') THEN party ELSE 0 END), 0),
		       coalesce(sum(CASE WHEN state = 'waiting' THEN 1 ELSE 0 END), 0)
		  FROM bookings WHERE session_id = $1`, session).Scan(&taken, &waiting)
	return taken, waiting, err
}

// AddBooking files a booking. The caller holds the session's lock. It returns
// Conflict if the contact has a booking in the session that has not ended.
func (tx *Tx) AddBooking(b postroom.Booking) (postroom.Booking, error) {
	b.ID = newID()
	n, err := tx.exec(`
		INSERT INTO bookings (id, session_id, contact_id, submission_id, party, state, queued_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT DO NOTHING`,
		b.ID, b.Session, b.Contact, b.Submission, b.Party, b.State, micros(b.QueuedAt))
	if err != nil {
		return b, fmt.Errorf("add booking: %w", err)
	}
	if n == 0 {
		return b, &postroom.Error{Kind: postroom.Conflict, Say: postroom.Say("error.moved_on"),
			Cause: fmt.Errorf("add booking: contact %s has a place or waits in session %s", b.Contact, b.Session)}
	}
	return b, nil
}

const bookingColumns = `id, session_id, contact_id, submission_id, party, state, queued_at`

func scanBooking(scan func(...any) error) (postroom.Booking, bool, error) {
	var b postroom.Booking
	var queued int64
	err := scan(&b.ID, &b.Session, &b.Contact, &b.Submission, &b.Party, &b.State, &queued)
	b.QueuedAt = moment(queued)
	if errors.Is(err, sql.ErrNoRows) {
		return b, false, nil
	}
	return b, err == nil, err
}

// ActiveBooking returns the booking a contact has in a session, and whether
// there is one.
func (r Reader) ActiveBooking(session, contact string) (postroom.Booking, bool, error) {
	return scanBooking(r.row(`SELECT `+bookingColumns+` FROM bookings
		 WHERE session_id = $1 AND contact_id = $2 AND state IN ('confirmed', 'waiting', 'held')`, session, contact).Scan)
}

// AlsoBooked returns the reference under which another contact at an address has
// a booking in a session, or "".
func (r Reader) AlsoBooked(session, contact, address string) (reference string, err error) {
	err = r.row(`
		SELECT reference FROM contact_addresses
		  JOIN bookings ON bookings.contact_id = contact_addresses.contact_id AND session_id = $1 AND bookings.state IN ('confirmed', 'waiting', 'held')
		  JOIN submissions ON submissions.id = submission_id AND submissions.address = $3
		 WHERE contact_addresses.address = $3 AND contact_addresses.contact_id <> $2 ORDER BY queued_at, bookings.id LIMIT 1`,
		session, contact, address).Scan(&reference)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return reference, err
}

// Placed lists the bookings of a session that have a place, first come first.
func (r Reader) Placed(session string) ([]postroom.Booking, error) {
	return r.bookings(`SELECT `+bookingColumns+` FROM bookings WHERE session_id = $1 AND state = 'confirmed' ORDER BY queued_at, id`, session)
}

// BookingOf returns the booking a submission made, and whether there is one.
func (r Reader) BookingOf(submission string) (postroom.Booking, bool, error) {
	return scanBooking(r.row(`SELECT `+bookingColumns+` FROM bookings WHERE submission_id = $1`, submission).Scan)
}

// MoveBooking changes a booking's state if it still is in the one expected,
// and says whether it was.
func (tx *Tx) MoveBooking(id string, from, to postroom.BookingState) (bool, error) {
	n, err := tx.exec(`UPDATE bookings SET state = $3, held_until = 0 WHERE id = $1 AND state = $2`, id, from, to)
	return n > 0, err
}

// ResizeBooking changes for how many a booking is if it still is in the state
// expected, and says whether it was. The caller holds the session's lock.
func (tx *Tx) ResizeBooking(id string, in postroom.BookingState, party int) (bool, error) {
	n, err := tx.exec(`UPDATE bookings SET party = $3 WHERE id = $1 AND state = $2`, id, in, party)
	return n > 0, err
}

// Waiting lists the bookings that wait for a place, first come first.
func (r Reader) Waiting(session string) ([]postroom.Booking, error) {
	return r.bookings(`SELECT `+bookingColumns+` FROM bookings WHERE session_id = $1 AND state = 'waiting' ORDER BY queued_at, id`, session)
}

func (r Reader) bookings(query string, args ...any) (list []postroom.Booking, err error) {
	err = r.each(func(rows *sql.Rows) error {
		b, _, err := scanBooking(rows.Scan)
		list = append(list, b)
		return err
	}, query, args...)
	return list, err
}
