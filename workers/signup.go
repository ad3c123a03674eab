package workers

import (
	"context"

	"github.com/hibiken/asynq"

	"postroom/internal/postroom"
	"postroom/internal/queue"
)

// SignUp follows somebody who joined something. Where that was a list, the
// workflow lets it pass: the button in the mail accepts it, not this job.
type SignUp struct{ Desk }

// ProcessTask does the job that a task is about.
func (w SignUp) ProcessTask(ctx context.Context, t *asynq.Task) error {
	return w.Jobs.Do(ctx, t, func(ctx context.Context, job postroom.Job) queue.Outcome {
		return w.accept(ctx, job.Subject)
	})
}
