package workers

import (
	"context"

	"postroom/internal/postroom"
	"postroom/internal/queue"
	"postroom/internal/store"
)

// tell lets the coordinators of a programme know of a message that needs one
// of them: a call to make, a hold, a doubt. It is told by the same door as any
// other mail, once per message and coordinator.
func (w *Workers) tell(ctx context.Context, job postroom.Job) queue.Outcome {
	err := w.Store.Write(ctx, func(tx *store.Tx) error {
		m, err := tx.Message(job.Subject)
		if err != nil {
			return err
		}
		if m.Lane == postroom.DigestRun { // their own mail did not arrive: others hear of it
			return w.Digests.Returned(tx, m, w.Clock.Now())
		}
		return w.Workflow.Show(tx, m, w.Clock.Now())
	})
	if err != nil {
		w.Log.WarnContext(ctx, "coordinators not told", "message", job.Subject, "job", job.ID, "err", err)
		return queue.Again(err)
	}
	return queue.Done
}
