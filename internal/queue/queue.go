// Package queue gets jobs done: it hands rows that are due to asynq, and makes
// sure that whatever happens to Redis, a process or a machine, each of them is
// done.
//
// The idea a newcomer needs: a job is a row, and the asynq task made from it is
// only a nudge that says "look at job 12, turn 3". A row goes due → handed →
// running → done, or back to due. Every hand-over raises the row's turn, in a
// transaction that is committed before the task reaches Redis, and whoever
// gets the nudge claims the row by that turn. A nudge that comes twice or late
// finds that the row has moved on and does nothing; a nudge that is lost costs
// time, because the row is handed over again when its time runs out. So asynq
// always hears that a task went well: tries, back-off and dead jobs are in the
// rows, where a person can see them, and Redis may be emptied at any moment.
//
// What runs in a worker process:
//
//	relay     hands over what is due, a lane at a time      relay.go
//	servers   one asynq server a lane calls the handlers    engine.go, gate.go
//	Do        claims, works, settles                        do.go
//	keeper    renews leases and sweeps what was dropped     keeper.go
//	watch     notices that Redis went away or was emptied   watch.go
//
// Beside it Permits say how many mails may leave at a time, for all processes
// together: permits.go, and docs/limits.md for what is promised.
package queue

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/uuid"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"postroom/internal/config"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// Options says what a Queue works with.
type Options struct {
	Store *store.Store
	Clock postroom.Clock
	Redis config.Redis // the zero value is a Redis inside this process

	// Alone promises that no other process works on this database, so that
	// every job handed over or running at the start was left by a dead one.
	Alone bool

	// Concurrency is how many jobs of a lane are done at a time. Lanes left
	// out have a sensible number.
	Concurrency map[postroom.Lane]int

	// Grace is how long jobs may go on when Run is told to stop; after that
	// they are cancelled. Zero is 18 seconds.
	Grace time.Duration

	Log *slog.Logger

	// Before is called around what is said to Redis, but not around asynq's
	// asking for tasks. It is for tests that let the process die there.
	Before postroom.Failpoint
}

// Queue is the queue room of one process.
type Queue struct {
	store  *store.Store
	clock  postroom.Clock
	log    *slog.Logger
	me     string // this process, in handed_by and, with the number of a claim, in held_by
	alone  bool
	grace  time.Duration
	before postroom.Failpoint

	mux      *asynq.ServeMux
	lanes    map[postroom.Lane]*lane
	redis    connector
	control  redis.UniversalClient // epoch, wake-ups, new tasks
	embedded *miniredis.Miniredis  // nil with a real Redis

	engine   current
	floor    floor
	pace     pace
	counts   counts
	claims   atomic.Int64
	trouble  chan struct{}      // Redis gave an error: look at it now
	replan   chan struct{}      // a lane has nothing more that is due
	announce chan postroom.Lane // lanes of which other processes should hear
	redisOut outage
	sqlOut   outage
	epoch    string // as last seen in Redis; only watch uses it
	halt     context.Context
	haltNow  context.CancelCauseFunc
}

// Grace and what follows it end a process in 25 seconds, which is less than
// what init systems and orchestrators allow.
const (
	standardGrace = 18 * time.Second
	afterGrace    = 5 * time.Second // for cancelled jobs to settle
	afterAll      = 2 * time.Second // for connections to close
)

