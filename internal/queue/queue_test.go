package queue

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"postroom/internal/config"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testserver"
)

func TestEveryJobIsDoneOnce(t *testing.T) {
	t.Parallel()
	for _, sql := range []string{"sqlite", "postgres"} {
		for _, redis := range []string{"embedded", "server"} {
			t.Run(sql+" "+redis, func(t *testing.T) {
				t.Parallel()
				r := newRoom(t, func(o *Options) {
					if sql == "postgres" {
						o.Store = openStore(t, testserver.PostgresWith(t, store.Prepare))
					}
					if redis == "server" {
						o.Redis = realRedis(t, testserver.Redis(t))
					}
				})
				var seen tally
				r.handle(seen.done)
				r.addMany(t, postroom.Bulk, 100) // before the start
				r.run(t)
				for _, lane := range postroom.Lanes() {
					if lane != postroom.Bulk {
						r.addMany(t, lane, 20)
					}
				}
				r.idle(t)
				seen.wantOnce(t, 200)
				if s := r.Stats(); s.Done != 200 || s.Claimed != 200 || s.Lost != 0 {
					t.Errorf("stats %+v, want 200 claimed and done, none lost", s)
				}
			})
		}
	}
}

func TestTaskDeliveredTwiceIsDoneOnce(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	var seen tally
	r.add(t, postroom.Confirm, "a", r.clock.Now())
	task := handOver(t, r, "a", "somebody")
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if err := r.Do(t.Context(), task, seen.done); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	seen.wantOnce(t, 1)
	if s := r.Stats(); s.Gone != 1 || s.Done != 1 {
		t.Errorf("stats %+v, want one gone and one done", s)
	}
}

// handOver hands the only due job over and returns the task that asynq would
// bring.
func handOver(t *testing.T, r *room, subject, by string) *asynq.Task {
	t.Helper()
	lane := r.job(t, subject).Lane
	err := r.db.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.HandOver(lane, by, 1, r.clock.Now(), r.clock.Now().Add(handedFor))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	job := r.job(t, subject)
	return asynq.NewTask(string(job.Kind), []byte(taskID(job.ID, job.Turn)))
}

func TestStaleTurnChangesNothing(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	var seen tally
	r.add(t, postroom.Confirm, "a", r.clock.Now())
	stale := handOver(t, r, "a", "somebody")
	if err := r.takeBack(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	handOver(t, r, "a", "somebody else")
	before := r.job(t, "a")
	if err := r.Do(t.Context(), stale, seen.done); err != nil {
		t.Error(err)
	}
	if after := r.job(t, "a"); after != before {
		t.Errorf("the stale turn changed %+v to %+v", before, after)
	}
	seen.wantOnce(t, 0)
}

func TestWorkThatOutlivedItsLeaseDoesNotSettleAnotherTurn(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.add(t, postroom.Confirm, "a", r.clock.Now())
	task := handOver(t, r, "a", "somebody")
	_ = r.Do(t.Context(), task, func(ctx context.Context, job postroom.Job) Outcome {
		r.clock.Advance(leaseFor + time.Second)
		if err := r.db.Write(ctx, func(tx *store.Tx) error { _, err := tx.Sweep(r.clock.Now()); return err }); err != nil {
			t.Error(err)
		}
		handOver(t, r, "a", "somebody else")
		if err := r.sweep(ctx); err != nil {
			t.Error(err)
		}
		if !errors.Is(context.Cause(ctx), errLeaseLost) {
			t.Errorf("the work was told %v, want %v", context.Cause(ctx), errLeaseLost)
		}
		return Done
	})
	if job := r.job(t, "a"); job.State != postroom.JobHanded || r.Stats().Lost != 1 {
		t.Errorf("job %+v, stats %+v; want it still handed to the other", job, r.Stats())
	}
}

func TestEmptiedRedisLosesNothing(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"embedded", "server"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			r := newRoom(t, func(o *Options) {
				if kind == "server" {
					o.Redis = realRedis(t, testserver.Redis(t))
				}
			})
			var seen tally
			begun, goOn := make(chan struct{}), make(chan struct{})
			var once sync.Once
			r.handle(func(ctx context.Context, job postroom.Job) Outcome {
				once.Do(func() { close(begun) })
				<-goOn
				return seen.done(ctx, job)
			})
			r.run(t)
			r.addMany(t, postroom.Confirm, 100)
			wait(t, "first job", begun)
			if err := r.control.FlushAll(t.Context()).Err(); err != nil {
				t.Fatal(err)
			}
			close(goOn)
			r.idle(t)
			seen.wantOnce(t, 100)
			r.addMany(t, postroom.Urgent, 10) // the new servers work
			r.idle(t)
			seen.wantOnce(t, 110)
		})
	}
}

