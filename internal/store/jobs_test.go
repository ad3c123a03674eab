package store

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"postroom/internal/postroom"
)

// addJob files a job of the confirm lane that is due on Monday.
func addJob(t testing.TB, s *Store, subject string) (id string) {
	t.Helper()
	write(t, s, func(tx *Tx) error {
		if _, err := tx.AddJob(postroom.JobDeliver, subject, postroom.Confirm, monday, monday); err != nil {
			return err
		}
		job, err := tx.JobOf(postroom.JobDeliver, subject)
		id = job.ID
		return err
	})
	return id
}

func handOver(t testing.TB, s *Store, by string, limit int, now time.Time) (jobs []postroom.Job) {
	t.Helper()
	write(t, s, func(tx *Tx) (err error) {
		jobs, err = tx.HandOver(postroom.Confirm, by, limit, now, now.Add(time.Minute))
		return err
	})
	return jobs
}

func claim(t testing.TB, s *Store, job postroom.Job, now time.Time) (claimed postroom.Job) {
	t.Helper()
	write(t, s, func(tx *Tx) (err error) {
		claimed, err = tx.Claim(job.ID, job.Turn, "worker", now.Add(3*time.Minute))
		return err
	})
	return claimed
}

// running files a job, hands it over and claims it.
func running(t testing.TB, s *Store, subject string) postroom.Job {
	t.Helper()
	addJob(t, s, subject)
	return claim(t, s, handOver(t, s, "relay", 1, monday)[0], monday)
}

func stored(t testing.TB, s *Store, id string) postroom.Job {
	t.Helper()
	return got(s.Read(t.Context()).Job(id))(t)
}

func TestAJobGoesFromDueToDone(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		id := addJob(t, s, "m1")
		jobs := handOver(t, s, "relay", 10, monday)
		if len(jobs) != 1 || jobs[0].ID != id || jobs[0].Turn != 1 || jobs[0].Subject != "m1" {
			t.Fatalf("handed over %+v", jobs)
		}
		job := claim(t, s, jobs[0], monday)
		if job.Kind != postroom.JobDeliver || job.Lane != postroom.Confirm || job.Subject != "m1" {
			t.Errorf("claimed %+v", job)
		}
		write(t, s, func(tx *Tx) error { return tx.Settle(job, Outcome{}, monday.Add(time.Second)) })
		if j := stored(t, s, id); j.State != postroom.JobDone || j.Tries != 0 || !j.SettledAt.Equal(monday.Add(time.Second)) {
			t.Errorf("settled as %+v", j)
		}
	})
}

func TestTheSameWorkIsOnFileOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		errs := together(20, func(int) error {
			return s.Write(t.Context(), func(tx *Tx) error {
				_, err := tx.AddJob(postroom.JobDeliver, "m1", postroom.Confirm, monday, monday)
				return err
			})
		})
		noErrors(t, errs)
		if n := count(t, s, `SELECT count(*) FROM jobs`); n != 1 {
			t.Errorf("%d jobs for one piece of work", n)
		}
	})
}

func TestHandOverTakesTheMostOverdueOfItsLaneWithinTheLimit(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		write(t, s, func(tx *Tx) error {
			for i, after := range []time.Duration{3, 1, 2, 9} {
				if _, err := tx.AddJob(postroom.JobDeliver, fmt.Sprint(int(after)), postroom.Confirm, monday.Add(after*time.Minute), monday); err != nil {
					return err
				}
				if _, err := tx.AddJob(postroom.JobSignUp, fmt.Sprint(i), postroom.Bulk, monday, monday); err != nil {
					return err
				}
			}
			return nil
		})
		now := monday.Add(5 * time.Minute)
		for _, want := range [][]string{{"1", "2"}, {"3"}, nil} {
			var subjects []string
			for _, job := range handOver(t, s, "relay", 2, now) {
				subjects = append(subjects, job.Subject)
			}
			if !slices.Equal(subjects, want) {
				t.Errorf("handed over %q, want %q", subjects, want)
			}
		}
	})
}

func TestManyRelaysHandOverEachJobOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		const jobs, limit = 300, 7
		write(t, s, func(tx *Tx) error {
			for i := range jobs {
				if _, err := tx.AddJob(postroom.JobDeliver, fmt.Sprint(i), postroom.Confirm, monday, monday); err != nil {
					return err
				}
			}
			return nil
		})
		var mu sync.Mutex
		seen := make(map[string]int)
		noErrors(t, together(8, func(i int) error {
			for {
				var batch []postroom.Job
				err := s.Write(t.Context(), func(tx *Tx) (err error) {
					batch, err = tx.HandOver(postroom.Confirm, fmt.Sprint(i), limit, monday, monday.Add(time.Hour))
					return err
				})
				if err != nil || len(batch) == 0 {
					return err
				}
				if len(batch) > limit {
					return fmt.Errorf("%d jobs in one hand-over", len(batch))
				}
				mu.Lock()
				for _, job := range batch {
					seen[job.ID] += job.Turn
				}
				mu.Unlock()
			}
		}))
		if len(seen) != jobs {
			t.Errorf("%d of %d jobs were handed over", len(seen), jobs)
		}
		for id, turns := range seen {
			if turns != 1 {
				t.Errorf("job %s was handed over up to turn %d", id, turns)
			}
		}
	})
}

func TestEveryHandOverRaisesTheTurnAndOlderTurnsChangeNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		first := running(t, s, "m1")
		later := monday.Add(10 * time.Minute)
		write(t, s, func(tx *Tx) error { _, err := tx.Sweep(later); return err })
		second := handOver(t, s, "relay", 1, later)[0]
		if second.Turn != 2 {
			t.Errorf("the second hand-over has turn %d", second.Turn)
		}
		before := stored(t, s, first.ID)
		for what, try := range map[string]func(tx *Tx) error{
			"claim":  func(tx *Tx) error { _, err := tx.Claim(first.ID, 1, "late", later); return err },
			"renew":  func(tx *Tx) error { return tx.Renew(first.ID, 1, later) },
			"raise":  func(tx *Tx) error { _, err := tx.RaiseTurn(first.ID, 1, later); return err },
			"settle": func(tx *Tx) error { return tx.Settle(first, Outcome{Verdict: Dead}, later) },
			"settle with more": func(tx *Tx) error {
				return tx.Settle(first, Outcome{Also: func(*Tx) error { t.Error("a stale settlement went on"); return nil }}, later)
			},
		} {
			wantKind(t, s.Write(t.Context(), try), postroom.Gone)
			if after := stored(t, s, first.ID); after != before {
				t.Errorf("%s at an old turn changed %+v to %+v", what, before, after)
			}
		}
	})
}

func TestOnlyOneWorkerClaimsATurn(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		addJob(t, s, "m1")
		job := handOver(t, s, "relay", 1, monday)[0]
		won := 0
		for _, err := range together(10, func(i int) error {
			return s.Write(t.Context(), func(tx *Tx) error {
				_, err := tx.Claim(job.ID, job.Turn, fmt.Sprint(i), monday.Add(time.Hour))
				return err
			})
		}) {
			if err == nil {
				won++
				continue
			}
			wantKind(t, err, postroom.Gone)
		}
		if won != 1 {
			t.Errorf("%d workers claimed one turn", won)
		}
	})
}

func TestWorkDoneAfterTheLeaseRanOutStillCountsUntilSomebodyElseHasIt(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		job := running(t, s, "m1")
		later := monday.Add(10 * time.Minute)
		write(t, s, func(tx *Tx) error {
			lanes, err := tx.Sweep(later)
			if lanes[postroom.Confirm] != 1 {
				t.Errorf("sweep says %v", lanes)
			}
			return err
		})
		write(t, s, func(tx *Tx) error { return tx.Settle(job, Outcome{}, later) })
		if j := stored(t, s, job.ID); j.State != postroom.JobDone {
			t.Errorf("the job is %s", j.State)
		}
		if jobs := handOver(t, s, "relay", 1, later); len(jobs) != 0 {
			t.Errorf("work that was done is handed over again: %+v", jobs)
		}
	})
}

