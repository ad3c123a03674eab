package workers

import (
	"context"

	"postroom/internal/postroom"
	"postroom/internal/queue"
)

// signUp follows somebody who joined something. Where that was a list, the
// workflow lets it pass: the button in the mail accepts it, not this job.
func (w *Workers) signUp(ctx context.Context, job postroom.Job) queue.Outcome {
	return w.accept(ctx, job.Subject)
}
