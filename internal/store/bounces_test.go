package store

import (
	"testing"
	"time"

	"postroom/internal/postroom"
)

const bouncing = "ann@example.org"

// bounce scores a bounce of a day that is so many days after Monday.
func bounce(t testing.TB, s *Store, days int) (score int, rose bool) {
	t.Helper()
	at := monday.AddDate(0, 0, days)
	write(t, s, func(tx *Tx) (err error) {
		score, rose, err = tx.ScoreBounce(bouncing, at.Format(time.DateOnly), at)
		return err
	})
	return score, rose
}

func wantScore(t testing.TB, s *Store, days, want int) {
	t.Helper()
	if n := got(s.Read(t.Context()).BounceScore(bouncing, monday.AddDate(0, 0, days)))(t); n != want {
		t.Errorf("after %d days the score is %d, want %d", days, n, want)
	}
}

func TestABounceScoresOnceADayAndFades(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		wantScore(t, s, 0, 0)
		for _, c := range []struct {
			day, score int
			rose       bool
		}{
			{0, 1, true}, {0, 0, false}, {1, 2, true}, {2, 3, true}, {1, 0, false}, // a report that a slow clock dates
			{31, 4, true}, // 29 quiet days
			{61, 4, true}, // one point is gone, and one has come
			{400, 1, true},
		} {
			if score, rose := bounce(t, s, c.day); score != c.score || rose != c.rose {
				t.Errorf("day %d: %d, %t; want %d, %t", c.day, score, rose, c.score, c.rose)
			}
		}
		for _, quiet := range []struct{ days, want int }{{400, 1}, {429, 1}, {430, 0}, {1000, 0}, {300, 1}} {
			wantScore(t, s, quiet.days, quiet.want)
		}
	})
}

func TestManyBouncesAtOnceScoreOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		rose := make([]bool, 8)
		for day := range 2 { // the first has no row to wait for
			noErrors(t, together(len(rose), func(i int) error {
				return s.Write(t.Context(), func(tx *Tx) (err error) {
					at := monday.AddDate(0, 0, day)
					_, rose[i], err = tx.ScoreBounce(bouncing, at.Format(time.DateOnly), at)
					return err
				})
			}))
			n := 0
			for _, r := range rose {
				if r {
					n++
				}
			}
			if n != 1 {
				t.Errorf("day %d: the score rose %d times", day, n)
			}
			wantScore(t, s, day, day+1)
		}
	})
}

// resting makes an address rest, with a probe that is in a state.
func resting(t testing.TB, s *Store, address string, state postroom.MessageState, settled time.Time) {
	t.Helper()
	write(t, s, func(tx *Tx) error {
		if _, _, err := tx.ScoreBounce(address, monday.Format(time.DateOnly), monday); err != nil {
			return err
		}
		probe := newID()
		if _, err := tx.Rest(address, probe, monday); err != nil {
			return err
		}
		if _, err := tx.AddMessage(postroom.Message{ID: probe, Key: probe, MessageID: probe, To: address, Locale: "en", Class: postroom.Service, Lane: postroom.Followup, CreatedAt: monday}); err != nil {
			return err
		}
		_, err := tx.exec(`UPDATE messages SET state = $2, settled_at = $3 WHERE id = $1`, probe, state, micros(settled))
		return err
	})
}

func wantRest(t testing.TB, s *Store, address string, rests bool) {
	t.Helper()
	reason := got(s.Read(t.Context()).Suppression(address, postroom.Marketing))(t)
	if (reason == RestReason) != rests {
		t.Errorf("news to %s is stopped by %q; rests should be %t", address, reason, rests)
	}
	if reason := got(s.Read(t.Context()).Suppression(address, postroom.Service))(t); reason != "" {
		t.Errorf("service to %s is stopped by %q", address, reason)
	}
}

func endRests(t testing.TB, s *Store, before time.Time) (n int) {
	t.Helper()
	write(t, s, func(tx *Tx) (err error) {
		n, err = tx.EndRests(before, monday.AddDate(0, 0, 9))
		return err
	})
	return n
}

func TestARestEndsWhereItsProbeDidNotComeBack(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ends := map[postroom.MessageState]bool{
			postroom.Sent: true, postroom.Uncertain: true, postroom.Suppressed: true,
			postroom.Failed: false, postroom.Queued: false, postroom.Deferred: false, postroom.Held: false,
		}
		for state := range ends {
			resting(t, s, string(state)+"@example.org", state, monday)
		}
		if n := endRests(t, s, monday.Add(-time.Second)); n != 0 {
			t.Errorf("%d rests ended before their time", n)
		}
		for _, want := range []int{3, 0} {
			if n := endRests(t, s, monday); n != want {
				t.Errorf("%d rests ended, want %d", n, want)
			}
		}
		for state, ended := range ends {
			wantRest(t, s, string(state)+"@example.org", !ended)
			if n := got(s.Read(t.Context()).BounceScore(string(state)+"@example.org", monday))(t); (n == 0) != ended {
				t.Errorf("%s: the score is %d", state, n)
			}
		}
	})
}

func TestNewsRestsOnceAndARevivedAddressStartsAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		filed(t, s, "ann")
		resting(t, s, bouncing, postroom.Failed, monday)
		write(t, s, func(tx *Tx) error {
			again, err := tx.Rest(bouncing, "another", monday)
			if again {
				t.Error("news that rests was made to rest")
			}
			if err != nil {
				return err
			}
			return tx.MarkAddress(bouncing, true)
		})
		if among := got(s.Read(t.Context()).DeadAmong([]string{bouncing, "well@example.org"}))(t); !among[bouncing] || len(among) != 1 {
			t.Errorf("mail did not arrive at %v", among)
		}
		write(t, s, func(tx *Tx) error { return tx.Revive(bouncing, monday) })
		wantRest(t, s, bouncing, false)
		wantScore(t, s, 0, 0)
		if dead := got(s.Read(t.Context()).AddressDead(bouncing))(t); dead {
			t.Error("the address is dead")
		}
		if score, _ := bounce(t, s, 0); score != 1 {
			t.Errorf("the score begins at %d", score)
		}
	})
}

func TestARestHidesNothingThatItsOwnerSaid(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		resting(t, s, bouncing, postroom.Sent, monday)
		write(t, s, func(tx *Tx) error { return tx.Suppress(bouncing, true, "complaint", monday.Add(time.Hour)) })
		for range 2 {
			if reason := got(s.Read(t.Context()).Suppression(bouncing, postroom.Marketing))(t); reason != "complaint" {
				t.Errorf("news is stopped by %q", reason)
			}
			endRests(t, s, monday)
		}
	})
}

func TestNewsGoesToAnAddressWhoseOwnerConfirmed(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		sub := subscribe(t, s, filed(t, s, "ann"), monday)
		news := func() bool {
			_, found, err := s.Read(t.Context()).NewsTo(bouncing)
			return got(found, err)(t)
		}
		if news() {
			t.Error("nobody has confirmed")
		}
		_ = got(confirm(t, s, sub.ID))(t)
		if !news() {
			t.Error("somebody has confirmed")
		}
		unsubscribe(t, s, sub.ID)
		if news() {
			t.Error("nobody is on the list any more")
		}
	})
}
