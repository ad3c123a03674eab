package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"; SQLite's comes with the store

	"postroom/internal/app"
	"postroom/internal/config"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testserver"
)

// The houses.
const (
	sqliteHouse   = "sqlite+embedded"
	postgresHouse = "postgres+redis"
)

// house is one way to run a post room: its servers, its processes, and the
// mail server that counts.
type house struct {
	name     string
	slots    []*slot
	sink     *sink
	imap     *testserver.DovecotServer
	redis    *testserver.RedisServer    // nil: embedded
	postgres *testserver.PostgresServer // nil: SQLite
	settings string
	cfg      config.Config
	database database
	diary    *diary
	verbose  bool
	failed   error // a fault that could not be made

	mu    sync.Mutex
	ahead time.Duration // by how much the clocks are ahead
	left  bool
}

// database is where the auditor reads.
type database struct{ driver, source string }

func (d database) open() (*sql.DB, error) { return sql.Open(d.driver, d.source) }

// The mailboxes that letters come to.
var boxes = [...]string{"support@riverside.example", "garden@riverside.example", "office@riverside.example"}

// The programme of the house has a form that is only confirmed, two of which
// each promises one thing more, and a list. Letters become the first form.
const programmeFile = `programme: questions
languages: [en]
reviewed: [en]
name: {en: Questions}
privacy: {en: We use your answers only to help you. We delete them 1 year later.}
addresses: [{boxes}]
coordinators: [desk]
lists:
  - {list: news, name: {en: News}}
forms:
  - form: ask
    kind: enquiry
    title: {en: Ask us}
    reach: [email]
    fields:
{fields}  - form: soon
    kind: enquiry
    title: {en: Ask us soon}
    reach: [email]
    fields:
{fields}  - form: later
    kind: enquiry
    title: {en: Ask us later}
    reach: [email]
    fields:
{fields}workflow:
  - {step: acknowledge, on: received, send: we-have-your-message, notify: coordinators}
  - {step: promised-soon, form: soon, after: received, by: 0m, send: minutes}
  - {step: promised-later, form: later, after: received, by: 1m, send: minutes}
`

const fieldsText = `      - {field: name, type: name, required: true}
      - {field: email, type: email, required: true}
      - {field: question, type: long_text, required: true, label: {en: Your question}, error_label: {en: your question}}
`

const settingsText = `organisation:
  name: Riverside Community Centre
  base_url: http://127.0.0.1
  timezone: Europe/London
  quiet_hours: none
  from: Riverside Community Centre <hello@riverside.example>
  postal_address: 2 Bridge Street, Exampleton EX2 2EX
coordinators:
  - {name: desk, address: desk@riverside.example}
listen: 127.0.0.1:0
trusted_proxies: [127.0.0.1]
strangers: {surge: 0}
digest_at: never
smtp:
  - {name: sink, host: %s, port: %s, security: none}
keys:
  - {id: chaos, secret: 0123456789abcdef0123456789abcdef}
programmes: programmes
`

// build starts the servers of a house, puts the readers of the newsletter on
// file, and starts the post room's processes.
func build(t testing.TB, name string, w *work, p plan) (*house, error) {
	h := &house{name: name, sink: newSink(t, w), imap: testserver.Dovecot(t), diary: new(diary), verbose: p.verbose}
	more := ""
	if name == postgresHouse {
		h.redis, h.postgres = testserver.Redis(t), testserver.PostgresAlone(t)
		dsn := h.postgres.Database()
		h.database = database{"pgx", dsn}
		more = fmt.Sprintf("database: %q\nredis: %q\n", dsn, h.redis.URL)
	}
	dir := t.TempDir()
	if err := h.write(dir, more); err != nil {
		return nil, err
	}
	var err error
	if h.cfg, err = config.Load(h.settings, os.Getenv); err != nil {
		return nil, err
	}
	if name == sqliteHouse {
		h.database = database{"sqlite", "file:" + h.cfg.Database.Path + "?_pragma=busy_timeout(10000)&_pragma=query_only(true)"}
	}
	if w.news, err = h.newsletter(); err != nil {
		return nil, err
	}
	if err := h.withStore(t.Context(), func(st *store.Store) error { return join(t.Context(), st, w.readers) }); err != nil {
		return nil, err
	}
	h.start()
	t.Cleanup(h.leave)
	return h, nil
}

