package queue

import (
	"context"
	"sync"
	"time"

	"postroom/internal/postroom"
)

// floor is where this process works: the jobs it holds at the moment, and a
// bell that rings whenever something about the jobs has changed.
type floor struct {
	mu     sync.Mutex
	people int // calls of Do, whether they hold a job yet or not
	jobs   map[string]*held
	bell   chan struct{} // closed and replaced at each change
}

// held is a job whose lease this process keeps.
type held struct {
	job      postroom.Job // as it was claimed; never written again, so it is read without the lock
	leased   time.Time    // when its lease ends now
	cancel   context.CancelCauseFunc
	settling bool // the work is over; only the row is not written yet
}

func (f *floor) init() {
	f.jobs, f.bell = make(map[string]*held), make(chan struct{})
}

func (f *floor) enter() (leave func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.people++
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.people--
		f.ringLocked()
	}
}

func (f *floor) hold(job postroom.Job, cancel context.CancelCauseFunc) *held {
	f.mu.Lock()
	defer f.mu.Unlock()
	h := &held{job: job, leased: job.LeasedUntil, cancel: cancel}
	f.jobs[taskID(job.ID, job.Turn)] = h
	return h
}

func (f *floor) settling(h *held) {
	f.mu.Lock()
	defer f.mu.Unlock()
	h.settling = true
}

func (f *floor) letGo(h *held) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.jobs, taskID(h.job.ID, h.job.Turn))
}

// those returns the jobs whose lease ends at a moment of which match says yes.
func (f *floor) those(match func(end time.Time) bool) []*held {
	f.mu.Lock()
	defer f.mu.Unlock()
	var those []*held
	for _, h := range f.jobs {
		if match(h.leased) {
			those = append(those, h)
		}
	}
	return those
}

func (f *floor) renewed(h *held, until time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	h.leased = until
}

// lose tells a job's work to stop. It says whether there was work to stop.
func (f *floor) lose(h *held) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if h.settling {
		return false
	}
	h.cancel(errLeaseLost)
	return true
}

// listen returns how many are at work and a channel that is closed at the next
// change.
func (f *floor) listen() (people int, bell <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.people, f.bell
}

func (f *floor) ring() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ringLocked()
}

func (f *floor) ringLocked() {
	close(f.bell)
	f.bell = make(chan struct{})
}

// wait returns when nobody is at work, or the time is up.
func (f *floor) wait(d time.Duration) {
	late := time.NewTimer(d)
	defer late.Stop()
	for {
		people, bell := f.listen()
		if people == 0 {
			return
		}
		select {
		case <-bell:
		case <-late.C:
			return
		}
	}
}
