package testkit

import (
	"sync"
	"time"
)

// Clock stands still until a test moves it.
type Clock struct {
	mu      sync.Mutex
	now     time.Time
	waiting map[chan struct{}]time.Time
}

// NewClock returns a clock that stands at now.
func NewClock(now time.Time) *Clock {
	return &Clock{now: now, waiting: make(map[chan struct{}]time.Time)}
}

// Now returns the moment the clock stands at.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Until returns a channel that is closed once the clock was moved to t.
func (c *Clock) Until(t time.Time) <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	ready := make(chan struct{})
	if !t.After(c.now) {
		close(ready)
		return ready
	}
	c.waiting[ready] = t
	return ready
}

// Advance moves the clock forward and wakes whoever waited for that.
func (c *Clock) Advance(d time.Duration) { c.Set(c.Now().Add(d)) }

// Set moves the clock to a moment, also a past one.
func (c *Clock) Set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = now
	for ready, t := range c.waiting {
		if !t.After(now) {
			close(ready)
			delete(c.waiting, ready)
		}
	}
}
