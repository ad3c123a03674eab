package workflow_test

import (
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/workflow"
)

// away tells the run that its person is away until a day.
func (r *room) away(w *workflow.Workflow, back, at time.Time) {
	r.t.Helper()
	r.write(func(tx *store.Tx) error { return w.Away(tx, r.sub.ID, back, at) })
}

func (r *room) wantDue(name string, want time.Time) {
	r.t.Helper()
	list, err := r.store.Read(r.t.Context()).StepsOf(r.run.ID)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, s := range list {
		if s.Name == name && !s.DueAt.Equal(want) {
			r.t.Errorf("step %s is due at %s, want %s", name, s.DueAt.UTC(), want.UTC())
		}
	}
}

// after is a day so many days after Monday, as a letter names it.
func after(days int) time.Time { return time.Date(2026, 11, 23+days, 0, 0, 0, 0, time.UTC) }

func nine(day time.Time) time.Time { return day.Add(9 * time.Hour) }

func TestFollowUpsWaitForSomebodyWhoIsAwayAndAreThenDoneOnce(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		w := r.with(later)
		r.away(w, after(4), monday)
		r.want(map[string]string{"hello": "done ", "first": "planned away", "second": "planned away"})
		until := nine(after(5))
		r.wantDue("first", until)
		r.wantDue("second", until)
		if n, err := w.Perform(t.Context(), until.Add(-time.Second), 10); n != 0 || err != nil {
			t.Errorf("while they are away %d steps were done, %v", n, err)
		}
		if n, err := w.Perform(t.Context(), until, 10); n != 2 || err != nil {
			t.Errorf("once they are back %d steps were done, %v", n, err)
		}
		r.want(map[string]string{"first": "done ", "second": "done "})
		r.away(w, after(30), until)
		r.want(map[string]string{"first": "done ", "second": "done "})
	})
}

func TestAnAbsencePutsOffOnceAndNeverBringsForward(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		w := r.with(later)
		r.away(w, time.Time{}, monday)
		r.away(w, after(-30), monday)
		r.away(w, after(0), monday) // back tomorrow at nine: the first is due half an hour later
		r.wantDue("first", monday.AddDate(0, 0, 1))
		r.wantDue("second", monday.AddDate(0, 0, 2))
		r.away(w, after(1), monday)
		r.wantDue("first", nine(after(2)))
		r.wantDue("second", monday.AddDate(0, 0, 2)) // half an hour after
		r.away(w, after(20), monday)
		r.wantDue("first", nine(after(2)))
		r.wantDue("second", nine(after(21)))
	})
}

func TestAWrongDatePutsOffForSixtyDaysAtMost(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		w := r.with(later)
		for _, back := range []int{399, 60} {
			r.away(w, after(back), monday)
			r.wantDue("first", nine(after(59)))
		}
	})
}

func TestOnlyFollowUpsWait(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		w := r.with(`
  - {step: first, after: received, by: 1d, not_later_than: 3w, send: first}
  - {step: second, after: received, by: 2d, unless: answered, notify: coordinators}
  - {step: third, after: received, by: 2d, send: third, add_to: members}
  - {step: fourth, after: received, by: 2d, send: fourth}
  - {step: fifth, after: received, by: 2d, send: fifth}
`)
		r.write(func(tx *store.Tx) error { return w.Fire(tx, r.run, postroom.OnReceived, monday) })
		fifth := r.id("fifth")
		r.write(func(tx *store.Tx) error { _, err := workflow.Want(tx, fifth, monday); return err })
		r.away(w, after(10), monday)
		r.want(map[string]string{"first": "planned ", "second": "planned ", "third": "planned ", "fourth": "planned away", "fifth": "planned wanted"})
	})
}

func TestTheMorningIsTheOrganisationsAndKeepsOutOfTheQuietHours(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		kyiv, err := time.LoadLocation("Europe/Kyiv")
		if err != nil {
			t.Fatal(err)
		}
		w := r.with(later)
		w.Zone = kyiv
		r.away(w, after(4), monday)
		r.wantDue("first", time.Date(2026, 11, 28, 9, 0, 0, 0, kyiv))
		w.Quiet = postroom.Quiet{From: 20 * time.Hour, To: 10 * time.Hour}
		second := r.id("second")
		r.write(func(tx *store.Tx) error { _, err := tx.MoveStep(second, monday.AddDate(0, 0, 2)); return err })
		r.away(w, after(4), monday)
		r.wantDue("second", time.Date(2026, 11, 28, 10, 0, 0, 0, kyiv))
	})
}

func TestWhatComesBeforeADateDoesNotWait(t *testing.T) {
	t.Parallel()
	for steps, want := range map[string]bool{
		`{step: x, before: event, by: 2d, send: first}`:                               false,
		`{step: x, on: received, send: first}`:                                        false,
		`{step: x, after: event, by: 1d, send: first}`:                                true,
		`{step: x, on: booked, after: event, by: 1d, unless: cancelled, send: a}`:     true,
		`{step: x, after: first_attended, by: 1h, or_after: {meeting: 48h}, send: a}`: true,
	} {
		r := &room{t: t}
		p, _ := r.with("  - " + steps + "\n").Programmes.Programme("club")
		if step := p.Workflow[len(p.Workflow)-1]; step.CanWait() != want {
			t.Errorf("%s waits: %t", steps, !want)
		}
	}
}
