package queue

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"postroom/internal/config"
	"postroom/internal/postroom"
	"postroom/internal/seal"
	"postroom/internal/store"
	"postroom/internal/testserver"
)

// clock is a clock that only a test moves.
type clock struct {
	mu      sync.Mutex
	now     time.Time
	waiting map[chan struct{}]time.Time
}

func newClock() *clock {
	return &clock{now: time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC), waiting: make(map[chan struct{}]time.Time)}
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Until(at time.Time) <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	ch := make(chan struct{})
	c.waiting[ch] = at
	c.fire()
	return ch
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	c.fire()
}

func (c *clock) fire() {
	for ch, at := range maps.Clone(c.waiting) {
		if !at.After(c.now) {
			close(ch)
			delete(c.waiting, ch)
		}
	}
}

// wall is the real clock.
type wall struct{}

func (wall) Now() time.Time { return time.Now() }

func (wall) Until(at time.Time) <-chan struct{} {
	ch := make(chan struct{})
	time.AfterFunc(time.Until(at), func() { close(ch) })
	return ch
}

// room is a queue with its database and its clock.
type room struct {
	*Queue
	db    *store.Store
	clock *clock
	stop  func() // ends Run and waits for it
}

func openStore(t testing.TB, url string) *store.Store {
	t.Helper()
	box, err := seal.New([]seal.Key{{ID: "test", Secret: bytes.Repeat([]byte("k"), 32)}})
	if err != nil {
		t.Fatal(err)
	}
	if url == "" {
		url = filepath.Join(t.TempDir(), "postroom.db")
	}
	db, err := store.Open(t.Context(), store.Options{URL: url, Box: box})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close store: %v", err)
		}
	})
	return db
}

func realRedis(t testing.TB, server *testserver.RedisServer) config.Redis {
	t.Helper()
	settings, err := config.ParseRedis(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return settings
}

// newRoom makes a queue on a database of its own and the embedded Redis,
// unless change says otherwise. It does not run yet.
func newRoom(t testing.TB, change ...func(*Options)) *room {
	t.Helper()
	r := &room{clock: newClock(), stop: func() {}}
	o := Options{Clock: r.clock, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}
	for _, fn := range change {
		fn(&o)
	}
	if o.Store == nil {
		o.Store = openStore(t, "")
	}
	if c, ok := o.Clock.(*clock); ok {
		r.clock = c
	}
	q, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	r.Queue, r.db = q, o.Store
	return r
}

// run starts the queue; it is stopped when the test ends, before its database
// is closed.
func (r *room) run(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(func() { r.stop() })
}

// handle has the jobs of the enquiry kind done by work.
func (r *room) handle(work func(context.Context, postroom.Job) Outcome) {
	r.Handle(postroom.JobEnquiry, asynq.HandlerFunc(func(ctx context.Context, task *asynq.Task) error {
		return r.Do(ctx, task, work)
	}))
}

func (r *room) add(t testing.TB, lane postroom.Lane, subject string, due time.Time) {
	t.Helper()
	err := r.db.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.AddJob(postroom.JobEnquiry, subject, lane, due, r.Queue.clock.Now())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// addMany adds n jobs to a lane, named after it.
func (r *room) addMany(t testing.TB, lane postroom.Lane, n int) {
	t.Helper()
	err := r.db.Write(t.Context(), func(tx *store.Tx) error {
		for i := range n {
			if _, err := tx.AddJob(postroom.JobEnquiry, fmt.Sprintf("%s-%d", lane, i), lane, r.Queue.clock.Now(), r.Queue.clock.Now()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (r *room) job(t testing.TB, subject string) postroom.Job {
	t.Helper()
	job, err := r.db.Read(t.Context()).JobOf(postroom.JobEnquiry, subject)
	if err != nil {
		t.Fatal(err)
	}
	return job
}

func (r *room) idle(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
	defer cancel()
	if err := r.WorkUntilIdle(ctx); err != nil {
		jobs, _ := r.db.Read(t.Context()).Jobs("", 5)
		t.Fatalf("not idle: %v; open: %+v", err, jobs)
	}
}

// tally counts how often each subject was done.
type tally struct {
	mu   sync.Mutex
	seen map[string]int
}

func (c *tally) count(job postroom.Job) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen == nil {
		c.seen = make(map[string]int)
	}
	c.seen[job.Subject]++
}

func (c *tally) done(_ context.Context, job postroom.Job) Outcome {
	c.count(job)
	return Done
}

// wantOnce checks that n jobs were done, each once.
func (c *tally) wantOnce(t testing.TB, n int) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.seen) != n {
		t.Errorf("%d jobs were done, want %d", len(c.seen), n)
	}
	for subject, times := range c.seen {
		if times != 1 {
			t.Errorf("job %s was done %d times", subject, times)
		}
	}
}

func wait(t testing.TB, what string, ch <-chan struct{}) {
	t.Helper()
	select {
	case <-ch:
	case <-time.After(30 * time.Second):
		t.Fatalf("no %s in 30 s", what)
	}
}

// until returns when something holds; it looks whenever the bell rings.
func (r *room) until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	late := time.After(30 * time.Second)
	for {
		_, bell := r.floor.listen()
		if holds() {
			return
		}
		select {
		case <-bell:
		case <-late:
			t.Fatalf("no %s in 30 s; %+v", what, r.Stats())
		}
	}
}
