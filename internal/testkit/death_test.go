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
	"slices"
	"strings"
	"sync"
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
	dieAt        = "POSTROOM_TEST_DIE_AT" // the point at which it dies, as a fuse names it; "" is never
	ahead        = "POSTROOM_TEST_AHEAD"  // how far the clock is set forward, so that leases have run out
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

// dyingRoom is a real post room that kills itself, as a power cut would, at a
// given point.
func dyingRoom(path string) error {
	cfg, err := config.Load(path, os.Getenv)
	if err != nil {
		return err
	}
	forward, err := time.ParseDuration(os.Getenv(ahead))
	if err != nil {
		return err
	}
	fuse := &fuse{at: os.Getenv(dieAt), clock: new(app.Clock), met: make(map[string]int)}
	fuse.clock.Advance(forward)
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	room, err := app.Open(context.Background(), app.Options{Config: cfg, Clock: fuse.clock, Log: log, Before: fuse.burn})
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
	fuse.lit.Store(fuse.at == everyPoint)
	return room.Run(context.Background(), pages, fuse.light(handler))
}

// never is the point of a room that does not die, and everyPoint that of one
// that does not die either but tells each point it comes by from its start.
const (
	never      = ""
	everyPoint = "every point"
)

// fuse counts how often each point is come by from the moment it is lit, and
// kills the process at one of them. A point is named by what is done there and
// how many times that was done before, such as "COMMIT #3": that stays the same
// in whatever order the parts of a post room come to their turn.
type fuse struct {
	at    string
	clock *app.Clock
	lit   atomic.Bool

	mu  sync.Mutex
	met map[string]int
}

// light lights the fuse when a page is asked for with Burn, and sets the clock
// forward by Ahead.
func (f *fuse) light(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.Header.Get("Burn") != "" {
			f.begin()
		}
		if forward, err := time.ParseDuration(r.Header.Get("Ahead")); err == nil {
			f.clock.Advance(forward)
		}
		h.ServeHTTP(w, r)
	})
}

// begin counts from now on.
func (f *fuse) begin() {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.met)
	f.lit.Store(true)
}

func (f *fuse) burn(point string) {
	if !f.lit.Load() {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	name := nameOf(point)
	f.met[name]++
	name = fmt.Sprintf("%s #%d", name, f.met[name])
	if f.at == everyPoint || f.at == name {
		fmt.Println(name)
	}
	if f.at == name {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // until the signal is here
	}
}

// nameOf writes a statement on one short line.
func nameOf(point string) string {
	const most = 64
	name := strings.Join(strings.Fields(point), " ")
	return name[:min(len(name), most)]
}

// child is a dyingRoom that a test has started.
type child struct {
	cmd  *exec.Cmd
	url  string
	died chan struct{} // closed when the process has ended

	mu     sync.Mutex
	points []string // that it told
}

func startChild(t *testing.T, settings, at string, forward time.Duration) *child {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), settingsFile+"="+settings, dieAt+"="+at, ahead+"="+forward.String())
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatalf("the post room did not start: %v", lines.Err())
	}
	c := &child{cmd: cmd, url: strings.TrimPrefix(lines.Text(), "ready "), died: make(chan struct{})}
	go c.listen(lines)
	return c
}

// listen keeps what the room tells until it has ended.
func (c *child) listen(lines *bufio.Scanner) {
	for lines.Scan() {
		c.mu.Lock()
		c.points = append(c.points, lines.Text())
		c.mu.Unlock()
	}
	_ = c.cmd.Wait() // says that it was killed
	close(c.died)
}

// told returns the points that the room has told so far.
func (c *child) told() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.points)
}

func (c *child) kill() {
	_ = c.cmd.Process.Kill() // it may have killed itself
	<-c.died
}

// light lights the fuse of a room that is to die, and sets its clock forward.
func (c *child) light(t *testing.T, forward time.Duration) {
	t.Helper()
	c.tell(t, "Burn", "yes", "Ahead", forward.String())
}

