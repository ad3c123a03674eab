package testkit_test

import (
	"testing"

	"postroom/internal/testkit"
	"postroom/internal/testserver"
)

// A mailbox that takes no password is read and answered like any other, also
// after the provider has withdrawn the token.
func TestALetterIsReadFromAMailboxThatTakesTokens(t *testing.T) {
	t.Parallel()
	d, tokens := testserver.Dovecot(t), testserver.OAuth(t)
	d.TakeTokens(tokens)
	room := testkit.New(t, testkit.TokenMailbox(tokens, d, testkit.Support, "mode: answer"))
	room.Sweep(t) // what lies there before is not answered
	for i, person := range []string{"one@example.org", "two@example.org"} {
		d.Deliver(person, testkit.Support, testkit.Mail{From: person, To: testkit.Support, Subject: "A question", Text: "Is the hall open?", ID: person, At: room.Clock.Now()}.Bytes())
		room.Sweep(t)
		room.Work(t)
		if got := room.Subjects(t, person); len(got) != 1 {
			t.Errorf("%s received %q", person, got)
		}
		if i == 0 {
			tokens.Revoke()
		}
	}
}
