package testkit_test

import (
	"bytes"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"postroom/internal/letter"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testkit"
)

// Each of these is what hurt the users of another mail desk; the public issue
// stands beside it.

// due is how long after they were filed letters are read that are filed
// together: late enough for a test to do something to them first.
const due = time.Minute

// fileTogether puts letters on file in one batch, as one look into a mailbox
// does.
func fileTogether(t *testing.T, room *testkit.Room, imported bool, raws ...[]byte) (ids []string) {
	t.Helper()
	batch, now := store.NewBatch(), room.Clock.Now()
	err := room.Store.Write(t.Context(), func(tx *store.Tx) error {
		ids = nil
		for _, raw := range raws {
			messageID, refs := letter.IDs(raw)
			sum := sha256.Sum256(raw)
			id, _, err := tx.AddLetter(postroom.Letter{
				Hash: hex.EncodeToString(sum[:]), MessageID: messageID, Mailbox: testkit.Support, Folder: postroom.Inbox, Batch: batch, Imported: imported, ReceivedAt: now,
			}, refs, raw)
			if err != nil {
				return err
			}
			ids = append(ids, id)
		}
		_, err := tx.AddJob(postroom.JobInboundRead, batch, postroom.Inbound, now.Add(due), now)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// freescout#4740: a letter without a Message-ID stopped the reading of a mailbox.
func TestLettersWithoutAMessageIDAreAnsweredLikeAnyOther(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	for i, line := range []string{"", "Message-ID: \r\n", "Message-ID: <>\r\n"} {
		m := enquiry(room, "")
		m.From = fmt.Sprintf("person%d@example.org", i)
		room.Receive(t, testkit.Support, append([]byte(line), m.Bytes()...))
		room.Receive(t, testkit.Support, append([]byte(line), m.Bytes()...)) // the same letter once more
	}
	room.Work(t)
	for i := range 3 {
		if got := room.Subjects(t, fmt.Sprintf("person%d@example.org", i)); len(got) != 1 {
			t.Errorf("person %d received %q, want one answer", i, got)
		}
	}
	if n := room.Count(t); n != 3 {
		t.Errorf("%d submissions are on file, want 3", n)
	}
}

// zammad#2227, civicrm-core#28192: one letter that could not be read ended the
// reading of all that came with it. freescout#1403: its sender was told so, by a
// mail that a machine answered.
func TestALetterThatCannotBeOpenedKeepsNoOtherWaitingAndItsSenderIsNotBothered(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	var raws [][]byte
	for i := range 5 {
		m := enquiry(room, fmt.Sprintf("q%d@example.org", i))
		m.From = fmt.Sprintf("person%d@example.org", i)
		raws = append(raws, m.Bytes())
	}
	ids := fileTogether(t, room, false, raws...)
	damage(t, room, ids[2])
	for range 30 {
		room.Work(t)
		room.Clock.Advance(10 * time.Minute)
	}
	for i := range 5 {
		want := 1
		if i == 2 {
			want = 0
		}
		if got := room.Subjects(t, fmt.Sprintf("person%d@example.org", i)); len(got) != want {
			t.Errorf("person %d received %q, want %d", i, got, want)
		}
	}
	if list := triage(t, room); len(list) != 1 || list[0].ID != ids[2] || list[0].Reason != "unreadable" {
		t.Errorf("in triage are %+v, want the one that cannot be read", list)
	}
}

// damage spoils the bytes of a letter, as a failing disk does.
func damage(t *testing.T, room *testkit.Room, id string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+room.Config.Database.Path+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), `UPDATE letter_bytes SET sealed = x'00' WHERE letter_id = $1`, id); err != nil {
		t.Fatal(err)
	}
}

// zammad#5428: answers were kept from going in a circle, and notices to the
// system's own people were not.
func TestAColleaguesResponderIsNotLoopedWith(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	const colleague = "office@riverside.example"
	room.Receive(t, testkit.Support, enquiry(room, "q1@example.org").Bytes())
	room.Work(t)
	first := len(room.Letters(t, colleague))
	if first == 0 {
		t.Fatal("the coordinator was told of nothing")
	}
	answered := 0
	for round := range 20 {
		for i, notice := range room.Letters(t, colleague)[answered:] {
			room.Receive(t, testkit.Support, testkit.Mail{
				From: colleague, To: testkit.Support, Subject: "Re: " + notice.Subject, Text: fmt.Sprintf("I am in a meeting, round %d.", round),
				ID: fmt.Sprintf("r%d-%d@riverside.example", round, i), InReplyTo: strings.Trim(notice.Header.Get("Message-Id"), "<>"), At: room.Clock.Now(),
			}.Bytes())
			answered++
		}
		room.Work(t)
		room.Clock.Advance(10 * time.Minute)
	}
	if got := len(room.Letters(t, colleague)); got > first+1 {
		t.Errorf("the colleague's responder got %d notices, and %d before it began to answer", got, first)
	}
}

// freescout#4143: each message that could not be dealt with was answered by a
// notice that said so, eight thousand times.
func TestWhatNobodyCanPlaceIsAnsweredAFewTimesAndAllKept(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	const there = "hello@riverside.example" // no programme has this address
	for i := range 30 {
		m := enquiry(room, fmt.Sprintf("q%d@example.org", i))
		m.To, m.Text = there, fmt.Sprintf("Your message %d could not be processed.", i)
		room.Receive(t, there, m.Bytes())
		room.Work(t)
		room.Clock.Advance(10 * time.Minute)
	}
	if got := room.Subjects(t, person); len(got) > 3 {
		t.Errorf("the sender received %d mails: %q", len(got), got)
	}
	list, err := room.Store.Read(t.Context()).Triage(100)
	if err != nil || len(list) != 30 {
		t.Errorf("%d letters wait for a person, %v; want all 30", len(list), err)
	}
}

// zammad#539: the first look into a mailbox answered all that had ever come.
func TestLettersThatLayThereBeforeAreAnsweredByNobody(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	var raws [][]byte
	for i := range 50 {
		m := enquiry(room, fmt.Sprintf("q%d@example.org", i))
		m.From, m.At = fmt.Sprintf("person%d@example.org", i), room.Clock.Now().Add(-time.Duration(i)*time.Hour)
		raws = append(raws, m.Bytes())
	}
	fileTogether(t, room, true, raws...)
	for range 4 {
		room.Work(t)
		room.Clock.Advance(24 * time.Hour)
	}
	for _, m := range room.Sink.Messages() {
		if !strings.HasSuffix(m.To[0], "@riverside.example") {
			t.Errorf("a mail went to %s", m.To[0])
		}
	}
	if list, err := room.Store.Read(t.Context()).Triage(100); err != nil || len(list) != 50 || !strings.HasSuffix(list[0].Reason, "imported") {
		t.Errorf("%d letters wait for a person, %v; want all 50", len(list), err)
	}
}

// civicrm-core#27720: what machines sent to the mailbox for bounces became
// contacts.
func TestNoContactIsMadeOfWhatNobodyWrote(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	for name, header := range map[string][]string{
		"away":     {"Return-Path: <>", "Auto-Submitted: auto-replied"},
		"news":     {"Return-Path: <robot@example.net>", "List-Id: <news.example.net>", "List-Unsubscribe: <mailto:leave@example.net>"},
		"bulk":     {"Return-Path: <robot@example.net>", "Precedence: bulk"},
		"no-reply": {"Return-Path: <no-reply@example.net>"},
		"spam":     {"Return-Path: <robot@example.net>", "X-Spam-Flag: YES"},
	} {
		room.Receive(t, testkit.Support, testkit.Mail{From: name + "@example.net", To: testkit.Support, Subject: "About your account", Text: "Please confirm.", ID: name + "@example.net", At: room.Clock.Now(), Header: header}.Bytes())
	}
	room.Receive(t, testkit.Support, dsn("<forged@example.net>", "somebody@example.net", "5.1.1"))
	room.Work(t)
	made := slices.DeleteFunc(strings.Split(room.Rows(t), "\n"), func(row string) bool {
		return !strings.HasPrefix(row, "contacts:") && !strings.HasPrefix(row, "addresses:") && !strings.HasPrefix(row, "submissions:")
	})
	if len(made) != 0 {
		t.Errorf("on file are %q", made)
	}
}

// civicrm-core#28192: an address that made no sense ended the reading of all
// reports.
func TestAReportThatMakesNoSenseKeepsNoOtherWaiting(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	room.Receive(t, testkit.Support, enquiry(room, "q1@example.org").Bytes())
	room.Work(t)
	sent := room.Letter(t, person)
	id := sent.Header.Get("Message-Id")
	senseless := [][]byte{
		dsn("<a@example.net>", "((((@@", "5.1.1"), dsn("<b@example.net>", strings.Repeat("x", 5000)+"@example.net", "5.1.1"),
		dsn("<c@example.net>", "\xff\xfe@\x00", "5.1.1"), dsn("<>", "", ""),
	}
	for i := range senseless {
		senseless[i] = bytes.Replace(senseless[i], []byte("dsn1@"), fmt.Appendf(nil, "senseless%d@", i), 1)
	}
	fileTogether(t, room, false, append(senseless, dsn(id, person, "5.1.1"))...)
	room.Clock.Advance(due)
	room.Work(t)
	if dead, err := room.Store.Read(t.Context()).AddressDead(person); err != nil || !dead {
		t.Errorf("the address that was reported is dead: %t, %v", dead, err)
	}
	if left := count(t, room, postroom.LetterReceived); left != 0 {
		t.Errorf("%d letters were not read", left)
	}
}

func count(t *testing.T, room *testkit.Room, state postroom.LetterState) (n int) {
	t.Helper()
	list, err := room.Store.Read(t.Context()).Letters(100)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range list {
		if l.State == state {
			n++
		}
	}
	return n
}

// freescout#688, osTicket#1041: an automatic reply opened again what was
// answered.
func TestAnAutomaticReplyOpensNothingAgain(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	room.Receive(t, testkit.Support, enquiry(room, "q1@example.org").Bytes())
	room.Work(t)
	sent := room.Letter(t, person)
	ours := strings.Trim(sent.Header.Get("Message-Id"), "<>")
	room.ReceiveSent(t, testkit.Support, testkit.Mail{From: testkit.Support, To: person, Subject: "Re: Opening hours", ID: "s1@communityaction.example", InReplyTo: "q1@example.org", Text: "From ten to four.", At: room.Clock.Now()}.Bytes())
	room.Work(t)
	mails := len(room.Sink.Messages())
	for i, answers := range []string{ours, "s1@communityaction.example", "q1@example.org"} {
		m := enquiry(room, fmt.Sprintf("v%d@example.org", i))
		m.Subject, m.Text, m.InReplyTo = "Out of office: Opening hours", "I am out of the office until Monday.", answers
		m.Header = []string{"Return-Path: <" + person + ">", "Auto-Submitted: auto-replied", "Precedence: bulk"} // as Gmail does
		room.Receive(t, testkit.Support, m.Bytes())
	}
	room.Work(t)
	if sub := onlySubmission(t, room); sub.State != postroom.SubmissionAnswered || len(room.Sink.Messages()) != mails {
		t.Errorf("the submission is %s, and %d mails went out", sub.State, len(room.Sink.Messages())-mails)
	}
}
