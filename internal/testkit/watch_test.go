package testkit_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testkit"
	"postroom/internal/testserver"
)

// A mailbox whose server is away is told to the coordinators of its programmes,
// once, and to nobody else; the next morning's summary says that it lasts. A
// mailbox on another server is read all the while.
func TestAMailboxThatIsNotReadIsToldToItsCoordinatorsOnce(t *testing.T) {
	t.Parallel()
	one, two := testserver.Dovecot(t), testserver.Dovecot(t)
	room := testkit.New(t, testkit.Setting(`digest_at: "08:00"`),
		testkit.Mailbox(one, testkit.Support, "mode: answer"), testkit.Mailbox(two, testkit.Volunteering, "mode: answer"))
	read(t, room)
	one.Vanish()
	two.Put(testkit.Volunteering, "INBOX", time.Time{}, enquiry(room, "q1@example.org").Bytes())
	for range 8 {
		if err := room.Mailboxes.Sweep(t.Context()); err == nil || !strings.Contains(err.Error(), testkit.Support) || strings.Contains(err.Error(), testkit.Volunteering) {
			t.Fatalf("reading both mailboxes: %v", err)
		}
		room.Work(t)
		room.Clock.Advance(5 * time.Minute)
	}
	if n := room.Count(t); n != 1 {
		t.Errorf("%d submissions came by the other mailbox, want 1", n)
	}
	told := func(who string) (letters []testkit.Letter) {
		for _, l := range room.Letters(t, who) {
			if strings.HasPrefix(l.Subject, "A mailbox is not being read: "+testkit.Support) {
				letters = append(letters, l)
			}
		}
		return letters
	}
	for _, who := range []string{"office@riverside.example", "cag@riverside.example"} {
		if letters := told(who); len(letters) != 1 || !strings.Contains(letters[0].Text, "Reason: the server does not answer") {
			t.Errorf("%s was told %d times", who, len(letters))
		}
	}
	if n := len(told("events@riverside.example")); n != 0 {
		t.Errorf("somebody who has nothing to do with it was told %d times", n)
	}
	room.Clock.Set(time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC))
	room.Work(t)
	summary := strings.Join(strings.Fields(room.Letter(t, "cag@riverside.example").Text), " ")
	if !strings.Contains(summary, "The mailbox "+testkit.Support+" cannot be read since Monday 23 November") || strings.Contains(summary, testkit.Volunteering) {
		t.Errorf("the summary says: %s", summary)
	}
}

// kinds are what lies in an old mailbox: questions, a sign-up, an automatic
// reply, a newsletter, and somebody who wants to leave a list.
var kinds = []struct {
	subject, text string
	header        []string
}{
	{"Opening hours", "When are you open on Saturdays?", nil},
	{"Please add us", "Please add my group to the network. We run a repair workshop.", nil},
	{"Automatic reply: Your message", "I am out of the office.", []string{"Auto-Submitted: auto-replied"}},
	{"Our news in autumn", "What is new.", []string{"List-Id: <news.example.net>", "List-Unsubscribe: <https://example.net/u>", "Precedence: bulk"}},
	{"Unsubscribe", "Please take me off your list.", nil},
}

// layOld puts letters into an inbox as years of work have left them: most were
// read, some are flagged, the newest came a minute ago.
func layOld(t *testing.T, d *testserver.DovecotServer, user string, n int, newest time.Time) {
	t.Helper()
	if _, err := d.Login(user).Select("INBOX", &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil { // makes the folder
		t.Fatal(err)
	}
	folder := filepath.Join(d.Folder, "mail", user, "cur")
	for i := range n {
		at := newest.Add(-time.Duration(n-1-i) * 100 * time.Minute)
		from, kind := fmt.Sprintf("person%d@place%d.example", i, i%700), kinds[i%len(kinds)]
		m := testkit.Mail{From: from, To: user, Subject: kind.subject, Text: fmt.Sprintf("%s\n\nNumber %d\n", kind.text, i), ID: fmt.Sprintf("old%d@place.example", i), At: at,
			Header: append([]string{"Return-Path: <" + from + ">"}, kind.header...)}
		flags := []string{"S", "", "FS", "RS"}[i%4]
		name := filepath.Join(folder, fmt.Sprintf("%d.M%dP1.old:2,%s", at.Unix(), i, flags))
		if err := os.WriteFile(name, m.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(name, at, at); err != nil {
			t.Fatal(err)
		}
	}
}

// looks is every letter of every folder with its flags, without touching any.
func looks(t *testing.T, d *testserver.DovecotServer, user string) (list []string) {
	t.Helper()
	client := d.Login(user)
	defer client.Close()
	folders, err := client.List("", "*", nil).Collect()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		box, err := client.Select(f.Mailbox, &imap.SelectOptions{ReadOnly: true}).Wait()
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, fmt.Sprintf("%s %d", f.Mailbox, box.UIDValidity))
		if box.NumMessages == 0 {
			continue
		}
		all := imap.SeqSet{}
		all.AddRange(1, 0)
		letters, err := client.Fetch(all, &imap.FetchOptions{UID: true, Flags: true, InternalDate: true}).Collect()
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range letters {
			slices.Sort(l.Flags)
			list = append(list, fmt.Sprintf("%s %d %v %s", f.Mailbox, l.UID, l.Flags, l.InternalDate.UTC()))
		}
	}
	slices.Sort(list)
	return list
}