func TestOneTurnSettlesOnce(t *testing.T) {
	for name, verdict := range map[string]Verdict{"done": Done, "again": Again, "wait": Wait, "dead": Dead} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, s *Store) {
				job := running(t, s, "m1")
				settle := func(tx *Tx) error {
					return tx.Settle(job, Outcome{Verdict: verdict, At: monday.Add(time.Hour)}, monday)
				}
				write(t, s, settle)
				before := stored(t, s, job.ID)
				job.HeldBy = "somebody else"
				if verdict == Done || verdict == Dead {
					wantKind(t, s.Write(t.Context(), settle), postroom.Gone)
				}
				job.HeldBy = "worker"
				wantKind(t, s.Write(t.Context(), func(tx *Tx) error {
					return tx.Settle(job, Outcome{Verdict: (verdict + 1) % (Dead + 1), At: monday.Add(2 * time.Hour)}, monday)
				}), postroom.Gone)
				if after := stored(t, s, job.ID); after != before {
					t.Errorf("settling twice changed %+v to %+v", before, after)
				}
			})
		})
	}
}

func TestASettlementWhoseAnswerWasLostIsNoLoss(t *testing.T) {
	for name, verdict := range map[string]Verdict{"done": Done, "again": Again, "wait": Wait, "dead": Dead} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, s *Store) {
				job := running(t, s, "m1")
				settle := func(tx *Tx) error {
					return tx.Settle(job, Outcome{Verdict: verdict, At: monday.Add(time.Hour), Reason: "why", Also: note(1)}, monday)
				}
				write(t, s, settle)
				before := stored(t, s, job.ID)
				write(t, s, settle)
				if after := stored(t, s, job.ID); after != before {
					t.Errorf("settling again changed %+v to %+v", before, after)
				}
				if n := count(t, s, `SELECT count(*) FROM audit`); n != 1 {
					t.Errorf("what belongs to the job was settled %d times", n)
				}
			})
		})
	}
}

func TestAClaimWhoseAnswerWasLostIsMadeAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		addJob(t, s, "m1")
		job := handOver(t, s, "relay", 1, monday)[0]
		first, again := claim(t, s, job, monday), claim(t, s, job, monday.Add(time.Second))
		if again.Subject != first.Subject || !stored(t, s, job.ID).LeasedUntil.Equal(again.LeasedUntil) {
			t.Errorf("claimed %+v and then %+v", first, again)
		}
		wantKind(t, s.Write(t.Context(), func(tx *Tx) error {
			_, err := tx.Claim(job.ID, job.Turn, "another claim", monday)
			return err
		}), postroom.Gone)
		write(t, s, func(tx *Tx) error { return tx.Settle(again, Outcome{}, monday) })
		wantKind(t, s.Write(t.Context(), func(tx *Tx) error {
			_, err := tx.Claim(job.ID, job.Turn, "worker", monday)
			return err
		}), postroom.Gone)
	})
}

func TestAReopenedJobCannotBeSettledByWhoeverHadItBefore(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		job := running(t, s, "m1")
		write(t, s, func(tx *Tx) error { return tx.Settle(job, Outcome{Verdict: Dead, Reason: "no route"}, monday) })
		write(t, s, func(tx *Tx) error { return tx.ReopenJob(job.ID, monday) })
		wantKind(t, s.Write(t.Context(), func(tx *Tx) error { return tx.Settle(job, Outcome{}, monday) }), postroom.Gone)
		j := stored(t, s, job.ID)
		if j.State != postroom.JobDue || j.Tries != 0 || j.Reason != "" || !j.SettledAt.IsZero() {
			t.Errorf("reopened as %+v", j)
		}
		if jobs := handOver(t, s, "relay", 1, monday); len(jobs) != 1 || jobs[0].Turn != 2 {
			t.Errorf("handed over %+v, want turn 2", jobs)
		}
	})
}

