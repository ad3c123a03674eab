package inbound

import "testing"

func TestOnlyAPlainRequestIsBookedByItself(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"We would like to come on the 6th of March. We are three people.": false,
		"Could you book two places for me on 13 March please?":            false,
		"Can I have a place at the workshop?":                             false,
		"Thank you for the invitation, but I am sorry I cannot come":      true,
		"We can’t come after all":                                         true,
		"please cancel my booking":                                        true,
		"about 15 to 20 of us, and 4 wheelchairs":                         true,
		"Can I come on 13 March with two children? Is it free?":           true,
		"Is there parking at the networking event?":                       true,
		"На жаль, ми не зможемо прийти 13 березня":                        true,
		"متاسفم، نمی‌توانم بیایم":                                         true,
		"Забронюйте, будь ласка, два місця на 13 березня":                 false,
	} {
		if got := Unclear(text); got != want {
			t.Errorf("%q: unclear is %t, want %t", text, got, want)
		}
	}
}