// A mailbox that staff have worked in for a year is connected in watch mode, and
// all that lies there is filed: nobody hears of it, and nothing in it changes. What
// comes afterwards is not answered either, but the report says that it would be.
func TestFiveThousandOldLettersAreFiledAndNothingElseHappens(t *testing.T) {
	t.Parallel()
	const old = 5000
	d := testserver.Dovecot(t)
	layOld(t, d, testkit.Support, old, time.Date(2026, 11, 23, 9, 29, 0, 0, time.UTC)) // a minute before the room opens
	before := looks(t, d, testkit.Support)
	if len(before) < old {
		t.Fatalf("only %d letters lie there", len(before))
	}
	begun := time.Now()
	room := testkit.New(t, testkit.Mailbox(d, testkit.Support, "mode: watch, import: 366d"))
	room.Sweep(t)
	room.Work(t)
	t.Logf("%d letters were filed and read in %s", old, time.Since(begun).Round(time.Millisecond))
	if after := looks(t, d, testkit.Support); !slices.Equal(after, before) {
		t.Errorf("the mailbox has changed, from %q to %q", firstOther(before, after), firstOther(after, before))
	}
	if n := len(room.Sink.Messages()); n != 0 {
		t.Errorf("%d mails were sent", n)
	}
	if filed, imported, sent, would := report(t, room); filed != old || imported != old || sent != 0 || would != 0 {
		t.Errorf("the report says that of %d letters %d are old, %d mails were sent and %d would have been", filed, imported, sent, would)
	}

	for i := range 3 {
		m := enquiry(room, fmt.Sprintf("new%d@example.org", i))
		m.From, m.Header = fmt.Sprintf("new%d@new%d.example", i, i), nil
		d.Put(testkit.Support, "INBOX", time.Time{}, m.Bytes())
	}
	room.Sweep(t)
	room.Work(t)
	if filed, imported, sent, would := report(t, room); filed != old+3 || imported != old || sent != 0 || would < 3 {
		t.Errorf("after three new ones it says that of %d letters %d are old, %d mails were sent and %d would have been", filed, imported, sent, would)
	}
	if lost := firstOther(before, looks(t, d, testkit.Support)); lost != "" {
		t.Errorf("in the mailbox has changed: %q", lost)
	}
	if n := len(room.Sink.Messages()); n != 0 {
		t.Errorf("%d mails were sent", n)
	}
}

// firstOther is the first of a list that is not in another.
func firstOther(list, other []string) string {
	known := make(map[string]bool, len(other))
	for _, line := range other {
		known[line] = true
	}
	for _, line := range list {
		if !known[line] {
			return line
		}
	}
	return ""
}

// report is what postroom mailbox report is made of.
func report(t *testing.T, room *testkit.Room) (filed, imported, sent, would int) {
	t.Helper()
	letters, err := room.Store.Read(t.Context()).LetterCounts(testkit.Support)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range letters {
		t.Logf("%d %s %s %s %s", l.N, l.Folder, l.Class, l.State, l.Reason)
		if l.State == postroom.LetterReceived {
			t.Errorf("%d letters are not read yet", l.N)
		}
		if filed += l.N; l.Imported {
			imported += l.N
		}
	}
	mails, err := room.Store.Read(t.Context()).MailCounts(testkit.Support)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mails {
		t.Logf("%d %s sent %t", m.N, m.Template, m.Sent)
		if m.Sent {
			sent += m.N
		} else {
			would += m.N
		}
	}
	return filed, imported, sent, would
}

// A letter that the mailbox handed out in part only, and without a word, is for a
// person to look at. Its sender hears that we have it.
func TestALetterWithoutItsWordsWaitsForAPerson(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	m := enquiry(room, "q1@example.org")
	m.Text = ""
	err := room.Store.Write(t.Context(), func(tx *store.Tx) error {
		now := room.Clock.Now()
		l := postroom.Letter{Hash: "part", MessageID: m.ID, Mailbox: testkit.Support, Batch: "part", Size: 90_000, ReceivedAt: now}
		if _, _, err := tx.AddLetter(l, nil, m.Bytes()); err != nil {
			return err
		}
		_, err := tx.AddJob(postroom.JobInboundRead, "part", postroom.Inbound, now, now)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	room.Work(t)
	if list := triage(t, room); len(list) != 1 || list[0].Reason != "not_fetched" || list[0].Reference == "" {
		t.Errorf("in triage is %+v", list)
	}
	if got := room.Subjects(t, person); len(got) != 1 || room.Count(t) != 0 {
		t.Errorf("its sender heard %q, and %d submissions are on file", got, room.Count(t))
	}
}

// What was promised to somebody is kept although their letter was erased; only its
// thread is gone.
func TestWhatWasPromisedIsKeptWhenTheLetterIsErased(t *testing.T) {
	t.Parallel()
	files := programmes(t)
	file, err := os.OpenFile(filepath.Join(files, "enquiries.yaml"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = file.WriteString("  - {step: still-well, after: received, by: 3d, send: welcome}\n")
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
	room := testkit.New(t, testkit.Setting("programmes: "+files))
	raw := enquiry(room, "q1@example.org").Bytes()
	room.Receive(t, testkit.Support, raw)
	room.Work(t)
	letter := onlySubmission(t, room).Letter
	if err := room.Store.Write(t.Context(), func(tx *store.Tx) error { return tx.EraseLetter(letter, room.Clock.Now()) }); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		room.Clock.Advance(24 * time.Hour)
		room.Work(t)
	}
	if got := room.Subjects(t, person); len(got) != 2 {
		t.Errorf("the person received %q, want the answer and the follow-up", got)
	}
	if strings.Contains(room.Rows(t), "letters: ["+letter) {
		t.Error("the letter is still on file")
	}
}
