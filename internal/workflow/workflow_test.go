package workflow_test

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/seal"
	"postroom/internal/store"
	"postroom/internal/testserver"
	"postroom/internal/workflow"
)

var monday = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)

const head = `
programme: club
languages: [en]
name: The club
privacy: We use your answers to answer you.
forms:
  - form: ask
    kind: enquiry
    title: Ask
    reach: [email]
    fields:
      - {field: email, type: email, required: true}
      - {field: vip, type: yes_no, label: VIP, error_label: vip}
workflow:
  - {step: hello, on: received, send: hello}
`

const later = `
  - {step: first, after: received, by: 1d, send: first}
  - {step: second, after: received, by: 2d, when: not vip, send: second}
`

// outbox files messages; broken makes one template fail.
type outbox struct{ broken string }

func (*outbox) Answered(*store.Tx, string, string, time.Time) error { return nil }

func (o *outbox) Owe(tx *store.Tx, m postroom.Message) (postroom.Message, error) {
	if m.Template == o.broken {
		return m, errors.New("no such letter")
	}
	m.ID = store.NewMessageID()
	m.MessageID, m.Class, m.Lane = m.ID+"@example.org", postroom.Service, postroom.Confirm
	_, err := tx.AddMessage(m)
	return m, err
}

type room struct {
	t      *testing.T
	store  *store.Store
	outbox *outbox
	sub    postroom.Submission
	run    postroom.Run
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
	r := &room{t: t, store: s, outbox: &outbox{}}
	r.begin()
	return r
}

// with returns a workflow for the programme with these steps as well.
func (r *room) with(steps string) *workflow.Workflow {
	r.t.Helper()
	set, err := programme.Load(fstest.MapFS{"club.yaml": {Data: []byte(head + steps)}}, programme.Options{})
	if err != nil {
		r.t.Fatal(err)
	}
	return workflow.New(workflow.Options{Store: r.store, Programmes: set, Outbox: r.outbox})
}

func (r *room) write(fn func(tx *store.Tx) error) {
	r.t.Helper()
	if err := r.store.Write(context.Background(), fn); err != nil {
		r.t.Fatal(err)
	}
}

// begin files a submission and fires received.
func (r *room) begin() {
	r.t.Helper()
	w := r.with(later)
	r.write(func(tx *store.Tx) error {
		c, err := tx.FindOrAddContact(postroom.Contact{Address: "ann@example.org", Reach: postroom.ReachEmail}, monday)
		if err != nil {
			return err
		}
		if err := tx.PutFormVersion("v", "club", "ask", []byte("{}"), monday); err != nil {
			return err
		}
		letter, _, err := tx.AddLetter(postroom.Letter{Hash: "hash", MessageID: "letter@example.org", ReceivedAt: monday}, nil, []byte("Hello"))
		if err != nil {
			return err
		}
		r.sub, _, err = tx.AddSubmission(postroom.Submission{Programme: "club", Form: "ask", FormVersion: "v", Kind: postroom.Enquiry, Channel: postroom.ByLetter, Letter: letter,
			Contact: c.ID, Address: "ann@example.org", Locale: "en", Answers: postroom.Answers{"email": {"ann@example.org"}}, State: postroom.SubmissionReceived, ReceivedAt: monday})
		if err != nil {
			return err
		}
		if r.run, err = w.Begin(tx, r.sub, monday); err != nil {
			return err
		}
		return w.Fire(tx, r.run, postroom.OnReceived, monday)
	})
}

// steps are the states and reasons of the run's steps by name.
func (r *room) steps() map[string]string {
	r.t.Helper()
	list, err := r.store.Read(context.Background()).StepsOf(r.run.ID)
	if err != nil {
		r.t.Fatal(err)
	}
	all := make(map[string]string)
	for _, s := range list {
		all[s.Name] = string(s.State) + " " + s.Reason
	}
	return all
}

func (r *room) want(steps map[string]string) {
	r.t.Helper()
	got := r.steps()
	for name, want := range steps {
		if got[name] != want {
			r.t.Errorf("step %s is %q, want %q", name, got[name], want)
		}
	}
}

