package store

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"postroom/internal/postroom"
)

func TestASummaryIsNotedOnceForEachCoordinatorAndDay(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		add := func(name, day string, outcome DigestOutcome) (added bool) {
			write(t, s, func(tx *Tx) (err error) {
				added, err = tx.AddDigest(Digest{Coordinator: name, Day: day, Outcome: outcome, Message: "m", MadeAt: monday})
				return err
			})
			return added
		}
		if !add("a", "2026-05-04", DigestSent) || add("a", "2026-05-04", DigestQuiet) || !add("b", "2026-05-04", DigestCalm) || !add("a", "2026-05-06", DigestQuiet) {
			t.Error("a summary was noted twice, or not at all")
		}
		for day, want := range map[string]string{"2026-05-03": "", "2026-05-04": "2026-05-04", "2026-05-05": "2026-05-04", "2026-05-09": "2026-05-06"} {
			last, found, err := s.Read(t.Context()).LastDigest("a", day)
			if err != nil || found != (want != "") || last.Day != want {
				t.Errorf("up to %s the last is %+v, %t, %v; want %q", day, last, found, err, want)
			}
		}
		if last, _, err := s.Read(t.Context()).LastDigest("a", "2026-05-04"); err != nil || last.Outcome != DigestSent || !last.MadeAt.Equal(monday) || last.Message != "m" {
			t.Errorf("the first stands as %+v, %v", last, err)
		}
	})
}

func TestWhoWaitsIsListedUntilSomebodyAnswers(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		if first := got(s.Read(t.Context()).FirstFiled())(t); !first.IsZero() {
			t.Errorf("an empty post room has filed something at %s", first)
		}
		one, two, three := filed(t, s, "one"), filed(t, s, "two"), filed(t, s, "three")
		read := s.Read(t.Context())
		if first := got(read.FirstFiled())(t); !first.Equal(monday) {
			t.Errorf("the first was filed at %s", first)
		}
		write(t, s, func(tx *Tx) error { return tx.MarkAnswered(two.ID, monday) })
		write(t, s, func(tx *Tx) error { return tx.Hold(three.ID, "safeguarding", monday.Add(time.Hour)) })
		write(t, s, func(tx *Tx) error { return tx.Hold(three.ID, "machine", monday.Add(2*time.Hour)) })
		unanswered := func(kind postroom.FormKind, form string, by time.Time) (list []Awaiting, all int, err error) {
			shares, err := read.Shares("network", kind, form, by)
			for _, share := range shares {
				some, failed := read.Unanswered("network", kind, form, share, by, 10)
				list, all, err = append(list, some...), all+share.N, errors.Join(err, failed)
			}
			return list, all, err
		}
		list, all, err := unanswered(postroom.SignUp, "join", monday)
		if err != nil || all != 1 || len(list) != 1 || list[0].Reference != one.Reference || list[0].Name != "one" || list[0].Address != "one@example.org" || !list[0].Since.Equal(monday) {
			t.Errorf("who waits: %+v of %d, %v", list, all, err)
		}
		for what, n := range map[string]func() (int, error){
			"another form": func() (int, error) {
				_, n, err := unanswered(postroom.SignUp, "other", monday)
				return n, err
			},
			"another kind": func() (int, error) {
				_, n, err := unanswered(postroom.Enquiry, "", monday)
				return n, err
			},
			"before it was": func() (int, error) {
				_, n, err := unanswered(postroom.SignUp, "", monday.Add(-1))
				return n, err
			},
		} {
			if got := got(n())(t); got != 0 {
				t.Errorf("%s: %d wait", what, got)
			}
		}
		held := got(read.OnHold(10))(t)
		if len(held) != 1 || held[0].Reference != three.Reference || !held[0].Since.Equal(monday.Add(time.Hour)) {
			t.Errorf("held: %+v", held)
		}
		if n, unfinished, err := read.Arrivals("network", monday.Add(-1), monday); err != nil || n != 3 || unfinished != 0 {
			t.Errorf("%d arrived, %d unfinished, %v", n, unfinished, err)
		}
		if n, _, err := read.Arrivals("network", monday, monday.Add(time.Hour)); err != nil || n != 0 {
			t.Errorf("%d arrived after the moment that was told before, %v", n, err)
		}
	})
}

