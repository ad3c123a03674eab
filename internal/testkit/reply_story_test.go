package testkit_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"postroom/internal/postroom"
	"postroom/internal/testkit"
)

// pen writes the letters of one person, each in answer to the newest that they
// received.
type pen struct {
	room    *testkit.Room
	mailbox string
	n       int
}

// first is the letter that begins a conversation.
func (p *pen) first(t *testing.T, subject, text string) {
	t.Helper()
	p.write(t, testkit.Mail{Subject: subject, Text: text})
}

// reply answers the newest letter that the person has from us.
func (p *pen) reply(t *testing.T, text string) {
	t.Helper()
	p.write(t, p.answer(t, text))
}

func (p *pen) answer(t *testing.T, text string) testkit.Mail {
	t.Helper()
	l := p.room.Letter(t, person)
	return testkit.Mail{Subject: "Re: " + strings.TrimPrefix(l.Subject, "Re: "), Text: text, InReplyTo: strings.Trim(l.Header.Get("Message-Id"), "<>")}
}

func (p *pen) write(t *testing.T, m testkit.Mail) {
	t.Helper()
	p.n++
	if m.From == "" {
		m.From = "A Person <" + person + ">"
	}
	m.To, m.ID, m.At = p.mailbox, fmt.Sprintf("letter%d@example.org", p.n), p.room.Clock.Now()
	m.Header = append(m.Header, "Return-Path: <"+person+">")
	p.room.Receive(t, p.mailbox, m.Bytes())
	p.room.Work(t)
}

// says fails unless the newest letter to the person holds all of some words.
func says(t *testing.T, room *testkit.Room, words ...string) {
	t.Helper()
	l := room.Letter(t, person)
	for _, w := range words {
		if !strings.Contains(l.Text, w) {
			t.Errorf("the newest letter does not say %q:\n%s", w, l.Text)
		}
	}
}

func TestASignUpIsFinishedByLettersAlone(t *testing.T) {
	t.Parallel()
	for language, c := range map[string]struct{ subject, first, reply, asks, welcome string }{
		"English":   {"Please add us", "Please add my group to the network.", "1. Wolverton", "1. Which area are you in?", "Wolverton"},
		"Ukrainian": {"Додайте нас", "Добрий день, додайте нашу групу до мережі, будь ласка.", "1. Wolverton\n\nДякую", "1. У якому ви районі?", "Wolverton"},
		"Dari":      {"گروپ همکاری", "سلام، لطفاً گروپ ما را اضافه کنید. تشکر", "۱. Wolverton", "Wolverton", "Wolverton"},
	} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
				room := testkit.New(t, engine)
				p := &pen{room: room, mailbox: testkit.Support}
				p.first(t, c.subject, c.first)
				says(t, room, c.asks)
				p.reply(t, c.reply)
				sub := onlySubmission(t, room)
				if len(sub.Open) != 0 || sub.Area != "wolverton" {
					t.Errorf("open is %q, area %q", sub.Open, sub.Area)
				}
				if members, err := room.Store.Read(t.Context()).ForumMembers("forum-wolverton"); err != nil || len(members) != 1 {
					t.Errorf("%d members in the forum, %v; want 1", len(members), err)
				}
				says(t, room, c.welcome)
				if got := room.Letters(t, person); len(got) != 2 || got[1].Header.Get("In-Reply-To") != "<letter2@example.org>" {
					t.Errorf("%d letters, the last in reply to %q; want the question and the welcome in answer to the reply", len(got), got[len(got)-1].Header.Get("In-Reply-To"))
				}
				by, err := room.Store.Read(t.Context()).FilledBy(sub.ID)
				if err != nil || by["area"] == "" || by["area"] == sub.Letter {
					t.Errorf("the area came from letter %q, %v; want the reply", by["area"], err)
				}
			})
		})
	}
}

func TestAnOfferIsFinishedByLettersAlone(t *testing.T) {
	t.Parallel()
	for language, c := range map[string]struct {
		subject, first, reply, again string
		heard                        []string
	}{
		"English":   {"Volunteering", "I would like to volunteer.", "1. Translate or interpret 2. yes", "1. Dari and Pashto", []string{"This is what we understood", "Dari / Pashto"}},
		"Ukrainian": {"Волонтер", "Добрий день, я хочу бути волонтером і допомагати вам.", "1. Перекладати\n2. так", "Українська", []string{"Ось що ми зрозуміли", "Українська"}},
		"Dari":      {"رضاکار", "سلام، من می‌خواهم رضاکار باشم و کمک کنم. تشکر", "۱. ترجمانی\n۲. بلی", "۱. دری", []string{"از جواب شما این را فهمیدیم", "دری"}},
	} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
				room := testkit.New(t, engine)
				p := &pen{room: room, mailbox: testkit.Volunteering}
				p.first(t, c.subject, c.first)
				if sub := onlySubmission(t, room); len(sub.Open) < 2 {
					t.Fatalf("form %s, open %q; want at least two questions:\n%s", sub.Form, sub.Open, room.Letter(t, person).Text)
				}
				p.reply(t, c.reply)
				if sub := onlySubmission(t, room); !slices.Equal(sub.Open, []string{"languages"}) {
					t.Fatalf("open %q; want the question that the first answer brings up", sub.Open)
				}
				p.reply(t, c.again)
				if sub := onlySubmission(t, room); len(sub.Open) != 0 || sub.Answers.One("adult") != "yes" {
					t.Errorf("open %q, answers %q", sub.Open, sub.Answers)
				}
				says(t, room, c.heard...)
				if got := room.Letters(t, person); len(got) != 3 {
					t.Errorf("the person received %d letters, want one for each of theirs", len(got))
				}
			})
		})
	}
}

