package testkit_test

import (
	"fmt"
	"mime"
	"net/smtp"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"postroom/internal/postroom"
	"postroom/internal/testkit"
	"postroom/internal/testserver"
)

// town is a mail server for everybody, with their mailboxes.
type town struct {
	t       *testing.T
	dovecot *testserver.DovecotServer
	postfix *testserver.PostfixServer
}

func newTown(t *testing.T) *town {
	d := testserver.Dovecot(t)
	return &town{t: t, dovecot: d, postfix: testserver.Postfix(t, testserver.PostfixOptions{LMTP: d.LMTP, Settings: []string{"recipient_delimiter = +"}})}
}

// send hands a letter to the mail server as a mail program does.
func (w *town) send(from, to string, letter []byte) {
	w.t.Helper()
	if err := smtp.SendMail(w.postfix.Addr, nil, from, []string{to}, letter); err != nil {
		w.t.Fatal(err)
	}
}

// inbox waits until there are at least n letters in somebody's inbox and
// returns them.
func (w *town) inbox(user string, n int) (letters []testkit.Letter) {
	w.t.Helper()
	client := w.dovecot.Login(user)
	defer client.Close()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(30 * time.Second); ; <-tick.C {
		box, err := client.Select("INBOX", nil).Wait()
		if err != nil {
			w.t.Fatal(err)
		}
		if int(box.NumMessages) >= n {
			return w.fetch(client, box.NumMessages)
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("%d letters are in the inbox of %s, want %d", box.NumMessages, user, n)
		}
	}
}

func (w *town) fetch(client *imapclient.Client, n uint32) (letters []testkit.Letter) {
	w.t.Helper()
	if n == 0 {
		return nil
	}
	section := &imap.FetchItemBodySection{Peek: true}
	all := imap.SeqSet{}
	all.AddRange(1, n)
	got, err := client.Fetch(all, &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{section}}).Collect()
	if err != nil {
		w.t.Fatal(err)
	}
	for _, m := range got {
		letters = append(letters, testkit.ReadLetter(w.t, testserver.Mail{Data: m.FindBodySection(section)}))
	}
	return letters
}

// read lets a post room read its mailboxes and do what follows.
func read(t *testing.T, room *testkit.Room) {
	t.Helper()
	room.Sweep(t)
	room.Work(t)
}

// TestALetterGoesAllTheWayOverRealServers is the promise of the second door on
// the real thing: Postfix hands a stranger's letter to Dovecot, the post room on
// PostgreSQL and Redis reads it by IMAP, answers through Postfix, and staff
// answer from their own mail program.
func TestALetterGoesAllTheWayOverRealServers(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	room := testkit.New(t, testkit.OnServers, testkit.Through(w.postfix.Addr), testkit.Mailbox(w.dovecot, testkit.Support, "mode: answer, replies: plus"))
	read(t, room) // the first look imports nothing
	m := enquiry(room, "q1@example.org")
	m.Header = nil
	w.send(person, testkit.Support, m.Bytes())
	w.inbox(testkit.Support, 1)
	read(t, room)

	answer := w.inbox(person, 1)[0]
	if answer.Header.Get("In-Reply-To") != "<q1@example.org>" || answer.Subject != "Re: Opening hours" || answer.HTML == "" {
		t.Errorf("the answer %q is in reply to %q", answer.Subject, answer.Header.Get("In-Reply-To"))
	}
	reply, err := answer.Header.AddressList("Reply-To")
	if err != nil || len(reply) != 1 {
		t.Fatalf("Reply-To: %v, %v", reply, err)
	}
	again := testkit.Mail{From: person, To: reply[0].Address, Subject: "One more thing", Text: "And on Sundays?", ID: "q2@example.org", At: room.Clock.Now()}
	w.send(person, reply[0].Address, again.Bytes())
	w.inbox(testkit.Support, 2)
	read(t, room)
	if n := room.Count(t); n != 1 {
		t.Errorf("%d submissions are on file, want the one that the reply address names", n)
	}

	staff := testkit.Mail{From: testkit.Support, To: person, Subject: "Re: Opening hours", ID: "s1@communityaction.example", InReplyTo: "q1@example.org",
		Text: "From ten to four.", At: room.Clock.Now()}
	w.send(testkit.Support, person, staff.Bytes())
	w.dovecot.Put(testkit.Support, "Sent", time.Time{}, staff.Bytes())
	read(t, room)
	if sub := onlySubmission(t, room); sub.State != postroom.SubmissionAnswered {
		t.Errorf("after the staff's own answer the submission is %s", sub.State)
	}
	before := len(w.inbox("office@riverside.example", 2))
	room.Clock.Advance(6 * 24 * time.Hour)
	read(t, room)
	if after := w.inbox("office@riverside.example", before); len(after) > before {
		for _, l := range after[before:] {
			if strings.HasPrefix(l.Subject, "Still waiting") {
				t.Errorf("the coordinator was chased although staff had answered: %q", l.Subject)
			}
		}
	}
	if mails := w.inbox(person, 2); len(mails) != 2 {
		t.Errorf("the person has %d mails, want our answer and the staff's", len(mails))
	}
}

