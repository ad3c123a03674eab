package queue

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"postroom/internal/postroom"
)

// engine is everything that is bound to one life of Redis: clients, asynq
// servers, and the gates at which the servers wait. When Redis turns out to
// be another one, a new engine is built and the old one retired, because
// asynq's clients remember what they once told the old one.
type engine struct {
	tasks *asynq.Client
	lanes map[postroom.Lane]*station
	log   *asynqLog
}

// station is one lane's asynq server with the client and gate of its own.
type station struct {
	client redis.UniversalClient
	gate   *gate
	server *asynq.Server
}

// start builds an engine and starts its servers. asynq connects by itself and
// keeps trying.
func (q *Queue) start() *engine {
	e := &engine{
		tasks: asynq.NewClientFromRedisClient(q.control),
		lanes: make(map[postroom.Lane]*station),
		log:   &asynqLog{log: q.log, away: q.redisOut.on},
	}
	for name, l := range q.lanes {
		s := &station{client: q.redis.client(l.concurrency + 6), gate: newGate()}
		s.client.AddHook(holdEmpty{s.gate})
		s.server = asynq.NewServerFromRedisClient(s.client, q.serverConfig(l, e.log))
		if err := s.server.Start(asynq.HandlerFunc(q.route)); err != nil {
			q.log.Error("asynq server not started", "lane", string(name), "err", err)
		}
		e.lanes[name] = s
	}
	return e
}

func (q *Queue) serverConfig(l *lane, log asynq.Logger) asynq.Config {
	return asynq.Config{
		Concurrency:       l.concurrency,
		Queues:            map[string]int{string(l.name): 1},
		TaskCheckInterval: time.Millisecond, // the gate does the waiting
		ShutdownTimeout:   q.grace + afterGrace,
		Logger:            log,
		LogLevel:          asynq.ErrorLevel,
		// Nothing is ever scheduled, retried or kept in Redis.
		DelayedTaskCheckInterval: time.Hour,
		JanitorInterval:          time.Hour,
	}
}

// route calls the handler of a task's kind and tells asynq that all went well,
// whatever happened: what is to be done next stands in the row.
func (q *Queue) route(ctx context.Context, task *asynq.Task) error {
	q.before.At("redis: dequeue done")
	h, kind := q.mux.Handler(task)
	if kind != task.Type() { // the mux also takes a longer name for a shorter one's
		h = asynq.HandlerFunc(q.nobody)
	}
	if err := h.ProcessTask(ctx, task); err != nil {
		q.log.ErrorContext(ctx, "handler returned an error to asynq", "step", task.Type(), "err", err)
	}
	q.before.At("redis: acknowledge")
	return nil
}

// nobody waits with a job of which this process knows nothing: a newer one may
// have made it.
func (q *Queue) nobody(ctx context.Context, task *asynq.Task) error {
	return q.Do(ctx, task, func(_ context.Context, job postroom.Job) Outcome {
		return Wait(q.now().Add(time.Minute), fmt.Sprintf("no worker here does %q", job.Kind))
	})
}

// retire stops the servers, all at once, and closes the clients when the last
// job is done.
func (e *engine) retire() {
	e.log.quiet.Store(true) // the Redis it knew may be gone
	var all sync.WaitGroup
	for _, s := range e.lanes {
		s.gate.release()
		all.Go(func() {
			s.server.Shutdown()
			_ = s.client.Close() // nothing can be lost with it
		})
	}
	all.Wait()
}

// current is the engine in use, and those still draining.
type current struct {
	mu      sync.Mutex
	engine  *engine
	retired sync.WaitGroup
}

func (c *current) get() *engine {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.engine
}

// use puts a new engine in the place of the old one.
func (c *current) use(e *engine) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.engine; old != nil {
		c.retired.Go(old.retire)
	}
	c.engine = e
}

func (c *current) retireAll() {
	c.get().retire()
	c.retired.Wait()
}

// asynqLog passes asynq's errors on, once Redis is not known to be away.
type asynqLog struct {
	log   *slog.Logger
	away  func() bool
	quiet atomic.Bool
}

// Debug says nothing.
func (*asynqLog) Debug(...any) {}

// Info says nothing.
func (*asynqLog) Info(...any) {}

// Warn says nothing.
func (*asynqLog) Warn(...any) {}

// Error logs, unless it would repeat what is known.
func (l *asynqLog) Error(args ...any) {
	level := slog.LevelError
	if l.quiet.Load() || l.away() {
		level = slog.LevelDebug
	}
	l.log.Log(context.Background(), level, "asynq reports an error", "err", fmt.Sprint(args...))
}

// Fatal logs. asynq calls it when it would end the process, which is not its
// business.
func (l *asynqLog) Fatal(args ...any) { l.Error(args...) }
