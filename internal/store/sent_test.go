package store

import (
	"testing"
	"time"

	"postroom/internal/postroom"
)

func TestWhatHasLeftLatelyIsKnown(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		now := monday
		add := func(id, sender string, began, ended time.Time, to postroom.MessageState) {
			t.Helper()
			write(t, s, func(tx *Tx) error {
				m := postroom.Message{
					ID: id, Key: id, MessageID: id, To: id + "@example.net", Sender: sender, Template: "t", Locale: "en",
					Class: postroom.Service, Lane: postroom.Confirm, CreatedAt: now,
				}
				if _, err := tx.AddMessage(m); err != nil || began.IsZero() {
					return err
				}
				if err := tx.StartSending(id, 1, began); err != nil || ended.IsZero() {
					return err
				}
				return tx.EndSending(id, 1, to, "", 0, ended)
			})
		}
		add("waits", "", time.Time{}, time.Time{}, "")
		add("old", "", now.Add(-2*time.Minute), now.Add(-90*time.Second), postroom.Sent)
		add("late", "events@example.com", now.Add(-2*time.Minute), now.Add(-30*time.Second), postroom.Sent)
		add("refused", "", now.Add(-20*time.Second), now.Add(-10*time.Second), postroom.Failed)
		add("leaving", "", now.Add(-5*time.Minute), time.Time{}, "")
		write(t, s, func(tx *Tx) error { // long after it left, it came back
			_, err := tx.BounceMessage("old", "no such person", now)
			return err
		})

		left := make(map[string]Sent)
		for _, m := range got(s.Read(t.Context()).SentSince(now.Add(-time.Minute)))(t) {
			left[m.ID] = m
		}
		want := map[string]Sent{
			"old":     {ID: "old", To: "example.net", Ended: now}, // at the latest: nothing tells when it left
			"late":    {ID: "late", From: "example.com", To: "example.net", Ended: now.Add(-30 * time.Second)},
			"refused": {ID: "refused", To: "example.net", Ended: now.Add(-10 * time.Second)},
			"leaving": {ID: "leaving", To: "example.net"},
		}
		for id, m := range want {
			if g := left[id]; g.From != m.From || g.To != m.To || !g.Ended.Equal(m.Ended) {
				t.Errorf("%s: got %+v, want %+v", id, g, m)
			}
		}
		if len(left) != len(want) {
			t.Errorf("%d are known to have left, want %d: %v", len(left), len(want), left)
		}
	})
}
