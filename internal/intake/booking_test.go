package intake_test

import (
	"slices"
	"testing"
	"time"

	"postroom/internal/intake"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

func (r *room) supper(t *testing.T, key, name, places string) intake.Receipt {
	t.Helper()
	return r.send(t, key, "supper", "session", "spring", "places", places, "name", name, "email", name+"@example.org")
}

func (r *room) cancel(t *testing.T, b *postroom.Booking) {
	t.Helper()
	r.write(t, func(tx *store.Tx) error { return r.events.Cancel(tx, *b, r.clock.Now()) })
}

func TestThoseWhoWaitMoveUpInOrder(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		ann, bo := r.supper(t, "a", "ann", "3"), r.supper(t, "b", "bo", "2")
		cy := r.supper(t, "c", "cy", "1") // would fit, but somebody waits
		if ann.Booking.State != postroom.BookingConfirmed || bo.Booking.State != postroom.BookingWaiting || cy.Booking.State != postroom.BookingWaiting {
			t.Fatalf("ann %s, bo %s, cy %s", ann.Booking.State, bo.Booking.State, cy.Booking.State)
		}
		r.heard(t, "bo@example.org", "waiting-list")
		r.clock.advance(time.Hour)
		r.cancel(t, ann.Booking)
		r.heard(t, "ann@example.org", "place-booked", "place-cancelled")
		r.heard(t, "bo@example.org", "waiting-list", "place-booked")
		r.heard(t, "cy@example.org", "waiting-list", "place-booked")
		if m := r.mails(t, "bo@example.org")[1]; m.Form != "" || m.Data["party"] != "2" || m.Data["starts"] != "2027-03-13T18:00:00Z" {
			t.Errorf("the promotion counts as a form, or has other data: %+v", m)
		}
		r.clock.now = time.Date(2027, 3, 11, 19, 0, 0, 0, time.UTC)
		r.perform(t)
		r.heard(t, "ann@example.org", "place-booked", "place-cancelled")
		r.heard(t, "cy@example.org", "waiting-list", "place-booked", "event-reminder")
	})
}

func TestAPartyLargerThanTheHallStopsNobody(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		coach, ann := r.supper(t, "a", "coach", "9"), r.supper(t, "b", "ann", "4")
		if coach.Booking.State != postroom.BookingWaiting || ann.Booking.State != postroom.BookingConfirmed {
			t.Errorf("coach %s, ann %s", coach.Booking.State, ann.Booking.State)
		}
		r.heard(t, "ann@example.org", "place-booked")
	})
}

func TestNobodyGetsTwoPlaces(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		first := r.supper(t, "a", "ann", "2")
		again := r.supper(t, "b", "ann", "4")
		if again.Repeated || again.Submission.ID == first.Submission.ID {
			t.Errorf("other answers are another submission: %+v", again)
		}
		if again.Booking != nil {
			t.Errorf("whoever types her name and address sees her booking: %+v", again.Booking)
		}
		if now, _, err := r.store.Read(t.Context()).BookingOf(first.Submission.ID); err != nil || now.Party != 2 {
			t.Errorf("booking %+v, %v, want the first", now, err)
		}
		r.heard(t, "ann@example.org", "place-booked", "place-booked") // the second says what stands
		if m := r.mails(t, "ann@example.org")[1]; m.Data["party"] != "2" {
			t.Errorf("the second mail speaks of a party of %s", m.Data["party"])
		}
		r.heard(t, "office@hall.example", "notice") // a person looks at the new answers
		r.accepted(t, again.Submission)
		r.clock.now = time.Date(2027, 3, 11, 19, 0, 0, 0, time.UTC)
		r.perform(t)
		r.heard(t, "ann@example.org", "place-booked", "place-booked", "event-reminder")
	})
}

func TestWhoCancelledMayBookAgainInTheSameWords(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		first := r.supper(t, "a", "ann", "2")
		r.cancel(t, first.Booking)
		err := r.store.Write(t.Context(), func(tx *store.Tx) error { return r.events.Cancel(tx, *first.Booking, r.clock.Now()) })
		if postroom.KindOf(err) != postroom.Gone {
			t.Errorf("cancelling twice: %v, want gone", err)
		}
		again := r.supper(t, "b", "ann", "2")
		if again.Repeated || again.Booking == nil || again.Booking.State != postroom.BookingConfirmed || again.Booking.ID == first.Booking.ID {
			t.Errorf("second booking %+v", again)
		}
	})
}

