package store

import (
	"slices"
	"testing"
	"time"

	"postroom/internal/postroom"
)

// ruleAbout is a rule about letters from an address.
func ruleAbout(address string) postroom.Rule {
	return postroom.Rule{
		Mailbox: "support@example.org", By: postroom.RuleByAddress, Who: address, Words: "special offer",
		Says: postroom.RuleBulk, MadeBy: "office", MadeAt: monday,
	}
}

// addRule puts a rule on file.
func addRule(t testing.TB, s *Store, rule postroom.Rule) (made postroom.Rule) {
	t.Helper()
	write(t, s, func(tx *Tx) (err error) {
		made, err = tx.AddRule(rule)
		return err
	})
	return made
}

func TestARuleIsKeptUntilItIsRemovedAndItsNumberIsNeverUsedAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		first, second := addRule(t, s, ruleAbout("a@shop.example")), addRule(t, s, ruleAbout("b@shop.example"))
		if list := got(s.Read(t.Context()).Rules())(t); !slices.Equal(list, []postroom.Rule{second, first}) || first.ID != 1 || second.ID != 2 {
			t.Fatalf("the rules are %+v", list)
		}
		for _, want := range []bool{true, false} {
			write(t, s, func(tx *Tx) error {
				if removed := got(tx.RemoveRule(second.ID, "events", monday.Add(time.Hour)))(t); removed != want {
					t.Errorf("removed: %t, want %t", removed, want)
				}
				return nil
			})
		}
		if list := got(s.Read(t.Context()).Rules())(t); !slices.Equal(list, []postroom.Rule{first}) {
			t.Errorf("the rules are %+v, want the first", list)
		}
		gone := got(s.Read(t.Context()).Rule(second.ID))(t)
		if gone.MadeBy != "office" || gone.RemovedBy != "events" || !gone.RemovedAt.Equal(monday.Add(time.Hour)) || gone.Who != "" || gone.Words != "" {
			t.Errorf("of the removed rule is known %+v", gone)
		}
		if third := addRule(t, s, ruleAbout("c@shop.example")); third.ID != 3 {
			t.Errorf("the next rule is number %d", third.ID)
		}
		_, err := s.Read(t.Context()).Rule(99)
		wantKind(t, err, postroom.NotFound)
	})
}

func TestRulesMadeAtOnceGetNumbersOfTheirOwn(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		noErrors(t, together(8, func(int) error {
			return s.Write(t.Context(), func(tx *Tx) error {
				_, err := tx.AddRule(ruleAbout("a@shop.example"))
				return err
			})
		}))
		if list := got(s.Read(t.Context()).Rules())(t); len(list) != 8 || list[0].ID != 8 {
			t.Errorf("the rules are %+v", list)
		}
	})
}

func TestTheWordsOfARuleAreSealed(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		addRule(t, s, ruleAbout("a@shop.example"))
		var sealed []byte
		if err := s.Read(t.Context()).row(`SELECT words_sealed FROM rules`).Scan(&sealed); err != nil || len(sealed) == 0 || slices.Equal(sealed, []byte("special offer")) {
			t.Errorf("the words stand as %q, %v", sealed, err)
		}
	})
}

func TestTheNewestLetterOfASenderIsFound(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		for i, l := range []postroom.Letter{
			{Hash: "1", Folder: postroom.Inbox}, {Hash: "2", Folder: postroom.Inbox}, {Hash: "3", Folder: postroom.SentFolder},
		} {
			l.MessageID, l.Mailbox, l.ReceivedAt = l.Hash+"@shop.example", "support@example.org", monday.Add(time.Duration(i)*time.Hour)
			write(t, s, func(tx *Tx) error {
				id, _, err := tx.AddLetter(l, nil, []byte(l.Hash))
				if err != nil {
					return err
				}
				l.ID, l.Class, l.Address, l.State = id, postroom.LetterList, "a@shop.example", postroom.LetterIgnored
				_, err = tx.SettleLetter(l, monday)
				return err
			})
		}
		if l := got(s.Read(t.Context()).NewestFrom("a@shop.example"))(t); l.Hash != "2" {
			t.Errorf("found is %+v", l)
		}
		_, err := s.Read(t.Context()).NewestFrom("b@shop.example")
		wantKind(t, err, postroom.NotFound)
	})
}
