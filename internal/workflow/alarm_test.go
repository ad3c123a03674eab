package workflow_test

import (
	"slices"
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/workflow"
)

// guarded returns a workflow that calls a lead, a deputy and an admin, each an
// hour after the one before.
func (r *room) guarded() *workflow.Workflow {
	w := r.with("")
	w.Safeguarding = func(string) (g workflow.Guards) {
		for i, name := range []string{"lead", "deputy", "admin"} {
			g[i] = []workflow.Coordinator{{Name: name, Address: name + "@example.org"}}
		}
		return g
	}
	return w
}

// alerted lists who has been called.
func (r *room) alerted() (to []string) {
	r.t.Helper()
	mails, err := r.store.Read(r.t.Context()).MessagesAbout(r.sub.ID)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, m := range mails {
		if m.Template == "safeguarding-alert" {
			to = append(to, m.To)
		}
	}
	slices.Sort(to)
	return to
}

func (r *room) escalate(w *workflow.Workflow, now time.Time, want int) {
	r.t.Helper()
	if n, err := w.EscalateAlarms(r.t.Context(), now); n != want || err != nil {
		r.t.Errorf("it told of %d alarms, %v; want %d", n, err, want)
	}
}

func TestAnAlarmThatCannotBeToldOfIsToldOnceItCan(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		w := r.guarded()
		r.write(func(tx *store.Tx) error { return w.WorryBy(tx, r.run, "sam", monday) })
		a, _, err := r.store.Read(t.Context()).AlarmOf(postroom.AboutSubmission, r.sub.ID)
		if err != nil || a.RaisedBy != "sam" || a.Programme != "club" || !a.NextAt.Equal(monday.Add(time.Hour)) {
			t.Fatalf("the alarm is %+v, %v", a, err)
		}
		r.outbox.broken = "safeguarding-alert"
		due := monday.Add(time.Hour)
		if n, err := w.EscalateAlarms(t.Context(), due); n != 1 || err == nil {
			t.Errorf("%d put off, %v", n, err)
		}
		if got := r.alerted(); !slices.Equal(got, []string{"lead@example.org"}) {
			t.Errorf("called are %q", got)
		}
		r.outbox.broken = ""
		r.escalate(w, due.Add(9*time.Minute), 0)
		due = due.Add(10 * time.Minute)
		r.escalate(w, due, 1)
		r.escalate(w, due, 0)
		if got := r.alerted(); !slices.Equal(got, []string{"deputy@example.org", "lead@example.org"}) {
			t.Errorf("called are %q", got)
		}
		r.escalate(w, due.Add(time.Hour), 1)
		r.escalate(w, due.Add(100*time.Hour), 0)
		if got := r.alerted(); !slices.Equal(got, []string{"admin@example.org", "deputy@example.org", "lead@example.org"}) {
			t.Errorf("called are %q", got)
		}
	})
}

func TestRaisingClosingAndOpeningTwiceIsDoneOnce(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		w := r.guarded()
		w.KeepMonths = 18
		about := postroom.AboutSubmission
		raise := func(at time.Time) {
			r.write(func(tx *store.Tx) error {
				return w.Raise(tx, postroom.Alarm{Matter: about, Subject: r.sub.ID, RaisedBy: "sam", RaisedAt: at})
			})
		}
		end := func(by, why string, at time.Time) {
			r.write(func(tx *store.Tx) error { return w.CloseAlarm(tx, about, r.sub.ID, by, why, at) })
		}
		end("nobody", "there is none", monday)
		raise(monday)
		raise(monday.Add(time.Minute))
		end("lee", "a book title", monday.Add(time.Hour))
		end("kim", "too late", monday.Add(2*time.Hour))
		raise(monday.Add(3 * time.Hour))
		for _, by := range []string{"lee", "kim"} {
			r.write(func(tx *store.Tx) error { return w.Opened(tx, about, r.sub.ID, by, monday.Add(3*time.Hour)) })
		}
		end("kim", "we have rung", monday.Add(24*time.Hour))
		a, _, err := r.store.Read(t.Context()).AlarmOf(about, r.sub.ID)
		if err != nil || a.OpenedBy != "lee" || a.ClosedBy != "kim" || a.Programme != "club" || !a.KeepUntil.Equal(monday.Add(24*time.Hour).AddDate(0, 18, 0)) ||
			a.Reason != "2026-11-23 lee: a book title\n2026-11-24 kim: we have rung" {
			t.Errorf("the alarm is %+v, %v", a, err)
		}
		if got := r.alerted(); !slices.Equal(got, []string{"lead@example.org", "lead@example.org"}) {
			t.Errorf("called are %q", got)
		}
	})
}

func TestANewLetterToAnAlarmThatWasOpenedRingsAgainOnceForEachLetter(t *testing.T) {
	engines(t, func(t *testing.T, r *room) {
		w := r.guarded()
		about := postroom.AboutSubmission
		letter := func(id string, at time.Time) {
			r.write(func(tx *store.Tx) error { return w.Worry(tx, r.run, id, true, at) })
		}
		opened := func(by string, at time.Time) {
			r.write(func(tx *store.Tx) error { return w.Opened(tx, about, r.sub.ID, by, at) })
		}
		called := func(when string, lead, deputy, admin int) {
			t.Helper()
			n := map[string]int{}
			for _, to := range r.alerted() {
				n[to]++
			}
			if n["lead@example.org"] != lead || n["deputy@example.org"] != deputy || n["admin@example.org"] != admin {
				t.Errorf("%s: called are %v, want %d, %d and %d times", when, n, lead, deputy, admin)
			}
		}
		letter("one", monday)
		r.escalate(w, monday.Add(time.Hour), 1)
		r.escalate(w, monday.Add(2*time.Hour), 1)
		called("nobody looked", 1, 1, 1)
		opened("admin", monday.Add(150*time.Minute))
		letter("one", monday.Add(151*time.Minute))
		called("the same letter once more", 1, 1, 1)
		second := monday.Add(3 * time.Hour)
		for range 2 {
			letter("two", second)
		}
		called("a second letter", 2, 2, 2) // all who were called hear of it, the lead first
		a, _, err := r.store.Read(t.Context()).AlarmOf(about, r.sub.ID)
		if err != nil || a.Stage != 0 || a.Risen != 2 || !a.OpenedAt.IsZero() || a.OpenedBy != "" || !a.NextAt.Equal(second.Add(time.Hour)) {
			t.Errorf("the alarm is %+v, %v", a, err)
		}
		for name, want := range map[string]bool{"lead": true, "deputy": true, "admin": true, "other": false} {
			who := postroom.Colleague{Name: name, Address: name + "@example.org"}
			if may := w.Safeguarding("club").Lets(who, a.Risen); may != want {
				t.Errorf("%s may look is %t", name, may)
			}
		}
		r.escalate(w, second.Add(time.Hour), 1)
		called("nobody looked at the second", 2, 3, 2)
		opened("lead", second.Add(61*time.Minute))
		letter("two", second.Add(62*time.Minute))
		r.escalate(w, second.Add(100*time.Hour), 0)
		called("the second letter once more", 2, 3, 2)
	})
}
