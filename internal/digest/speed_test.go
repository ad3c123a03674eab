package digest_test

import (
	"fmt"
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// BenchmarkToday measures what the desk's first page gathers where very much
// waits: five thousand questions, and as many letters.
func BenchmarkToday(b *testing.B) {
	room := open(b)
	now := room.Clock.Now()
	const many = 5000
	err := room.Store.Write(b.Context(), func(tx *store.Tx) error {
		if err := tx.PutFormVersion("v", "questions", "ask", []byte("{}"), now); err != nil {
			return err
		}
		c, err := tx.FindOrAddContact(postroom.Contact{Name: "P", Address: "p@example.org", Reach: postroom.ReachEmail}, now)
		if err != nil {
			return err
		}
		for i := range many {
			at := now.Add(-time.Duration(i) * time.Hour)
			s := postroom.Submission{
				Programme: "questions", Form: "ask", FormVersion: "v", Kind: postroom.Enquiry, Channel: postroom.Web, Key: fmt.Sprint("k", i), NaturalKey: fmt.Sprint("n", i),
				Contact: c.ID, Address: c.Address, Locale: "en", State: postroom.SubmissionReceived, ReceivedAt: at,
			}
			if _, _, err := tx.AddSubmission(s); err != nil {
				return err
			}
			id, _, err := tx.AddLetter(postroom.Letter{Hash: fmt.Sprint(i), Mailbox: support, ReceivedAt: at}, nil, []byte{0})
			if err != nil {
				return err
			}
			if _, err := tx.SettleLetter(postroom.Letter{ID: id, Class: postroom.LetterUnknown, State: postroom.LetterTriage}, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		sheet, err := room.Digests.Today(b.Context(), whoIs(room, "office"), now)
		if err != nil || sheet.Waiting.All() != many || sheet.Letters.All() != many || len(sheet.Waiting.Items) != 200 {
			b.Fatalf("%d wait, and %d letters: %v", sheet.Waiting.All(), sheet.Letters.All(), err)
		}
	}
}