func TestOnlyFailuresOfTheWorkItselfCountAsTries(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		addJob(t, s, "m1")
		now := monday
		for _, c := range []struct {
			verdict Verdict
			tries   int
		}{{Wait, 0}, {Again, 1}, {Wait, 1}, {Again, 2}, {Dead, 3}} {
			job := claim(t, s, handOver(t, s, "relay", 1, now)[0], now)
			due := now.Add(time.Hour)
			write(t, s, func(tx *Tx) error {
				return tx.Settle(job, Outcome{Verdict: c.verdict, At: due, Reason: "why"}, now)
			})
			j := stored(t, s, job.ID)
			if j.Tries != c.tries || j.Reason != "why" || (c.verdict != Dead && !j.DueAt.Equal(due)) {
				t.Errorf("after verdict %d: %+v, want %d tries", c.verdict, j, c.tries)
			}
			if jobs := handOver(t, s, "relay", 1, due.Add(-time.Second)); len(jobs) != 0 {
				t.Errorf("handed over before it is due: %+v", jobs)
			}
			now = due
		}
	})
}

func TestAJobAndWhatBelongsToItSettleTogetherOrNotAtAll(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		job := running(t, s, "m1")
		refused := errors.New("refused")
		err := s.Write(t.Context(), func(tx *Tx) error {
			return tx.Settle(job, Outcome{Also: func(tx *Tx) error { return errors.Join(note(1)(tx), refused) }}, monday)
		})
		if !errors.Is(err, refused) || stored(t, s, job.ID).State != postroom.JobRunning {
			t.Errorf("the job was settled though the rest was not: %v", err)
		}
		write(t, s, func(tx *Tx) error { return tx.Settle(job, Outcome{Also: note(1)}, monday) })
		if n := count(t, s, `SELECT count(*) FROM audit`); n != 1 {
			t.Errorf("%d rows were settled with the job", n)
		}
	})
}

func TestSweepLeavesAloneWhatIsStillInTime(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		job := running(t, s, "m1") // leased for three minutes
		addJob(t, s, "m2")
		handOver(t, s, "relay", 1, monday) // for one minute
		sweep := func(now time.Time) (n int) {
			write(t, s, func(tx *Tx) error {
				lanes, err := tx.Sweep(now)
				n = lanes[postroom.Confirm]
				return err
			})
			return n
		}
		write(t, s, func(tx *Tx) error { return tx.Renew(job.ID, job.Turn, monday.Add(10*time.Minute)) })
		for _, c := range []struct {
			after time.Duration
			want  int
		}{{time.Minute, 0}, {time.Minute + 1000, 1}, {10 * time.Minute, 0}, {11 * time.Minute, 1}, {time.Hour, 0}} {
			if n := sweep(monday.Add(c.after)); n != c.want {
				t.Errorf("after %v the sweep took %d, want %d", c.after, n, c.want)
			}
		}
	})
}

