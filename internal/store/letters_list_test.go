package store

import (
	"fmt"
	"testing"
	"time"

	"postroom/internal/postroom"
)

func TestTheNewestLettersComeFirstAndAreLimited(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		write(t, s, func(tx *Tx) error {
			for n := range 5 {
				l := postroom.Letter{Hash: fmt.Sprint(n), Mailbox: "office@example.org", ReceivedAt: monday.Add(time.Duration(n) * time.Minute)}
				if _, _, err := tx.AddLetter(l, nil, []byte("x")); err != nil {
					return err
				}
			}
			return nil
		})
		list := got(s.Read(t.Context()).Letters(3))(t)
		if len(list) != 3 || list[0].Hash != "4" || list[2].Hash != "2" {
			t.Errorf("got %+v", list)
		}
	})
}
