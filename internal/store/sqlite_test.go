package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postroom/internal/postroom"
)

// byHand returns the writer of a store with its goroutine stopped, so that a
// test can say who shares a commit.
func byHand(t testing.TB, s *Store) *groupWriter {
	t.Helper()
	w := s.engine.(*groupWriter)
	close(w.stop)
	<-w.done
	next := &groupWriter{db: w.db, conn: w.conn, queue: make(chan *groupCall, maxGroup), longest: time.Hour, stop: make(chan struct{}), done: make(chan struct{})}
	s.engine = next
	t.Cleanup(func() { go next.run() }) // for Close
	return next
}

// inOneGroup commits the functions together and returns what each caller hears.
func inOneGroup(t testing.TB, w *groupWriter, fns ...func(*Tx) error) []error {
	t.Helper()
	calls := make([]*groupCall, len(fns))
	for i, fn := range fns {
		calls[i] = &groupCall{ctx: t.Context(), fn: fn, reply: make(chan error, 1)}
		w.queue <- calls[i]
	}
	errs := make([]error, len(calls))
	for len(w.queue) > 0 {
		w.group(<-w.queue)
	}
	for i, call := range calls {
		errs[i] = <-call.reply
	}
	return errs
}

func onSQLite(t testing.TB) *Store {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "x.db"))
}

func wantNotes(t testing.TB, s *Store, want int) {
	t.Helper()
	if n := count(t, s, `SELECT count(*) FROM audit`); n != want {
		t.Errorf("%d rows are on file, want %d", n, want)
	}
}

func TestAGroupSharesOneCommitAndKeepsItsMembersApart(t *testing.T) {
	t.Parallel()
	s := onSQLite(t)
	w := byHand(t, s)
	errs := inOneGroup(t, w, note(0),
		func(tx *Tx) error { return errors.Join(note(1)(tx), errors.New("refused")) },
		func(tx *Tx) error { _ = note(2)(tx); panic("a mistake of ours") },
		func(tx *Tx) error { _, err := tx.exec(`SELECT nonsense`); return err },
		note(4))
	for i, err := range errs {
		if (err == nil) != (i == 0 || i == 4) {
			t.Errorf("caller %d heard %v", i, err)
		}
	}
	if err := errs[2]; !strings.Contains(err.Error(), "a mistake of ours") || !strings.Contains(err.Error(), "sqlite_test.go") {
		t.Errorf("the panic's words or its place are lost: %v", err)
	}
	wantNotes(t, s, 2)
}

func TestACommitThatFailsIsToldToEverybodyInTheGroup(t *testing.T) {
	t.Parallel()
	s := onSQLite(t)
	w := byHand(t, s)
	// A dangling reference whose check is put off until the commit.
	spoil := func(tx *Tx) error {
		if _, err := tx.exec(`PRAGMA defer_foreign_keys = ON`); err != nil {
			return err
		}
		_, err := tx.exec(`INSERT INTO contact_addresses (contact_id, address, added_at) VALUES ('nobody', 'nowhere', 0)`)
		return err
	}
	refused := errors.New("refused")
	errs := inOneGroup(t, w, note(0), spoil, func(*Tx) error { return refused }, note(3))
	for i, err := range errs {
		if err == nil || (i == 2) != errors.Is(err, refused) {
			t.Errorf("caller %d heard %v", i, err)
		}
	}
	wantNotes(t, s, 0)
	noErrors(t, inOneGroup(t, w, note(5), note(6)))
	wantNotes(t, s, 2)
}

func TestAFullDiskIsToldToEverybodyAndTheWriterGoesOn(t *testing.T) {
	t.Parallel()
	s := onSQLite(t)
	w := byHand(t, s)
	pages := count(t, s, `PRAGMA page_count`)
	limit := func(n int) {
		noErrors(t, inOneGroup(t, w, func(tx *Tx) error { _, err := tx.exec(fmt.Sprintf(`PRAGMA max_page_count = %d`, n)); return err }))
	}
	limit(pages)
	large := func(tx *Tx) error { return tx.Audit("test", strings.Repeat("large ", 20000), "x", monday) }
	for i, err := range inOneGroup(t, w, note(0), large, note(2)) {
		kept := count(t, s, `SELECT count(*) FROM audit WHERE subject = $1`, fmt.Sprint(i))
		if (err == nil) != (kept == 1) {
			t.Errorf("caller %d heard %v, and %d rows are kept", i, err, kept)
		}
		if i == 1 && err == nil {
			t.Error("a full disk was not noticed")
		}
	}
	before := count(t, s, `SELECT count(*) FROM audit`)
	limit(1 << 30)
	noErrors(t, inOneGroup(t, w, note(5), large))
	wantNotes(t, s, before+2)
}

func TestWhoLeavesTheQueueIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	s := onSQLite(t)
	ctx, leave := context.WithCancel(t.Context())
	write(t, s, func(tx *Tx) error {
		heard := make(chan error)
		go func() { heard <- s.Write(ctx, note(1)) }() // cannot begin: this one has the writer
		leave()
		if err := <-heard; !errors.Is(err, context.Canceled) {
			t.Errorf("heard %v", err)
		}
		return note(2)(tx)
	})
	wantNotes(t, s, 1)
}

func TestReadersCannotWrite(t *testing.T) {
	t.Parallel()
	r := onSQLite(t).Read(t.Context())
	if _, err := r.q.ExecContext(r.ctx, `DELETE FROM audit`); err == nil {
		t.Error("a reader deleted rows")
	}
}

func TestAnyPathMakesADatabase(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a b.db", "100%.db", "what?.db", "#1&2=3.db", "über/ünter.db", "it's.db"} {
		path := filepath.Join(t.TempDir(), name)
		write(t, open(t, path), note(1))
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}

// TestMain lets this test program stand in for another post room that wants
// the same folder.
func TestMain(m *testing.M) {
	if dir := os.Getenv("POSTROOM_TEST_LOCK"); dir != "" {
		if _, err := LockFolder(dir); err != nil {
			fmt.Println(postroom.KindOf(err))
			return
		}
		fmt.Println("locked")
		return
	}
	os.Exit(m.Run())
}

func TestASecondProcessCannotWorkInTheFolder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	other := func() string {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), "POSTROOM_TEST_LOCK="+dir)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(out))
	}
	unlock := got(LockFolder(dir))(t)
	if said := other(); said != "conflict" {
		t.Errorf("while the folder is locked, another process says %q", said)
	}
	_, err := LockFolder(dir)
	wantKind(t, err, postroom.Conflict)
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	if said := other(); said != "locked" {
		t.Errorf("when the folder is free, another process says %q", said)
	}
	unlock = got(LockFolder(dir))(t) // the lock went with the other process
	if err := unlock(); err != nil {
		t.Error(err)
	}
}
