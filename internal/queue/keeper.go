package queue

import (
	"context"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

const (
	handedFor  = time.Minute      // a task that nobody claims in this time is lost
	leaseFor   = 3 * time.Minute  // a holder that is silent for this long is dead
	renewAfter = 30 * time.Second // of a lease used up
	pollEvery  = time.Second      // the net under every signal
)

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
// put forward by hours does not take the jobs under way from ourselves.
func (q *Queue) sweep(ctx context.Context) error {
	now := q.clock.Now()
	until := now.Add(leaseFor)
	short := q.floor.short(until.Add(-renewAfter))
	var lost, kept []*held
	err := q.store.Write(ctx, func(tx *store.Tx) error {
		lost, kept = nil, nil
		for _, h := range short {
			err := tx.Renew(h.job.ID, h.job.Turn, until)
			switch {
			case err == nil:
				kept = append(kept, h)
			case postroom.KindOf(err) == postroom.Gone:
				lost = append(lost, h)
			default:
				return err
			}
		}
		_, err := tx.Sweep(now)
		return err
	})
	if err != nil {
		q.giveUpExpired(now)
		return err
	}
	for _, h := range kept {
		q.floor.renewed(h, until)
	}
	q.stop(lost)
	return nil
}

// giveUpExpired stops work whose lease ran out while the database was away
// from here: it may not be away from others.
func (q *Queue) giveUpExpired(now time.Time) { q.stop(q.floor.short(now)) }

func (q *Queue) stop(lost []*held) {
	for _, h := range lost {
		if q.floor.lose(h) {
			q.log.Warn("lease lost", "job", h.job.ID)
		}
	}
}
