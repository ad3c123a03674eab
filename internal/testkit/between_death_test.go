package testkit_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"postroom/internal/app"
	"postroom/internal/config"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
	"postroom/internal/testkit"
)

// mortal is a post room with its pages in which nobody works, and which dies ahead of
// one statement after the other: what a page was doing there ends at once.
type mortal struct {
	*app.Room
	t     *testing.T
	clock *testkit.Clock
	pages *httptest.Server
	left  atomic.Int64 // statements until it dies; 0 is never
}

func newMortal(t *testing.T, options ...testkit.Option) *mortal {
	t.Helper()
	m := &mortal{t: t, clock: testkit.NewClock(time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC))}
	cfg, err := config.Load(testkit.WriteSettings(t, filepath.Join(t.TempDir(), "postroom.yaml"), "127.0.0.1:1", options...), func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	if m.Room, err = app.Open(t.Context(), app.Options{Config: cfg, Clock: m.clock, Before: m.pass}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	handler, err := m.Web.Handler()
	if err != nil {
		t.Fatal(err)
	}
	m.pages = httptest.NewServer(handler)
	t.Cleanup(m.pages.Close)
	return m
}

func (m *mortal) pass(string) {
	if m.left.Load() > 0 && m.left.Add(-1) == 0 {
		panic("died")
	}
}

// dies does something that dies ahead of its n-th statement, and says whether it came
// that far.
func (m *mortal) dies(n int, act func()) bool {
	m.left.Store(int64(n))
	act()
	return m.left.Swap(0) == 0
}

// shows opens a page, and returns what its form carries along.
func (m *mortal) shows(path string) url.Values {
	m.t.Helper()
	req, err := http.NewRequestWithContext(m.t.Context(), http.MethodGet, m.pages.URL+path, nil)
	if err != nil {
		m.t.Fatal(err)
	}
	return testkit.Ask(m.t, req).Hidden()
}

// presses sends a form and returns what it is answered with, and where it leads.
func (m *mortal) presses(req *http.Request) (status int, to string) {
	m.t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		m.t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode, resp.Header.Get("Location")
}

// newest is what came in last, and how much is on file.
func (m *mortal) newest() (postroom.Submission, int) {
	m.t.Helper()
	read := m.Store.Read(m.t.Context())
	list, err := read.Submissions(1)
	if err != nil || len(list) != 1 {
		m.t.Fatalf("on file is %d, %v", len(list), err)
	}
	n, err := read.CountSubmissions()
	if err != nil {
		m.t.Fatal(err)
	}
	return list[0], n
}

// owed counts the mails to an address that are owed, with what is held of them.
func (m *mortal) owed(address string) (n int) {
	m.t.Helper()
	for _, state := range []postroom.MessageState{postroom.Queued, postroom.Held} {
		list, err := m.Store.Read(m.t.Context()).Messages(state, 10_000)
		if err != nil {
			m.t.Fatal(err)
		}
		for _, message := range list {
			if message.To == address {
				n++
			}
		}
	}
	return n
}

// longest is more statements than anything has that is tried here.
const longest = 500

func TestDyingAtAnyStatementAPhotoComesOnceWithItsForm(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		m := newMortal(t, engine, offers(t, fair))
		for n := 1; n < longest; n++ {
			fields := m.shows("/f/poster")
			fields.Set("name", "Person "+strconv.Itoa(n))
			fields.Set("email", personN(n))
			m.clock.Advance(5 * time.Minute) // many forms at once would be a surge
			content := poster + strconv.Itoa(n)
			press := func() { m.presses(withFile(t, m.pages.URL+"/f/poster", fields, content)) }
			died := m.dies(n, press)
			if status, to := m.presses(withFile(t, m.pages.URL+"/f/poster", fields, content)); status != http.StatusSeeOther {
				t.Fatalf("dying ahead of statement %d, the second time is answered with %d to %q", n, status, to)
			}
			sub, all := m.newest()
			answers := sub.Answers["photo"]
			if all != n || sub.Address != personN(n) || len(answers) != 1 {
				t.Fatalf("dying ahead of statement %d: %d are on file, the last of %s with %q", n, all, sub.Address, answers)
			}
			file, _ := programme.FileOf(answers[0])
			_, kept, err := m.Store.Read(t.Context()).FileOf(sub.ID, file.ID)
			if err != nil || string(kept) != content {
				t.Fatalf("dying ahead of statement %d: the photo is %d bytes, %v", n, len(kept), err)
			}
			if unsent, err := m.Store.Read(t.Context()).UnsentFiles(); err != nil || unsent != 0 {
				t.Fatalf("dying ahead of statement %d: %d bytes are left over, %v", n, unsent, err)
			}
			if !died {
				t.Logf("it is %d statements", n-1)
				return
			}
		}
		t.Error("it never came through")
	})
}

func TestDyingAtAnyStatementAGuardianIsAskedOnceAndTheirYesCountsOnce(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		m := newMortal(t, engine, offers(t, youth))
		asking, answering := true, true // whether each still dies
		for n := 1; n < longest && (asking || answering); n++ {
			fields := m.shows("/f/helper")
			child, grown := personN(n), "adult-"+strconv.Itoa(n)+"@example.org"
			for name, value := range map[string]string{"name": "Young", "email": child, "age": "under_16", "adult_email": grown} {
				fields.Set(name, value)
			}
			m.clock.Advance(5 * time.Minute)
			post := func(path string, fields url.Values) func() {
				return func() { m.presses(form(t, m.pages.URL+path, fields)) }
			}
			asking = m.dies(n, post("/f/helper", fields))
			post("/f/helper", fields)()
			sub, all := m.newest()
			g, there, err := m.Store.Read(t.Context()).Guardian(sub.ID)
			if err != nil || !there || all != n || sub.State != postroom.SubmissionHeld || g.Asked != 1 || m.owed(grown) != 1 {
				t.Fatalf("dying ahead of statement %d: %d are on file, the last is %s, its guardian was asked %d times and is owed %d mails, %v", n, all, sub.State, g.Asked, m.owed(grown), err)
			}
			agree := post(m.guardianLink(grown), url.Values{"answer": {"yes"}})
			answering = m.dies(n, agree)
			agree()
			g, _, err = m.Store.Read(t.Context()).Guardian(sub.ID)
			if now, _ := m.newest(); err != nil || g.State != store.GuardianAgreed || now.State != postroom.SubmissionReceived || m.owed(grown) != 1 {
				t.Fatalf("dying ahead of statement %d of a yes: it is %s, the guardian %s, %v", n, now.State, g.State, err)
			}
		}
		if asking || answering {
			t.Error("it never came through")
		}
	})
}

// guardianLink is where a guardian answers, as the mail says that is owed to them.
func (m *mortal) guardianLink(address string) string {
	m.t.Helper()
	list, err := m.Store.Read(m.t.Context()).Messages(postroom.Queued, 10_000)
	if err != nil {
		m.t.Fatal(err)
	}
	for _, message := range list {
		if message.To == address {
			at, err := url.Parse(message.Data["url"])
			if err != nil {
				m.t.Fatal(err)
			}
			return at.Path
		}
	}
	m.t.Fatalf("nothing is owed to %s", address)
	return ""
}

// form is a form as a browser sends it.
func form(t *testing.T, address string, fields url.Values) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(fields.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return req
}
