package store

import (
	"testing"
	"time"

	"postroom/internal/postroom"
)

func TestAStepRemembersWhatItWasPromisedFor(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		sub := filed(t, s, "ann")
		step, _ := promise(t, s, postroom.Step{Run: runFor(t, s, sub).ID, Name: "welcome", DueAt: monday})
		later := monday.Add(time.Hour)
		want := func(due, promised time.Time) {
			t.Helper()
			back := got(s.Read(t.Context()).Step(step.ID))(t)
			if !back.DueAt.Equal(due) || !back.PromisedFor.Equal(promised) {
				t.Errorf("due %v, promised for %v; want %v and %v", back.DueAt, back.PromisedFor, due, promised)
			}
		}
		want(monday, monday)
		write(t, s, func(tx *Tx) error {
			_, err := tx.PostponeStep(step.ID, "no such letter", later)
			return err
		})
		want(later, monday)
		write(t, s, func(tx *Tx) error {
			_, err := tx.MoveStep(step.ID, later.Add(time.Hour))
			return err
		})
		want(later.Add(time.Hour), later.Add(time.Hour))
		write(t, s, func(tx *Tx) error { return tx.ReplanStep(step.ID, "moved", later) })
		want(later, later)
		write(t, s, func(tx *Tx) error { // as the version before this one did
			_, err := tx.exec(`UPDATE steps SET promised_for = 0 WHERE id = $1`, step.ID)
			return err
		})
		want(later, later)
		_, err := s.Read(t.Context()).Step("none")
		wantKind(t, err, postroom.NotFound)
	})
}

func TestAPersonMayWantAStepUntilItIsDone(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		step, _ := promise(t, s, postroom.Step{Run: runFor(t, s, filed(t, s, "ann")).ID, Name: "thanks", DueAt: monday})
		now := monday.Add(time.Hour)
		settle := func(to postroom.StepState) {
			write(t, s, func(tx *Tx) error {
				_, err := tx.SettleStep(step.ID, to, "", now)
				return err
			})
		}
		for _, from := range []postroom.StepState{postroom.StepSkipped, postroom.StepCancelled} {
			settle(from)
			write(t, s, func(tx *Tx) error {
				_, err := tx.WantStep(step.ID, "wanted", now)
				return err
			})
			if due := got(s.Read(t.Context()).DueSteps(now, 9))(t); len(due) != 1 || due[0].Reason != "wanted" || !due[0].PromisedFor.Equal(now) {
				t.Errorf("after it was %s, due are %+v", from, due)
			}
		}
		settle(postroom.StepDone)
		for id, kind := range map[string]postroom.Kind{step.ID: postroom.Conflict, "none": postroom.NotFound} {
			wantKind(t, s.Write(t.Context(), func(tx *Tx) error {
				_, err := tx.WantStep(id, "wanted", now)
				return err
			}), kind)
		}
	})
}

func TestPromisesAreListedWithWhatPeopleKnowThemBy(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		sub := filed(t, s, "ann")
		run := runFor(t, s, sub)
		for name, hours := range map[string]int{"second": 2, "first": 1, "third": 3} {
			promise(t, s, postroom.Step{Run: run.ID, Name: name, DueAt: monday.Add(time.Duration(hours) * time.Hour)})
		}
		all := got(s.Read(t.Context()).PromisesOf(run.ID))(t)
		write(t, s, func(tx *Tx) error {
			_, err := tx.SettleStep(all[0].ID, postroom.StepDone, "", monday)
			return err
		})
		planned := got(s.Read(t.Context()).Promises(1))(t)
		if len(all) != 3 || all[2].Name != "third" || len(planned) != 1 || planned[0].Name != "second" ||
			planned[0].Reference != sub.Reference || planned[0].Programme != sub.Programme {
			t.Errorf("all %+v\nplanned %+v", all, planned)
		}
	})
}

func TestASessionCountsItsMoves(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ten := 10
		session := postroom.Session{Name: "main", StartsAt: monday, EndsAt: monday.Add(time.Hour), Venue: "Hall"}
		put := func(change func(*postroom.Session), moves int) {
			t.Helper()
			change(&session)
			write(t, s, func(tx *Tx) (err error) {
				if session.Event, err = tx.PutEvent("p", "fair", monday); err != nil {
					return err
				}
				session.ID, err = tx.PutSession(session)
				return err
			})
			write(t, s, func(tx *Tx) error { // bookings do not move it
				locked, err := tx.LockSession(session.ID)
				if locked.Moves != moves {
					t.Errorf("%d moves, want %d", locked.Moves, moves)
				}
				return err
			})
		}
		put(func(*postroom.Session) {}, 0)
		put(func(*postroom.Session) {}, 0)
		put(func(s *postroom.Session) { s.Capacity = &ten }, 0)
		put(func(s *postroom.Session) { s.Venue = "Library" }, 1)
		put(func(s *postroom.Session) { s.StartsAt, s.EndsAt = s.StartsAt.Add(time.Hour), s.EndsAt.Add(time.Hour) }, 2)
		put(func(s *postroom.Session) { s.EndsAt = s.EndsAt.Add(time.Hour) }, 3)
		put(func(*postroom.Session) {}, 3)
		if back := got(s.Read(t.Context()).Session(session.ID))(t); back.Moves != 3 {
			t.Errorf("came back as %+v", back)
		}
	})
}
