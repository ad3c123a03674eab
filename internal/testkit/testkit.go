// Package testkit is a whole post room in a test: its own database, its own
// mail server, its own clock, and the web pages at an address of its own.
//
// The idea a newcomer needs: a story goes in by the real doors and is read at
// the other end. Submit posts a form as a browser does, Work lets the real
// workers do everything that is due and returns when nothing is left, Letter
// reads what the mail server was given. Nothing waits for time to pass: the
// clock stands still until the test moves it.
package testkit

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"postroom/internal/app"
	"postroom/internal/config"
	"postroom/internal/store"
	"postroom/internal/testserver"
)

// readTexts reads the texts once for all rooms of a test program: they do not
// change, and under the race detector reading them takes a second.
var readTexts = sync.OnceValues(app.ReadTexts)

// start is when every test's clock begins: a Monday morning in winter.
var start = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)

// Room is a post room at work.
type Room struct {
	*app.Room
	Clock *Clock
	Sink  *testserver.Sink
	URL   string // of its pages, without a slash at the end

	t     testing.TB
	setup *setup
	stop  func()
}

type setup struct {
	database string
	redis    string
	smtp     string
	sink     []testserver.SinkOption
	boxes    string
	secret   string
	wears    string
	more     string
	dir      string
	roles    []app.Role
	locked   bool
	clock    *Clock
}

// Option changes what a room is built on.
type Option func(t testing.TB, s *setup)

// OnServers puts the room on a real PostgreSQL and a real Redis instead of
// SQLite and the embedded Redis.
func OnServers(t testing.TB, s *setup) {
	s.database, s.redis = testserver.PostgresWith(t, store.Prepare), testserver.Redis(t).URL
}

// Misbehaving gives the room's mail server options.
func Misbehaving(options ...testserver.SinkOption) Option {
	return func(_ testing.TB, s *setup) { s.sink = options }
}

// Through sends mail to the server at addr (host:port) instead of a sink.
func Through(addr string) Option { return func(_ testing.TB, s *setup) { s.smtp = addr } }

// Setting adds lines to postroom.yaml. Coordinators get a daily summary only
// if it sets digest_at.
func Setting(yaml string) Option { return func(_ testing.TB, s *setup) { s.more += yaml + "\n" } }

// Wearing gives the room an organisation with a colour and a logo of its own.
func Wearing(colour, logo string) Option {
	return func(_ testing.TB, s *setup) { s.wears = fmt.Sprintf("  colour: %q\n  logo: %q\n", colour, logo) }
}

// Mailbox makes the room read a mailbox on a Dovecot server. more are further
// settings as they stand in postroom.yaml, such as "mode: answer, after: flag".
func Mailbox(d *testserver.DovecotServer, address, more string) Option {
	return func(t testing.TB, s *setup) {
		host, port, err := net.SplitHostPort(d.IMAP)
		if err != nil {
			t.Fatal(err)
		}
		if more != "" {
			more = ", " + more
		}
		s.boxes += fmt.Sprintf("  - {address: %s, host: %s, port: %s, security: none, password: %s%s}\n", address, host, port, d.Password, more)
	}
}

// TokenMailbox makes the room read a mailbox on a Dovecot server that takes
// tokens alone, as an app that a TokenServer knows.
func TokenMailbox(s *testserver.TokenServer, d *testserver.DovecotServer, address, more string) Option {
	const app, appSecret = "app-of-the-room", "secret-of-the-app"
	s.App(app, appSecret)
	login := fmt.Sprintf("login: oauth2, client_id: %s, client_secret: %s, token_url: %q", app, appSecret, s.URL)
	return func(t testing.TB, set *setup) {
		Mailbox(d, address, strings.TrimSuffix(login+", "+more, ", "))(t, set)
		set.boxes = strings.Replace(set.boxes, ", password: "+d.Password+", "+login, ", "+login, 1)
	}
}

// Stranger gives the room a key of its own, so that it knows no other room's
// mail for its own.
func Stranger(_ testing.TB, s *setup) { s.secret = "fedcba9876543210fedcba9876543210" }

// In keeps the room's data in dir, so that another room can go on with it.
func In(dir string) Option { return func(_ testing.TB, s *setup) { s.dir = dir } }

// Roles makes the room do only a part of the work.
func Roles(roles ...app.Role) Option { return func(_ testing.TB, s *setup) { s.roles = roles } }

// Locked makes whoever opens the desk sign in first. In other rooms As opens it.
func Locked(_ testing.TB, s *setup) { s.locked = true }

// Beside makes the room one more process of a post room that is on servers:
// the same database, Redis, mail server, mailboxes and clock.
func Beside(other *Room) Option {
	return func(t testing.TB, s *setup) {
		s.database, s.redis, s.smtp, s.boxes, s.clock = other.setup.database, other.setup.redis, other.setup.smtp, other.setup.boxes, other.Clock
	}
}

// Engines runs a test on both engines: SQLite with the embedded Redis, and
// PostgreSQL with a real Redis.
func Engines(t *testing.T, test func(t *testing.T, engine Option)) {
	t.Run("SQLite and embedded Redis", func(t *testing.T) {
		t.Parallel()
		test(t, func(testing.TB, *setup) {})
	})
	t.Run("PostgreSQL and Redis", func(t *testing.T) {
		t.Parallel()
		test(t, OnServers)
	})
}

