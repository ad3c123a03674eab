package main

import (
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"postroom/internal/app"
	"postroom/internal/inbound"
	"postroom/internal/letter"
	"postroom/internal/testkit"
	"postroom/internal/testserver"
)

// mailboxHolds is how many letters lie in the mailbox.
const mailboxHolds = 2000

// letters measures how fast a mailbox full of letters is taken in by a new post
// room: fetched from Dovecot, put on file with its bytes sealed, read, sorted
// into its class, and settled. The letters were there before the post room, so
// nothing answers them and each ends with a person; what a letter costs that is
// answered is part growth's to say. Filed is how fast they are on file alone,
// until the last of them. The bare limit fetches the same letters in the same
// batches and throws them away; read alone is what the reading and sorting
// cost on one core, without a database.
func letters(t testing.TB, b *bench) {
	dovecot := testserver.Dovecot(t)
	scribe := newScribe(testkit.Support, time.Now())
	var all [][]byte
	for i := range mailboxHolds {
		all = append(all, scribe.letter(i))
	}
	dovecot.Put(testkit.Support, "INBOX", time.Time{}, all...)
	for _, e := range engines(t) {
		b.each(t, "letters "+e.name, func(t testing.TB) {
			bare, alone := fetchAlone(t, dovecot), readAlone(all)
			filed, settled := b.takeIn(t, e, dovecot)
			b.add("letters_"+e.name, "letters/s", atLeast(2000), settled)
			b.add("letters_"+e.name+"_fetch_bare", "letters/s", goal{}, bare)
			b.add("letters_"+e.name+"_filed", "letters/s", goal{}, filed)
			b.add("letters_"+e.name+"_read_alone", "letters/s", goal{}, alone)
		})
	}
}

// takeIn has a new post room read the mailbox.
func (b *bench) takeIn(t testing.TB, e engine, dovecot *testserver.DovecotServer) (filed, settled float64) {
	sink := startChild(t, sinkRole)
	place := e.site(t, sink.said["smtp"], testkit.Mailbox(dovecot, testkit.Support, "mode: answer, import: 7d, sent: none"))
	db := place.sql(t)
	room := place.room(t, b.profileAt("letters_"+e.name), app.RoleMailbox, app.RoleWorker)
	begun, rate := time.Now(), func(begun time.Time) float64 { return mailboxHolds / time.Since(begun).Seconds() }
	until(t, "letters to be settled", 20*time.Millisecond, 5*time.Minute, func() bool {
		on := count(t, db, `SELECT count(*) FROM letters`)
		if filed == 0 && on == mailboxHolds {
			filed = rate(begun)
		}
		return on == mailboxHolds && count(t, db, `SELECT count(*) FROM letters WHERE state = 'received'`) == 0
	})
	settled = rate(begun)
	room.stop()
	if n := count(t, db, `SELECT count(*) FROM letters WHERE class NOT IN ('submission', 'reply')`); n > 0 {
		t.Fatalf("%d letters from people were taken for something else", n)
	}
	return filed, settled
}

// fetchAlone returns how many letters a second can be fetched.
func fetchAlone(t testing.TB, dovecot *testserver.DovecotServer) float64 {
	c := dovecot.Login(testkit.Support)
	defer c.Close()
	if _, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	for first := imap.UID(1); first <= mailboxHolds; first += 100 {
		command := c.Fetch(imap.UIDSet{{Start: first, Stop: first + 99}}, &imap.FetchOptions{UID: true, BodySection: []*imap.FetchItemBodySection{{Peek: true}}})
		for l := command.Next(); l != nil; l = command.Next() {
			if _, err := l.Collect(); err != nil {
				t.Fatal(err)
			}
		}
		if err := command.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return mailboxHolds / time.Since(begun).Seconds()
}

// readAlone returns how many letters one core reads and sorts in a second of
// its time.
func readAlone(all [][]byte) float64 {
	ours := inbound.Ours{Mailboxes: []string{testkit.Support}}
	begun, now := processorTime(), time.Now()
	for _, raw := range all {
		inbound.Classify(letter.Read(raw), ours, now)
	}
	return float64(len(all)) / (processorTime() - begun).Seconds()
}
