package mailbox_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"postroom/internal/config"
	"postroom/internal/mailbox"
	"postroom/internal/postroom"
	"postroom/internal/seal"
	"postroom/internal/store"
	"postroom/internal/testserver"
)

const address = "support@riverside.example"

// clock stands still until a test moves it.
type clock struct {
	mu      sync.Mutex
	now     time.Time
	waiting map[chan struct{}]time.Time
	waits   []time.Duration // what was waited for, by whoever asked
}

// newClock begins at the wall clock's time, because the server's letters do.
func newClock() *clock {
	return &clock{now: time.Now().Round(0), waiting: make(map[chan struct{}]time.Time)}
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Until(t time.Time) <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	ready := make(chan struct{})
	c.waits = append(c.waits, t.Sub(c.now))
	if !t.After(c.now) {
		close(ready)
		return ready
	}
	c.waiting[ready] = t
	return ready
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	for ready, t := range c.waiting {
		if !t.After(c.now) {
			close(ready)
			delete(c.waiting, ready)
		}
	}
}

// lastWait is the wait asked for last.
func (c *clock) lastWait() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.waits) == 0 {
		return 0
	}
	return c.waits[len(c.waits)-1]
}

// room is a store, a clock and a log that remembers its errors.
type room struct {
	store *store.Store
	clock *clock
	log   *errorLog
}

func engines(t *testing.T, test func(t *testing.T, r *room)) {
	t.Helper()
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, open(t, filepath.Join(t.TempDir(), "postroom.db")))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, open(t, testserver.PostgresWith(t, store.Prepare)))
	})
}

// sqlite is for tests in which the database does not matter.
func sqlite(t testing.TB) *room {
	return open(t, filepath.Join(t.TempDir(), "postroom.db"))
}

func open(t testing.TB, url string) *room {
	t.Helper()
	box, err := seal.New([]seal.Key{{ID: "test", Secret: bytes.Repeat([]byte("s"), 32)}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(context.Background(), store.Options{URL: url, Box: box})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close store: %v", err)
		}
	})
	return &room{store: s, clock: newClock(), log: &errorLog{t: t}}
}

// errorLog writes into the test's log and remembers what was said as an error.
type errorLog struct {
	t      testing.TB
	mu     sync.Mutex
	errors []string
}

func (l *errorLog) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }
func (l *errorLog) WithAttrs([]slog.Attr) slog.Handler               { return l }
func (l *errorLog) WithGroup(string) slog.Handler                    { return l }

func (l *errorLog) Handle(_ context.Context, r slog.Record) error {
	line := r.Level.String() + " " + r.Message
	r.Attrs(func(a slog.Attr) bool { line += " " + a.String(); return true })
	l.mu.Lock()
	defer l.mu.Unlock()
	l.t.Log(line)
	if r.Level >= slog.LevelError {
		l.errors = append(l.errors, r.Message)
	}
	return nil
}

func (l *errorLog) said(message string) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, said := range l.errors {
		if said == message {
			n++
		}
	}
	return n
}

// box is the settings of one mailbox.
func box(t testing.TB, addr, address, password string) config.Mailbox {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return config.Mailbox{Address: address, Host: host, Port: number, Security: config.Plain, Username: address,
		Password: config.NewSecret(password), Mode: config.Watch, After: config.Leave}
}

func dovecotBox(t testing.TB, d *testserver.DovecotServer, address string) config.Mailbox {
	return box(t, d.IMAP, address, d.Password)
}

// reading is Mailboxes at work.
type reading struct {
	*mailbox.Mailboxes
	stop func()
}

// start lets a room read mailboxes until the test ends or stop is called.
func (r *room) start(t testing.TB, boxes ...config.Mailbox) *reading {
	t.Helper()
	return r.startWith(t, mailbox.Options{Mailboxes: boxes})
}

func (r *room) startWith(t testing.TB, o mailbox.Options) *reading {
	t.Helper()
	o.Store, o.Clock, o.Log = r.store, r.clock, slog.New(r.log)
	m := &reading{Mailboxes: mailbox.New(o)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	m.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	t.Cleanup(m.stop)
	return m
}

// sweep reads the mailboxes and must succeed.
func (m *reading) sweep(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := m.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
}

// trySweep reads the mailboxes and must fail, and returns why.
func (m *reading) trySweep(t testing.TB) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err := m.Sweep(ctx)
	if err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("the mailbox was read, or nothing came of it: %v", err)
	}
	return err
}

// raw is a letter that no other letter is like.
func raw(n int) []byte {
	return fmt.Appendf(nil, "From: person@example.org\r\nTo: support@riverside.example\r\nMessage-ID: <letter-%d@example.org>\r\nSubject: Number %d\r\n\r\nHello %d\r\n", n, n, n)
}

func raws(first, count int) (list [][]byte) {
	for n := range count {
		list = append(list, raw(first+n))
	}
	return list
}

// onFile is one letter with all that belongs to it.
type onFile struct {
	postroom.Letter
	raw       string
	mailboxes []string
}

// letters lists what is on file and not settled, in the order of batches.
func (r *room) letters(t testing.TB) (list []onFile) {
	t.Helper()
	read := r.store.Read(t.Context())
	jobs, err := read.Jobs(postroom.JobDue, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(jobs, func(a, b postroom.Job) int { return bytes.Compare([]byte(a.Subject), []byte(b.Subject)) })
	for _, job := range jobs {
		if job.Kind != postroom.JobInboundRead || job.Lane != postroom.Inbound {
			t.Errorf("a job of kind %s in lane %s", job.Kind, job.Lane)
		}
		batch, err := read.Batch(job.Subject)
		if err != nil {
			t.Fatal(err)
		}
		if len(batch) == 0 || len(batch) > 100 {
			t.Errorf("a batch of %d letters", len(batch))
		}
		for _, l := range batch {
			list = append(list, r.whole(t, l))
		}
	}
	return list
}

func (r *room) whole(t testing.TB, l postroom.Letter) onFile {
	t.Helper()
	read := r.store.Read(t.Context())
	raw, err := read.LetterRaw(l.ID)
	if err != nil {
		t.Fatal(err)
	}
	mailboxes, err := read.MailboxesOf(l.ID)
	if err != nil {
		t.Fatal(err)
	}
	return onFile{Letter: l, raw: string(raw), mailboxes: mailboxes}
}

// each checks that every one of these letters is on file exactly once, and
// nothing else.
func (r *room) each(t testing.TB, want ...[]byte) []onFile {
	t.Helper()
	list, count := r.letters(t), map[string]int{}
	for _, l := range list {
		count[l.raw]++
	}
	for _, w := range want {
		if n := count[string(w)]; n != 1 {
			t.Errorf("%d times on file, want once: %.120q", n, w)
		}
		delete(count, string(w))
	}
	for other := range count {
		t.Errorf("on file although nobody asked for it: %.120q", other)
	}
	return list
}

func (r *room) cursor(t testing.TB, mailbox string, folder postroom.Folder) store.Cursor {
	t.Helper()
	c, known, err := r.store.Read(t.Context()).Cursor(mailbox, folder)
	if err != nil || !known {
		t.Fatalf("cursor of %s: known %t, %v", folder, known, err)
	}
	return c
}
