package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/gofrs/flock"
	"modernc.org/sqlite" // the driver "sqlite", without cgo
	sqlite3 "modernc.org/sqlite/lib"

	"postroom/internal/postroom"
)

// maxGroup and maxGroupTime bound one group commit, so that nobody waits long
// for neighbours.
const (
	maxGroup     = 128
	maxGroupTime = 20 * time.Millisecond
)

// ErrClosed says that the store was closed before the write could run.
var ErrClosed = errors.New("store is closed")

// How many kilobytes of the database each connection keeps in memory. The system
// keeps what several read.
const (
	writerCache = 4000
	readerCache = 2000
)

func sqliteDSN(path string, cache int, extra url.Values) string {
	for _, p := range []string{"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)", "temp_store(MEMORY)"} {
		extra.Add("_pragma", p)
	}
	extra.Add("_pragma", fmt.Sprintf("cache_size(-%d)", cache))
	return (&url.URL{Scheme: "file", Opaque: url.PathEscape(path), RawQuery: extra.Encode()}).String()
}

func (s *Store) openSQLite(ctx context.Context, path string) error {
	s.name = "sqlite"
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make folder for %s: %w", path, err)
	}
	if err := makePrivate(path); err != nil {
		return fmt.Errorf("make %s: %w", path, err)
	}
	db, err := sql.Open("sqlite", sqliteDSN(path, writerCache, url.Values{"_txlock": {"immediate"}}))
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	conn, err := connect(ctx, db)
	if err != nil {
		return errors.Join(fmt.Errorf("connect to %s: %w", path, err), db.Close())
	}
	if s.read, err = sql.Open("sqlite", sqliteDSN(path, readerCache, url.Values{"_query_only": {"true"}})); err != nil {
		return errors.Join(fmt.Errorf("open %s for reading: %w", path, err), db.Close())
	}
	s.read.SetMaxOpenConns(4)
	s.read.SetMaxIdleConns(4) // opening one runs every pragma again
	w := &groupWriter{db: db, conn: &preparedConn{conn: conn}, queue: make(chan *groupCall), longest: maxGroupTime, stop: make(chan struct{}), done: make(chan struct{})}
	s.engine = w
	go w.run()
	return nil
}

// Two processes that open a new database at the same moment both want to put it
// into WAL mode. SQLite tells one of them at once that it is locked, whatever
// busy_timeout says.
const (
	connectFor   = 10 * time.Second
	connectAgain = 20 * time.Millisecond
)

// connect opens the one connection that writes.
func connect(ctx context.Context, db *sql.DB) (*sql.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectFor)
	defer cancel()
	for {
		conn, err := db.Conn(ctx)
		if busy, ok := errors.AsType[*sqlite.Error](err); !ok || busy.Code()&0xff != sqlite3.SQLITE_BUSY {
			return conn, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(connectAgain):
		}
	}
}

// makePrivate makes the file, if it is not there, so that only this user can
// read it: names and addresses are not sealed. SQLite gives its other files
// the same mode.
func makePrivate(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// LockFolder takes the lock that says "one post room works in this folder".
// It returns Conflict if another process has it. The lock goes with the
// process, however it ends.
func LockFolder(dir string) (unlock func() error, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder %s: %w", dir, err)
	}
	lock := flock.New(filepath.Join(dir, "postroom.lock"))
	got, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock folder %s: %w", dir, err)
	}
	if !got {
		return nil, &postroom.Error{Kind: postroom.Conflict, Say: postroom.Say("error.folder_locked"), Cause: fmt.Errorf("another post room is working in %s", dir)}
	}
	return lock.Unlock, nil
}

// groupWriter owns the only writing connection. Callers that arrive while a
// commit is on its way to the disk share the next one.
type groupWriter struct {
	db    *sql.DB
	conn  *preparedConn
	queue chan *groupCall
	stop  chan struct{}
	done  chan struct{}

	longest time.Duration // that callers are added to a group

	careful int // how many groups more are run with a savepoint a call
}

// staysCareful is how many groups run with savepoints after one that had to be
// run again, because callers that fail come together.
const staysCareful = 8

type groupCall struct {
	ctx   context.Context
	fn    func(*Tx) error
	reply chan error
	err   error
}

func (w *groupWriter) skipLocked() string { return "" }

func (w *groupWriter) do(ctx context.Context, fn func(*Tx) error) error {
	call := &groupCall{ctx: ctx, fn: fn, reply: make(chan error, 1)}
	select {
	case w.queue <- call:
		return <-call.reply
	case <-ctx.Done():
		return ctx.Err()
	case <-w.stop:
		return ErrClosed
	}
}

func (w *groupWriter) run() {
	defer close(w.done)
	for {
		select {
		case <-w.stop:
			return
		case first := <-w.queue:
			w.group(first)
		}
	}
}

