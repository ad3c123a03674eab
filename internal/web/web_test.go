package web

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"postroom/internal/config"
	"postroom/internal/intake"
	"postroom/internal/link"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/seal"
	"postroom/internal/store"
	"postroom/templates"
)

// noon is a Monday, four months before the event of the starter files.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// hands is a clock that a test moves by hand.
type hands struct {
	mu  sync.Mutex
	now time.Time
}

func (h *hands) Now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *hands) Until(time.Time) <-chan struct{} { return nil }

func (h *hands) move(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

// counter is a Server with a store of its own and work rooms that only note
// what they were asked.
type counter struct {
	*Server
	t     testing.TB
	clock *hands
	rooms *rooms
	log   *bytes.Buffer
	h     http.Handler
}

// rooms stand in for intake, campaign and event.
type rooms struct {
	counter *counter
	mu      sync.Mutex
	entries []postroom.Entry
	acts    []string
	fail    error
	surging bool
	busy    bool
}

func (f *rooms) note(act string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.acts = append(f.acts, act)
	return f.fail
}

func (f *rooms) did() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(f.acts, " ")
}

func (f *rooms) entry() postroom.Entry {
	f.counter.t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.entries) == 0 {
		f.counter.t.Fatal("no entry came in")
	}
	return f.entries[len(f.entries)-1]
}

// Accept files the entry as the real door does, without what follows.
func (f *rooms) Accept(ctx context.Context, e postroom.Entry) (intake.Receipt, error) {
	form, ok := f.counter.Programmes.Form(e.Form)
	if !ok {
		return intake.Receipt{}, &postroom.Error{Kind: postroom.NotFound}
	}
	clean, mistakes := form.Check(e.Answers)
	if len(mistakes) > 0 {
		return intake.Receipt{}, &intake.Refused{Fields: mistakes}
	}
	f.mu.Lock()
	f.entries = append(f.entries, e)
	fail := f.fail
	f.mu.Unlock()
	if fail != nil {
		return intake.Receipt{}, fail
	}
	return f.counter.file(ctx, form, e, clean)
}

// Surging says what the test wants.
func (f *rooms) Surging(context.Context, string) (bool, error) { return f.surging, nil }

func (f *rooms) Busy(context.Context, postroom.Submission) (bool, error) { return f.busy, nil }

func (f *rooms) Finish(ctx context.Context, _ string, e postroom.Entry) (intake.Receipt, error) {
	return f.Accept(ctx, e)
}

func (f *rooms) Readdress(ctx context.Context, submission, address string) error {
	if err := f.note("readdress:" + address); err != nil {
		return err
	}
	return f.counter.Store.Write(ctx, func(tx *store.Tx) error { return tx.ReaddressSubmission(submission, address) })
}

func (f *rooms) Confirm(ctx context.Context, id string) error {
	return errors.Join(f.note("confirm"), f.counter.Store.Write(ctx, func(tx *store.Tx) error {
		_, _, err := tx.ConfirmSubscription(id, noon)
		return err
	}))
}

func (f *rooms) NotMe(context.Context, string) error { return f.note("not-me") }

func (f *rooms) Unsubscribe(ctx context.Context, id string) error {
	return errors.Join(f.note("unsubscribe"), f.counter.Store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Unsubscribe(id, noon)
		return err
	}))
}

func (f *rooms) Stop(ctx context.Context, id string) error {
	return errors.Join(f.note("stop"), f.counter.Store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Unsubscribe(id, noon)
		return err
	}))
}

func (f *rooms) Back(ctx context.Context, id string) error {
	return errors.Join(f.note("back"), f.counter.Store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Resubscribe(id, noon, noon)
		return err
	}))
}

func (f *rooms) Choose(ctx context.Context, id, locale string, c postroom.Choices) error {
	return errors.Join(f.note("choose"), f.counter.Store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.SetChoices(id, locale, c)
		return err
	}))
}

func (f *rooms) AskToMove(_ context.Context, _, to, _ string) error { return f.note("move:" + to) }

