package mailbox_test

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"postroom/internal/store"
	"postroom/internal/testserver"
)

// BenchmarkFiling measures how many letters of about 4 KiB a second are
// fetched from Dovecot and put on file, beside fetching them and throwing them
// away over the same connection, in the same batches.
func BenchmarkFiling(b *testing.B) {
	const count = 1000
	d := testserver.Dovecot(b)
	var letters [][]byte
	for n := range count {
		letters = append(letters, append(raw(n), bytes.Repeat([]byte("A line of a letter that says little.\r\n"), 100)...))
	}
	d.Put(address, "INBOX", time.Time{}, letters...)
	rate := func(b *testing.B) {
		b.ReportMetric(float64(count*b.N)/b.Elapsed().Seconds(), "letters/s")
	}
	b.Run("bare", func(b *testing.B) {
		for b.Loop() {
			bare(b, d, count)
		}
		rate(b)
	})
	for name, url := range map[string]func() string{
		"sqlite":   func() string { return filepath.Join(b.TempDir(), "postroom.db") },
		"postgres": func() string { return testserver.PostgresWith(b, store.Prepare) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				r := open(b, url())
				box := dovecotBox(b, d, address)
				box.Import, box.Sent = 24*time.Hour, "none"
				b.StartTimer()
				m := r.start(b, box)
				m.sweep(b)
				b.StopTimer()
				m.stop()
				if c := r.cursor(b, address, "inbox"); c.LastUID != count {
					b.Fatalf("read up to %d", c.LastUID)
				}
				b.StartTimer()
			}
			rate(b)
		})
	}
}

// bare fetches every letter of the inbox.
func bare(b *testing.B, d *testserver.DovecotServer, count int) {
	c := d.Login(address)
	defer c.Close()
	if _, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		b.Fatal(err)
	}
	for first := 1; first <= count; first += 100 {
		set := imap.UIDSet{{Start: imap.UID(first), Stop: imap.UID(first + 99)}}
		command := c.Fetch(set, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}})
		for l := command.Next(); l != nil; l = command.Next() {
			if _, err := l.Collect(); err != nil {
				b.Fatal(err)
			}
		}
		if err := command.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