func TestAVacationResponderIsNotLoopedWith(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.dovecot.Away(person, w.postfix.Addr, "I am away until Monday.")
	room := testkit.New(t, testkit.Through(w.postfix.Addr), testkit.Mailbox(w.dovecot, testkit.Support, "mode: answer"))
	read(t, room)
	m := enquiry(room, "q1@example.org")
	m.Header = nil
	w.send(person, testkit.Support, m.Bytes())
	w.inbox(testkit.Support, 1)
	read(t, room)
	w.inbox(person, 1) // our answer, which the responder may answer once
	staff := testkit.Mail{From: "colleague@elsewhere.example", To: person, Subject: "Hello", Text: "Are you in?", ID: "c1@elsewhere.example", At: room.Clock.Now()}
	w.send("colleague@elsewhere.example", person, staff.Bytes())
	w.inbox("colleague@elsewhere.example", 1) // the responder works: a person's mail is answered
	// A vacation reply that does come to us, as responders less polite than
	// Sieve send it, is kept and not answered.
	away := w.inbox("colleague@elsewhere.example", 1)[0].Raw
	w.send("", testkit.Support, away)
	w.inbox(testkit.Support, 2)
	read(t, room)
	got := w.inbox(person, 2)
	t.Logf("we wrote %d mail to somebody whose mailbox answers by itself", len(got)-1)
	if len(got) != 2 {
		t.Errorf("the person on holiday has %d mails, want our one answer and the colleague's", len(got))
	}
}

func TestTwoPostRoomsOnRealServersExchangeAtMostOneMailEach(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	one := testkit.New(t, testkit.Through(w.postfix.Addr), testkit.Mailbox(w.dovecot, testkit.Support, "mode: answer"))
	two := testkit.New(t, testkit.Stranger, testkit.Through(w.postfix.Addr), testkit.Mailbox(w.dovecot, otherRoom, "mode: answer"))
	read(t, one)
	read(t, two)
	m := enquiry(one, "loop@example.org")
	m.From, m.Header = otherRoom, nil
	w.send(otherRoom, testkit.Support, m.Bytes())
	w.inbox(testkit.Support, 1)
	read(t, one)
	w.inbox(otherRoom, 1) // the one answer
	for range 3 {
		read(t, two)
		read(t, one)
	}
	a, b := len(w.inbox(testkit.Support, 1)), len(w.inbox(otherRoom, 1))
	t.Logf("one post room got %d letter, the other %d answer", a, b)
	if a != 1 || b != 1 {
		t.Errorf("the post rooms have %d and %d mails, want the first letter and one answer", a, b)
	}
}

func TestAMailboxInDraftLeavesAnswersForStaffToSend(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	room := testkit.New(t, testkit.Through(w.postfix.Addr), testkit.Mailbox(w.dovecot, testkit.Support, "mode: draft"))
	read(t, room)
	m := enquiry(room, "q1@example.org")
	m.Header = nil
	w.send(person, testkit.Support, m.Bytes())
	w.inbox(testkit.Support, 1)
	read(t, room)
	client := w.dovecot.Login(testkit.Support)
	box, err := client.Select("Drafts", nil).Wait()
	if err != nil || box.NumMessages != 1 {
		t.Fatalf("%d drafts, %v; want 1", box.NumMessages, err)
	}
	draft := w.fetch(client, 1)[0]
	w.send(testkit.Support, person, draft.Raw) // a person presses Send
	w.dovecot.Put(testkit.Support, "Sent", time.Time{}, draft.Raw)
	read(t, room)
	if sub := onlySubmission(t, room); sub.State != postroom.SubmissionAnswered {
		t.Errorf("after the draft was sent the submission is %s", sub.State)
	}
	if got := w.inbox(person, 1); len(got) != 1 {
		t.Errorf("the person has %d mails, want the one that staff sent", len(got))
	}
}

