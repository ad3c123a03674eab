package intake_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"postroom/internal/intake"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

func TestAnEnquiryIsAcknowledgedAndChased(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		got := r.send(t, "k1", "ask", "name", "Ann Example", "email", "Ann@Example.ORG", "question", "When are you open?")
		if got.Repeated || got.Submission.Address != "ann@example.org" || got.Submission.Reference == "" {
			t.Errorf("receipt %+v", got)
		}
		r.heard(t, "ann@example.org", "we-have-your-message")
		r.accepted(t, got.Submission)
		r.accepted(t, got.Submission) // a job may be done twice
		r.heard(t, "ann@example.org", "we-have-your-message")
		r.heard(t, "office@hall.example", "notice")
		m := r.mails(t, "ann@example.org")[0]
		if m.About != got.Submission.ID || m.Form != "ask" || m.Contact == "" || m.Data["name"] != "" || m.Data["reference"] != got.Submission.Reference {
			t.Errorf("message %+v", m)
		}
		if want := "2026-11-25T09:30:00Z"; m.Data["reply_by"] != want {
			t.Errorf("reply by %s, want %s: two working days", m.Data["reply_by"], want)
		}
		office := r.mails(t, "office@hall.example")[0]
		if office.Data["name"] != "" || office.Data["reference"] != got.Submission.Reference || office.Contact != "" {
			t.Errorf("the coordinator's notice says more than it may: %+v", office)
		}
		if _, err := r.store.Read(t.Context()).JobOf(postroom.JobEnquiry, got.Submission.ID); err != nil {
			t.Error(err)
		}
		r.clock.advance(2*24*time.Hour + time.Minute)
		if n := r.perform(t); n != 1 {
			t.Errorf("%d steps done, want 1", n)
		}
		r.heard(t, "office@hall.example", "notice", "chase")
		r.heard(t, "ann@example.org", "we-have-your-message")
	})
}

func TestNobodyIsChasedForWhatWasAnswered(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		got := r.send(t, "k1", "ask", "name", "Ann", "email", "ann@example.org", "question", "When?")
		r.accepted(t, got.Submission)
		r.write(t, func(tx *store.Tx) error { return tx.MarkAnswered(got.Submission.ID, r.clock.Now()) })
		r.clock.advance(4 * 24 * time.Hour)
		r.perform(t)
		r.heard(t, "office@hall.example", "notice")
		run, _, err := r.store.Read(t.Context()).RunOf(got.Submission.ID)
		if err != nil {
			t.Fatal(err)
		}
		steps, err := r.store.Read(t.Context()).StepsOf(run.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range steps {
			if s.Name == "chase" && (s.State != postroom.StepSkipped || s.Reason != "unless answered") {
				t.Errorf("step %+v", s)
			}
		}
	})
}

func TestSendingTwiceIsSendingOnce(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		first := r.send(t, "k1", "supper", "session", "spring", "places", "2", "name", "Ann", "email", "ann@example.org", "photographs", "yes")
		before := r.rows(t)
		for key, again := range map[string]intake.Receipt{
			"k1": r.send(t, "k1", "supper", "session", "spring", "places", "2", "name", "Ann", "email", "ann@example.org", "photographs", "yes"),
			"k2": r.send(t, "k2", "supper", "session", "spring", "places", "2", "name", "  ann ", "email", "ANN@example.org", "photographs", "yes"),
		} {
			if !again.Repeated || again.Submission.ID != first.Submission.ID {
				t.Errorf("second receipt %+v", again)
			}
			if sees := again.Booking != nil; sees != (key == "k1") || again.Known(key) != (key == "k2") {
				t.Errorf("the key %s has the receipt %+v", key, again)
			}
		}
		if after := r.rows(t); after != before {
			t.Errorf("submissions, messages, jobs and steps went from %v to %v", before, after)
		}
		_, err := r.Accept(t.Context(), entry("k1", "supper", "session", "spring", "places", "3", "name", "Somebody", "email", "else@example.org"))
		if postroom.KindOf(err) != postroom.Invalid {
			t.Errorf("the key with other answers: %v, want invalid", err)
		}
		if after := r.rows(t); after != before {
			t.Errorf("the key with other answers made %v of %v", after, before)
		}
		_, err = r.Accept(t.Context(), entry("k1", "ask", "name", "Ann", "email", "ann@example.org", "question", "?"))
		if postroom.KindOf(err) != postroom.Conflict {
			t.Errorf("the key on another form: %v, want conflict", err)
		}
	})
}

