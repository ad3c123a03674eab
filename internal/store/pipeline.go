package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// pipeline is one transaction on one PostgreSQL connection. Each statement is a
// way there and back, and a transaction is mostly waiting for those; so what
// nobody needs the result of is kept, and goes on its way with the next
// statement, in one write. So do BEGIN and COMMIT.
type pipeline struct {
	conn    *sql.Conn
	pending *pgx.Batch
	err     error // the first thing that went wrong; nothing works after it
}

func newPipeline(conn *sql.Conn) *pipeline {
	p := &pipeline{conn: conn, pending: &pgx.Batch{}}
	p.pending.Queue(`BEGIN`)
	return p
}

// queue keeps a statement for the next time something is sent.
func (p *pipeline) queue(_ context.Context, query string, args []any) error {
	p.pending.Queue(query, args...)
	return p.err
}

// flush sends what is kept and returns what became of the last of it.
func (p *pipeline) flush(ctx context.Context) (last pgconn.CommandTag, err error) {
	if p.err != nil || p.pending.Len() == 0 {
		return last, p.err
	}
	batch := p.pending
	p.pending = &pgx.Batch{}
	p.err = p.conn.Raw(func(connection any) (err error) {
		results := connection.(*stdlib.Conn).Conn().SendBatch(ctx, batch)
		for range batch.Len() {
			if last, err = results.Exec(); err != nil {
				break
			}
		}
		return errors.Join(err, results.Close())
	})
	return last, p.err
}

// ExecContext sends what is kept and a statement.
func (p *pipeline) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	p.pending.Queue(query, args...)
	tag, err := p.flush(ctx)
	return driver.RowsAffected(tag.RowsAffected()), err
}

// QueryContext sends what is kept, and then a query.
func (p *pipeline) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if _, err := p.flush(ctx); err != nil {
		return nil, err
	}
	return p.conn.QueryContext(ctx, query, args...)
}

// QueryRowContext sends what is kept, and then a query for one row. After an
// error the server answers with another, and end returns the first.
func (p *pipeline) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	_, _ = p.flush(ctx)
	return p.conn.QueryRowContext(ctx, query, args...)
}

// end commits, or undoes everything if err says that something went wrong, and
// returns what that was first.
func (p *pipeline) end(ctx context.Context, err error) error {
	if err == nil {
		p.pending.Queue(`COMMIT`)
		var tag pgconn.CommandTag
		if tag, err = p.flush(ctx); err == nil && tag.String() == "COMMIT" {
			return nil
		}
		err = fmt.Errorf("commit: %w", errors.Join(err, undone(tag)))
	}
	if p.err != nil && !errors.Is(err, p.err) {
		err = errors.Join(p.err, err)
	}
	return errors.Join(err, p.undo(ctx))
}

// undone says that PostgreSQL answered a COMMIT by undoing the transaction.
func undone(tag pgconn.CommandTag) error {
	if tag.String() == "ROLLBACK" {
		return pgx.ErrTxCommitRollback
	}
	return nil
}

// undo ends a transaction that failed. A connection on which that cannot be
// said is not used again.
func (p *pipeline) undo(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if _, err := p.conn.ExecContext(ctx, `ROLLBACK`); err != nil {
		_ = p.conn.Raw(func(any) error { return driver.ErrBadConn }) // the pool makes another
	}
	return nil
}
