package intake_test

import (
	"context"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// mails notes what guardians are asked.
type mails struct{ owed, released []string }

func (m *mails) Owe(_ *store.Tx, msg postroom.Message) (postroom.Message, error) {
	m.owed = append(m.owed, msg.To+" "+msg.Data["url"])
	return msg, nil
}

func (m *mails) Release(_ *store.Tx, submission string) (int, error) {
	m.released = append(m.released, submission)
	return 0, nil
}

func guardedRoom(t *testing.T) (*room, *mails) {
	t.Helper()
	r, m := open(t, filepath.Join(t.TempDir(), "postroom.db")), &mails{}
	r.Mails = m
	r.GuardianLink = func(_ string, asked int) string { return "link-" + strconv.Itoa(asked) }
	return r, m
}

func (r *room) stateOf(t *testing.T, id string) string {
	t.Helper()
	sub, err := r.Store.Read(context.Background()).Submission(id)
	if err != nil {
		t.Fatal(err)
	}
	return string(sub.State)
}

func TestWhoIsUnderAgeWaitsForTheGuardian(t *testing.T) {
	t.Parallel()
	r, m := guardedRoom(t)
	born := r.Clock.Now().AddDate(-12, 0, 0).Format(time.DateOnly)
	got := r.send(t, "k", "club", "name", "Young", "email", "young@example.org", "born", born, "adult_email", "Adult@example.org")
	sub := got.Submission
	if r.stateOf(t, sub.ID) != "held" || len(m.owed) != 1 || m.owed[0] != "adult@example.org link-1" {
		t.Fatalf("%s, owed %q", r.stateOf(t, sub.ID), m.owed)
	}
	if sub.Answers.One("born") != "" || sub.Answers.One("age_band") != "under 18" || sub.Address != "young@example.org" {
		t.Errorf("kept: %v, address %s", sub.Answers, sub.Address)
	}
	if err := r.AskGuardian(t.Context(), sub.ID); postroom.KindOf(err) != postroom.TooMany {
		t.Errorf("asking again at once: %v", err)
	}
	if err := r.GuardianAnswers(t.Context(), sub.ID, 7, true); postroom.KindOf(err) != postroom.Gone {
		t.Errorf("an answer to another asking: %v", err)
	}
	for range 2 { // the second time changes nothing
		if err := r.GuardianAnswers(t.Context(), sub.ID, 1, true); err != nil {
			t.Fatal(err)
		}
	}
	if r.stateOf(t, sub.ID) != "received" || len(m.released) != 1 {
		t.Errorf("%s, released %q", r.stateOf(t, sub.ID), m.released)
	}
	if err := r.GuardianAnswers(t.Context(), sub.ID, 1, false); postroom.KindOf(err) != postroom.Gone {
		t.Errorf("a no after the yes: %v", err)
	}
}

func TestWhoIsOfAgeWaitsForNobody(t *testing.T) {
	t.Parallel()
	r, m := guardedRoom(t)
	got := r.send(t, "k", "club", "name", "Old", "email", "old@example.org", "born", "1980-02-01")
	if r.stateOf(t, got.Submission.ID) != "received" || len(m.owed) != 0 {
		t.Errorf("%s, owed %q", r.stateOf(t, got.Submission.ID), m.owed)
	}
}

func TestAGuardianWhoSaysNoKeepsItHeld(t *testing.T) {
	t.Parallel()
	r, m := guardedRoom(t)
	got := r.send(t, "k", "club", "name", "Young", "email", "young@example.org", "age_band", "under 18", "adult_email", "adult@example.org")
	if err := r.GuardianAnswers(t.Context(), got.Submission.ID, 1, false); err != nil {
		t.Fatal(err)
	}
	if r.stateOf(t, got.Submission.ID) != "held" || len(m.released) != 0 {
		t.Errorf("%s, released %q", r.stateOf(t, got.Submission.ID), m.released)
	}
}

// posted owes what guardians are asked as the post room does.
type posted struct{ *outbox }

func (posted) Release(*store.Tx, string) (int, error) { return 0, nil }

func TestNobodyIsAskedAsAGuardianMoreThanAFewTimesADay(t *testing.T) {
	stories(t, func(t *testing.T, r *room) {
		r.Mails = posted{r.outbox}
		r.GuardianLink = func(string, int) string { return "link" }
		born := r.Clock.Now().AddDate(-12, 0, 0).Format(time.DateOnly)
		var last postroom.Submission
		for _, name := range []string{"Ann", "Bob", "Cleo", "Dan"} {
			last = r.send(t, name, "club", "name", name, "email", name+"@example.org", "born", born, "adult_email", "adult@example.org").Submission
		}
		r.heard(t, "adult@example.org", "guardian-ask", "guardian-ask", "guardian-ask")
		if r.stateOf(t, last.ID) != "held" {
			t.Errorf("the last is %s", r.stateOf(t, last.ID))
		}
		r.heard(t, "office@hall.example", "please-call")
		r.clock.advance(time.Hour)
		if err := r.AskGuardian(t.Context(), last.ID); postroom.KindOf(err) != postroom.TooMany {
			t.Errorf("asking all the same: %v", err)
		}
	})
}

func TestCoordinatorsHearOfWhatWaitsForAGuardian(t *testing.T) {
	t.Parallel()
	r, _ := guardedRoom(t)
	sub := r.send(t, "k", "club", "name", "Young", "email", "young@example.org", "age_band", "under 18", "adult_email", "adult@example.org").Submission
	r.accepted(t, sub)
	r.heard(t, "office@hall.example", "notice")
}

func TestALetterFromSomebodyUnderAgeWaitsForTheGuardianToo(t *testing.T) {
	t.Parallel()
	born := []string{"born", monday.AddDate(-12, 0, 0).Format(time.DateOnly)}
	adult := []string{"adult_email", "adult@example.org"}
	for name, c := range map[string]struct {
		said, later []string
		finish      bool // on the page; otherwise by a reply
		answered    bool // by a person, meanwhile
	}{
		"all at once":                     {said: append(adult, born...)},
		"the adult in a reply":            {said: born, later: adult},
		"the age and the adult in one":    {later: append(adult, born...)},
		"the adult on the page":           {said: born, later: adult, finish: true},
		"all on the page":                 {later: append(adult, born...), finish: true},
		"on the page, answered meanwhile": {said: born, later: adult, finish: true, answered: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, m := guardedRoom(t)
			sub := r.byLetter(t, "club", c.said...)
			if c.later != nil && (len(m.owed) != 0 || len(r.submission(t, sub.ID).Open) == 0) {
				t.Fatalf("before the adult is known: owed %q, open %q", m.owed, r.submission(t, sub.ID).Open)
			}
			if c.answered {
				r.write(t, func(tx *store.Tx) error { return tx.MarkAnswered(sub.ID, r.clock.Now()) })
			}
			switch {
			case c.later == nil:
			case c.finish:
				if _, err := r.Finish(t.Context(), sub.ID, entry("", "club", c.later...)); err != nil {
					t.Fatal(err)
				}
			default:
				r.fill(t, sub, reply(r.letter(t, "the rest"), "club", c.later...))
			}
			got := r.submission(t, sub.ID)
			if len(got.Open) != 0 || got.Answers.One("age_band") != "under 18" || got.Answers.One("born") != "" {
				t.Errorf("kept %v, open %q", got.Answers, got.Open)
			}
			if held, err := r.store.Read(t.Context()).Held(sub.ID); err != nil || held != "guardian" || len(m.owed) != 1 {
				t.Fatalf("held for %q, %v; owed %q", held, err, m.owed)
			}
			if err := r.GuardianAnswers(t.Context(), sub.ID, 1, true); err != nil {
				t.Fatal(err)
			}
			if held, err := r.store.Read(t.Context()).Held(sub.ID); err != nil || held != "" || len(m.released) != 1 {
				t.Errorf("after the yes held for %q, %v; released %q", held, err, m.released)
			}
		})
	}
}

func TestAGuardianWhoWasNotAskedAtTheDoorIsAskedOnce(t *testing.T) {
	t.Parallel()
	r, m := guardedRoom(t)
	e := entry("k", "club", "name", "Young", "email", "young@example.org", "age_band", "under 18", "adult_email", "adult@example.org")
	e.Signs = []postroom.Sign{postroom.SignTrap}
	got, err := r.Accept(t.Context(), e)
	if err != nil || len(m.owed) != 0 {
		t.Fatalf("%v, owed %q", err, m.owed)
	}
	for range 2 {
		r.write(t, func(tx *store.Tx) error { return r.AskGuardianNow(tx, got.Submission.ID, r.clock.Now()) })
	}
	if len(m.owed) != 1 || m.owed[0] != "adult@example.org link-1" {
		t.Errorf("owed %q", m.owed)
	}
}