func TestWhatAnAnswerBringsUpIsReadFromTheSameReply(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	p := &pen{room: room, mailbox: testkit.Volunteering}
	p.first(t, "Volunteering", "I would like to volunteer.")
	p.reply(t, "1. Translate or interpret\n2. yes\n\nI speak Dari.")
	if sub := onlySubmission(t, room); len(sub.Open) != 0 || sub.Answers.One("languages") != "fa-AF" {
		t.Errorf("open %q, answers %q", sub.Open, sub.Answers)
	}
}

func TestAPlaceIsBookedByLettersAlone(t *testing.T) {
	t.Parallel()
	for language, c := range map[string]struct{ subject, first, reply, booked string }{
		"English":   {"Networking event", "Hello, we would like to come to the networking event.", "1. 13 March\n2. 3", "Your place is booked"},
		"Ukrainian": {"День знайомств", "Добрий день, ми хочемо прийти на день знайомств.", "1. Головний захід\n2. 3", "Ваше місце заброньовано"},
		"Dari":      {"محفل آشنایی", "سلام، ما می‌خواهیم در محفل آشنایی اشتراک کنیم. تشکر", "۱. محفل اصلی\n۲. ۳ نفر", ""},
	} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
				room := testkit.New(t, engine)
				p := &pen{room: room, mailbox: testkit.EventsBox}
				p.first(t, c.subject, c.first)
				p.reply(t, c.reply)
				sub := onlySubmission(t, room)
				b, booked, err := room.Store.Read(t.Context()).BookingOf(sub.ID)
				if err != nil || !booked || b.Party != 3 || b.State != postroom.BookingConfirmed {
					t.Fatalf("booking %+v, %t, %v; want three places\n%s", b, booked, err, room.Letter(t, person).Text)
				}
				says(t, room, c.booked)
				if room.Letter(t, person).Calendar == "" {
					t.Error("the confirmation has no calendar file")
				}
			})
		})
	}
}

func TestWhatIsMissingIsAskedOnceMoreAndThenAPersonTakesOver(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	p := &pen{room: room, mailbox: testkit.Volunteering}
	p.first(t, "Volunteering", "I would like to volunteer.")
	p.reply(t, "2. yes")
	says(t, room, "Something is still missing", "1. How would you like to help?", "This is what we understood", "Are you 18 or older? — Yes")
	p.reply(t, "1. Translate or interpret") // by the number of the second letter
	sub := onlySubmission(t, room)
	if !slices.Equal(sub.Open, []string{"languages"}) || sub.Answers.One("roles") != "translator" {
		t.Errorf("open %q, answers %q", sub.Open, sub.Answers)
	}
	if got := room.Letters(t, person); len(got) != 2 {
		t.Errorf("the person received %d letters; want the question and the one that asks once more", len(got))
	}
	if got := room.Subjects(t, "volunteering@riverside.example"); len(slices.DeleteFunc(got, func(s string) bool { return !strings.HasPrefix(s, "Somebody wrote again") })) != 2 {
		t.Errorf("the coordinator heard %q, want of each reply", room.Subjects(t, "volunteering@riverside.example"))
	}
	p.reply(t, "I speak Dari.")
	if sub = onlySubmission(t, room); len(sub.Open) != 0 {
		t.Errorf("open %q although all was answered in the end", sub.Open)
	}
}

func TestWhatIsNotUnderstoodGoesToAPersonAndNothingIsAskedAgain(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	p := &pen{room: room, mailbox: testkit.Support}
	p.first(t, "Please add us", "Please add my group to the network.")
	p.reply(t, "Where do you meet? We are not sure yet.")
	if got := room.Letters(t, person); len(got) != 1 {
		t.Errorf("the person received %d letters, want no other", len(got))
	}
	if got := room.Subjects(t, "cag@riverside.example"); !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "Somebody wrote again") }) {
		t.Errorf("the coordinator heard %q", got)
	}
}

func TestWhatNobodyHasShownToBeTheirsFillsInNothing(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(m *testkit.Mail){
		"no proof": func(m *testkit.Mail) { m.InReplyTo = "letter1@example.org" },
		"forged results": func(m *testkit.Mail) {
			m.InReplyTo = "letter1@example.org"
			m.Header = []string{"Authentication-Results: mx.elsewhere.example; dmarc=pass"}
		},
		"failing authentication": func(m *testkit.Mail) {
			m.InReplyTo = "letter1@example.org"
			m.Header = []string{"Authentication-Results: mx.communityaction.example; dmarc=fail (p=none)"}
		},
		"another address":           func(m *testkit.Mail) { m.From = "B Person <other@example.net>" },
		"an answer to staff":        func(m *testkit.Mail) { m.InReplyTo = "staff1@communityaction.example" },
		"what must not be answered": func(m *testkit.Mail) { m.Header = []string{"Precedence: list"} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			room := testkit.New(t)
			p := &pen{room: room, mailbox: testkit.Support}
			p.first(t, "Please add us", "Please add my group to the network.")
			m := p.answer(t, "1. Wolverton")
			change(&m)
			p.write(t, m)
			subs, err := room.Store.Read(t.Context()).Submissions(10)
			if err != nil {
				t.Fatal(err)
			}
			if sub := subs[len(subs)-1]; !slices.Equal(sub.Open, []string{"area"}) || sub.Area != "" {
				t.Errorf("open %q, area %q; want nothing changed", sub.Open, sub.Area)
			}
		})
	}
}
