package queue

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"postroom/internal/postroom"
)

func dequeue() redis.Cmder {
	return redis.NewCmd(context.Background(), "evalsha", "sha", 4, "asynq:{bulk}:pending", "asynq:{bulk}:paused", "a", "b")
}

// asked counts how often Redis was asked and gives prepared answers.
func asked(n *int, answers ...error) redis.ProcessHook {
	return func(context.Context, redis.Cmder) error {
		*n++
		return answers[min(*n, len(answers))-1]
	}
}

func TestTaskThatComesWhileRedisIsAskedIsNotMissed(t *testing.T) {
	t.Parallel()
	g, n := newGate(), 0
	answer := asked(&n, redis.Nil, nil)
	begun := time.Now()
	err := holdEmpty{g}.ProcessHook(func(ctx context.Context, cmd redis.Cmder) error {
		err := answer(ctx, cmd)
		g.signal() // after the answer was "none", before the hold begins
		return err
	})(t.Context(), dequeue())
	if err != nil || n != 2 {
		t.Errorf("asked %d times, last answer %v; want a second question at once", n, err)
	}
	if took := time.Since(begun); took > holdFor/2 {
		t.Errorf("held for %v although there was a signal", took)
	}
}

func TestHoldEndsByItself(t *testing.T) {
	t.Parallel()
	n := 0
	err := holdEmpty{newGate()}.ProcessHook(asked(&n, redis.Nil))(t.Context(), dequeue())
	if !errors.Is(err, redis.Nil) || n != 2 {
		t.Errorf("asked %d times, last answer %v; want two and none", n, err)
	}
}

func TestReleasedGateHoldsNobody(t *testing.T) {
	t.Parallel()
	g, n := newGate(), 0
	g.release()
	g.release() // twice does no harm
	g.signal()
	err := holdEmpty{g}.ProcessHook(asked(&n, redis.Nil))(t.Context(), dequeue())
	if !errors.Is(err, redis.Nil) || n != 1 {
		t.Errorf("asked %d times, last answer %v; want once: the server is stopping", n, err)
	}
}

func TestOnlyEmptyAnswersAndErrorsAreHeld(t *testing.T) {
	t.Parallel()
	missing := redis.ErrClosed
	for what, c := range map[string]struct {
		cmd    redis.Cmder
		answer error
		held   bool
	}{
		"task":          {dequeue(), nil, false},
		"other command": {redis.NewCmd(t.Context(), "get", "x"), redis.Nil, false},
		"other script":  {redis.NewCmd(t.Context(), "evalsha", "sha", 2, "asynq:{bulk}:t:1", "asynq:{bulk}:pending"), redis.Nil, false},
		"error":         {dequeue(), missing, true},
	} {
		n := 0
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // a hold ends at once, but only a hold looks at it
		g := newGate()
		err := holdEmpty{g}.ProcessHook(asked(&n, c.answer))(ctx, c.cmd)
		if !errors.Is(err, c.answer) || n != 1 {
			t.Errorf("%s: asked %d times, answer %v; want %v once", what, n, err, c.answer)
		}
		if got := isDequeue(c.cmd) && c.answer != nil; got != c.held {
			t.Errorf("%s: held %v, want %v", what, got, c.held)
		}
	}
}

// spy tells of the first dequeue it sees.
type spy struct {
	holdEmpty
	seen chan<- struct{}
}

func (s spy) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if isDequeue(cmd) {
			nudge(s.seen)
		}
		return next(ctx, cmd)
	}
}

// If this fails after an upgrade of asynq, its dequeue script has changed its
// keys, and idle servers poll a thousand times a second.
func TestAsynqsDequeueIsRecognised(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	client := r.redis.client(4)
	defer client.Close()
	seen := make(chan struct{}, 1)
	client.AddHook(spy{seen: seen})
	server := asynq.NewServerFromRedisClient(client, r.serverConfig(r.lanes[postroom.Bulk], &asynqLog{log: r.log, away: r.redisOut.on}))
	if err := server.Start(asynq.HandlerFunc(r.route)); err != nil {
		t.Fatal(err)
	}
	defer server.Shutdown()
	wait(t, "dequeue", seen)
}
