package testkit_test

import (
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
