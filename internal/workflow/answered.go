package workflow

import (
	"fmt"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// Answered notes that a person answered a submission, as by says: nobody is
// chased any more, what would still say "we have your message" stays here, and
// the programme hears of it.
func (w *Workflow) Answered(tx *store.Tx, sub postroom.Submission, by string, at time.Time) error {
	if err := tx.MarkAnswered(sub.ID, at); err != nil {
		return fmt.Errorf("mark submission %s answered: %w", sub.ID, err)
	}
	if err := w.Outbox.Answered(tx, sub.Letter, sub.ID, at); err != nil {
		return err
	}
	run, begun, err := tx.RunOf(sub.ID)
	if err == nil && begun {
		err = w.Fire(tx, run, postroom.OnAnswered, at)
	}
	if err != nil {
		return err
	}
	return tx.Audit(by, "answered", sub.ID, at)
}
