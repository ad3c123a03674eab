package intake_test

import (
	"testing"
	"time"

	"postroom/internal/intake"
	"postroom/internal/postroom"
)

func (r *room) contactOf(t *testing.T, submission string) postroom.Contact {
	t.Helper()
	read := r.store.Read(t.Context())
	sub, err := read.Submission(submission)
	if err != nil {
		t.Fatal(err)
	}
	c, err := read.Contact(sub.Contact)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Anybody can type the name and address of somebody we know and then correct
// the address: what we know of them must not follow.
func TestAStrangerCannotRedirectSomebodyWeKnow(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		mine := r.send(t, "a", "ask", "name", "Ann", "email", "ann@example.org", "phone", "01908 111111", "question", "When do you open?")
		r.leave(t)
		r.clock.advance(time.Hour)
		theirs := r.send(t, "b", "ask", "name", "ann", "email", "ann@example.org", "question", "Anything")
		r.leave(t)
		r.clock.advance(time.Minute)
		if err := r.Readdress(t.Context(), theirs.Submission.ID, "stranger@example.org"); err != nil {
			t.Fatal(err)
		}
		r.heard(t, "stranger@example.org", "we-have-your-message")
		if c := r.contactOf(t, theirs.Submission.ID); c.ID == mine.Submission.Contact || c.Address != "stranger@example.org" || c.Phone != "" {
			t.Errorf("the corrected submission is of %+v", c)
		}
		if c := r.contactOf(t, mine.Submission.ID); c.ID != mine.Submission.Contact || c.Address != "ann@example.org" {
			t.Errorf("the contact we knew is %+v", c)
		}
	})
}

func TestACorrectionMovesAllThatTheSubmissionCausedAndNothingElse(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		mine := r.supper(t, "a", "ann", "1")
		later := r.send(t, "b", "ask", "name", "ann", "email", "ann@example.org", "question", "?")
		r.leave(t)
		if err := r.Readdress(t.Context(), mine.Submission.ID, "anne@example.org"); err != nil {
			t.Fatal(err)
		}
		read := r.store.Read(t.Context())
		anne := r.contactOf(t, mine.Submission.ID)
		booking, _, err := read.BookingOf(mine.Submission.ID)
		run, _, err2 := read.RunOf(mine.Submission.ID)
		if booking.Contact != anne.ID || run.Contact != anne.ID || err != nil || err2 != nil {
			t.Errorf("booking of %s, run of %s, want %s; %v, %v", booking.Contact, run.Contact, anne.ID, err, err2)
		}
		if c := r.contactOf(t, later.Submission.ID); c.ID != mine.Submission.Contact || c.Address != "ann@example.org" {
			t.Errorf("what came later is now of %+v", c)
		}
		r.heard(t, "anne@example.org", "place-booked")
		r.heard(t, "ann@example.org")
	})
}

// Whether a correction is taken must not tell who has a place, and what is
// sent then must not speak of that place.
func TestSomebodyElsesPlaceIsNeitherTakenAlongNorSpokenOf(t *testing.T) {
	for name, left := range map[string]bool{"its mail has left": true, "its mail has not left": false} {
		t.Run(name, func(t *testing.T) {
			stories(t, func(t *testing.T, r *room) {
				mine := r.supper(t, "a", "ann", "1")
				theirs := r.supper(t, "b", "ann", "3")
				if left {
					r.leave(t)
				}
				for range 2 {
					if err := r.Readdress(t.Context(), theirs.Submission.ID, "stranger@example.org"); err != nil {
						t.Fatal(err)
					}
				}
				r.heard(t, "stranger@example.org", "place-booked")
				if m := r.mails(t, "stranger@example.org")[0]; m.Data["party"] != "3" || m.Form != "supper" {
					t.Errorf("the stranger reads of another's place, or past the cool-down: %+v", m)
				}
				if c := r.contactOf(t, theirs.Submission.ID); c.ID == mine.Submission.Contact || c.Address != "stranger@example.org" {
					t.Errorf("the corrected submission is of %+v", c)
				}
				if c := r.contactOf(t, mine.Submission.ID); c.ID != mine.Submission.Contact || c.Address != "ann@example.org" {
					t.Errorf("the contact we knew is %+v", c)
				}
				if now, _, err := r.store.Read(t.Context()).BookingOf(mine.Submission.ID); err != nil || now != *mine.Booking {
					t.Errorf("her booking is now %+v, %v", now, err)
				}
				r.clock.now = time.Date(2027, 3, 11, 19, 0, 0, 0, time.UTC)
				r.perform(t)
				r.heard(t, "stranger@example.org", "place-booked", "event-reminder")
			})
		})
	}
}

