package workers_test

import (
	"bytes"
	"context"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/hibiken/asynq"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/queue"
	"postroom/internal/seal"
	"postroom/internal/store"
	"postroom/internal/testserver"
	"postroom/internal/workflow"
)

var monday = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)

const club = `
programme: club
languages: [en]
name: The club
privacy: We use your answers to answer you.
lists:
  - {list: news, name: News}
forms:
  - form: join
    kind: sign_up
    title: Join
    reach: [email]
    fields: [{field: email, type: email, required: true}]
  - form: news
    kind: sign_up
    list: news
    title: News
    reach: [email]
    fields: [{field: email, type: email, required: true}]
workflow:
  - {step: welcome, on: accepted, send: welcome, add_to: members}
  - {step: tips, after: accepted, by: 3d, send: tips}
`

// clock stands still until a test moves it; whoever waits is told.
type clock struct {
	mu     sync.Mutex
	now    time.Time
	moved  chan struct{}
	waited chan struct{} // gets a word each time somebody begins to wait
}

func newClock() *clock {
	return &clock{now: monday, moved: make(chan struct{}), waited: make(chan struct{}, 100)}
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Until returns a channel that is closed at the next move, which is all that
// a waiter who looks again needs.
func (c *clock) Until(time.Time) <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case c.waited <- struct{}{}:
	default:
	}
	return c.moved
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	close(c.moved)
	c.moved = make(chan struct{})
}

type outbox struct{}

func (outbox) DeliverChunk(context.Context, postroom.Job) store.Outcome { return store.Outcome{} }

func (outbox) Answered(*store.Tx, string, string, time.Time) error { return nil }

func (outbox) Owe(tx *store.Tx, m postroom.Message) (postroom.Message, error) {
	m.ID = store.NewMessageID()
	m.MessageID, m.Class, m.Lane = m.ID+"@example.org", postroom.Service, postroom.Followup
	_, err := tx.AddMessage(m)
	return m, err
}

func (outbox) Deliver(context.Context, postroom.Job) queue.Outcome { return queue.Done }

// bare calls the work without a queue and keeps the outcome.
type bare struct {
	job  postroom.Job
	last queue.Outcome
}

func (b *bare) Do(ctx context.Context, _ *asynq.Task, work func(context.Context, postroom.Job) queue.Outcome) error {
	b.last = work(ctx, b.job)
	return nil
}

type room struct {
	store    *store.Store
	workflow *workflow.Workflow
	clock    *clock
}

func engines(t *testing.T, test func(t *testing.T, r *room)) {
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

func open(t *testing.T, url string) *room {
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
	set, err := programme.Load(fstest.MapFS{"club.yaml": {Data: []byte(club)}}, programme.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &room{store: s, clock: newClock(), workflow: workflow.New(workflow.Options{Store: s, Programmes: set, Outbox: outbox{},
		Coordinators: func(string) []workflow.Coordinator {
			return []workflow.Coordinator{{Name: "office", Address: "office@example.org"}}
		}})}
}

// submission puts one on file, with its run.
func (r *room) submission(t *testing.T, form, address string) (sub postroom.Submission) {
	t.Helper()
	err := r.store.Write(context.Background(), func(tx *store.Tx) error {
		c, err := tx.FindOrAddContact(postroom.Contact{Address: address, Reach: postroom.ReachEmail}, monday)
		if err != nil {
			return err
		}
		if err := tx.PutFormVersion("v", "club", form, []byte("{}"), monday); err != nil {
			return err
		}
		sub, _, err = tx.AddSubmission(postroom.Submission{Programme: "club", Form: form, FormVersion: "v", Kind: postroom.SignUp, Channel: postroom.Web,
			Contact: c.ID, Address: address, Locale: "en", Answers: postroom.Answers{"email": {address}}, State: postroom.SubmissionReceived, ReceivedAt: monday})
		if err != nil {
			return err
		}
		_, err = r.workflow.Begin(tx, sub, monday)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

// owed counts messages by template.
func (r *room) owed(t *testing.T) map[string]int {
	t.Helper()
	all, err := r.store.Read(context.Background()).Messages(postroom.Queued, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	n := make(map[string]int)
	for _, m := range all {
		n[m.Template]++
	}
	return n
}
