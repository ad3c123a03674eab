package workers

import (
	"context"

	"postroom/internal/postroom"
	"postroom/internal/queue"
	"postroom/internal/store"
)

// suspects lets the coordinators of a programme know, in one mail, how much that
// came in looks automatic and is held until one of them has looked.
func (w *Workers) suspects(ctx context.Context, job postroom.Job) queue.Outcome {
	err := w.Store.Write(ctx, func(tx *store.Tx) error {
		return w.Workflow.TellSuspects(tx, job.Subject, w.Clock.Now())
	})
	if err != nil {
		w.Log.WarnContext(ctx, "coordinators not told of suspects", "job", job.ID, "err", err)
		return queue.Again(err)
	}
	return queue.Done
}
