package inbound_test

import (
	"strings"
	"testing"
	"time"

	"postroom/internal/inbound"
	"postroom/internal/letter"
)

func answer(body string) letter.Letter {
	return letter.Read([]byte("From: person@sender.example\nSubject: Re: Hello\nIn-Reply-To: <a@b.example>\nContent-Type: text/plain; charset=utf-8\n\n" + body))
}

func TestOnlyWhatWasWrittenThisTimeIsShown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ body, want string }{
		"English":                {"Yes.\n\nOn Mon, 23 Nov 2026 at 10:00, Support <a@b.example> wrote:\n> Will you come?\n", "Yes."},
		"broken over lines":      {"Yes.\n\nOn Mon, 23 Nov 2026 at 10:00, Support\n<a@b.example>\nwrote:\n> Will you come?\n", "Yes."},
		"Ukrainian":              {"Так.\n\nпн, 23 лист. 2026 р. о 10:00 Support <a@b.example> пише:\n> Ви прийдете?\n", "Так."},
		"Farsi":                  {"بله.\n\nدر تاریخ ۲۳ نوامبر 2026 Support <a@b.example> نوشت:\n> می‌آیید؟\n", "بله."},
		"German":                 {"Ja.\n\nAm 23.11.2026 um 10:00 schrieb Support <a@b.example>:\n> Kommen Sie?\n", "Ja."},
		"Outlook":                {"Yes.\n\n________________________________\nFrom: Support <a@b.example>\nSent: Monday, 23 November 2026 10:00\nTo: Person\nSubject: Hello\n\nWill you come?\n", "Yes."},
		"original message":       {"Yes.\n\n-----Original Message-----\nFrom: Support\n\nWill you come?\n", "Yes."},
		"signature":              {"Yes.\n\n-- \nPerson One\nChair\n", "Yes."},
		"telephone's signature":  {"Yes.\n\nSent from my iPhone\n", "Yes."},
		"sentence, no signature": {"Yes.\n\nSent from my desk, which is easier than my phone.\n", "Yes.\n\nSent from my desk, which is easier than my phone."},
		"answer below":           {"On Mon, 23 Nov 2026, Support <a@b.example> wrote:\n> Will you come?\n\nYes.\n", "Yes."},
		"a From in the text":     {"From: the bus stop walk 200 m.\nThen turn left.\n", "From: the bus stop walk 200 m.\nThen turn left."},
		"wrote, but no quote":    {"On Monday my neighbour wrote a letter: it was long.\nYes.\n", "On Monday my neighbour wrote a letter: it was long.\nYes."},
		"nothing but a quote":    {"> Will you come?\n", "> Will you come?"},
		"a letter that is passed on": {"FYI\n\n---------- Forwarded message ---------\nFrom: x@y.example\nDate: today\nSubject: z\nTo: a\n\nHelp!\n",
			"FYI\n\n---------- Forwarded message ---------\nFrom: x@y.example\nDate: today\nSubject: z\nTo: a\n\nHelp!"},
	} {
		if got := inbound.Visible(answer(c.body)); got != c.want {
			t.Errorf("%s: shown\n%q\nwant\n%q", name, got, c.want)
		}
	}
}

func TestAFirstLetterIsShownWhole(t *testing.T) {
	t.Parallel()
	body := "Hello,\n\nFrom: a\nTo: b\nSubject: c\n\n> quoted\n-- \nPerson One, 01908 234567"
	l := letter.Read([]byte("From: person@sender.example\nSubject: Question\n\n" + body + "\n"))
	if got := inbound.Visible(l); got != body {
		t.Errorf("shown %q", got)
	}
}

func TestAnswersBetweenTheQuotesOfAPageAreShown(t *testing.T) {
	t.Parallel()
	l := letter.Read([]byte("From: person@sender.example\nSubject: Re: Hello\nContent-Type: text/html\n\n" +
		`<div>See below.</div><div class="gmail_quote">On Monday, Support wrote:<blockquote>Which area?</blockquote><div>Bletchley.</div><blockquote>How many?</blockquote></div>`))
	if got := inbound.Visible(l); !strings.Contains(got, "Bletchley.") {
		t.Errorf("shown %q", got)
	}
}

func TestALongAnswerIsShownSoon(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"On Mon, 1 Jan 2026 a@b.example\n", "> x\ny\n", "From: a\n", "-- \n", "\n", strings.Repeat("x ", 1000)} {
		begun := time.Now()
		if got := inbound.Visible(answer("Yes.\n" + strings.Repeat(line, 3<<20/len(line)))); len(got) > 64<<10 {
			t.Errorf("%q: %d bytes are shown", line, len(got))
		}
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("%q takes %v", line, took)
		}
	}
}

func FuzzVisible(f *testing.F) {
	for _, raw := range samples(f) {
		f.Add(string(raw))
	}
	f.Fuzz(func(t *testing.T, body string) {
		l := letter.Letter{Subject: "Re: x", Text: body, InReplyTo: []string{"a"}}
		if got := inbound.Visible(l); got == "" && strings.TrimSpace(strings.ToValidUTF8(body, "")) != "" && len(body) < 60<<10 {
			t.Errorf("nothing of %q is shown", body)
		}
	})
}
