package inbound_test

import (
	"html"
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
		if took := time.Since(begun); took > time.Minute { // a guard against reading everything again for each line, not a measure
			t.Errorf("%q takes %v", line, took)
		}
	}
}

func TestNothingIsCutWhereThePersonAnswersInTheMidst(t *testing.T) {
	t.Parallel()
	for _, says := range []string{"Please see my answers below.", "Answers in red", "Відповіді нижче", "جواب‌ها در زیر", "ځوابونه لاندې دي", "Antworten siehe unten", "Mes réponses ci-dessous"} {
		body := says + "\n\nFrom: Support <a@b.example>\nSent: Monday, 23 November 2026 10:00\nTo: Person\nSubject: Hello\n\nHow many of you?\nFour"
		if got := inbound.Visible(answer(body)); got != body {
			t.Errorf("shown %q", got)
		}
	}
}

func page(body string) letter.Letter {
	return letter.Read([]byte("From: person@sender.example\nSubject: Re: Hello\nContent-Type: text/html; charset=utf-8\n\n" + body))
}

func TestTheQuotesOfAPageAreNotShown(t *testing.T) {
	t.Parallel()
	const cite = "On Mon, 23 Nov 2026 at 10:00, Support &lt;a@b.example&gt; wrote:"
	for name, c := range map[string]struct{ body, want string }{
		"Gmail":             {`<div dir="ltr">Yes.</div><br><div class="gmail_quote gmail_quote_container"><div class="gmail_attr">` + cite + `</div><blockquote class="gmail_quote">Q</blockquote></div>`, "Yes."},
		"Gmail, below":      {`<div class="gmail_extra"><div class="gmail_quote">` + cite + `<blockquote class="gmail_quote">Q</blockquote></div>Yes.</div>`, "Yes."},
		"passed on":         {`<div>Yes.</div><div class="x_gmail_quote">` + cite + `<blockquote>Q</blockquote></div>`, "Yes."},
		"Apple, above":      {`<div>Yes.</div><div>` + cite + `</div><blockquote type="cite">Q</blockquote>`, "Yes."},
		"Apple, below":      {`<div>Hello,</div><div>` + cite + `</div><blockquote type="cite">Q</blockquote><div>Yes.</div>`, "Hello,\n\nYes."},
		"Thunderbird":       {`<div class="moz-cite-prefix">Hän kertoi:</div><blockquote type="cite">Q</blockquote><p>Yes.</p>`, "Yes."},
		"Yahoo":             {`<div>Yes.</div><div id="ydp1a2byahoo_quoted_123" class="yahoo_quoted"><div>` + cite + `</div><div>Q</div></div>`, "Yes."},
		"ProtonMail":        {`<div>Yes.</div><div class="protonmail_signature_block">Sent with <a href="https://proton.example">Proton Mail</a></div><div class="protonmail_quote">` + cite + `<blockquote type="cite">Q</blockquote></div>`, "Yes."},
		"Zimbra":            {`<div>Yes.</div><hr data-marker="__DIVIDER__"><div data-marker="__HEADERS__"><b>From: </b>S</div><div data-marker="__QUOTED_TEXT__">Q</div>`, "Yes."},
		"Outlook":           {`<div>Yes.</div><hr><div id="divRplyFwdMsg"><b>From:</b> S<br><b>Subject:</b> H</div><div>Q</div>`, "Yes."},
		"Outlook's new one": {`<div>Yes.</div><div id="mail-editor-reference-message-container"><div><b>From:</b> S</div>Q</div>`, "Yes."},
		"Samsung":           {`<div>Yes.</div><div id="composer_signature">Sent from my Galaxy</div><div>-------- Original message --------</div><div>From: S &lt;a@b.example&gt; </div><div>Q</div>`, "Yes."},
		"Tutanota":          {`<div>Yes.</div><div>23 Nov 2026, 10:00 by a@b.example:</div><blockquote class="tutanota_quote">Q</blockquote>`, "Yes."},
		"nothing else":      {`<blockquote type="cite">Q</blockquote>`, "Q"},
	} {
		if got := inbound.Visible(page(c.body)); got != c.want {
			t.Errorf("%s: shown\n%q\nwant\n%q", name, got, c.want)
		}
	}
}

