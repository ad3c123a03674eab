package casework_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"postroom/internal/app"
	"postroom/internal/casework"
	"postroom/internal/config"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testkit"
	"postroom/internal/testserver"
)

var monday = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)

// failpoint panics ahead of the statement that many from now; 0 is never.
type failpoint struct{ left int }

var errDied = errors.New("died")

func (f *failpoint) pass(string) {
	if f.left == 0 {
		return
	}
	if f.left--; f.left == 0 {
		panic(errDied)
	}
}

// run says whether fn died.
func (f *failpoint) run(fn func() error) (died bool) {
	defer func() {
		if recover() != nil {
			died = true // after the commit nobody catches it
		}
	}()
	return fn() != nil
}

// closed is a post room in which nobody works.
func closed(t *testing.T, f *failpoint, more string) *app.Room {
	t.Helper()
	path := testkit.WriteSettings(t, filepath.Join(t.TempDir(), "postroom.yaml"), "127.0.0.1:1", testkit.Setting(more))
	cfg, err := config.Load(path, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	room, err := app.Open(t.Context(), app.Options{Config: cfg, Clock: testkit.NewClock(monday), Before: f.pass})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := room.Close(); err != nil {
			t.Error(err)
		}
	})
	return room
}

func engines(t *testing.T, test func(t *testing.T, more string)) {
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); test(t, "") })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); test(t, "database: "+testserver.PostgresWith(t, store.Prepare)) })
}

// accept files something that somebody sent.
func accept(t *testing.T, room *app.Room, form string, answers postroom.Answers) postroom.Submission {
	t.Helper()
	receipt, err := room.Intake.Accept(t.Context(), postroom.Entry{Channel: postroom.Web, Form: form, Locale: "en", Answers: answers, At: room.Clock.Now()})
	if err != nil {
		t.Fatal(err)
	}
	sub, err := room.Store.Read(t.Context()).Submission(receipt.Submission.ID)
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

func ask(t *testing.T, room *app.Room, name, address, question string) postroom.Submission {
	t.Helper()
	return accept(t, room, "ask", postroom.Answers{"name": {name}, "email": {address}, "question": {question}})
}

// whole is all of a database by which one state is told from another.
func whole(t *testing.T, room *app.Room) string {
	t.Helper()
	return (&testkit.Room{Room: room}).Rows(t)
}

// survives lets an act die ahead of each of its statements: as long as it dies
// it has either done nothing or all of it.
func survives(t *testing.T, f *failpoint, room *app.Room, act func() error, done func() bool) {
	t.Helper()
	before := whole(t, room)
	for n := 1; n < 1000; n++ {
		f.left = n
		died := f.run(act)
		f.left = 0
		if !died {
			if !done() {
				t.Error("it did not die, and did nothing")
			}
			t.Logf("it is %d statements", n-1)
			return
		}
		if after := whole(t, room); !done() && after != before {
			t.Fatalf("dying ahead of statement %d leaves something: %s", n, testkit.FirstDifference(before, after))
		}
		if done() { // it died after the commit
			t.Logf("it is %d statements", n-1)
			return
		}
	}
	t.Errorf("it always fails: %v", act())
}

func TestDyingBetweenAnyTwoStatementsOfAReply(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, more string) {
		f := &failpoint{}
		room := closed(t, f, more)
		sub := ask(t, room, "Olena", person, "When is it open?")
		office, _ := room.Team.Named("office")
		ref := casework.Ref{Matter: postroom.AboutSubmission, ID: sub.ID}
		reply := func() error {
			_, err := room.Casework.Reply(t.Context(), office, ref, "At ten.", "")
			return err
		}
		replies := func() (n int) {
			mails, err := room.Store.Read(t.Context()).MessagesAbout(sub.ID)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range mails {
				if m.Template == "reply" && m.State == postroom.Queued {
					n++
				}
			}
			return n
		}
		survives(t, f, room, reply, func() bool { return replies() > 0 })
		if err := reply(); err != nil || replies() != 1 { // as whoever heard nothing presses again
			t.Errorf("%d replies are owed, %v", replies(), err)
		}
		deeds, err := room.Store.Read(t.Context()).Deeds(postroom.AboutSubmission, sub.ID)
		if err != nil || len(deeds) != 1 {
			t.Fatalf("%d deeds, %v", len(deeds), err)
		}
		undo := func() error { return room.Casework.Undo(t.Context(), office, deeds[0].ID) }
		survives(t, f, room, undo, func() bool { return replies() == 0 })
		if now, err := room.Store.Read(t.Context()).Submission(sub.ID); err != nil || now.State != postroom.SubmissionReceived {
			t.Errorf("it is %s, %v", now.State, err)
		}
	})
}

func TestTwoContactsWhoAreOnePersonAreMergedAndPartedAgain(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, more string) {
		f := &failpoint{}
		room := closed(t, f, more)
		root, ctx := casework.Root(), t.Context()
		first, second := ask(t, room, "Olena", person, "When is it open?"), ask(t, room, "Olena K", "o.k@example.org", "Is there tea?")
		if first.Contact == second.Contact {
			t.Fatal("they are one contact already")
		}
		merge := func() error {
			_, err := room.Casework.Merge(ctx, root, first.Contact, second.Contact)
			return err
		}
		into := func() string {
			into, err := room.Store.Read(ctx).MergedInto(second.Contact)
			if err != nil {
				t.Fatal(err)
			}
			return into
		}
		survives(t, f, room, merge, func() bool { return into() == first.Contact })
		if err := merge(); err != nil {
			t.Error(err)
		}
		ids, err := room.Store.Read(ctx).SubmissionIDsOf(first.Contact)
		if err != nil || len(ids) != 2 {
			t.Errorf("%d submissions are theirs, %v", len(ids), err)
		}
		third := ask(t, room, "Olena K", "o.k@example.org", "Is there coffee?")
		if third.Contact != first.Contact {
			t.Error("who writes under the other name is not known")
		}
		deeds, err := room.Store.Read(ctx).Deeds(postroom.AboutContact, first.Contact)
		if err != nil || len(deeds) != 1 {
			t.Fatalf("%d deeds, %v", len(deeds), err)
		}
		for key, value := range deeds[0].Before {
			if value == "o.k@example.org" {
				t.Errorf("the deed holds an address under %s", key)
			}
		}
		survives(t, f, room, func() error { return room.Casework.Undo(ctx, root, deeds[0].ID) }, func() bool { return into() == "" })
		for sub, want := range map[string]string{first.ID: first.Contact, second.ID: second.Contact, third.ID: first.Contact} {
			now, err := room.Store.Read(ctx).Submission(sub)
			if err != nil || now.Contact != want {
				t.Errorf("%s is of %s, %v; want %s", now.Reference, now.Contact, err, want)
			}
		}
		c, err := room.Store.Read(ctx).Contact(first.Contact)
		if err != nil || c.Address != person {
			t.Errorf("%+v, %v", c, err)
		}
	})
}

func TestTwoWhoHaveAPlaceOnTheSameDateAreNotMerged(t *testing.T) {
	t.Parallel()
	engines(t, func(t *testing.T, more string) {
		room := closed(t, &failpoint{}, more)
		register := func(name, address string) postroom.Submission {
			return accept(t, room, "register", postroom.Answers{"name": {name}, "email": {address}, "places": {"1"}, "session": {"main"}, "attending_as": {"visitor"}})
		}
		one, other := register("Olena", person), register("Olena K", "o.k@example.org")
		_, err := room.Casework.Merge(t.Context(), casework.Root(), one.Contact, other.Contact)
		fails(t, err, postroom.Conflict, "desk.merge_booked")
	})
}
