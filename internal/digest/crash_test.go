package digest_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postroom/internal/app"
	"postroom/internal/config"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testkit"
	"postroom/internal/testserver"
)

// TestDyingBetweenAnyTwoStatementsOwesOneSummary lets the making of a summary
// die ahead of its first statement, its second, and so on, the last time
// between the commit and the word that it is done.
func TestDyingBetweenAnyTwoStatementsOwesOneSummary(t *testing.T) {
	t.Parallel()
	for name, more := range map[string]func(t *testing.T) string{
		"sqlite":   func(*testing.T) string { return "" },
		"postgres": func(t *testing.T) string { return "database: " + testserver.PostgresWith(t, store.Prepare) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &failpoint{}
			room := closed(t, f, more(t))
			const subject = "office/2026-11-24"
			for n := 1; ; n++ {
				f.left = n
				died := f.run(func() error { return room.Digests.Make(t.Context(), subject) })
				f.left = 0
				if got := owed(t, room); !died {
					t.Logf("a summary is %d statements", n-1)
					break
				} else if got > 1 {
					t.Fatalf("dying ahead of statement %d owes %d summaries", n, got)
				}
			}
			if err := room.Digests.Make(t.Context(), subject); err != nil {
				t.Fatal(err)
			}
			last, found, err := room.Store.Read(t.Context()).LastDigest("office", "2026-11-24")
			if err != nil || !found || last.Outcome != store.DigestSent || owed(t, room) != 1 {
				t.Errorf("in the end there stands %+v, %v, and %d are owed", last, err, owed(t, room))
			}
			m, err := room.Store.Read(t.Context()).Message(last.Message)
			if err != nil || m.To != office {
				t.Errorf("its message is to %q, %v", m.To, err)
			}
			holdsNumbers(t, room, m)
		})
	}
}

// holdsNumbers fails unless what waits has one number each, however often its
// summary died, and a message names it.
func holdsNumbers(t *testing.T, room *app.Room, m postroom.Message) {
	t.Helper()
	read := room.Store.Read(t.Context())
	subs, err := read.Submissions(9)
	if err != nil || len(subs) != 1 {
		t.Fatalf("on file are %d, %v", len(subs), err)
	}
	numbers, err := read.ItemsOf(postroom.AboutSubmission, []string{subs[0].ID})
	if err != nil || numbers[subs[0].ID] != 1 || !strings.Contains(m.Data["markdown"], "**1** · Olena") {
		t.Errorf("the numbers are %v, %v, and the summary says\n%s", numbers, err, m.Data["markdown"])
	}
}

// closed is a post room in which nobody works, with one question on file, on
// the morning after.
func closed(t *testing.T, f *failpoint, more string) *app.Room {
	t.Helper()
	folder, err := filepath.Abs("testdata/programmes")
	if err != nil {
		t.Fatal(err)
	}
	path := testkit.WriteSettings(t, filepath.Join(t.TempDir(), "postroom.yaml"), "127.0.0.1:1",
		testkit.Setting("digest_at: \"08:00\"\nprogrammes: "+folder+"\n"+more))
	cfg, err := config.Load(path, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	monday := time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	clock := testkit.NewClock(monday)
	room, err := app.Open(t.Context(), app.Options{Config: cfg, Clock: clock, Before: f.pass})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := room.Close(); err != nil {
			t.Error(err)
		}
	})
	answers := postroom.Answers{"name": {"Olena"}, "email": {"olena@example.org"}, "question": {"Where?"}}
	if _, err := room.Intake.Accept(t.Context(), postroom.Entry{Channel: postroom.Web, Key: "k", Form: "ask", Locale: "en", Answers: answers, At: monday}); err != nil {
		t.Fatal(err)
	}
	clock.Set(monday.AddDate(0, 0, 1))
	return room
}

// owed counts the summaries that are owed.
func owed(t *testing.T, room *app.Room) (n int) {
	t.Helper()
	queued, err := room.Store.Read(t.Context()).Messages(postroom.Queued, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range queued {
		if m.Template == "digest" {
			n++
		}
	}
	return n
}

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

// run says whether fn died or failed.
func (f *failpoint) run(fn func() error) (died bool) {
	defer func() {
		if recover() != nil {
			died = true // after the commit nobody catches it
		}
	}()
	return fn() != nil
}
