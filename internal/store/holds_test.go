package store

import (
	"testing"
	"time"
)

func TestEveryHoldIsRememberedWithItsReasonAndWhoTookItOff(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		ann, bob := filed(t, s, "ann"), filed(t, s, "bob")
		later := monday.Add(time.Hour)
		write(t, s, func(tx *Tx) error { return tx.Hold(ann.ID, "suspect", monday) })
		write(t, s, func(tx *Tx) error { _, err := tx.Release(ann.ID, "coordinator", later); return err })
		write(t, s, func(tx *Tx) error { return tx.Hold(ann.ID, "safeguarding", later) })
		r := s.Read(t.Context())
		list := got(r.Holds(ann.ID))(t)
		if len(list) != 2 || list[0].Reason != "suspect" || list[0].ReleasedBy != "coordinator" || !list[0].ReleasedAt.Equal(later) {
			t.Fatalf("the holds are %+v", list)
		}
		if h := list[1]; h.Reason != "safeguarding" || !h.ReleasedAt.IsZero() || !h.PlacedAt.Equal(later) {
			t.Errorf("the one that is on is %+v", h)
		}
		if list := got(r.Holds(bob.ID))(t); len(list) != 0 {
			t.Errorf("bob has holds %+v", list)
		}
	})
}