// group runs first and whoever else is waiting, commits once, and only then
// answers them all. Nearly always all of them succeed, so they are run without
// savepoints, each of which would copy every page that is written. When one
// fails, everything is undone and all are run again, each in a savepoint.
func (w *groupWriter) group(first *groupCall) {
	begun, calls := time.Now(), []*groupCall{first}
	var err error
	if w.careful == 0 {
		err = w.together(&calls, begun)
		if last := calls[len(calls)-1]; last.err != nil && len(calls) > 1 {
			w.careful = staysCareful
		}
	}
	if w.careful > 0 {
		w.careful--
		err = w.apart(&calls, begun)
	}
	for _, call := range calls {
		if call.err == nil && err != nil {
			call.err = fmt.Errorf("commit: %w", err)
		}
		call.reply <- call.err
	}
}

// together runs calls in one transaction until none is waiting or one fails,
// and then nothing has been written.
func (w *groupWriter) together(calls *[]*groupCall, begun time.Time) error {
	return w.transaction(func() error {
		for call := (*calls)[0]; call != nil; call = w.next(calls, begun) {
			if call.err = w.one(call); call.err != nil {
				return call.err
			}
		}
		return nil
	})
}

// apart runs calls in one transaction, each in a savepoint of its own, until
// none is waiting. An error means that nothing of any of them was written.
func (w *groupWriter) apart(calls *[]*groupCall, begun time.Time) error {
	return w.transaction(func() (err error) {
		for i := 0; i < len(*calls); i++ {
			call := (*calls)[i]
			if call.err, err = w.call(call); err != nil {
				return err
			}
			if i == len(*calls)-1 {
				w.next(calls, begun)
			}
		}
		return nil
	})
}

func (w *groupWriter) transaction(fn func() error) error {
	ctx := context.Background()
	_, err := w.conn.ExecContext(ctx, `BEGIN IMMEDIATE`)
	if err == nil {
		err = fn()
	}
	if err == nil {
		_, err = w.conn.ExecContext(ctx, `COMMIT`)
	}
	if err != nil {
		_, _ = w.conn.ExecContext(ctx, `ROLLBACK`) // nothing to do when nothing was begun
	}
	return err
}

// next adds whoever is waiting to the calls and returns it, or nil when there
// is nobody or the group is large enough.
func (w *groupWriter) next(calls *[]*groupCall, begun time.Time) *groupCall {
	if len(*calls) >= maxGroup || time.Since(begun) > w.longest {
		return nil
	}
	select {
	case call := <-w.queue:
		*calls = append(*calls, call)
		return call
	default:
		return nil
	}
}

// one runs one caller's function. Statements run under a context that does not
// end: an interrupted one would roll back everybody.
func (w *groupWriter) one(c *groupCall) error {
	if err := c.ctx.Err(); err != nil {
		return err
	}
	return guarded(c.fn, &Tx{Reader: Reader{ctx: context.WithoutCancel(c.ctx), q: w.conn, on: "sqlite"}})
}

// call runs one caller's function inside a savepoint. broken means that the
// whole transaction is lost, as after a full disk.
func (w *groupWriter) call(c *groupCall) (err, broken error) {
	ctx := context.WithoutCancel(c.ctx)
	if _, err := w.conn.ExecContext(ctx, `SAVEPOINT one`); err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	err = w.one(c)
	if err != nil {
		_, broken = w.conn.ExecContext(ctx, `ROLLBACK TO one`)
	}
	if broken == nil {
		_, broken = w.conn.ExecContext(ctx, `RELEASE one`)
	}
	if broken != nil && err != nil {
		broken = fmt.Errorf("transaction was lost to a neighbour: %w", errors.Join(broken, err))
	}
	return err, broken
}

// guarded turns a panic into an error, so that one caller cannot take the
// others' writer down.
func guarded(fn func(*Tx) error, tx *Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a transaction: %v\n%s", p, debug.Stack())
		}
	}()
	return fn(tx)
}

func (w *groupWriter) close() error {
	close(w.stop)
	<-w.done
	return errors.Join(w.conn.close(), w.db.Close())
}

// preparedConn is the writing connection with its statements kept prepared.
// Only the writer's goroutine uses it.
type preparedConn struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

func (p *preparedConn) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if stmt := p.stmts[query]; stmt != nil {
		return stmt, nil
	}
	stmt, err := p.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	if p.stmts == nil {
		p.stmts = make(map[string]*sql.Stmt)
	}
	p.stmts[query] = stmt
	return stmt, nil
}

// ExecContext runs a statement, preparing it the first time.
func (p *preparedConn) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	stmt, err := p.prepare(ctx, query) //nolint:sqlclosecheck // kept prepared; close closes it
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(ctx, args...)
}

// QueryContext runs a query, preparing it the first time.
func (p *preparedConn) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	stmt, err := p.prepare(ctx, query) //nolint:sqlclosecheck // kept prepared; close closes it
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

// QueryRowContext runs a query for one row, preparing it the first time.
func (p *preparedConn) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	stmt, err := p.prepare(ctx, query) //nolint:sqlclosecheck // kept prepared; close closes it
	if err != nil {
		return p.conn.QueryRowContext(ctx, query, args...) // says the same error again
	}
	return stmt.QueryRowContext(ctx, args...)
}

func (p *preparedConn) close() error {
	var errs []error
	for _, stmt := range p.stmts {
		errs = append(errs, stmt.Close())
	}
	return errors.Join(append(errs, p.conn.Close())...)
}
