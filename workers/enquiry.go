package workers

import (
	"context"

	"postroom/internal/postroom"
	"postroom/internal/queue"
)

// enquiry follows whatever a person answers: a question, a concern, a
// referral, feedback, a request for one's own data.
func (w *Workers) enquiry(ctx context.Context, job postroom.Job) queue.Outcome {
	return w.accept(ctx, job.Subject)
}
