package inbound

import (
	"os"
	"slices"
	"testing"
	"time"

	"postroom/internal/letter"
	"postroom/internal/postroom"
	"postroom/internal/programme"
)

func formOf(t testing.TB, name string) *programme.Form {
	t.Helper()
	set, err := programme.Load(os.DirFS("../../templates/programme"), programme.Options{Zone: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	form, _ := set.Form(name)
	return form
}

// answered is what becomes of a letter's text on a form.
func answered(form *programme.Form, text string) postroom.Answers {
	l := letter.Letter{Text: text, From: []letter.Address{{Address: "person@sender.example"}}}
	return Answers(form, l, Verdict{}, time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC))
}

func TestOnlyWhatIsSureEnoughBecomesAnAnswer(t *testing.T) {
	t.Parallel()
	register, volunteer := formOf(t, "register"), formOf(t, "volunteer")
	for _, c := range []struct {
		form        *programme.Form
		text, field string
		want        []string
	}{
		{register, "I would like to come on 13 March", "places", []string{"1"}},
		{register, "I would like to come on 13 March with my two children", "places", []string{"3"}},
		{register, "I would like to come on 13 March with my children", "places", nil},
		{register, "We would like to come on 13 March", "places", nil},
		{register, "On 13 March there will be 4 of us, and on 6 March 5 of us", "places", nil},
		{register, "On 13 March there will be 14 of us", "places", nil},
		{register, "There will be 4 of us", "places", []string{"4"}}, // on which date is asked
		{register, "I'd like to come on 13 March. What would help you to take part? A ramp", "access_needs", nil},
		{volunteer, "I can translate. I speak Dari and Pashto.", "languages", []string{"ps", "fa-AF"}},
		{volunteer, "I can translate. My sister speaks Dari.", "languages", nil},
		{volunteer, "Call me on 01908 234567", "phone", []string{"+441908234567"}},
		{volunteer, "My number is 01908 234567 but please don't call", "phone", nil},
		{volunteer, "I am Person One.", "name", nil},
	} {
		got, want := slices.Sorted(slices.Values(answered(c.form, c.text)[c.field])), slices.Sorted(slices.Values(c.want))
		if !slices.Equal(got, want) {
			t.Errorf("%q: %s is %q, want %q", c.text, c.field, got, want)
		}
	}
}

func BenchmarkAnswers(b *testing.B) {
	form := formOf(b, "volunteer")
	const text = "Hello,\n\nI saw the poster in the library and would like to help at the event on 13 March.\nI speak Dari and a little Pashto, and I could translate for people who come with\nchildren.\n\nYou can call me on 01908 234567.\n\nKind regards,\nPerson One\nOlney, MK46 4AA\n"
	b.ReportAllocs()
	for b.Loop() {
		answered(form, text)
	}
}
