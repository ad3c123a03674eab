package testkit_test

import (
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/testkit"
	"postroom/internal/testserver"
)

// A letter that lies in a mailbox of the room is on file when Sweep returns,
// also where another process does the rest of the work.
func TestARoomReadsItsMailboxes(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		d := testserver.Dovecot(t)
		const support = "support@riverside.example"
		room := testkit.New(t, engine, testkit.Mailbox(d, support, "mode: watch"))
		room.Sweep(t)
		d.Put(support, "INBOX", time.Time{}, []byte("From: person@example.org\r\nMessage-ID: <one@example.org>\r\n\r\nHello\r\n"))
		d.Deliver("person@example.org", support, []byte("From: person@example.org\r\nMessage-ID: <two@example.org>\r\n\r\nHello again\r\n"))
		room.Sweep(t)
		for _, id := range []string{"one@example.org", "two@example.org"} {
			if list, err := room.Store.Read(t.Context()).LettersNamed(id); err != nil || len(list) != 1 || list[0].Folder != postroom.Inbox {
				t.Errorf("letter %s: %+v, %v", id, list, err)
			}
		}
	})
}
