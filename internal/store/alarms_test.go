package store

import (
	"sync"
	"testing"
	"time"

	"postroom/internal/postroom"
)

// danger is an alarm about a submission, of which the next are told in an hour.
func danger(subject string) postroom.Alarm {
	return postroom.Alarm{Matter: postroom.AboutSubmission, Subject: subject, Programme: "p", RaisedAt: monday, NextAt: monday.Add(time.Hour)}
}

func raise(t testing.TB, s *Store, a postroom.Alarm) (kept postroom.Alarm, rings bool) {
	t.Helper()
	write(t, s, func(tx *Tx) (err error) { kept, rings, err = tx.RaiseAlarm(a); return err })
	return kept, rings
}

func TestAnAlarmIsRaisedOnceUntilItIsClosed(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		r := s.Read(t.Context())
		first, rings := raise(t, s, danger("a"))
		if !rings || first.ID == "" || !first.NextAt.Equal(monday.Add(time.Hour)) || first.Programme != "p" {
			t.Fatalf("the first is %+v, %t", first, rings)
		}
		again := danger("a")
		again.RaisedAt, again.NextAt, again.Stage, again.RaisedBy = monday.Add(time.Minute), monday.Add(9*time.Hour), 2, "sam"
		if kept, rings := raise(t, s, again); rings || kept != first {
			t.Errorf("an open one was raised again: %+v, %t", kept, rings)
		}
		write(t, s, func(tx *Tx) error { _, err := tx.OpenAlarm(first.Matter, "a", "lee", monday); return err })
		write(t, s, func(tx *Tx) error {
			closed, err := tx.CloseAlarm(first, "lee", "she is safe", monday.Add(time.Hour), monday.AddDate(6, 0, 0))
			if !closed {
				t.Error("it was not closed")
			}
			return err
		})
		if a, _ := got2(r.AlarmOf(first.Matter, "a"))(t); a.Reason != "she is safe" || a.ClosedBy != "lee" || a.OpenedBy != "lee" || !a.KeepUntil.Equal(monday.AddDate(6, 0, 0)) {
			t.Errorf("closed it is %+v", a)
		}
		kept, rings := raise(t, s, again)
		if !rings || kept.ID != first.ID || kept.RaisedBy != "sam" || kept.Stage != 2 || !kept.OpenedAt.IsZero() || !kept.ClosedAt.IsZero() || kept.Reason != "she is safe" {
			t.Errorf("raised anew it is %+v, %t", kept, rings)
		}
		if list := got(r.OpenAlarms(9))(t); len(list) != 1 || list[0] != kept {
			t.Errorf("open are %+v", list)
		}
	})
}

func got2[A, B any](a A, b B, err error) func(t testing.TB) (A, B) {
	return func(t testing.TB) (A, B) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return a, b
	}
}

func TestAnAlarmIsToldOnWhileNobodyHasLooked(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		r := s.Read(t.Context())
		if next := got(r.NextAlarm())(t); !next.IsZero() {
			t.Errorf("of no alarm somebody is told at %s", next)
		}
		a, _ := raise(t, s, danger("a"))
		opened, _ := raise(t, s, danger("b"))
		never := danger("c")
		never.NextAt = time.Time{}
		raise(t, s, never)
		write(t, s, func(tx *Tx) error {
			first, err := tx.OpenAlarm(opened.Matter, "b", "lee", monday)
			again, err2 := tx.OpenAlarm(opened.Matter, "b", "sam", monday.Add(time.Minute))
			if !first || again || err2 != nil {
				t.Errorf("opened: %t, and once more: %t, %v", first, again, err2)
			}
			return err
		})
		if next := got(r.NextAlarm())(t); !next.Equal(a.NextAt) {
			t.Errorf("the next is told at %s", next)
		}
		if due := got(r.DueAlarms(a.NextAt.Add(-time.Microsecond), 9))(t); len(due) != 0 {
			t.Errorf("too early due are %+v", due)
		}
		if due := got(r.DueAlarms(a.NextAt, 9))(t); len(due) != 1 || due[0] != a {
			t.Errorf("due are %+v", due)
		}
		var wins sync.Map
		var both sync.WaitGroup
		for n := range 2 {
			both.Go(func() {
				write(t, s, func(tx *Tx) error {
					won, err := tx.EscalateAlarm(a, 1, a.NextAt.Add(time.Hour))
					wins.Store(n, won)
					return err
				})
			})
		}
		both.Wait()
		one, _ := wins.Load(0)
		two, _ := wins.Load(1)
		if one == two {
			t.Errorf("of two that told of it at once won: %v, %v", one, two)
		}
		for what, stale := range map[string]postroom.Alarm{"one that was told on": a, "one that was opened": opened} {
			write(t, s, func(tx *Tx) error {
				won, err := tx.EscalateAlarm(stale, 2, time.Time{})
				if won {
					t.Errorf("%s was told on", what)
				}
				return err
			})
		}
		if a, _ := got2(r.AlarmOf(a.Matter, "a"))(t); a.Stage != 1 || !a.NextAt.Equal(monday.Add(2*time.Hour)) {
			t.Errorf("told on it is %+v", a)
		}
	})
}

func TestWhatAnAlarmIsAboutIsKeptApart(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		r := s.Read(t.Context())
		ann, bob := filed(t, s, "ann"), filed(t, s, "bob")
		var letter string
		write(t, s, func(tx *Tx) (err error) {
			letter, _, err = tx.AddLetter(postroom.Letter{Hash: "x", ReceivedAt: monday}, nil, []byte("x"))
			if err != nil {
				return err
			}
			_, err = tx.SettleLetter(postroom.Letter{ID: letter, Class: postroom.LetterReply, State: postroom.LetterDone, Submission: ann.ID}, monday)
			return err
		})
		kept := func(matter postroom.Matter, subject string, at time.Time) bool {
			return got(r.KeptApart(matter, subject, at))(t)
		}
		if kept(postroom.AboutSubmission, ann.ID, monday) || kept(postroom.AboutLetter, letter, monday) {
			t.Error("kept apart without an alarm")
		}
		a, _ := raise(t, s, danger(ann.ID))
		far := monday.AddDate(20, 0, 0)
		if !kept(postroom.AboutSubmission, ann.ID, far) || !kept(postroom.AboutLetter, letter, far) || kept(postroom.AboutSubmission, bob.ID, far) {
			t.Error("while it is open not exactly the submission and its letters are kept")
		}
		until := monday.AddDate(6, 0, 0)
		write(t, s, func(tx *Tx) error { _, err := tx.CloseAlarm(a, "lee", "", monday, until); return err })
		if at := until.Add(-time.Second); !kept(postroom.AboutSubmission, ann.ID, at) || !kept(postroom.AboutLetter, letter, at) {
			t.Error("not kept until its time has passed")
		}
		if kept(postroom.AboutSubmission, ann.ID, until) || kept(postroom.AboutLetter, letter, until) {
			t.Error("kept when its time has passed")
		}
		raise(t, s, postroom.Alarm{Matter: postroom.AboutLetter, Subject: letter, RaisedAt: monday})
		if !kept(postroom.AboutSubmission, ann.ID, until) || !kept(postroom.AboutLetter, letter, until) {
			t.Error("an alarm about a letter does not keep its submission")
		}
	})
}
