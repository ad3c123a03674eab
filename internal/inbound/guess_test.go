package inbound_test

import (
	"testing"
	"time"

	"postroom/internal/inbound"
	"postroom/internal/letter"
	"postroom/internal/postroom"
)

func TestTheLanguageIsGuessed(t *testing.T) {
	t.Parallel()
	all := []string{"en", "uk", "fa", "fa-AF", "ps"}
	for _, c := range []struct {
		text, want string
		sure       bool
	}{
		{"Hello, I would like to help at the event on Saturday.", "en", true},
		{"Please add our group to the network. Thank you", "en", true},
		{"Добрий день, я хочу допомогти на заході як перекладачка.", "uk", true},
		{"Здравствуйте, я хочу помочь на мероприятии.", "", false},
		{"سلام، من می‌خواهم در این برنامه به عنوان مترجم کمک کنم. مرسی", "fa", false},
		{"سلام، من میخواهم در این برنامه به حیث ترجمان همکاری کنم. تشکر از لطف شما", "fa-AF", false},
		{"سلام، زه غواړم په دې پروګرام کې د ژباړونکي په توګه مرسته وکړم.", "ps", true},
		{"مرحبا، أريد أن أساعد في هذا البرنامج", "", false},
		{"Dzień dobry, chcę pomóc na wydarzeniu w sobotę.", "", false},
		{"Bonjour, je voudrais vous aider samedi, merci.", "", false},
		{"salam, man mikhaham sabt nam konam", "fa", false},
		{"salam, man mekhaham sabt nam konam, tashakor", "fa-AF", false},
		{"bale, tashakor", "fa-AF", false},
		{"dobryi den, ya khochu zapysatysya, dyakuyu", "uk", false},
		{"zdravstvuyte, ya khochu zapisatsya. spasibo", "", false}, // Russian, which is not offered
		{"Ok", "", false},
		{"Jan", "", false},
		{"你好，我想帮忙", "", false},
		{"person@sender.example https://org.example/x", "", false},
		{"", "", false},
	} {
		if got, sure := inbound.Guess(c.text, all); got != c.want || sure != c.sure {
			t.Errorf("%q is guessed as %q, sure %t; want %q, %t", c.text, got, sure, c.want, c.sure)
		}
	}
}

func TestAGuessIsOneOfTheCandidates(t *testing.T) {
	t.Parallel()
	if got, _ := inbound.Guess("Добрий день, я хочу допомогти", []string{"en"}); got != "" {
		t.Errorf("guessed %q, which was not offered", got)
	}
	if got, sure := inbound.Guess("zdravstvuyte, ya khochu zapisatsya. spasibo", []string{"en", "ru"}); got != "ru" || sure {
		t.Errorf("guessed %q, sure %t; in Latin letters Russian is a guess", got, sure)
	}
	if got, sure := inbound.Guess("سلام، من می‌خواهم کمک کنم", []string{"en", "fa-AF"}); got != "fa-AF" || sure {
		t.Errorf("guessed %q, sure %t; where Farsi is not offered, Dari is what its readers read", got, sure)
	}
}

func TestTheFirstTelephoneNumberIsRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Call me on 01908 234567 please":            "+441908234567",
		"mobile: 07400 123456.":                     "+447400123456",
		"+44 (0)7400 123 456":                       "+447400123456",
		"From abroad 0044 1908 234567":              "+441908234567",
		"Kyiv: +380 44 123 45 67":                   "+380441234567",
		"شماره من ۰۷۴۰۰۱۲۳۴۵۶ است":                  "+447400123456",
		"on 23/11/2026 at 10:00, reference 1234567": "",
		"order 123456789012345":                     "",
		"account 12345678, sort code 12-34-56":      "",
		"see https://a.example/01908234567":         "",
		"no number":                                 "",
	} {
		if got := inbound.Phone(text); got != want {
			t.Errorf("%q gives %q, want %q", text, got, want)
		}
	}
}

func TestTheNameUnderALetterIsRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Hello\n\nKind regards,\nPerson One":     "Person One",
		"Hello\n\nThanks\n\nPerson O'Two-Three,": "Person O'Two-Three",
		"Вітаю\n\nЗ повагою,\nОсоба Друга":       "Особа Друга",
		"سلام\n\nبا احترام\nیک شخص":              "یک شخص",
		"Thanks,\nlooking forward to it":         "",
		"Regards,\nhttps://a.example":            "",
		"Best,\n01908 234567":                    "",
		"No sign-off\nPerson One":                "",
	} {
		if got := inbound.SignedName(text); got != want {
			t.Errorf("%q gives %q, want %q", text, got, want)
		}
	}
}

func TestTheDayOfReturnIsRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"I am back in the office on Monday 7 December.":      "2026-12-07",
		"I am away until 4th January.":                       "2027-01-04",
		"I will return on December 1st, 2026":                "2026-12-01",
		"out of the office from 20/11/2026 until 30/11/2026": "2026-11-30",
		"AUTO: is out of the office (returning 03/12/2026)":  "2026-12-03",
		"back on 2026-12-24":                                 "2026-12-24",
		"I read mail until 31 February.":                     "",
		"I was away until 3 November 2026.":                  "",
		"I no longer work here.":                             "",
		"back soon":                                          "",
	} {
		l := letter.Read([]byte("From: a@b.example\nAuto-Submitted: auto-replied\nSubject: Away\nDate: Mon, 23 Nov 2026 10:00:00 +0000\n\n" + text))
		v := inbound.Classify(l, house(), today)
		got := ""
		if !v.Back.IsZero() {
			got = v.Back.Format(time.DateOnly)
		}
		if got != want || v.Class != postroom.LetterAutoReply {
			t.Errorf("%q (%s): back %q, want %q", text, v.Class, got, want)
		}
	}
}
