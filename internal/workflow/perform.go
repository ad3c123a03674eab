package workflow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
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
	reasonHeld   = "held"    // nothing automatic goes on before somebody has looked
	reasonLooked = "looked"  // somebody has looked
	reasonLate   = "late"    // what it was to come before has been, or is off, or it was put off too long
	reasonAsked  = "asked"   // as late, and the coordinators are asked
	reasonAway   = "away"    // it waits, as the person is away
	reasonSummed = "summed"  // it is done: the coordinators were reminded today, and are told in the summary
)

// wanted is the reason of a step that a person wants done although it is too
// late for it, or at night. What it could not be done for may follow.
const wanted = "wanted"

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
	if strings.HasPrefix(step.Reason, wanted) {
		reason = []rune(wanted + ": " + why.Error())
	}
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

// heldRest is how long a step rests whose submission is held.
const heldRest = time.Hour

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
		settled, err = w.settle(tx, c, step, now)
		return err
	})
	return settled && err == nil, err
}

// settle does a step that is due, leaves it out, or puts it off to the end of
// the quiet hours. It says false if another process was first.
func (w *Workflow) settle(tx *store.Tx, c *Case, step postroom.Step, now time.Time) (first bool, err error) {
	if step.Name == lookAgain {
		return w.settleLook(tx, c, step, now)
	}
	today, reason := w.now(c, step, now)
	if reason != "" {
		first, err = tx.SettleStep(step.ID, postroom.StepSkipped, reason, now)
		if err != nil || !first || reason != reasonAsked {
			return first, err
		}
		return true, w.tell(tx, c, news{key: "late:" + step.ID, template: stepLate, data: map[string]string{"step": step.Name}}, now)
	}
	if held, err := tx.Held(c.Submission.ID); err != nil {
		return false, err
	} else if held != "" && today.effect.Send != "" {
		return tx.PostponeStep(step.ID, reasonHeld, now.Add(heldRest)) // once it is let go it may be too late for it
	}
	if until := today.rests; !until.IsZero() {
		return tx.MoveStep(step.ID, until)
	}
	if w.summed(&today.effect) && !c.danger {
		chased, err := w.chased(tx, c, now)
		if err != nil {
			return false, fmt.Errorf("look who was reminded today: %w", err)
		}
		if chased {
			today.effect.Notify, reason = nil, reasonSummed
		}
	}
	first, err = tx.SettleStep(step.ID, postroom.StepDone, reason, now)
	if err != nil || !first {
		return first, err
	}
	return true, w.do(tx, c, step.ID, today.effect, false, now)
}

// fallenDue is the trigger of a step whose time has come. No programme can
// name it.
const fallenDue postroom.Trigger = "due"

// turn is what a step does when its turn has come.
type turn struct {
	effect postroom.Effect
	rests  time.Time // until when it is put off; zero is not at all
}

// now returns what a step does today, or why it does nothing: the programme
// may have changed since it was promised, and so may what it waits for.
func (w *Workflow) now(c *Case, step postroom.Step, at time.Time) (t turn, reason string) {
	if c.programme == nil {
		return t, reasonGone
	}
	i := slices.IndexFunc(c.programme.Workflow, func(s programme.Step) bool { return s.Name == step.Name })
	if i < 0 {
		return t, reasonGone
	}
	today := c.programme.Workflow[i]
	facts := w.facts(c, at)
	if today.Unless != "" && facts.States[today.Unless] {
		return t, reasonUnless + today.Unless
	}
	if !strings.HasPrefix(step.Reason, wanted) {
		if today.TooLate(step.PromisedFor, facts) {
			return t, late(today, facts)
		}
		t.rests = today.Rests(step.PromisedFor, facts)
	}
	today.On, today.Before, today.After, today.OrAfter = fallenDue, "", "", nil
	only := *c.programme
	only.Workflow = []programme.Step{today}
	effects := programme.Plan(&only, fallenDue, facts)
	if len(effects) == 0 {
		return t, reasonWhen
	}
	t.effect = effects[0]
	return t, ""
}

// late is why a step is left out that it is too late for. Nobody is asked
// about one before a date that is off.
func late(s programme.Step, facts postroom.Facts) string {
	if _, on := facts.Dates[s.Before]; s.Otherwise == programme.OtherwiseAsk && (s.Before == "" || on) {
		return reasonAsked
	}
	return reasonLate
}

// Want makes a step due at once that was left out or is promised for later,
// and that a person wants done all the same. It returns NotFound if there is
// none, and Conflict if it has been done.
func Want(tx *store.Tx, id string, now time.Time) (postroom.Step, error) {
	return tx.WantStep(id, wanted, now)
}