func (f *rooms) AgreeToMove(ctx context.Context, id string, newEnd bool) error {
	return errors.Join(f.note("agree-to-move"), f.counter.Store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.AgreeToMove(id, newEnd, noon)
		return err
	}))
}

func (f *rooms) RefuseMove(context.Context, string) error { return f.note("refuse-move") }

func (f *rooms) LeaveAll(context.Context, string) error { return f.note("leave") }

func (f *rooms) Return(context.Context, string) error { return f.note("return") }

func (f *rooms) Cancel(tx *store.Tx, b postroom.Booking, _ time.Time) error {
	_, err := tx.MoveBooking(b.ID, b.State, postroom.BookingCancelled)
	return errors.Join(err, f.note("cancel"))
}

// Owe files a message as the one door out does.
func (f *rooms) Owe(tx *store.Tx, m postroom.Message) (postroom.Message, error) {
	m.ID = store.NewMessageID()
	m.MessageID = m.ID + "@post.example"
	return m, errors.Join(f.note("owe:"+m.Template), tx.OweMessage(m, f.counter.clock.Now()))
}

func (c *counter) file(ctx context.Context, form *programme.Form, e postroom.Entry, clean postroom.Answers) (r intake.Receipt, err error) {
	err = c.Store.Write(ctx, func(tx *store.Tx) error {
		person := postroom.Contact{Name: clean.One("name"), Address: clean.One("email"), Phone: clean.One("phone"), Locale: e.Locale, Reach: postroom.ReachEmail}
		person, err := tx.FindOrAddContact(person, e.At)
		if err != nil {
			return err
		}
		sub := postroom.Submission{
			Key: e.Key, NaturalKey: e.Key, Programme: form.Programme.Name, Form: form.Name, FormVersion: form.Version, Kind: form.Kind,
			Channel: e.Channel, Contact: person.ID, Address: person.Address, Locale: e.Locale, Answers: clean, ReceivedAt: e.At,
			State: postroom.SubmissionReceived,
		}
		if slices.Contains(e.Signs, postroom.SignTrap) {
			sub.State = postroom.SubmissionHeld
		}
		if err := tx.PutFormVersion(form.Version, form.Programme.Name, form.Name, form.Snapshot, e.At); err != nil {
			return err
		}
		sub, added, err := tx.AddSubmission(sub)
		r = intake.Receipt{Submission: sub, Repeated: !added}
		if err != nil || !added {
			return err
		}
		return c.follow(tx, form, &r, clean)
	})
	return r, err
}

func (c *counter) follow(tx *store.Tx, form *programme.Form, r *intake.Receipt, clean postroom.Answers) error {
	if form.List != "" && r.Submission.Address != "" {
		s, err := tx.Subscribe(postroom.Subscription{
			List: form.List, Programme: form.Programme.Name, Contact: r.Submission.Contact, Address: r.Submission.Address,
			Locale: r.Submission.Locale, Submission: r.Submission.ID, AskedAt: r.Submission.ReceivedAt,
		})
		r.Subscription = &s
		return err
	}
	if form.Event == "" {
		return nil
	}
	sessions, err := tx.Sessions(form.Programme.Name, form.Event)
	for _, s := range sessions {
		if s.Name == clean.One("session") || len(sessions) == 1 {
			state := postroom.BookingConfirmed
			if s.Name == "workshop" {
				state = postroom.BookingWaiting
			}
			b, err := tx.AddBooking(postroom.Booking{Session: s.ID, Contact: r.Submission.Contact, Submission: r.Submission.ID, Party: 2, State: state, QueuedAt: noon})
			r.Booking = &b
			return err
		}
	}
	return err
}

