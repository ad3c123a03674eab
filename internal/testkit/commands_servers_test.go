package testkit_test

import (
	"strings"
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/testkit"
)

// TestCommandsGoAllTheWayOverRealServers has a colleague act from their own mail
// program on the real thing: Postfix hands their letters to Dovecot, the post room
// on PostgreSQL and Redis reads them by IMAP and answers through Postfix. The
// mailbox is only watched: colleagues are answered all the same.
func TestCommandsGoAllTheWayOverRealServers(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	room := testkit.New(t, testkit.OnServers, testkit.Through(w.postfix.Addr), testkit.Mailbox(w.dovecot, testkit.Support, "mode: watch, replies: plus"), testkit.Setting(`digest_at: "08:00"`))
	read(t, room) // the first look imports nothing
	for i, id := range []string{"q1@example.org", "q2@example.org"} {
		m := enquiry(room, id)
		m.Header, m.Text = nil, m.Text+strings.Repeat(" Please.", i)
		w.send(person, testkit.Support, m.Bytes())
	}
	w.inbox(testkit.Support, 2)
	read(t, room)
	room.Clock.Set(time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC))
	read(t, room)
	list := w.inbox(officeDesk, 1)
	summary := list[len(list)-1]
	to, err := summary.Header.AddressList("Reply-To")
	if err != nil || len(to) != 1 || !strings.HasPrefix(summary.Subject, "Your summary") {
		t.Fatalf("%q with Reply-To %v, %v", summary.Subject, to, err)
	}
	subs, err := room.Store.Read(t.Context()).Submissions(9)
	if err != nil || len(subs) == 0 {
		t.Fatalf("%+v, %v", subs, err)
	}
	inbox, heard := 2, len(list)
	order := func(from, to, text string) string {
		t.Helper()
		inbox++
		l := testkit.Mail{From: from, To: to, Subject: "Re: " + summary.Subject, InReplyTo: idOf(summary), Text: text + "\n\n> DONE 1\n", ID: strings.ReplaceAll(room.Clock.Now().Format("150405.000"), ".", "") + "@riverside.example", At: room.Clock.Now()}
		w.send(from, to, l.Bytes())
		w.inbox(testkit.Support, inbox)
		read(t, room)
		room.Clock.Advance(time.Minute)
		mails := w.inbox(officeDesk, heard)
		if len(mails) == heard {
			return ""
		}
		heard = len(mails)
		return mails[heard-1].Subject + ": " + flat(mails[heard-1].Text)
	}
	sub := func() postroom.Submission {
		t.Helper()
		s, err := room.Store.Read(t.Context()).Submission(subs[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	ref := subs[0].Reference
	for _, c := range []struct{ text, says string }{
		{"TAKE " + ref, "What was done ------------- - "},
		{"NOTE " + ref + " rang her", "your note is there"},
		{"SNOOZE " + ref + " 4 dec", "it is put off until Friday 4 December 2026"},
		{"DONE " + ref, "it is dealt with"},
		{"UNDO", "what you did is taken back"},
		{"PASS " + ref + " to " + cagDesk, "it is passed on to " + cagDesk},
		{"LIST", "What waits for you"},
		{"HELP", "How to act by mail"},
	} {
		if got := order(officeDesk, to[0].Address, c.text); !strings.Contains(got, c.says) {
			t.Errorf("%s is answered by %q, want %q", c.text, got, c.says)
		}
	}
	if s := sub(); s.AssignedTo != "cag" || s.State == postroom.SubmissionAnswered {
		t.Errorf("it is with %q, and %s", s.AssignedTo, s.State)
	}
	if mails := w.inbox(cagDesk, 1); !strings.HasPrefix(mails[len(mails)-1].Subject, "Passed on to you") {
		t.Errorf("cag hears %q", mails[len(mails)-1].Subject)
	}
	// Somebody else who has seen the address, and says in vain who they are.
	before := sub()
	if got := order(person, to[0].Address, "DONE "+ref); strings.Contains(got, "it is dealt with") || sub().State != before.State {
		t.Errorf("a stranger's command is answered by %q", got)
	}
}
