package store

import (
	"fmt"
	"slices"
	"testing"

	"postroom/internal/postroom"
)

// posted is so many letters, each with other bytes and a place of its own.
func posted(n int) []Filing {
	list := make([]Filing, n)
	for i := range list {
		list[i] = Filing{
			Letter: postroom.Letter{Hash: fmt.Sprintf("hash %d", i), MessageID: fmt.Sprintf("%d@example.org", i), Mailbox: "support@example.org", Batch: "b", ReceivedAt: monday},
			Refs:   []string{fmt.Sprintf("%d@example.net", i/2), "thread@example.net"},
			Raw:    fmt.Appendf(nil, "letter %d", i), UID: uint32(i + 1),
		}
	}
	return list
}

var support = Cursor{Mailbox: "support@example.org", Folder: postroom.Inbox, UIDValidity: 1}

func TestABatchOfLettersIsFiledWholeAndOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		letters := posted(150)
		for attempt, want := range []int{150, 0} {
			write(t, s, func(tx *Tx) error {
				added, err := tx.FileLetters(support, letters, monday)
				if err == nil && added != want {
					t.Errorf("attempt %d: %d were new, want %d", attempt, added, want)
				}
				return err
			})
		}
		r := s.Read(t.Context())
		list := got(r.Batch("b"))(t)
		if len(list) != 150 {
			t.Fatalf("%d letters are in the batch", len(list))
		}
		ids := make([]string, len(list))
		for i, l := range list {
			ids[i] = l.ID
		}
		raws := got(r.Raws(ids))(t)
		for _, l := range list {
			if raw := string(raws[l.ID]); raw != "letter "+l.Hash[5:] {
				t.Fatalf("the bytes of the letter with hash %q are %q", l.Hash, raw)
			}
		}
		if uids := got(r.DeliveredUIDs(support.Mailbox, support.Folder, 1, 1, 1000))(t); len(uids) != 150 {
			t.Errorf("%d places are on file", len(uids))
		}
		if n := count(t, s, `SELECT count(*) FROM letter_refs`); n != 300 {
			t.Errorf("%d references are on file", n)
		}
	})
}

func TestALetterThatLiesTwiceInOneBatchIsKeptOnceWithBothPlaces(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		letters := posted(3)
		letters[2].Letter, letters[2].Raw = letters[0].Letter, letters[0].Raw
		write(t, s, func(tx *Tx) error {
			added, err := tx.FileLetters(support, letters, monday)
			if err == nil && added != 2 {
				t.Errorf("%d were new", added)
			}
			return err
		})
		if uids := got(s.Read(t.Context()).DeliveredUIDs(support.Mailbox, support.Folder, 1, 1, 9))(t); len(uids) != 3 {
			t.Errorf("the places on file are %d", uids)
		}
	})
}

func TestWhatIsOnFileAboutManyLettersIsFoundTogether(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		letters := posted(30)
		for i := range letters[5:] {
			letters[5+i].Letter.MessageID = "same@example.org" // nothing forbids it
		}
		sent := posted(1)
		sent[0].Letter.Hash, sent[0].Letter.Folder, sent[0].Refs = "sent", postroom.SentFolder, []string{"3@example.org"}
		write(t, s, func(tx *Tx) error {
			if _, err := tx.FileLetters(support, append(letters, sent...), monday); err != nil {
				return err
			}
			if _, err := tx.exec(`INSERT INTO addresses (address, state) VALUES ('gone@example.org', 'dead'), ('well@example.org', 'ok')`); err != nil {
				return err
			}
			return nil
		})
		r := s.Read(t.Context())
		named := got(r.LettersNamedAny([]string{"1@example.org", "same@example.org", "nobody@example.org"}))(t)
		if len(named["1@example.org"]) != 1 || len(named["same@example.org"]) != mostNamed || len(named) != 2 {
			t.Errorf("found %d, %d of %d", len(named["1@example.org"]), len(named["same@example.org"]), len(named))
		}
		if oldest := got(r.LettersNamed("same@example.org"))(t); !slices.Equal(oldest, named["same@example.org"]) {
			t.Error("others are found than for one letter")
		}
		answered := got(r.Named([]string{"3@example.org", "4@example.org", "thread@example.net"}, postroom.SentFolder))(t)
		if !answered["3@example.org"] || len(answered) != 1 {
			t.Errorf("named in the Sent folder are %v", answered)
		}
		dead := got(r.DeadAmong([]string{"gone@example.org", "well@example.org", "new@example.org"}))(t)
		if !dead["gone@example.org"] || len(dead) != 1 {
			t.Errorf("dead are %v", dead)
		}
	})
}
