package testkit_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"postroom/internal/outbound"
	"postroom/internal/postroom"
	"postroom/internal/testkit"
)

// mailsTo counts the mails that a room sent to addresses of a domain.
func mailsTo(room *testkit.Room, domain string) (n int) {
	for _, m := range room.Sink.Messages() {
		if strings.HasSuffix(m.To[0], "@"+domain) {
			n++
		}
	}
	return n
}

// responder answers every mail by itself and looks like a person each time: no
// header says that it is a machine, it begins a conversation of its own, and its
// subject and words are never the same.
type responder struct {
	room    *testkit.Room
	from    func(n int) string // its n-th letter is from there
	subject func(n int) string
	n       int
}

func (r *responder) letter() testkit.Mail {
	r.n++
	from := r.from(r.n)
	m := testkit.Mail{
		From: "Pat <" + from + ">", To: testkit.Support, Subject: r.subject(r.n), ID: fmt.Sprintf("m%d@mail.elsewhere.example", r.n), At: r.room.Clock.Now(),
		Header: []string{"Return-Path: <" + from + ">"}, Text: fmt.Sprintf("Hello,\n\nthank you for your mail number %d. What do you mean by it?\n\nPat\n", r.n),
	}
	return m
}

// quarrel lets a room and a responder answer each other for some days, and says
// how many letters each wrote. Every answer of the room is answered a minute
// later; and because a responder may begin anew, it writes every three hours as well.
func quarrel(t *testing.T, room *testkit.Room, r *responder, days int) (ours, theirs int) {
	t.Helper()
	seen := 0
	for range days * 8 {
		room.Receive(t, testkit.Support, r.letter().Bytes())
		for quiet := false; !quiet; {
			room.Work(t)
			mails := mailsTo(room, "elsewhere.example")
			for quiet = mails == seen; seen < mails; seen++ {
				room.Clock.Advance(time.Minute)
				room.Receive(t, testkit.Support, r.letter().Bytes())
			}
		}
		room.Clock.Advance(3 * time.Hour)
	}
	room.Work(t)
	return mailsTo(room, "elsewhere.example"), r.n
}

// A machine that nothing gives away is answered as a person is who writes often:
// once a day for one form, and three times a day whatever it asks.
func TestAHostileResponderIsAnsweredAFewTimesADay(t *testing.T) {
	t.Parallel()
	const days = 2
	subjects := []string{"A question", "Please add me to the network", "I offer to volunteer as a translator", "Where is my letter?"}
	one := func(int) string { return "pat@elsewhere.example" }
	many := func(n int) string { return fmt.Sprintf("pat%d@elsewhere.example", n) }
	for _, c := range []struct {
		name    string
		from    func(int) string
		subject func(int) string
		most    int // answers in a day
	}{
		{"on one form", one, func(n int) string { return fmt.Sprintf("Re: number %d", n) }, 1},
		{"on every form", one, func(n int) string { return fmt.Sprintf("%s (%d)", subjects[n%len(subjects)], n) }, 3},
		{"from an address of its own each time", many, func(n int) string { return fmt.Sprintf("Re: number %d", n) }, 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			room := testkit.New(t)
			ours, theirs := quarrel(t, room, &responder{room: room, from: c.from, subject: c.subject}, days)
			t.Logf("in %d days it wrote %d letters, and we wrote %d", days, theirs, ours)
			if most := c.most * (days + 1); ours > most || ours == 0 {
				t.Errorf("we answered %d times in %d days, want at most %d", ours, days, most)
			}
			if n := onFileFrom(t, room, "elsewhere.example"); n != theirs {
				t.Errorf("%d of its %d letters are on file: none may be lost", n, theirs)
			}
		})
	}
}

