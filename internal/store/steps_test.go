package store

import (
	"slices"
	"testing"
	"time"

	"postroom/internal/postroom"
)

func runFor(t testing.TB, s *Store, sub postroom.Submission) (run postroom.Run) {
	t.Helper()
	write(t, s, func(tx *Tx) (err error) {
		run, err = tx.AddRun(postroom.Run{Programme: sub.Programme, Form: sub.Form, Submission: sub.ID, Contact: sub.Contact, CreatedAt: monday})
		return err
	})
	return run
}

func promise(t testing.TB, s *Store, step postroom.Step) (kept postroom.Step, first bool) {
	t.Helper()
	write(t, s, func(tx *Tx) (err error) {
		kept, first, err = tx.PromiseStep(step)
		return err
	})
	return kept, first
}

func TestASubmissionBeginsOneRun(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		sub := filed(t, s, "ann")
		run := runFor(t, s, sub)
		if again := runFor(t, s, sub); again.ID != run.ID {
			t.Errorf("two runs, %s and %s", run.ID, again.ID)
		}
		if back := got(s.Read(t.Context()).Run(run.ID))(t); back != run {
			t.Errorf("came back as %+v, want %+v", back, run)
		}
		of, found, err := s.Read(t.Context()).RunOf(sub.ID)
		if err != nil || !found || of != run {
			t.Errorf("the submission began %+v, %v, %v", of, found, err)
		}
		if _, found, err = s.Read(t.Context()).RunOf("nobody"); found || err != nil {
			t.Error(found, err)
		}
		_, err = s.Read(t.Context()).Run("nobody")
		wantKind(t, err, postroom.NotFound)
	})
}

func TestAStepIsPromisedOncePerOccurrence(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		run := runFor(t, s, filed(t, s, "ann"))
		step := postroom.Step{Run: run.ID, Name: "agenda", Occurrence: "2026-05-08", DueAt: monday}
		ids, firsts := make([]string, 12), make([]bool, 12)
		noErrors(t, together(len(ids), func(i int) error {
			return s.Write(t.Context(), func(tx *Tx) error {
				kept, first, err := tx.PromiseStep(step)
				ids[i], firsts[i] = kept.ID, first
				return err
			})
		}))
		firsts = slices.DeleteFunc(firsts, func(first bool) bool { return !first })
		slices.Sort(ids)
		if len(firsts) != 1 || len(slices.Compact(ids)) != 1 {
			t.Errorf("promised %d times, with ids %v", len(firsts), ids)
		}
		step.Occurrence, step.DueAt = "2026-05-15", monday.Add(time.Hour)
		if _, first := promise(t, s, step); !first {
			t.Error("the next occurrence was not promised")
		}
		if steps := got(s.Read(t.Context()).StepsOf(run.ID))(t); len(steps) != 2 || steps[1].Occurrence != "2026-05-15" {
			t.Errorf("steps %+v", steps)
		}
	})
}

func TestAStepThatWasSettledIsNotPromisedAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		step := postroom.Step{Run: runFor(t, s, filed(t, s, "ann")).ID, Name: "welcome", DueAt: monday}
		step, _ = promise(t, s, step)
		write(t, s, func(tx *Tx) error {
			_, err := tx.SettleStep(step.ID, postroom.StepSkipped, "answered", monday)
			return err
		})
		step.DueAt = monday.Add(time.Hour)
		kept, first := promise(t, s, step)
		if first || kept.ID != step.ID || kept.State != postroom.StepSkipped || kept.Reason != "answered" || !kept.DueAt.Equal(monday) {
			t.Errorf("promised again as %+v, first %v", kept, first)
		}
	})
}

func TestTwoSchedulersSettleAStepOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		step, _ := promise(t, s, postroom.Step{Run: runFor(t, s, filed(t, s, "ann")).ID, Name: "welcome", DueAt: monday})
		did := make([]bool, 2)
		noErrors(t, together(len(did), func(i int) error {
			return s.Write(t.Context(), func(tx *Tx) (err error) {
				if did[i], err = tx.SettleStep(step.ID, postroom.StepDone, "", monday); err != nil || !did[i] {
					return err
				}
				return note(i)(tx)
			})
		}))
		if n := count(t, s, `SELECT count(*) FROM audit`); n != 1 || did[0] == did[1] {
			t.Errorf("the step was done %d times: %v", n, did)
		}
	})
}

func TestDueStepsAreThoseThatFellDueOldestFirst(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		if next := got(s.Read(t.Context()).NextStep())(t); !next.IsZero() {
			t.Errorf("with nothing promised, the next step is due at %v", next)
		}
		run := runFor(t, s, filed(t, s, "ann"))
		for name, after := range map[string]int{"c": 2, "a": 0, "b": 1, "d": 3} {
			promise(t, s, postroom.Step{Run: run.ID, Name: name, DueAt: monday.Add(time.Duration(after) * time.Hour)})
		}
		names := func(now time.Time, limit int) (names []string) {
			for _, step := range got(s.Read(t.Context()).DueSteps(now, limit))(t) {
				names = append(names, step.Name)
			}
			return names
		}
		if due := names(monday.Add(2*time.Hour), 9); !slices.Equal(due, []string{"a", "b", "c"}) {
			t.Errorf("due are %v", due)
		}
		if due := names(monday.Add(2*time.Hour), 2); !slices.Equal(due, []string{"a", "b"}) {
			t.Errorf("at most two due are %v", due)
		}
		if next := got(s.Read(t.Context()).NextStep())(t); !next.Equal(monday) {
			t.Errorf("the next step is due at %v", next)
		}
	})
}

func TestAStepThatIsDoneAtOnceIsKeptOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		run := runFor(t, s, filed(t, s, "ann"))
		for i := range 2 {
			write(t, s, func(tx *Tx) error {
				step, first, err := tx.KeepStep(postroom.Step{Run: run.ID, Name: "hello", DueAt: monday})
				if err == nil && (first != (i == 0) || step.State != postroom.StepDone) {
					t.Errorf("time %d: first %v, %+v", i, first, step)
				}
				return err
			})
		}
		if due := got(s.Read(t.Context()).DueSteps(monday, 9))(t); len(due) != 0 {
			t.Errorf("it is still due: %+v", due)
		}
		if n := count(t, s, `SELECT count(*) FROM steps WHERE state = 'done' AND settled_at = $1`, micros(monday)); n != 1 {
			t.Errorf("%d steps are on file as done", n)
		}
	})
}
