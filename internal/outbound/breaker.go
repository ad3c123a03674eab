package outbound

import (
	"math/rand/v2"
	"sync"
	"time"

	"postroom/internal/postroom"
)

// How long a server that is away is left alone: doubling from first to last.
const (
	firstRest = 5 * time.Second
	lastRest  = time.Minute
)

// breaker keeps every worker from knocking at a server that is away. It opens
// with the first failure; when its time is up one worker may try, and the
// others wait for what that one finds.
type breaker struct {
	clock postroom.Clock

	mu    sync.Mutex
	rest  time.Duration // 0 while the server answers
	since time.Time     // when it was first found away
	until time.Time
	tried bool // somebody is trying a server that was away

	losses map[string]int // how often the connection was lost in the middle of a message
}

// try says whether the server may be tried now, and if not, when: a little
// later for each caller, so that they do not come back all at once.
func (b *breaker) try() (ok bool, at time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.clock.Now()
	if b.rest == 0 {
		return true, now
	}
	if now.Before(b.until) {
		return false, b.until.Add(rand.N(b.rest / 5))
	}
	b.tried, b.until = true, now.Add(b.rest) // if this caller is never heard of again, the next may
	return true, now
}

// closed says whether the last try went well.
func (b *breaker) closed() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.rest == 0
}

// A message with which a server hangs up so often may be the reason itself.
const mostLosses = 3

// mostLossesKept bounds what is remembered of messages that left elsewhere.
const mostLossesKept = 1000

// poisoned notes that the connection was lost in the middle of a message, and
// says whether that is the message's fault by now rather than the server's.
func (b *breaker) poisoned(message string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.losses == nil || len(b.losses) > mostLossesKept {
		b.losses = make(map[string]int)
	}
	b.losses[message]++
	return b.losses[message] > mostLosses
}

// state says since when the server is away, and when it is tried again; both are
// zero while it answers.
func (b *breaker) state() (since, next time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rest == 0 {
		return time.Time{}, time.Time{}
	}
	return b.since, b.until
}

// well notes that the server answered.
func (b *breaker) well() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rest, b.tried = 0, false
}

// away notes that the server could not be used and returns when to try again.
func (b *breaker) away() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rest == 0 {
		b.since = b.clock.Now()
	}
	if b.rest == 0 || b.tried {
		b.rest, b.tried = min(max(2*b.rest, firstRest), lastRest), false
		b.until = b.clock.Now().Add(b.rest)
	}
	return b.until.Add(rand.N(b.rest / 5))
}
