package workers

import (
	"context"

	"postroom/internal/postroom"
	"postroom/internal/queue"
)

// campaign chooses who gets a newsletter. What is chosen is sent by chunk,
// part by part, while the rest is still being chosen.
func (w *Workers) campaign(ctx context.Context, job postroom.Job) queue.Outcome {
	if err := w.Campaigns.Choose(ctx, job.Subject); err != nil {
		w.Log.WarnContext(ctx, "recipients not chosen", "campaign", job.Subject, "job", job.ID, "err", err)
		return queue.Again(err)
	}
	return queue.Done
}

// chunk sends one part of a newsletter's copies. What left is in the sending journal at
// once, and is settled many copies at a time, by the turn of this job.
func (w *Workers) chunk(ctx context.Context, job postroom.Job) queue.Outcome {
	return w.Outbox.DeliverChunk(ctx, job)
}
