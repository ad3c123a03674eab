package web

import (
	"strings"
	"testing"

	"postroom/internal/programme"
)

func TestAnswersAreShownInTheWordsOfTheQuestions(t *testing.T) {
	t.Parallel()
	c := open(t)
	form, _ := c.Programmes.Form("all")
	for _, each := range []struct {
		of     programme.FieldType
		values []string
		en, fa string
	}{
		{programme.LanguagesField, []string{"uk", "also:Wolof"}, "Ukrainian|Wolof", "اوکراینی|Wolof"},
		{programme.AvailabilityField, []string{"sat-morning"}, "Saturday morning", "شنبه، صبح"},
		{programme.TrustedField, []string{"A friend", "+441908690690"}, "A friend, +441908690690", "A friend، +441908690690"},
		{programme.AddressField, []string{"1 High Street", "", "Olney", "MK46 4AA"}, "1 High Street, Olney, MK46 4AA", "1 High Street، Olney، MK46 4AA"},
		{programme.AccessNeedsField, []string{"A ramp", "yes"}, "A ramp", "A ramp"},
		{programme.SafeMessageField, []string{"no"}, "No", "نه"},
		{programme.AttendeesField, []string{"", "A ramp", "", "", "no"}, "Person 1, A ramp, May we take photographs that show this person? No", ""},
		{programme.DateField, []string{"2027-03-13"}, "Saturday 13 March 2027", ""},
	} {
		f := &programme.Field{}
		for i := range form.Fields {
			if form.Fields[i].Type == each.of {
				f = &form.Fields[i]
			}
		}
		for locale, want := range map[string]string{"en": each.en, "fa": each.fa} {
			var lines []string
			for _, line := range c.answerText(voice{c.locales, locale}, form, f, each.values) {
				lines = append(lines, line.Text)
			}
			if got := strings.Join(lines, "|"); want != "" && got != want {
				t.Errorf("%s in %s: %q, want %q", each.of, locale, got, want)
			}
		}
	}
}
