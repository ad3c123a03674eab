package outbound

import (
	"strings"
	"testing"

	"postroom/internal/postroom"
)

func TestTheSecondAlertSaysThatNobodyHasLooked(t *testing.T) {
	t.Parallel()
	o := writer(t)
	o.org.DeskURL = ""
	m := sample("safeguarding-alert", "en")
	first := compose(t, o, m)
	if !strings.HasPrefix(first.text, "Please look at a message now: K7M-4QX. Somebody may be in danger.") {
		t.Errorf("the first alert reads\n%s", first.text)
	}
	m.Data["again"], m.Data["since"] = "yes", "2026-11-27T16:30:00Z"
	p := compose(t, o, m)
	text := strings.Join(strings.Fields(p.text), " ")
	if p.subject(t) != "Nobody has looked yet: K7M-4QX" || !strings.HasPrefix(text, "Nobody has looked yet at a message in which somebody may be in danger: K7M-4QX. It has waited since Friday 27 November, 4:30pm.") {
		t.Errorf("the second alert reads %q\n%s", p.subject(t), p.text)
	}
	for _, command := range []string{"postroom submissions show K7M-4QX", "postroom submissions release K7M-4QX", "postroom triage show K7M-4QX"} {
		if !strings.Contains(text, command) {
			t.Errorf("it does not say %q", command)
		}
	}
}

func TestEveryAlertInEveryLanguageSaysWhetherItIsTheFirst(t *testing.T) {
	t.Parallel()
	o := writer(t)
	for _, locale := range o.letters.Locales() {
		m := sample("safeguarding-alert", locale)
		first := compose(t, o, m)
		m.Data["again"] = "yes"
		second := compose(t, o, m)
		if first.subject(t) == second.subject(t) || strings.SplitN(first.text, "\n\n", 2)[0] == strings.SplitN(second.text, "\n\n", 2)[0] {
			t.Errorf("in %s both read alike:\n%s", locale, second.text)
		}
	}
}

func TestWhatSomebodyDecidesBySaysTheSameInEnglishUntilItIsRead(t *testing.T) {
	t.Parallel()
	o := writer(t)
	for _, name := range []string{"holding", guardianAsk} {
		english := strings.Join(strings.Fields(strings.SplitN(compose(t, o, sample(name, "en")).text, "\n\n", 2)[0]), " ")
		for _, locale := range o.letters.Locales() {
			m := sample(name, locale)
			for unread, want := range map[string]bool{"yes": locale != "en", "": false} {
				m.Data["unreviewed"] = unread
				text := strings.Join(strings.Fields(compose(t, o, m).text), " ")
				if got := strings.Contains(text, english); locale != "en" && got != want {
					t.Errorf("%s in %s, unread %q: the English beside it is %t", name, locale, unread, got)
				}
			}
		}
	}
}

func TestTheHoldingLetterNamesWhoHelpsNow(t *testing.T) {
	t.Parallel()
	o := writer(t)
	for _, locale := range o.letters.Locales() {
		text := strings.Join(strings.Fields(compose(t, o, sample("holding", locale)).text), " ")
		for _, number := range []string{"999", "116 123", "0808 2000 247"} {
			if postroom.RightToLeft(locale) { // where groups of figures change places
				number = strings.ReplaceAll(number, " ", "")
			}
			if !strings.Contains(text, number) {
				t.Errorf("in %s nobody hears of %s", locale, number)
			}
		}
	}
}
