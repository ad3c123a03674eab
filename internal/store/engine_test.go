package store

import (
	"strconv"
	"testing"
	"time"

	"postroom/internal/postroom"
)

// dead makes a job that was given up for a reason.
func dead(t *testing.T, s *Store, subject, reason string, at time.Time) string {
	t.Helper()
	write(t, s, func(tx *Tx) error {
		_, err := tx.AddJob(postroom.JobDeliver, subject, postroom.Confirm, at, at)
		return err
	})
	job := got(s.Read(t.Context()).JobOf(postroom.JobDeliver, subject))(t)
	write(t, s, func(tx *Tx) error { return tx.DropJob(job.ID, reason, at) })
	return job.ID
}

func TestLanesSayHowMuchWorkTheyHave(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		hour := monday.Add(time.Hour)
		write(t, s, func(tx *Tx) error {
			for i, due := range []time.Time{monday, hour.Add(-time.Minute), hour.Add(time.Minute)} {
				if _, err := tx.AddJob(postroom.JobTell, strconv.Itoa(i), postroom.Followup, due, monday); err != nil {
					return err
				}
			}
			_, err := tx.HandOver(postroom.Urgent, "me", 1, hour, hour)
			return err
		})
		dead(t, s, "one", "551 not here", monday)
		dead(t, s, "two", Dropped+"on the desk", monday)
		lanes := got(s.Read(t.Context()).LaneLoads(hour, hour.Add(-5*time.Minute)))(t)
		if len(lanes) != len(postroom.Lanes()) || lanes[0].Lane != postroom.Urgent {
			t.Fatalf("the lanes are %+v", lanes)
		}
		if got, want := lanes[2], (LaneLoad{Lane: postroom.Followup, Due: 2, Late: 1, Ahead: 1, Oldest: monday}); got != want {
			t.Errorf("follow-ups: %+v, want %+v", got, want)
		}
		if got, want := lanes[1], (LaneLoad{Lane: postroom.Confirm, Dead: 1}); got != want {
			t.Errorf("confirmations: %+v, want %+v", got, want)
		}
		if late := got(s.Read(t.Context()).LateJobs(postroom.Followup, hour.Add(-5*time.Minute), 10))(t); len(late) != 1 || late[0].Subject != "0" {
			t.Errorf("late are %+v", late)
		}
	})
}

func TestWhatAPersonGaveUpIsListedApart(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		m := mail("m1")
		write(t, s, func(tx *Tx) error { return tx.OweMessage(m, monday) })
		job := got(s.Read(t.Context()).JobOf(postroom.JobDeliver, "m1"))(t)
		write(t, s, func(tx *Tx) error { return tx.DropJob(job.ID, "551 not here", monday) })
		dead(t, s, "two", Dropped+"on the desk", monday.Add(time.Hour))
		r := s.Read(t.Context())
		if list := got(r.DeadJobs(false, 10))(t); len(list) != 1 || list[0].ID != job.ID || list[0].Template != m.Template || !list[0].SettledAt.Equal(monday) {
			t.Errorf("given up without a person: %+v", list)
		}
		if list := got(r.DeadJobs(true, 10))(t); len(list) != 1 || list[0].Subject != "two" || list[0].Template != "" {
			t.Errorf("given up by a person: %+v", list)
		}
	})
}

// mail is a message that waits.
func mail(id string) postroom.Message {
	return postroom.Message{ID: id, Key: id, MessageID: id + "@example.org", To: id + "@example.org", Template: "welcome", Sender: "support@example.org",
		Locale: "en", Class: postroom.Service, Lane: postroom.Confirm, State: postroom.Queued, CreatedAt: monday}
}

