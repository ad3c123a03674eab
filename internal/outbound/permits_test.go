package outbound

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	goredis "github.com/redis/go-redis/v9"

	"postroom/internal/config"
	"postroom/internal/link"
	"postroom/internal/postroom"
	"postroom/internal/queue"
	"postroom/internal/seal"
	"postroom/internal/store"
	"postroom/internal/testserver"
	"postroom/templates"
)

// fewPermits gives so many permits, and says when the next comes.
type fewPermits struct {
	left  int
	until time.Time
	lease time.Duration
	err   error
	asks  []Ask
	ended []bool // whether each was used
}

func (f *fewPermits) Take(_ context.Context, asks []Ask) ([]postroom.Permit, time.Time, error) {
	f.asks = append(f.asks, asks...)
	permits := make([]postroom.Permit, len(asks))
	for i := range permits {
		if f.left > 0 {
			permits[i] = postroom.Permit{ID: "p", Ask: asks[i], Until: time.Now().Add(f.lease)}
			f.left--
		}
	}
	return permits, f.until, f.err
}

func (f *fewPermits) Hold(context.Context, postroom.Permit) (time.Time, error) {
	return time.Now().Add(f.lease), nil
}

func (f *fewPermits) End(_ context.Context, _ postroom.Permit, used bool) {
	f.ended = append(f.ended, used)
	if !used {
		f.left++
	}
}

func (f *fewPermits) When(context.Context, Ask, int) (time.Time, error) { return f.until, f.err }

// limitedRoom is a room whose mail server takes only so many.
func limitedRoom(t *testing.T, f *fewPermits, behave ...testserver.SinkOption) *room {
	t.Helper()
	if f.lease == 0 {
		f.lease = time.Minute
	}
	return roomOn(t, t.TempDir()+"/post.db", func(o *Options) { o.Permits = NewPermits(f) }, behave...)
}

func TestAMessageWithoutAPermitWaitsAndUsesNoTry(t *testing.T) {
	t.Parallel()
	f := &fewPermits{until: moment.Add(40 * time.Second)}
	r := limitedRoom(t, f)
	m := r.owe(r.ann())
	if o := r.deliver(m); o.Verdict != store.Wait || !o.At.Equal(f.until) || o.Reason != ReasonNoPermit {
		t.Errorf("without a permit it ended %+v", o)
	}
	if got := r.sink.Messages(); len(got) != 0 {
		t.Error("it left all the same")
	}
	want := Ask{Server: "main", From: "example.org", To: "example.org", Urgent: true, Message: m.ID}
	if len(f.asks) != 1 || f.asks[0] != want {
		t.Errorf("asked %+v, want %+v", f.asks, want)
	}
	r.clock.forward(40 * time.Second)
	f.left = 1
	if o := r.deliver(m); o.Verdict != store.Done || len(r.sink.Messages()) != 1 {
		t.Errorf("with a permit it ended %+v", o)
	}
	if !slices.Equal(f.ended, []bool{true}) || len(f.asks) != 2 {
		t.Errorf("of %d permits asked for, were used: %v", len(f.asks), f.ended)
	}
}

func TestWhatTheGateKeepsBackGivesItsPermitBack(t *testing.T) {
	t.Parallel()
	f := &fewPermits{left: 1}
	r := limitedRoom(t, f)
	m := r.owe(r.ann())
	r.write(func(tx *store.Tx) error { return tx.MarkAddress(m.To, true) })
	if o := r.deliver(m); o.Verdict != store.Done || f.left != 1 || !slices.Equal(f.ended, []bool{false}) {
		t.Errorf("it ended %+v, and of its permit was said %v", o, f.ended)
	}
	// What does not pass needs no permit to be told so.
	f.left = 0
	m = r.ann()
	m.Key = "another"
	if o := r.deliver(r.owe(m)); o.Verdict != store.Done {
		t.Errorf("without a permit to spare it ended %+v", o)
	}
}

func TestAPermitThatCameTooLateIsAskedForAgain(t *testing.T) {
	t.Parallel()
	f := &fewPermits{left: 1, lease: time.Nanosecond, until: moment.Add(time.Minute)}
	r := limitedRoom(t, f)
	m := r.owe(r.ann())
	if o := r.deliver(m); o.Verdict != store.Wait || !o.At.Equal(f.until) || len(r.sink.Messages()) != 0 {
		t.Errorf("with a permit that is void it ended %+v", o)
	}
	f.left, f.lease = 1, time.Minute
	r.clock.forward(time.Minute)
	if o := r.deliver(m); o.Verdict != store.Done {
		t.Errorf("with a good one it ended %+v", o)
	}
}

