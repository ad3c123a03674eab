package store

import (
	"slices"
	"testing"
	"time"

	"postroom/internal/postroom"
)

func cursorOf(t *testing.T, s *Store, folder postroom.Folder) Cursor {
	t.Helper()
	c, known, err := s.Read(t.Context()).Cursor("support@example.org", folder)
	if err != nil || !known {
		t.Fatalf("cursor: known %t, %v", known, err)
	}
	return c
}

func TestAProblemIsKnownBeforeAMailboxWasEverRead(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		note := func(problem string) {
			write(t, s, func(tx *Tx) error { return tx.NoteMailbox("support@example.org", problem) })
		}
		note("")
		if all := got(s.Read(t.Context()).Cursors())(t); len(all) != 0 {
			t.Errorf("a mailbox without a problem made %+v", all)
		}
		note("login refused")
		if c := cursorOf(t, s, postroom.Inbox); c.Problem != "login refused" || !c.ConnectedAt.IsZero() {
			t.Errorf("the cursor is %+v", c)
		}
		first := Cursor{
			Mailbox: "support@example.org", Folder: postroom.Inbox, UIDValidity: 4_000_000_000, LastUID: 4_000_000_001, ConnectedAt: monday,
			PolledAt: monday, OldBelow: 7, OldSince: monday.Add(-time.Hour), OldImported: true,
		}
		write(t, s, func(tx *Tx) error { return tx.PutCursor(first) })
		if c := cursorOf(t, s, postroom.Inbox); c != first {
			t.Errorf("the cursor is %+v, want %+v", c, first)
		}
		later := first
		later.ConnectedAt, later.LastUID, later.OldImported = monday.Add(time.Hour), 9, false
		sent := Cursor{Mailbox: "support@example.org", Folder: postroom.SentFolder}
		write(t, s, func(tx *Tx) error { return tx.PutCursor(later) })
		write(t, s, func(tx *Tx) error { return tx.PutCursor(sent) })
		later.ConnectedAt = monday
		if c := cursorOf(t, s, postroom.Inbox); c != later {
			t.Errorf("the cursor is %+v, want %+v", c, later)
		}
		note("connection lost")
		for _, folder := range []postroom.Folder{postroom.Inbox, postroom.SentFolder} {
			if c := cursorOf(t, s, folder); c.Problem != "connection lost" {
				t.Errorf("the problem of %s is %q", folder, c.Problem)
			}
		}
	})
}

func TestPlacesOfLettersAreListedByUID(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		write(t, s, func(tx *Tx) error {
			id, _, err := tx.AddLetter(postroom.Letter{Hash: "h", Mailbox: "support@example.org", ReceivedAt: monday}, nil, []byte("x"))
			if err != nil {
				return err
			}
			for _, uid := range []uint32{9, 3, 4_000_000_000, 5} {
				if err := tx.AddDelivery("support@example.org", postroom.Inbox, 1, uid, id, monday); err != nil {
					return err
				}
			}
			return tx.AddDelivery("support@example.org", postroom.Inbox, 2, 4, id, monday)
		})
		uids := got(s.Read(t.Context()).DeliveredUIDs("support@example.org", postroom.Inbox, 1, 4, 4_294_967_295))(t)
		if want := []uint32{5, 9, 4_000_000_000}; !slices.Equal(uids, want) {
			t.Errorf("got %d, want %d", uids, want)
		}
	})
}
