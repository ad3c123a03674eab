package workers

import (
	"context"

	"github.com/hibiken/asynq"

	"postroom/internal/postroom"
	"postroom/internal/queue"
)

// Enquiry follows whatever a person answers: a question, a concern, a
// referral, feedback, a request for one's own data.
type Enquiry struct{ Desk }

// ProcessTask does the job that a task is about.
func (w Enquiry) ProcessTask(ctx context.Context, t *asynq.Task) error {
	return w.Jobs.Do(ctx, t, func(ctx context.Context, job postroom.Job) queue.Outcome {
		return w.accept(ctx, job.Subject)
	})
}
