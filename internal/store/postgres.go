package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
)

// maxTries is how often a transaction that lost against others is run before
// its caller hears of it; maxPause, times the tries so far, bounds how long it
// stands back meanwhile. Without a pause it takes its first lock again before
// the winner has woken up, and they meet once more.
const (
	maxTries = 10
	maxPause = 10 * time.Millisecond
)

func (s *Store) openPostgres(ctx context.Context, dsn string) error {
	s.name = "postgres"
	pool, err := pgxpool.New(ctx, dsn)
	if err != nil {
		return fmt.Errorf("read database address: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return fmt.Errorf("connect: %w", err)
	}
	s.read = stdlib.OpenDBFromPool(pool)
	s.engine = &pooled{pool: pool, db: s.read}
	return nil
}

// pooled runs every write as a transaction of its own.
type pooled struct {
	pool *pgxpool.Pool
	db   *sql.DB

	mu     sync.RWMutex // held for reading by each write, for writing by close
	closed bool
}

func (p *pooled) skipLocked() string { return " FOR UPDATE SKIP LOCKED" }

func (p *pooled) do(ctx context.Context, fn func(*Tx) error) error {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.closed {
		return ErrClosed
	}
	for try := 1; ; try++ {
		err := p.once(ctx, fn)
		if !lostRace(err) || try == maxTries {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(rand.N(time.Duration(try) * maxPause)):
		}
	}
}

func (p *pooled) once(ctx context.Context, fn func(*Tx) error) error {
	conn, err := p.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	q := newPipeline(conn)
	err = q.end(ctx, guarded(fn, &Tx{Reader: Reader{ctx: ctx, q: q, on: "postgres"}}))
	if closed := conn.Close(); closed != nil && !errors.Is(closed, sql.ErrConnDone) {
		err = errors.Join(err, fmt.Errorf("give the connection back: %w", closed))
	}
	return err
}

// lostRace says whether the transaction was undone for the benefit of
// another, so that running it again is right.
func lostRace(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return false
	}
	return pg.Code == "40001" || pg.Code == "40P01" // serialization failure, deadlock
}

func (p *pooled) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.pool.Close()
	return nil
}
