package testkit_test

import (
	"cmp"
	"mime"
	"slices"
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
	who  string
}

// write sends a letter to a mailbox, by the address that we asked to be
// answered at if it has one, and lets the post room do all that follows from it.
func (m *mail) write(box string, l testkit.Mail) {
	m.t.Helper()
	l.From, l.To, l.At = m.who, cmp.Or(l.To, box), m.room.Clock.Now()
	l.ID, l.Subject = l.ID+"."+m.who, mime.BEncoding.Encode("utf-8", l.Subject)
	if m.town == nil {
		l.Header = []string{"Return-Path: <" + m.who + ">"}
		m.room.Receive(m.t, box, l.Bytes())
		m.work()
		return
	}
	m.town.send(m.who, l.To, l.Bytes())
	m.town.wait(box, l.ID)
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
			return m.town.inbox(m.who, n)
		}
		return m.room.Letters(m.t, m.who)
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

// reply answers a letter of ours where it asks to be answered, with its words
// quoted.
func (m *mail) reply(box, id string, l testkit.Letter, said string) {
	m.t.Helper()
	answer := testkit.Mail{Subject: "Re: " + l.Subject, ID: id, InReplyTo: idOf(l)}
	if to, err := l.Header.AddressList("Reply-To"); err == nil && len(to) == 1 {
		answer.To = to[0].Address
	}
	answer.Text = said + "\n\nOn Mon, 23 Nov 2026 at 09:30, Riverside Community Centre wrote:\n> " + strings.ReplaceAll(strings.TrimSpace(l.Text), "\n", "\n> ") + "\n"
	m.write(box, answer)
}

// tongue is what somebody writes in one language, and how we begin to answer.
type tongue struct {
	locale string
	news   newsWords
	ask    askWords
}

// newsWords are what is said about the newsletter.
// note is how the edition begins, which is written in English.
type newsWords struct{ subject, asks, confirm, yes, welcome, footer, stop, left, note string }

// askWords are what is said about a question; chosen and called are in the
// language that is chosen on the way.
type askWords struct{ subject, question, answered, more, choose, chosen, call, called, staff string }

var tongues = []tongue{
	{
		"en",
		newsWords{"News", "Hello, please sign me up for news. I would like to know what is on.", "You are not on our list yet.", "Yes please", "You are on the list", "Stop getting these messages", "STOP", "You are off the list.", "The garden opens again"},
		askWords{
			"A question", "Hello, I would like to know when you are open on Saturdays and on Sundays.", "We have your message.", "And may I bring my child?",
			"Please write in Ukrainian", "Відтепер ми пишемо вам українською.", "Please call me instead: 01908 690690", "Відтепер ми телефонуємо вам, а не пишемо. Номер закінчується на 690.", "From ten to four.",
		},
	},
	{
		"uk",
		newsWords{"Розсилка", "Добрий день! Підпишіть мене на вашу розсилку, будь ласка. Я хочу знати про ваші заходи. Дякую.", "Вас ще немає в нашому списку.", "Так", "Тепер ви у списку", "Більше не надсилати мені ці повідомлення", "Відпишіть мене, будь ласка", "Вас більше немає в списку.", "Цих новин ще немає вашою мовою."},
		askWords{
			"Запитання", "Добрий день! Скажіть, будь ласка, коли ви працюєте в суботу і чи можна прийти з дитиною? Дякую.", "Ми отримали", "А чи працюєте ви в неділю?",
			"Пишіть англійською, будь ласка", "From now on we write to you in English.", "Зателефонуйте мені, будь ласка, замість листів: 01908 690690", "From now on we phone you instead of writing. The number ends in 690.", "З десятої до четвертої.",
		},
	},
	{
		"fa-AF",
		newsWords{"خبرنامه", "سلام. لطفا خبرنامه را به من روان کنید. من در این ساحه زندگی می‌کنم و می‌خواهم خبر باشم. تشکر", "شما هنوز در لیست ما نیستید.", "بلی", "شما حالا در لیست", "دیگر این پیام‌ها را نمی‌خواهم", "لغو اشتراک", "شما دیگر در لیست نیستید.", "این خبر هنوز به زبان شما نیست."},
		askWords{
			"یک سوال", "سلام. شما روز شنبه کدام ساعت باز هستید؟ من می‌خواهم با طفل خود بیایم. تشکر", "پیام شما به ما رسید", "روز یک‌شنبه هم باز هستید؟",
			"لطفا به پشتو بنویسید", "له دې وروسته په پښتو درته لیکو.", "لطفا به عوض ایمیل به من زنگ بزنید: 01908 690690", "له دې وروسته د لیکلو پر ځای زنګ درته وهو. د شمېرې پای", "از ساعت ده تا چهار.",
		},
	},
}