func TestRedisKilledAndRestarted(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t)
	r := newRoom(t, func(o *Options) { o.Redis = realRedis(t, server) })
	var seen tally
	r.handle(seen.done)
	r.run(t)
	r.addMany(t, postroom.Confirm, 50)
	r.idle(t)
	server.Kill()
	r.addMany(t, postroom.Followup, 50)
	r.awaitOutage(t)
	server.Restart()
	r.idle(t)
	seen.wantOnce(t, 100)
}

func TestRedisFrozenAndThawed(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t)
	r := newRoom(t, func(o *Options) { o.Redis = realRedis(t, server) })
	var seen tally
	r.handle(seen.done)
	r.run(t)
	r.addMany(t, postroom.Confirm, 20)
	r.idle(t)
	server.Stop()
	r.addMany(t, postroom.Followup, 20)
	r.awaitOutage(t)
	server.Cont()
	r.idle(t)
	seen.wantOnce(t, 40)
}

// awaitOutage returns when the queue knows that Redis is away.
func (r *room) awaitOutage(t *testing.T) {
	t.Helper()
	r.until(t, "outage of Redis noticed", r.redisOut.on)
}

func TestStartsWithoutRedis(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t)
	server.Kill()
	r := newRoom(t, func(o *Options) { o.Redis = realRedis(t, server) })
	var seen tally
	r.handle(seen.done)
	r.addMany(t, postroom.Confirm, 5)
	r.run(t)
	r.awaitOutage(t)
	server.Restart()
	r.idle(t)
	seen.wantOnce(t, 5)
}

func TestJobsOfADeadProcessAreDone(t *testing.T) {
	t.Parallel()
	for _, died := range []string{"after handing over", "after claiming"} {
		t.Run(died, func(t *testing.T) {
			t.Parallel()
			dead := newRoom(t)
			dead.add(t, postroom.Confirm, "a", dead.clock.Now())
			task := handOver(t, dead, "a", "dead")
			if died == "after claiming" {
				id, turn, _ := parseTask(task.Payload())
				if _, err := dead.claim(t.Context(), id, turn); err != nil {
					t.Fatal(err)
				}
			}
			r := newRoom(t, func(o *Options) { o.Store, o.Clock = dead.db, dead.clock })
			var seen tally
			r.handle(seen.done)
			r.run(t)
			if r.Stats().Claimed != 0 {
				t.Error("the job was taken before its time ran out")
			}
			r.clock.Advance(leaseFor + time.Second)
			r.idle(t)
			seen.wantOnce(t, 1)
			if job := r.job(t, "a"); job.Turn != 2 || job.Tries != 0 {
				t.Errorf("turn %d and tries %d, want 2 and 0: a death is not a failure of the work", job.Turn, job.Tries)
			}
		})
	}
}

func TestAloneTakesEverythingBackAtOnce(t *testing.T) {
	t.Parallel()
	dead := newRoom(t)
	dead.add(t, postroom.Confirm, "a", dead.clock.Now())
	id, turn, _ := parseTask(handOver(t, dead, "a", "dead").Payload())
	if _, err := dead.claim(t.Context(), id, turn); err != nil {
		t.Fatal(err)
	}
	r := newRoom(t, func(o *Options) { o.Store, o.Clock, o.Alone = dead.db, dead.clock, true })
	var seen tally
	r.handle(seen.done)
	r.run(t)
	r.idle(t)
	seen.wantOnce(t, 1)
}

func TestNoLaneStarvesAnother(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	goOn, urgent := make(chan struct{}), make(chan struct{})
	r.handle(func(_ context.Context, job postroom.Job) Outcome {
		if job.Lane == postroom.Urgent {
			close(urgent)
		} else {
			<-goOn
		}
		return Done
	})
	r.run(t)
	r.addMany(t, postroom.Bulk, 200)
	r.addMany(t, postroom.Followup, 200)
	r.addMany(t, postroom.Urgent, 1)
	wait(t, "urgent job while the other lanes are stuck", urgent)
	close(goOn)
	r.idle(t)
}

