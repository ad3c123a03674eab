package queue

import (
	"context"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// machine is a machine's clock: its wall can be set, by NTP or because a
// virtual machine goes on after a pause, while the monotonic reading that Go
// keeps beside it runs evenly.
type machine struct{ ahead atomic.Int64 }

func (m *machine) step(d time.Duration) { m.ahead.Add(int64(d / time.Second)) }

// Now sets the wall and leaves the monotonic reading, which package time has
// no word for: the seconds of such a time begin at bit 30 of its first field.
func (m *machine) Now() time.Time {
	now := time.Now()
	first := (*uint64)(unsafe.Pointer(&now))
	*first += uint64(m.ahead.Load()) << 30
	return now
}

func (m *machine) Until(at time.Time) <-chan struct{} { return wall{}.Until(at) }

func TestMachineSetsItsWallAndNotItsMonotonicReading(t *testing.T) {
	t.Parallel()
	var m machine
	before := m.Now()
	for _, d := range []time.Duration{time.Hour, -2 * time.Hour} {
		m.step(d)
		after := m.Now()
		if ran := after.Sub(before); ran < 0 || ran > time.Minute {
			t.Errorf("the monotonic reading moved by %v", ran)
		}
		if off := after.Round(0).Sub(before.Round(0)) - d; off < 0 || off > time.Minute {
			t.Errorf("the wall is %v off", off)
		}
		before = after
	}
}

// begin runs the room and returns when its one job is being done. The job ends
// when goOn is closed.
func (r *room) begin(t testing.TB, seen *tally, goOn <-chan struct{}) {
	t.Helper()
	begun := make(chan struct{}, 9)
	r.handle(func(ctx context.Context, job postroom.Job) Outcome {
		seen.count(job)
		begun <- struct{}{}
		select {
		case <-goOn:
			return Done
		case <-ctx.Done():
			return Again(context.Cause(ctx))
		}
	})
	r.run(t)
	r.add(t, postroom.Confirm, "a", r.Queue.clock.Now())
	wait(t, "job", begun)
}

func TestWallClockPutForwardTakesNothingFromItself(t *testing.T) {
	t.Parallel()
	m := new(machine)
	r := newRoom(t, func(o *Options) { o.Clock = m })
	var seen tally
	goOn := make(chan struct{})
	r.begin(t, &seen, goOn)
	m.step(time.Hour)
	for range 4 {
		if err := r.sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if job := r.job(t, "a"); job.State != postroom.JobRunning || job.Turn != 1 || !job.LeasedUntil.After(m.Now().Add(time.Minute)) {
		t.Errorf("after the step the job is %+v, want it running with a lease of the new time", job)
	}
	close(goOn)
	r.idle(t)
	seen.wantOnce(t, 1)
}

func TestWallClockPutForwardTakesNothingFromOthers(t *testing.T) {
	t.Parallel()
	m := new(machine)
	var seen tally
	goOn := make(chan struct{})
	one := newRoom(t, func(o *Options) { o.Clock = m })
	other := newRoom(t, func(o *Options) { o.Clock, o.Store = m, one.db })
	for range 4 { // it has been there for a while
		if err := other.sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	one.begin(t, &seen, goOn)
	m.step(time.Hour)
	if err := other.sweep(t.Context()); err != nil { // before the holder has looked
		t.Fatal(err)
	}
	if err := one.sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		if err := other.sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if job := one.job(t, "a"); job.State != postroom.JobRunning || job.Turn != 1 {
		t.Errorf("after the step the job is %+v, want it left to its holder", job)
	}
	close(goOn)
	one.idle(t)
	seen.wantOnce(t, 1)
}

func TestClockPutBackHoldsNothingUp(t *testing.T) {
	t.Parallel()
	for _, left := range []string{"due", "handed", "running", "lapsed"} {
		t.Run(left, func(t *testing.T) {
			t.Parallel()
			dead := newRoom(t)
			dead.clock.Advance(time.Hour)
			dead.add(t, postroom.Confirm, "a", dead.clock.Now())
			leave(t, dead, left)
			dead.clock.Advance(-time.Hour)
			r := newRoom(t, func(o *Options) { o.Store, o.Clock = dead.db, dead.clock })
			for range aheadEvery + quietLooks {
				if err := r.sweep(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			var seen tally
			r.handle(seen.done)
			r.run(t)
			r.idle(t)
			seen.wantOnce(t, 1)
		})
	}
}

// leave brings the job into a state and leaves it there.
func leave(t *testing.T, r *room, state string) {
	t.Helper()
	if state == "due" {
		return
	}
	id, turn, _ := parseTask(handOver(t, r, "a", "dead").Payload())
	if state == "handed" {
		return
	}
	if _, err := r.claim(t.Context(), id, turn); err != nil {
		t.Fatal(err)
	}
	if state == "running" {
		return
	}
	err := r.db.Write(t.Context(), func(tx *store.Tx) error { _, err := tx.TakeAllBack(r.clock.Now()); return err })
	if err != nil {
		t.Fatal(err)
	}
}

func TestWallClockPutBackTakesNothingFromItsHolder(t *testing.T) {
	t.Parallel()
	m := new(machine)
	r := newRoom(t, func(o *Options) { o.Clock = m })
	var seen tally
	goOn := make(chan struct{})
	r.begin(t, &seen, goOn)
	m.step(-time.Hour)
	for range 2 * aheadEvery {
		if err := r.sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if job := r.job(t, "a"); job.State != postroom.JobRunning || job.Turn != 1 || job.LeasedUntil.After(m.Now().Add(leaseFor)) {
		t.Errorf("after the step the job is %+v, want it running with a lease of the new time", job)
	}
	close(goOn)
	r.idle(t)
	seen.wantOnce(t, 1)
}
