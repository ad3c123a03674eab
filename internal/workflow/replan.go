package workflow

import (
	"fmt"
	"slices"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// reasonMoved is why a step was cancelled whose date is another now.
const reasonMoved = "moved"

// Moved tells a run that the date or the place of its event is another now,
// and what it was before. Each move is told once: before the transaction that
// puts it on file ends, and to nobody after.
func (w *Workflow) Moved(tx *store.Tx, run postroom.Run, was postroom.Session, at time.Time) error {
	c, err := w.Open(tx, run)
	if err != nil {
		return err
	}
	if c.Session == nil {
		return nil
	}
	c.Was = &was
	return w.FireFor(tx, c, postroom.OnMoved, at)
}

// Replan moves what was promised to a run for the date of its event, because
// that date has changed. What was planned for the old date is cancelled, and
// what was planned or done for it is planned for the new one: who was reminded
// of the old day is reminded of the new one too. What was done for the new
// date already, because it is only the hour that changed, is not done again.
func (w *Workflow) Replan(tx *store.Tx, run postroom.Run, at time.Time) error {
	c, err := w.Open(tx, run)
	if err != nil || c.programme == nil {
		return err
	}
	steps, err := tx.StepsOf(run.ID)
	if err != nil {
		return fmt.Errorf("list steps of run %s: %w", run.ID, err)
	}
	for _, today := range c.programme.Workflow {
		if today.Before != eventDate && today.After != eventDate {
			continue
		}
		promised := slices.DeleteFunc(slices.Clone(steps), func(s postroom.Step) bool { return s.Name != today.Name })
		if err := w.replan(tx, c, today, promised, at); err != nil {
			return fmt.Errorf("replan step %s of run %s: %w", today.Name, run.ID, err)
		}
	}
	return nil
}

// replan moves one step of the programme; promised are its occurrences.
func (w *Workflow) replan(tx *store.Tx, c *Case, today programme.Step, promised []postroom.Step, at time.Time) error {
	live := slices.ContainsFunc(promised, func(s postroom.Step) bool {
		late := s.State == postroom.StepSkipped && (s.Reason == reasonLate || s.Reason == reasonAsked)
		return s.State == postroom.StepPlanned || s.State == postroom.StepDone || late
	})
	if !live {
		return nil // it never was, or has ended
	}
	today.On = ""
	only := *c.programme
	only.Workflow = []programme.Step{today}
	effects := programme.Plan(&only, dateMoved, w.facts(c, at))
	for _, s := range promised {
		if s.State != postroom.StepPlanned || len(effects) > 0 && s.Occurrence == effects[0].Occurrence {
			continue
		}
		if _, err := tx.SettleStep(s.ID, postroom.StepCancelled, reasonMoved, at); err != nil {
			return err
		}
	}
	if len(effects) == 0 {
		return nil // too late for it
	}
	return planFor(tx, c.Run.ID, effects[0], today.Awake(w.facts(c, at)))
}

// planFor plans one occurrence of a step, which may have been promised before.
// What should have happened already is left to the scheduler, for soonest: it
// answers nobody, so it wakes nobody either.
func planFor(tx *store.Tx, run string, e postroom.Effect, soonest time.Time) error {
	due := e.Due
	if due.IsZero() {
		due = soonest
	}
	step, first, err := tx.PromiseStep(postroom.Step{Run: run, Name: e.Step, Occurrence: e.Occurrence, DueAt: due})
	if err != nil || first {
		return err
	}
	return tx.ReplanStep(step.ID, reasonMoved, due)
}

// dateMoved is the trigger of a step whose date is another now. No programme
// can name it.
const dateMoved postroom.Trigger = "new date"
