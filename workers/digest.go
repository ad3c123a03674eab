package workers

import (
	"context"

	"postroom/internal/postroom"
	"postroom/internal/queue"
)

// Summaries makes the daily summary of one coordinator, once.
type Summaries interface {
	Make(ctx context.Context, subject string) error
}

// digest makes the summary of one coordinator and day.
func (w *Workers) digest(ctx context.Context, job postroom.Job) queue.Outcome {
	if err := w.Digests.Make(ctx, job.Subject); err != nil {
		w.Log.WarnContext(ctx, "summary not made", "job", job.ID, "err", err)
		return queue.Again(err)
	}
	return queue.Done
}
