package intake_test

import (
	"testing"
	"time"

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

func TestSomebodyElsesPlaceIsNotTakenAlong(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		mine := r.supper(t, "a", "ann", "1")
		theirs := r.supper(t, "b", "ann", "3")
		r.leave(t)
		err := r.Readdress(t.Context(), theirs.Submission.ID, "stranger@example.org")
		if postroom.KindOf(err) != postroom.Gone {
			t.Errorf("the place was offered to the stranger: %v", err)
		}
		r.heard(t, "stranger@example.org")
		if c := r.contactOf(t, theirs.Submission.ID); c.ID != mine.Submission.Contact || c.Address != "ann@example.org" {
			t.Errorf("contact %+v", c)
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
