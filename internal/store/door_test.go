package store

import (
	"testing"
	"time"

	"postroom/internal/postroom"
)

func TestTheDoorKnowsNamesAndHowMany(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		session := sessionWith(t, s, 10)
		ann, bob, cat := filed(t, s, "ann"), filed(t, s, "bob"), filed(t, s, "cat")
		var first postroom.Booking
		write(t, s, func(tx *Tx) (err error) {
			if first, err = book(tx, session, ann, 3); err != nil {
				return err
			}
			if _, err = book(tx, session, bob, 4); err != nil {
				return err
			}
			_, err = book(tx, session, cat, 9) // she waits
			return err
		})
		read := s.Read(t.Context())
		dates := got(read.DoorDates(monday, monday.Add(time.Hour)))(t)
		if len(dates) != 1 || dates[0].Expected != 7 || dates[0].Here != 0 || dates[0].Programme != "network" || dates[0].EventName != "party" {
			t.Fatalf("dates are %+v", dates)
		}
		if later := got(read.DoorDates(monday.Add(time.Second), monday.Add(time.Hour)))(t); len(later) != 0 {
			t.Errorf("later dates are %+v", later)
		}
		guests := got(read.Guests(session))(t)
		if len(guests) != 2 || guests[0].Name != "ann" || guests[0].Party != 3 || guests[0].Here || guests[1].Name != "bob" {
			t.Errorf("guests are %+v", guests)
		}
		if before := got(read.CameBefore(ann.Contact, "network", ""))(t); before {
			t.Error("ann came before she came")
		}
		write(t, s, func(tx *Tx) error {
			_, err := tx.MoveBooking(first.ID, postroom.BookingConfirmed, postroom.BookingAttended)
			return err
		})
		if date := got(read.DoorDate(session))(t); date.Expected != 7 || date.Here != 3 {
			t.Errorf("the date is %+v", date)
		}
		if b := got(read.Booking(first.ID))(t); b.State != postroom.BookingAttended {
			t.Errorf("the booking is %+v", b)
		}
		for but, want := range map[string]bool{"": true, first.ID: false} {
			if before := got(read.CameBefore(ann.Contact, "network", but))(t); before != want {
				t.Errorf("but for %q ann came before: %v", but, before)
			}
		}
		if other := got(read.CameBefore(ann.Contact, "another", ""))(t); other {
			t.Error("what she came to counts for another programme")
		}
		_, err := read.DoorDate("nothing")
		wantKind(t, err, postroom.NotFound)
		if starts := got(read.StartsOf([]string{bob.ID, cat.ID, ann.ID}))(t); len(starts) != 2 || !starts[bob.ID].Equal(monday) {
			t.Errorf("what is booked begins %v", starts)
		}
	})
}

func TestFiguresCountByMonth(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		session := sessionWith(t, s, 10)
		ann, bob := filed(t, s, "ann"), filed(t, s, "bob")
		write(t, s, func(tx *Tx) error {
			if _, err := book(tx, session, bob, 4); err != nil {
				return err
			}
			b, err := book(tx, session, ann, 3)
			if err != nil {
				return err
			}
			_, err = tx.MoveBooking(b.ID, postroom.BookingConfirmed, postroom.BookingAttended)
			return err
		})
		read := s.Read(t.Context())
		bounds := []time.Time{monday.Add(-time.Hour), monday, monday.Add(time.Hour)}
		sent := got(read.SentFigures(bounds))(t)
		if len(sent) != 1 || sent[0].N != 2 || sent[0].Stretch != 1 || sent[0].Programme != ann.Programme || sent[0].Kind != ann.Kind || sent[0].Locale != ann.Locale {
			t.Errorf("what was sent: %+v", sent)
		}
		places := got(read.PlaceFigures(bounds))(t)
		if len(places) != 1 || places[0] != (Figure{Programme: "network", Stretch: 1, N: 7, Came: 3}) {
			t.Errorf("who had a place: %+v", places)
		}
		if none := got(read.SentFigures([]time.Time{monday.Add(time.Hour), monday.Add(2 * time.Hour)}))(t); len(none) != 0 {
			t.Errorf("an hour later: %+v", none)
		}
	})
}