func TestManyAtOnceAreStillOne(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		var wg sync.WaitGroup
		var mu sync.Mutex
		ids := map[string]int{}
		for i := range 20 {
			wg.Go(func() {
				key := fmt.Sprintf("k%d", i%2) // by key and by content
				got, err := r.Accept(context.Background(), entry(key, "supper", "session", "spring", "places", "1", "name", "Ann", "email", "ann@example.org"))
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				ids[got.Submission.ID]++
			})
		}
		wg.Wait()
		if len(ids) != 1 {
			t.Errorf("%d submissions, want 1", len(ids))
		}
		r.heard(t, "ann@example.org", "place-booked")
	})
}

func TestWhatCannotBeAcceptedIsRefusedByField(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		_, err := r.Accept(t.Context(), entry("k", "ask", "name", "Ann", "email", "not an address", "question", "?"))
		refused, ok := errors.AsType[*intake.Refused](err)
		if !ok || len(refused.Fields) != 1 || refused.Fields[0].Field != "email" || postroom.KindOf(err) != postroom.Invalid {
			t.Errorf("got %v", err)
		}
		if strings.Contains(err.Error(), "not an address") {
			t.Errorf("the error shows what was written: %v", err)
		}
		if _, err = r.Accept(t.Context(), entry("k", "nothing")); postroom.KindOf(err) != postroom.NotFound {
			t.Errorf("unknown form: %v", err)
		}
		_, err = r.Accept(t.Context(), entry("k", "supper", "session", "autumn", "name", "Ann", "email", "ann@example.org"))
		if postroom.KindOf(err) != postroom.Gone {
			t.Errorf("a date that is over: %v", err)
		}
		if n := r.rows(t); n != [4]int{} {
			t.Errorf("refused entries left %v", n)
		}
	})
}

func TestSomebodyWithoutEmailIsOwedACall(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		got := r.send(t, "k", "ask", "name", "Bo", "phone", "01908 123456", "question", "?")
		if got.Submission.Address != "" {
			t.Errorf("address %q", got.Submission.Address)
		}
		r.heard(t, "", "we-have-your-message") // no address: the outbox makes it a call
		contact, err := r.store.Read(t.Context()).Contact(got.Submission.Contact)
		if err != nil || contact.Reach != postroom.ReachPhone || contact.Phone != "+441908123456" {
			t.Errorf("contact %+v, %v", contact, err)
		}
	})
}

func TestJoiningPutsPeopleOnTheForumOfTheirArea(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		got := r.send(t, "k", "join", "name", "Ann", "email", "ann@example.org", "organisation", "Yoga in the Park", "area", "north", "needs", "a ramp")
		if got.Submission.Organisation == "" || got.Submission.Area != "north" {
			t.Errorf("submission %+v", got.Submission)
		}
		r.heard(t, "ann@example.org")
		for range 3 {
			r.accepted(t, got.Submission)
		}
		r.heard(t, "ann@example.org", "welcome")
		r.heard(t, "office@hall.example", "notice")
		members, err := r.store.Read(t.Context()).ForumMembers("forum-north")
		if err != nil || len(members) != 1 || members[0] != got.Submission.Contact {
			t.Errorf("forum members %v, %v", members, err)
		}
		for key, value := range r.mails(t, "ann@example.org")[0].Data {
			if strings.Contains(value, "ramp") {
				t.Errorf("a special-category answer is in the mail's data as %s", key)
			}
		}
	})
}