// tell asks for a page with headers by which a room is told what to do.
func (c *child) tell(t *testing.T, headers ...string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.url+"/", strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	for pair := range slices.Chunk(headers, 2) {
		req.Header.Set(pair[0], pair[1])
	}
	if resp, err := http.DefaultClient.Do(req); err == nil {
		_ = resp.Body.Close()
	}
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

// death is a post room that dies again and again, each time while it answers
// somebody.
type death struct {
	t        *testing.T
	settings string
	sink     *testserver.Sink
	store    *store.Store // the same database, read beside the post room
}

// until waits until something is so, and returns false when the post room died
// first.
func (d *death) until(died <-chan struct{}, so func() bool) bool {
	d.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		select {
		case <-died:
			return false
		case <-tick.C:
		}
		if so() {
			return true
		}
	}
	d.t.Fatalf("work was left over after a minute:\n%s", d.open())
	return false
}

// settled says whether n submissions are on file and nothing is left to do.
func (d *death) settled(n int) bool {
	d.t.Helper()
	subs, open := d.look()
	return subs == n && len(open) == 0
}

// idle says whether no job is left.
func (d *death) idle() bool {
	d.t.Helper()
	_, open := d.look()
	return len(open) == 0
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

// judge checks that the n-th person's submission is on file once, and that they
// were owed so many mails and received each.
func (d *death) judge(n int, address, at string, owed int) {
	d.t.Helper()
	rows := d.owedTo(address)
	if len(rows) != owed {
		d.t.Errorf("killed at %q: %s is owed %d mails, want %d", at, address, len(rows), owed)
	}
	ids := map[string]bool{}
	for _, m := range d.sink.To(address) {
		ids[d.messageID(m)] = true
	}
	if len(ids) != owed {
		d.t.Errorf("killed at %q: %s received mails with %d Message-IDs, want %d", at, address, len(ids), owed)
	}
	for _, m := range rows {
		d.judgeCopies(m, at)
	}
	if subs, _ := d.look(); subs != n {
		d.t.Errorf("killed at %q: %d submissions are on file, want %d", at, subs, n)
	}
}

func (d *death) messageID(m testserver.Mail) string {
	d.t.Helper()
	header := testkit.ReadLetter(d.t, m).Header
	return header.Get("Message-Id")
}

// owedTo returns the mails to a person about what they sent.
func (d *death) owedTo(address string) (rows []postroom.Message) {
	d.t.Helper()
	subs, err := d.store.Read(d.t.Context()).Submissions(1000)
	if err != nil {
		d.t.Fatal(err)
	}
	for _, s := range subs {
		if s.Address != address {
			continue
		}
		about, err := d.store.Read(d.t.Context()).MessagesAbout(s.ID)
		if err != nil {
			d.t.Fatal(err)
		}
		rows = append(rows, slices.DeleteFunc(about, func(m postroom.Message) bool { return m.To != address })...)
	}
	return rows
}

// judgeCopies checks that a mail left once, or twice where its row says that
// nobody could know.
func (d *death) judgeCopies(m postroom.Message, at string) {
	d.t.Helper()
	copies := 0
	for _, got := range d.sink.To(m.To) {
		if d.messageID(got) == "<"+m.MessageID+">" {
			copies++
		}
	}
	if copies == 0 || copies > 2 || copies == 2 && m.Doubts == 0 {
		d.t.Errorf("killed at %q: %d copies of %s to %s left, and its row has %d doubts and is %s", at, copies, m.Template, m.To, m.Doubts, m.State)
	}
}

func newDeath(t *testing.T, room []testkit.Option, sink ...testserver.SinkOption) *death {
	t.Helper()
	d := &death{t: t, sink: testserver.SMTPSink(t, sink...)}
	d.settings = testkit.WriteSettings(t, filepath.Join(t.TempDir(), "postroom.yaml"), d.sink.Addr, room...)
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

// TestKilledByTheMailServerLosesNothing has the post room killed from the other
// side of the wire, while it waits for an answer: the walks kill it ahead of a
// command and when the answer was read.
func TestKilledByTheMailServerLosesNothing(t *testing.T) {
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
	d := newDeath(t, []testkit.Option{engine}, hook(func() bool {
		c := first.Swap(nil)
		if c != nil {
			c.kill()
		}
		return c != nil
	}))
	room := startChild(t, d.settings, never, 0)
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
	second := startChild(t, d.settings, never, 10*time.Minute)
	defer second.kill()
	d.until(nil, func() bool { return d.settled(1) })
	d.judge(1, person, "the mail server", 1)
}