func TestAClockThatWasPutBackHoldsNothingUp(t *testing.T) {
	ahead := monday.Add(time.Hour) // what the clock said before
	add := func(due time.Time) func(t *testing.T, s *Store) {
		return func(t *testing.T, s *Store) {
			write(t, s, func(tx *Tx) error {
				_, err := tx.AddJob(postroom.JobDeliver, "m1", postroom.Confirm, due, ahead)
				return err
			})
		}
	}
	begun := func(until time.Duration, then func(tx *Tx, job postroom.Job) error) func(t *testing.T, s *Store) {
		return func(t *testing.T, s *Store) {
			add(ahead)(t, s)
			job := handOver(t, s, "relay", 1, ahead)[0]
			write(t, s, func(tx *Tx) (err error) {
				if job, err = tx.Claim(job.ID, job.Turn, "worker", monday.Add(until)); err != nil {
					return err
				}
				return then(tx, job)
			})
		}
	}
	nothing := func(*Tx, postroom.Job) error { return nil }
	lapse := func(tx *Tx, _ postroom.Job) error { _, err := tx.Sweep(ahead.Add(time.Minute)); return err }
	wait := func(tx *Tx, job postroom.Job) error {
		return tx.Settle(job, Outcome{Verdict: Wait, At: monday.Add(30 * time.Minute)}, monday)
	}
	for name, c := range map[string]struct {
		leave func(t *testing.T, s *Store)
		found bool
	}{
		"added to be done at once":         {add(ahead), true},
		"added for later":                  {add(ahead.Add(1000)), false},
		"handed over":                      {func(t *testing.T, s *Store) { add(ahead)(t, s); handOver(t, s, "relay", 1, ahead) }, true},
		"handed over by a clock a bit off": {func(t *testing.T, s *Store) { add(monday)(t, s); handOver(t, s, "relay", 1, monday.Add(time.Second)) }, false},
		"running":                          {begun(time.Hour, nothing), true},
		"running by a clock a bit off":     {begun(4*time.Minute, nothing), false},
		"swept":                            {begun(time.Hour, lapse), true},
		"waiting since the clock is right": {begun(time.Hour, wait), false},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, s *Store) {
				c.leave(t, s)
				before := got(s.Read(t.Context()).JobOf(postroom.JobDeliver, "m1"))(t)
				write(t, s, func(tx *Tx) error {
					_, err := tx.SweepAhead(monday, monday.Add(4*time.Minute), monday.Add(6*time.Minute))
					return err
				})
				after := stored(t, s, before.ID)
				if c.found && (after.State != postroom.JobDue || !after.DueAt.Equal(monday)) {
					t.Errorf("the job became %+v, want it due now", after)
				}
				if !c.found && after != before {
					t.Errorf("the job became %+v, want it left as %+v", after, before)
				}
			})
		})
	}
}

func TestTakeBackTakesWhatNobodyClaimed(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		held := running(t, s, "m1")
		for _, by := range []string{"one", "two"} {
			addJob(t, s, by)
			handOver(t, s, by, 1, monday)
		}
		back := func(take func(tx *Tx) (map[postroom.Lane]int, error)) (n int) {
			write(t, s, func(tx *Tx) error {
				lanes, err := take(tx)
				n = lanes[postroom.Confirm]
				return err
			})
			return n
		}
		if n := back(func(tx *Tx) (map[postroom.Lane]int, error) { return tx.TakeBack("one", monday) }); n != 1 {
			t.Errorf("took back %d of the first process", n)
		}
		if n := back(func(tx *Tx) (map[postroom.Lane]int, error) { return tx.TakeBack("", monday) }); n != 1 {
			t.Errorf("took back %d of everybody", n)
		}
		if j := stored(t, s, held.ID); j.State != postroom.JobRunning {
			t.Errorf("work under way became %s", j.State)
		}
		if n := back(func(tx *Tx) (map[postroom.Lane]int, error) { return tx.TakeAllBack(monday) }); n != 1 {
			t.Errorf("a process that is alone took back %d", n)
		}
	})
}

func TestRaiseTurnFencesTheTaskThatAsynqAlreadyKnows(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		addJob(t, s, "m1")
		job := handOver(t, s, "relay", 1, monday)[0]
		write(t, s, func(tx *Tx) error {
			turn, err := tx.RaiseTurn(job.ID, job.Turn, monday.Add(time.Hour))
			if turn != 2 {
				t.Errorf("raised to %d", turn)
			}
			return err
		})
		wantKind(t, s.Write(t.Context(), func(tx *Tx) error {
			_, err := tx.Claim(job.ID, 1, "late", monday)
			return err
		}), postroom.Gone)
		job.Turn = 2
		claim(t, s, job, monday)
	})
}