func onFileFrom(t *testing.T, room *testkit.Room, domain string) (n int) {
	t.Helper()
	list, err := room.Store.Read(t.Context()).Letters(10_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range list {
		if strings.HasSuffix(l.Address, "@"+domain) {
			n++
		}
	}
	return n
}

// riverbank is what the other post room knows the first one by.
const riverbank = "front@riverbank.example"

// Between the two stands a server that takes every header away by which a machine
// is known, and the thread as well, and gives each mail another subject.
func TestTwoPostRoomsWhoseHeadersAreLostStopSoon(t *testing.T) {
	t.Parallel()
	one, two := testkit.New(t), testkit.New(t, testkit.Stranger)
	m := enquiry(one, "loop@example.org")
	m.From, m.Header = otherRoom, nil
	one.Receive(t, testkit.Support, m.Bytes())
	const days = 3
	seen, sent := []int{0, 0}, []int{0, 0}
	for range days * 24 {
		sent[0] += passOn(t, one, otherRoom, &seen[0], two, testkit.Mail{From: riverbank, To: testkit.Volunteering})
		sent[1] += passOn(t, two, riverbank, &seen[1], one, testkit.Mail{From: otherRoom, To: testkit.Support})
		one.Clock.Advance(time.Hour)
		two.Clock.Advance(time.Hour)
	}
	t.Logf("in %d days they wrote each other %d and %d mails", days, sent[0], sent[1])
	if sent[0] > days+1 || sent[1] > days+1 || sent[1] == 0 {
		t.Errorf("the post rooms wrote %d and %d mails in %d days, want one a day at most", sent[0], sent[1], days)
	}
}

// passOn lets a room work, and passes on what is new to an address, as a letter
// of somebody else's to another room. It says how many that were.
func passOn(t *testing.T, from *testkit.Room, to string, seen *int, other *testkit.Room, as testkit.Mail) (n int) {
	t.Helper()
	from.Work(t)
	mails := from.Sink.To(to)
	for _, mail := range mails[*seen:] {
		l := testkit.ReadLetter(t, mail)
		n++
		as.Subject, as.Text = fmt.Sprintf("%s [%d]", l.Subject, *seen+n), l.Text
		as.ID, as.At = fmt.Sprintf("x%d.%s", *seen+n, as.From), other.Clock.Now()
		other.Receive(t, as.To, as.Bytes())
	}
	*seen = len(mails)
	return n
}

// reasons counts why answers to letters have not left.
func reasons(t *testing.T, room *testkit.Room) map[string]int {
	t.Helper()
	list, err := room.Store.Read(t.Context()).Messages(postroom.Deferred, 1000)
	if err != nil {
		t.Fatal(err)
	}
	n := map[string]int{}
	for _, m := range list {
		n[m.Reason]++
	}
	return n
}

// When everybody together has had as many answers as a day may have, the others
// wait, those who look after the post room hear of it once, and the next day all
// leave.
func TestWhenNoMoreAnswersLeaveThatIsToldOnce(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := testkit.New(t, engine, testkit.Setting("answers_a_day: {in_all: 4}"))
		answered := func() (n int) {
			for i := range 9 {
				n += len(room.Subjects(t, fmt.Sprintf("person@place%d.example", i)))
			}
			return n
		}
		for i := range 9 {
			m := enquiry(room, fmt.Sprintf("q%d@example.org", i))
			m.From, m.Header = fmt.Sprintf("person@place%d.example", i), nil
			room.Receive(t, testkit.Support, m.Bytes())
			room.Work(t)
		}
		for range 5 {
			room.Clock.Advance(time.Hour)
			room.Work(t)
		}
		if n := answered(); n != 4 {
			t.Errorf("%d answers have left, want 4", n)
		}
		if why := reasons(t, room); why[outbound.ReasonBudgetInAll] != 5 {
			t.Errorf("the others wait because %v", why)
		}
		for _, who := range []string{"office@riverside.example", "cag@riverside.example"} {
			told := 0
			for _, subject := range room.Subjects(t, who) {
				if strings.HasPrefix(subject, "We have stopped answering letters") {
					told++
				}
			}
			if told != 1 {
				t.Errorf("%s was told %d times", who, told)
			}
		}
		for range 3 {
			room.Clock.Advance(24 * time.Hour)
			room.Work(t)
		}
		if n := answered(); n != 9 {
			t.Errorf("after three days %d answers have left, want all 9", n)
		}
	})
}

// Each budget says on the message that it was this one.
func TestEachBudgetSaysWhichItWas(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		limits string
		second string // who writes the second letter
		about  string
		state  postroom.MessageState
		reason string
	}{
		{"the same form again", "same: 1", person, "Opening hours", postroom.Suppressed, outbound.ReasonBudget},
		{"another form", "to_address: 1", person, "Please add me to the network", postroom.Suppressed, outbound.ReasonBudgetAddress},
		{"a neighbour", "to_domain: 1", "other@example.org", "Opening hours", postroom.Deferred, outbound.ReasonBudgetDomain},
		{"everybody", "in_all: 1", "other@example.net", "Opening hours", postroom.Deferred, outbound.ReasonBudgetInAll},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			room := testkit.New(t, testkit.Setting("answers_a_day: {"+c.limits+"}"))
			room.Receive(t, testkit.Support, enquiry(room, "q1@example.org").Bytes())
			room.Work(t)
			room.Clock.Advance(time.Hour)
			m := enquiry(room, "q2@example.org")
			m.From, m.Subject, m.Text, m.Header = c.second, c.about, "And another question.", nil
			room.Receive(t, testkit.Support, m.Bytes())
			room.Work(t)
			list, err := room.Store.Read(t.Context()).Messages(c.state, 100)
			if err != nil {
				t.Fatal(err)
			}
			found := false
			for _, m := range list {
				found = found || m.To == c.second && m.Reason == c.reason
			}
			if !found {
				t.Errorf("no message to %s is %s because of %s: %+v", c.second, c.state, c.reason, list)
			}
		})
	}
}

// A hostile responder on real servers: Postfix takes its letters, Dovecot keeps
// them.
func TestAHostileResponderOnRealServersIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	const pat = "pat@elsewhere.example"
	room := testkit.New(t, testkit.Through(w.postfix.Addr), testkit.Mailbox(w.dovecot, testkit.Support, "mode: answer"))
	read(t, room)
	r := &responder{room: room, from: func(int) string { return pat }, subject: func(n int) string { return fmt.Sprintf("Re: number %d", n) }}
	for n := range 6 {
		m := r.letter()
		m.Header = nil
		w.send(pat, testkit.Support, m.Bytes())
		w.inbox(testkit.Support, n+1)
		read(t, room)
		room.Clock.Advance(15 * time.Minute)
	}
	read(t, room)
	got := len(w.inbox(pat, 1))
	t.Logf("it wrote %d letters, and we wrote %d", r.n, got)
	if got != 1 {
		t.Errorf("it was answered %d times, want once", got)
	}
}
