package intake_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"postroom/internal/campaign"
	"postroom/internal/event"
	"postroom/internal/intake"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/seal"
	"postroom/internal/store"
	"postroom/internal/testserver"
	"postroom/internal/workflow"
)

// monday is when every story begins.
var monday = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)

// clock stands still until a test moves it.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Until(time.Time) <-chan struct{} { return nil }

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// outbox owes as the real one does, without letters to read. broken makes
// that template fail, as a full disk would.
type outbox struct{ broken string }

func (*outbox) Answered(*store.Tx, string, string, time.Time) error { return nil }

func (o *outbox) Owe(tx *store.Tx, m postroom.Message) (postroom.Message, error) {
	if m.Template == o.broken {
		return m, os.ErrInvalid
	}
	m.ID = store.NewMessageID()
	m.MessageID, m.Class, m.Lane = m.ID+"@example.org", postroom.Service, postroom.Confirm
	if m.Template == "event-reminder" || m.Template == "tips" {
		m.Lane = postroom.Followup
	}
	return m, tx.OweMessage(m, m.CreatedAt)
}

// room is the work rooms on one database.
type room struct {
	*intake.Intake
	store    *store.Store
	workflow *workflow.Workflow
	events   *event.Events
	lists    *campaign.Lists
	clock    *clock
	outbox   *outbox
}

// stories runs a test on both engines.
func stories(t *testing.T, test func(t *testing.T, r *room)) {
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

func open(t testing.TB, url string) *room { return openWith(t, store.Options{URL: url}) }

func openWith(t testing.TB, o store.Options) *room {
	t.Helper()
	box, err := seal.New([]seal.Key{{ID: "test", Secret: bytes.Repeat([]byte("s"), 32)}})
	if err != nil {
		t.Fatal(err)
	}
	o.Box = box
	s, err := store.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close store: %v", err)
		}
	})
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	set, err := programme.Load(os.DirFS("testdata"), programme.Options{Zone: london})
	if err != nil {
		t.Fatal(err)
	}
	return assemble(t, s, set, london)
}

func assemble(t testing.TB, s *store.Store, set *programme.Set, zone *time.Location) *room {
	t.Helper()
	r := &room{store: s, clock: &clock{now: monday}, outbox: &outbox{}}
	r.workflow = workflow.New(workflow.Options{Store: s, Programmes: set, Outbox: r.outbox, Zone: zone,
		Coordinators: func(string) []workflow.Coordinator {
			return []workflow.Coordinator{{Name: "office", Address: "office@hall.example", Locale: "en"}}
		}})
	r.events = event.New(event.Options{Store: s, Programmes: set, Runs: r.workflow, Clock: r.clock})
	r.lists = campaign.New(campaign.Options{Store: s, Runs: r.workflow, Clock: r.clock})
	r.Intake = intake.New(intake.Options{Store: s, Programmes: set, Workflow: r.workflow, Events: r.events, Clock: r.clock})
	if err := r.events.Sync(context.Background()); err != nil {
		t.Fatal(err)
	}
	return r
}

// send accepts a form; pairs are field and answer.
func (r *room) send(t *testing.T, key, form string, pairs ...string) intake.Receipt {
	t.Helper()
	got, err := r.Accept(t.Context(), entry(key, form, pairs...))
	if err != nil {
		t.Fatalf("accept %s: %v", form, err)
	}
	return got
}

func entry(key, form string, pairs ...string) postroom.Entry {
	e := postroom.Entry{Channel: postroom.Web, Key: key, Form: form, Locale: "en", Answers: postroom.Answers{}}
	for i := 0; i < len(pairs); i += 2 {
		e.Answers[pairs[i]] = append(e.Answers[pairs[i]], pairs[i+1])
	}
	return e
}

// accepted does what the submission's job does.
func (r *room) accepted(t *testing.T, sub postroom.Submission) {
	t.Helper()
	r.write(t, func(tx *store.Tx) error {
		run, _, err := tx.RunOf(sub.ID)
		if err != nil {
			return err
		}
		return r.workflow.Accepted(tx, run, r.clock.Now())
	})
}

func (r *room) write(t *testing.T, fn func(*store.Tx) error) {
	t.Helper()
	if err := r.store.Write(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// perform does what is due now.
func (r *room) perform(t *testing.T) int {
	t.Helper()
	n, err := r.workflow.Perform(t.Context(), r.clock.Now(), 100)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// mails are the messages owed to an address, oldest first.
func (r *room) mails(t *testing.T, address string) (list []postroom.Message) {
	t.Helper()
	all, err := r.store.Read(t.Context()).Messages(postroom.Queued, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		if m.To == address {
			list = append(list, m)
		}
	}
	return list
}

// heard checks which templates were owed to an address, in order.
func (r *room) heard(t *testing.T, address string, want ...string) {
	t.Helper()
	var got []string
	for _, m := range r.mails(t, address) {
		got = append(got, m.Template)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s is owed [%s], want [%s]", address, strings.Join(got, " "), strings.Join(want, " "))
	}
}

// leave pretends that everything owed has been sent.
func (r *room) leave(t *testing.T) {
	t.Helper()
	all, err := r.store.Read(t.Context()).Messages(postroom.Queued, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	r.write(t, func(tx *store.Tx) error {
		for _, m := range all {
			if err := tx.StartSending(m.ID, 1, r.clock.Now()); err != nil {
				return err
			}
			if err := tx.EndSending(m.ID, 1, postroom.Sent, "", 0, r.clock.Now()); err != nil {
				return err
			}
		}
		return nil
	})
}

// rows is everything that may not change when something is repeated.
func (r *room) rows(t *testing.T) (counts [4]int) {
	t.Helper()
	read := r.store.Read(t.Context())
	subs, err := read.CountSubmissions()
	if err != nil {
		t.Fatal(err)
	}
	states, err := read.MessageCounts()
	if err != nil {
		t.Fatal(err)
	}
	jobs, err := read.OpenJobs()
	if err != nil {
		t.Fatal(err)
	}
	counts[0] = subs
	for _, n := range states {
		counts[1] += n
	}
	for _, j := range jobs {
		counts[2] += j.N
	}
	steps, err := read.DueSteps(monday.AddDate(10, 0, 0), 10_000)
	if err != nil {
		t.Fatal(err)
	}
	counts[3] = len(steps)
	return counts
}
