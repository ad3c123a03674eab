package testkit

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"postroom/internal/arrivals"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// The mailboxes of the starter programmes.
const (
	Support      = "support@communityaction.example"
	Volunteering = "volunteering@communityaction.example"
	EventsBox    = "events@communityaction.example"
)

// Receive puts a letter on file as the mailbox room does once it has fetched
// it, without a mail server. Work then reads it.
func (r *Room) Receive(t testing.TB, mailbox string, raw []byte) {
	t.Helper()
	r.receive(t, mailbox, postroom.Inbox, raw)
}

// ReceiveSent puts on file what staff sent with their own mail program.
func (r *Room) ReceiveSent(t testing.TB, mailbox string, raw []byte) {
	t.Helper()
	r.receive(t, mailbox, postroom.SentFolder, raw)
}

func (r *Room) receive(t testing.TB, mailbox string, folder postroom.Folder, raw []byte) {
	t.Helper()
	err := r.Store.Write(t.Context(), func(tx *store.Tx) error {
		id, _, err := arrivals.Take(tx, mailbox, folder, raw, r.Clock.Now())
		if err != nil {
			return err
		}
		return tx.AddDelivery(mailbox, folder, 1, uint32(len(raw)), id, r.Clock.Now())
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Mail is a letter for a test to write. What is "" gets a usual value.
type Mail struct {
	From, To, Subject, Text string
	ID                      string // Message-ID without angle brackets
	InReplyTo               string // without angle brackets
	Header                  []string
	At                      time.Time
}

// Bytes writes the letter as a mail program would.
func (m Mail) Bytes() []byte {
	var b strings.Builder
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\r\n", name, value)
		}
	}
	for _, h := range m.Header {
		b.WriteString(h + "\r\n")
	}
	line("From", m.From)
	line("To", m.To)
	line("Subject", m.Subject)
	line("Date", m.At.Format(time.RFC1123Z))
	if m.ID != "" {
		line("Message-ID", "<"+m.ID+">")
	}
	if m.InReplyTo != "" {
		line("In-Reply-To", "<"+m.InReplyTo+">")
		line("References", "<"+m.InReplyTo+">")
	}
	b.WriteString("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n")
	b.WriteString(strings.ReplaceAll(m.Text, "\n", "\r\n") + "\r\n")
	return []byte(b.String())
}