// New returns a Queue that does nothing until Run. Redis need not be there
// yet, nor stay.
func New(o Options) (*Queue, error) {
	q := &Queue{
		store: o.Store, clock: o.Clock, log: o.Log, alone: o.Alone, grace: o.Grace, before: o.Before,
		me: processName(), mux: asynq.NewServeMux(), lanes: make(map[postroom.Lane]*lane),
		trouble: make(chan struct{}, 1), replan: make(chan struct{}, 1), announce: make(chan postroom.Lane, 64),
	}
	if q.store == nil || q.clock == nil {
		return nil, errors.New("queue: a store and a clock are needed")
	}
	if q.log == nil {
		q.log = slog.New(slog.DiscardHandler)
	}
	if q.grace == 0 {
		q.grace = standardGrace
	}
	q.redisOut, q.sqlOut = outage{log: q.log, what: "redis", ring: q.floor.ring}, outage{log: q.log, what: "database", ring: q.floor.ring}
	q.floor.init()
	q.halt, q.haltNow = context.WithCancelCause(context.Background())
	for _, name := range postroom.Lanes() {
		q.lanes[name] = newLane(name, o.Concurrency[name])
	}
	if o.Redis.Mode == config.RedisEmbedded {
		q.embedded = miniredis.NewMiniRedis()
	}
	q.redis = connector{settings: o.Redis, embedded: q.embedded}
	q.control = q.redis.client(enqueuers*len(q.lanes) + 4)
	q.store.OnJobs(q.jobsAdded)
	logging.Disable() // go-redis writes each refused connection to stderr; we say it once
	return q, nil
}

// processName tells this process from every other, also from the one that had
// its process id before. The host's name is there for people.
func processName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s/%d/%s", host, os.Getpid(), uuid.NewString()[:8])
}

// Handle registers the handler of a kind of job. It must be called before Run.
func (q *Queue) Handle(kind postroom.JobKind, h asynq.Handler) {
	q.mux.Handle(string(kind), h)
}

// Run works until ctx ends, and returns when the jobs that were being done are
// settled, at the latest about 25 seconds later. It can be called once.
func (q *Queue) Run(ctx context.Context) error {
	if err := q.takeAllBack(ctx); err != nil {
		return err
	}
	q.check(ctx, false)
	q.engine.use(q.start())

	taking, stopTaking := context.WithCancel(ctx)
	keeping, stopKeeping := context.WithCancel(context.WithoutCancel(ctx))
	var relays, keepers sync.WaitGroup
	for _, l := range q.lanes {
		relays.Go(func() { q.relay(taking, l) })
	}
	relays.Go(func() { q.plan(taking) })
	relays.Go(func() { q.watch(taking) })
	relays.Go(func() { q.hear(taking) })
	relays.Go(func() { q.tell(taking) })
	keepers.Go(func() { q.keep(keeping) })
	keepers.Go(func() { q.expire(keeping) })
	keepers.Go(func() { q.age(keeping) })

	<-ctx.Done()
	stopTaking()
	relays.Wait()
	q.drain()
	stopKeeping()
	keepers.Wait()
	_ = q.control.Close() // nothing can be lost with it
	if q.embedded != nil {
		q.embedded.Close()
	}
	return nil
}

// now is the wall clock's time without the monotonic reading that Go keeps
// beside it: it is compared with rows, and they know only the wall's.
func (q *Queue) now() time.Time { return q.clock.Now().Round(0) }

func (q *Queue) takeAllBack(ctx context.Context) error {
	if !q.alone {
		return nil
	}
	return q.store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.TakeAllBack(q.now())
		return err
	})
}

// drain lets the jobs under way finish, cancels those that take too long, and
// leaves behind those that do not listen: their lease brings them back.
func (q *Queue) drain() {
	end := time.Now().Add(q.grace + afterGrace + afterAll)
	late := time.AfterFunc(q.grace, func() { q.haltNow(errShutdown) })
	defer late.Stop()
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		q.engine.retireAll()
	}()
	q.floor.wait(time.Until(end.Add(-afterAll)))
	select {
	case <-stopped:
	case <-time.After(time.Until(end)):
		q.log.Warn("redis did not let go in time")
	}
}

// age lets the embedded Redis forget what has a time to live: it has no clock
// of its own.
func (q *Queue) age(ctx context.Context) {
	if q.embedded == nil {
		return
	}
	for tick(ctx, time.Minute) {
		q.embedded.FastForward(time.Minute)
	}
}

// tick waits for d and says whether ctx still lives.
func tick(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// nudge leaves a word in a channel of one place, unless one lies there.
func nudge(ch chan<- struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// FlushEmbedded empties the Redis inside this process, as FLUSHALL does with a
// real one. It is for tests that take it away; with a real Redis it does
// nothing.
func (q *Queue) FlushEmbedded() {
	if q.embedded != nil {
		q.embedded.FlushAll()
	}
}
