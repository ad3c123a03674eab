package store

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"postroom/internal/postroom"
	"postroom/internal/testserver"
)

// untilSomebodyWaits returns when another transaction waits for a lock. On
// SQLite there is nothing to wait for: the one writer puts all in order.
func untilSomebodyWaits(t testing.TB, s *Store) error {
	t.Helper()
	for s.Engine() == "postgres" {
		waiting := 0
		err := s.Read(t.Context()).row(`SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`).Scan(&waiting)
		if err != nil || waiting > 0 {
			return err
		}
	}
	return nil
}

func onPostgres(t *testing.T) *Store {
	t.Helper()
	return open(t, testserver.PostgresWith(t, Prepare)+"&options=-c%20deadlock_timeout%3D20ms")
}

func TestPostgresRunsTheLoserOfADeadlockAgain(t *testing.T) {
	t.Parallel()
	s := onPostgres(t)
	var session string
	write(t, s, func(tx *Tx) error {
		event, err := tx.PutEvent("p", "party", monday)
		if err != nil {
			return err
		}
		session, err = tx.PutSession(postroom.Session{Event: event, Name: "friday", StartsAt: monday, EndsAt: monday})
		return err
	})
	lock := func(tx *Tx) error { _, err := tx.LockSession(session); return err }
	touch := func(tx *Tx) error { return tx.TouchAddress("ann@example.org", monday) }
	write(t, s, touch)
	var both sync.WaitGroup // done when each side has its first lock
	both.Add(2)
	var runs atomic.Int32
	noErrors(t, together(2, func(i int) error {
		first, second := lock, touch
		if i == 1 {
			first, second = touch, lock
		}
		return s.Write(t.Context(), func(tx *Tx) error {
			run := runs.Add(1)
			if err := first(tx); err != nil {
				return err
			}
			if run <= 2 {
				both.Done()
				both.Wait()
			}
			return second(tx)
		})
	}))
	if runs.Load() < 3 {
		t.Errorf("two transactions ran %d times: they never stood in each other's way", runs.Load())
	}
}

// TestHandOverKeepsItsLimitUnderEveryPlan forces the plans under which
// PostgreSQL repeats a subquery for every row.
func TestHandOverKeepsItsLimitUnderEveryPlan(t *testing.T) {
	t.Parallel()
	s := onPostgres(t)
	for i := range 50 {
		addJob(t, s, fmt.Sprint(i))
	}
	off := []string{"hashagg", "hashjoin", "mergejoin", "material", "sort", "indexscan", "bitmapscan", "memoize"}
	for n := range len(off) + 1 {
		write(t, s, func(tx *Tx) error {
			for _, plan := range off[:n] {
				if _, err := tx.exec(`SET LOCAL enable_` + plan + ` = off`); err != nil {
					return err
				}
			}
			jobs, err := tx.HandOver(postroom.Confirm, "relay", 5, monday, monday)
			if len(jobs) != 5 {
				t.Errorf("without %v: %d jobs, want 5", off[:n], len(jobs))
			}
			return err
		})
	}
}

func TestARelayPassesTheRowsOfAnotherInsteadOfWaiting(t *testing.T) {
	t.Parallel()
	s := onPostgres(t)
	for i := range 4 {
		addJob(t, s, fmt.Sprint(i))
	}
	write(t, s, func(tx *Tx) error {
		mine, err := tx.HandOver(postroom.Confirm, "mine", 2, monday, monday)
		if err != nil {
			return err
		}
		theirs := handOver(t, s, "theirs", 9, monday) // would wait for ever for this transaction
		if len(mine) != 2 || len(theirs) != 2 {
			t.Errorf("mine %d, theirs %d, want 2 and 2", len(mine), len(theirs))
		}
		return nil
	})
}

// TestTakingAPlaceAndTouchingAnAddressInAnyOrderLosesNobody mixes the two
// locks that different rooms take in different orders.
func TestTakingAPlaceAndTouchingAnAddressInAnyOrderLosesNobody(t *testing.T) {
	t.Parallel()
	s := onPostgres(t)
	session, subs := sessionWith(t, s, 99), make([]postroom.Submission, 16)
	for i := range subs {
		subs[i] = filed(t, s, fmt.Sprint("person", i))
	}
	noErrors(t, together(len(subs), func(i int) error {
		touch := func(tx *Tx) error { return tx.TouchAddress("info@example.org", monday) }
		take := func(tx *Tx) error { _, err := book(tx, session, subs[i], 1); return err }
		if i%2 == 1 {
			touch, take = take, touch
		}
		return s.Write(t.Context(), func(tx *Tx) error {
			if err := touch(tx); err != nil {
				return err
			}
			return take(tx)
		})
	}))
	if taken, _, err := s.Read(t.Context()).Places(session); err != nil || taken != len(subs) {
		t.Error(taken, err)
	}
}