// TestPeopleArriveByLettersAloneOverRealServers takes a sign-up, a booking and
// an offer from the first letter to the last in each of three languages, with
// nothing but mail programs on the people's side.
func TestPeopleArriveByLettersAloneOverRealServers(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	room := testkit.New(t, testkit.OnServers, testkit.Through(w.postfix.Addr),
		testkit.Mailbox(w.dovecot, testkit.Support, "mode: answer, replies: plus"), testkit.Mailbox(w.dovecot, testkit.EventsBox, "mode: answer, replies: plus"),
		testkit.Mailbox(w.dovecot, testkit.Volunteering, "mode: answer, replies: plus"))
	read(t, room)
	for _, walk := range []struct {
		who, box, subject string
		letters           []string // each in answer to what came before
	}{
		{"join.en", testkit.Support, "Please add us", []string{"Please add my group to the network.", "1. Wolverton"}},
		{"join.uk", testkit.Support, "Додайте нас", []string{"Добрий день, додайте нашу групу до мережі, будь ласка.", "1. Wolverton"}},
		{"join.dari", testkit.Support, "گروپ همکاری", []string{"سلام، لطفاً گروپ ما را اضافه کنید. تشکر", "۱. Wolverton"}},
		{"come.en", testkit.EventsBox, "Networking event", []string{"Hello, we would like to come to the networking event.", "1. 13 March\n2. 3", "Sorry, we can't come"}},
		{"come.uk", testkit.EventsBox, "День знайомств", []string{"Добрий день, ми хочемо прийти на день знайомств.", "1. Головний захід\n2. 3", "На жаль, ми не зможемо прийти"}},
		{"come.dari", testkit.EventsBox, "محفل آشنایی", []string{"سلام، ما می‌خواهیم در محفل آشنایی اشتراک کنیم. تشکر", "۱. محفل اصلی\n۲. ۳ نفر", "لطفا جای ما را لغو کنید"}},
		{"help.en", testkit.Volunteering, "Volunteering", []string{"I would like to volunteer.", "1. Translate or interpret 2. yes", "1. Dari"}},
		{"help.uk", testkit.Volunteering, "Волонтер", []string{"Добрий день, я хочу бути волонтером і допомагати вам.", "1. Перекладати\n2. так", "Українська"}},
		{"help.dari", testkit.Volunteering, "رضاکار", []string{"سلام، من می‌خواهم رضاکار باشم و کمک کنم. تشکر", "۱. ترجمانی\n۲. بلی", "۱. دری"}},
	} {
		from, to, answers := walk.who+"@"+walk.who+".example", walk.box, ""
		for i, text := range walk.letters {
			m := testkit.Mail{From: from, To: to, Subject: mime.BEncoding.Encode("utf-8", walk.subject), Text: text, ID: fmt.Sprintf("%s.%d@example.org", walk.who, i), InReplyTo: answers, At: room.Clock.Now()}
			w.send(from, to, m.Bytes())
			w.wait(walk.box, m.ID)
			read(t, room)
			last := w.inbox(from, i+1)[i]
			answers = strings.Trim(last.Header.Get("Message-Id"), "<>")
			if reply, err := last.Header.AddressList("Reply-To"); err == nil && len(reply) == 1 {
				to = reply[0].Address
			}
		}
	}
	subs, err := room.Store.Read(t.Context()).Submissions(20)
	if err != nil || len(subs) != 9 {
		t.Fatalf("%d submissions are on file, %v; want 9", len(subs), err)
	}
	for _, sub := range subs {
		if len(sub.Open) != 0 {
			t.Errorf("of %s %q is open", sub.Address, sub.Open)
		}
		b, booked, err := room.Store.Read(t.Context()).BookingOf(sub.ID)
		if want := strings.HasPrefix(sub.Address, "come."); err != nil || booked != want || want && (b.State != postroom.BookingCancelled || b.Party != 3) {
			t.Errorf("the booking of %s: %+v, %t, %v", sub.Address, b, booked, err)
		}
	}
}

// wait waits until a letter lies in a mailbox.
func (w *town) wait(user, id string) {
	w.t.Helper()
	client := w.dovecot.Login(user)
	defer client.Close()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); <-tick.C {
		if _, err := client.Select("INBOX", nil).Wait(); err != nil {
			w.t.Fatal(err)
		}
		found, err := client.Search(&imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: id}}}, nil).Wait()
		if err != nil {
			w.t.Fatal(err)
		}
		if len(found.AllSeqNums()) > 0 {
			return
		}
	}
	w.t.Fatalf("letter %s did not arrive", id)
}
