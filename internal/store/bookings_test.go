package store

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"postroom/internal/postroom"
)

func sessionWith(t testing.TB, s *Store, capacity int) (id string) {
	t.Helper()
	write(t, s, func(tx *Tx) error {
		event, err := tx.PutEvent("network", "party", monday)
		if err != nil {
			return err
		}
		id, err = tx.PutSession(postroom.Session{Event: event, Name: "friday", StartsAt: monday, EndsAt: monday.Add(time.Hour), Venue: "Hall", Capacity: &capacity})
		return err
	})
	return id
}

// book does what a room does: lock, count, take the place or wait.
func book(tx *Tx, session string, sub postroom.Submission, party int) (postroom.Booking, error) {
	locked, err := tx.LockSession(session)
	if err != nil {
		return postroom.Booking{}, err
	}
	taken, waiting, err := tx.Places(session)
	if err != nil {
		return postroom.Booking{}, err
	}
	state := postroom.BookingConfirmed
	if waiting > 0 || taken+party > *locked.Capacity {
		state = postroom.BookingWaiting
	}
	return tx.AddBooking(postroom.Booking{Session: session, Contact: sub.Contact, Submission: sub.ID, Party: party, State: state, QueuedAt: monday})
}

func booked(t testing.TB, s *Store, session string, sub postroom.Submission, party int) (b postroom.Booking) {
	t.Helper()
	write(t, s, func(tx *Tx) (err error) {
		b, err = book(tx, session, sub, party)
		return err
	})
	return b
}

func TestAHundredPeopleNeverGetMoreThanThirtyPlaces(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		session, subs := sessionWith(t, s, 30), make([]postroom.Submission, 100)
		write(t, s, func(tx *Tx) (err error) {
			for i := range subs {
				if subs[i], err = submissionOf(tx, fmt.Sprint("person", i)); err != nil {
					return err
				}
			}
			return nil
		})
		noErrors(t, together(len(subs), func(i int) error {
			return s.Write(t.Context(), func(tx *Tx) error { _, err := book(tx, session, subs[i], 1); return err })
		}))
		taken, waiting, err := s.Read(t.Context()).Places(session)
		if err != nil || taken != 30 || waiting != 70 {
			t.Errorf("%d places are taken and %d wait, %v; want 30 and 70", taken, waiting, err)
		}
	})
}

func TestOnePersonHasOneActiveBookingInASession(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		session, sub := sessionWith(t, s, 30), filed(t, s, "ann")
		won := 0
		for _, err := range together(10, func(int) error {
			return s.Write(t.Context(), func(tx *Tx) error { _, err := book(tx, session, sub, 1); return err })
		}) {
			if err == nil {
				won++
				continue
			}
			wantKind(t, err, postroom.Conflict)
		}
		if won != 1 {
			t.Errorf("%d bookings for one person", won)
		}
		b, found, err := s.Read(t.Context()).ActiveBooking(session, sub.Contact)
		if err != nil || !found {
			t.Fatal(found, err)
		}
		write(t, s, func(tx *Tx) error { _, err := tx.MoveBooking(b.ID, b.State, postroom.BookingCancelled); return err })
		if again := booked(t, s, session, sub, 2); again.ID == b.ID || again.State != postroom.BookingConfirmed {
			t.Errorf("after cancelling, the new booking is %+v", again)
		}
	})
}

func TestABookingThatIsRefusedSpoilsNothingElse(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		session, sub := sessionWith(t, s, 30), filed(t, s, "ann")
		booked(t, s, session, sub, 1)
		write(t, s, func(tx *Tx) error {
			_, err := book(tx, session, sub, 1)
			wantKind(t, err, postroom.Conflict)
			return note(1)(tx)
		})
	})
}

