package inbound

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"postroom/internal/letter"
	"postroom/internal/postroom"
)

// saidTo is the answers in the order in which they were asked for.
func saidTo(asked []string, answers postroom.Answers) string {
	var list []string
	for _, name := range asked {
		if values := answers[name]; len(values) > 0 {
			list = append(list, name+"="+strings.Join(values, "+"))
		}
	}
	return strings.Join(list, " ")
}

func TestWhatWasAskedIsReadFromAReply(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ form, asked, text, want string }{
		{"join", "area", "1. Bletchley", "area=bletchley"},
		{"join", "area", "Bletchley", "area=bletchley"},
		{"join", "area", "We are in Wolverton, near the station.", "area=wolverton"},
		{"join", "area", "Which area are you in? Wolverton", "area=wolverton"},
		{"join", "area", "Area: Olney", "area=olney"},
		{"join", "area", "1. Bletchley or Wolverton", ""},
		{"join", "area", "Bletchley Park is my favourite place", ""},
		{"join", "area", "When do you meet?", ""},
		{"join", "area", "Thank you!", ""},
		{"join", "area", "۱. Bletchley", "area=bletchley"},
		{"join", "area", "1. Усе місто", "area=citywide"},
		{"join", "area", "1. تمام شهر", "area=citywide"},
		{"join", "area,access_needs", "1. Olney\n2. I use a wheelchair.\nAnd I need a quiet place.", "area=olney access_needs=I use a wheelchair.\nAnd I need a quiet place."},
		{"join", "area,access_needs", "Olney. I use a wheelchair.", "area=olney"},
		{"join", "area,challenges", "What is hardest at the moment? Money.\n\nOlney", "area=olney challenges=Money."},
		{"volunteer", "roles,languages,adult", "1. Translate or interpret 2. Dari and Pashto 3. yes", "roles=translator languages=fa-AF+ps adult=yes"},
		{"volunteer", "roles,languages,adult", "1) Translate or interpret\n2) Dari, Pashto\n3) I am not", "roles=translator languages=fa-AF+ps adult=no"},
		{"volunteer", "roles,languages,adult", "3. yes\n2. Dari", "languages=fa-AF adult=yes"},
		{"volunteer", "roles,languages,adult", "1. Перекладати\n2. Українська\n3. так", "roles=translator languages=uk adult=yes"},
		{"volunteer", "roles,languages,adult", "۱. ترجمانی\n۲. دری\n۳. بلی", "roles=translator languages=fa-AF adult=yes"},
		{"volunteer", "adult", "Yes", "adult=yes"},
		{"volunteer", "adult", "Yes, I am", "adult=yes"},
		{"volunteer", "adult", "Yes but why do you ask?", ""},
		{"volunteer", "languages,adult", "Yes", ""},
		{"register", "session,places", "1. 13 March 2. 3", "session=main places=3"},
		{"register", "session,places", "1. Main event\n2. two", "session=main places=2"},
		{"register", "session,places", "We will come on the 6th of March. There will be 4 of us.", "session=sister places=4"},
		{"register", "session,places", "1. Головний захід\n2. 2", "session=main places=2"},
		{"register", "session,places", "۱. محفل اصلی\n۲. ۳ نفر", "session=main places=3"},
		{"register", "places", "3", "places=3"},
		{"register", "places", "2. March", ""},
		{"register", "session,places", "1. 13 March\n1. 6 March\n2. 3", "places=3"},
		{"register", "photographs", "1. yes", ""},
	} {
		t.Run(c.text, func(t *testing.T) {
			t.Parallel()
			asked := strings.Split(c.asked, ",")
			l := letter.Letter{Text: c.text, From: []letter.Address{{Address: "person@sender.example"}}}
			got := Asked(formOf(t, c.form), asked, nil, l, Verdict{Visible: c.text}, time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))
			if s := saidTo(asked, got); s != c.want || len(got) > len(asked) {
				t.Errorf("read %q (%s), want %q", s, fmt.Sprint(got), c.want)
			}
		})
	}
}

func TestWhatStandsUnderAQuotedQuestionAnswersIt(t *testing.T) {
	t.Parallel()
	const question = "> 1. How would you like to help? (Translate or interpret /\n>    Take photographs)\n"
	for _, c := range []struct{ text, visible, want string }{
		{"On Monday we wrote:\n" + question + "Take photographs\n> 2. Are you 18 or older?\nYes\n>\n> Your reference is K7M-4QX.\n", "Take photographs\nYes", "roles=photographer adult=yes"},
		{question + "\nTake photographs\n\n> 2. Are you 18 or older?\n\nno\n", "Take photographs\n\nno", "roles=photographer adult=no"},
		{question + "> 2. Are you 18 or older?\n>\n> Your reference is K7M-4QX.\n\nYes, that is me", "Yes, that is me", ""},
		{question + "> 2. Are you 18 or older?\n", "", ""},
	} {
		asked := []string{"roles", "adult"}
		l := letter.Letter{Text: c.text}
		if got := saidTo(asked, Asked(formOf(t, "volunteer"), asked, nil, l, Verdict{Visible: c.visible}, time.Unix(1_800_000_000, 0))); got != c.want {
			t.Errorf("%q says %q, want %q", c.text, got, c.want)
		}
	}
}

func FuzzAsked(f *testing.F) {
	form := formOf(f, "volunteer")
	for _, text := range []string{"1. Dari 2. yes", "۱. دری ۲. بلی", "Area: x\n\n2)", "1.\n", "(1. ) / )"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		asked := []string{"roles", "languages", "adult", "experience", "gone"}
		for field := range Asked(form, asked, nil, letter.Letter{Text: text}, Verdict{Visible: text}, time.Unix(1_800_000_000, 0)) {
			if !strings.Contains(strings.Join(asked, " "), field) {
				t.Errorf("%s was not asked", field)
			}
		}
	})
}

// BenchmarkAsked measures what only replies to questions of ours cost.
func BenchmarkAsked(b *testing.B) {
	form := formOf(b, "volunteer")
	text := "Hello,\n\n1. Translate or interpret\n2. Dari and Pashto\n3. yes\n\nI am free at weekends.\n\nKind regards\nA Person\n"
	for b.Loop() {
		Asked(form, []string{"roles", "languages", "adult"}, nil, letter.Letter{Text: text}, Verdict{Visible: text}, time.Unix(1_800_000_000, 0))
	}
}
