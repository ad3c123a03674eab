package casework

import (
	"context"
	"fmt"

	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/workflow"
)

// reasonStopped is why a step was not done that a colleague stopped.
const reasonStopped = "stopped"

// SkipStep leaves a promised step out, this once.
func (c *Casework) SkipStep(ctx context.Context, by postroom.Colleague, step string) (postroom.Deed, error) {
	return c.settleStep(ctx, by, step, "skip step", postroom.StepSkipped)
}

// StopStep takes a promised step back for good: it is not promised again when a
// date moves.
func (c *Casework) StopStep(ctx context.Context, by postroom.Colleague, step string) (postroom.Deed, error) {
	return c.settleStep(ctx, by, step, "stop step", postroom.StepCancelled)
}

func (c *Casework) settleStep(ctx context.Context, by postroom.Colleague, step, name string, to postroom.StepState) (postroom.Deed, error) {
	return c.act(ctx, by, Ref{postroom.AboutStep, step}, name, func(tx *store.Tx, m *matter, d *postroom.Deed) error {
		if m.step.State == to && m.step.Reason == reasonStopped {
			return errNothing
		}
		done, err := tx.SettleStep(m.ID, to, reasonStopped, d.At)
		if err == nil && !done {
			err = &postroom.Error{Kind: postroom.Conflict, Say: postroom.Say("desk.step_settled"), Cause: fmt.Errorf("step %s is %s, not planned", m.ID, m.step.State)}
		}
		return err
	})
}

// DoStepNow makes a step due at once, also one that was left out or for which it
// is too late. It returns Conflict if it has been done.
func (c *Casework) DoStepNow(ctx context.Context, by postroom.Colleague, step string) (postroom.Deed, error) {
	return c.act(ctx, by, Ref{postroom.AboutStep, step}, "do step", func(tx *store.Tx, m *matter, d *postroom.Deed) error {
		if m.safety() {
			return fault(postroom.Conflict, m.reference+" is held", "desk.held_first", "reference", m.reference)
		}
		_, err := workflow.Want(tx, m.ID, d.At)
		return err
	})
}

// CallDone notes that a call was made, and what came of it, which may be "".
func (c *Casework) CallDone(ctx context.Context, by postroom.Colleague, call, outcome string) (postroom.Deed, error) {
	if outcome != "" {
		words, err := text(outcome)
		if err != nil {
			return postroom.Deed{}, err
		}
		outcome = words
	}
	return c.act(ctx, by, Ref{postroom.AboutCall, call}, "done", func(tx *store.Tx, m *matter, d *postroom.Deed) error {
		if err := m.waits(); err != nil {
			return err
		}
		if err := tx.CallDone(m.ID, d.At); err != nil || outcome == "" {
			return err
		}
		return beside(tx, d, outcome)
	})
}

// FileLetter files a letter in triage as what somebody sent, because a colleague
// has said whose it is, and returns the reference of what it became. That person
// is answered, so it cannot be undone.
func (c *Casework) FileLetter(ctx context.Context, by postroom.Colleague, letter string, as FileAs) (reference string, err error) {
	allowed, err := c.May(ctx, by, Ref{postroom.AboutLetter, letter})
	if err != nil {
		return "", err
	}
	if !allowed {
		return "", fault(postroom.Forbidden, by.Name+" may not file this letter", "desk.not_yours", "reference", "")
	}
	return c.Letters.File(ctx, letter, as, by.Name)
}
