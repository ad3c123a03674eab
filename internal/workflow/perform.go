package workflow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// Why a step that fell due was not done, as it stands in its row; whoever
// shows it puts it into words.
const (
	reasonGone   = "gone"    // the programme no longer has the step
	reasonUnless = "unless " // the state that made it needless follows
	reasonWhen   = "when"    // its condition no longer holds
	reasonLate   = "late"    // what it was to come before has been, or is off
)

// putOff is how long a step rests that could not be done. Something has to be
// mended first, so there is no hurry; but nobody should have to remember to
// start it again.
const putOff = 10 * time.Minute

// Perform does up to limit steps that are due, each in a transaction of its
// own, and returns how many it settled or put off. A step that cannot be done
// is put off for a while, with the reason, so that however many of them there
// are the others have their turn; the error names each.
func (w *Workflow) Perform(ctx context.Context, now time.Time, limit int) (n int, err error) {
	due, err := w.Store.Read(ctx).DueSteps(now, limit)
	if err != nil {
		return 0, fmt.Errorf("list due steps: %w", err)
	}
	var errs []error
	for _, step := range due {
		dealt, err := w.performOne(ctx, step, now)
		if ctx.Err() != nil {
			return n, errors.Join(append(errs, ctx.Err())...)
		}
		if err != nil {
			w.Log.ErrorContext(ctx, "step not done", "step", step.ID, "err", err)
			errs = append(errs, fmt.Errorf("do step %s: %w", step.ID, err))
			dealt = w.postpone(ctx, step, err, now)
		}
		if dealt {
			n++
		}
	}
	return n, errors.Join(errs...)
}

// postpone puts off a step that could not be done, in a transaction of its own
// because the step's was undone, and says whether it did.
func (w *Workflow) postpone(ctx context.Context, step postroom.Step, why error, now time.Time) (done bool) {
	reason := []rune(why.Error())
	reason = reason[:min(len(reason), longestReason)]
	err := w.Store.Write(ctx, func(tx *store.Tx) (err error) {
		done, err = tx.PostponeStep(step.ID, string(reason), now.Add(putOff))
		return err
	})
	if err != nil {
		w.Log.ErrorContext(ctx, "step not put off", "step", step.ID, "err", err)
	}
	return done && err == nil
}

// longestReason is enough of an error to know it again.
const longestReason = 300

func (w *Workflow) performOne(ctx context.Context, step postroom.Step, now time.Time) (settled bool, err error) {
	err = w.Store.Write(ctx, func(tx *store.Tx) error {
		run, err := tx.Run(step.Run)
		if err != nil {
			return err
		}
		c, err := w.Open(tx, run)
		if err != nil {
			return err
		}
		effect, reason := w.now(c, step, now)
		to := postroom.StepDone
		if reason != "" {
			to = postroom.StepSkipped
		}
		if settled, err = tx.SettleStep(step.ID, to, reason, now); err != nil || !settled || reason != "" {
			return err
		}
		return w.do(tx, c, step.ID, effect, false, now)
	})
	return settled && err == nil, err
}

// fallenDue is the trigger of a step whose time has come. No programme can
// name it.
const fallenDue postroom.Trigger = "due"

// now returns what a step does today, or why it does nothing: the programme
// may have changed since it was promised, and so may what it waits for.
func (w *Workflow) now(c *Case, step postroom.Step, at time.Time) (e postroom.Effect, reason string) {
	if c.programme == nil {
		return e, reasonGone
	}
	i := slices.IndexFunc(c.programme.Workflow, func(s programme.Step) bool { return s.Name == step.Name })
	if i < 0 {
		return e, reasonGone
	}
	today := c.programme.Workflow[i]
	facts := w.facts(c, at)
	if today.Unless != "" && facts.States[today.Unless] {
		return e, reasonUnless + today.Unless
	}
	if today.Before != "" && !facts.Dates[today.Before].After(at) {
		return e, reasonLate
	}
	today.On, today.Before, today.After, today.OrAfter = fallenDue, "", "", nil
	only := *c.programme
	only.Workflow = []programme.Step{today}
	effects := programme.Plan(&only, fallenDue, facts)
	if len(effects) == 0 {
		return e, reasonWhen
	}
	return effects[0], ""
}
