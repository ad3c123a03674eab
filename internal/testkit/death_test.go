package testkit_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"postroom/internal/app"
	"postroom/internal/config"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testkit"
	"postroom/internal/testserver"
)

// The environment by which the test binary becomes a post room that dies.
const (
	settingsFile = "POSTROOM_TEST_SETTINGS"
	dieAt        = "POSTROOM_TEST_DIE_AT" // the how-manieth statement after the form was sent; 0 is never
	ahead        = "POSTROOM_TEST_AHEAD"  // minutes the clock is set forward, so that leases have run out
)

func TestMain(m *testing.M) {
	if path := os.Getenv(settingsFile); path != "" {
		if err := dyingRoom(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// dyingRoom is a real post room that kills itself, as a power cut would,
// ahead of a given statement.
func dyingRoom(path string) error {
	cfg, err := config.Load(path, os.Getenv)
	if err != nil {
		return err
	}
	at, _ := strconv.Atoi(os.Getenv(dieAt))
	minutes, _ := strconv.Atoi(os.Getenv(ahead))
	fuse := &fuse{at: int64(at)}
	clock := new(app.Clock)
	clock.Advance(time.Duration(minutes) * time.Minute)
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	room, err := app.Open(context.Background(), app.Options{Config: cfg, Clock: clock, Log: log, Before: fuse.burn})
	if err != nil {
		return err
	}
	pages, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	handler, err := room.Web.Handler()
	if err != nil {
		return err
	}
	fmt.Printf("ready http://%s\n", pages.Addr())
	return room.Run(context.Background(), pages, fuse.light(handler))
}

// fuse counts statements from the moment the form is sent.
type fuse struct {
	lit atomic.Bool
	n   atomic.Int64
	at  int64
}

func (f *fuse) light(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			f.lit.Store(true)
		}
		h.ServeHTTP(w, r)
	})
}

func (f *fuse) burn(string) {
	if f.at > 0 && f.lit.Load() && f.n.Add(1) == f.at {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // until the signal is here
	}
}

// child is a dyingRoom that a test has started.
type child struct {
	cmd *exec.Cmd
	url string
}

func startChild(t *testing.T, settings string, at, minutes int) *child {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), settingsFile+"="+settings, fmt.Sprintf("%s=%d", dieAt, at), fmt.Sprintf("%s=%d", ahead, minutes))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the post room did not start: %v", err)
	}
	return &child{cmd: cmd, url: strings.TrimPrefix(strings.TrimSpace(line), "ready ")}
}

func (c *child) kill() {
	_ = c.cmd.Process.Kill() // it may have killed itself
	_ = c.cmd.Wait()         // says that it was killed
}

var hidden = regexp.MustCompile(`type="hidden" name="([^"]*)" value="([^"]*)"`)

// page fetches a form with its hidden fields and fills in the rest.
func (c *child) page(t *testing.T) url.Values {
	t.Helper()
	resp, err := http.Get(c.url + "/f/ask") //nolint:noctx // the child may die; the default client's errors are what is looked at
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	fields := question("Is anybody there?")
	for _, h := range hidden.FindAllStringSubmatch(string(body), -1) {
		fields.Set(h[1], h[2])
	}
	return fields
}

// send posts the form without following the redirect and says whether it was
// accepted. A connection that broke means that nothing was promised.
func (c *child) send(t *testing.T, fields url.Values) bool {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, Timeout: 20 * time.Second}
	resp, err := client.PostForm(c.url+"/f/ask", fields) //nolint:noctx // has a time limit of its own
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusSeeOther {
		t.Fatalf("the form was answered with %s", resp.Status)
	}
	return true
}

// death is one post room that dies once while it answers one person.
type death struct {
	t        *testing.T
	settings string
	sink     *testserver.Sink
	store    *store.Store // the same database, read beside the post room
}

// once lets the room die ahead of statement n, starts it again, and checks
// that the person was neither lost nor told twice. It says whether the room
// lived long enough to be done.
func (d *death) once(n int) (survived bool) {
	d.t.Helper()
	first := startChild(d.t, d.settings, n, 0)
	fields := first.page(d.t)
	accepted := first.send(d.t, fields)
	done := make(chan struct{})
	go func() { _ = first.cmd.Wait(); close(done) }()
	survived = d.settled(done)
	first.kill()

	second := startChild(d.t, d.settings, 0, 10)
	defer second.kill()
	if !accepted && !second.send(d.t, fields) {
		d.t.Errorf("statement %d: the form could not be sent again", n)
	}
	d.settled(nil)
	d.judge(n)
	return survived
}