func TestWindowBoundsWhatWaitsInRedis(t *testing.T) {
	t.Parallel()
	r := newRoom(t, func(o *Options) { o.Concurrency = map[postroom.Lane]int{postroom.Bulk: 3} })
	goOn, begun := make(chan struct{}), make(chan struct{}, 200)
	var most atomic.Int64
	r.handle(func(ctx context.Context, _ postroom.Job) Outcome {
		n, err := r.db.Read(ctx).HandedBy(postroom.Bulk, r.me)
		if err != nil {
			t.Error(err)
		}
		for old := most.Load(); int64(n) > old && !most.CompareAndSwap(old, int64(n)); old = most.Load() {
		}
		begun <- struct{}{}
		<-goOn
		return Done
	})
	r.run(t)
	r.addMany(t, postroom.Bulk, 200)
	for range 3 {
		wait(t, "job", begun)
	}
	close(goOn)
	r.idle(t)
	if most.Load() > 12 {
		t.Errorf("%d jobs were handed over at once, want at most 4 × 3", most.Load())
	}
	if s := r.Stats(); s.Done != 200 {
		t.Errorf("%d jobs done, want 200", s.Done)
	}
}

func TestShutdownLetsJobsFinish(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	begun, goOn := make(chan struct{}), make(chan struct{})
	r.handle(func(context.Context, postroom.Job) Outcome {
		close(begun)
		<-goOn
		return Done
	})
	r.run(t)
	r.add(t, postroom.Confirm, "a", r.clock.Now())
	wait(t, "job", begun)
	var stopped sync.WaitGroup
	stopped.Go(r.stop)
	close(goOn)
	stopped.Wait()
	if job := r.job(t, "a"); job.State != postroom.JobDone {
		t.Errorf("the job is %s after the shutdown, want done", job.State)
	}
}

func TestShutdownCancelsSlowJobsAndUsesNoTry(t *testing.T) {
	t.Parallel()
	r := newRoom(t, func(o *Options) { o.Grace = 50 * time.Millisecond })
	begun := make(chan struct{})
	r.handle(func(ctx context.Context, _ postroom.Job) Outcome {
		close(begun)
		<-ctx.Done()
		return Again(ctx.Err())
	})
	r.run(t)
	r.add(t, postroom.Confirm, "a", r.clock.Now())
	wait(t, "job", begun)
	r.stop()
	if job := r.job(t, "a"); job.State != postroom.JobDue || job.Tries != 0 {
		t.Errorf("the job is %s with %d tries, want due with none", job.State, job.Tries)
	}
}

func TestShutdownIsShortWhenRedisIsFrozen(t *testing.T) {
	t.Parallel()
	server := testserver.Redis(t)
	r := newRoom(t, func(o *Options) { o.Redis, o.Grace = realRedis(t, server), 100*time.Millisecond })
	r.handle(new(tally).done)
	r.run(t)
	r.addMany(t, postroom.Confirm, 5)
	r.idle(t)
	server.Stop()
	begun := time.Now()
	r.stop()
	server.Cont()
	if took := time.Since(begun); took > 12*time.Second {
		t.Errorf("the shutdown took %v", took)
	}
}

func TestPanicIsAFailedTry(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	var calls atomic.Int64
	r.handle(func(context.Context, postroom.Job) Outcome {
		if calls.Add(1) == 1 {
			panic("a pigeon flew in")
		}
		return Done
	})
	r.run(t)
	r.add(t, postroom.Confirm, "a", r.clock.Now())
	r.idle(t)
	job := r.job(t, "a")
	if job.State != postroom.JobDue || job.Tries != 1 || !job.DueAt.After(r.clock.Now()) || strings.Contains(job.Reason, "pigeon") {
		t.Errorf("after the panic the job is %+v, want due later with one try and no content", job)
	}
	r.clock.Advance(15 * time.Second)
	r.idle(t)
	if job := r.job(t, "a"); job.State != postroom.JobDone {
		t.Errorf("the job is %s, want done at the second try", job.State)
	}
}

func TestFailingJobDiesAfterItsLastTry(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.handle(func(context.Context, postroom.Job) Outcome { return Again(errors.New("no such street")) })
	r.run(t)
	r.add(t, postroom.Confirm, "a", r.clock.Now())
	for range len(backoffs()) + 1 {
		r.idle(t)
		r.clock.Advance(30 * time.Hour)
	}
	r.idle(t)
	job := r.job(t, "a")
	if job.State != postroom.JobDead || job.Tries != 12 || job.Reason != "given up after 12 tries: no such street" {
		t.Errorf("the job is %+v, want dead after 12 tries with the reason", job)
	}
}

