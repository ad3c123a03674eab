package outbound

import (
	"bytes"
	"flag"
	"net"
	"net/mail"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"postroom/internal/link"
	"postroom/internal/postroom"
	"postroom/internal/seal"
	"postroom/internal/store"
	"postroom/internal/testserver"
	"postroom/templates"
)

var update = flag.Bool("update", false, "write the goldens anew")

// moment is when every test begins: a Monday.
var moment = time.Date(2026, time.November, 23, 10, 0, 0, 0, time.UTC)

// handClock stands still until a test moves it.
type handClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *handClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *handClock) Until(time.Time) <-chan struct{} { return make(chan struct{}) }

func (c *handClock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// room is an outbox with a database of its own and a mail server of its own.
type room struct {
	*Outbox
	t     testing.TB
	clock *handClock
	sink  *testserver.Sink
}

// organisation is whose mail the tests send.
func organisation() Organisation {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		panic(err)
	}
	return Organisation{
		Name: "Example Charity", BaseURL: "https://post.example.org", Zone: london,
		From:          mail.Address{Name: "Example Charity", Address: "office@example.org"},
		PostalAddress: "1 High Street, Milton Keynes, MK1 1AA",
	}
}

func letters(t testing.TB) *Letters {
	t.Helper()
	l, err := LoadLetters(templates.FS)
	if err != nil {
		t.Fatalf("the letters have mistakes:\n%v", err)
	}
	return l
}

func openStore(t testing.TB, url string) *store.Store {
	t.Helper()
	box, err := seal.New([]seal.Key{{ID: "k", Secret: bytes.Repeat([]byte("s"), 32)}})
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), store.Options{URL: url, Box: box})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	return st
}

func signer(t testing.TB, clock postroom.Clock) *link.Signer {
	t.Helper()
	links, err := link.New(clock, []link.Key{{ID: "k", Secret: bytes.Repeat([]byte("l"), 32)}})
	if err != nil {
		t.Fatal(err)
	}
	return links
}

// serverAt returns the settings for a server on this machine without TLS.
func serverAt(t testing.TB, name, addr string) Server {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return Server{Name: name, Host: host, Port: n, Security: Plain, Patience: 10 * time.Second}
}

// newRoom opens a room on SQLite whose server behaves as told.
func newRoom(t testing.TB, behave ...testserver.SinkOption) *room {
	t.Helper()
	return roomOn(t, filepath.Join(t.TempDir(), "post.db"), nil, behave...)
}

func roomOn(t testing.TB, url string, change func(*Options), behave ...testserver.SinkOption) *room {
	t.Helper()
	clock := &handClock{now: moment}
	sink := testserver.SMTPSink(t, behave...)
	o := Options{
		Store: openStore(t, url), Letters: letters(t), Links: signer(t, clock), Clock: clock, Org: organisation(),
		Servers: []Server{serverAt(t, "main", sink.Addr)}, Journal: t.TempDir(),
	}
	if change != nil {
		change(&o)
	}
	out, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(out.Close)
	return &room{Outbox: out, t: t, clock: clock, sink: sink}
}

// both runs a test on each engine.
func both(t *testing.T, story func(t *testing.T, open func(change func(*Options), behave ...testserver.SinkOption) *room)) {
	engines := map[string]func(*testing.T) string{
		"sqlite":   func(t *testing.T) string { return filepath.Join(t.TempDir(), "post.db") },
		"postgres": func(t *testing.T) string { return testserver.PostgresWith(t, store.Prepare) },
	}
	for name, url := range engines {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := url(t)
			story(t, func(change func(*Options), behave ...testserver.SinkOption) *room {
				return roomOn(t, at, change, behave...)
			})
		})
	}
}

func (r *room) write(fn func(tx *store.Tx) error) {
	r.t.Helper()
	if err := r.store.Write(r.t.Context(), fn); err != nil {
		r.t.Fatal(err)
	}
}

// person files a contact, and a submission of theirs.
func (r *room) person(c postroom.Contact) (postroom.Contact, postroom.Submission) {
	r.t.Helper()
	var s postroom.Submission
	r.write(func(tx *store.Tx) (err error) {
		if c, err = tx.FindOrAddContact(c, r.clock.Now()); err != nil {
			return err
		}
		if err := tx.PutFormVersion("v1", "cag", "join", []byte("{}"), r.clock.Now()); err != nil {
			return err
		}
		key := store.NewMessageID()
		s, _, err = tx.AddSubmission(postroom.Submission{
			Key: key, NaturalKey: key, Programme: "cag", Form: "join", FormVersion: "v1", Kind: postroom.SignUp, Channel: postroom.Web,
			Contact: c.ID, Address: c.Address, Locale: "en", State: postroom.SubmissionReceived, ReceivedAt: r.clock.Now(),
		})
		return err
	})
	return c, s
}