func TestABookingWithoutADateIsOnFile(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		got := r.send(t, "a", "supper", "name", "Ann", "email", "ann@example.org")
		if got.Booking != nil || got.Submission.ID == "" {
			t.Errorf("receipt %+v", got)
		}
		r.heard(t, "ann@example.org")
	})
}

// move changes the date of the spring supper in the programme file.
func (r *room) move(t *testing.T, starts time.Time) {
	t.Helper()
	for _, p := range r.Programmes.Programmes() {
		for _, e := range p.Events {
			for i := range e.Sessions {
				if e.Sessions[i].Name == "spring" {
					e.Sessions[i].StartsAt, e.Sessions[i].EndsAt = starts, starts.Add(3*time.Hour)
				}
			}
		}
	}
	if err := r.events.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// planned is when what a submission's run has planned is due.
func (r *room) planned(t *testing.T, sub postroom.Submission) (due []time.Time) {
	t.Helper()
	read := r.store.Read(t.Context())
	run, _, err := read.RunOf(sub.ID)
	if err != nil {
		t.Fatal(err)
	}
	steps, err := read.StepsOf(run.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range steps {
		if s.State == postroom.StepPlanned {
			due = append(due, s.DueAt)
		}
	}
	return due
}

func TestWhatWasPromisedForADateMovesWithIt(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		ann, bo := r.supper(t, "a", "ann", "2"), r.supper(t, "b", "bo", "2")
		r.cancel(t, bo.Booking)
		cy := r.supper(t, "c", "cy", "4") // waits
		old := ann.Booking
		spring := time.Date(2027, 3, 13, 18, 0, 0, 0, time.UTC)
		for _, at := range []time.Time{spring.Add(time.Hour), spring.AddDate(0, 0, 7), spring, spring.AddDate(0, 0, 14)} { // also back again
			r.move(t, at)
			if due, want := r.planned(t, ann.Submission), []time.Time{at.AddDate(0, 0, -2)}; !slices.Equal(due, want) {
				t.Errorf("moved to %v, reminders are due at %v, want %v", at, due, want)
			}
		}
		r.clock.now = spring.AddDate(0, 0, -1)
		r.perform(t)
		r.heard(t, "ann@example.org", "place-booked") // the old date tells nobody anything
		r.clock.now = spring.AddDate(0, 0, 13)
		r.perform(t)
		r.heard(t, "ann@example.org", "place-booked", "event-reminder")
		r.move(t, spring.AddDate(0, 1, 14)) // after the reminder
		r.clock.now = spring.AddDate(0, 1, 13)
		r.perform(t)
		r.heard(t, "ann@example.org", "place-booked", "event-reminder", "event-reminder")
		r.heard(t, "bo@example.org", "place-booked", "place-cancelled")
		r.heard(t, "cy@example.org", "waiting-list")
		if now, _, err := r.store.Read(t.Context()).BookingOf(ann.Submission.ID); err != nil || now != *old || cy.Booking.State != postroom.BookingWaiting {
			t.Errorf("the move changed the booking to %+v, %v", now, err)
		}
	})
}

func TestNobodyIsRemindedOfWhatHasBeen(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		ann := r.supper(t, "a", "ann", "1")
		r.clock.now = time.Date(2027, 3, 14, 9, 0, 0, 0, time.UTC) // nobody looked since before the supper
		r.perform(t)
		r.heard(t, "ann@example.org", "place-booked")
		if due := r.planned(t, ann.Submission); len(due) != 0 {
			t.Errorf("still planned for %v", due)
		}
		r.move(t, time.Date(2027, 4, 13, 18, 0, 0, 0, time.UTC)) // it had not taken place
		r.clock.now = time.Date(2027, 4, 12, 9, 0, 0, 0, time.UTC)
		r.perform(t)
		r.heard(t, "ann@example.org", "place-booked", "event-reminder")
	})
}

func TestACancellationGoesWhereTheAnswersGo(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		got := r.supper(t, "a", "anm", "1")
		r.leave(t)
		if err := r.Readdress(t.Context(), got.Submission.ID, "ann@example.org"); err != nil {
			t.Fatal(err)
		}
		r.cancel(t, got.Booking)
		r.heard(t, "ann@example.org", "place-booked", "place-cancelled")
		r.heard(t, "anm@example.org")
	})
}