func TestASuspectIsHeldAndSeen(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		e := entry("k", "supper", "session", "spring", "places", "1", "name", "Ann", "email", "ann@example.org")
		e.Suspect = true
		got, err := r.Accept(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		if got.Submission.State != postroom.SubmissionHeld || got.Booking == nil || got.Booking.State != postroom.BookingConfirmed {
			t.Errorf("receipt %+v", got)
		}
		reason, err := r.store.Read(t.Context()).Held(got.Submission.ID)
		if err != nil || reason == "" {
			t.Errorf("held because of %q, %v", reason, err)
		}
		r.heard(t, "ann@example.org", "place-booked") // owed; the gate keeps it back
		r.heard(t, "office@hall.example")             // not one each, but together, and soon
		jobs := r.jobs(t, postroom.JobSuspects)
		if len(jobs) != 1 || jobs[0].DueAt.Sub(got.Submission.ReceivedAt) > 2*time.Hour {
			t.Errorf("the coordinators hear by %v", jobs)
		}
	})
}

func TestConsentKeepsNoWordsThatWereNotShown(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		e := entry("k", "supper", "session", "spring", "name", "Ann", "email", "ann@example.org", "photographs", "yes")
		e.FormVersion = "an older one"
		if _, err := r.Accept(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		r.heard(t, "ann@example.org", "place-booked")
	})
}

func TestNothingIsHalfDone(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		for _, c := range []struct {
			broken string
			entry  postroom.Entry
		}{
			{"we-have-your-message", entry("a", "ask", "name", "Ann", "email", "ann@example.org", "question", "?")},
			{"place-booked", entry("c", "supper", "session", "spring", "name", "Ann", "email", "ann@example.org", "photographs", "yes")},
		} {
			r.outbox.broken = c.broken
			if _, err := r.Accept(t.Context(), c.entry); err == nil {
				t.Errorf("%s failed and nobody heard", c.broken)
			}
			if n := r.rows(t); n != [4]int{} {
				t.Errorf("%s failed and left %v", c.broken, n)
			}
			session, taken := r.taken(t)
			if taken != 0 {
				t.Errorf("%s failed and left %d places taken in %s", c.broken, taken, session.Name)
			}
		}
	})
}

func (r *room) taken(t *testing.T) (postroom.Session, int) {
	t.Helper()
	read := r.store.Read(t.Context())
	sessions, err := read.Sessions("hall", "supper")
	if err != nil {
		t.Fatal(err)
	}
	spring := sessions[len(sessions)-1]
	taken, _, err := read.Places(spring.ID)
	if err != nil {
		t.Fatal(err)
	}
	return spring, taken
}

func TestTheSameQuestionIsHeardAgainAfterADay(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		ask := func(key string) intake.Receipt {
			return r.send(t, key, "ask", "name", "Ann", "email", "ann@example.org", "question", "When do you open?")
		}
		first := ask("a")
		r.clock.advance(23 * time.Hour)
		if again := ask("b"); !again.Repeated || again.Submission.ID != first.Submission.ID {
			t.Errorf("after 23 hours: %+v", again)
		}
		r.clock.advance(2 * time.Hour)
		second := ask("c")
		if second.Repeated || second.Submission.ID == first.Submission.ID {
			t.Errorf("after 25 hours: %+v", second)
		}
		if again := ask("d"); again.Submission.ID != second.Submission.ID {
			t.Errorf("the second is repeated by %+v", again)
		}
		if again := ask("a"); again.Submission.ID != first.Submission.ID {
			t.Errorf("the key of the first gives %+v", again)
		}
		r.heard(t, "ann@example.org", "we-have-your-message", "we-have-your-message")
	})
}
