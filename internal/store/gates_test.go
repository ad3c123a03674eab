package store

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"postroom/internal/postroom"
)

func TestUnsubscribingFromNewsNeverSilencesService(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		write(t, s, func(tx *Tx) error { return tx.Suppress("news@example.org", true, "complaint", monday) })
		write(t, s, func(tx *Tx) error { return tx.Suppress("all@example.org", false, "dead", monday) })
		write(t, s, func(tx *Tx) error { return tx.Suppress("all@example.org", true, "complaint", monday.Add(time.Hour)) })
		for _, c := range []struct {
			address string
			class   postroom.Class
			want    string
		}{
			{"news@example.org", postroom.Marketing, "complaint"},
			{"news@example.org", postroom.Service, ""},
			{"all@example.org", postroom.Marketing, "dead"},
			{"all@example.org", postroom.Service, "dead"},
			{"other@example.org", postroom.Marketing, ""},
		} {
			if reason := got(s.Read(t.Context()).Suppression(c.address, c.class))(t); reason != c.want {
				t.Errorf("%s mail to %s is stopped by %q, want %q", c.class, c.address, reason, c.want)
			}
		}
	})
}

func TestThatSomebodyMayBeInDangerComesBeforeAnyOtherHold(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ann := filed(t, s, "ann")
		for i, reason := range []string{"guardian", "safeguarding"} {
			write(t, s, func(tx *Tx) error { return tx.Hold(ann.ID, reason, monday.Add(time.Duration(i)*time.Hour)) })
		}
		r := s.Read(t.Context())
		if reason := got(r.Held(ann.ID))(t); reason != "safeguarding" {
			t.Errorf("ann is held for %q", reason)
		}
		if list := got(r.StandingsAt([]string{ann.ID}))(t); len(list) != 1 || list[0].Held != "safeguarding" {
			t.Errorf("she stands as %+v", list)
		}
	})
}

func TestAHoldStopsOneSubmissionUntilItIsReleased(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ann, bob := filed(t, s, "ann"), filed(t, s, "bob")
		for _, reason := range []string{"safeguarding", "suspect"} {
			write(t, s, func(tx *Tx) error { return tx.Hold(ann.ID, reason, monday) })
		}
		r := s.Read(t.Context())
		if reason := got(r.Held(ann.ID))(t); reason != "safeguarding" {
			t.Errorf("ann is held for %q", reason)
		}
		if reason := got(r.Held(bob.ID))(t); reason != "" {
			t.Errorf("bob is held for %q", reason)
		}
		if sub := got(r.Submission(ann.ID))(t); sub.State != postroom.SubmissionHeld {
			t.Errorf("the held submission is %s", sub.State)
		}
		for _, want := range []bool{true, false} {
			write(t, s, func(tx *Tx) error {
				was, err := tx.Release(ann.ID, "coordinator", monday)
				if was != want {
					t.Errorf("released %v, want %v", was, want)
				}
				return err
			})
		}
		if sub := got(r.Submission(ann.ID))(t); got(r.Held(ann.ID))(t) != "" || sub.State != postroom.SubmissionReceived {
			t.Errorf("after the release it is %s", sub.State)
		}
		if n := count(t, s, `SELECT count(*) FROM holds WHERE released_by = 'coordinator'`); n != 2 {
			t.Errorf("%d holds remember who released them", n)
		}
	})
}

func TestACallIsOwedOncePerMessageAndMadeOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		sub := filed(t, s, "ann")
		m := addMessage(t, s, letterTo(sub))
		noErrors(t, together(8, func(int) error {
			return s.Write(t.Context(), func(tx *Tx) error { return tx.OweCall(m, "no_address", monday) })
		}))
		calls := got(s.Read(t.Context()).Calls(10))(t)
		want := postroom.Call{Message: m.ID, Contact: sub.Contact, Submission: sub.ID, Reason: "no_address", At: monday}
		if len(calls) == 1 {
			want.ID = calls[0].ID
		}
		if len(calls) != 1 || calls[0] != want {
			t.Fatalf("calls %+v, want %+v", calls, want)
		}
		done := func(tx *Tx) error { return tx.CallDone(calls[0].ID, monday) }
		write(t, s, done)
		wantKind(t, s.Write(t.Context(), done), postroom.NotFound)
		if calls := got(s.Read(t.Context()).Calls(10))(t); len(calls) != 0 {
			t.Errorf("still to call: %+v", calls)
		}
	})
}

