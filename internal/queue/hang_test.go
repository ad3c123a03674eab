package queue

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"postroom/internal/postroom"
)

func TestDatabaseThatHangsHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	p := newProxy(t)
	r := newRoom(t, func(o *Options) { o.Store = openStore(t, p.url) })
	defer p.freeze()()
	var waiting sync.WaitGroup
	for name, try := range map[string]func(context.Context) error{
		"sweep":     r.sweep,
		"take back": func(ctx context.Context) error { return r.takeBack(ctx, "") },
		"wake due":  func(ctx context.Context) error { r.wakeDue(ctx); return nil },
		"hand over": func(ctx context.Context) error {
			_, _, err := r.handOver(ctx, r.lanes[postroom.Confirm])
			return err
		},
		"ask": func(ctx context.Context) error {
			if r.answers(ctx) {
				return errors.New("it answers")
			}
			return nil
		},
	} {
		waiting.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 3*tryFor)
			defer cancel()
			err := try(ctx)
			if ctx.Err() != nil || err != nil && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s waited for the database until it was told to stop: %v", name, err)
			}
		})
	}
	waiting.Wait()
	if !r.sqlOut.on() {
		t.Error("nobody noticed that the database is away")
	}
}

func TestWorkStopsWhenItsLeaseEndsAndTheDatabaseHangs(t *testing.T) {
	t.Parallel()
	p := newProxy(t)
	r := newRoom(t, func(o *Options) { o.Store = openStore(t, p.url) })
	begun, stopped := make(chan struct{}), make(chan error, 1)
	var once sync.Once
	r.handle(func(ctx context.Context, _ postroom.Job) Outcome {
		once.Do(func() {
			close(begun)
			<-ctx.Done()
			stopped <- context.Cause(ctx)
		})
		return Done
	})
	r.run(t)
	r.add(t, postroom.Confirm, "a", r.clock.Now())
	wait(t, "job", begun)
	thaw := p.freeze()
	defer thaw()
	r.clock.Advance(leaseFor + time.Second)
	select {
	case cause := <-stopped:
		if !errors.Is(cause, errLeaseLost) {
			t.Errorf("the work was told %v, want %v", cause, errLeaseLost)
		}
	case <-time.After(6 * tryFor):
		t.Error("the work goes on though its lease is over")
	}
	thaw()
	r.idle(t)
	if job := r.job(t, "a"); job.State != postroom.JobDone {
		t.Errorf("the job is %+v, want it done when the database is back", job)
	}
}
