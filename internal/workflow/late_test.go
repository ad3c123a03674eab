package workflow_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/workflow"
)

const lateSteps = `
  - {step: first, after: received, by: 1d, not_later_than: 1h, send: first}
  - {step: second, after: received, by: 2d, not_later_than: 1d, otherwise: ask, send: second}
`

// asking returns a workflow with a coordinator.
func (r *room) asking(steps string) *workflow.Workflow {
	w := r.with(steps)
	w.Coordinators = func(string) []workflow.Coordinator {
		return []workflow.Coordinator{{Name: "cora", Address: "cora@example.org", Locale: "en"}}
	}
	return w
}

// owed lists the templates that were owed, in the order of their names.
func (r *room) owed() []string {
	r.t.Helper()
	mails, err := r.store.Read(r.t.Context()).MessagesAbout(r.sub.ID)
	if err != nil {
		r.t.Fatal(err)
	}
	var names []string
	for _, m := range mails {
		names = append(names, strings.TrimSuffix(m.Template+" "+m.Data["step"], " "))
	}
	slices.Sort(names)
	return names
}

func (r *room) wantOwed(names ...string) {
	r.t.Helper()
	if got := r.owed(); !slices.Equal(got, names) {
		r.t.Errorf("owed are %q, want %q", got, names)
	}
}

func (r *room) id(name string) string {
	r.t.Helper()
	list, err := r.store.Read(r.t.Context()).StepsOf(r.run.ID)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, s := range list {
		if s.Name == name {
			return s.ID
		}
	}
	r.t.Fatalf("no step %s", name)
	return ""
}

func TestWhatIsTooLateIsLeftOutOrAsked(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		w := r.asking(lateSteps)
		now := monday.AddDate(0, 0, 4)
		for range 2 { // asked once
			if _, err := w.Perform(t.Context(), now, 10); err != nil {
				t.Fatal(err)
			}
		}
		r.want(map[string]string{"first": "skipped late", "second": "skipped asked"})
		r.wantOwed("hello", "step-late second")
	})
}

func TestBeingPutOffDoesNotHideThatAStepIsLate(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		r.outbox.broken = "first"
		w, due := r.with(lateSteps), monday.AddDate(0, 0, 1)
		for minutes := 0; minutes <= 60; minutes += 10 {
			if n, err := w.Perform(t.Context(), due.Add(time.Duration(minutes)*time.Minute), 10); n != 1 || err == nil {
				t.Fatalf("after %d minutes: %d dealt with, %v", minutes, n, err)
			}
		}
		r.outbox.broken = ""
		if n, err := w.Perform(t.Context(), due.Add(70*time.Minute), 10); n != 1 || err != nil {
			t.Errorf("%d dealt with, %v", n, err)
		}
		r.want(map[string]string{"first": "skipped late"})
	})
}

func TestAPersonMayHaveALateStepDoneAllTheSame(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		w, now := r.asking(lateSteps), time.Date(2026, 11, 28, 2, 0, 0, 0, time.UTC)
		w.Quiet = postroom.Quiet{From: 21 * time.Hour, To: 8 * time.Hour} // at night too
		if _, err := w.Perform(t.Context(), now, 10); err != nil {
			t.Fatal(err)
		}
		id := r.id("second")
		want := func() error {
			return r.store.Write(t.Context(), func(tx *store.Tx) error {
				_, err := workflow.Want(tx, id, now)
				return err
			})
		}
		if err := want(); err != nil {
			t.Fatal(err)
		}
		r.outbox.broken = "second" // it still is wanted once it can be done
		if _, err := w.Perform(t.Context(), now, 10); err == nil {
			t.Error("what cannot be done was done")
		}
		r.outbox.broken = ""
		now = now.AddDate(0, 0, 3)
		if _, err := w.Perform(t.Context(), now, 10); err != nil {
			t.Fatal(err)
		}
		r.want(map[string]string{"first": "skipped late", "second": "done "})
		r.wantOwed("hello", "second", "step-late second")
		if err := want(); postroom.KindOf(err) != postroom.Conflict {
			t.Errorf("wanted again: %v", err)
		}
	})
}

func TestAStepWhoseTurnComesByNightWaitsForTheMorning(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		w := r.with(later)
		w.Quiet = postroom.Quiet{From: 21 * time.Hour, To: 8 * time.Hour}
		night := time.Date(2026, 11, 24, 23, 0, 0, 0, time.UTC)
		if n, err := w.Perform(t.Context(), night, 10); n != 1 || err != nil {
			t.Errorf("%d dealt with, %v", n, err)
		}
		r.want(map[string]string{"first": "planned "})
		if n, err := w.Perform(t.Context(), night.Add(9*time.Hour-time.Second), 10); n != 0 || err != nil {
			t.Errorf("before eight: %d dealt with, %v", n, err)
		}
		if n, err := w.Perform(t.Context(), night.Add(9*time.Hour), 10); n != 1 || err != nil {
			t.Errorf("at eight: %d dealt with, %v", n, err)
		}
		r.want(map[string]string{"first": "done "})
	})
}

func TestAStepThatWasStoppedStaysSo(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		w := r.with(later)
		id := r.id("first")
		r.write(func(tx *store.Tx) error {
			_, err := tx.SettleStep(id, postroom.StepSkipped, "stopped", monday)
			return err
		})
		r.write(func(tx *store.Tx) error { return w.Fire(tx, r.run, postroom.OnReceived, monday.Add(time.Hour)) })
		if _, err := w.Perform(t.Context(), monday.AddDate(0, 0, 3), 10); err != nil {
			t.Fatal(err)
		}
		r.want(map[string]string{"first": "skipped stopped", "second": "done "})
	})
}
