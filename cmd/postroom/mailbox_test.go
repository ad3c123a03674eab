package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postroom/internal/app"
	"postroom/internal/config"
	"postroom/internal/store"
	"postroom/internal/testkit"
	"postroom/internal/testserver"
)

// A person who sets a mailbox up sees with check that it is right, and with
// list how far it has been read and what went wrong.
func TestCommandsShowWhatAMailboxIsLike(t *testing.T) {
	t.Parallel()
	d := testserver.Dovecot(t)
	path := filepath.Join(t.TempDir(), "postroom.yaml")
	testkit.WriteSettings(t, path, "127.0.0.1:1", testkit.Mailbox(d, "support@riverside.example", "mode: answer"))
	if got := printed(t, path, "check"); !strings.Contains(got, "mode answer, 0 letters, sent letters in Sent, drafts in Drafts") {
		t.Errorf("check says:\n%s", got)
	}
	cfg, err := config.Load(path, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	st, err := app.OpenStore(t.Context(), cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	err = st.Write(t.Context(), func(tx *store.Tx) error {
		return tx.PutCursor(store.Cursor{Mailbox: "support@riverside.example", Folder: "inbox", UIDValidity: 7, LastUID: 12, ConnectedAt: now, PolledAt: now, Problem: "login refused"})
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	got := strings.Join(strings.Fields(printed(t, path, "mailbox", "list")), " ")
	if want := "support@riverside.example inbox answer broken 2026-11-23T09:30:00Z 7 12 2026-11-23T09:30:00Z login refused"; !strings.Contains(got, want) {
		t.Errorf("list says %q", got)
	}
}

// printed runs a command that may fail and returns what it prints.
func printed(t *testing.T, settings string, args ...string) string {
	t.Helper()
	var out, log bytes.Buffer
	_ = run(context.Background(), append([]string{"--config", settings}, args...), func(string) string { return "" }, &out, &log)
	return out.String()
}
