// Package store holds all SQL. A method says one thing in the words of the
// trade ("claim this job", "take this place"); no other package knows a table.
//
// The idea a newcomer needs: SQL is the truth. Whatever the post room promises
// is a row before anything else happens, and everything that belongs together
// is written by one function given to Write. That function only decides and
// stores (no network, no rendering), because it may run twice. Writes are
// methods of Tx; reads are methods of Reader, which a Tx also is, so that a
// transaction reads what it has just written.
//
// There is one SQL text for SQLite and PostgreSQL. On SQLite one goroutine
// owns the only writing connection and commits whatever has queued up while
// the last commit was on its way to the disk, so one fsync serves many callers;
// when one of them fails, all are run again, each inside a savepoint of its own.
// On PostgreSQL each Write is a transaction of the pool, run again when it lost
// against another; what nobody waits for is sent with the next statement. Rows are
// locked in one order: addresses and phone numbers, then sessions.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"postroom/internal/postroom"
	"postroom/internal/seal"
)

// Store is the one database of a post room.
type Store struct {
	name string // "sqlite" or "postgres"
	read *sql.DB
	engine
	box  *seal.Box
	log  *slog.Logger
	draw func() string // draws a submission's reference

	before func(statement string) // nil but in tests
	replay bool                   // see Options

	closing sync.Once
	turns   turns

	mu     sync.Mutex
	wakers []func(postroom.Lane)
}

// engine is what SQLite and PostgreSQL do differently.
type engine interface {
	// do runs fn in a transaction and returns once it is durable.
	do(ctx context.Context, fn func(*Tx) error) error
	// skipLocked is what a SELECT adds so that workers pass each other's rows.
	skipLocked() string
	close() error
}

// Options says which database, and what is needed to use it.
type Options struct {
	URL string // a file's path, or postgres://…
	Box *seal.Box
	Log *slog.Logger

	// Before is called ahead of each statement of a transaction, of its commit,
	// and of what follows the commit. It is for tests that let the process die
	// there; nil costs nothing.
	Before func(statement string)
	// Replay makes a new database by the migrations, one after the other. It is
	// for the test that holds schema.sql against them.
	Replay bool
}

// Open opens the database and brings its schema up to date. It does not lock
// it: a process that means to be the only one calls LockFolder first.
func Open(ctx context.Context, o Options) (*Store, error) {
	s := &Store{box: o.Box, log: o.Log, draw: newReference, before: o.Before, replay: o.Replay}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	open := s.openSQLite
	if strings.HasPrefix(o.URL, "postgres://") || strings.HasPrefix(o.URL, "postgresql://") {
		open = s.openPostgres
	}
	if err := open(ctx, o.URL); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := s.migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("migrate database: %w", err), s.Close())
	}
	return s, nil
}

// Prepare makes the tables of a database, or brings them up to date, and leaves it.
func Prepare(ctx context.Context, url string) error {
	s, err := Open(ctx, Options{URL: url})
	if err != nil {
		return err
	}
	return s.Close()
}

// Engine returns "sqlite" or "postgres".
func (s *Store) Engine() string { return s.name }

// Close waits for the writes under way and closes the database. Writes that
// have not begun get ErrClosed. Closing again changes nothing.
func (s *Store) Close() error {
	var err error
	s.closing.Do(func() { err = errors.Join(s.close(), s.read.Close()) })
	return err
}

// Ping says whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	return s.read.QueryRowContext(ctx, `SELECT 1`).Scan(&one)
}

// Read returns the reads, each under ctx and on a snapshot of its own.
func (s *Store) Read(ctx context.Context) Reader {
	return Reader{ctx: ctx, q: s.read, box: s.box, on: s.name}
}

