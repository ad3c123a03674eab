package store

import (
	"slices"
	"testing"
	"time"

	"postroom/internal/postroom"
)

func TestWhoMaySeeWhatIsDecidedByWhereItStands(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ann, bob := filed(t, s, "ann"), filed(t, s, "bob")
		write(t, s, func(tx *Tx) error {
			if err := tx.Hold(ann.ID, "safeguarding", monday); err != nil {
				return err
			}
			if err := tx.Hold(ann.ID, "suspect", monday.Add(time.Hour)); err != nil {
				return err
			}
			return tx.AddDeed(postroom.Deed{ID: NewDeedID(), At: monday, Actor: "office", Act: "take", Matter: postroom.AboutSubmission, Subject: ann.ID})
		})
		read := s.Read(t.Context())
		list := got(read.StandingsOf([]string{ann.Contact, bob.Contact}))(t)
		if len(list) != 2 {
			t.Fatalf("two stand: %+v", list)
		}
		for _, one := range list {
			if want := map[string]string{ann.ID: "safeguarding", bob.ID: ""}[one.Submission]; one.Held != want || one.Alarm || one.Programme != ann.Programme || one.Reference == "" {
				t.Errorf("it stands as %+v", one)
			}
		}
		if at := got(read.StandingsAt([]string{bob.ID}))(t); len(at) != 1 || at[0].Contact != bob.Contact {
			t.Errorf("by its id: %+v", at)
		}
		if none := got(read.StandingsOf(nil))(t); none != nil {
			t.Errorf("of nobody: %+v", none)
		}
		if who := got(read.LatestSenders([]string{ann.Programme}, 9))(t); len(who) != 2 || !slices.Contains(who, ann.Contact) {
			t.Errorf("who wrote last: %q", who)
		}
		if n := got(read.Names([]string{ann.Contact}))(t)[ann.Contact]; n.Name != "ann" || n.Address == "" {
			t.Errorf("she is called %+v", n)
		}
		deeds, more, err := read.DeedsAround(ann.Contact, InboxPlace{})
		if err != nil || more || len(deeds) != 1 || deeds[0].Act != "take" {
			t.Errorf("what was done: %+v, %v", deeds, err)
		}
	})
}
