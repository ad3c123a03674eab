package testkit_test

import (
	"mime"
	"strings"
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/testkit"
)

// newsBox is where people ask for the newsletter.
const newsBox = "newsletter@communityaction.example"

// mail is how somebody who has nothing but email meets a post room.
type mail struct {
	t    *testing.T
	room *testkit.Room
	town *town // nil is that letters are put on file, and read from the sink
	sent map[string]int
}

// write sends a letter, and lets the post room do all that follows from it.
func (m *mail) write(to string, l testkit.Mail) {
	m.t.Helper()
	l.From, l.To, l.At = person, to, m.room.Clock.Now()
	if m.town == nil {
		l.Header = []string{"Return-Path: <" + person + ">"}
		m.room.Receive(m.t, to, l.Bytes())
		m.work()
		return
	}
	m.sent[to]++
	m.town.send(person, to, l.Bytes())
	m.town.inbox(to, m.sent[to])
	read(m.t, m.room)
	m.work()
}

// work lets an hour go by, past every cool-down.
func (m *mail) work() {
	m.t.Helper()
	m.room.Work(m.t)
	m.room.Clock.Advance(time.Hour)
	m.room.Work(m.t)
}

// has waits for the nth letter to the person and returns it; no more may have
// come.
func (m *mail) has(n int, begins string) testkit.Letter {
	m.t.Helper()
	letters := func() []testkit.Letter {
		if m.town != nil {
			return m.town.inbox(person, n)
		}
		return m.room.Letters(m.t, person)
	}()
	if len(letters) != n {
		m.t.Fatalf("the person has %d letters, want %d", len(letters), n)
	}
	last := letters[n-1]
	if !strings.HasPrefix(strings.Join(strings.Fields(last.Text), " "), begins) {
		m.t.Fatalf("letter %d does not begin with %q:\n%s", n, begins, last.Text)
	}
	return last
}

// reply answers a letter of ours, with its words quoted.
func (m *mail) reply(to, id string, l testkit.Letter, said string) {
	m.t.Helper()
	quote := "\n\nOn Mon, 23 Nov 2026 at 09:30, Riverside Community Centre wrote:\n> " + strings.ReplaceAll(strings.TrimSpace(l.Text), "\n", "\n> ") + "\n"
	m.write(to, testkit.Mail{Subject: mime.QEncoding.Encode("utf-8", "Re: "+l.Subject), ID: id + "@example.org", InReplyTo: idOf(l), Text: said + quote})
}

// tongue is what somebody writes in one language, and how we begin to answer.
type tongue struct {
	locale, asks, confirm, yes, welcome, stop, left string
	question, answered, choose, chosen              string
}

var tongues = []tongue{
	{
		"en", "Hello, please sign me up for news. I would like to know what is on.", "You are not on our list yet.", "Yes please", "You are on the list", "STOP", "You are off the list.",
		"Hello, I would like to know when you are open on Saturdays and on Sundays.", "We have your message.", "Please write in Ukrainian", "Відтепер ми пишемо вам українською.",
	},
	{
		"uk", "Добрий день! Підпишіть мене на вашу розсилку, будь ласка. Я хочу знати про ваші заходи. Дякую.", "Вас ще немає в нашому списку.", "Так", "Тепер ви у списку", "Відпишіть мене, будь ласка", "Вас більше немає в списку.",
		"Добрий день! Скажіть, будь ласка, коли ви працюєте в суботу і чи можна прийти з дитиною? Дякую.", "Ми отримали", "Пишіть англійською, будь ласка", "From now on we write to you in English.",
	},
	{
		"fa-AF", "سلام. لطفا خبرنامه را به من روان کنید. من در این ساحه زندگی می‌کنم و می‌خواهم خبر باشم. تشکر", "شما هنوز در لیست ما نیستید.", "بلی", "شما حالا در لیست", "لغو اشتراک", "شما دیگر در لیست نیستید.",
		"سلام. شما روز شنبه کدام ساعت باز هستید؟ من می‌خواهم با طفل خود بیایم. تشکر", "پیام شما به ما رسید", "لطفا به پشتو بنویسید", "له دې وروسته په پښتو درته لیکو.",
	},
}

