package queue

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/hibiken/asynq"
	"golang.org/x/sync/errgroup"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

const (
	enqueuers = 8                  // goroutines a lane; asynq has no batch
	maxWindow = 100                // tasks a lane that wait in Redis
	taskLimit = 7 * 24 * time.Hour // asynq's own deadline: out of the way
)

// lane is one queue as the relay sees it. Its window keeps most of a long
// queue in SQL, where it is ordered and safe, and Redis small.
type lane struct {
	name        postroom.Lane
	concurrency int
	window      int
	wake        chan struct{}
	waiting     atomic.Int64 // handed over and not claimed here yet, about
	more        atomic.Bool  // the window was too small for all that is due
}

func newLane(name postroom.Lane, concurrency int) *lane {
	if concurrency <= 0 {
		concurrency = standardConcurrency(name)
	}
	return &lane{name: name, concurrency: concurrency, window: min(4*concurrency, maxWindow), wake: make(chan struct{}, 1)}
}

// standardConcurrency is low where one job is a whole chunk of a newsletter or
// a batch of letters, and higher where a person waits.
func standardConcurrency(name postroom.Lane) int {
	switch name {
	case postroom.Confirm:
		return 8
	case postroom.Urgent, postroom.Followup:
		return 4
	}
	return 2
}

// claimed counts a task that left the window, and has the window filled again
// when half of it is free: one hand-over for many jobs costs what one costs.
func (l *lane) claimed() {
	l.waiting.Add(-1)
	l.refill()
}

func (l *lane) refill() {
	if l.more.Load() && l.waiting.Load() <= int64(l.window/2) {
		nudge(l.wake)
	}
}

// jobsAdded hears of every commit of this process that made jobs due.
func (q *Queue) jobsAdded(name postroom.Lane) {
	if l := q.lanes[name]; l != nil {
		nudge(l.wake)
	}
	select {
	case q.announce <- name:
	default: // best effort; others look each second
	}
}

// relay hands over the jobs of one lane whenever it is woken. Each lane has a
// relay of its own, so that none waits for another.
func (q *Queue) relay(ctx context.Context, l *lane) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.wake:
		}
		if q.redisOut.on() {
			continue // watch wakes us when it is back
		}
		q.pump(context.WithoutCancel(ctx), l)
	}
}

// pump fills the lane's window once.
func (q *Queue) pump(ctx context.Context, l *lane) {
	jobs, room, err := q.handOver(ctx, l)
	q.sqlOut.hear(err)
	if err != nil || room <= 0 {
		return
	}
	l.more.Store(len(jobs) == room)
	if len(jobs) < room {
		nudge(q.replan)
	}
	q.enqueue(ctx, jobs)
	l.refill() // if they were claimed faster than they were enqueued
	q.floor.ring()
}

// handOver takes as many due jobs as there is room for in the window, and
// commits that before any of them can reach asynq.
func (q *Queue) handOver(ctx context.Context, l *lane) (jobs []postroom.Job, room int, err error) {
	ctx, cancel := context.WithTimeout(ctx, tryFor)
	defer cancel()
	waiting, err := q.store.Read(ctx).HandedBy(l.name, q.me)
	if err != nil {
		return nil, 0, err
	}
	l.waiting.Store(int64(waiting))
	if room = l.window - waiting; room <= 0 {
		return nil, 0, nil
	}
	err = q.store.Write(ctx, func(tx *store.Tx) error {
		now := q.now()
		jobs, err = tx.HandOver(l.name, q.me, room, now, now.Add(handedFor))
		return err
	})
	l.waiting.Add(int64(len(jobs)))
	return jobs, room, err
}

// enqueue gives the jobs to asynq. What does not get there stays handed until
// Redis is back, when watch takes it back, or its minute is over.
func (q *Queue) enqueue(ctx context.Context, jobs []postroom.Job) {
	e := q.engine.get()
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(enqueuers)
	for _, job := range jobs {
		if ctx.Err() != nil {
			break
		}
		g.Go(func() error { return q.enqueueOne(ctx, e, job) })
	}
	if err := g.Wait(); err != nil {
		q.redisFailed(err)
	}
}

// enqueueOne makes a task of a job. If asynq knows the turn already, because
// an answer was lost on the way, the job gets the next one.
func (q *Queue) enqueueOne(ctx context.Context, e *engine, job postroom.Job) error {
	for {
		err := q.before.Around("redis: enqueue", func() error { return e.put(ctx, job) })
		if err == nil {
			q.counts.handed.Add(1)
			e.lanes[job.Lane].gate.signal()
			return nil
		}
		if !errors.Is(err, asynq.ErrTaskIDConflict) {
			return err
		}
		known := job.Turn // a transaction may run twice
		err = q.insist(ctx, func(tx *store.Tx) error {
			job.Turn, err = tx.RaiseTurn(job.ID, known, q.now().Add(handedFor))
			return err
		})
		if err != nil {
			return q.notRaised(ctx, job, err)
		}
	}
}

// notRaised swallows the error: Redis is well, and the row is either ahead of
// us or comes back when its minute is over.
func (q *Queue) notRaised(ctx context.Context, job postroom.Job, err error) error {
	if postroom.KindOf(err) != postroom.Gone {
		q.log.ErrorContext(ctx, "turn not raised", "job", job.ID, "err", err)
	}
	return nil
}

func (e *engine) put(ctx context.Context, job postroom.Job) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	id := taskID(job.ID, job.Turn)
	_, err := e.tasks.EnqueueContext(ctx, asynq.NewTask(string(job.Kind), []byte(id)),
		asynq.Queue(string(job.Lane)), asynq.TaskID(id), asynq.MaxRetry(0), asynq.Timeout(taskLimit))
	return err
}

// plan wakes each lane when its next job falls due, and looks each second
// whether something was missed.
func (q *Queue) plan(ctx context.Context) {
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	var next time.Time
	var due <-chan struct{}
	for {
		if at := q.wakeDue(ctx); !at.Equal(next) {
			next, due = at, nil
			if !at.IsZero() {
				due = q.clock.Until(at)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-poll.C:
		case <-due:
			next, due = time.Time{}, nil
		case <-q.replan:
			tick(ctx, 5*time.Millisecond) // many lanes say so at once
		}
	}
}

// wakeDue wakes the lanes that have work and returns when the next one will.
func (q *Queue) wakeDue(ctx context.Context) (next time.Time) {
	look, cancel := context.WithTimeout(ctx, tryFor)
	defer cancel()
	due, err := q.store.Read(look).NextDue()
	if ctx.Err() != nil {
		return time.Time{}
	}
	q.sqlOut.hear(err)
	now := q.now()
	for name, at := range due {
		switch l := q.lanes[name]; {
		case l == nil:
		case !at.After(now):
			nudge(l.wake)
		case next.IsZero() || at.Before(next):
			next = at
		}
	}
	return next
}