// Write runs fn in one transaction and returns when it is durable, or returns
// fn's error with nothing changed. fn may run twice, and a panic in it is an
// error. It must hand back the error of a statement that failed: by then
// PostgreSQL has undone the transaction. It must not end its goroutine
// (t.FailNow), which on SQLite is the writer's.
func (s *Store) Write(ctx context.Context, fn func(tx *Tx) error) error {
	var woken map[postroom.Lane]bool
	err := s.do(ctx, func(tx *Tx) error {
		tx.box, tx.skip, tx.draw = s.box, s.skipLocked(), s.draw
		tx.woken, tx.made = make(map[postroom.Lane]bool), make(map[string]bool)
		woken = tx.woken
		return s.watch(tx, fn)
	})
	if err != nil {
		return err
	}
	if s.before != nil {
		s.before("committed")
	}
	for lane := range woken {
		s.wake(lane)
	}
	return nil
}

// watch runs fn, and says so ahead of each of its statements when a test
// wants to know.
func (s *Store) watch(tx *Tx, fn func(tx *Tx) error) error {
	if s.before == nil {
		return fn(tx)
	}
	tx.q = watched{tx.q, s.before}
	err := fn(tx)
	s.before("COMMIT")
	return err
}

// watched calls before ahead of every statement.
type watched struct {
	runner
	before func(string)
}

func (w watched) queue(ctx context.Context, query string, args []any) error {
	w.before(query)
	if q, ok := w.runner.(queuer); ok {
		return q.queue(ctx, query, args)
	}
	_, err := w.runner.ExecContext(ctx, query, args...)
	return err
}

func (w watched) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	w.before(query)
	return w.runner.ExecContext(ctx, query, args...)
}

func (w watched) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	w.before(query)
	return w.runner.QueryContext(ctx, query, args...)
}

func (w watched) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	w.before(query)
	return w.runner.QueryRowContext(ctx, query, args...)
}

// OnJobs calls fn after each commit that made jobs due, once per lane. fn must
// not block.
func (s *Store) OnJobs(fn func(postroom.Lane)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wakers = append(s.wakers, fn)
}

func (s *Store) wake(lane postroom.Lane) {
	s.mu.Lock()
	wakers := s.wakers
	s.mu.Unlock()
	for _, fn := range wakers {
		fn(lane)
	}
}

// Reader holds every read. Its rows and times are values; times are UTC.
type Reader struct {
	ctx context.Context
	q   runner
	box *seal.Box
	on  string // the engine: "sqlite" or "postgres"
}

// Tx is one transaction: every write, and every read.
type Tx struct {
	Reader
	skip  string
	draw  func() string
	woken map[postroom.Lane]bool
	made  map[string]bool // what this transaction has put on file for the first time
}

// queuer is a runner that can keep a statement until the next is sent.
type queuer interface {
	queue(ctx context.Context, query string, args []any) error
}

// later runs a statement of which nobody needs to hear what it did. On
// PostgreSQL it goes with the next statement, or with the commit; what is wrong
// with it is the error of that.
func (tx *Tx) later(query string, args ...any) error {
	if q, ok := tx.q.(queuer); ok {
		return q.queue(tx.ctx, query, args)
	}
	_, err := tx.exec(query, args...)
	return err
}

// runner is what *sql.DB, *sql.Tx and the writing connection have in common.
type runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// row reads one row.
func (r Reader) row(query string, args ...any) *sql.Row {
	return r.q.QueryRowContext(r.ctx, query, args...)
}

// each calls scan for every row and closes the result.
func (r Reader) each(scan func(*sql.Rows) error, query string, args ...any) error {
	rows, err := r.q.QueryContext(r.ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// exec runs a statement and returns how many rows it changed.
func (tx *Tx) exec(query string, args ...any) (int64, error) {
	res, err := tx.q.ExecContext(tx.ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// newID returns a UUIDv7: unique, and sorted by the time it was made.
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// micros and moment turn a time into the stored form and back. Zero is zero.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func moment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// absent turns "no such row" into NotFound and names what was looked for.
func absent(err error, what, id string) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("%s %s: %w", what, id, err)
	if errors.Is(err, sql.ErrNoRows) {
		return &postroom.Error{Kind: postroom.NotFound, Say: postroom.Say("error.not_found"), Cause: err}
	}
	return err
}

func nullable(id string) any {
	if id == "" {
		return nil
	}
	return id
}
