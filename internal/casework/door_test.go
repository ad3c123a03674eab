package casework_test

import (
	"net/url"
	"slices"
	"sync"
	"testing"

	"postroom/internal/casework"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testkit"
)

// placed is a room in which somebody has a place, and the booking.
func placed(t *testing.T, options ...testkit.Option) (*testkit.Room, postroom.Booking) {
	t.Helper()
	room := testkit.New(t, options...)
	room.Submit(t, "register", url.Values{"session": {"main"}, "places": {"2"}, "name": {"Olena"}, "email": {person}, "attending_as": {"visitor"}})
	room.Work(t)
	read := room.Store.Read(t.Context())
	subs, err := read.Submissions(2)
	if err != nil || len(subs) != 1 {
		t.Fatal(subs, err)
	}
	b, found, err := read.BookingOf(subs[0].ID)
	if err != nil || !found {
		t.Fatal(found, err)
	}
	return room, b
}

func TestWhoCameIsTickedOnceHoweverManyGreet(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room, b := placed(t, engine)
		room.Hire(t, "greeter-1", postroom.Grant{Role: postroom.Greeter})
		greeter, _ := room.Team.Named("greeter-1")
		var all sync.WaitGroup
		errs := make([]error, 6)
		for i := range errs {
			all.Go(func() { errs[i] = room.Casework.Came(t.Context(), greeter, b.ID) })
		}
		all.Wait()
		if slices.ContainsFunc(errs, func(err error) bool { return err != nil }) {
			t.Errorf("ticking failed: %v", errs)
		}
		deeds, err := room.Store.Read(t.Context()).Deeds(postroom.AboutSubmission, b.Submission)
		if err != nil || len(deeds) != 1 || deeds[0].Act != "came" {
			t.Errorf("the deeds are %+v, %v", deeds, err)
		}
		for range 2 {
			if err := room.Casework.NotHere(t.Context(), greeter, b.ID); err != nil {
				t.Error(err)
			}
		}
		if now, err := room.Store.Read(t.Context()).Booking(b.ID); err != nil || now.State != postroom.BookingConfirmed {
			t.Errorf("the booking is %s, %v", now.State, err)
		}
	})
}

func TestACoordinatorUndoesWhatWasTickedAtTheDoor(t *testing.T) {
	t.Parallel()
	room, b := placed(t)
	events, _ := room.Team.Named("events")
	if err := room.Casework.Came(t.Context(), events, b.ID); err != nil {
		t.Fatal(err)
	}
	deeds, err := room.Store.Read(t.Context()).Deeds(postroom.AboutSubmission, b.Submission)
	if err != nil || len(deeds) != 1 {
		t.Fatal(deeds, err)
	}
	if err := room.Casework.Undo(t.Context(), events, deeds[0].ID); err != nil {
		t.Fatal(err)
	}
	if now, err := room.Store.Read(t.Context()).Booking(b.ID); err != nil || now.State != postroom.BookingConfirmed {
		t.Errorf("the booking is %s, %v", now.State, err)
	}
}

func TestAPlaceThatWasGivenBackIsNotTicked(t *testing.T) {
	t.Parallel()
	room, b := placed(t)
	events, _ := room.Team.Named("events")
	fails(t, room.Casework.Came(t.Context(), postroom.Colleague{Name: "nobody"}, b.ID), postroom.Forbidden, "desk.not_yours")
	viewer := postroom.Colleague{Name: "viewer", Grants: []postroom.Grant{{Role: postroom.Viewer}}}
	fails(t, room.Casework.Came(t.Context(), viewer, b.ID), postroom.Forbidden, "desk.not_yours")
	if err := room.Store.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.MoveBooking(b.ID, postroom.BookingConfirmed, postroom.BookingCancelled)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	fails(t, room.Casework.Came(t.Context(), events, b.ID), postroom.Gone, "desk.door.over")
}

func TestSightIsWhatMayAllows(t *testing.T) {
	t.Parallel()
	d := open(t)
	check := func(when string) {
		t.Helper()
		for _, c := range append(d.Team.All(), casework.Root(), postroom.Colleague{Name: "viewer", Grants: []postroom.Grant{{Role: postroom.Viewer}}}) {
			may, err := d.Casework.May(t.Context(), c, d.ref)
			if err != nil {
				t.Fatal(err)
			}
			seen, err := d.Casework.SeeSubmissions(t.Context(), c, []string{d.sub.ID})
			if err != nil || (seen[d.sub.ID].Sight == casework.Clear) != may {
				t.Errorf("%s: %s may: %v, and sees %+v, %v", when, c.Name, may, seen[d.sub.ID], err)
			}
			who, err := d.Casework.SeeContacts(t.Context(), c, []string{d.sub.Contact})
			if err != nil || who[d.sub.Contact].Sight != seen[d.sub.ID].Sight {
				t.Errorf("%s: %s sees the person as %+v, %v", when, c.Name, who, err)
			}
		}
	}
	check("as it came")
	if _, err := d.Casework.Pass(t.Context(), d.who(t, "office"), d.ref, "events"); err != nil {
		t.Fatal(err)
	}
	check("passed on")
	if _, err := d.Casework.Worry(t.Context(), d.who(t, "office"), d.ref, ""); err != nil {
		t.Fatal(err)
	}
	check("held")
}

// TestWhatIsSpamTakesNoPlace: the place goes to who waits, whoever sent it hears
// nothing, and undoing gives it back as far as there is room.
func TestWhatIsSpamTakesNoPlace(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room, b := placed(t, engine)
		before := len(room.Letters(t, person))
		boss, _ := room.Team.Named("events")
		deed, err := room.Casework.Spam(t.Context(), boss, casework.Ref{Matter: postroom.AboutSubmission, ID: b.Submission})
		must(t, deed, err)
		room.Work(t)
		read := room.Store.Read(t.Context())
		if now, err := read.Booking(b.ID); err != nil || now.State != postroom.BookingCancelled {
			t.Errorf("the booking is %s, %v", now.State, err)
		}
		if taken, _, err := read.Places(b.Session); err != nil || taken != 0 {
			t.Errorf("%d places are taken, %v", taken, err)
		}
		for range 2 {
			if err := room.Casework.Undo(t.Context(), boss, deed.ID); err != nil {
				t.Fatal(err)
			}
		}
		room.Work(t)
		if now, err := read.Booking(b.ID); err != nil || now.State != postroom.BookingConfirmed {
			t.Errorf("after undoing it is %s, %v", now.State, err)
		}
		if n := len(room.Letters(t, person)) - before; n != 0 {
			t.Errorf("the sender got %d letters of it", n)
		}
	})
}
