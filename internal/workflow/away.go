package workflow

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// farthest is how far ahead an absence may put off what was promised. The day
// somebody is back was read out of a letter that a machine wrote: it may be
// wrong, and then this is all the harm that it does.
const farthest = 60 * 24 * time.Hour

// morning is when on the first day that somebody is certainly back their mail
// goes on.
const morning = 9 * time.Hour

// Away puts off what a submission's run promises to somebody who is away until
// a day, to the morning after that day: some write on which day they are back,
// and some which is the last that they are away. Only follow-ups wait, each
// once, and none for longer than farthest. back is a day in UTC; the zero time
// changes nothing.
func (w *Workflow) Away(tx *store.Tx, submission string, back, at time.Time) error {
	until := w.rested(back, at)
	if back.IsZero() || !until.After(at) {
		return nil
	}
	run, begun, err := tx.RunOf(submission)
	if err != nil || !begun {
		return err
	}
	p, known := w.Programmes.Programme(run.Programme)
	if !known {
		return nil
	}
	steps, err := tx.StepsOf(run.ID)
	if err != nil {
		return fmt.Errorf("list steps of run %s: %w", run.ID, err)
	}
	for _, s := range steps {
		if !s.DueAt.Before(until) || !waits(p, s) {
			continue
		}
		if _, err := tx.PostponeStep(s.ID, reasonAway, until); err != nil {
			return fmt.Errorf("put off step %s: %w", s.ID, err)
		}
	}
	return nil
}

// waits says whether a promised step may wait for somebody who is away. One
// that did so already, or that a person wants done now, does not.
func waits(p *programme.Programme, s postroom.Step) bool {
	if s.State != postroom.StepPlanned || s.Reason == reasonAway || strings.HasPrefix(s.Reason, wanted) {
		return false
	}
	i := slices.IndexFunc(p.Workflow, func(today programme.Step) bool { return today.Name == s.Name })
	return i >= 0 && p.Workflow[i].CanWait()
}

// rested returns the morning after the day on which somebody is back, or one that
// is not too far ahead, outside the quiet hours.
func (w *Workflow) rested(back, at time.Time) time.Time {
	until := w.morningOf(back.AddDate(0, 0, 1))
	if last := at.Add(farthest).In(w.Zone); until.After(last) {
		until = w.morningOf(last.AddDate(0, 0, -1))
	}
	return w.Quiet.End(until, w.Zone)
}

func (w *Workflow) morningOf(day time.Time) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day(), 0, int(morning/time.Minute), 0, 0, w.Zone)
}