func TestPlacesCountPartiesThatTakeARealPlace(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		session := sessionWith(t, s, 5)
		for i, c := range []struct {
			party          int
			then           postroom.BookingState
			taken, waiting int
		}{
			{3, postroom.BookingConfirmed, 3, 0},
			{3, postroom.BookingWaiting, 3, 1}, // does not fit
			{1, postroom.BookingWaiting, 3, 2}, // would fit, but somebody waits
			{2, postroom.BookingCancelled, 3, 2},
			{1, postroom.BookingAttended, 4, 2},
		} {
			b := booked(t, s, session, filed(t, s, fmt.Sprint("person", i)), c.party)
			write(t, s, func(tx *Tx) error { _, err := tx.MoveBooking(b.ID, b.State, c.then); return err })
			taken, waiting, err := s.Read(t.Context()).Places(session)
			if err != nil || taken != c.taken || waiting != c.waiting {
				t.Errorf("after party %d: %d taken, %d waiting, %v; want %d and %d", i, taken, waiting, err, c.taken, c.waiting)
			}
		}
		if taken, waiting, err := s.Read(t.Context()).Places("nowhere"); taken+waiting != 0 || err != nil {
			t.Errorf("an unknown session has %d and %d, %v", taken, waiting, err)
		}
	})
}

func TestABookingMovesOnceFromTheStateExpected(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		b := booked(t, s, sessionWith(t, s, 5), filed(t, s, "ann"), 1)
		moved := make([]bool, 10)
		noErrors(t, together(len(moved), func(i int) error {
			to := []postroom.BookingState{postroom.BookingCancelled, postroom.BookingAttended}[i%2]
			return s.Write(t.Context(), func(tx *Tx) (err error) {
				moved[i], err = tx.MoveBooking(b.ID, postroom.BookingConfirmed, to)
				return err
			})
		}))
		n := 0
		for _, m := range moved {
			if m {
				n++
			}
		}
		if n != 1 {
			t.Errorf("one booking moved %d times", n)
		}
	})
}

func TestThoseWhoWaitStandInTheOrderTheyCame(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		session := sessionWith(t, s, 0)
		for _, after := range []int{2, 0, 1} {
			sub := filed(t, s, fmt.Sprint(after))
			write(t, s, func(tx *Tx) error {
				_, err := tx.AddBooking(postroom.Booking{Session: session, Contact: sub.Contact, Submission: sub.ID, Party: after + 1,
					State: postroom.BookingWaiting, QueuedAt: monday.Add(time.Duration(after) * time.Minute)})
				return err
			})
		}
		for i, b := range got(s.Read(t.Context()).Waiting(session))(t) {
			if b.Party != i+1 {
				t.Errorf("place %d in the queue has %+v", i, b)
			}
		}
	})
}

func TestASessionIsKeptAsTheProgrammeSays(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		id := sessionWith(t, s, 5)
		if again := sessionWith(t, s, 7); again != id {
			t.Errorf("the same session has ids %s and %s", id, again)
		}
		list := got(s.Read(t.Context()).Sessions("network", "party"))(t)
		if len(list) != 1 || *list[0].Capacity != 7 || list[0].Venue != "Hall" || !list[0].EndsAt.Equal(monday.Add(time.Hour)) {
			t.Errorf("sessions %+v", list)
		}
		write(t, s, func(tx *Tx) error {
			session := list[0]
			session.Capacity = nil // no limit
			_, err := tx.PutSession(session)
			return err
		})
		if session := got(s.Read(t.Context()).Session(id))(t); session.Capacity != nil {
			t.Errorf("no limit became %d", *session.Capacity)
		}
		err := s.Write(t.Context(), func(tx *Tx) error { _, err := tx.LockSession("nowhere"); return err })
		wantKind(t, err, postroom.NotFound)
		_, err = s.Read(t.Context()).Session("nowhere")
		wantKind(t, err, postroom.NotFound)
	})
}

func TestTheBookingOfASubmissionIsFound(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		sub := filed(t, s, "ann")
		b := booked(t, s, sessionWith(t, s, 1), sub, 1)
		of, found, err := s.Read(t.Context()).BookingOf(sub.ID)
		if err != nil || !found || of != b {
			t.Errorf("found %+v, %v, %v; want %+v", of, found, err, b)
		}
		_, none, err := s.Read(t.Context()).BookingOf("nobody")
		_, noneActive, errActive := s.Read(t.Context()).ActiveBooking(b.Session, "nobody")
		if none || noneActive || errors.Join(err, errActive) != nil {
			t.Error(none, noneActive, err, errActive)
		}
	})
}
