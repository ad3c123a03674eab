package testkit_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"postroom/internal/arrivals"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testkit"
)

// slipping is an outbox from which a mail leaves at the very moment when it is
// to be kept back, so many times.
type slipping struct {
	arrivals.Outbox
	times int
}

func (s *slipping) Answered(tx *store.Tx, letter, submission string, at time.Time) error {
	if s.times--; s.times >= 0 {
		return &postroom.Error{Kind: postroom.Gone, Say: postroom.Say("error.moved_on")}
	}
	return s.Outbox.Answered(tx, letter, submission, at)
}

func TestALetterIsReadAlthoughAMailLeftMeanwhile(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	room.Receive(t, testkit.Support, testkit.Mail{From: person, To: "somebody@example.net", Subject: "Hello", Text: "When is it?", ID: "q1@example.org", At: room.Clock.Now()}.Bytes())
	room.Work(t)
	if list := triage(t, room); len(list) != 1 {
		t.Fatalf("in triage are %+v", list)
	}
	room.Arrivals.Outbox = &slipping{room.Arrivals.Outbox, 1}
	room.ReceiveSent(t, testkit.Support, testkit.Mail{From: testkit.Support, To: person, Subject: "Re: Hello", ID: "s1@communityaction.example", InReplyTo: "q1@example.org", Text: "At ten.", At: room.Clock.Now()}.Bytes())
	room.Work(t)
	room.Clock.Advance(time.Minute)
	room.Work(t)
	if list := triage(t, room); len(list) != 0 {
		t.Errorf("in triage are %+v", list)
	}
	sent, err := room.Store.Read(t.Context()).LettersNamed("s1@communityaction.example")
	if err != nil || len(sent) != 1 || sent[0].State != postroom.LetterDone {
		t.Errorf("the answer of staff is %+v, %v", sent, err)
	}
}

// interrupter is a log that does something once, when the first letter has been
// read.
type interrupter struct {
	slog.Handler
	once sync.Once
	then func()
}

func (i *interrupter) Enabled(context.Context, slog.Level) bool { return true }

func (i *interrupter) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "letter read" {
		i.once.Do(i.then)
	}
	return nil
}

func TestAnAnswerOfStaffThatComesWhileABatchIsReadCounts(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	now := room.Clock.Now()
	room.Receive(t, testkit.Support, enquiry(room, "q1@example.org").Bytes())
	room.Work(t)
	letters := make([]store.Filing, 40) // more than are acted on at once; the last one goes on with the first letter
	for i := range letters {
		m := testkit.Mail{From: fmt.Sprintf("List <list@l%d.example>", i), To: testkit.Support, Subject: "News", Text: "News.", ID: fmt.Sprintf("n%d@l.example", i), Header: []string{"List-Id: <news.l.example>"}, At: now}
		if i == len(letters)-1 {
			m = testkit.Mail{From: person, To: testkit.Support, Subject: "Re: Hello", Text: "And on Sundays?", ID: "r1@example.org", InReplyTo: "q1@example.org", At: now}
		}
		letters[i] = store.Filing{Raw: m.Bytes(), UID: uint32(i + 1000), Letter: postroom.Letter{Hash: m.ID, MessageID: m.ID, Mailbox: testkit.Support, Batch: "together", ReceivedAt: now}, Refs: []string{m.InReplyTo}}
	}
	err := room.Store.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.FileLetters(store.Cursor{Mailbox: testkit.Support, Folder: postroom.Inbox, UIDValidity: 1}, letters, now)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	reads := *room.Arrivals
	reads.Log = slog.New(&interrupter{then: func() {
		room.ReceiveSent(t, testkit.Support, testkit.Mail{From: testkit.Support, To: person, Subject: "Re: Hello", Text: "On Sundays too.", ID: "s1@communityaction.example", InReplyTo: "r1@example.org", Header: []string{"References: <q1@example.org> <r1@example.org>"}, At: now}.Bytes())
		room.Work(t)
	}})
	if o := reads.ReadBatch(t.Context(), postroom.Job{Subject: "together", Turn: 1}); o.Verdict != store.Done || o.Also == nil {
		t.Fatalf("the batch ended as %+v", o)
	}
	if sub := onlySubmission(t, room); sub.State != postroom.SubmissionAnswered {
		t.Errorf("the submission is %s, want answered", sub.State)
	}
}
