package workers

import (
	"context"

	"github.com/hibiken/asynq"

	"postroom/internal/postroom"
	"postroom/internal/queue"
)

// VolunteerOffer follows an offer to help. It stands at once: no click is
// awaited from somebody who offers their time.
type VolunteerOffer struct{ Desk }

// ProcessTask does the job that a task is about.
func (w VolunteerOffer) ProcessTask(ctx context.Context, t *asynq.Task) error {
	return w.Jobs.Do(ctx, t, func(ctx context.Context, job postroom.Job) queue.Outcome {
		return w.accept(ctx, job.Subject)
	})
}
