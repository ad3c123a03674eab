package event_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"postroom/internal/event"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// movings notes who was told of a move, and whose promises moved. Its
// transactions may run twice, so it keeps its notes in the database.
type movings struct{ told }

func (movings) Moved(tx *store.Tx, run postroom.Run, was postroom.Session, at time.Time) error {
	_, _, err := tx.PromiseStep(postroom.Step{Run: run.ID, Name: "moved", Occurrence: fmt.Sprint(was.Moves), DueAt: at})
	return err
}

func (movings) Replan(tx *store.Tx, run postroom.Run, at time.Time) error {
	_, _, err := tx.PromiseStep(postroom.Step{Run: run.ID, Name: "replanned", Occurrence: at.String(), DueAt: at})
	return err
}

const dinner = `
programme: p
languages: [en]
name: P
privacy: We keep this.
events:
  - event: supper
    name: Supper
    sessions:
      - {session: only, name: Only, starts: %s, ends: %s, venue: %s, capacity: 2}
forms:
  - {form: f, kind: enquiry, title: Ask, reach: [email], fields: [{field: email, type: email}]}
workflow:
  - {step: moved, on: moved, send: moved}
`

// stands is a clock that does.
type stands time.Time

func (c stands) Now() time.Time                  { return time.Time(c) }
func (c stands) Until(time.Time) <-chan struct{} { return nil }

// steps are the names of a run's steps in the order they were noted.
func steps(t *testing.T, s *store.Store, run string) []string {
	t.Helper()
	list, err := s.Read(t.Context()).StepsOf(run)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, step := range list {
		names = append(names, step.Name)
	}
	slices.Sort(names)
	return names
}

func TestEachMoveIsToldOnceToWhoeverHasAPlaceOrWaits(t *testing.T) {
	engines(t, func(t *testing.T, s *store.Store) {
		at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
		sync := func(starts, ends, venue string) *event.Events {
			t.Helper()
			set, err := programme.Load(fstest.MapFS{"p.yaml": {Data: fmt.Appendf(nil, dinner, starts, ends, venue)}}, programme.Options{})
			if err != nil {
				t.Fatal(err)
			}
			at = at.Add(time.Hour)
			e := event.New(event.Options{Store: s, Programmes: set, Runs: movings{}, Clock: stands(at)})
			if err := e.Sync(t.Context()); err != nil {
				t.Fatal(err)
			}
			return e
		}
		events := sync("2027-03-13 18:00", "2027-03-13 21:00", "Hall")
		crowd := people(t, s, 4, at) // two have places, one waits, one has cancelled
		write(t, s, func(tx *store.Tx) error {
			list, err := tx.Sessions("p", "supper")
			if err != nil {
				return err
			}
			for i, who := range []int{3, 0, 1, 2} {
				b, err := events.Book(tx, list[0].ID, crowd[who].contact, crowd[who].submission, 1, at.Add(time.Duration(i)*time.Second))
				if err != nil {
					return err
				}
				if who == 3 {
					if err := events.Cancel(tx, b, at); err != nil {
						return err
					}
				}
			}
			return nil
		})
		var placed, waiting []string
		want := func(why string, toPlaced, toWaiting []string) {
			t.Helper()
			placed, waiting = append(placed, toPlaced...), append(waiting, toWaiting...)
			slices.Sort(placed)
			for i, want := range [][]string{placed, placed, waiting, {"cancelled"}} {
				if got := steps(t, s, crowd[i].run); !slices.Equal(got, want) {
					t.Errorf("%s: person %d was told %q, want %q", why, i, got, want)
				}
			}
		}
		sync("2027-03-13 18:00", "2027-03-13 21:00", "Hall")
		want("nothing has changed", nil, nil)
		both, one := []string{"moved", "replanned"}, []string{"moved"}
		sync("2027-03-20 18:00", "2027-03-20 21:00", "Hall")
		want("another day", both, one)
		sync("2027-03-20 18:00", "2027-03-20 21:00", "Hall")
		want("a restart", nil, nil)
		sync("2027-03-13 18:00", "2027-03-13 21:00", "Hall")
		want("back again", both, one)
		sync("2027-03-20 18:00", "2027-03-20 21:00", "Hall")
		want("and once more", both, one)
		sync("2027-03-20 18:00", "2027-03-20 22:00", "Hall")
		want("a later end", one, one)
		sync("2027-03-20 18:00", "2027-03-20 22:00", "Library")
		want("another place", one, one)
		sync("2026-03-20 18:00", "2026-03-20 22:00", "Library")
		want("a day that is past tells nobody", []string{"replanned"}, nil)
	})
}
