package workers

import (
	"context"

	"github.com/hibiken/asynq"

	"postroom/internal/postroom"
	"postroom/internal/queue"
)

// EventRegistration follows a booking. The place itself was taken, or the
// queue joined, when the booking came in; here is what may take longer.
type EventRegistration struct{ Desk }

// ProcessTask does the job that a task is about.
func (w EventRegistration) ProcessTask(ctx context.Context, t *asynq.Task) error {
	return w.Jobs.Do(ctx, t, func(ctx context.Context, job postroom.Job) queue.Outcome {
		return w.accept(ctx, job.Subject)
	})
}
