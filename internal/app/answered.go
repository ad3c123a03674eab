package app

import (
	"fmt"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// Answered notes that a person answered a submission, as by says, and does what
// an answer found in the Sent folder does: nobody is chased, what would still
// say "we have your message" stays here, and the programme hears of it.
func (r *Room) Answered(tx *store.Tx, sub postroom.Submission, by string, at time.Time) error {
	if err := tx.MarkAnswered(sub.ID, at); err != nil {
		return fmt.Errorf("mark submission %s answered: %w", sub.ID, err)
	}
	if err := r.Outbox.Answered(tx, sub.Letter, sub.ID, at); err != nil {
		return err
	}
	run, begun, err := tx.RunOf(sub.ID)
	if err == nil && begun {
		err = r.Workflow.Fire(tx, run, postroom.OnAnswered, at)
	}
	if err != nil {
		return err
	}
	return tx.Audit(by, "answered", sub.ID, at)
}
