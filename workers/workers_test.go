package workers_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/workers"
)

func TestAJobDoneTwicePromisesOnce(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		sub := r.submission(t, "join", "ann@example.org")
		jobs := &bare{job: postroom.Job{Subject: sub.ID}}
		w := workers.New(workers.Options{Store: r.store, Queue: jobs, Workflow: r.workflow, Outbox: outbox{}, Clock: r.clock})
		for _, kind := range []postroom.JobKind{postroom.JobSignUp, postroom.JobSignUp, postroom.JobVolunteerOffer, postroom.JobEventRegistration, postroom.JobEnquiry} {
			if err := w.Handlers()[kind].ProcessTask(t.Context(), nil); err != nil || jobs.last.Verdict != store.Done {
				t.Errorf("%s: %v, %+v", kind, err, jobs.last)
			}
		}
		if n := r.owed(t); n["welcome"] != 1 || len(n) != 1 {
			t.Errorf("owed %v, want one welcome", n)
		}
	})
}

func TestASignUpToAListWaitsForItsClick(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		sub := r.submission(t, "news", "ann@example.org")
		jobs := &bare{job: postroom.Job{Subject: sub.ID}}
		w := workers.New(workers.Options{Store: r.store, Queue: jobs, Workflow: r.workflow, Outbox: outbox{}, Clock: r.clock})
		if err := w.Handlers()[postroom.JobSignUp].ProcessTask(t.Context(), nil); err != nil || jobs.last.Verdict != store.Done {
			t.Errorf("%v, %+v", err, jobs.last)
		}
		if n := r.owed(t); len(n) != 0 {
			t.Errorf("owed %v before the click", n)
		}
	})
}

type broken struct{}

func (broken) Fire(*store.Tx, postroom.Run, postroom.Trigger, time.Time) error {
	return errors.New("the disk is full")
}

func TestWhatFailsIsTriedAgain(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		jobs := &bare{job: postroom.Job{Subject: r.submission(t, "join", "ann@example.org").ID}}
		w := workers.New(workers.Options{Store: r.store, Queue: jobs, Workflow: broken{}, Clock: r.clock})
		if err := w.Handlers()[postroom.JobSignUp].ProcessTask(t.Context(), nil); err != nil || jobs.last.Verdict != store.Again {
			t.Errorf("%v, %+v", err, jobs.last)
		}
	})
}

// accept plans the steps of n people, all due in three days.
func (r *room) accept(t *testing.T, n int) {
	t.Helper()
	for i := range n {
		sub := r.submission(t, "join", fmt.Sprintf("n%d@example.org", i))
		jobs := &bare{job: postroom.Job{Subject: sub.ID}}
		w := workers.New(workers.Options{Store: r.store, Queue: jobs, Workflow: r.workflow, Clock: r.clock})
		if err := w.Handlers()[postroom.JobSignUp].ProcessTask(t.Context(), nil); err != nil || jobs.last.Verdict != store.Done {
			t.Fatalf("%v, %+v", err, jobs.last)
		}
	}
}

func TestTwoSchedulersDoEachStepOnce(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		const people = 30
		r.accept(t, people)
		ctx, cancel := context.WithCancel(context.Background())
		var both sync.WaitGroup
		for range 2 {
			s := workers.NewScheduler(workers.SchedulerOptions{Store: r.store, Workflow: r.workflow, Clock: r.clock})
			both.Go(func() {
				if err := s.Run(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		for range 2 {
			<-r.clock.waited
		}
		if n := r.owed(t); n["tips"] != 0 {
			t.Errorf("%d steps were done before their time", n["tips"])
		}
		r.clock.advance(3*24*time.Hour + time.Second)
		for range 2 {
			<-r.clock.waited
		}
		cancel()
		both.Wait()
		if n := r.owed(t); n["tips"] != people {
			t.Errorf("%d steps were done, want %d", n["tips"], people)
		}
	})
}

// TestStepsAreDoneOnceEvenWithoutALease lets several reach for the same steps
// at once, as when a lease runs out under a process that was paused.
func TestStepsAreDoneOnceEvenWithoutALease(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		const people = 30
		r.accept(t, people)
		r.clock.advance(4 * 24 * time.Hour)
		var all sync.WaitGroup
		var mu sync.Mutex
		done := 0
		for range 4 {
			all.Go(func() {
				n, err := r.workflow.Perform(context.Background(), r.clock.Now(), 100)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				done += n
			})
		}
		all.Wait()
		if n := r.owed(t); n["tips"] != people || done != people {
			t.Errorf("%d steps were done and %d counted, want %d", n["tips"], done, people)
		}
	})
}

func TestASchedulerThatDiesIsReplaced(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		r.accept(t, 1)
		first := workers.NewScheduler(workers.SchedulerOptions{Store: r.store, Workflow: r.workflow, Clock: r.clock})
		second := workers.NewScheduler(workers.SchedulerOptions{Store: r.store, Workflow: r.workflow, Clock: r.clock})
		if _, err := first.Round(t.Context()); err != nil { // takes the lease, and is never seen again
			t.Fatal(err)
		}
		if _, err := second.Round(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.clock.advance(3*24*time.Hour + time.Second)
		if _, err := second.Round(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := r.owed(t); n["tips"] != 1 {
			t.Errorf("owed %v, want the tips", n)
		}
	})
}
