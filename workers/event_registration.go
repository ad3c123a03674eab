package workers

import (
	"context"

	"postroom/internal/postroom"
	"postroom/internal/queue"
)

// eventRegistration follows a booking. The place itself was taken, or the
// queue joined, when the booking came in; here is what may take longer.
func (w *Workers) eventRegistration(ctx context.Context, job postroom.Job) queue.Outcome {
	return w.accept(ctx, job.Subject)
}
