package queue

import (
	"context"
	"sync/atomic"

	"postroom/internal/store"
)

// Stats is what this process has done since it started. What is waiting is in
// the rows: see store.OpenJobs.
type Stats struct {
	Handed  int64 // tasks that reached asynq
	Claimed int64 // jobs begun
	Gone    int64 // tasks whose job had moved on: repeated or late
	Lost    int64 // jobs done here while somebody else was handed them
	Done    int64
	Again   int64
	Waited  int64
	Dead    int64
}

type counts struct {
	handed, claimed, gone, lost atomic.Int64
	settled                     [store.Dead + 1]atomic.Int64
}

// Stats returns the counters.
func (q *Queue) Stats() Stats {
	c := &q.counts
	return Stats{
		Handed: c.handed.Load(), Claimed: c.claimed.Load(), Gone: c.gone.Load(), Lost: c.lost.Load(),
		Done: c.settled[store.Done].Load(), Again: c.settled[store.Again].Load(),
		Waited: c.settled[store.Wait].Load(), Dead: c.settled[store.Dead].Load(),
	}
}

// WorkUntilIdle returns when no job is due by the clock, handed over or
// running. Run must be running elsewhere. It is for tests and for the demo's
// fast-forward: it follows signals and does not sleep.
func (q *Queue) WorkUntilIdle(ctx context.Context) error {
	for {
		_, bell := q.floor.listen()
		left, err := q.store.Read(ctx).WorkLeft(q.now())
		if err != nil {
			return err
		}
		people, after := q.floor.listen()
		if !left && people == 0 && after == bell { // nobody finished while we looked
			return nil
		}
		select {
		case <-bell:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