// TestJobArrows tries every change in every state. What is not named here
// must change nothing and say so.
func TestJobArrows(t *testing.T) {
	const turn = 3
	soon, past := monday.Add(time.Hour), monday.Add(-time.Hour)
	job := func(id string) postroom.Job { return postroom.Job{ID: id, Turn: turn} }
	settle := func(v Verdict) func(tx *Tx, id string) error {
		return func(tx *Tx, id string) error { return tx.Settle(job(id), Outcome{Verdict: v, At: soon}, monday) }
	}
	several := func(do func(tx *Tx) (map[postroom.Lane]int, error)) func(tx *Tx, id string) error {
		return func(tx *Tx, id string) error { _, err := do(tx); return err }
	}
	arrows := []struct {
		what string
		do   func(tx *Tx, id string) error
		to   map[string]postroom.JobState
	}{
		{"hand over", func(tx *Tx, id string) error {
			_, err := tx.HandOver(postroom.Confirm, "relay", 9, monday, soon)
			return err
		}, map[string]postroom.JobState{"due": postroom.JobHanded, "lapsed": postroom.JobHanded}},
		{"claim", func(tx *Tx, id string) error { _, err := tx.Claim(id, turn, "w", soon); return err }, map[string]postroom.JobState{"handed": postroom.JobRunning}},
		{"claim again", func(tx *Tx, id string) error { _, err := tx.Claim(id, turn, "worker", soon); return err },
			map[string]postroom.JobState{"handed": postroom.JobRunning, "running": postroom.JobRunning}},
		{"claim another turn", func(tx *Tx, id string) error { _, err := tx.Claim(id, turn+1, "w", soon); return err }, nil},
		{"renew", func(tx *Tx, id string) error { return tx.Renew(id, turn, soon) }, map[string]postroom.JobState{"running": postroom.JobRunning}},
		{"settle done", settle(Done), map[string]postroom.JobState{"running": postroom.JobDone, "lapsed": postroom.JobDone}},
		{"settle again", settle(Again), map[string]postroom.JobState{"running": postroom.JobDue, "lapsed": postroom.JobDue}},
		{"settle wait", settle(Wait), map[string]postroom.JobState{"running": postroom.JobDue, "lapsed": postroom.JobDue}},
		{"settle dead", settle(Dead), map[string]postroom.JobState{"running": postroom.JobDead, "lapsed": postroom.JobDead}},
		{"reopen", func(tx *Tx, id string) error { return tx.ReopenJob(id, soon) }, map[string]postroom.JobState{"done": postroom.JobDue, "dead": postroom.JobDue}},
		{"drop", func(tx *Tx, id string) error { return tx.DropJob(id, "not wanted", monday) },
			map[string]postroom.JobState{"due": postroom.JobDead, "lapsed": postroom.JobDead, "handed": postroom.JobDead, "dead": postroom.JobDead}},
		{"sweep", several(func(tx *Tx) (map[postroom.Lane]int, error) { return tx.Sweep(monday) }),
			map[string]postroom.JobState{"handed": postroom.JobDue, "running": postroom.JobDue}},
		{"sweep ahead", several(func(tx *Tx) (map[postroom.Lane]int, error) {
			return tx.SweepAhead(monday.Add(-2*time.Hour), past.Add(-1), past.Add(-1))
		}),
			map[string]postroom.JobState{"lapsed": postroom.JobDue, "handed": postroom.JobDue, "running": postroom.JobDue}},
		{"take back", several(func(tx *Tx) (map[postroom.Lane]int, error) { return tx.TakeBack("relay", monday) }),
			map[string]postroom.JobState{"handed": postroom.JobDue}},
		{"take all back", several(func(tx *Tx) (map[postroom.Lane]int, error) { return tx.TakeAllBack(monday) }),
			map[string]postroom.JobState{"handed": postroom.JobDue, "running": postroom.JobDue}},
	}
	// A lapsed job is due because its holder's lease ran out.
	from := map[string]postroom.JobState{"due": "due", "lapsed": "due", "handed": "handed", "running": "running", "done": "done", "dead": "dead"}
	onBoth(t, func(t *testing.T, s *Store) {
		id := addJob(t, s, "m1")
		for _, arrow := range arrows {
			for name, state := range from {
				holder := ""
				if name == "lapsed" || state == postroom.JobRunning || state == postroom.JobDone {
					holder = "worker"
				}
				write(t, s, func(tx *Tx) error {
					_, err := tx.exec(`UPDATE jobs SET state = $1, turn = $2, held_by = $3, handed_by = 'relay', due_at = $4,
						handed_until = $5, leased_until = $5, settled_at = 0, reason = ''`, state, turn, holder, micros(monday), micros(past))
					return err
				})
				before := stored(t, s, id)
				err := s.Write(t.Context(), func(tx *Tx) error { return arrow.do(tx, id) })
				after := stored(t, s, id)
				if want, drawn := arrow.to[name]; drawn && (err != nil || after.State != want) {
					t.Errorf("%s: %s became %s, want %s (%v)", arrow.what, name, after.State, want, err)
				} else if !drawn && after != before {
					t.Errorf("%s: there is no such arrow from %s, but it changed to %+v", arrow.what, name, after)
				}
			}
		}
	})
}

