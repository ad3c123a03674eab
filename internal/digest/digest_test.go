package digest_test

import (
	"testing"

	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testkit"
	"postroom/internal/testserver"
)

// richDay makes a week in which everything happens that a summary tells of,
// up to the morning of Thursday 26 November, and returns what the references
// are called in the test.
func richDay(t *testing.T, room *testkit.Room) map[string]string {
	t.Helper()
	ref := map[string]string{}
	ref["ASK-MON"] = send(t, room, "ask", "name=Olena", "email=olena+mk@example.org", "question=Where is my grant?")
	ref["ASK-TEL"] = send(t, room, "ask", "name=Parwin", "phone=01908 123456", "question=Please ring me")
	ref["CLUB-MO"] = send(t, room, "club-question", "name=Annabel", "email=annabel@example.org", "question=May my son come?")
	ref["TRI-MON"] = puzzle(t, room, "support@riverside.example", "From: x\r\n\r\nWhat is this?")
	at(t, room, 24, 10, 0)
	ref["WELLBEI"] = send(t, room, "wellbeing", "name=Tired", "email=tired@example.org", "how=I cannot sleep")
	ref["HELD-TU"] = send(t, room, "ask", "name=Dragan", "email=dragan@example.org", "question=I am afraid")
	hold(t, room, ref["HELD-TU"])
	send(t, room, "register", "session=walk", "places=2", "name=Guest", "email=guest@example.org")
	at(t, room, 25, 8, 0)
	at(t, room, 25, 15, 0)
	ref["REFUSED"] = send(t, room, "ask", "name=Sam", "email=refused@example.org", "question=Are you open?")
	send(t, room, "register", "session=talk", "places=3", "name=First", "email=first@example.org")
	send(t, room, "register", "session=talk", "places=2", "name=Second", "email=second@example.org")
	ref["TRI-OWN"] = puzzle(t, room, "other@riverside.example", "From: y\r\n\r\nAnd this?")
	troubles(t, room)
	return ref
}

func hold(t *testing.T, room *testkit.Room, reference string) {
	t.Helper()
	write(t, room, func(tx *store.Tx) error {
		s, err := tx.SubmissionWith(reference)
		if err != nil {
			return err
		}
		return tx.Hold(s.ID, "safeguarding", room.Clock.Now())
	})
}

// troubles lets a job die and a mailbox be shut, and files what a mailbox that
// is only watched would have answered.
func troubles(t *testing.T, room *testkit.Room) {
	t.Helper()
	now := room.Clock.Now()
	write(t, room, func(tx *store.Tx) error {
		if _, err := tx.AddJob(postroom.JobInboundRead, "none", postroom.Inbound, now.AddDate(1, 0, 0), now); err != nil {
			return err
		}
		job, err := tx.JobOf(postroom.JobInboundRead, "none")
		if err != nil {
			return err
		}
		if err := tx.DropJob(job.ID, "it cannot be done", now); err != nil {
			return err
		}
		for _, folder := range []postroom.Folder{postroom.Inbox, postroom.SentFolder} {
			c := store.Cursor{Mailbox: "support@riverside.example", Folder: folder, UIDValidity: 1, ConnectedAt: now, PolledAt: now, Problem: "the password is refused"}
			if err := tx.PutCursor(c); err != nil {
				return err
			}
		}
		letter, _, err := tx.AddLetter(postroom.Letter{Hash: "watched", Mailbox: "events@riverside.example", ReceivedAt: now}, nil, []byte("x"))
		if err != nil {
			return err
		}
		m, err := room.Outbox.Owe(tx, postroom.Message{To: "w@example.org", Template: "we-have-your-message", Letter: letter})
		if err != nil {
			return err
		}
		return tx.Withhold(m.ID, postroom.Suppressed, "reason.watch", now)
	})
}

func TestARichDayReadsLikeThis(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := open(t, engine, testkit.Misbehaving(testserver.RefuseRcpt("refused@example.org")))
		ref := richDay(t, room)
		before := len(asWritten(t, room, office))
		at(t, room, 26, 8, 0)
		list := asWritten(t, room, office)
		if len(list) != before+1 {
			t.Fatalf("the office received %d summaries on the rich day, want one", len(list)-before)
		}
		got := list[len(list)-1]
		if want := "Your summary of Thursday 26 November"; got.Subject != want {
			t.Errorf("subject is %q, want %q", got.Subject, want)
		}
		golden(t, "rich-day.txt", labels(got.Text, ref))
		sameWords(t, got)
	})
}