// Whoever has what a form asks for already did not fill it in, perhaps: the
// name in it may be a stranger's text.
func TestNobodyIsGreetedByTheNameInAFormThatAsksAgain(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		w := r.with("")
		for _, c := range []struct {
			channel postroom.Channel
			again   bool
			want    string
		}{
			{postroom.ByPhone, true, ""},
			{postroom.ByPhone, false, "Ann"},
			{postroom.Web, false, "Ann"}, // her letter vouches for the address
		} {
			again, want := c.again, c.want
			r.write(func(tx *store.Tx) error {
				sub := r.sub
				sub.Channel = c.channel
				sub.ID, sub.Key, sub.NaturalKey = "", store.NewMessageID(), store.NewMessageID()
				sub, _, err := tx.AddSubmission(sub)
				if err != nil {
					return err
				}
				run, err := w.Begin(tx, sub, monday)
				if err != nil {
					return err
				}
				theirs := w.CaseOf(run, sub, postroom.Contact{ID: sub.Contact, Name: "Ann"})
				theirs.Again = again
				if err := w.FireFor(tx, theirs, postroom.OnReceived, monday); err != nil {
					return err
				}
				owed, err := tx.MessagesAbout(sub.ID)
				if len(owed) != 1 || owed[0].Data["name"] != want {
					t.Errorf("by %s, again %v: %+v", c.channel, again, owed)
				}
				return err
			})
		}
	})
}

func TestFiringAgainPromisesNothingAgain(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		w := r.with(later)
		r.write(func(tx *store.Tx) error { return w.Fire(tx, r.run, postroom.OnReceived, monday.Add(time.Hour)) })
		r.want(map[string]string{"hello": "done ", "first": "planned ", "second": "planned "})
		mails, err := r.store.Read(t.Context()).MessagesAbout(r.sub.ID)
		if err != nil || len(mails) != 1 || mails[0].InReplyTo != "letter@example.org" || mails[0].References == "" {
			t.Errorf("owed %+v, %v", mails, err)
		}
	})
}

func TestAStepTheProgrammeNoLongerHasIsSkipped(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		n, err := r.with("").Perform(t.Context(), monday.AddDate(0, 0, 3), 10)
		if n != 2 || err != nil {
			t.Errorf("%d settled, %v", n, err)
		}
		r.want(map[string]string{"first": "skipped gone", "second": "skipped gone"})
	})
}

func TestAStepThatCannotBeDoneRestsAndIsDoneLater(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		r.outbox.broken = "first"
		w, now := r.with(later), monday.AddDate(0, 0, 3)
		n, err := w.Perform(t.Context(), now, 10)
		if n != 2 || err == nil {
			t.Errorf("%d dealt with, %v", n, err)
		}
		r.want(map[string]string{"first": "planned owe first: no such letter", "second": "done "})
		r.outbox.broken = ""
		if n, err = w.Perform(t.Context(), now, 10); n != 0 || err != nil {
			t.Errorf("while it rests: %d dealt with, %v", n, err)
		}
		if n, err = w.Perform(t.Context(), now.Add(10*time.Minute), 10); n != 1 || err != nil {
			t.Errorf("once it can be done: %d dealt with, %v", n, err)
		}
		r.want(map[string]string{"first": "done "})
	})
}

func TestAHundredStepsThatFailDoNotKeepTheNextWaiting(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		for range 100 {
			r.begin() // each has a first step, which fails, and a second, which is due later
		}
		r.outbox.broken = "first"
		w, now := r.with(later), monday.AddDate(0, 0, 3)
		if n, err := w.Perform(t.Context(), now, 101); n != 101 || err == nil {
			t.Errorf("%d dealt with, %v", n, err)
		}
		r.want(map[string]string{"second": "planned "})
		if n, err := w.Perform(t.Context(), now, 101); n != 101 || err != nil {
			t.Errorf("%d dealt with, %v", n, err)
		}
		r.want(map[string]string{"second": "done "})
	})
}

func TestWhatEndsCancelsWhatWasPlanned(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		w := r.with(later)
		r.write(func(tx *store.Tx) error { return w.End(tx, r.sub.ID, "unsubscribed", monday) })
		r.want(map[string]string{"hello": "done ", "first": "cancelled unsubscribed", "second": "cancelled unsubscribed"})
	})
}