// vouchFor is ann for somebody whom we know: one of us spoke with them.
func (r *room) vouchFor(c postroom.Contact) postroom.Message {
	r.t.Helper()
	c, s := r.person(c)
	r.write(func(tx *store.Tx) error {
		key := store.NewMessageID()
		_, _, err := tx.AddSubmission(postroom.Submission{
			Key: key, NaturalKey: key, Programme: "cag", Form: "join", FormVersion: "v1", Kind: postroom.SignUp, Channel: postroom.ByPhone,
			Contact: c.ID, Address: c.Address, Locale: "en", State: postroom.SubmissionReceived, ReceivedAt: r.clock.Now(),
		})
		return err
	})
	return acknowledgement(c, s)
}

// ann is somebody who can be mailed, with something she sent.
func (r *room) ann() postroom.Message {
	r.t.Helper()
	c, s := r.person(postroom.Contact{Name: "Ann", Address: "ann@example.org", Reach: postroom.ReachEmail})
	return acknowledgement(c, s)
}

func acknowledgement(c postroom.Contact, s postroom.Submission) postroom.Message {
	return postroom.Message{
		Programme: "cag", Form: "join", Submission: s.ID, Contact: c.ID, About: s.ID, To: c.Address,
		Template: "we-have-your-message", Locale: "en", Data: map[string]string{"name": c.Name, "reference": "K7M-4QX"},
	}
}

func (r *room) owe(m postroom.Message) postroom.Message {
	r.t.Helper()
	r.write(func(tx *store.Tx) (err error) {
		m, err = r.Owe(tx, m)
		return err
	})
	return m
}

// deliver hands the message's job over, delivers it and settles it, as the
// queue does.
func (r *room) deliver(m postroom.Message) store.Outcome {
	r.t.Helper()
	job := r.hand(m)
	outcome := r.Deliver(r.t.Context(), job)
	r.settle(job, outcome)
	return outcome
}

// hand hands the job of a message over, at a new turn, and claims it.
func (r *room) hand(m postroom.Message) (job postroom.Job) {
	r.t.Helper()
	now := r.clock.Now()
	r.write(func(tx *store.Tx) error {
		for _, lane := range postroom.Lanes() {
			jobs, err := tx.HandOver(lane, "test", 100, now, now.Add(time.Minute))
			if err != nil {
				return err
			}
			for _, j := range jobs {
				if j.Subject == m.ID {
					job, err = tx.Claim(j.ID, j.Turn, "test", now.Add(time.Hour))
					if err != nil {
						return err
					}
				}
			}
		}
		_, err := tx.TakeBack("test", now)
		return err
	})
	if job.ID == "" {
		r.t.Fatalf("the job of message %s is not due", m.ID)
	}
	return job
}

// die makes every job due again, as a start does after the process died.
func (r *room) die() {
	r.t.Helper()
	r.write(func(tx *store.Tx) error { _, err := tx.TakeAllBack(r.clock.Now()); return err })
}

func (r *room) settle(job postroom.Job, o store.Outcome) {
	r.t.Helper()
	r.write(func(tx *store.Tx) error { return tx.Settle(job, o, r.clock.Now()) })
}

func (r *room) state(m postroom.Message) postroom.Message {
	r.t.Helper()
	now, err := r.store.Read(r.t.Context()).Message(m.ID)
	if err != nil {
		r.t.Fatal(err)
	}
	return now
}

func (r *room) job(m postroom.Message) postroom.Job {
	r.t.Helper()
	j, err := r.store.Read(r.t.Context()).JobOf(postroom.JobDeliver, m.ID)
	if err != nil {
		r.t.Fatal(err)
	}
	return j
}

// told says whether the coordinators will be told of a message.
func (r *room) told(m postroom.Message) bool {
	r.t.Helper()
	_, err := r.store.Read(r.t.Context()).JobOf(postroom.JobTell, m.ID)
	if err != nil && postroom.KindOf(err) != postroom.NotFound {
		r.t.Fatal(err)
	}
	return err == nil
}

func (r *room) calls() []postroom.Call {
	r.t.Helper()
	calls, err := r.store.Read(r.t.Context()).Calls(100)
	if err != nil {
		r.t.Fatal(err)
	}
	return calls
}

// expect fails the test unless the message is in this state for this reason.
func (r *room) expect(m postroom.Message, state postroom.MessageState, reason string) {
	r.t.Helper()
	if now := r.state(m); now.State != state || now.Reason != reason {
		r.t.Errorf("the message is %s (%s), want %s (%s)", now.State, now.Reason, state, reason)
	}
}
