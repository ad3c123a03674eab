package workers

import (
	"context"

	"postroom/internal/postroom"
	"postroom/internal/queue"
)

// volunteerOffer follows an offer to help. It stands at once: no click is
// awaited from somebody who offers their time.
func (w *Workers) volunteerOffer(ctx context.Context, job postroom.Job) queue.Outcome {
	return w.accept(ctx, job.Subject)
}
