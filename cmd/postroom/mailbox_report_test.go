package main

import (
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

// Whoever tries a mailbox reads what it would have sent, before anything does.
func TestTheReportSaysWhatAWatchedMailboxWouldHaveSent(t *testing.T) {
	t.Parallel()
	d := testserver.Dovecot(t)
	const support = "support@riverside.example"
	path := filepath.Join(t.TempDir(), "postroom.yaml")
	testkit.WriteSettings(t, path, "127.0.0.1:1", testkit.Mailbox(d, support, "mode: watch"))
	cfg, err := config.Load(path, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	st, err := app.OpenStore(t.Context(), cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = st.Write(t.Context(), func(tx *store.Tx) error {
		now := time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
		for i, l := range []postroom.Letter{{Hash: "old", Imported: true}, {Hash: "new"}} {
			l.Mailbox, l.ReceivedAt = support, now
			id, _, err := tx.AddLetter(l, nil, []byte(l.Hash))
			if err != nil || i == 0 {
				continue
			}
			m := postroom.Message{ID: "m", Key: "m", MessageID: "m@example.org", To: "a@example.org", Template: "we-have-your-message", Letter: id,
				Locale: "en", Class: postroom.Service, Lane: postroom.Confirm, State: postroom.Queued, CreatedAt: now}
			if err := tx.OweMessage(m, now); err != nil {
				return err
			}
			if err := tx.Withhold("m", postroom.Suppressed, "reason.watch", now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	got := printed(t, path, "mailbox", "report", "Support@Riverside.example")
	for _, want := range []string{
		support + ": mode watch, unread, reading since never, last read never", "sent: 0\n", "it was only watched: 1\n  1 × we-have-your-message\n",
		"letters on file: 2, of which 1 lay there before and are answered by nothing",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the report lacks %q:\n%s", want, got)
		}
	}
	if got := printed(t, path, "mailbox", "report", "nobody@riverside.example"); got != "" {
		t.Errorf("of a mailbox that is not there it says:\n%s", got)
	}
}
