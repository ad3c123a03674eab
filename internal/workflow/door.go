package workflow

import (
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// share is how much of what a trigger promises is done.
type share int

const (
	whole    share = iota
	greeting       // what the person hears at once
	rest           // what greeting left
)

// Greet is FireFor for the door, where somebody waits for the page: of what t
// promises it does only what the person hears at once, wherever Accepted can do
// the rest. The caller owes the job that calls Accepted in the same
// transaction.
func (w *Workflow) Greet(tx *store.Tx, c *Case, t postroom.Trigger, at time.Time) error {
	if !c.plain() || c.Submission.State != postroom.SubmissionReceived {
		return w.FireFor(tx, c, t, at)
	}
	return w.fire(tx, c, t, at, greeting)
}

// Accepted tells a run that what was sent has been looked at, and does what
// Greet left undone when it was received.
func (w *Workflow) Accepted(tx *store.Tx, run postroom.Run, at time.Time) error {
	c, err := w.Open(tx, run)
	if err != nil {
		return err
	}
	if c.plain() {
		if err := w.fire(tx, c, postroom.OnReceived, c.Submission.ReceivedAt, rest); err != nil {
			return err
		}
	}
	return w.FireFor(tx, c, postroom.OnAccepted, at)
}

// greets says whether an effect is one that the person hears of at once, and
// leaves of it what is for them.
func greets(e *postroom.Effect) bool {
	e.Notify = nil
	return e.Send != "" && e.Due.IsZero()
}
