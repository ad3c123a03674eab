package store

import (
	"slices"
	"testing"
	"time"
)

func addWording(t testing.TB, s *Store, w Wording) (made Wording) {
	t.Helper()
	write(t, s, func(tx *Tx) (err error) {
		made, err = tx.AddWording(w)
		return err
	})
	return made
}

func TestEveryVersionOfAWordingIsKept(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		r := s.Read(t.Context())
		before := got(r.Revision(WordingRevision))(t)
		word := Wording{Kind: LetterWording, Name: "welcome", Locale: "uk", Body: "one", MadeBy: "office", MadeAt: monday}
		first := addWording(t, s, word)
		word.Body, word.MadeAt = "", monday.Add(time.Hour)
		second := addWording(t, s, word)
		other := addWording(t, s, Wording{Kind: MailboxWording, Name: "hello@example.org", Body: "watch", MadeBy: "office", MadeAt: monday})
		if first.Version != 1 || second.Version != 2 || other.Version != 1 {
			t.Errorf("versions %d, %d and %d", first.Version, second.Version, other.Version)
		}
		if list := got(r.Wordings())(t); !slices.Equal(list, []Wording{second, other}) {
			t.Errorf("the newest are %+v", list)
		}
		if list := got(r.WordingsOf(LetterWording, "welcome", "uk"))(t); !slices.Equal(list, []Wording{second, first}) {
			t.Errorf("the versions are %+v", list)
		}
		if list := got(r.MailboxWordings())(t); !slices.Equal(list, []Wording{other}) {
			t.Errorf("the mailboxes are %+v", list)
		}
		if after := got(r.Revision(WordingRevision))(t); after != before+3 {
			t.Errorf("the counter went from %d to %d", before, after)
		}
	})
}

func TestVersionsMadeAtOnceGetNumbersOfTheirOwn(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		noErrors(t, together(8, func(int) error {
			return s.Write(t.Context(), func(tx *Tx) error {
				_, err := tx.AddWording(Wording{Kind: ProgrammeWording, Name: "p", Body: "x", MadeBy: "office", MadeAt: monday})
				return err
			})
		}))
		if list := got(s.Read(t.Context()).WordingsOf(ProgrammeWording, "p", ""))(t); len(list) != 8 || list[0].Version != 8 {
			t.Errorf("there are %d versions", len(list))
		}
	})
}
