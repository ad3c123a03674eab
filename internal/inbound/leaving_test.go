package inbound

import (
	"testing"

	"postroom/internal/letter"
)

func TestOnlyAClearYesAgrees(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]bool{
		"Yes": true, "YES!": true, "yes please": true, "I confirm.": true, "Yes, I want your newsletter": true, "Yes, that was me": true,
		"Так": true, "Так, хочу": true, "Я підтверджую": true, "بله": true, "بله، لطفاً": true, "بلی، تشکر": true, "تأیید می‌کنم": true, "هو": true, "هو، غواړم": true,
		"": false, "OK": false, "👍": false, "yes?": false, "yes but no": false, "Yes 3": false, "Yes, I will come": false, "No": false, "not yes": false,
		"I do not confirm": false, "ні": false, "نه": false, "Thanks": false, "Yes\nand could you call me?": false,
	} {
		if got := Agrees(Verdict{Visible: said}); got != want {
			t.Errorf("%q agrees: %t", said, got)
		}
	}
}

func TestOnlyALetterThatAsksNothingElseLeaves(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		subject, said, answers string
		want                   bool
	}{
		{"", "STOP", "", true},
		{"Unsubscribe", "", "", true},
		{"Newsletter", "please unsubscribe me", "", true},
		{"Відписка", "Прошу відписати", "", false}, // words that the rules do not know are for a person
		{"", "Відпишіть мене від розсилки, будь ласка", "", true},
		{"", "لغو اشتراک", "", true},
		{"", "زما ګډون لغوه کړئ", "", true},
		{"Re: What is on", "stop", "m1", true},
		{"Re: What is on", "remove me", "m1", true},
		{"Re: What is on", "stop", "", false},
		{"Re: Unsubscribe", "", "", false},
		{"", "remove me", "", false},
		{"My neighbour", "please stop it", "", false},
		{"Re: What is on", "delete me from your database", "m1", false},
		{"Unsubscribe", "Hello, I wrote last week about the hall.", "", false},
	} {
		l := letter.Letter{Text: c.said}
		l.Subject = c.subject
		if got := OnlyLeaves(l, Verdict{Visible: c.said, Answers: c.answers}); got != c.want {
			t.Errorf("%q, %q in answer to %q leaves: %t", c.subject, c.said, c.answers, got)
		}
	}
}
