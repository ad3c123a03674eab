package intake_test

import (
	"errors"
	"testing"
	"time"

	"postroom/internal/intake"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

func (r *room) sub(t *testing.T, id string) postroom.Submission {
	t.Helper()
	sub, err := r.store.Read(t.Context()).Submission(id)
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

func TestAnswersAreChangedByTheFormsOwnCheck(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		sub := r.send(t, "a", "ask", "name", "Ann", "email", "ann@example.org", "question", "When?").Submission
		r.accepted(t, sub)
		r.leave(t)
		e := entry("", "ask", "name", "Anne", "question", "Where?", "email", "stranger@example.org")
		for range 2 {
			if err := r.Amend(t.Context(), sub.ID, e); err != nil {
				t.Fatal(err)
			}
		}
		now := r.sub(t, sub.ID)
		if now.Answers.One("question") != "Where?" || now.Answers.One("email") != "ann@example.org" || now.Address != "ann@example.org" {
			t.Errorf("on file are %v", now.Answers)
		}
		contact, err := r.store.Read(t.Context()).Contact(sub.Contact)
		if err != nil || contact.Name != "Anne" {
			t.Errorf("the contact is %v (%v)", contact, err)
		}
		r.heard(t, "office@hall.example", "answers-changed")
		refused, ok := errors.AsType[*intake.Refused](r.Amend(t.Context(), sub.ID, entry("", "ask", "name", "Anne")))
		if !ok || len(refused.Fields) != 1 || refused.Fields[0].Field != "question" {
			t.Errorf("refused %v", refused)
		}
		if n, err := r.store.Read(t.Context()).AuditedBy("person", "amended question", sub.ID, time.Time{}); err != nil || n != 1 {
			t.Errorf("%d audits (%v)", n, err)
		}
	})
}

func TestWhatWasAnsweredWaitsAgainWhenItIsChanged(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		sub := r.send(t, "a", "ask", "name", "Ann", "email", "ann@example.org", "question", "When?").Submission
		r.write(t, func(tx *store.Tx) error { return tx.MarkAnswered(sub.ID, monday) })
		if err := r.Amend(t.Context(), sub.ID, entry("", "ask", "name", "Ann", "question", "And where?")); err != nil {
			t.Fatal(err)
		}
		if now := r.sub(t, sub.ID); now.State != postroom.SubmissionReceived {
			t.Errorf("it is %s", now.State)
		}
	})
}

func TestTheLinkIsMailedToKnownAddressesOnlyAndNotTooOften(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		r.send(t, "a", "ask", "name", "Ann", "email", "ann@example.org", "question", "When?")
		r.leave(t)
		for range 6 {
			for _, address := range []string{"Ann@example.org", "nobody@example.org"} {
				for range 2 { // twice within ten minutes is once
					if err := r.AskForLink(t.Context(), address, "en"); err != nil {
						t.Fatal(err)
					}
				}
			}
			r.sendLinks(t)
			r.clock.advance(11 * time.Minute)
		}
		r.heard(t, "ann@example.org", "my-link", "my-link") // the third of the day answered the form
		r.heard(t, "nobody@example.org")
		r.clock.advance(24 * time.Hour)
		if err := r.AskForLink(t.Context(), "ann@example.org", "en"); err != nil {
			t.Fatal(err)
		}
		r.sendLinks(t)
		r.heard(t, "ann@example.org", "my-link", "my-link", "my-link")
	})
}

