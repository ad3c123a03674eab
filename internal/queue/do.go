package queue

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/hibiken/asynq"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// Why a handler's context ended.
var (
	errShutdown  = errors.New("the post room is shutting down")
	errLeaseLost = errors.New("the job's lease is lost")
)

// taskID names one nudge: "job/turn". It is the asynq TaskID, so that a turn
// reaches Redis once, and the payload as well, so that a handler can be called
// without asynq.
func taskID(id string, turn int) string { return id + "/" + strconv.Itoa(turn) }

func parseTask(payload []byte) (id string, turn int, err error) {
	id, digits, ok := strings.Cut(string(payload), "/")
	turn, err = strconv.Atoi(digits)
	if !ok || err != nil || id == "" {
		return "", 0, fmt.Errorf("task %q is not job/turn", payload)
	}
	return id, turn, nil
}

// Do does the job that a task speaks of: it claims the row at the task's turn,
// keeps its lease while work runs, and settles the outcome and what goes with
// it in one transaction. A job that has moved on is somebody else's or done,
// which is no failure. Do always returns nil.
//
// The context given to work ends when the lease is lost or the process must
// stop, not when Redis is away. A work that panics failed.
func (q *Queue) Do(ctx context.Context, task *asynq.Task, work func(context.Context, postroom.Job) Outcome) error {
	id, turn, err := parseTask(task.Payload())
	if err != nil {
		q.log.ErrorContext(ctx, "task is not ours", "err", err)
		return nil
	}
	leave := q.floor.enter()
	defer leave()
	ctx = context.WithoutCancel(ctx)
	job, err := q.claim(ctx, id, turn)
	if err != nil {
		return nil
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(q.halt, func() { cancel(context.Cause(q.halt)) })()
	held := q.floor.hold(job, cancel)
	defer q.floor.letGo(held)
	q.settle(ctx, held, q.guarded(ctx, job, work))
	return nil
}

func (q *Queue) claim(ctx context.Context, id string, turn int) (job postroom.Job, err error) {
	holder := fmt.Sprintf("%s#%d", q.me, q.claims.Add(1)) // asynq may bring a task to one process twice
	err = q.insist(ctx, func(tx *store.Tx) error {
		job, err = tx.Claim(id, turn, holder, q.now().Add(leaseFor))
		return err
	})
	switch {
	case err == nil:
		q.counts.claimed.Add(1)
		q.lanes[job.Lane].claimed()
	case postroom.KindOf(err) == postroom.Gone:
		q.counts.gone.Add(1)
		q.log.DebugContext(ctx, "job has moved on", "job", id)
	default:
		q.log.ErrorContext(ctx, "job not claimed", "job", id, "err", err)
	}
	return job, err
}

// guarded runs the work and turns a panic into a failed try.
func (q *Queue) guarded(ctx context.Context, job postroom.Job, work func(context.Context, postroom.Job) Outcome) (o Outcome) {
	defer func() {
		if p := recover(); p != nil {
			q.log.ErrorContext(ctx, "handler panicked", "job", job.ID, "step", string(job.Kind), "err", fmt.Sprintf("%v\n%s", p, debug.Stack()))
			o = Again(errors.New("the handler panicked; the log says where"))
		}
	}()
	return work(ctx, job)
}

// settle writes down how the job ended. It does so although the process is
// being stopped: a job that was done and not settled would be done again.
func (q *Queue) settle(ctx context.Context, h *held, o Outcome) {
	now := q.now()
	if o.Verdict == store.Again && ctx.Err() != nil { // the work did not fail; it was stopped
		o.Verdict = store.Wait
		if o.At.IsZero() {
			o.At = now
		}
	}
	o = decide(h.job, o, now)
	q.floor.settling(h)
	ctx = context.WithoutCancel(ctx)
	err := q.insist(ctx, func(tx *store.Tx) error { return tx.Settle(h.job, o, q.now()) })
	if err != nil && postroom.KindOf(err) != postroom.Gone && o.Also != nil {
		o, err = q.settleAlone(ctx, h.job, err)
	}
	switch {
	case err == nil:
		q.counts.settled[o.Verdict].Add(1)
	case postroom.KindOf(err) == postroom.Gone:
		q.counts.lost.Add(1)
		q.log.WarnContext(ctx, "job was handed over again while it was being done", "job", h.job.ID)
	default:
		q.log.ErrorContext(ctx, "job not settled; its lease will bring it back", "job", h.job.ID, "err", err)
	}
}

// settleAlone counts a failed try when what was to be settled with the job
// cannot be: without it such a job would come back for ever.
func (q *Queue) settleAlone(ctx context.Context, job postroom.Job, cause error) (Outcome, error) {
	o := decide(job, Again(cause), q.now())
	err := q.insist(ctx, func(tx *store.Tx) error { return tx.Settle(job, o, q.now()) })
	if err == nil {
		q.log.ErrorContext(ctx, "job settled without its result", "job", job.ID, "err", cause)
	}
	return o, err
}

// insist writes although the database may be away for a while, and again when
// only the answer was lost: fn must find its own work done already. Gone is an
// answer, and ends it at once; an error of a database that is there, before
// and after, gets two more chances.
func (q *Queue) insist(ctx context.Context, fn func(*store.Tx) error) error {
	pauses := []time.Duration{100 * time.Millisecond, 400 * time.Millisecond, 1500 * time.Millisecond, 3 * time.Second, 5 * time.Second}
	for try, pause := range pauses {
		there := try >= 2 && q.answers(ctx)
		err := q.writeOnce(ctx, fn)
		if err == nil || postroom.KindOf(err) == postroom.Gone || there && q.answers(ctx) || !tick(ctx, pause) {
			return err
		}
	}
	return q.writeOnce(ctx, fn)
}

func (q *Queue) writeOnce(ctx context.Context, fn func(*store.Tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, tryFor)
	defer cancel()
	return q.store.Write(ctx, fn)
}

// answers says whether the database is there.
func (q *Queue) answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, tryFor)
	defer cancel()
	return q.store.Ping(ctx) == nil
}