func TestACorrectionTellsNobodyWhoHasAPlaceAtTheRightAddress(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		r.supper(t, "a", "ann", "1")
		typo := r.send(t, "b", "supper", "session", "spring", "places", "1", "name", "ann", "email", "anm@example.org")
		r.send(t, "c", "ask", "name", "ann", "email", "anm@example.org", "question", "?") // so the contact is not the submission's own
		if err := r.Readdress(t.Context(), typo.Submission.ID, "ann@example.org"); err != nil {
			t.Fatal(err)
		}
		r.heard(t, "ann@example.org", "place-booked", "place-booked")
	})
}

// Whoever gave somebody's address and then their own must not go on being
// taken for that person.
func TestAnAddressThatProvedWrongIsNobodysWay(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		typo := r.send(t, "a", "ask", "name", "Ann", "email", "stranger@example.org", "question", "?")
		if err := r.Readdress(t.Context(), typo.Submission.ID, "ann@example.org"); err != nil {
			t.Fatal(err)
		}
		booked := r.supper(t, "b", "ann", "2")
		later := r.send(t, "c", "supper", "session", "spring", "places", "1", "name", "Ann", "email", "stranger@example.org")
		if later.Submission.Contact == booked.Submission.Contact {
			t.Error("the stranger is taken for Ann")
		}
		if m := r.mails(t, "stranger@example.org"); len(m) != 1 || m[0].Data["party"] != "1" {
			t.Errorf("the stranger is owed %+v", m)
		}
	})
}

func TestAStrangerCannotEndASignUpThatWaits(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		for i, strangerFirst := range []bool{false, true} {
			name := []string{"ann", "bo"}[i]
			hers := func() intake.Receipt { return r.news(t, name, name) }
			theirs := func() intake.Receipt {
				return r.send(t, name+" stranger", "news", "name", "X", "email", name+"@example.org")
			}
			var mine, strange intake.Receipt
			if strangerFirst {
				strange, mine = theirs(), hers()
			} else {
				mine, strange = hers(), theirs()
			}
			r.leave(t)
			if err := r.Readdress(t.Context(), strange.Submission.ID, "stranger"+name+"@example.org"); err != nil {
				t.Fatal(err)
			}
			r.heard(t, "stranger"+name+"@example.org", "please-confirm")
			m := r.mails(t, "stranger"+name+"@example.org")[0]
			if s := r.subscription(t, m.About); s.Address != "stranger"+name+"@example.org" || s.Submission != strange.Submission.ID {
				t.Errorf("the mail to the stranger is about %+v", s)
			}
			if s := r.subscription(t, mine.Subscription.ID); s.State != postroom.Pending || s.Submission != mine.Submission.ID || s.Address != name+"@example.org" {
				t.Errorf("stranger first %v: her subscription is %+v", strangerFirst, s)
			}
			if err := r.lists.Confirm(t.Context(), mine.Subscription.ID); err != nil {
				t.Errorf("stranger first %v: she cannot confirm: %v", strangerFirst, err)
			}
		}
	})
}

func TestWhoIsOnTheListIsNotSpokenOfToAStranger(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		mine := r.news(t, "a", "ann")
		if err := r.lists.Confirm(t.Context(), mine.Subscription.ID); err != nil {
			t.Fatal(err)
		}
		r.leave(t)
		theirs := r.news(t, "b", "ann")
		for _, address := range []string{"stranger@example.org", "strange@example.org"} {
			if err := r.Readdress(t.Context(), theirs.Submission.ID, address); err != nil {
				t.Fatal(err)
			}
			r.heard(t, address, "please-confirm")
			m := r.mails(t, address)[0]
			if s := r.subscription(t, m.About); s.Address != address || s.State != postroom.Pending {
				t.Errorf("the mail to %s is about %+v", address, s)
			}
			r.leave(t)
			r.clock.advance(time.Minute)
		}
		if s := r.subscription(t, mine.Subscription.ID); s.State != postroom.Confirmed || s.Address != "ann@example.org" || s.Contact != mine.Submission.Contact {
			t.Errorf("her subscription is now %+v", s)
		}
	})
}
