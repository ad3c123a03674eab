package queue

import (
	"context"
	"sync"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

const (
	handedFor  = time.Minute      // a task that nobody claims in this time is lost
	leaseFor   = 3 * time.Minute  // a holder that is silent for this long is dead
	renewAfter = 30 * time.Second // of a lease used up
	pollEvery  = time.Second      // the net under every signal
	unevenGap  = 10 * time.Second // between two looks of the keeper: the clock was set, or we were away
	quietLooks = 2                // after that, for every process to renew before anybody sweeps
	aheadEvery = 60               // looks; a lease that lies too far ahead can wait
	tryFor     = 5 * time.Second  // one try of the database, which may hang and not refuse
	silentFor  = 7                // polls without a look that ended well: longer than one try
)

// pace knows how evenly the keeper has looked. Leases are moments of the wall
// clock, which somebody may set and which goes on while a virtual machine is
// paused: then every lease seems to be over, also of those who are well.
type pace struct {
	mu     sync.Mutex
	last   time.Time // look that renewed what was to be renewed
	looks  int       // of that sort, one soon after the other
	silent int       // polls since then
}

// even returns how many looks came one soon after the other until now.
func (p *pace) even(now time.Time) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if gap := now.Sub(p.last); gap < 0 || gap > unevenGap {
		p.looks = 0
	}
	return p.looks
}

func (p *pace) looked(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last, p.looks, p.silent = now, p.looks+1, 0
}

// silence counts a poll and returns how many there were since the last look
// that ended well.
func (p *pace) silence() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.silent++
	return p.silent
}

// keep renews the leases of the jobs done here and sweeps what others left.
func (q *Queue) keep(ctx context.Context) {
	for tick(ctx, pollEvery) {
		err := q.sweep(ctx)
		if ctx.Err() != nil {
			return
		}
		q.sqlOut.hear(err)
		q.floor.ring()
	}
}

// sweep renews and sweeps in one transaction, in this order, so that a clock
// put forward by hours does not take the jobs under way from ourselves. It
// takes none from others either before they have had time to renew.
func (q *Queue) sweep(ctx context.Context) error {
	now := q.now()
	until := now.Add(leaseFor)
	stale := q.floor.those(func(end time.Time) bool {
		return end.Before(until.Add(-renewAfter)) || end.After(until) // after: the clock was put back
	})
	even := q.pace.even(now)
	var lost, kept []*held
	err := q.writeOnce(ctx, func(tx *store.Tx) (err error) {
		if kept, lost, err = renew(tx, stale, until); err != nil {
			return err
		}
		return sweepAfter(tx, even, now)
	})
	if err != nil {
		return err
	}
	q.pace.looked(now)
	for _, h := range kept {
		q.floor.renewed(h, until)
	}
	q.stop(lost)
	return nil
}

func renew(tx *store.Tx, stale []*held, until time.Time) (kept, lost []*held, err error) {
	for _, h := range stale {
		err := tx.Renew(h.job.ID, h.job.Turn, until)
		switch {
		case err == nil:
			kept = append(kept, h)
		case postroom.KindOf(err) == postroom.Gone:
			lost = append(lost, h)
		default:
			return nil, nil, err
		}
	}
	return kept, lost, nil
}

// sweepAfter sweeps if the keeper has looked evenly for so many times. What
// lies too far ahead was written by a clock that was put back since; half a
// lease's worth and more of difference between machines is not that.
func sweepAfter(tx *store.Tx, even int, now time.Time) error {
	if even < quietLooks {
		return nil
	}
	if _, err := tx.Sweep(now); err != nil || even%aheadEvery != aheadEvery-1 {
		return err
	}
	_, err := tx.SweepAhead(now, now.Add(handedFor+leaseFor), now.Add(leaseFor+leaseFor))
	return err
}

// expire stops work whose lease ran out while the database was away from here:
// it may not be away from others. It keeps a time of its own, because a keeper
// that waits for the database can do nothing else, and it counts polls, because
// a lease may also seem to be over when only the clock was set.
func (q *Queue) expire(ctx context.Context) {
	for tick(ctx, pollEvery) {
		if q.pace.silence() > silentFor {
			now := q.now()
			q.stop(q.floor.those(func(end time.Time) bool { return end.Before(now) }))
		}
	}
}

func (q *Queue) stop(lost []*held) {
	for _, h := range lost {
		if q.floor.lose(h) {
			q.log.Warn("lease lost", "job", h.job.ID)
		}
	}
}
