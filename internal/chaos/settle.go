package main

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// openWork are the questions that are asked until none finds anything.
var openWork = []struct{ what, query string }{
	{"jobs handed over or being done", `SELECT count(*), 0 FROM jobs WHERE state IN ('handed', 'running')`},
	{"jobs due", `SELECT count(*), coalesce(min(due_at), 0) FROM jobs WHERE state = 'due'`},
	{"steps promised", `SELECT count(*), coalesce(min(due_at), 0) FROM steps WHERE state = 'planned'`},
	{"letters not read", `SELECT count(*), 0 FROM letters WHERE state = 'received'`},
	{"messages waiting", `SELECT count(*), 0 FROM messages WHERE state IN ('queued', 'deferred', 'sending')`},
	{"copies waiting", `SELECT count(*), 0 FROM campaign_parts WHERE waits`},
	{"newsletters being sent", `SELECT count(*), 0 FROM campaigns WHERE state = 'sending'`},
}

// look is what is open at one moment.
type look struct {
	counts []int
	next   time.Time // when the first of what has a time falls due; zero is none
	done   int       // jobs that are done
}

func (h *house) look(ctx context.Context, db *sql.DB, w *work) (l look, err error) {
	for _, each := range openWork {
		var n int
		var due int64
		if err := db.QueryRowContext(ctx, each.query).Scan(&n, &due); err != nil {
			return l, fmt.Errorf("count %s: %w", each.what, err)
		}
		l.counts = append(l.counts, n)
		if at := time.UnixMicro(due); due > 0 && (l.next.IsZero() || at.Before(l.next)) {
			l.next = at
		}
	}
	filed := 0
	if err := db.QueryRowContext(ctx, `SELECT count(DISTINCT message_id) FROM letters WHERE folder = 'inbox'`).Scan(&filed); err != nil {
		return l, err
	}
	put := 0
	for _, p := range w.letters {
		if !p.state().IsZero() {
			put++
		}
	}
	l.counts = append(l.counts, max(0, put-filed))
	return l, db.QueryRowContext(ctx, `SELECT count(*) FROM jobs WHERE state IN ('done', 'dead')`).Scan(&l.done)
}

func (l look) idle() bool {
	for _, n := range l.counts {
		if n > 0 {
			return false
		}
	}
	return true
}

func (l look) same(as look) bool {
	return fmt.Sprint(l.counts, l.done) == fmt.Sprint(as.counts, as.done)
}

// list says what is open.
func (l look) list() (open []string) {
	for i, n := range l.counts {
		if n == 0 {
			continue
		}
		what := "letters that lie in a mailbox and are not on file"
		if i < len(openWork) {
			what = openWork[i].what
		}
		open = append(open, fmt.Sprintf("%d %s", n, what))
	}
	return open
}

const (
	lookEvery = 300 * time.Millisecond
	calmLooks = 4               // without work, one after the other, until it is believed
	stuckFor  = 6 * time.Second // without anything happening, until time is let pass
	leaseTime = 4 * time.Minute // longer than any lease
	dayTime   = 25 * time.Hour  // in which a post room answers some hundred letters
	fewJumps  = 8               // after that it must be the answers of a day that are waited for
	patience  = 4 * time.Minute // on top of the length of the run
)

// settle waits until no work is open, and returns what is when it has waited
// long enough. What was put off is not waited for: when nothing else is left,
// every clock is set to the moment when it falls due.
func (h *house) settle(ctx context.Context, w *work) (open []string) {
	db, err := h.database.open()
	if err != nil {
		return []string{err.Error()}
	}
	defer db.Close()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var last look
	calm, jumps, moved := 0, 0, time.Now()
	for late := time.Now().Add(patience + w.length); time.Now().Before(late) && ctx.Err() == nil; <-tick.C {
		l, err := h.look(ctx, db, w)
		switch now := time.Now().Add(h.clock()); {
		case err != nil:
			open = []string{err.Error()}
			continue
		case l.idle():
			if calm++; calm == calmLooks {
				return nil
			}
			continue
		case !l.same(last):
			moved = time.Now()
		case l.counts[0] == 0 && l.next.After(now):
			jumps++
			h.jump(l.next.Sub(now)+time.Second, jumps)
			moved = time.Now()
		case time.Since(moved) > stuckFor:
			h.jump(leaseTime, 0)
			moved = time.Now()
		}
		calm, last, open = 0, l, l.list()
	}
	return open
}

// jump lets time pass for every process.
func (h *house) jump(by time.Duration, jumps int) {
	if jumps > fewJumps {
		by = max(by, dayTime)
	}
	h.setClock(h.clock() + by)
}
