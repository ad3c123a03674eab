package queue

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// gate is where an asynq server waits for its lane to have tasks. asynq only
// polls: often enough to be quick, six idle servers would use half a core. So
// an empty answer is held back here until somebody signals, or the time is up.
type gate struct {
	mu   sync.Mutex
	next chan struct{} // closed and replaced at each signal
	open bool          // for good: nobody waits any more
}

func newGate() *gate { return &gate{next: make(chan struct{})} }

// ticket returns a channel that is closed at the next signal. Whoever takes it
// before asking Redis cannot miss a task that comes between.
func (g *gate) ticket() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.next
}

func (g *gate) signal() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open {
		return
	}
	close(g.next)
	g.next = make(chan struct{})
}

// release lets everybody through from now on.
func (g *gate) release() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.open {
		g.open = true
		close(g.next)
	}
}

func (g *gate) released() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.open
}

// holdFor is the longest that an empty answer is held, and so the longest that
// a task from another process may go unseen here.
const holdFor = time.Second

// holdEmpty is the hook in the client of one lane's asynq server.
type holdEmpty struct{ gate *gate }

// DialHook changes nothing.
func (holdEmpty) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessPipelineHook changes nothing.
func (holdEmpty) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// ProcessHook holds back the answer "no task", then asks once more. It holds
// back errors too, because asynq would ask again at once.
func (h holdEmpty) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if !isDequeue(cmd) {
			return next(ctx, cmd)
		}
		ticket := h.gate.ticket()
		err := next(ctx, cmd)
		if err == nil || redis.HasErrorPrefix(err, "NOSCRIPT") {
			return err // asynq sends the whole script next
		}
		pause(ctx, ticket)
		if !errors.Is(err, redis.Nil) || h.gate.released() {
			return err
		}
		return next(ctx, cmd)
	}
}

func pause(ctx context.Context, ticket <-chan struct{}) {
	t := time.NewTimer(holdFor)
	defer t.Stop()
	select {
	case <-ticket:
	case <-t.C:
	case <-ctx.Done():
	}
}

// isDequeue knows asynq's dequeue script by its second key, the flag of a
// paused queue, which no other script of a server has there.
func isDequeue(cmd redis.Cmder) bool {
	args := cmd.Args()
	if name := cmd.Name(); name != "evalsha" && name != "eval" || len(args) < 5 {
		return false
	}
	key, ok := args[4].(string)
	return ok && strings.HasSuffix(key, ":paused")
}