func TestWaitingUsesNoTry(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	at := r.clock.Now().Add(time.Hour)
	var seen tally
	r.handle(func(ctx context.Context, job postroom.Job) Outcome {
		if r.clock.Now().Before(at) {
			return Wait(at, "no permit")
		}
		return seen.done(ctx, job)
	})
	r.run(t)
	r.add(t, postroom.Confirm, "a", r.clock.Now())
	r.idle(t)
	if job := r.job(t, "a"); job.Tries != 0 || !job.DueAt.Equal(at) || job.Reason != "no permit" {
		t.Errorf("the job is %+v, want due at %v with no tries", job, at)
	}
	r.clock.Advance(time.Hour)
	r.idle(t)
	seen.wantOnce(t, 1)
}

func TestJobIsDoneWhenTheClockReachesIt(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	done := make(chan struct{})
	r.handle(func(context.Context, postroom.Job) Outcome { close(done); return Done })
	r.run(t)
	r.add(t, postroom.Followup, "a", r.clock.Now().Add(24*time.Hour))
	r.idle(t)
	if r.Stats().Claimed != 0 {
		t.Fatal("the job was done a day early")
	}
	r.clock.Advance(24 * time.Hour)
	wait(t, "job a day later", done)
}

func TestClockPutForwardTakesNothingFromItself(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	var seen tally
	begun, goOn := make(chan struct{}), make(chan struct{})
	r.handle(func(ctx context.Context, job postroom.Job) Outcome {
		close(begun)
		<-goOn
		return seen.done(ctx, job)
	})
	r.run(t)
	r.add(t, postroom.Confirm, "a", r.clock.Now())
	wait(t, "job", begun)
	r.clock.Advance(24 * time.Hour)
	if err := r.sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	close(goOn)
	r.idle(t)
	seen.wantOnce(t, 1)
}

func TestTurnKnownToRedisIsRaised(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	var seen tally
	r.handle(seen.done)
	r.add(t, postroom.Confirm, "a", r.clock.Now())
	key := "asynq:{confirm}:t:" + taskID(r.job(t, "a").ID, 1)
	if err := r.control.HSet(t.Context(), key, "state", "archived").Err(); err != nil {
		t.Fatal(err)
	}
	if err := r.control.Set(t.Context(), epochKey, "this", 0).Err(); err != nil {
		t.Fatal(err)
	}
	r.run(t)
	r.idle(t)
	seen.wantOnce(t, 1)
	if turn := r.job(t, "a").Turn; turn != 2 {
		t.Errorf("done at turn %d, want 2", turn)
	}
}

func TestUnknownKindWaitsForAWorkerThatKnowsIt(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.Handle(postroom.JobDeliver, asynq.HandlerFunc(func(context.Context, *asynq.Task) error {
		t.Error("a job went to the handler of another kind")
		return nil
	}))
	r.run(t)
	err := r.db.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.AddJob("deliver_by_hand", "a", postroom.Confirm, r.clock.Now(), r.clock.Now())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	r.idle(t)
	job, err := r.db.Read(t.Context()).JobOf("deliver_by_hand", "a")
	if err != nil || job.State != postroom.JobDue || job.Tries != 0 || job.Reason == "" {
		t.Errorf("the job is %+v (%v), want due later with a reason", job, err)
	}
}

func TestResultThatCannotBeSettledIsAFailedTry(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	r.handle(func(context.Context, postroom.Job) Outcome {
		o := Done
		o.Also = func(*store.Tx) error { return errors.New("the shelf is full") }
		return o
	})
	r.run(t)
	r.add(t, postroom.Confirm, "a", r.clock.Now())
	r.idle(t)
	if job := r.job(t, "a"); job.State != postroom.JobDue || job.Tries != 1 || !strings.Contains(job.Reason, "shelf") {
		t.Errorf("the job is %+v, want due again with one try and the reason", job)
	}
}

func TestDatabaseAwayWhenTheWorkIsDone(t *testing.T) {
	t.Parallel()
	server := testserver.PostgresAlone(t)
	r := newRoom(t, func(o *Options) { o.Store = openStore(t, server.Database()) })
	var seen tally
	begun, goOn := make(chan struct{}), make(chan struct{})
	r.handle(func(ctx context.Context, job postroom.Job) Outcome {
		close(begun)
		<-goOn
		return seen.done(ctx, job)
	})
	r.run(t)
	r.add(t, postroom.Confirm, "a", r.clock.Now())
	wait(t, "job", begun)
	server.Kill()
	close(goOn)
	r.until(t, "outage of the database noticed", r.sqlOut.on)
	server.Restart()
	r.until(t, "job settled", func() bool { return r.Stats().Done == 1 })
	r.idle(t)
	seen.wantOnce(t, 1)
}