// lettered files a sign-up that came by letter and left a question open.
func lettered(t *testing.T, s *Store, name string) (sub postroom.Submission) {
	t.Helper()
	letter := wrote(t, s, name, "filed", postroom.Letter{}, monday)
	write(t, s, func(tx *Tx) error {
		c, err := person(tx, name)
		if err != nil {
			return err
		}
		e := entry(c)
		e.Key, e.NaturalKey, e.Open, e.Mailbox, e.Letter = "key-"+name, "natural-"+name, []string{"area"}, "support@example.org", letter
		sub, _, err = tx.AddSubmission(e)
		return err
	})
	return sub
}

// wrote files a letter and settles it for a reason.
func wrote(t *testing.T, s *Store, hash, reason string, l postroom.Letter, at time.Time) (id string) {
	t.Helper()
	write(t, s, func(tx *Tx) (err error) {
		l.Hash, l.ReceivedAt, l.Reason = hash, at, reason
		if id, _, err = tx.AddLetter(l, nil, []byte(hash)); err != nil {
			return err
		}
		l.ID, l.State = id, postroom.LetterDone
		_, err = tx.SettleLetter(l, at)
		return err
	})
	return id
}

func TestWhoHasQuestionsOpenIsListedUntilTheyAreAnswered(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		filed(t, s, "by form")
		open, done, answered := lettered(t, s, "open"), lettered(t, s, "done"), lettered(t, s, "answered")
		write(t, s, func(tx *Tx) error { _, err := tx.FinishSubmission(done); return err })
		write(t, s, func(tx *Tx) error { return tx.MarkAnswered(answered.ID, monday) })
		list, err := s.Read(t.Context()).Unfinished("network", monday)
		if err != nil || len(list) != 1 || list[0].Reference != open.Reference || !list[0].Open || list[0].Mailbox != "support@example.org" || !list[0].Since.Equal(monday) {
			t.Errorf("unfinished: %+v, %v", list, err)
		}
		if n, unfinished, err := s.Read(t.Context()).Arrivals("network", monday.Add(-1), monday); err != nil || n != 4 || unfinished != 2 {
			t.Errorf("%d arrived, %d unfinished, %v", n, unfinished, err)
		}
		for _, none := range []struct {
			programme string
			by        time.Time
		}{{"other", monday}, {"network", monday.Add(-1)}} {
			if list, err := s.Read(t.Context()).Unfinished(none.programme, none.by); err != nil || len(list) != 0 {
				t.Errorf("%v: %v, %v", none, list, err)
			}
		}
	})
}

func TestWhoWroteAgainIsListedSinceTheirNewestLetter(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		one, two, three := filed(t, s, "one"), filed(t, s, "two"), lettered(t, s, "three")
		hour := func(n int) time.Time { return monday.Add(time.Duration(n) * time.Hour) }
		wrote(t, s, "1a", "added", postroom.Letter{Submission: one.ID}, hour(1))
		wrote(t, s, "1b", "added", postroom.Letter{Submission: one.ID}, hour(4))
		wrote(t, s, "2a", "added", postroom.Letter{Submission: two.ID}, hour(1))
		wrote(t, s, "3a", "staff_answer", postroom.Letter{Submission: three.ID, Folder: postroom.SentFolder}, hour(2))
		wrote(t, s, "3b", "added", postroom.Letter{Submission: three.ID}, hour(3))
		write(t, s, func(tx *Tx) error { return tx.MarkAnswered(two.ID, hour(5)) })
		list, err := s.Read(t.Context()).WroteAgain(hour(6))
		if err != nil || len(list) != 2 {
			t.Fatalf("who wrote again: %+v, %v", list, err)
		}
		if a := list[0]; a.Reference != three.Reference || !a.Answered || !a.Open || !a.Since.Equal(hour(3)) {
			t.Errorf("the first is %+v", a)
		}
		if a := list[1]; a.Reference != one.Reference || a.Answered || a.Open || !a.Since.Equal(hour(4)) {
			t.Errorf("the second is %+v", a)
		}
		if list, err := s.Read(t.Context()).WroteAgain(hour(2)); err != nil || len(list) != 1 || !list[0].Since.Equal(hour(1)) {
			t.Errorf("by then: %+v, %v", list, err)
		}
	})
}

