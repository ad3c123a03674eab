package main

import (
	"database/sql"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postroom/internal/app"
	"postroom/internal/config"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testkit"
)

// A letter that became something has no reference of its own. It is erased by
// its id, which the list shows, and who did that is noted.
func TestALetterIsErasedByItsID(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "postroom.yaml")
	testkit.WriteSettings(t, path, "127.0.0.1:1")
	cfg, err := config.Load(path, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	st, err := app.OpenStore(t.Context(), cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	var id, copied string
	err = st.Write(t.Context(), func(tx *store.Tx) (err error) {
		l := postroom.Letter{Hash: "one", MessageID: "m@example.org", Mailbox: "support@riverside.example", ReceivedAt: time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)}
		if id, _, err = tx.AddLetter(l, nil, []byte("x")); err != nil {
			return err
		}
		l.Hash, l.Mailbox = "two", "events@riverside.example"
		copied, _, err = tx.AddLetter(l, nil, []byte("y"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if list := printed(t, path, "letters", "list"); !strings.Contains(list, id) {
		t.Fatalf("the list names no letter:\n%s", list)
	}
	warning := printed(t, path, "letters", "erase", id)
	for _, want := range []string{"It cannot be undone", "A letter with the same Message-ID stays: " + copied + " (mailbox events@riverside.example)"} {
		if !strings.Contains(warning, want) {
			t.Errorf("the warning lacks %q:\n%s", want, warning)
		}
	}
	if _, err := st.Read(t.Context()).Letter(id); err != nil {
		t.Fatalf("the warning alone changed something: %v", err)
	}
	if said := printed(t, path, "letters", "erase", id, "--yes"); !strings.Contains(said, id+" is erased") {
		t.Errorf("it is said: %s", said)
	}
	if _, err := st.Read(t.Context()).Letter(id); postroom.KindOf(err) != postroom.NotFound {
		t.Errorf("the letter is on file: %v", err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if n := audited(t, cfg.Database.Path, "letter is erased", id); n != 1 {
		t.Errorf("it is noted %d times", n)
	}
}

func TestALetterAboutSomebodyInDangerIsNotErasedWithoutAWord(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "postroom.yaml")
	testkit.WriteSettings(t, path, "127.0.0.1:1")
	cfg, err := config.Load(path, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	st, err := app.OpenStore(t.Context(), cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	var id string
	now := time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	err = st.Write(t.Context(), func(tx *store.Tx) (err error) {
		if id, _, err = tx.AddLetter(postroom.Letter{Hash: "one", Mailbox: "support@riverside.example", ReceivedAt: now}, nil, []byte("x")); err != nil {
			return err
		}
		_, _, err = tx.RaiseAlarm(postroom.Alarm{Matter: postroom.AboutLetter, Subject: id, RaisedAt: now})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"letters", "erase", id}, {"letters", "erase", id, "--yes"}} {
		err := run(t.Context(), append([]string{"--config", path}, args...), func(string) string { return "" }, io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), "is kept because somebody may have been in danger (docs/safeguarding.md); ask your safeguarding lead first, and then: postroom letters erase "+id+" --yes --although-kept") {
			t.Errorf("%q: %v", args, err)
		}
	}
	if said := printed(t, path, "letters", "erase", id, "--yes", "--although-kept"); !strings.Contains(said, id+" is erased") {
		t.Errorf("it is said: %s", said)
	}
	a, _, err := st.Read(t.Context()).AlarmOf(postroom.AboutLetter, id)
	if err != nil || a.ClosedBy != "command line" || !strings.HasSuffix(a.Reason, "the letter was erased") {
		t.Errorf("the alarm is %+v, %v", a, err)
	}
}

func audited(t *testing.T, path, action, subject string) (n int) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	row := db.QueryRowContext(t.Context(), `SELECT count(*) FROM audit WHERE action = $1 AND subject = $2 AND actor = 'command line'`, action, subject)
	if err := row.Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
