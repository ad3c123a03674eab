package workers

import (
	"context"

	"postroom/internal/postroom"
	"postroom/internal/queue"
)

// deliver sends one message. Whether it may leave, and what becomes of it, is
// the outbox's to say; message and job are settled together.
func (w *Workers) deliver(ctx context.Context, job postroom.Job) queue.Outcome {
	return w.Outbox.Deliver(ctx, job)
}
