package app

import (
	"sync"
	"time"
)

// Clock is the wall clock, which the demo may set forward. The zero value is
// the plain wall clock.
type Clock struct {
	mu      sync.Mutex
	ahead   time.Duration
	waiting map[*waiter]struct{}
}

type waiter struct {
	at    time.Time
	ready chan struct{}
	timer *time.Timer
}

// Now returns the wall clock's time, set forward as far as it was advanced. It
// leaves Go's monotonic reading out: a time is compared with what stands in
// rows, and must be seen to move when the machine's clock is set.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Round(0).Add(c.ahead)
}

// Until returns a channel that is closed when the clock has reached t.
func (c *Clock) Until(t time.Time) <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := &waiter{at: t, ready: make(chan struct{})}
	if c.waiting == nil {
		c.waiting = make(map[*waiter]struct{})
	}
	c.waiting[w] = struct{}{}
	w.timer = time.AfterFunc(time.Until(t.Add(-c.ahead)), func() { c.release(w) })
	return w.ready
}

// Advance sets the clock forward and releases whoever waited for a moment
// that has now come.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
	for w := range c.waiting {
		w.timer.Reset(time.Until(w.at.Add(-c.ahead)))
	}
}

func (c *Clock) release(w *waiter) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, waits := c.waiting[w]; waits {
		delete(c.waiting, w)
		close(w.ready)
	}
}
