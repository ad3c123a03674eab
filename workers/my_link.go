package workers

import (
	"context"

	"postroom/internal/postroom"
	"postroom/internal/queue"
)

// myLink answers somebody who asked what we have of an address, once the page has
// told them the same as everybody else.
func (w *Workers) myLink(ctx context.Context, job postroom.Job) queue.Outcome {
	if err := w.MyLinks.SendLink(ctx, job.Subject); err != nil {
		w.Log.WarnContext(ctx, "link not sent", "job", job.ID, "err", err)
		return queue.Again(err)
	}
	return queue.Done
}
