package workers

import (
	"context"

	"postroom/internal/postroom"
	"postroom/internal/queue"
	"postroom/internal/store"
)

// alarms calls those who were called a moment before about what rang since, in one
// mail each.
func (w *Workers) alarms(ctx context.Context, job postroom.Job) queue.Outcome {
	err := w.Store.Write(ctx, func(tx *store.Tx) error { return w.Workflow.TellAlarms(tx, w.Clock.Now()) })
	if err != nil {
		w.Log.ErrorContext(ctx, "nobody called about what may be danger", "job", job.ID, "err", err)
		return queue.Again(err)
	}
	return queue.Done
}
