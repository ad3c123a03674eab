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

func TestWhoTakesLeaveIsNotSignedUp(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"My mum died in October. Please take her off your mailing list.":                       true,
		"Sorry, I can’t volunteer any more, my knee is bad. Please take me off the rota.":      true,
		"I am ill so cannot volunteer this week, sorry":                                        true,
		"I keep getting your newsletter. Please stop. I did not sign up.":                      true,
		"Our group has closed. Please remove us from the network.":                             true,
		"I would like to unsubscribe from the newsletter":                                      true,
		"Я більше не можу бути волонтером":                                                     true,
		"Мама померла, приберіть її з розсилки":                                                true,
		"دیگر نمی‌توانم داوطلب باشم":                                                           true,
		"نمی‌خواهم خبرنامه شما را دریافت کنم":                                                  true,
		"Please sign me up for your newsletter":                                                false,
		"I would like to volunteer. I can't do Mondays, and I am sorry for my late reply.":     false,
		"Please add our group to the network. We help people who cannot get out of the house.": false,
		"Я хочу бути волонтером і можу перекладати":                                            false,
		"می‌خواهم داوطلب باشم":                                                                 false,
	} {
		if got := Leaving(text); got != want {
			t.Errorf("%q: leaving is %t, want %t", text, got, want)
		}
	}
}

func TestWhoNeedsHelpDoesNotOfferIt(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"My mother needs an interpreter for the hospital, she speaks Dari.": true,
		"Can you find us a volunteer to help my dad with shopping?":         true,
		"We are looking for a photographer for our open day":                true,
		"Мені потрібен перекладач у лікарні":                                true,
		"مادرم به ترجمان ضرورت دارد":                                        true,
		"I saw that you need translators. I can help.":                      false,
		"You are looking for a photographer, and I take photographs.":       false,
		"I would like to volunteer in the gardens":                          false,
		"Бачила, що вам потрібні перекладачі, можу допомогти":               false,
		"شنیدم به مترجم نیاز دارید، می‌توانم کمک کنم":                       false,
	} {
		if got := Needing(text); got != want {
			t.Errorf("%q: needing is %t, want %t", text, got, want)
		}
	}
}