func TestALongPageIsShownSoon(t *testing.T) {
	t.Parallel()
	for _, part := range []string{"<div>x</div>", "<blockquote type=cite>", `<div class="gmail_quote">`, `<div style="border:none;border-top:solid #E1E1E1">`, `<p class="` + strings.Repeat("x ", 1000) + `">`, "<p>On Mon, 1 Jan 2026 a@b.example", "<hr>"} {
		begun := time.Now()
		inbound.Visible(page(strings.Repeat(part, 1<<19/len(part))))
		if took := time.Since(begun); took > time.Minute { // a guard against reading everything again for each line, not a measure
			t.Errorf("%.40q takes %v", part, took)
		}
	}
}

// marks are what quotes and signatures are known by.
var marks = strings.NewReplacer(">", "", "|", "", ":", "", "：", "", "@", "", "-", "", "_", "", "=", "", "*", "", "#", "", "[", "", "\r", "\n", "\u2028", "\n", "\u2029", "\n", "\u00a0", " ", "\u202f", " ")

// unmarkedText is a text without them, in one paragraph of short lines: there
// is nothing in it that could be taken for a quote or a signature.
func unmarkedText(body string) string {
	var lines []string
	for line := range strings.SplitSeq(marks.Replace(strings.ToValidUTF8(body, "")), "\n") {
		if line = strings.TrimSpace(line); line != "" && len(line) < 80 && len(lines) < 1000 {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

const quoteBelow = "\n\nOn Mon, 23 Nov 2026 at 10:00, Support <a@b.example> wrote:\n> Will you come?\n"

func FuzzVisible(f *testing.F) {
	for _, raw := range samples(f) {
		f.Add(letter.Read(raw).Text)
	}
	f.Fuzz(func(t *testing.T, body string) {
		l := letter.Letter{Subject: "Re: x", Text: body, InReplyTo: []string{"a"}}
		if got := inbound.Visible(l); got == "" && strings.TrimSpace(strings.ToValidUTF8(body, "")) != "" && len(body) < 60<<10 {
			t.Errorf("nothing of %q is shown", body)
		}
		plain := unmarkedText(body)
		for _, below := range []string{"", quoteBelow} {
			if l.Text = plain + below; plain == "" || len(l.Text) > 60<<10 {
				continue
			}
			if got := inbound.Visible(l); got != plain {
				t.Errorf("of %q is shown %q", l.Text, got)
			}
		}
	})
}

func FuzzVisiblePage(f *testing.F) {
	for _, raw := range samples(f) {
		l := letter.Read(raw)
		f.Add(l.HTML, l.Text)
	}
	f.Fuzz(func(t *testing.T, body, text string) {
		l := letter.Letter{Subject: "Re: x", Text: letter.Plain(body, nil), HTML: body, InReplyTo: []string{"a"}}
		if got := inbound.Visible(l); got == "" && strings.TrimSpace(l.Text) != "" && len(l.Text) < 60<<10 {
			t.Errorf("nothing of %q is shown", body)
		}
		plain := strings.Join(strings.Fields(unmarkedText(text)), " ")
		l.HTML = "<p>" + html.EscapeString(plain) + `</p><div class="gmail_quote">x<blockquote>y</blockquote></div>`
		l.Text = letter.Plain(l.HTML, nil)
		if got := strings.Join(strings.Fields(inbound.Visible(l)), " "); plain != "" && len(plain) < 60<<10 && got != plain {
			t.Errorf("of %q is shown %q", plain, got)
		}
	})
}