func TestNothingLeavesWhileNobodyCanGivePermits(t *testing.T) {
	t.Parallel()
	f := &fewPermits{err: errors.New("redis is away")}
	r := limitedRoom(t, f)
	if o := r.deliver(r.owe(r.ann())); o.Verdict != store.Wait || !o.At.After(moment) || len(r.sink.Messages()) != 0 {
		t.Errorf("it ended %+v", o)
	}
}

// The environment by which the test binary becomes one process of a post room.
const permitsChild = "POSTROOM_TEST_PERMITS" // database, Redis, mail server, limit, window

func TestMain(m *testing.M) {
	if told := os.Getenv(permitsChild); told != "" {
		if err := sendingProcess(strings.Fields(told)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// wallClock is the real clock.
type wallClock struct{}

func (wallClock) Now() time.Time { return time.Now() }

func (wallClock) Until(at time.Time) <-chan struct{} {
	ch := make(chan struct{})
	time.AfterFunc(time.Until(at), func() { close(ch) })
	return ch
}

// TestAMinuteNeverHasMoreThanItsLimit is the promise on the real thing: three
// processes share a PostgreSQL, a Redis and a mail server, and one is killed, one
// is killed while Redis is emptied, and Redis is restarted. In no half-open window
// of what the mail server got are there more than the limit. The window is two
// seconds, and with POSTROOM_LONG a minute.
func TestAMinuteNeverHasMoreThanItsLimit(t *testing.T) {
	t.Parallel()
	limit, mails := config.Limit{Most: 30, Within: 2 * time.Second}, 170
	if os.Getenv("POSTROOM_LONG") != "" {
		limit.Within, mails = time.Minute, 200
	}
	w := newCrowd(t, limit)
	w.owe(mails)
	processes := []*exec.Cmd{w.process(), w.process(), w.process()}
	w.wait(20)
	kill(t, processes[0])
	w.process()
	w.wait(50)
	w.flush()
	kill(t, processes[1])
	w.process()
	w.wait(90)
	w.redis.Restart()
	w.wait(mails - 2*mostAtOnce)
	keepsTo(t, w.sink, limit)
}

// keepsTo fails if a mail server got more than a limit in any half-open window.
func keepsTo(t *testing.T, sink *testserver.Sink, limit config.Limit) {
	t.Helper()
	var at []time.Time
	for _, m := range sink.Messages() {
		at = append(at, m.At)
	}
	most := 0
	slices.SortFunc(at, time.Time.Compare)
	for first, from := range at {
		in := 0
		for _, a := range at[first:] {
			if a.Sub(from) < limit.Within {
				in++
			}
		}
		most = max(most, in)
	}
	t.Logf("%d mails in %s, at most %d in %s", len(at), at[len(at)-1].Sub(at[0]).Round(time.Millisecond), most, limit.Within)
	if most > limit.Most {
		t.Errorf("the mail server got %d in %s, and takes %d", most, limit.Within, limit.Most)
	}
}

// Copies of a newsletter are handed over in another way than single mails, several
// behind each other, and the limit is the same. Each turn is asked for as soon as the
// permits allow.
func TestCopiesOfANewsletterKeepToTheLimit(t *testing.T) {
	t.Parallel()
	const copies = 30
	limit := config.Limit{Most: 10, Within: time.Second}
	settings, err := config.ParseRedis(testserver.Redis(t).URL)
	if err != nil {
		t.Fatal(err)
	}
	q, err := queue.New(queue.Options{Store: openStore(t, filepath.Join(t.TempDir(), "queue.db")), Clock: wallClock{}, Redis: settings})
	if err != nil {
		t.Fatal(err)
	}
	p := q.Permits(queue.PermitOptions{Servers: []config.SMTPServer{{Name: "main", Limits: []config.Limit{limit}}}, Own: "example.org", Lease: limit.Within / 2})
	r := roomOn(t, filepath.Join(t.TempDir(), "post.db"), func(o *Options) { o.Permits = NewPermits(p) })
	r.clock.forward(time.Since(moment)) // permits go by the real clock
	c, _ := r.list(copies)
	for done := false; !done; {
		job := r.chunk(c)
		out := r.DeliverChunk(t.Context(), job)
		r.settle(job, out)
		r.clock.forward(time.Hour)
		if done = out.Verdict == store.Done; !done && out.Reason != ReasonNoPermit {
			t.Fatalf("%+v", out)
		}
		if !done {
			<-wallClock{}.Until(time.Now().Add(20 * time.Millisecond))
		}
	}
	if n := len(r.sink.Messages()); n != copies {
		t.Errorf("%d mails left, want %d", n, copies)
	}
	keepsTo(t, r.sink, limit)
}

// mostAtOnce is more than one process sends at the same time: what it was sending
// when it was killed comes back when its lease is over, in minutes.
const mostAtOnce = 20

// crowd is what the processes of one post room share.
type crowd struct {
	t        *testing.T
	database string
	redis    *testserver.RedisServer
	sink     *testserver.Sink
	limit    config.Limit
}

func newCrowd(t *testing.T, limit config.Limit) *crowd {
	return &crowd{t: t, database: testserver.Postgres(t), redis: testserver.Redis(t), sink: testserver.SMTPSink(t), limit: limit}
}

// process starts one more.
func (w *crowd) process() *exec.Cmd {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %s %s %d %s", permitsChild, w.database, w.redis.URL, w.sink.Addr, w.limit.Most, w.limit.Within))
	cmd.Stderr = w.t.Output()
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd
}

func kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// wait waits for mails, for as long as their windows may take.
func (w *crowd) wait(n int) {
	w.t.Helper()
	for end := time.Now().Add(time.Duration(2+2*n/w.limit.Most)*w.limit.Within + 2*time.Minute); len(w.sink.Messages()) < n; {
		if time.Now().After(end) {
			w.t.Fatalf("%d mails have come, want %d", len(w.sink.Messages()), n)
		}
		<-wallClock{}.Until(time.Now().Add(20 * time.Millisecond))
	}
}

func (w *crowd) flush() {
	w.t.Helper()
	o, err := goredis.ParseURL(w.redis.URL)
	if err != nil {
		w.t.Fatal(err)
	}
	client := goredis.NewClient(o)
	defer client.Close()
	if err := client.FlushAll(w.t.Context()).Err(); err != nil {
		w.t.Fatal(err)
	}
}

// owe files mails to coordinators, of whom any number may be told, in two lanes.
func (w *crowd) owe(n int) {
	w.t.Helper()
	r := roomOn(w.t, w.database, nil)
	r.clock.forward(time.Since(moment)) // the processes go by the real clock
	r.write(func(tx *store.Tx) error {
		for i := range n {
			m := postroom.Message{Programme: "cag", To: fmt.Sprintf("colleague%d@example.net", i), Template: "please-look", Locale: "en", Lane: postroom.Confirm}
			if i%2 == 0 {
				m.Lane = postroom.Followup
			}
			if _, err := r.Owe(tx, m); err != nil {
				return err
			}
		}
		return nil
	})
}

// sendingProcess sends what is owed until it is killed.
func sendingProcess(told []string) error {
	database, redisURL, mail, most, within := told[0], told[1], told[2], told[3], told[4]
	settings, err := config.ParseRedis(redisURL)
	if err != nil {
		return err
	}
	limit := config.Limit{}
	if _, err := fmt.Sscan(most, &limit.Most); err != nil {
		return err
	}
	if limit.Within, err = time.ParseDuration(within); err != nil {
		return err
	}
	box, err := seal.New([]seal.Key{{ID: "k", Secret: bytes.Repeat([]byte("s"), 32)}})
	if err != nil {
		return err
	}
	db, err := store.Open(context.Background(), store.Options{URL: database, Box: box})
	if err != nil {
		return err
	}
	q, err := queue.New(queue.Options{Store: db, Clock: wallClock{}, Redis: settings})
	if err != nil {
		return err
	}
	p := q.Permits(queue.PermitOptions{Servers: []config.SMTPServer{{Name: "main", Limits: []config.Limit{limit}}}, Own: "example.org", Lease: limit.Within / 2})
	out, err := sendingOutbox(db, p, mail)
	if err != nil {
		return err
	}
	q.Handle(postroom.JobDeliver, asynq.HandlerFunc(func(ctx context.Context, task *asynq.Task) error {
		return q.Do(ctx, task, out.Deliver)
	}))
	return q.Run(context.Background())
}

func sendingOutbox(db *store.Store, p *queue.Permits, mail string) (*Outbox, error) {
	letters, err := ReadLetters(templates.FS)
	if err != nil {
		return nil, err
	}
	host, port, err := net.SplitHostPort(mail)
	if err != nil {
		return nil, err
	}
	server := Server{Name: "main", Host: host, Security: Plain, Patience: 10 * time.Second}
	if _, err := fmt.Sscan(port, &server.Port); err != nil {
		return nil, err
	}
	links, err := link.New(wallClock{}, []link.Key{{ID: "k", Secret: bytes.Repeat([]byte("l"), 32)}})
	if err != nil {
		return nil, err
	}
	return New(Options{Store: db, Letters: letters, Links: links, Clock: wallClock{}, Org: organisation(), Servers: []Server{server}, Permits: NewPermits(p)})
}