// followNews is row 7 by letters alone: they ask for the newsletter, say yes,
// get it, stop it, and stop it once more.
func (m *mail) followNews(l tongue) {
	t := m.t
	t.Helper()
	m.write(newsBox, testkit.Mail{Subject: "News", ID: "n1@example.org", Text: l.asks})
	asked := m.has(1, l.confirm)
	m.reply(newsBox, "n2", asked, l.yes)
	m.has(2, l.welcome)
	startEdition(t, m.room, false)
	m.work()
	edition := m.has(3, "")
	m.reply(newsBox, "n3", edition, l.stop)
	m.has(4, l.left)
	m.reply(newsBox, "n4", edition, l.stop)
	if startEdition(t, m.room, true); standing(t, m.room, person) != postroom.Unsubscribed {
		t.Errorf("they are %s", standing(t, m.room, person))
	}
	m.work()
	m.has(4, l.left)
	subs, err := m.room.Store.Read(t.Context()).SubscriptionsAt(person, []string{"newsletter"})
	if err != nil || subs[0].Locale != l.locale {
		t.Errorf("the subscription is %+v, %v", subs, err)
	}
	if list := triage(t, m.room); len(list) != 0 {
		t.Errorf("a person has to look at %+v", list)
	}
}

// followEnquiry is row 8 by letters alone: they ask, choose how to be written
// to, and are answered by a person.
func (m *mail) followEnquiry(l tongue) {
	t := m.t
	t.Helper()
	m.write(testkit.Support, testkit.Mail{Subject: "A question", ID: "q1@example.org", Text: l.question})
	answer := m.has(1, l.answered)
	m.reply(testkit.Support, "q2", answer, l.choose)
	said := m.has(2, l.chosen)
	m.reply(testkit.Support, "q3", said, "Please call me instead: 01908 690690")
	m.has(3, "")
	sub, c := contactOf(t, m.room)
	if sub.State != postroom.SubmissionReceived || c.Reach != postroom.ReachPhone || sub.Locale == l.locale {
		t.Errorf("on file is %+v of %+v", sub, c)
	}
	staff := testkit.Mail{From: testkit.Support, To: person, Subject: "Re: A question", ID: "s1@communityaction.example", InReplyTo: "q1@example.org", Text: "From ten to four.", At: m.room.Clock.Now()}
	if m.town == nil {
		m.room.ReceiveSent(t, testkit.Support, staff.Bytes())
		m.room.Work(t)
	} else {
		m.town.dovecot.Put(testkit.Support, "Sent", time.Time{}, staff.Bytes())
		read(t, m.room)
	}
	if sub, _ := contactOf(t, m.room); sub.State != postroom.SubmissionAnswered {
		t.Errorf("the submission is %s", sub.State)
	}
}

func TestNewsAndEnquiriesByLettersAlone(t *testing.T) {
	t.Parallel()
	for _, l := range tongues {
		for name, follow := range map[string]func(*mail, tongue){"news": (*mail).followNews, "enquiry": (*mail).followEnquiry} {
			t.Run(l.locale+" "+name, func(t *testing.T) {
				t.Parallel()
				follow(&mail{t: t, room: testkit.New(t)}, l)
			})
		}
	}
}

func TestNewsAndEnquiriesByLettersAloneOverRealServers(t *testing.T) {
	t.Parallel()
	for name, follow := range map[string]func(*mail, tongue){"news": (*mail).followNews, "enquiry": (*mail).followEnquiry} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newTown(t)
			room := testkit.New(t, testkit.Through(w.postfix.Addr), testkit.Mailbox(w.dovecot, testkit.Support, "mode: answer, replies: plus"), testkit.Mailbox(w.dovecot, newsBox, "mode: answer, replies: plus"))
			read(t, room) // the first look imports nothing
			follow(&mail{t, room, w, map[string]int{}}, tongues[0])
		})
	}
}
