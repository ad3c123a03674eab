package main

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"postroom/internal/postroom"
	"postroom/internal/testkit"
	"postroom/internal/testserver"
)

// written is how many letters are answered in a run, one at a time. Two more
// warm up.
const written = 12

// letterAnswered measures how long somebody who writes a letter waits for the
// confirmation, from the moment the letter is handed to Dovecot. The bare limit
// is a mail program that lies in wait in the same mailbox and does nothing but
// hear of the same letters: the server tells nobody sooner.
func letterAnswered(t testing.TB, b *bench) {
	dovecot := testserver.Dovecot(t)
	for _, e := range engines(t) {
		b.each(t, "letter "+e.name, func(t testing.TB) {
			heard, answered := b.correspond(t, e, dovecot)
			var over []float64
			for i := range heard {
				over = append(over, answered[i]-heard[i])
			}
			idle := median(heard)
			b.add("letter_"+e.name+"_p50", "ms", atMost(idle+60), median(answered))
			b.add("letter_"+e.name+"_idle_bare", "ms", goal{}, idle)
			b.add("letter_"+e.name+"_over_idle", "ms", goal{}, median(over))
		})
	}
}

// correspond writes letters to a new post room and returns, for each, when the
// bare mail program heard of it and when the confirmation was accepted.
func (b *bench) correspond(t testing.TB, e engine, dovecot *testserver.DovecotServer) (heard, answered []float64) {
	door := newDoor(t)
	place := e.site(t, door.addr, testkit.Mailbox(dovecot, testkit.Support, "mode: answer"))
	bell, writer := listen(t, dovecot), dovecot.Login(testkit.Support)
	t.Cleanup(func() { _ = writer.Close() }) // the server lets nobody have more than ten
	room := place.room(t, b.profileAt("letter_"+e.name))
	db := place.open(t)
	until(t, "the mailbox to be looked into", 20*time.Millisecond, time.Minute, func() bool {
		c, known, err := db.Read(t.Context()).Cursor(testkit.Support, postroom.Inbox)
		return err == nil && known && !c.ConnectedAt.IsZero()
	})
	for n := range written + 2 {
		door.calm(t)
		id := fmt.Sprintf("%d.%d", n, time.Now().UnixNano())
		from := fmt.Sprintf("ann@p%s.example.org", id)
		letter := testkit.Mail{From: from, To: testkit.Support, Subject: "The hall", Text: "Is the hall free on Monday? This is question " + id + ".", ID: id + "@example.org", At: time.Now()}
		begun := time.Now()
		if err := put(writer, letter.Bytes()); err != nil {
			t.Fatalf("put a letter into the mailbox: %v", err)
		}
		rung := await(t, bell)
		at := door.wait(t, from)
		if n >= 2 {
			heard, answered = append(heard, milliseconds(rung.Sub(begun))), append(answered, milliseconds(at.Sub(begun)))
		}
	}
	room.stop()
	return heard, answered
}

// put lays a letter into the inbox.
func put(c *imapclient.Client, letter []byte) error {
	command := c.Append("INBOX", int64(len(letter)), nil)
	_, err := command.Write(letter)
	err = errors.Join(err, command.Close())
	_, waited := command.Wait()
	return errors.Join(err, waited)
}

// listen lies in wait in the inbox (RFC 2177) and rings when something came.
func listen(t testing.TB, dovecot *testserver.DovecotServer) <-chan time.Time {
	bell := make(chan time.Time, 10)
	c, err := imapclient.DialInsecure(dovecot.IMAP, &imapclient.Options{UnilateralDataHandler: &imapclient.UnilateralDataHandler{
		Mailbox: func(m *imapclient.UnilateralDataMailbox) {
			if m.NumMessages != nil {
				bell <- time.Now()
			}
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.Login(testkit.Support, dovecot.Password).Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Idle(); err != nil {
		t.Fatal(err)
	}
	return bell
}

func await(t testing.TB, bell <-chan time.Time) time.Time {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	select {
	case at := <-bell:
		return at
	case <-ctx.Done():
		t.Fatal("the mail server told nobody of a letter")
		return time.Time{}
	}
}
