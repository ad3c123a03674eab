package outbound

import (
	"regexp"
	"strings"
	"testing"
)

// toColleagues are the letters to colleagues, and the answer that one of them
// writes, as people read them from right to left.
func toColleagues() []string {
	return []string{"sign-in", "invited", "signed-in-elsewhere", "passed-on", "reply", "digest-away", "unheard", "done-by-mail", "how-to-command", "not-by-you", "safeguarding-alert", "newsletter-late", "newsletter-stuck", "newsletter-done"}
}

var (
	fencedOff = regexp.MustCompile(`\x{2068}[^\x{2068}\x{2069}]*\x{2069}`)
	address   = regexp.MustCompile(`https?://\S+`)
	latinText = regexp.MustCompile(`[A-Za-z]{2,}`)
)

func TestLettersThatRunFromRightToLeftKeepWhatDoesNot(t *testing.T) {
	t.Parallel()
	withDesk, without := writer(t), writer(t)
	without.org.DeskURL = ""
	for _, locale := range []string{"fa", "fa-AF", "ps"} {
		for _, o := range []*Outbox{withDesk, without} {
			for _, name := range toColleagues() {
				m := sample(name, locale)
				m.Data["name"] = "office"
				p := compose(t, o, m)
				if !strings.Contains(p.html, `<html lang="`+locale+`" dir="rtl">`) || !strings.Contains(p.html, `<div lang="`+locale+`" dir="rtl"`) {
					t.Errorf("%s in %s does not run from right to left:\n%s", name, locale, p.html)
				}
				if name != "reply" && name != "done-by-mail" { // what a colleague wrote, and what the commands room says, is theirs
					checkFences(t, name+" in "+locale, p)
				}
			}
		}
	}
}

// checkFences fails where Latin letters stand open in a letter.
func checkFences(t *testing.T, what string, p parts) {
	t.Helper()
	body, _, _ := strings.Cut(p.text, "\n----\n")
	open := latinText.FindAllString(unfenced(body), -1)
	open = append(open, latinText.FindAllString(unfenced(p.subject(t)), -1)...)
	if len(open) > 0 {
		t.Errorf("%s: %q is not fenced off:\n%s\n\n%s", what, open, p.subject(t), p.text)
	}
	for _, link := range address.FindAllString(p.text+p.html, -1) {
		if strings.ContainsAny(link, "\u2068\u2069") {
			t.Errorf("%s: the link %q holds a sign of direction", what, link)
		}
	}
	for _, part := range []string{p.text, p.html, p.subject(t)} {
		if strings.Count(part, "\u2068") != strings.Count(part, "\u2069") {
			t.Errorf("%s: a fence is not closed:\n%s", what, part)
		}
	}
}

// unfenced is what stands outside of every fence and is no address.
func unfenced(s string) string {
	s = address.ReplaceAllString(s, "")
	for fencedOff.MatchString(s) {
		s = fencedOff.ReplaceAllString(s, "")
	}
	return s
}

func TestWhatIsTypedIsReadInItsOrder(t *testing.T) {
	t.Parallel()
	o := writer(t)
	text := compose(t, o, sample("how-to-command", "fa")).text
	for _, want := range []string{"- ⁨DONE 14⁩:", "- ⁨SNOOZE 14 friday⁩:", "⁨3 days⁩", "⁨4 dec⁩", "- ⁨LIST⁩:", "⁨K7M-4QX⁩"} {
		if !strings.Contains(strings.Join(strings.Fields(text), " "), want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
	if got := compose(t, o, sample("sign-in", "fa")).subject(t); !strings.HasPrefix(got, "⁨123 456⁩ ") {
		t.Errorf("the subject is %q", got)
	}
	o.org.DeskURL = ""
	text = compose(t, o, sample("safeguarding-alert", "fa")).text
	if !strings.Contains(strings.Join(strings.Fields(text), " "), "⁨postroom submissions show ⁨K7M-4QX⁩⁩") {
		t.Errorf("the command is not fenced off whole:\n%s", text)
	}
}

func TestAFenceIsPutAroundWhatIsLatinAlone(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                               "",
		"سلام":                           "سلام",
		"تا 14 روز":                      "تا 14 روز",
		"مثل 3 days یا 4 dec":            "مثل ⁨3 days⁩ یا ⁨4 dec⁩",
		"- **DONE 14**: انجام":           "- **⁨DONE 14⁩**: انجام",
		"[باز](https://x.example/a-b)":   "[باز](https://x.example/a-b)",
		"ببینید https://x.example/a. خب": "ببینید https://x.example/a. خب",
		"از ⁨office⁩ بپرسید":             "از ⁨office⁩ بپرسید",
		"show ⁨K7M\\-4QX⁩.":              "⁨show ⁨K7M\\-4QX⁩⁩.",
		"به ann@example.org":             "به ⁨ann@example.org⁩",
		givenPlace:                       givenPlace,
	} {
		if got := fenceLatin(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{"⁨News⁩": "News", "⁨a⁩ b ⁨c⁩": "⁨a⁩ b ⁨c⁩", "⁨a⁩ ⁨c⁩": "⁨a⁩ ⁨c⁩", "x": "x"} {
		if got := wholeSubject(in); got != want {
			t.Errorf("the subject %q becomes %q, want %q", in, got, want)
		}
	}
}
