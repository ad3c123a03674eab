package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"postroom/internal/app"
	"postroom/internal/config"
	"postroom/internal/postroom"
	"postroom/internal/queue"
	"postroom/internal/store"
)

// errands is how many jobs are done in a run.
const errands = 5000

// jobs measures how fast jobs that do nothing get from their rows through the
// relay and asynq to a worker, who claims and settles each. They are spread
// over all lanes. The bare limit is asynq alone on the same kind of Redis, with
// nothing that could be kept: tasks put in and taken out.
func jobs(t testing.TB, b *bench) {
	for _, e := range engines(t) {
		b.each(t, "jobs "+e.name, func(t testing.TB) {
			place := e.site(t, "127.0.0.1:25")
			bare := asynqAlone(t, place.cfg.Redis)
			b.compare("jobs_"+e.name, "jobs/s", goal{}, b.workOff(t, place, e.name), bare)
		})
	}
}

// workOff returns how many jobs a second are done.
func (b *bench) workOff(t testing.TB, place *site, name string) (rate float64) {
	db := place.open(t)
	var done atomic.Int64
	q, err := queue.New(queue.Options{Store: db, Clock: new(app.Clock), Redis: place.cfg.Redis, Alone: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	q.Handle(postroom.JobEnquiry, asynq.HandlerFunc(func(ctx context.Context, task *asynq.Task) error {
		return q.Do(ctx, task, func(context.Context, postroom.Job) queue.Outcome { done.Add(1); return queue.Done })
	}))
	addErrands(t, db)
	scope(t, func(t testing.TB) {
		b.recordHere(t, "jobs_"+name)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		ended, begun := make(chan error, 1), time.Now()
		go func() { ended <- q.Run(ctx) }()
		until(t, "jobs to be done", 5*time.Millisecond, 5*time.Minute, func() bool { return q.Stats().Done == errands })
		rate = errands / time.Since(begun).Seconds()
		cancel()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	})
	if done.Load() != errands {
		t.Fatalf("%d jobs were done, want %d", done.Load(), errands)
	}
	return rate
}

func addErrands(t testing.TB, db *store.Store) {
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		for i := range errands {
			lane := postroom.Lanes()[i%len(postroom.Lanes())]
			if _, err := tx.AddJob(postroom.JobEnquiry, fmt.Sprint(i), lane, time.Now(), time.Now()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// asynqAlone returns how many tasks a second go in and out again.
func asynqAlone(t testing.TB, settings config.Redis) float64 {
	o := &redis.UniversalOptions{Addrs: settings.Addresses, PoolSize: 64}
	if settings.Mode == config.RedisEmbedded {
		inside := miniredis.NewMiniRedis()
		o.Addrs = []string{"embedded"}
		o.Dialer = func(context.Context, string, string) (net.Conn, error) { return inside.Dial() }
	}
	wire := redis.NewUniversalClient(o)
	defer wire.Close()
	begun := time.Now()
	if err := enqueue(t.Context(), asynq.NewClientFromRedisClient(wire)); err != nil {
		t.Fatal(err)
	}
	var done atomic.Int64
	last := make(chan struct{})
	s := asynq.NewServerFromRedisClient(wire, asynq.Config{Concurrency: 24, LogLevel: asynq.FatalLevel})
	if err := s.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error {
		if done.Add(1) == errands {
			close(last)
		}
		return nil
	})); err != nil {
		t.Fatal(err)
	}
	<-last
	rate := errands / time.Since(begun).Seconds()
	s.Shutdown()
	return rate
}

// enqueue puts the tasks in, eight at a time.
func enqueue(ctx context.Context, c *asynq.Client) error {
	var next atomic.Int64
	errs := make([]error, 8)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			for n := next.Add(1); n <= errands && errs[i] == nil; n = next.Add(1) {
				_, errs[i] = c.EnqueueContext(ctx, asynq.NewTask("errand", []byte(newID())))
			}
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return fmt.Errorf("put tasks in: %w", err)
		}
	}
	return nil
}
