package digest_test

import (
	"strings"
	"testing"

	"postroom/internal/app"
	"postroom/internal/arrivals"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testkit"
	"postroom/internal/testserver"
)

// TestDyingBetweenAnyTwoStatementsObeysOnce lets the reading of a letter with
// commands die ahead of its first statement, its second, and so on. Each command
// is done once, and the answer is owed once.
func TestDyingBetweenAnyTwoStatementsObeysOnce(t *testing.T) {
	t.Parallel()
	for name, more := range map[string]func(t *testing.T) string{
		"sqlite":   func(*testing.T) string { return "" },
		"postgres": func(t *testing.T) string { return "database: " + testserver.PostgresWith(t, store.Prepare) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &failpoint{}
			room := closed(t, f, more(t))
			read := room.Store.Read(t.Context())
			subs, err := read.Submissions(9)
			if err != nil || len(subs) != 1 {
				t.Fatalf("%+v, %v", subs, err)
			}
			job := commandLetter(t, room, "NOTE % rang her\nPASS % events\nSNOOZE % friday\nNOTE % and again\nDONE %", subs[0].Reference)
			n := 1
			for ; ; n++ {
				f.left = n
				var verdict store.Verdict
				died := f.run(func() error { verdict = room.Arrivals.ReadBatch(t.Context(), job).Verdict; return nil })
				f.left = 0
				if !died && verdict == store.Done {
					break
				}
				if n > 1000 {
					t.Fatal("it never ends")
				}
			}
			t.Logf("it died %d times", n-1)
			notes, err := read.Notes(postroom.AboutSubmission, subs[0].ID)
			if err != nil || len(notes) != 2 {
				t.Errorf("there are %d notes, %v; want 2", len(notes), err)
			}
			deeds, err := read.DeedsBy("office", 99)
			if err != nil || len(deeds) != 5 {
				t.Errorf("%d deeds are on file, %v; want 5", len(deeds), err)
			}
			heard := map[string]int{}
			queued, err := read.Messages(postroom.Queued, 100)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range queued {
				heard[m.Template]++
				if m.Template == "done-by-mail" && (m.To != office || strings.Count(m.Data["markdown"], "\n- ") != 5 || strings.Contains(m.Data["markdown"], "not done")) {
					t.Errorf("%s hears\n%s", m.To, m.Data["markdown"])
				}
			}
			if heard["done-by-mail"] != 1 || heard["passed-on"] != 1 {
				t.Errorf("owed are %v", heard)
			}
		})
	}
}

// commandLetter puts a letter of the office on file that came to its address for
// commands, and returns the job that reads it.
func commandLetter(t *testing.T, room *app.Room, text, reference string) postroom.Job {
	t.Helper()
	const box = "support@riverside.example"
	raw := testkit.Mail{From: office, To: room.Links.CommandAddress(box, "office"), Subject: "Today", ID: "c@riverside.example", At: room.Clock.Now(), Text: strings.ReplaceAll(text, "%", reference)}.Bytes()
	var id string
	err := room.Store.Write(t.Context(), func(tx *store.Tx) (err error) {
		id, _, err = arrivals.Take(tx, box, postroom.Inbox, raw, room.Clock.Now())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := room.Store.Read(t.Context()).Letter(id)
	if err != nil {
		t.Fatal(err)
	}
	return postroom.Job{Kind: postroom.JobInboundRead, Subject: l.Batch, Turn: 1}
}
