package store

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"testing"
	"time"

	"postroom/internal/postroom"
)

// contactFor files a contact and the form they filled in.
func contactFor(t testing.TB, s *Store, name string) (c postroom.Contact) {
	t.Helper()
	write(t, s, func(tx *Tx) (err error) {
		if err = tx.PutFormVersion("v1", "network", "join", []byte("{}"), monday); err == nil {
			c, err = person(tx, name)
		}
		return err
	})
	return c
}

func accept(t testing.TB, s *Store, sub postroom.Submission) (back postroom.Submission, added bool) {
	t.Helper()
	write(t, s, func(tx *Tx) (err error) {
		back, added, err = tx.AddSubmission(sub)
		return err
	})
	return back, added
}

func TestASubmissionComesBackWithItsAnswers(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		sub := entry(contactFor(t, s, "ann"))
		sub.Answers = postroom.Answers{"area": {"bletchley"}, "days": {"mon", "tue"}, "name": {"Зоя «Z» 'O"}}
		filed, added := accept(t, s, sub)
		back := got(s.Read(t.Context()).Submission(filed.ID))(t)
		if !added || fmt.Sprintf("%+v", back) != fmt.Sprintf("%+v", filed) || !maps.EqualFunc(back.Answers, sub.Answers, slices.Equal) {
			t.Errorf("came back as %+v\nwas filed as %+v", back, filed)
		}
		_, err := s.Read(t.Context()).Submission("nobody")
		wantKind(t, err, postroom.NotFound)
		if byKey := got(s.Read(t.Context()).SubmissionByKey(sub.Key))(t); byKey.ID != filed.ID {
			t.Errorf("its key finds %s", byKey.ID)
		}
	})
}

func TestTheSameIdempotencyKeyIsTheSameSubmission(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := contactFor(t, s, "ann")
		first, _ := accept(t, s, entry(c))
		write(t, s, func(tx *Tx) error { return tx.MarkAnswered(first.ID, monday) })
		again := entry(c)
		again.Key = first.Key
		if back, added := accept(t, s, again); added || back.ID != first.ID || back.Answers.One("area") != "bletchley" {
			t.Errorf("the same key gave %+v, added %v", back, added)
		}
	})
}

func TestTheSameAnswersAreOneSubmissionWhileTheFirstWaits(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		sub := entry(contactFor(t, s, "ann"))
		first, _ := accept(t, s, sub)
		sub.Key = newID()
		if back, added := accept(t, s, sub); added || back.ID != first.ID {
			t.Errorf("a repetition became a submission of its own: %+v", back)
		}
		write(t, s, func(tx *Tx) error { return tx.MarkAnswered(first.ID, monday) })
		if back, added := accept(t, s, sub); !added || back.ID == first.ID {
			t.Errorf("once the first was answered the same question was not heard: %+v", back)
		}
	})
}

func TestTheKeyWinsOverAnOlderSubmissionWithTheSameAnswers(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := contactFor(t, s, "ann")
		older := entry(c)
		accept(t, s, older)
		newer := entry(c)
		newer.ReceivedAt = monday.Add(time.Hour)
		newer, _ = accept(t, s, newer)
		both := entry(c)
		both.Key, both.NaturalKey = newer.Key, older.NaturalKey
		if back, added := accept(t, s, both); added || back.ID != newer.ID {
			t.Errorf("the key of %s gave %s", newer.ID, back.ID)
		}
	})
}

func TestASubmissionWithoutKeysRepeatsNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		sub := entry(contactFor(t, s, "ann"))
		sub.Key, sub.NaturalKey = "", ""
		first, _ := accept(t, s, sub)
		if second, added := accept(t, s, sub); !added || second.ID == first.ID {
			t.Errorf("two submissions without keys were taken for one")
		}
	})
}

