package testkit_test

import (
	"strings"
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/testkit"
)

// converse begins a conversation about an enquiry and returns what we answered.
func converse(t *testing.T, room *testkit.Room, text string) testkit.Letter {
	t.Helper()
	m := theirLetter(room, "q1", text, vouched)
	m.Subject = "Opening hours"
	receive(t, room, m)
	return room.Letter(t, reader(1))
}

// answerTo answers a mail of ours as its reader does.
func answerTo(t *testing.T, room *testkit.Room, l testkit.Letter, id, said string) {
	t.Helper()
	room.Clock.Advance(time.Minute)
	m := theirLetter(room, id, said)
	m.Subject, m.InReplyTo = "Re: "+l.Subject, idOf(l)
	receive(t, room, m)
}

func contactOf(t *testing.T, room *testkit.Room) (postroom.Submission, postroom.Contact) {
	t.Helper()
	sub := onlySubmission(t, room)
	c, err := room.Store.Read(t.Context()).Contact(sub.Contact)
	if err != nil {
		t.Fatal(err)
	}
	return sub, c
}

func TestALanguageIsChosenByReplyAndConfirmedInIt(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]struct{ locale, begins string }{
		"Please write in Ukrainian":    {"uk", "Відтепер ми пишемо вам українською"},
		"українською, будь ласка":      {"", ""}, // the name alone, where none was offered: a person reads it
		"Пишіть мені українською":      {"uk", "Відтепер ми пишемо вам українською"},
		"لطفا به دری بنویسید":          {"fa-AF", "بعد از این به دری"},
		"لطفا به فارسی بنویسید":        {"fa", "از این به بعد به فارسی"},
		"مهرباني وکړئ په پښتو ولیکئ":   {"ps", "له دې وروسته په پښتو"},
		"Please write in Polish":       {"", ""},
		"I would like it in Ukrainian": {"uk", "Відтепер"},
	} {
		t.Run(said, func(t *testing.T) {
			t.Parallel()
			room := vouchingRoom(t)
			first := converse(t, room, "Hello, I would like to know when you are open on Saturdays and on Sundays.")
			answerTo(t, room, first, "c1", said)
			sub, c := contactOf(t, room)
			mails := room.Letters(t, reader(1))
			if want.locale == "" {
				if len(mails) != 1 || c.Locale != "en" {
					t.Errorf("%d mails, locale %s", len(mails), c.Locale)
				}
				return
			}
			if sub.Locale != want.locale || c.Locale != want.locale || sub.Guessed {
				t.Errorf("the submission is in %s, the contact in %s", sub.Locale, c.Locale)
			}
			if last := mails[len(mails)-1]; len(mails) != 2 || !strings.HasPrefix(last.Text, want.begins) {
				t.Errorf("%d mails; the last:\n%s", len(mails), last.Text)
			}
		})
	}
}

func TestAGuessedLanguageIsChangedByItsNameOrNumber(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{"دری": "fa-AF", "Dari": "fa-AF", "4": "fa-AF", "۳": "fa", "English": "en", "2": "uk"} {
		t.Run(said, func(t *testing.T) {
			t.Parallel()
			room := vouchingRoom(t)
			first := converse(t, room, "سلام. شما روزهای شنبه باز هستید؟ می‌خواهم بدانم چه ساعتی بیایم.")
			if !strings.Contains(first.Text, "4 دری") {
				t.Fatalf("no language is offered:\n%s", first.Text)
			}
			answerTo(t, room, first, "c1", said)
			if sub, c := contactOf(t, room); sub.Locale != want || c.Locale != want {
				t.Errorf("the submission is in %s, the contact in %s", sub.Locale, c.Locale)
			}
		})
	}
}

func TestANumberThatAnswersStaffChoosesNoLanguage(t *testing.T) {
	t.Parallel()
	room := vouchingRoom(t)
	first := converse(t, room, "سلام. شما روزهای شنبه باز هستید؟ می‌خواهم بدانم چه ساعتی بیایم.")
	if !strings.Contains(first.Text, "4 دری") {
		t.Fatalf("no language is offered:\n%s", first.Text)
	}
	before := onlySubmission(t, room)
	staffAsks(t, room, []string{"q1@example.org", idOf(first)}, "How many children do you bring?", "2")
	if sub, _ := contactOf(t, room); sub.Locale != before.Locale || sub.Guessed != before.Guessed || len(room.Letters(t, reader(1))) != 1 {
		t.Errorf("the submission is in %s", sub.Locale)
	}
}