// sendLinks does the jobs that look at who asked.
func (r *room) sendLinks(t *testing.T) {
	t.Helper()
	due, err := r.store.Read(t.Context()).Jobs(postroom.JobDue, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, job := range due {
		if job.Kind != postroom.JobMyLink {
			continue
		}
		for range 2 {
			if err := r.SendLink(t.Context(), job.Subject); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestASecretAnswerIsDeletedAtOnceAndKeptWhenLeftEmpty(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		sub := r.send(t, "a", "join", "name", "Ann", "email", "ann@example.org", "area", "north", "needs", "A ramp").Submission
		if err := r.Amend(t.Context(), sub.ID, entry("", "join", "name", "Ann", "area", "south", "needs", " ")); err != nil {
			t.Fatal(err)
		}
		if now := r.sub(t, sub.ID); now.Answers.One("needs") != "A ramp" || now.Area != "south" {
			t.Errorf("on file are %v in %s", now.Answers, now.Area)
		}
		r.write(t, func(tx *store.Tx) error {
			return tx.AddConsent(postroom.Consent{Contact: sub.Contact, Submission: sub.ID, Purpose: "needs", Wording: "You may keep it", At: r.clock.Now()})
		})
		for range 2 {
			if err := r.Forget(t.Context(), sub.ID, "needs"); err != nil {
				t.Fatal(err)
			}
		}
		if now := r.sub(t, sub.ID); len(now.Answers["needs"]) > 0 {
			t.Error("the answer is still on file")
		}
		if given, err := r.store.Read(t.Context()).ConsentsTo(sub.ID); err != nil || len(given) != 1 || given[0].WithdrawnAt.IsZero() {
			t.Errorf("the yes by which it was kept is %+v, %v", given, err)
		}
		if err := r.Forget(t.Context(), sub.ID, "area"); postroom.KindOf(err) != postroom.Gone {
			t.Errorf("deleting another answer: %v", err)
		}
	})
}

func TestAYesIsWithdrawnOnceAndCanBeGivenAnew(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		e := entry("a", "supper", "session", "spring", "places", "1", "name", "Ann", "email", "ann@example.org", "photographs", "yes")
		form, _ := r.Programmes.Form("supper")
		e.FormVersion = form.Version
		receipt, err := r.Accept(t.Context(), e)
		if err != nil {
			t.Fatal(err)
		}
		id := receipt.Submission.ID
		given := r.consents(t, id)
		if len(given) != 1 {
			t.Fatalf("%d consents", len(given))
		}
		for range 2 {
			if err := r.Withdraw(t.Context(), id, given[0].ID); err != nil {
				t.Fatal(err)
			}
		}
		if ended := r.consents(t, id); ended[0].WithdrawnAt.IsZero() || len(r.sub(t, id).Answers["photographs"]) > 0 {
			t.Error("it is not withdrawn")
		}
		for range 2 {
			if err := r.Agree(t.Context(), id, given[0].ID); err != nil {
				t.Fatal(err)
			}
		}
		if again := r.consents(t, id); len(again) != 2 || again[0].WithdrawnAt.IsZero() || !again[1].WithdrawnAt.IsZero() {
			t.Errorf("consents are %v", again)
		}
		if err := r.Withdraw(t.Context(), id, "another"); postroom.KindOf(err) != postroom.NotFound {
			t.Errorf("another's: %v", err)
		}
	})
}

func (r *room) consents(t *testing.T, submission string) []store.PersonConsent {
	t.Helper()
	list, err := r.store.Read(t.Context()).ConsentsTo(submission)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestHowSomebodyIsReachedAndInWhichLanguage(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		sub := r.send(t, "a", "ask", "name", "Ann", "email", "ann@example.org", "question", "When?").Submission
		if _, ok := errors.AsType[*intake.Refused](r.Reach(t.Context(), sub.ID, intake.ReachBy{Way: postroom.ReachPhone})); !ok {
			t.Error("a call without a number was not refused")
		}
		how := intake.ReachBy{Way: postroom.ReachPhone, Phone: "01908 123456", ByPhone: store.ByPhone{LeaveMessage: "no", Through: "A friend, 01908 654321"}}
		if err := r.Reach(t.Context(), sub.ID, how); err != nil {
			t.Fatal(err)
		}
		if err := r.Speak(t.Context(), sub.ID, "fa"); err != nil {
			t.Fatal(err)
		}
		read := r.store.Read(t.Context())
		contact, err := read.Contact(sub.Contact)
		if err != nil || contact.Reach != postroom.ReachPhone || contact.Phone != "+441908123456" || contact.Locale != "fa" {
			t.Errorf("the contact is %v (%v)", contact, err)
		}
		if by, err := read.ByPhone(sub.Contact); err != nil || by != how.ByPhone {
			t.Errorf("by phone %v (%v)", by, err)
		}
	})
}