func TestRedisThatRefusesTasks(t *testing.T) {
	t.Parallel()
	r := newRoom(t, func(o *Options) { o.Redis = realRedis(t, testserver.Redis(t)) })
	var seen tally
	r.handle(seen.done)
	r.run(t)
	r.addMany(t, postroom.Confirm, 5)
	r.idle(t)
	if err := r.control.ConfigSet(t.Context(), "maxmemory", "1").Err(); err != nil {
		t.Fatal(err)
	}
	r.addMany(t, postroom.Urgent, 5)
	r.awaitOutage(t)
	if err := r.control.ConfigSet(t.Context(), "maxmemory", "0").Err(); err != nil {
		t.Fatal(err)
	}
	r.idle(t)
	seen.wantOnce(t, 10)
}

func TestNextProcessDoesWhatTheLastOneLeft(t *testing.T) {
	t.Parallel()
	settings := realRedis(t, testserver.Redis(t))
	var seen tally
	first := newRoom(t, func(o *Options) { o.Redis = settings })
	begun, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	first.handle(func(ctx context.Context, job postroom.Job) Outcome {
		once.Do(func() { close(begun) })
		<-goOn
		return seen.done(ctx, job)
	})
	first.run(t)
	first.addMany(t, postroom.Bulk, 50)
	wait(t, "first job", begun)
	var stopped sync.WaitGroup
	stopped.Go(first.stop)
	next := newRoom(t, func(o *Options) { o.Store, o.Clock, o.Redis = first.db, first.clock, settings })
	next.handle(seen.done)
	next.run(t)
	close(goOn)
	stopped.Wait()
	next.idle(t)
	seen.wantOnce(t, 50)
}

func TestProcessesShareTheWork(t *testing.T) {
	t.Parallel()
	settings := realRedis(t, testserver.Redis(t))
	dsn := testserver.PostgresWith(t, store.Prepare)
	var seen tally
	web := newRoom(t, func(o *Options) { o.Store, o.Redis = openStore(t, dsn), settings })
	announcing, stop := context.WithCancel(t.Context())
	var announced sync.WaitGroup
	announced.Go(func() { web.Announce(announcing) })
	defer announced.Wait()
	defer stop()
	var workers []*room
	for range 3 {
		w := newRoom(t, func(o *Options) { o.Store, o.Clock, o.Redis = openStore(t, dsn), web.clock, settings })
		w.handle(seen.done)
		w.run(t)
		workers = append(workers, w)
	}
	for i := range 5 {
		web.addMany(t, postroom.Lanes()[i], 60)
	}
	for _, w := range workers {
		w.idle(t)
	}
	seen.wantOnce(t, 300)
}

func TestBadSettingsAndTasksAreSaid(t *testing.T) {
	t.Parallel()
	if _, err := New(Options{Redis: config.Redis{}}); err == nil {
		t.Error("a queue without a store was made")
	}
	for _, payload := range []string{"", "12", "/3", "12/x"} {
		if _, _, err := parseTask([]byte(payload)); err == nil {
			t.Errorf("task %q was read", payload)
		}
	}
	if id, turn, err := parseTask([]byte(taskID("12", 3))); id != "12" || turn != 3 || err != nil {
		t.Errorf("read job %q turn %d: %v", id, turn, err)
	}
	if got := shorten(strings.Repeat("я", 400)); got != strings.Repeat("я", 250)+"…" {
		t.Errorf("a long reason was cut to %d bytes", len(got))
	}
}

func TestBackoffGrowsAndIsNeverTheSame(t *testing.T) {
	t.Parallel()
	for tries, want := range backoffs() {
		got := Backoff(postroom.Job{Tries: tries})
		if got < want*8/10 || got > want*12/10 {
			t.Errorf("back-off after %d tries is %v, want about %v", tries, got, want)
		}
	}
	distinct := make(map[time.Duration]bool)
	for range 20 {
		distinct[Backoff(postroom.Job{Tries: 3})] = true
	}
	if len(distinct) < 10 {
		t.Error(fmt.Sprint("back-offs hardly differ: ", distinct))
	}
}
