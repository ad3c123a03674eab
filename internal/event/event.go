// Package event keeps the places of dated events: who has one, who waits, and
// who moves up when somebody cancels.
//
// The idea a newcomer needs: every change to a session's places begins by
// locking the session's row, and whatever frees places gives them to those who
// wait in the same transaction. So nobody is ever booked twice, nobody jumps
// the queue, and a freed place is never seen by a stranger while people wait.
// The rows of those who wait are not what is locked: they may not exist yet.
package event

import (
	"context"
	"fmt"
	"slices"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// Runs tells a run what happened to it, ends what it still had planned, what its session was before it moved,
// and that its date is another.
type Runs interface {
	End(tx *store.Tx, submission, reason string, at time.Time) error
	Fire(tx *store.Tx, run postroom.Run, t postroom.Trigger, at time.Time) error
	Moved(tx *store.Tx, run postroom.Run, was postroom.Session, at time.Time) error
	Replan(tx *store.Tx, run postroom.Run, at time.Time) error
}

// Options are what Events need.
type Options struct {
	Store      *store.Store
	Programmes *programme.Set
	Runs       Runs
	Clock      postroom.Clock
	// Stands says whether Programmes is still what is on file; nil is always. Where
	// another process has changed a date since, this one has no say about dates, or
	// people would be told of a move that was taken back.
	Stands func(tx *store.Tx) (bool, error)
}

// Events gives out places.
type Events struct{ Options }

// New returns Events.
func New(o Options) *Events { return &Events{o} }

// Sync puts the events and sessions of every programme on file as the
// programme files say. Where a session has grown, those who wait move up; where
// it has shrunk, nobody loses their place; where it has moved to another date
// or place, everybody who has a place or waits is told, once, and what was
// promised for the old date moves along.
func (e *Events) Sync(ctx context.Context) error {
	for _, p := range e.Programmes.Programmes() {
		for _, each := range p.Events {
			if err := e.sync(ctx, p, each); err != nil {
				return fmt.Errorf("put event %s of programme %s on file: %w", each.Name, p.Name, err)
			}
		}
	}
	return nil
}

func (e *Events) sync(ctx context.Context, p *programme.Programme, each *programme.Event) error {
	at := e.Clock.Now()
	for _, s := range each.Sessions {
		put := postroom.Session{Name: s.Name, StartsAt: s.StartsAt, EndsAt: s.EndsAt, Venue: s.Venue, Capacity: s.Capacity}
		err := e.Store.Write(ctx, func(tx *store.Tx) error { return e.put(tx, p.Name, each.Name, put, at) })
		if err != nil {
			return err
		}
	}
	return nil
}

// put puts one session on file with all that follows from what has changed.
func (e *Events) put(tx *store.Tx, programme, event string, s postroom.Session, at time.Time) (err error) {
	if s.Event, err = tx.PutEvent(programme, event, at); err != nil { // which keeps a second process out meanwhile
		return err
	}
	if e.Stands != nil {
		if stands, err := e.Stands(tx); err != nil || !stands {
			return err
		}
	}
	before, err := tx.Sessions(programme, event)
	if err != nil {
		return fmt.Errorf("list sessions: %w", err)
	}
	if s.ID, err = tx.PutSession(s); err != nil { // which locks its row
		return err
	}
	i := slices.IndexFunc(before, func(old postroom.Session) bool { return old.ID == s.ID })
	if i >= 0 && moved(before[i], s) {
		if err := e.move(tx, before[i], s, at); err != nil {
			return err
		}
	}
	return e.promote(tx, s, at)
}

func moved(was, is postroom.Session) bool {
	return !was.StartsAt.Equal(is.StartsAt) || !was.EndsAt.Equal(is.EndsAt) || was.Venue != is.Venue
}

// move tells everybody who has a place or waits, unless the session is over
// now, and moves what was promised to those who have a place. Those who wait
// were promised nothing for a date.
func (e *Events) move(tx *store.Tx, was, is postroom.Session, at time.Time) error {
	placed, err := tx.Placed(is.ID)
	if err != nil {
		return fmt.Errorf("list who has a place in session %s: %w", is.ID, err)
	}
	waiting, err := tx.Waiting(is.ID)
	if err != nil {
		return fmt.Errorf("list who waits for session %s: %w", is.ID, err)
	}
	if !over(is, at) {
		told := func(run postroom.Run) error { return e.Runs.Moved(tx, run, was, at) }
		if err := eachRun(tx, slices.Concat(placed, waiting), told); err != nil {
			return fmt.Errorf("tell that session %s moved: %w", is.ID, err)
		}
	}
	if was.StartsAt.Equal(is.StartsAt) {
		return nil
	}
	replan := func(run postroom.Run) error { return e.Runs.Replan(tx, run, at) }
	if err := eachRun(tx, placed, replan); err != nil {
		return fmt.Errorf("move what was promised for session %s: %w", is.ID, err)
	}
	return nil
}

// eachRun does something for the run of each booking that has one.
func eachRun(tx *store.Tx, bookings []postroom.Booking, do func(postroom.Run) error) error {
	for _, b := range bookings {
		run, begun, err := tx.RunOf(b.Submission)
		if err != nil {
			return err
		}
		if !begun {
			continue
		}
		if err := do(run); err != nil {
			return fmt.Errorf("booking %s: %w", b.ID, err)
		}
	}
	return nil
}

// Book takes a place in a session for a party, or a place in its queue: the
// place only if nobody who could have it waits and the party fits. A contact
// who has a booking already gets that one back, unchanged. It returns Gone if
// the session is over.
func (e *Events) Book(tx *store.Tx, session, contact, submission string, party int, at time.Time) (postroom.Booking, error) {
	s, err := tx.LockSession(session)
	if err != nil {
		return postroom.Booking{}, err
	}
	if standing, has, err := tx.ActiveBooking(session, contact); err != nil || has {
		return standing, err
	}
	if over(s, at) {
		return postroom.Booking{}, &postroom.Error{Kind: postroom.Gone, Say: postroom.Say("session.over"), Cause: fmt.Errorf("book session %s: it is over", session)}
	}
	taken, waiting, err := tx.Places(session)
	if err != nil {
		return postroom.Booking{}, fmt.Errorf("count places of session %s: %w", session, err)
	}
	b := postroom.Booking{Session: session, Contact: contact, Submission: submission, Party: party, State: postroom.BookingConfirmed, QueuedAt: at}
	if waiting == 0 && fits(s, taken, party) {
		return tx.AddBooking(b)
	}
	return e.queue(tx, s, b)
}

// queue puts a booking at the end of the queue. The transaction decides the
// order, not the moment the entry arrived: a letter that was long on its way
// does not pass people who have been told that they are next.
func (e *Events) queue(tx *store.Tx, s postroom.Session, b postroom.Booking) (postroom.Booking, error) {
	ahead, err := tx.Waiting(s.ID)
	if err != nil {
		return b, fmt.Errorf("list who waits for session %s: %w", s.ID, err)
	}
	if len(ahead) > 0 {
		if last := ahead[len(ahead)-1].QueuedAt; !b.QueuedAt.After(last) {
			b.QueuedAt = last.Add(time.Microsecond)
		}
	}
	b.State = postroom.BookingWaiting
	if b, err = tx.AddBooking(b); err != nil {
		return b, err
	}
	if err := e.promote(tx, s, b.QueuedAt); err != nil {
		return b, err
	}
	now, _, err := tx.ActiveBooking(s.ID, b.Contact)
	return now, err
}

// Cancel ends a booking and gives what it frees to those who wait, in the same
// transaction. It returns Gone if the booking has ended already. The
// submission that made it is settled with it, so that the person may book
// again in the same words.
func (e *Events) Cancel(tx *store.Tx, b postroom.Booking, at time.Time) error {
	s, err := tx.LockSession(b.Session)
	if err != nil {
		return err
	}
	if _, err := e.end(tx, b); err != nil {
		return err
	}
	if err := tx.MarkAnswered(b.Submission, at); err != nil {
		return fmt.Errorf("settle submission %s: %w", b.Submission, err)
	}
	if err := e.Runs.End(tx, b.Submission, "cancelled", at); err != nil { // else summaries count what will not happen
		return fmt.Errorf("end what was promised for booking %s: %w", b.ID, err)
	}
	if err := e.fire(tx, b, postroom.OnCancelled, at); err != nil {
		return err
	}
	return e.promote(tx, s, at)
}

// Void takes the place back, or the turn, of a submission that nobody was behind,
// and gives what it frees to those who wait, in the same transaction. Unlike Cancel
// it tells whoever sent it nothing. It returns what the booking was, "" where the
// submission has none that stands.
func (e *Events) Void(tx *store.Tx, submission string, at time.Time) (was postroom.BookingState, err error) {
	b, booked, err := tx.BookingOf(submission)
	if err != nil || !booked {
		return "", err
	}
	s, err := tx.LockSession(b.Session)
	if err != nil {
		return "", err
	}
	was, err = e.end(tx, b)
	if err != nil && postroom.KindOf(err) == postroom.Gone {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return was, e.promote(tx, s, at)
}

// Unvoid gives a submission back what Void took: its place, as long as there is
// room and nobody waits; else it waits, in the turn that it had. Where its contact
// has booked anew since, that booking stands.
func (e *Events) Unvoid(tx *store.Tx, submission string, was postroom.BookingState) error {
	b, booked, err := tx.BookingOf(submission)
	if err != nil || !booked {
		return err
	}
	s, err := tx.LockSession(b.Session)
	if err != nil {
		return err
	}
	if _, has, err := tx.ActiveBooking(b.Session, b.Contact); err != nil || has {
		return err
	}
	taken, waiting, err := tx.Places(s.ID)
	if err != nil {
		return fmt.Errorf("count places of session %s: %w", s.ID, err)
	}
	if was != postroom.BookingConfirmed || waiting > 0 || !fits(s, taken, b.Party) {
		was = postroom.BookingWaiting
	}
	if _, err := tx.MoveBooking(b.ID, postroom.BookingCancelled, was); err != nil {
		return fmt.Errorf("give booking %s back: %w", b.ID, err)
	}
	return nil
}

// Vacate removes what holds a place in a session, as if it had never been there,
// and gives what it frees to those who wait, in the same transaction.
func (e *Events) Vacate(tx *store.Tx, session string, remove func() error, at time.Time) error {
	s, err := tx.LockSession(session)
	if err != nil {
		return err
	}
	if err := remove(); err != nil {
		return err
	}
	return e.promote(tx, s, at)
}

// Resize changes for how many people a booking is, and says whether there is
// room: nobody with a place takes more while others wait. What becomes free goes
// to those who wait, in the same transaction. A booking that has ended is not
// changed.
func (e *Events) Resize(tx *store.Tx, b postroom.Booking, party int, at time.Time) (bool, error) {
	s, err := tx.LockSession(b.Session)
	if err != nil {
		return false, err
	}
	b, active, err := tx.ActiveBooking(b.Session, b.Contact)
	if err != nil || !active || !fits(s, 0, party) {
		return false, err
	}
	taken, waiting, err := tx.Places(s.ID)
	if err != nil {
		return false, fmt.Errorf("count places of session %s: %w", s.ID, err)
	}
	more := party > b.Party && b.State != postroom.BookingWaiting
	if more && (waiting > 0 || !fits(s, taken-b.Party, party)) {
		return false, nil
	}
	changed, err := tx.ResizeBooking(b.ID, b.State, party)
	if err != nil || !changed {
		return false, err
	}
	return true, e.promote(tx, s, at)
}

// Take gives somebody the place that was held for them, and says whether it
// still was.
func (e *Events) Take(tx *store.Tx, b postroom.Booking, at time.Time) (bool, error) {
	if _, err := tx.LockSession(b.Session); err != nil {
		return false, err
	}
	moved, err := tx.MoveBooking(b.ID, postroom.BookingHeld, postroom.BookingConfirmed)
	if err != nil || !moved {
		return false, err
	}
	return true, e.fire(tx, b, postroom.OnBooked, at)
}

// end moves a booking to cancelled from whichever state it is in now, and returns
// that; b may have been read before the session was locked.
func (e *Events) end(tx *store.Tx, b postroom.Booking) (was postroom.BookingState, err error) {
	for _, from := range []postroom.BookingState{postroom.BookingConfirmed, postroom.BookingWaiting, postroom.BookingHeld} {
		moved, err := tx.MoveBooking(b.ID, from, postroom.BookingCancelled)
		if err != nil {
			return "", fmt.Errorf("cancel booking %s: %w", b.ID, err)
		}
		if moved {
			return from, nil
		}
	}
	return "", &postroom.Error{Kind: postroom.Gone, Say: postroom.Say("booking.ended"), Cause: fmt.Errorf("cancel booking %s: it has ended", b.ID)}
}

// promote gives free places to those who wait, strictly first come first
// served: a party that does not fit yet keeps everybody behind it waiting, so
// that small parties cannot pass a large one for ever. Only a party larger
// than the whole session is passed, because its turn never comes. The caller
// has locked the session.
func (e *Events) promote(tx *store.Tx, s postroom.Session, at time.Time) error {
	if over(s, at) {
		return nil
	}
	taken, waiting, err := tx.Places(s.ID)
	if err != nil || waiting == 0 {
		return err
	}
	queue, err := tx.Waiting(s.ID)
	if err != nil {
		return fmt.Errorf("list who waits for session %s: %w", s.ID, err)
	}
	for _, b := range queue {
		if !fits(s, 0, b.Party) {
			continue
		}
		if !fits(s, taken, b.Party) {
			return nil
		}
		if _, err := tx.MoveBooking(b.ID, postroom.BookingWaiting, postroom.BookingConfirmed); err != nil {
			return fmt.Errorf("promote booking %s: %w", b.ID, err)
		}
		taken += b.Party
		if err := e.fire(tx, b, postroom.OnBooked, at); err != nil {
			return err
		}
	}
	return nil
}

func (e *Events) fire(tx *store.Tx, b postroom.Booking, t postroom.Trigger, at time.Time) error {
	run, begun, err := tx.RunOf(b.Submission)
	if err != nil || !begun {
		return err // a booking without a run promises nothing
	}
	return e.Runs.Fire(tx, run, t, at)
}

func over(s postroom.Session, at time.Time) bool { return !s.EndsAt.IsZero() && !at.Before(s.EndsAt) }

func fits(s postroom.Session, taken, party int) bool {
	return s.Capacity == nil || taken+party <= *s.Capacity
}