func TestManyPostsAtOnceAreOneRow(t *testing.T) {
	for name, vary := range map[string]func(sub *postroom.Submission){
		"a double click":                 func(sub *postroom.Submission) { sub.NaturalKey = newID() },
		"the same answers in two tabs":   func(sub *postroom.Submission) { sub.Key = newID() },
		"the very same entry repeatedly": func(*postroom.Submission) {},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, s *Store) {
				same := entry(contactFor(t, s, "ann"))
				ids, added := make([]string, 24), make([]bool, 24)
				noErrors(t, together(len(ids), func(i int) error {
					sub := same
					vary(&sub)
					return s.Write(t.Context(), func(tx *Tx) error {
						back, first, err := tx.AddSubmission(sub)
						ids[i], added[i] = back.ID, first
						return err
					})
				}))
				slices.Sort(ids)
				first := slices.DeleteFunc(added, func(first bool) bool { return !first })
				if n := got(s.Read(t.Context()).CountSubmissions())(t); n != 1 || ids[0] != ids[len(ids)-1] || len(first) != 1 {
					t.Errorf("%d rows; %d callers think theirs was the first; ids %v", n, len(first), ids)
				}
			})
		})
	}
}

// TestWhoeverLosesTheRaceGetsTheWinnersSubmission makes the loser wait inside
// its insert: PostgreSQL shows it the winner only after the winner's commit.
func TestWhoeverLosesTheRaceGetsTheWinnersSubmission(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		sub := entry(contactFor(t, s, "ann"))
		loser := make(chan error, 1)
		var won, lost postroom.Submission
		write(t, s, func(tx *Tx) (err error) {
			if won, _, err = tx.AddSubmission(sub); err != nil {
				return err
			}
			go func() {
				loser <- s.Write(t.Context(), func(tx *Tx) (err error) {
					lost, _, err = tx.AddSubmission(sub)
					return err
				})
			}()
			return untilSomebodyWaits(t, s)
		})
		if err := <-loser; err != nil || lost.ID != won.ID || lost.Answers.One("area") != "bletchley" {
			t.Errorf("the loser got %+v, %v; the winner is %s", lost, err, won.ID)
		}
	})
}

func TestTheNextIsFirstWhenWhoeverWasFirstGivesUp(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		sub := entry(contactFor(t, s, "ann"))
		next := make(chan error, 1)
		var added bool
		err := s.Write(t.Context(), func(tx *Tx) error {
			if _, _, err := tx.AddSubmission(sub); err != nil {
				return err
			}
			go func() {
				next <- s.Write(t.Context(), func(tx *Tx) (err error) {
					_, added, err = tx.AddSubmission(sub)
					return err
				})
			}()
			if err := untilSomebodyWaits(t, s); err != nil {
				return err
			}
			return fmt.Errorf("gave up")
		})
		if err == nil {
			t.Error("the first did not give up")
		}
		if err := <-next; err != nil || !added {
			t.Errorf("the next heard %v, added %v", err, added)
		}
	})
}

func TestReferencesCanBeReadOutAndAreUnique(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c, seen := contactFor(t, s, "ann"), make(map[string]bool)
		for range 50 {
			sub, _ := accept(t, s, entry(c))
			if !regexp.MustCompile(`^[2-9B-DF-HJKMNP-RTV-XZ]{3}-[2-9B-DF-HJKMNP-RTV-XZ]{3}$`).MatchString(sub.Reference) || seen[sub.Reference] {
				t.Errorf("reference %q", sub.Reference)
			}
			seen[sub.Reference] = true
		}
	})
}

func TestAReferenceThatIsTakenIsDrawnAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c, draws := contactFor(t, s, "ann"), []string{"AAA-AAA", "AAA-AAA", "AAA-AAA", "BBB-BBB"}
		s.draw = func() string {
			next := draws[0]
			draws = draws[1:]
			return next
		}
		accept(t, s, entry(c))
		if sub, added := accept(t, s, entry(c)); !added || sub.Reference != "BBB-BBB" {
			t.Errorf("got %q, added %v", sub.Reference, added)
		}
		s.draw = func() string { return "AAA-AAA" }
		err := s.Write(t.Context(), func(tx *Tx) error { _, _, err := tx.AddSubmission(entry(c)); return err })
		wantKind(t, err, postroom.Internal)
	})
}

