package inbound

import "testing"

func TestTheNameBesideAnAddressIsOneToBeGreetedBy(t *testing.T) {
	t.Parallel()
	for beside, want := range map[string]string{
		"Person One":                       "Person One",
		"One, Person":                      "Person One",
		"ONE, Person (Adult Social Care)":  "Person ONE",
		"O’Example, Person Q.":             "Person Q. O’Example",
		"Person One [Example Council]":     "Person One",
		"One, MBE":                         "One, MBE",
		"Example Road School, Main Office": "Example Road School, Main Office",
		"info":                             "",
		"Outlook User":                     "",
		"Інна":                             "Інна",
		"فرید":                             "فرید",
		"":                                 "",
	} {
		if got := shownName(beside); got != want {
			t.Errorf("%q is greeted as %q, want %q", beside, got, want)
		}
	}
}
