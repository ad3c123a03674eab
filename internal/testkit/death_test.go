package testkit_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
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
	"postroom/internal/inbound"
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
	lightAt      = "POSTROOM_TEST_LIGHT"  // part of the statement from which on they are counted
)

func TestMain(m *testing.M) {
	if asked, err := besides(); asked {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
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
	fuse := &fuse{at: int64(at), spark: os.Getenv(lightAt)}
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

	spark string // part of the statement that lights it; "" waits for a form
}

func (f *fuse) light(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.Header.Get("Burn") != "" {
			f.lit.Store(true)
		}
		h.ServeHTTP(w, r)
	})
}

func (f *fuse) burn(statement string) {
	if f.spark != "" && strings.Contains(statement, f.spark) {
		f.lit.Store(true)
	}
	if f.at > 0 && f.lit.Load() && f.n.Add(1) == f.at {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // until the signal is here
	}
}

// child is a dyingRoom that a test has started.
type child struct {
	cmd  *exec.Cmd
	url  string
	died chan struct{} // closed when the process has ended
}

func startChild(t *testing.T, settings string, at, minutes int, more ...string) *child {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), settingsFile+"="+settings, fmt.Sprintf("%s=%d", dieAt, at), fmt.Sprintf("%s=%d", ahead, minutes))
	cmd.Env = append(cmd.Env, more...)
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
	c := &child{cmd: cmd, url: strings.TrimPrefix(strings.TrimSpace(line), "ready "), died: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // says that it was killed
		close(c.died)
	}()
	return c
}

func (c *child) kill() {
	_ = c.cmd.Process.Kill() // it may have killed itself
	<-c.died
}

var hidden = regexp.MustCompile(`type="hidden" name="([^"]*)" value="([^"]*)"`)

// page fetches a form with its hidden fields and fills in the rest.
func (c *child) page(t *testing.T, address string) url.Values {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.url+"/f/ask", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	fields := question("Is anybody there?")
	fields.Set("email", address)
	for _, h := range hidden.FindAllStringSubmatch(string(body), -1) {
		fields.Set(h[1], h[2])
	}
	return fields
}