func TestWhatWentWrongIsListedWithinItsTime(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		sub := filed(t, s, "one")
		add := func(id string, m postroom.Message, to postroom.MessageState, reason string, at time.Time) {
			m.ID, m.Key, m.MessageID, m.Locale, m.Class, m.Lane = id, id, id, "en", postroom.Service, postroom.Confirm
			write(t, s, func(tx *Tx) error {
				if _, err := tx.AddMessage(m); err != nil {
					return err
				}
				return tx.Withhold(id, to, reason, at)
			})
		}
		about := postroom.Message{Programme: "network", Submission: sub.ID}
		add("failed", about, postroom.Failed, "550", monday)
		add("early", about, postroom.Failed, "550", monday.Add(-time.Hour))
		add("fine", about, postroom.Suppressed, "reason.suppressed", monday)
		c, _ := addCampaign(t, s, "k")
		part := owe(t, s, c.ID, 1, 2)
		write(t, s, func(tx *Tx) error {
			return tx.SettleCopies(part, part.Turn, []CopyResult{{N: part.First, State: postroom.Failed, Reason: "550"}, {N: part.Last, State: postroom.Failed, Reason: "551"}}, monday)
		})
		add("watched", postroom.Message{Letter: "none", Submission: sub.ID}, postroom.Suppressed, "reason.watch", monday)
		list := got(s.Read(t.Context()).Troubles(monday.Add(-time.Minute), monday, 10))(t)
		want := []Trouble{{"network", sub.Reference, postroom.Failed, "550", 1}, {c.Programme, "", postroom.Failed, "", 2}}
		if len(list) != 2 || list[0] != want[0] || list[1] != want[1] {
			t.Errorf("went wrong: %+v, want %+v", list, want)
		}
		if watched := got(s.Read(t.Context()).Watched(monday.Add(-1), monday))(t); len(watched) != 1 || watched[0] != (MailboxCount{"", 1}) {
			t.Errorf("only watched: %+v", watched)
		}
	})
}

func TestCallsAndDatesComeWithWhatTheyAreAbout(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		sub := filed(t, s, "one")
		m := postroom.Message{ID: "m", Key: "m", MessageID: "m", Programme: "network", Submission: sub.ID, Contact: sub.Contact, Locale: "en", Class: postroom.Service, Lane: postroom.Confirm}
		write(t, s, func(tx *Tx) error {
			if _, err := tx.AddMessage(m); err != nil {
				return err
			}
			if err := tx.OweCall(m, "reason.no_address", monday); err != nil {
				return err
			}
			event, err := tx.PutEvent("network", "supper", monday)
			if err != nil {
				return err
			}
			for name, starts := range map[string]time.Time{"today": monday, "later": monday.AddDate(0, 0, 1)} {
				if _, err := tx.PutSession(postroom.Session{Event: event, Name: name, StartsAt: starts, EndsAt: starts}); err != nil {
					return err
				}
			}
			run, err := tx.AddRun(postroom.Run{Programme: "network", Form: "join", Submission: sub.ID, Contact: sub.Contact})
			if err != nil {
				return err
			}
			_, _, err = tx.PromiseStep(postroom.Step{Run: run.ID, Name: "reminder", DueAt: monday})
			return err
		})
		read := s.Read(t.Context())
		calls := got(read.CallsToMake(10))(t)
		if len(calls) != 1 || calls[0].Programme != "network" || calls[0].Reference != sub.Reference || calls[0].Reason != "reason.no_address" || !calls[0].At.Equal(monday) {
			t.Errorf("calls: %+v", calls)
		}
		dates := got(read.SessionsBetween(monday, monday.Add(time.Hour), 10))(t)
		if len(dates) != 1 || dates[0].Name != "today" || dates[0].Programme != "network" || dates[0].EventName != "supper" {
			t.Errorf("dates: %+v", dates)
		}
		steps := got(read.StepsBetween(monday.Add(-time.Microsecond), monday.Add(time.Microsecond), 10))(t)
		if len(steps) != 1 || steps[0] != (StepCount{"network", "join", "reminder", false, 1}) {
			t.Errorf("steps: %+v", steps)
		}
		if steps := got(read.StepsBetween(monday.Add(-time.Hour), monday, 10))(t); len(steps) != 0 {
			t.Errorf("steps before they are due: %+v", steps)
		}
		if steps := got(read.StepsBetween(monday, monday.Add(time.Hour), 10))(t); len(steps) != 0 {
			t.Errorf("steps that are being done: %+v", steps)
		}
	})
}

