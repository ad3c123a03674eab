package workers

import (
	"context"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/queue"
	"postroom/internal/store"
)

// Summaries makes the daily summary of one colleague, once, and what goes with it:
// posts of its counts, and the word to others that one did not arrive.
type Summaries interface {
	Make(ctx context.Context, subject string) error
	Post(ctx context.Context, subject string) error
	Returned(tx *store.Tx, m postroom.Message, at time.Time) error
}

// digest makes the summary of one coordinator and day.
func (w *Workers) digest(ctx context.Context, job postroom.Job) queue.Outcome {
	if err := w.Digests.Make(ctx, job.Subject); err != nil {
		w.Log.WarnContext(ctx, "summary not made", "job", job.ID, "err", err)
		return queue.Again(err)
	}
	return queue.Done
}

// slack posts the counts of one day to one webhook. No mail waits for it.
func (w *Workers) slack(ctx context.Context, job postroom.Job) queue.Outcome {
	if err := w.Digests.Post(ctx, job.Subject); err != nil {
		w.Log.WarnContext(ctx, "counts not posted", "job", job.ID, "err", err)
		return queue.Again(err)
	}
	return queue.Done
}
