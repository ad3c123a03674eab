package store

import (
	"fmt"
	"testing"

	"postroom/internal/postroom"
)

func TestCopiesAreFiledOnceAndMovedByWhoHasThem(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		const n = 107 // in blocks of 64, 32, 8, 2 and 1
		var ids []string
		owe := func() (added int, err error) {
			copies := make([]postroom.Message, n)
			for i := range copies {
				id := NewMessageID()
				copies[i] = postroom.Message{ID: id, Key: fmt.Sprintf("k%d", i), MessageID: id + "@example.org", Programme: "garden", Contact: "c", About: "a", To: fmt.Sprintf("p%d@example.org", i),
					Template: "newsletter", Locale: "en", Class: postroom.Marketing, Lane: postroom.Bulk, Discreet: i == 3, Campaign: "x", Chunk: 2, CreatedAt: monday}
			}
			err = s.Write(t.Context(), func(tx *Tx) error { added, err = tx.AddCopies(copies); return err })
			return added, err
		}
		for _, want := range []int{n, 0} {
			if added, err := owe(); err != nil || added != want {
				t.Fatalf("%d were added (%v), want %d", added, err, want)
			}
		}
		ids, err := s.Read(t.Context()).WaitingCopies("x", 2)
		if err != nil || len(ids) != n {
			t.Fatalf("%d wait (%v)", len(ids), err)
		}
		err = s.Write(t.Context(), func(tx *Tx) error {
			if err := tx.Withhold(ids[0], postroom.Held, "r", monday); err != nil {
				return err
			}
			started, err := tx.StartCopies(ids[:3], 7, monday)
			if len(started) != 2 || started[ids[0]] {
				t.Errorf("started %v", started)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			name string
			ids  []string
			turn int
			gone bool
		}{
			{"another turn's", ids[1:3], 6, true},
			{"one that was not begun", ids[1:4], 7, true},
			{"its own", ids[1:3], 7, false},
			{"settled ones", ids[1:3], 7, true},
			{"none", nil, 7, false},
		} {
			err := s.Write(t.Context(), func(tx *Tx) error { return tx.EndCopies(c.ids, c.turn, monday) })
			if (postroom.KindOf(err) == postroom.Gone) != c.gone || !c.gone && err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		copies, err := s.Read(t.Context()).Copies(ids[:4])
		if err != nil || len(copies) != 4 {
			t.Fatalf("%d copies (%v)", len(copies), err)
		}
		for i, want := range []postroom.MessageState{postroom.Held, postroom.Sent, postroom.Sent, postroom.Queued} {
			if c := copies[i]; c.State != want || c.ID != ids[i] || c.Campaign != "x" || c.Chunk != 2 || c.Lane != postroom.Bulk || c.Discreet != (i == 3) || c.Data != nil {
				t.Errorf("copy %d: %+v", i, c.Message)
			}
			if _, err := copies[i].Subscription("a"); postroom.KindOf(err) != postroom.NotFound {
				t.Errorf("the subscription that is not there: %v", err)
			}
			if _, err := copies[i].Contact("c"); postroom.KindOf(err) != postroom.NotFound {
				t.Errorf("the contact that is not there: %v", err)
			}
		}
	})
}