// New starts a post room with the starter programmes. It stops with the test.
func New(t testing.TB, options ...Option) *Room {
	t.Helper()
	s := &setup{dir: t.TempDir()}
	for _, o := range options {
		o(t, s)
	}
	r := &Room{t: t, setup: s, Clock: s.clock}
	if r.Clock == nil {
		r.Clock = NewClock(start)
	}
	if s.smtp == "" {
		r.Sink = testserver.SMTPSink(t, s.sink...)
		s.smtp = r.Sink.Addr
	}
	r.open(s)
	return r
}

func (r *Room) open(s *setup) {
	r.t.Helper()
	pages, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.t.Fatal(err)
	}
	r.URL = "http://" + pages.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	texts, err := readTexts()
	if err != nil {
		cancel()
		r.t.Fatal(err)
	}
	o := app.Options{Texts: texts, Config: settings(r.t, s, pages.Addr().String()), Clock: r.Clock, Roles: s.roles, Log: slog.New(slog.NewTextHandler(logTo{r.t}, &slog.HandlerOptions{Level: slog.LevelWarn}))}
	if !s.locked {
		o.SignIn = named{r}
	}
	r.Room, err = app.Open(ctx, o)
	if err != nil {
		cancel()
		r.t.Fatal(err)
	}
	done := make(chan error, 1)
	handler, err := r.Web.Handler()
	if err != nil {
		cancel()
		r.t.Fatal(err)
	}
	go func() { done <- r.Run(ctx, pages, handler) }()
	r.stop = func() {
		cancel()
		if err := errors.Join(<-done, r.Close()); err != nil {
			r.t.Errorf("stop the post room: %v", err)
		}
	}
	r.t.Cleanup(func() { r.Stop() })
}

// Stop ends the room as SIGTERM does. Stopping again changes nothing.
func (r *Room) Stop() {
	if r.stop != nil {
		r.stop()
		r.stop = nil
	}
}

// Work lets the workers and the scheduler do everything that is due, and
// returns when nothing is left.
func (r *Room) Work(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := r.WorkUntilIdle(ctx); err != nil {
		t.Fatalf("work until idle: %v", err)
	}
}

// Sweep returns when every letter that lies in the room's mailboxes now is on
// file.
func (r *Room) Sweep(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := r.Mailboxes.Sweep(ctx); err != nil {
		t.Fatalf("read the mailboxes: %v", err)
	}
}

const yaml = `
organisation:
  name: Riverside Community Centre
  base_url: http://%[1]s
  timezone: Europe/London
  from: Riverside Community Centre <hello@riverside.example>
  postal_address: 2 Bridge Street, Exampleton EX2 2EX
coordinators:
  - {name: cag, address: cag@riverside.example}
  - {name: volunteering, address: volunteering@riverside.example}
  - {name: events, address: events@riverside.example}
  - {name: office, address: office@riverside.example}
  - {name: newsletter, address: newsletter@riverside.example}
listen: %[1]s
smtp:
  - {name: test, host: %[2]s, port: %[3]s, security: none}
keys:
  - {id: test, secret: %[4]s}
`

// secret is the key of every room that is given no other.
const secret = "0123456789abcdef0123456789abcdef"

// settings writes and reads a postroom.yaml as an organisation would.
func settings(t testing.TB, s *setup, pages string) config.Config {
	t.Helper()
	path := filepath.Join(s.dir, "postroom.yaml")
	s.write(t, path, pages)
	cfg, err := config.Load(path, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// WriteSettings writes a postroom.yaml for a post room in a process of its
// own, whose mail goes to smtp (host:port), and returns its path.
func WriteSettings(t testing.TB, path, smtp string, options ...Option) string {
	t.Helper()
	s := &setup{smtp: smtp}
	for _, o := range options {
		o(t, s)
	}
	s.write(t, path, "127.0.0.1:0")
	return path
}

func (s *setup) write(t testing.TB, path, pages string) {
	t.Helper()
	host, port, err := net.SplitHostPort(s.smtp)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	fmt.Fprintf(&text, strings.Replace(yaml, "coordinators:\n", strings.ReplaceAll(s.wears, "%", "%%")+"coordinators:\n", 1), pages, host, port, cmp.Or(s.secret, secret))
	for key, value := range map[string]string{"database": s.database, "redis": s.redis} {
		if value != "" {
			fmt.Fprintf(&text, "%s: %q\n", key, value)
		}
	}
	if s.boxes != "" {
		text.WriteString("mailboxes:\n" + s.boxes)
	}
	if !strings.Contains(s.more, "digest_at:") {
		text.WriteString("digest_at: never\n") // a story that is not about summaries is not to be counted with them
	}
	text.WriteString(s.more)
	if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// logTo writes the room's log into the test's.
type logTo struct{ t testing.TB }

func (l logTo) Write(line []byte) (int, error) {
	l.t.Log(string(bytes.TrimSpace(line)))
	return len(line), nil
}

// Page is what a browser would show.
type Page struct {
	Status int
	URL    string
	Body   string
	Header http.Header
}

// Get opens a page, following redirects.
func (r *Room) Get(t testing.TB, url string) Page {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.absolute(url), nil)
	if err != nil {
		t.Fatal(err)
	}
	return do(t, req)
}