func TestNewestSubmissionsComeFirst(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		c := contactFor(t, s, "ann")
		var want []string
		for i := range 5 {
			sub := entry(c)
			sub.ReceivedAt = monday.Add(time.Duration(i) * time.Minute)
			sub, _ = accept(t, s, sub)
			want = append([]string{sub.ID}, want...)
		}
		var ids []string
		for _, sub := range got(s.Read(t.Context()).Submissions(3))(t) {
			ids = append(ids, sub.ID)
		}
		if !slices.Equal(ids, want[:3]) {
			t.Errorf("got %v, want %v", ids, want[:3])
		}
	})
}

func TestAFormVersionIsKeptAsItWasFirstSeen(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		for _, snapshot := range []string{`{"first":1}`, `{"later":2}`} {
			write(t, s, func(tx *Tx) error { return tx.PutFormVersion("v1", "p", "f", []byte(snapshot), monday) })
		}
		var kept string
		if err := s.Read(t.Context()).row(`SELECT snapshot FROM form_versions WHERE version = 'v1'`).Scan(&kept); err != nil || kept != `{"first":1}` {
			t.Errorf("kept %s, %v", kept, err)
		}
	})
}

func TestAConsentKeepsTheWordsThatWereShown(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		sub := filed(t, s, "ann")
		write(t, s, func(tx *Tx) error {
			return tx.AddConsent(postroom.Consent{Contact: sub.Contact, Purpose: "newsletter", Wording: "Yes, write to me", FormVersion: "v1", Submission: sub.ID, At: monday})
		})
		if n := count(t, s, `SELECT count(*) FROM consents WHERE contact_id = $1 AND wording = 'Yes, write to me' AND given_at = $2`, sub.Contact, micros(monday)); n != 1 {
			t.Errorf("%d consents are kept", n)
		}
	})
}

func TestOnlyTheAddressOfASubmissionChanges(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		sub := filed(t, s, "ann")
		write(t, s, func(tx *Tx) error { return tx.ReaddressSubmission(sub.ID, "right@example.org") })
		back := got(s.Read(t.Context()).Submission(sub.ID))(t)
		if sub.Address = "right@example.org"; fmt.Sprintf("%+v", back) != fmt.Sprintf("%+v", sub) {
			t.Errorf("became %+v", back)
		}
	})
}

func TestTheSameAnswersADayLaterAreNew(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		sub := entry(contactFor(t, s, "ann"))
		first, _ := accept(t, s, sub)
		sub.Key, sub.ReceivedAt = newID(), monday.Add(23*time.Hour)
		if back, added := accept(t, s, sub); added || back.ID != first.ID {
			t.Errorf("after 23 hours: %+v", back)
		}
		ids, added := make([]string, 24), make([]bool, 24)
		noErrors(t, together(len(ids), func(i int) error {
			sub := sub
			sub.Key, sub.ReceivedAt = newID(), monday.Add(25*time.Hour)
			return s.Write(t.Context(), func(tx *Tx) error {
				back, first, err := tx.AddSubmission(sub)
				ids[i], added[i] = back.ID, first
				return err
			})
		}))
		slices.Sort(ids)
		news := slices.DeleteFunc(added, func(first bool) bool { return !first })
		if ids[0] != ids[len(ids)-1] || ids[0] == first.ID || len(news) != 1 {
			t.Errorf("after 25 hours, many at once: %d new, %v", len(news), ids)
		}
	})
}

func TestMailThatIsDroppedLeavesWhatCoordinatorsAreTold(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		sub := filed(t, s, "ann")
		mine, office := addMessage(t, s, letterTo(sub)), letterTo(sub)
		office.Contact, office.To = "", "office@example.org"
		office = addMessage(t, s, office)
		write(t, s, func(tx *Tx) error { return tx.DropMail(sub.ID, "reason.corrected", monday) })
		read := s.Read(t.Context())
		if m := got(read.Message(mine.ID))(t); m.State != postroom.Suppressed || m.Reason != "reason.corrected" {
			t.Errorf("the person's is %s %s", m.State, m.Reason)
		}
		if m := got(read.Message(office.ID))(t); m.State != postroom.Queued {
			t.Errorf("the coordinator's is %s", m.State)
		}
	})
}