func TestMailIsCountedAndListedByWhatBecameOfIt(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		old := "00000000-0000-7000-8000-000000000000" // made in 1970
		id := map[string]string{}
		write(t, s, func(tx *Tx) error {
			for _, name := range []string{"failed", "held", "deferred", "watched", old} {
				id[name] = NewMessageID()
				if name == old {
					id[name] = old
				}
				if err := tx.OweMessage(mail(id[name]), monday); err != nil {
					return err
				}
			}
			return nil
		})
		write(t, s, func(tx *Tx) error {
			for i, w := range []struct {
				name, reason string
				to           postroom.MessageState
			}{
				{"failed", "551 not here", postroom.Failed}, {old, "551 gone", postroom.Failed}, {"held", "reason.deliver_only_to", postroom.Held},
				{"deferred", "reason.server_away", postroom.Deferred}, {"watched", "reason.watch", postroom.Suppressed},
			} {
				if err := tx.Withhold(id[w.name], w.to, w.reason, monday.Add(-time.Duration(i)*time.Hour)); err != nil {
					return err
				}
			}
			return nil
		})
		r := s.Read(t.Context())
		counts := got(r.MailsLately(7))(t)
		if counts[postroom.Failed] != 1 || counts[postroom.Held] != 1 || counts[postroom.Deferred] != 1 || counts[postroom.Suppressed] != 1 || counts[postroom.Sent] != 0 {
			t.Errorf("of the last days there are %v", counts)
		}
		piles := got(r.Piles())(t)
		if len(piles) != 2 || piles[0] != (Pile{postroom.Deferred, "reason.server_away", 1, monday}) || piles[1].Reason != "reason.deliver_only_to" {
			t.Errorf("the piles are %+v", piles)
		}
		wrong := got(r.MailsGoneWrong(10))(t)
		if len(wrong) != 2 || wrong[0].ID != id["failed"] || wrong[0].Address != id["failed"]+"@example.org" || wrong[0].Reason != "551 not here" || wrong[0].Held {
			t.Errorf("gone wrong are %+v", wrong)
		}
		if wrong := got(r.MailsGoneWrong(1))(t); len(wrong) != 1 {
			t.Errorf("one was wanted, and %d came", len(wrong))
		}
		if list := got(r.WatchedMails("support@example.org", 10))(t); len(list) != 1 || list[0].ID != id["watched"] {
			t.Errorf("would have been sent: %+v", list)
		}
		if list := got(r.WatchedMails("other@example.org", 10))(t); len(list) != 0 {
			t.Errorf("another mailbox would have sent %+v", list)
		}
		if list := got(r.WatchedCounts())(t); len(list) != 1 || list[0] != (WatchedCount{"support@example.org", "welcome", 1}) {
			t.Errorf("the counts are %+v", list)
		}
	})
}

func TestTheNextTryIsOfWhatWaitsForTheReason(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		due := monday.Add(time.Minute)
		write(t, s, func(tx *Tx) error { return tx.OweMessage(mail("m1"), monday) })
		write(t, s, func(tx *Tx) error { _, err := tx.HandOver(postroom.Confirm, "me", 1, monday, due); return err })
		job := got(s.Read(t.Context()).JobOf(postroom.JobDeliver, "m1"))(t)
		write(t, s, func(tx *Tx) error { var err error; job, err = tx.Claim(job.ID, job.Turn, "me", due); return err })
		write(t, s, func(tx *Tx) error {
			return tx.Settle(job, Outcome{Verdict: Wait, At: due, Reason: "reason.server_away"}, monday)
		})
		r := s.Read(t.Context())
		if at := got(r.NextTry("reason.server_away", due))(t); !at.Equal(due) {
			t.Errorf("the next try is at %s, want %s", at, due)
		}
		if at := got(r.NextTry("reason.other", due))(t); !at.IsZero() {
			t.Errorf("nothing waits, and the next try is at %s", at)
		}
	})
}

func TestALookIsNotedOnceInAWhile(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		look := func(who string, at time.Time) {
			write(t, s, func(tx *Tx) error { return tx.NoteLook(who, "view", "engine:mail", at, at.Add(-10*time.Minute)) })
		}
		look("ann", monday)
		look("ann", monday.Add(9*time.Minute))
		look("bob", monday.Add(9*time.Minute))
		look("ann", monday.Add(time.Hour))
		var n int
		if err := s.read.QueryRowContext(t.Context(), `SELECT count(*) FROM audit WHERE subject = 'engine:mail'`).Scan(&n); err != nil || n != 3 {
			t.Errorf("%d looks are noted (%v), want 3", n, err)
		}
	})
}

func TestSizesAreKnownWithoutCountingEverything(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		if n := got(s.Size(t.Context()))(t); n < 4096 {
			t.Errorf("the database has %d bytes", n)
		}
		write(t, s, func(tx *Tx) error { return tx.OweMessage(mail("m0"), monday) })
		if a := got(s.Amounts(t.Context()))(t); a.Submissions != 0 || a.Messages != 1 {
			t.Errorf("on file are %+v", a)
		}
		fill(t, s, CountedTo+1)
		a := got(s.Amounts(t.Context()))(t)
		if a.Messages <= CountedTo || a.Submissions <= CountedTo {
			t.Errorf("after many more, on file are %+v", a)
		}
		write(t, s, func(tx *Tx) error { _, err := tx.Lease("scheduler", "me", monday, monday.Add(time.Minute)); return err })
		if d := got(s.Read(t.Context()).Duties())(t); len(d) != 1 || d[0].HeldBy != "me" || !d[0].Until.Equal(monday.Add(time.Minute)) {
			t.Errorf("the duties are %+v", d)
		}
	})
}