func TestAuditOnlyGrows(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		for range 2 {
			write(t, s, func(tx *Tx) error { return tx.Audit("ann", "release", "s1", monday) })
		}
		if n := count(t, s, `SELECT count(*) FROM audit WHERE actor = 'ann' AND action = 'release' AND subject = 's1' AND at = $1`, micros(monday)); n != 2 {
			t.Errorf("%d entries", n)
		}
	})
}

func TestOneHolderHasADutyAtATime(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		lease := func(holder string, after time.Duration) (has bool) {
			now := monday.Add(after)
			write(t, s, func(tx *Tx) (err error) {
				has, err = tx.Lease("scheduler", holder, now, now.Add(time.Minute))
				return err
			})
			return has
		}
		for _, c := range []struct {
			holder string
			after  time.Duration
			want   bool
		}{
			{"one", 0, true},
			{"two", 30 * time.Second, false},
			{"one", 45 * time.Second, true}, // renewed
			{"two", 90 * time.Second, false},
			{"two", 106 * time.Second, true}, // ran out
			{"one", 107 * time.Second, false},
			{"one", time.Hour, true},         // its clock runs ahead
			{"two", 108 * time.Second, true}, // the hour is not waited for
			{"one", 109 * time.Second, false},
		} {
			if has := lease(c.holder, c.after); has != c.want {
				t.Errorf("after %v %s has the duty: %v, want %v", c.after, c.holder, has, c.want)
			}
		}
		write(t, s, func(tx *Tx) error { return tx.EndLease("scheduler", "one") }) // not theirs
		if lease("one", 110*time.Second) {
			t.Error("somebody gave back a duty that was not theirs")
		}
		write(t, s, func(tx *Tx) error { return tx.EndLease("scheduler", "two") })
		if !lease("one", 111*time.Second) {
			t.Error("a duty that was given back is still held")
		}
	})
}

func TestManyWhoWantADutyAtOnceMakeOneHolder(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		has := make([]bool, 16)
		noErrors(t, together(len(has), func(i int) error {
			return s.Write(t.Context(), func(tx *Tx) (err error) {
				has[i], err = tx.Lease("scheduler", fmt.Sprint(i), monday, monday.Add(time.Minute))
				return err
			})
		}))
		n := 0
		for _, h := range has {
			if h {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d holders", n)
		}
	})
}

func TestALetterIsFiledOncePerContent(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		raw, ids, added := []byte("From: ann\r\n\r\nHello\x00\xff"), make([]string, 12), make([]bool, 12)
		noErrors(t, together(len(ids), func(i int) error {
			return s.Write(t.Context(), func(tx *Tx) (err error) {
				ids[i], added[i], err = tx.AddLetter(postroom.Letter{Hash: "hash", MessageID: "id@example.org", ReceivedAt: monday}, nil, raw)
				return err
			})
		}))
		n := 0
		for i, a := range added {
			if a {
				n++
			}
			if ids[i] != ids[0] {
				t.Errorf("one letter has the ids %s and %s", ids[0], ids[i])
			}
		}
		if back := got(s.Read(t.Context()).LetterRaw(ids[0]))(t); n != 1 || !bytes.Equal(back, raw) {
			t.Errorf("filed %d times; came back as %q", n, back)
		}
		_, err := s.Read(t.Context()).LetterRaw("nobody")
		wantKind(t, err, postroom.NotFound)
	})
}
