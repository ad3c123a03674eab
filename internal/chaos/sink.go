package main

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"postroom/internal/testserver"
)

// trouble is how the mail server misbehaves at the moment.
type trouble string

// The troubles of a mail server.
const (
	noTrouble  trouble = ""
	says451    trouble = "smtp-451"
	says421    trouble = "smtp-421"
	dropBefore trouble = "smtp-drop-before-dot"
	dropAfter  trouble = "smtp-drop-after-dot"
	slow       trouble = "smtp-slow"
)

// slowBy is how long a slow server thinks about each message.
const slowBy = 2 * time.Second

// receipt is one mail that the mail server took.
type receipt struct {
	to string
	at time.Time
}

// sink is the mail server of a house. It keeps its own books.
type sink struct {
	*testserver.Sink
	trouble atomic.Value // trouble

	mu    sync.Mutex
	dice  *rand.Rand
	taken map[string][]receipt // by Message-ID
	tried map[string]time.Time // when an address was last named to us
	next  time.Time            // when the next copy of a newsletter is let in
	every time.Duration        // between two copies
}

func newSink(t testing.TB, w *work) *sink {
	s := &sink{dice: rand.New(rand.NewPCG(w.seed, 2)), taken: make(map[string][]receipt), tried: make(map[string]time.Time), every: w.pace()}
	s.trouble.Store(noTrouble)
	s.Sink = testserver.SMTPSink(t, testserver.OnMail(s.onMail), testserver.OnRcpt(s.onRcpt), testserver.OnBody(s.onBody), testserver.OnData(s.onData))
	return s
}

func (s *sink) is(t trouble) bool { return s.trouble.Load() == t }

func (s *sink) onMail(string) error {
	if s.is(says421) {
		return testserver.Reply(421, "closing down for a moment")
	}
	return nil
}

func (s *sink) onRcpt(to string) error {
	wait := s.note(to)
	switch {
	case refused(to):
		return testserver.Reply(550, "no such person here")
	case s.is(says451):
		return testserver.Reply(451, "try again later")
	}
	pause(wait)
	return nil
}

// note remembers that an address was named, and says how long a copy of a
// newsletter has to wait: as at most providers only so many are let in a
// second, and so the newsletter lasts through most of the faults.
func (s *sink) note(to string) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.tried[to] = now
	if !isReader(to) {
		return 0
	}
	if s.next.Before(now) {
		s.next = now
	}
	wait := s.next.Sub(now)
	s.next = s.next.Add(s.every)
	return wait
}

// unlucky picks one in so many.
func (s *sink) unlucky(oneIn int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dice.IntN(oneIn) == 0
}

func (s *sink) onBody(testserver.Mail) error {
	if s.is(dropBefore) && s.unlucky(2) {
		return testserver.Drop
	}
	return nil
}

func (s *sink) onData(m testserver.Mail) error {
	if s.is(slow) {
		pause(slowBy)
	}
	s.take(m)
	if s.is(dropAfter) && s.unlucky(3) {
		return testserver.DropKeeping
	}
	return nil
}

func (s *sink) take(m testserver.Mail) {
	id := "(none)"
	if parsed, err := mail.ReadMessage(bytes.NewReader(m.Data)); err == nil {
		id = strings.Trim(parsed.Header.Get("Message-Id"), "<> ")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, to := range m.To {
		s.taken[id] = append(s.taken[id], receipt{to, m.At})
	}
}

// ledger returns what was taken so far, by Message-ID, and when each address was
// named last.
func (s *sink) ledger() (taken map[string][]receipt, tried map[string]time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken = make(map[string][]receipt, len(s.taken))
	for id, receipts := range s.taken {
		taken[id] = slices.Clone(receipts)
	}
	return taken, maps.Clone(s.tried)
}

// refusedName begins the addresses of people whom the mail server does not know.
const refusedName = "refused-"

func refused(address string) bool { return strings.HasPrefix(address, refusedName) }

const readerHost = "@readers.example"

func isReader(address string) bool { return strings.HasSuffix(address, readerHost) }