// settled waits until the post room has nothing left to do, and returns false
// when it died first.
func (d *death) settled(died <-chan struct{}) bool {
	d.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		select {
		case <-died:
			return false
		case <-tick.C:
		}
		if d.quiet() {
			return true
		}
	}
	d.t.Fatalf("work was left over after a minute:\n%s", d.open())
	return false
}

func (d *death) quiet() bool {
	subs, open := d.look()
	return subs > 0 && len(open) == 0
}

func (d *death) open() string {
	subs, open := d.look()
	return fmt.Sprintf("%d submissions, jobs %+v", subs, open)
}

// look reads the database beside the post room.
func (d *death) look() (submissions int, open []postroom.Job) {
	d.t.Helper()
	n, err := d.store.Read(d.t.Context()).CountSubmissions()
	jobs, err2 := d.store.Read(d.t.Context()).Jobs("", 100)
	if err := errors.Join(err, err2); err != nil {
		d.t.Fatal(err)
	}
	return n, jobs
}

func (d *death) judge(n int) {
	d.t.Helper()
	mails := d.sink.To(person)
	if len(mails) == 0 {
		d.t.Errorf("statement %d: the person heard nothing", n)
		return
	}
	ids := map[string]bool{}
	for _, m := range mails {
		header := testkit.ReadLetter(d.t, m).Header
		ids[header.Get("Message-Id")] = true
	}
	if len(ids) != 1 || len(mails) > 2 {
		d.t.Errorf("statement %d: the person received %d mails with %d Message-IDs", n, len(mails), len(ids))
	}
	if subs, _ := d.look(); subs != 1 {
		d.t.Errorf("statement %d: %d submissions are on file, want one", n, subs)
	}
}

func newDeath(t *testing.T, engine testkit.Option, options ...testserver.SinkOption) *death {
	t.Helper()
	d := &death{t: t, sink: testserver.SMTPSink(t, options...)}
	d.settings = testkit.WriteSettings(t, filepath.Join(t.TempDir(), "postroom.yaml"), d.sink.Addr, engine)
	cfg, err := config.Load(d.settings, os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	if d.store, err = app.OpenStore(t.Context(), cfg, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.store.Close() }) // nothing was written
	return d
}

func TestKilledAheadOfAnyStatementLosesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a process for each statement between a form and its answer; run without -short")
	}
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		for n := 1; ; n++ {
			if newDeath(t, engine).once(n) {
				t.Logf("killed ahead of each of %d statements", n-1)
				return
			}
			if n > 400 {
				t.Fatal("the answer takes more than 400 statements")
			}
		}
	})
}

func TestKilledAroundEachNetworkEffectLosesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes that die; run without -short")
	}
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		for name, hook := range map[string]func(kill func()) testserver.SinkOption{
			"at MAIL FROM": func(kill func()) testserver.SinkOption {
				return testserver.OnMail(func(string) error { kill(); return nil })
			},
			"at RCPT TO": func(kill func()) testserver.SinkOption {
				return testserver.OnRcpt(func(string) error { kill(); return nil })
			},
			"before the final dot": func(kill func()) testserver.SinkOption {
				return testserver.OnBody(func(testserver.Mail) error { kill(); return nil })
			},
			"after the final dot, before its answer": func(kill func()) testserver.SinkOption {
				return testserver.OnData(func(testserver.Mail) error { kill(); return testserver.DropKeeping })
			},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				diesAt(t, engine, hook)
			})
		}
	})
}

// diesAt kills the post room from the mail server's side, the first time only.
func diesAt(t *testing.T, engine testkit.Option, hook func(kill func()) testserver.SinkOption) {
	var first atomic.Pointer[child]
	d := newDeath(t, engine, hook(func() {
		if c := first.Swap(nil); c != nil {
			c.kill()
		}
	}))
	room := startChild(t, d.settings, 0, 0)
	fields := room.page(t)
	first.Store(room)
	if !room.send(t, fields) {
		t.Fatal("the form was not accepted")
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(30 * time.Second); first.Load() != nil; <-tick.C {
		if time.Now().After(deadline) {
			t.Fatal("the mail server was never reached")
		}
	}
	second := startChild(t, d.settings, 0, 10)
	defer second.kill()
	d.settled(nil)
	d.judge(0)
}
