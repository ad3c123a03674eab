package workers

import (
	"context"

	"github.com/hibiken/asynq"

	"postroom/internal/postroom"
	"postroom/internal/queue"
	"postroom/internal/store"
)

// SignUp follows somebody who joined something. One who asked for a list is
// accepted by the button in the mail, not here: until then anybody could have
// typed the address.
type SignUp struct{ Desk }

// ProcessTask does the job that a task is about.
func (w SignUp) ProcessTask(ctx context.Context, t *asynq.Task) error {
	return w.Jobs.Do(ctx, t, func(ctx context.Context, job postroom.Job) queue.Outcome {
		waits, err := awaitsClick(w.Store.Read(ctx), job.Subject)
		if err != nil {
			return queue.Again(err)
		}
		if waits {
			return queue.Done
		}
		return w.accept(ctx, job.Subject)
	})
}

// awaitsClick says whether a submission asked for a list and nobody has
// confirmed it.
func awaitsClick(r store.Reader, submission string) (bool, error) {
	sub, asked, err := r.SubscriptionOf(submission)
	return asked && sub.State != postroom.Confirmed, err
}
