package workers

import (
	"context"

	"postroom/internal/postroom"
	"postroom/internal/queue"
)

// inboundRead reads the letters of one fetched batch. Each is settled by
// itself, so a batch that is begun again goes on where it stopped.
func (w *Workers) inboundRead(ctx context.Context, job postroom.Job) queue.Outcome {
	return w.Arrivals.ReadBatch(ctx, job)
}