func TestWhoSaysPersianIsAskedOnceWhichItIs(t *testing.T) {
	t.Parallel()
	room := vouchingRoom(t)
	first := converse(t, room, "Hello, I would like to know when you are open on Saturdays and on Sundays.")
	answerTo(t, room, first, "c1", "Please write in Persian")
	asked := room.Letter(t, reader(1))
	if !strings.Contains(asked.Text, "Is it Farsi (فارسی) or Dari") {
		t.Fatalf("they are asked:\n%s", asked.Text)
	}
	answerTo(t, room, asked, "c2", "Persian")
	if n := len(room.Letters(t, reader(1))); n != 2 {
		t.Errorf("%d mails after the second; a person has to ask", n)
	}
	answerTo(t, room, asked, "c3", "Dari")
	if _, c := contactOf(t, room); c.Locale != "fa-AF" {
		t.Errorf("the contact is in %s", c.Locale)
	}
}

func TestHowSomebodyIsReachedIsChosenByReply(t *testing.T) {
	t.Parallel()
	room := vouchingRoom(t)
	first := converse(t, room, "Hello, I would like to know when you are open on Saturdays and on Sundays.")
	told := len(room.Letters(t, "office@riverside.example"))
	answerTo(t, room, first, "c1", "Please call me instead: 01908 690690")
	if _, c := contactOf(t, room); c.Reach != postroom.ReachPhone || c.Phone != "+441908690690" {
		t.Errorf("the contact is %+v", c)
	}
	said := room.Letter(t, reader(1))
	if !strings.Contains(said.Text, "The number ends in 690.") || strings.Contains(said.Text, "1908") {
		t.Errorf("they hear:\n%s", said.Text)
	}
	if n := len(room.Letters(t, "office@riverside.example")); n != told+1 {
		t.Errorf("the coordinator heard %d times that somebody wants a call", n-told)
	}
	answerTo(t, room, said, "c2", "Please don't phone, email only")
	if _, c := contactOf(t, room); c.Reach != postroom.ReachEmail || c.Phone != "+441908690690" {
		t.Errorf("the contact is %+v", c)
	}
}

func TestAChoiceOfWhoeverIsNotKnownForSureIsForAPerson(t *testing.T) {
	t.Parallel()
	room := vouchingRoom(t)
	first := converse(t, room, "Hello, I would like to know when you are open on Saturdays and on Sundays.")
	to, err := first.Header.AddressList("Reply-To")
	if err != nil {
		t.Fatal(err)
	}
	before, mails := room.Rows(t), len(room.Letters(t, reader(1)))
	for i, said := range []string{"Please write in Ukrainian", "Call me instead: 01908 690690", "Please don't phone, email only"} {
		m := theirLetter(room, "u"+string(rune('0'+i)), said)
		m.To = to[0].Address
		receive(t, room, m)
	}
	if diff := testkit.FirstDifference(kept(before), kept(room.Rows(t))); diff != "" {
		t.Error(diff)
	}
	if n := len(room.Letters(t, reader(1))); n != mails {
		t.Errorf("they heard %d times", n-mails)
	}
	letters, err := room.Store.Read(t.Context()).LettersAbout(onlySubmission(t, room).ID)
	if err != nil || len(letters) != 4 {
		t.Errorf("%d letters are in the conversation, %v", len(letters), err)
	}
}

func TestARobotThatConfirmsOurConfirmationsEnds(t *testing.T) {
	t.Parallel()
	room := vouchingRoom(t)
	l := converse(t, room, "Hello, I would like to know when you are open on Saturdays and on Sundays.")
	for i, said := range []string{"Please write in Ukrainian", "Українською", "Please write in Ukrainian", "Українською", "Call me instead: 01908 690690", "Call me instead: 01908 690690"} {
		answerTo(t, room, l, "r"+string(rune('0'+i)), said)
		l = room.Letter(t, reader(1))
	}
	room.Clock.Advance(48 * time.Hour)
	room.Work(t)
	if n := len(room.Letters(t, reader(1))); n != 5 {
		t.Errorf("they received %d mails, want the answer, one for each change, and one for each that was so already", n)
	}
}