func TestTheWindowCountsWhatThisProcessHandedOverAndNobodyClaimed(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		for i := range 5 {
			addJob(t, s, fmt.Sprint(i))
		}
		mine := handOver(t, s, "mine", 3, monday)
		handOver(t, s, "theirs", 2, monday)
		window := func() int { return got(s.Read(t.Context()).HandedBy(postroom.Confirm, "mine"))(t) }
		if n := window(); n != 3 {
			t.Errorf("the window holds %d, want 3", n)
		}
		job := claim(t, s, mine[0], monday)
		if n := window(); n != 2 {
			t.Errorf("after a claim the window holds %d, want 2", n)
		}
		write(t, s, func(tx *Tx) error { return tx.Settle(job, Outcome{}, monday) })
		if n := got(s.Read(t.Context()).HandedBy(postroom.Bulk, "mine"))(t); n != 0 {
			t.Errorf("another lane's window holds %d", n)
		}
	})
}

func TestNextDueKnowsEveryLane(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		if next := got(s.Read(t.Context()).NextDue())(t); len(next) != 0 {
			t.Errorf("with no job, %v is due", next)
		}
		write(t, s, func(tx *Tx) error {
			for i, lane := range postroom.Lanes() {
				for _, later := range []int{1, 0} {
					due := monday.Add(time.Duration(i+later) * time.Minute)
					if _, err := tx.AddJob(postroom.JobDeliver, fmt.Sprint(lane, later), lane, due, monday); err != nil {
						return err
					}
				}
			}
			return nil
		})
		next := got(s.Read(t.Context()).NextDue())(t)
		for i, lane := range postroom.Lanes() {
			if want := monday.Add(time.Duration(i) * time.Minute); !next[lane].Equal(want) {
				t.Errorf("lane %s is due at %v, want %v", lane, next[lane], want)
			}
		}
	})
}

func TestAPersonSeesWhatIsNotDone(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		job := running(t, s, "m1")
		write(t, s, func(tx *Tx) error { return tx.Settle(job, Outcome{}, monday) })
		dead := running(t, s, "m2")
		write(t, s, func(tx *Tx) error { return tx.Settle(dead, Outcome{Verdict: Dead, Reason: "no route"}, monday) })
		addJob(t, s, "m3")
		r := s.Read(t.Context())
		if jobs := got(r.Jobs("", 10))(t); len(jobs) != 2 {
			t.Errorf("%d jobs are open, want 2", len(jobs))
		}
		if jobs := got(r.Jobs(postroom.JobDead, 10))(t); len(jobs) != 1 || jobs[0].Reason != "no route" || jobs[0].HeldBy != "worker" {
			t.Errorf("dead jobs: %+v", jobs)
		}
		want := []JobCount{{postroom.Confirm, postroom.JobDead, 1}, {postroom.Confirm, postroom.JobDue, 1}}
		if counts := got(r.OpenJobs())(t); !slices.Equal(counts, want) {
			t.Errorf("counts %+v, want %+v", counts, want)
		}
		_, err := r.Job("nobody")
		wantKind(t, err, postroom.NotFound)
		_, err = r.JobOf(postroom.JobSignUp, "m1")
		wantKind(t, err, postroom.NotFound)
	})
}
