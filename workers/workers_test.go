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

func (broken) Accepted(*store.Tx, postroom.Run, time.Time) error {
	return errors.New("the disk is full")
}

func (broken) Show(*store.Tx, postroom.Message, time.Time) error {
	return errors.New("the disk is full")
}

func (broken) TellSuspects(*store.Tx, string, time.Time) error { return errors.New("the disk is full") }

func (broken) TellAlarms(*store.Tx, time.Time) error { return errors.New("the disk is full") }

func TestWhatFailsIsTriedAgain(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		jobs := &bare{job: postroom.Job{Subject: r.submission(t, "join", "ann@example.org").ID}}
		w := workers.New(workers.Options{Store: r.store, Queue: jobs, Workflow: broken{}, Clock: r.clock})
		if err := w.Handlers()[postroom.JobSignUp].ProcessTask(t.Context(), nil); err != nil || jobs.last.Verdict != store.Again {
			t.Errorf("%v, %+v", err, jobs.last)
		}
	})
}

// file puts a message about a submission on file, in a state.
func (r *room) file(t *testing.T, m postroom.Message, to postroom.MessageState, reason string) postroom.Message {
	t.Helper()
	m.Key, m.Programme, m.Contact = store.NewMessageID(), "club", "somebody"
	err := r.store.Write(t.Context(), func(tx *store.Tx) (err error) {
		if m, err = (outbox{}).Owe(tx, m); err != nil {
			return err
		}
		if to == postroom.Uncertain {
			if err := tx.StartSending(m.ID, 1, monday); err != nil {
				return err
			}
		}
		return tx.Withhold(m.ID, to, reason, monday)
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestCoordinatorsAreToldOnceWhatNeedsThem(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		w := workers.New(workers.Options{Store: r.store, Workflow: r.workflow, Clock: r.clock})
		tell := func(m postroom.Message) {
			t.Helper()
			do := &bare{job: postroom.Job{Kind: postroom.JobTell, Subject: m.ID}}
			w.Queue = do
			if err := w.Handlers()[postroom.JobTell].ProcessTask(t.Context(), nil); err != nil || do.last.Verdict != store.Done {
				t.Errorf("%v, %+v", err, do.last)
			}
		}
		sub := r.submission(t, "join", "ann@example.org")
		call := r.file(t, postroom.Message{Submission: sub.ID, Template: "place-booked"}, postroom.Suppressed, "reason.no_address")
		for _, m := range []postroom.Message{
			call, call,
			r.file(t, postroom.Message{Submission: sub.ID, Template: "welcome"}, postroom.Held, "reason.held"),
			r.file(t, postroom.Message{Submission: sub.ID, Template: "welcome"}, postroom.Held, "reason.held"), // of the same hold
			r.file(t, postroom.Message{Template: "welcome"}, postroom.Uncertain, "reason.answer_lost"),
			r.file(t, postroom.Message{Template: "welcome"}, postroom.Failed, "550 no"),
			r.file(t, postroom.Message{Template: "welcome"}, postroom.Deferred, ""), // was sent again meanwhile
		} {
			tell(m)
		}
		if n := r.owed(t); n["please-call"] != 2 || n["please-look"] != 2 || len(n) != 2 {
			t.Errorf("owed %v", n)
		}
		owed, err := r.store.Read(t.Context()).MessagesAbout(sub.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range owed {
			if m.Template != "please-call" {
				continue
			}
			if m.To != "office@example.org" || m.Contact != "" || m.Data["reference"] != sub.Reference || m.Data["owed"] != "place-booked" || m.Data["reason"] != "reason.no_address" || m.Data["name"] != "" {
				t.Errorf("the coordinator is told %+v", m)
			}
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

// rests counts how often somebody asked for rests that are over.
type rests int

func (r *rests) EndRests(context.Context, time.Time) error { *r++; return nil }

func TestTheSchedulerEndsRestsOnceAnHour(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		var asked rests
		s := workers.NewScheduler(workers.SchedulerOptions{Store: r.store, Workflow: r.workflow, Rests: &asked, Clock: r.clock})
		for _, c := range []struct {
			wait time.Duration
			want rests
		}{{0, 1}, {time.Minute, 1}, {time.Hour, 2}, {-3 * time.Hour, 3}, {time.Minute, 3}} {
			r.clock.advance(c.wait)
			if _, err := s.Round(t.Context()); err != nil {
				t.Fatal(err)
			}
			if asked != c.want {
				t.Errorf("after %s rests were ended %d times, want %d", c.wait, asked, c.want)
			}
		}
	})
}