func TestFewerPlacesGoToWhoeverWaitsAndMoreOnlyWhereThereIsRoom(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		first := r.send(t, "a", "supper", "session", "spring", "places", "3", "name", "Ann", "email", "ann@example.org")
		full, n := first, 0
		for ; full.Booking.State == postroom.BookingConfirmed && n < 20; n++ {
			full = r.send(t, "w"+string(rune('a'+n)), "supper", "session", "spring", "places", "2", "name", "W"+string(rune('a'+n)), "email", "w@example.org")
		}
		if n == 20 {
			t.Fatal("the session has no limit")
		}
		if fits, err := r.Bring(t.Context(), first.Submission.ID, 4); err != nil || fits {
			t.Errorf("more while others wait: %v (%v)", fits, err)
		}
		for range 2 {
			if fits, err := r.Bring(t.Context(), first.Submission.ID, 1); err != nil || !fits {
				t.Fatalf("fewer: %v (%v)", fits, err)
			}
		}
		b, _, err := r.store.Read(t.Context()).BookingOf(full.Submission.ID)
		if err != nil || b.State != postroom.BookingConfirmed {
			t.Errorf("who waited is %s (%v)", b.State, err)
		}
		if now := r.sub(t, first.Submission.ID); now.Answers.One("places") != "1" {
			t.Errorf("the answer is %v", now.Answers["places"])
		}
		if mails := r.mails(t, "ann@example.org"); len(mails) == 0 || mails[len(mails)-1].Data["party"] != "1" {
			t.Errorf("nobody told them: %v", mails)
		}
		r.clock.advance(400 * 24 * time.Hour)
		if _, err := r.Bring(t.Context(), first.Submission.ID, 2); postroom.KindOf(err) != postroom.Gone {
			t.Errorf("when it is over: %v", err)
		}
	})
}

func TestWhatWasToldFromADateOfBirthStaysWhenAnotherAnswerIsChanged(t *testing.T) {
	t.Parallel()
	r, _ := guardedRoom(t)
	born := r.Clock.Now().AddDate(-12, 0, 0).Format(time.DateOnly)
	sub := r.send(t, "k", "club", "name", "Young", "email", "young@example.org", "born", born, "adult_email", "adult@example.org").Submission
	if err := r.GuardianAnswers(t.Context(), sub.ID, 1, true); err != nil {
		t.Fatal(err)
	}
	for _, e := range []postroom.Entry{
		entry("", "club", "name", "Younger", "adult_email", "adult@example.org"),
		entry("", "club", "name", "Younger", "adult_email", "adult@example.org", "age_band", "18 or over", "born", "1980-01-01"),
	} {
		if err := r.Amend(t.Context(), sub.ID, e); err != nil {
			t.Fatal(err)
		}
		if now := r.sub(t, sub.ID).Answers; now.One("name") != "Younger" || now.One("age_band") != "under 18" || now.One("born") != "" {
			t.Errorf("on file are %v", now)
		}
	}
}

func TestAYesToKeepAccessNeedsIsGivenAnewWithThemOnly(t *testing.T) {
	t.Parallel()
	r, _ := guardedRoom(t)
	e := entry("k", "club", "name", "Ann", "email", "ann@example.org", "born", "1980-02-01")
	e.Answers["access"] = []string{"A ramp", "yes"}
	form, _ := r.Programmes.Form("club")
	e.FormVersion = form.Version
	receipt, err := r.Accept(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	id := receipt.Submission.ID
	given := r.consents(t, id)
	if len(given) != 1 {
		t.Fatalf("%d consents", len(given))
	}
	if err := r.Agree(t.Context(), id, given[0].ID); postroom.KindOf(err) != postroom.Gone {
		t.Errorf("agreeing while it stands: %v", err)
	}
	if got := r.sub(t, id).Answers["access"]; len(got) != 2 || got[0] != "A ramp" {
		t.Errorf("on file is %q", got)
	}
	if err := r.Withdraw(t.Context(), id, given[0].ID); err != nil {
		t.Fatal(err)
	}
	if err := r.Agree(t.Context(), id, given[0].ID); postroom.KindOf(err) != postroom.Gone {
		t.Errorf("agreeing when they are deleted: %v", err)
	}
	if got := r.sub(t, id).Answers["access"]; len(got) > 0 {
		t.Errorf("on file is %q", got)
	}
}

func TestAYesThatComesWithAChangedAnswerIsKept(t *testing.T) {
	t.Parallel()
	r, _ := guardedRoom(t)
	sub := r.send(t, "k", "club", "name", "Ann", "email", "ann@example.org", "born", "1980-02-01").Submission
	if n := len(r.consents(t, sub.ID)); n != 0 {
		t.Fatalf("%d consents before", n)
	}
	form, _ := r.Programmes.Form("club")
	for range 2 {
		e := entry("", "club", "name", "Ann")
		e.Answers["access"], e.FormVersion = []string{"A ramp", "yes"}, form.Version
		if err := r.Amend(t.Context(), sub.ID, e); err != nil {
			t.Fatal(err)
		}
	}
	if given := r.consents(t, sub.ID); len(given) != 1 || given[0].Purpose != "access" || given[0].Wording == "" {
		t.Errorf("on file are %+v", given)
	}
}