// followNews is row 7 by letters alone: they ask for the newsletter, say yes,
// get it, stop it, and stop it once more.
func (m *mail) followNews(l tongue) {
	t := m.t
	t.Helper()
	m.write(newsBox, testkit.Mail{Subject: l.news.subject, ID: "n1", Text: l.news.asks})
	asked := m.has(1, l.news.confirm)
	m.reply(newsBox, "n2", asked, l.news.yes)
	m.has(2, l.news.welcome)
	startEdition(t, m.room, true)
	m.work()
	edition := m.has(3, l.news.note)
	if !strings.Contains(edition.Text, "The garden opens again") {
		t.Errorf("the edition lacks its text:\n%s", edition.Text)
	}
	if !strings.Contains(edition.Text, l.news.footer) {
		t.Errorf("the edition does not say %q:\n%s", l.news.footer, edition.Text)
	}
	m.reply(newsBox, "n3", edition, l.news.stop)
	m.has(4, l.news.left)
	m.reply(newsBox, "n4", edition, l.news.stop)
	if startEdition(t, m.room, true); standing(t, m.room, m.who) != postroom.Unsubscribed {
		t.Errorf("they are %s", standing(t, m.room, m.who))
	}
	m.work()
	m.has(4, l.news.left)
	subs, err := m.room.Store.Read(t.Context()).SubscriptionsAt(m.who, []string{"newsletter"})
	if err != nil || subs[0].Locale != l.locale {
		t.Errorf("the subscription is %+v, %v", subs, err)
	}
	if list := triage(t, m.room); len(list) != 0 {
		t.Errorf("a person has to look at %+v", list)
	}
}

// followEnquiry is row 8 by letters alone: they ask, ask more, choose how to be
// written to and reached, and are answered by a person.
func (m *mail) followEnquiry(l tongue) {
	t, ask := m.t, l.ask
	t.Helper()
	m.write(testkit.Support, testkit.Mail{Subject: ask.subject, ID: "q1", Text: ask.question})
	answer := m.has(1, ask.answered)
	if answer.Subject != "Re: "+ask.subject {
		t.Errorf("the answer to %q is about %q", ask.subject, answer.Subject)
	}
	m.reply(testkit.Support, "q2", answer, ask.more)
	m.reply(testkit.Support, "q3", m.has(1, ask.answered), ask.choose)
	m.reply(testkit.Support, "q4", m.has(2, ask.chosen), ask.call)
	m.has(3, ask.called)
	sub, c := m.asked()
	if sub.State != postroom.SubmissionReceived || c.Reach != postroom.ReachPhone || sub.Locale == l.locale {
		t.Errorf("on file is %+v of %+v", sub, c)
	}
	letters, err := m.room.Store.Read(t.Context()).LettersAbout(sub.ID)
	if err != nil || len(letters) != 4 {
		t.Errorf("%d letters are in the conversation, %v; want 4", len(letters), err)
	}
	m.staffAnswer(testkit.Mail{From: testkit.Support, To: m.who, Subject: mime.BEncoding.Encode("utf-8", "Re: "+ask.subject), ID: "s1." + m.who, InReplyTo: "q1." + m.who, Text: ask.staff, At: m.room.Clock.Now()})
	if sub, _ := m.asked(); sub.State != postroom.SubmissionAnswered {
		t.Errorf("the submission is %s", sub.State)
	}
}

// asked is the one submission that they have on file, and what is known of them.
func (m *mail) asked() (postroom.Submission, postroom.Contact) {
	m.t.Helper()
	r := m.room.Store.Read(m.t.Context())
	subs, err := r.Submissions(20)
	subs = slices.DeleteFunc(subs, func(s postroom.Submission) bool { return s.Address != m.who })
	if err != nil || len(subs) != 1 {
		m.t.Fatalf("%d submissions are on file, %v; want 1", len(subs), err)
	}
	c, err := r.Contact(subs[0].Contact)
	if err != nil {
		m.t.Fatal(err)
	}
	return subs[0], c
}

// staffAnswer is what staff do in their own mail program: it sends the letter
// and keeps a copy.
func (m *mail) staffAnswer(l testkit.Mail) {
	m.t.Helper()
	if m.town == nil {
		m.room.ReceiveSent(m.t, testkit.Support, l.Bytes())
		m.room.Work(m.t)
		return
	}
	m.town.send(testkit.Support, m.who, l.Bytes())
	m.town.dovecot.Put(testkit.Support, "Sent", time.Time{}, l.Bytes())
	read(m.t, m.room)
}

// byLetter are the stories of this file.
var byLetter = []struct {
	name   string
	follow func(*mail, tongue)
}{{"news", (*mail).followNews}, {"enquiry", (*mail).followEnquiry}}

func TestNewsAndEnquiriesByLettersAlone(t *testing.T) {
	t.Parallel()
	for _, l := range tongues {
		for _, story := range byLetter {
			t.Run(l.locale+" "+story.name, func(t *testing.T) {
				t.Parallel()
				story.follow(&mail{t: t, room: testkit.New(t), who: person}, l)
			})
		}
	}
}

// TestNewsAndEnquiriesByLettersAloneOverRealServers tells every story in every
// language one after the other, in one post room that reads two mailboxes, as
// an organisation has it. The people have different providers, so that no budget
// for one is used up.
func TestNewsAndEnquiriesByLettersAloneOverRealServers(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	room := testkit.New(t, testkit.Through(w.postfix.Addr), testkit.Mailbox(w.dovecot, testkit.Support, "mode: answer, replies: plus"), testkit.Mailbox(w.dovecot, newsBox, "mode: answer, replies: plus"))
	read(t, room) // the first look imports nothing
	for _, l := range tongues {
		for _, story := range byLetter {
			t.Run(l.locale+" "+story.name, func(t *testing.T) {
				story.follow(&mail{t, room, w, story.name + "@" + strings.ToLower(l.locale) + ".example"}, l)
			})
		}
	}
}