// send posts the form without following the redirect and says whether it was
// accepted. A connection that broke means that nothing was promised. burn
// lights the fuse.
func (c *child) send(t *testing.T, fields url.Values, burn bool) bool {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.url+"/f/ask", strings.NewReader(fields.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if burn {
		req.Header.Set("Burn", "yes")
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, Timeout: 20 * time.Second}
	resp, err := client.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusSeeOther {
		t.Fatalf("the form was answered with %s", resp.Status)
	}
	return true
}

// sampled says ahead of which statements a post room is killed: of each when
// POSTROOM_LONG is set, as make test-long does, and else of one in so many,
// beginning with another each time.
func sampled(oneIn int) (first, step int) {
	if os.Getenv("POSTROOM_LONG") != "" {
		return 1, 1
	}
	return 1 + rand.IntN(oneIn), oneIn
}

// death is a post room that dies again and again, each time while it answers
// somebody.
type death struct {
	t        *testing.T
	settings string
	sink     *testserver.Sink
	store    *store.Store // the same database, read beside the post room
}

// visitor is one person's form, and whether the page said that it was taken.
type visitor struct {
	address  string
	fields   url.Values
	accepted bool
}

// meet starts the room anew with a fuse of so many statements, lets it make good
// what the last one left behind for earlier, and sends the n-th form. It says
// whether the room lived long enough to be done with that.
func (d *death) meet(n, statements int, earlier *visitor) (v *visitor, survived bool) {
	d.t.Helper()
	room := startChild(d.t, d.settings, statements, 10*n)
	defer room.kill()
	if earlier != nil {
		d.makeGood(room, n-1, earlier)
	}
	v = &visitor{address: fmt.Sprintf("person-%d@example.org", n)}
	v.fields = room.page(d.t, v.address)
	v.accepted = room.send(d.t, v.fields, true)
	return v, d.settled(n, room.died)
}

// makeGood sends a form again that was not accepted, waits until nothing is
// left to do, and checks that the person was neither lost nor told twice.
func (d *death) makeGood(room *child, n int, v *visitor) {
	d.t.Helper()
	if !v.accepted && !room.send(d.t, v.fields, false) {
		d.t.Errorf("statement %d: the form could not be sent again", n)
	}
	d.settled(n, nil)
	d.judge(n, v.address)
}

// settled waits until n submissions are on file and nothing is left to do, and
// returns false when the post room died first.
func (d *death) settled(n int, died <-chan struct{}) bool {
	d.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		select {
		case <-died:
			return false
		case <-tick.C:
		}
		if subs, open := d.look(); subs == n && len(open) == 0 {
			return true
		}
	}
	d.t.Fatalf("work was left over after a minute:\n%s", d.open())
	return false
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

func (d *death) judge(n int, address string) {
	d.t.Helper()
	mails := d.sink.To(address)
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
	if subs, _ := d.look(); subs != n {
		d.t.Errorf("statement %d: %d submissions are on file, want %d", n, subs, n)
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
		d := newDeath(t, engine)
		var last *visitor
		first, step := sampled(5)
		for n, at, survived := 1, first, false; !survived; n, at = n+1, at+step {
			if last, survived = d.meet(n, at, last); survived {
				d.judge(n, last.address)
				t.Logf("killed ahead of statements %d to %d, each %d", first, at-step, step)
			}
			if at > 400 {
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
		for name, hook := range map[string]func(kill func() bool) testserver.SinkOption{
			"at MAIL FROM": func(kill func() bool) testserver.SinkOption {
				return testserver.OnMail(func(string) error { kill(); return nil })
			},
			"at RCPT TO": func(kill func() bool) testserver.SinkOption {
				return testserver.OnRcpt(func(string) error { kill(); return nil })
			},
			"before the final dot": func(kill func() bool) testserver.SinkOption {
				return testserver.OnBody(func(testserver.Mail) error { kill(); return nil })
			},
			"after the final dot, before its answer": func(kill func() bool) testserver.SinkOption {
				return testserver.OnData(func(testserver.Mail) error {
					if kill() {
						return testserver.DropKeeping
					}
					return nil
				})
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
func diesAt(t *testing.T, engine testkit.Option, hook func(kill func() bool) testserver.SinkOption) {
	var first atomic.Pointer[child]
	d := newDeath(t, engine, hook(func() bool {
		c := first.Swap(nil)
		if c != nil {
			c.kill()
		}
		return c != nil
	}))
	room := startChild(t, d.settings, 0, 0)
	fields := room.page(t, person)
	first.Store(room)
	if !room.send(t, fields, false) {
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
	d.settled(1, nil)
	d.judge(1, person)
}

// letter files a letter beside the post room, as the mailbox room does.
func (d *death) letter(n int) (address string) {
	d.t.Helper()
	address = fmt.Sprintf("person@p%d.example.org", n) // of a domain each: a domain has few answers a day
	m := testkit.Mail{From: address, To: testkit.Support, Subject: "Hello", Text: fmt.Sprintf("Is anybody there? This is letter %d.", n), ID: fmt.Sprintf("l%d@example.org", n), At: time.Now()}
	err := d.store.Write(d.t.Context(), func(tx *store.Tx) error {
		_, _, err := inbound.Take(tx, testkit.Support, postroom.Inbox, m.Bytes(), time.Now())
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return address
}

// TestKilledAheadOfAnyStatementOfReadingALetterLosesNothing kills the post room
// from the moment a letter is begun to be read until its answer has left. It
// runs on SQLite; that both engines keep their promises at every statement is
// what the test of forms shows.
func TestKilledAheadOfAnyStatementOfReadingALetterLosesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a process for each statement between a letter and its answer; run without -short")
	}
	t.Parallel()
	d := newDeath(t, testkit.In(""))
	first, step := sampled(10)
	for n, filed, survived := first, 1, false; !survived; n, filed = n+step, filed+1 {
		address := d.letter(filed)
		room := startChild(t, d.settings, n, 20*filed, lightAt+"=reads = reads + 1")
		survived = d.settled(filed, room.died)
		room.kill()
		if !survived { // the next one makes good what this one left behind
			room = startChild(t, d.settings, 0, 20*filed+10)
			d.settled(filed, nil)
			room.kill()
		}
		d.judge(filed, address)
		if survived {
			t.Logf("killed ahead of statements %d to %d, each %d", first, n-step, step)
		}
		if n > 400 {
			t.Fatal("the answer takes more than 400 statements")
		}
	}
}
