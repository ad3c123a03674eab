// Package workers holds what is done when a job or a step is due: a file a
// kind of job, and the scheduler.
//
// The idea a newcomer needs: a worker runs at least once, never exactly once.
// The queue claims the job's row before it calls and settles the row after,
// but a process may die in between, so each worker here must be able to run
// again after any half of its work: what it writes is one transaction, and
// what that transaction promises is unique in the database.
package workers

import (
	"context"
	"time"

	"github.com/hibiken/asynq"

	"postroom/internal/postroom"
	"postroom/internal/queue"
	"postroom/internal/store"
)

// Jobs claims the job that a task is about, calls do, and settles the job by
// what it returns. It returns nil whatever happened: the row knows.
type Jobs interface {
	Do(ctx context.Context, task *asynq.Task, do func(context.Context, postroom.Job) queue.Outcome) error
}

// Runs tells a run what happened to it.
type Runs interface {
	Fire(tx *store.Tx, run postroom.Run, t postroom.Trigger, at time.Time) error
}

// Desk is what the workers of submissions have in common: what they read and
// write, and how jobs reach them.
type Desk struct {
	Jobs  Jobs
	Store *store.Store
	Runs  Runs
	Clock postroom.Clock
}

// accept tells the run of a submission that it stands, and so plans what the
// programme promises next. The second time it promises nothing.
func (d Desk) accept(ctx context.Context, submission string) queue.Outcome {
	err := d.Store.Write(ctx, func(tx *store.Tx) error {
		run, begun, err := tx.RunOf(submission)
		if err != nil || !begun {
			return err
		}
		return d.Runs.Fire(tx, run, postroom.OnAccepted, d.Clock.Now())
	})
	if err != nil {
		return queue.Again(err)
	}
	return queue.Done
}