func TestWhoWaitsIsCountedByWhoseListTheyAreIn(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		one, two, three, four := filed(t, s, "one"), filed(t, s, "two"), filed(t, s, "three"), filed(t, s, "four")
		write(t, s, func(tx *Tx) error {
			return errors.Join(tx.AssignSubmission(one.ID, "a"), tx.AssignSubmission(two.ID, "a"), tx.Snooze(two.ID, monday.Add(time.Hour)), tx.AssignSubmission(three.ID, "b"))
		})
		read := s.Read(t.Context())
		share := make(map[string]Share)
		for _, each := range got(read.Shares("network", postroom.SignUp, "", monday))(t) {
			share[each.Assigned] = each
		}
		if len(share) != 3 || share["a"].N != 1 || share["a"].PutOff != 1 || share["b"].N != 1 || share[""].N != 1 || share[""].Area != four.Area {
			t.Errorf("shares: %+v", share)
		}
		if list := got(read.Unanswered("network", postroom.SignUp, "", share["a"], monday, 9))(t); len(list) != 1 || list[0].ID != one.ID || list[0].Assigned != "a" {
			t.Errorf("of a there wait %+v", list)
		}
		if list := got(read.Unanswered("network", postroom.SignUp, "", share["a"], monday.Add(time.Hour), 9))(t); len(list) != 2 {
			t.Errorf("once it is no longer put off there wait %+v", list)
		}
		if list := got(read.WaitingProgrammes())(t); len(list) != 1 || list[0] != "network" {
			t.Errorf("people wait in %q", list)
		}
	})
}

func TestAnItemNumberIsGivenOnceAndNeverAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		number := func(matter postroom.Matter, id string) (n int) {
			write(t, s, func(tx *Tx) (err error) { n, err = tx.Number(matter, id, monday); return err })
			return n
		}
		if a, b, again, letter := number(postroom.AboutSubmission, "a"), number(postroom.AboutSubmission, "b"), number(postroom.AboutSubmission, "a"), number(postroom.AboutLetter, "a"); a != 1 || b != 2 || again != 1 || letter != 3 {
			t.Errorf("numbers are %d, %d, %d, %d", a, b, again, letter)
		}
		seen := make(chan int, 24)
		var group sync.WaitGroup
		for i := range 24 {
			group.Go(func() { seen <- number(postroom.AboutCall, string(rune('a'+i/2))) }) // two ask for each
		}
		group.Wait()
		close(seen)
		times := map[int]int{}
		for n := range seen {
			times[n]++
		}
		if len(times) != 12 {
			t.Errorf("twelve calls have the numbers %v", times)
		}
		highest := slices.Max(slices.Collect(maps.Keys(times)))
		write(t, s, func(tx *Tx) error { _, err := tx.exec(`DELETE FROM items`); return err })
		if n := number(postroom.AboutCall, "z"); n <= highest {
			t.Errorf("number %d was used before", n)
		}
		if some := got(s.Read(t.Context()).ItemsOf(postroom.AboutCall, []string{"z", "none"}))(t); len(some) != 1 || some["z"] == 0 {
			t.Errorf("numbers are %v", some)
		}
	})
}

func TestItIsKnownWhenSomebodyLastActed(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		last := func() time.Time { return got(s.Read(t.Context()).LastActed("a"))(t) }
		if !last().IsZero() {
			t.Error("somebody acted who never did")
		}
		write(t, s, func(tx *Tx) error { return tx.Audit("a", "looked", "x", monday) })
		write(t, s, func(tx *Tx) error { return tx.Audit("b", "looked", "x", monday.Add(time.Hour)) })
		if !last().Equal(monday) {
			t.Errorf("they last acted at %s", last())
		}
		sub := filed(t, s, "one")
		wrote(t, s, "s", "staff_answer", postroom.Letter{Submission: sub.ID, Folder: postroom.SentFolder, Mailbox: "support@example.org"}, monday)
		if list := got(s.Read(t.Context()).StaffAnswers(monday.Add(-1), 9))(t); len(list) != 1 || list[0].Programme != "network" {
			t.Errorf("answers: %+v", list)
		}
		if list := got(s.Read(t.Context()).StaffAnswers(monday, 9))(t); len(list) != 0 {
			t.Errorf("answers after the last: %+v", list)
		}
	})
}