// open makes a counter; adjust may change the options first.
func open(t testing.TB, adjust ...func(*Options)) *counter {
	t.Helper()
	clock := &hands{now: noon}
	key := bytes.Repeat([]byte{7}, 32)
	links, err := link.New(clock, []link.Key{{ID: "k", Secret: key}})
	if err != nil {
		t.Fatal(err)
	}
	c := &counter{t: t, clock: clock, log: &bytes.Buffer{}}
	c.rooms = &rooms{counter: c}
	o := Options{
		Programmes: starters(t), Intake: c.rooms, Lists: c.rooms, Events: c.rooms, Mails: c.rooms, Guardians: c.rooms, Amendments: c.rooms, Store: openStore(t, key), Links: links,
		Clock: clock, Templates: templates.FS, Log: slog.New(slog.NewTextHandler(c.log, nil)), PostsPerMinute: -1,
		Org: config.Organisation{
			Name: "Community Hub", BaseURL: "https://post.example.org", Zone: time.UTC,
			From: mail.Address{Name: "Community Hub", Address: "office@example.org"},
		},
	}
	for _, each := range adjust {
		each(&o)
	}
	if c.Server, err = New(o); err != nil {
		t.Fatal(err)
	}
	if c.h, err = c.Handler(); err != nil {
		t.Fatal(err)
	}
	c.syncEvents()
	return c
}

// starters loads the starter programmes and the one in testdata.
func starters(t testing.TB) *programme.Set {
	t.Helper()
	folder := fstest.MapFS{}
	files, err := fs.Glob(templates.FS, "programme/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		data, err := fs.ReadFile(templates.FS, file)
		if err != nil {
			t.Fatal(err)
		}
		folder[filepath.Base(file)] = &fstest.MapFile{Data: data}
	}
	data, err := os.ReadFile("testdata/everything.yaml")
	if err != nil {
		t.Fatal(err)
	}
	folder["everything.yaml"] = &fstest.MapFile{Data: data}
	set, err := programme.Load(folder, programme.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func openStore(t testing.TB, key []byte) *store.Store {
	t.Helper()
	box, err := seal.New([]seal.Key{{ID: "k", Secret: key}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), store.Options{URL: filepath.Join(t.TempDir(), "postroom.db"), Box: box})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func (c *counter) syncEvents() {
	c.t.Helper()
	err := c.Store.Write(c.t.Context(), func(tx *store.Tx) error {
		for _, p := range c.Programmes.Programmes() {
			for _, e := range p.Events {
				id, err := tx.PutEvent(p.Name, e.Name, noon)
				if err != nil {
					return err
				}
				for _, s := range e.Sessions {
					if _, err := tx.PutSession(postroom.Session{Event: id, Name: s.Name, StartsAt: s.StartsAt, EndsAt: s.EndsAt, Venue: s.Venue, Capacity: s.Capacity}); err != nil {
						return err
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

// on is the same counter for a test within a test.
func (c *counter) on(t testing.TB) *counter {
	other := *c
	other.t = t
	return &other
}

// ask sends a request; header is pairs of name and value.
func (c *counter) ask(method, target, body string, header ...string) *httptest.ResponseRecorder {
	c.t.Helper()
	r := httptest.NewRequestWithContext(c.t.Context(), method, target, strings.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	c.h.ServeHTTP(w, r)
	return w
}

// get fetches a page, and follows ?lang= to the path of that language as a browser
// does.
func (c *counter) get(target string, header ...string) *httptest.ResponseRecorder {
	c.t.Helper()
	w := c.ask(http.MethodGet, target, "", header...)
	if w.Code == http.StatusFound && strings.Contains(target, "lang=") {
		return c.ask(http.MethodGet, w.Header().Get("Location"), "", header...)
	}
	return w
}

func (c *counter) post(target string, form url.Values, header ...string) *httptest.ResponseRecorder {
	c.t.Helper()
	return c.ask(http.MethodPost, target, form.Encode(), append([]string{"Content-Type", "application/x-www-form-urlencoded"}, header...)...)
}

// want fails unless the answer has this status and holds each of the texts.
func want(t testing.TB, w *httptest.ResponseRecorder, status int, texts ...string) {
	t.Helper()
	if w.Code != status {
		t.Fatalf("status %d, want %d\n%s", w.Code, status, w.Body)
	}
	for _, text := range texts {
		if !strings.Contains(w.Body.String(), text) {
			t.Errorf("the answer does not hold %q:\n%s", text, w.Body)
		}
	}
}

func unwanted(t testing.TB, w *httptest.ResponseRecorder, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(w.Body.String(), text) {
			t.Errorf("the answer holds %q:\n%s", text, w.Body)
		}
	}
}