func (h *house) write(dir, more string) error {
	host, port, err := net.SplitHostPort(h.sink.Addr)
	if err != nil {
		return err
	}
	text := fmt.Sprintf(settingsText, host, port) + more + "mailboxes:\n"
	if host, port, err = net.SplitHostPort(h.imap.IMAP); err != nil {
		return err
	}
	for _, box := range boxes {
		text += fmt.Sprintf("  - {address: %s, host: %s, port: %s, security: none, password: %s, mode: answer}\n", box, host, port, h.imap.Password)
	}
	h.settings = filepath.Join(dir, "postroom.yaml")
	programmes := filepath.Join(dir, "programmes")
	programme := strings.NewReplacer("{boxes}", strings.Join(boxes[:], ", "), "{fields}", fieldsText).Replace(programmeFile)
	return errors.Join(
		os.Mkdir(programmes, 0o700),
		os.WriteFile(filepath.Join(programmes, "questions.yaml"), []byte(programme), 0o600),
		os.WriteFile(h.settings, []byte(text), 0o600))
}

// start starts the processes: one that does everything, or one for each share
// of the work.
func (h *house) start() {
	roles := map[string]string{"room": ""}
	if h.name == postgresHouse {
		roles = map[string]string{"web 1": "web", "web 2": "web", "worker 1": "worker", "worker 2": "worker", "worker 3": "worker", "scheduler": "scheduler,mailbox"}
	}
	for name, of := range roles {
		h.slots = append(h.slots, newSlot(name, h.settings, of, 0, h.verbose))
	}
}

// readyWithin is how long a post room may take to be ready on a busy machine.
const readyWithin = 2 * time.Minute

// ready returns when every process is ready and every mailbox was read once:
// what lies there earlier is not ours to answer.
func (h *house) ready(ctx context.Context) error {
	for _, s := range h.slots {
		if !s.waitReady(readyWithin) {
			return fmt.Errorf("%s is not ready after %s; it said last:\n%s", s.name, readyWithin, s.output)
		}
	}
	db, err := h.database.open()
	if err != nil {
		return err
	}
	defer db.Close()
	return until(ctx, readyWithin, "the mailboxes are not read", func() (bool, error) {
		n := 0
		err := db.QueryRowContext(ctx, `SELECT count(*) FROM cursors WHERE folder = 'inbox' AND polled_at > 0`).Scan(&n)
		return n == len(boxes), err
	})
}

// until asks again and again until the answer is yes.
func until(ctx context.Context, within time.Duration, complaint string, ask func() (bool, error)) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(within); ; {
		yes, err := ask()
		if yes && err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-late:
			return errors.Join(fmt.Errorf("%s after %s", complaint, within), err)
		case <-tick.C:
		}
	}
}

// leave ends every process.
func (h *house) leave() {
	h.mu.Lock()
	left := h.left
	h.left = true
	h.mu.Unlock()
	if left {
		return
	}
	var all sync.WaitGroup
	for _, s := range h.slots {
		all.Go(s.leave)
	}
	all.Wait()
}

// setClock sets the clock of every process.
func (h *house) setClock(ahead time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ahead = ahead
	for _, s := range h.slots {
		s.setClock(ahead)
	}
}

func (h *house) clock() (ahead time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.ahead
}

// withStore opens the database as a command beside the post room does.
func (h *house) withStore(ctx context.Context, fn func(st *store.Store) error) (err error) {
	st, err := app.OpenStore(ctx, h.cfg, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	return fn(st)
}

// joinAtOnce is how many readers are put on file in one transaction.
const joinAtOnce = 200

// join puts readers on the list who have confirmed it.
func join(ctx context.Context, st *store.Store, readers []string) error {
	now := time.Now()
	for first := 0; first < len(readers); first += joinAtOnce {
		err := st.Write(ctx, func(tx *store.Tx) error {
			if err := tx.PutFormVersion("chaos", "questions", "ask", []byte("{}"), now); err != nil {
				return err
			}
			for _, address := range readers[first:min(first+joinAtOnce, len(readers))] {
				if err := joinOne(tx, address, now); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("put readers on file: %w", err)
		}
	}
	return nil
}

func joinOne(tx *store.Tx, address string, now time.Time) error {
	c, err := tx.FindOrAddContact(postroom.Contact{Address: address, Reach: postroom.ReachEmail, Locale: "en"}, now)
	if err != nil {
		return err
	}
	s, _, err := tx.AddSubmission(postroom.Submission{
		Key: "reader:" + address, NaturalKey: "reader:" + address, Programme: "questions", Form: "ask", FormVersion: "chaos", Kind: postroom.SignUp,
		Channel: postroom.ByImport, Contact: c.ID, Address: address, Locale: "en", State: postroom.SubmissionReceived, ReceivedAt: now,
	})
	if err != nil {
		return err
	}
	sub, err := tx.Subscribe(postroom.Subscription{List: "news", Programme: "questions", Contact: c.ID, Address: address, Locale: "en", Submission: s.ID, AskedAt: now})
	if err != nil {
		return err
	}
	_, _, err = tx.ConfirmSubscription(sub.ID, now)
	return err
}
