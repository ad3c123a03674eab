package outbound

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"html"
	"mime"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"postroom/internal/postroom"
)

func TestHeadersSayWhatKindOfMailItIs(t *testing.T) {
	t.Parallel()
	o := writer(t)
	m := sample("please-confirm", "en")
	m.InReplyTo, m.References = "one@example.net", "<zero@example.net> one@example.net"
	m.Data["reply_to"] = "Sam <sam@example.org>"
	raw, err := o.Compose(m)
	if err != nil {
		t.Fatal(err)
	}
	h := unpack(t, raw).header
	for name, want := range map[string]string{
		"From": `"Example Charity" <office@example.org>`, "To": "<person@example.org>", "Reply-To": `"Sam" <sam@example.org>`,
		"Subject": "Please confirm your email address", "Date": "Mon, 23 Nov 2026 10:00:00 +0000",
		"Message-Id": "<" + m.MessageID + ">", "Mime-Version": "1.0",
		"In-Reply-To": "<one@example.net>", "References": "<zero@example.net> <one@example.net>",
		"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All", "Precedence": "",
		"X-Postroom-Loop":  "01939f3e-8a10-7cc4-9b1e-5a6f0d2c7e11.0123456789abcdef@post.example.org",
		"List-Unsubscribe": "", "User-Agent": "", "X-Mailer": "",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestMarketingCanBeStoppedWithOnePress(t *testing.T) {
	t.Parallel()
	o := writer(t)
	m := sample("newsletter-welcome", "en")
	m.Class, m.Lane = postroom.Marketing, postroom.Bulk
	raw, err := o.Compose(m)
	if err != nil {
		t.Fatal(err)
	}
	p := unpack(t, raw)
	address := strings.Trim(p.header.Get("List-Unsubscribe"), "<>")
	token, ours := strings.CutPrefix(address, "https://post.example.org/en/unsubscribe/")
	if about, err := o.links.Open(token, "unsubscribe"); !ours || err != nil || about != m.About {
		t.Errorf("List-Unsubscribe %q opens %q (%v)", address, about, err)
	}
	for name, want := range map[string]string{
		"List-Unsubscribe-Post": "List-Unsubscribe=One-Click", "List-Id": "<networking-event.post.example.org>",
		"Precedence": "bulk", "Auto-Submitted": "auto-generated",
	} {
		if got := p.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if !strings.Contains(p.text, "1 High Street") {
		t.Error("marketing does not say where its sender lives")
	}
}

func TestReminderIsNotAnAnswer(t *testing.T) {
	t.Parallel()
	m := sample("event-reminder", "en")
	m.Lane = postroom.Followup
	raw, err := writer(t).Compose(m)
	if err != nil {
		t.Fatal(err)
	}
	if got := unpack(t, raw).header.Get("Auto-Submitted"); got != "auto-generated" {
		t.Errorf("Auto-Submitted: %s", got)
	}
}

func TestOwnMailIsKnownByItsLoopHeader(t *testing.T) {
	t.Parallel()
	o := writer(t)
	m := sample("welcome", "en")
	m.MessageID = o.links.MessageID(m.ID, "example.org")
	raw, err := o.Compose(m)
	if err != nil {
		t.Fatal(err)
	}
	if id, ours := o.links.OwnMessageID(unpack(t, raw).header.Get("X-Postroom-Loop")); !ours || id != m.ID {
		t.Errorf("the loop header names %q (%v)", id, ours)
	}
}

func TestDiscreetMessageSaysNothingInItsSubject(t *testing.T) {
	t.Parallel()
	o := writer(t)
	for _, locale := range o.letters.Locales() {
		for _, name := range o.letters.Names() {
			m := sample(name, locale)
			m.Discreet = true
			subject := compose(t, o, m).subject(t)
			for _, secret := range []string{m.Data["event"], m.Data["programme"], m.Data["form_title"], m.Data["list"], m.Data["area"], m.Data["venue"], m.Data["name"]} {
				if strings.Contains(subject, secret) {
					t.Errorf("%s in %s is discreet and says %q", name, locale, subject)
				}
			}
		}
	}
}

func TestSameRowGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	m := sample("place-booked", "fa-AF")
	m.InReplyTo = "a@b"
	first, err := writer(t).Compose(m)
	if err != nil {
		t.Fatal(err)
	}
	again, err := writer(t).Compose(m)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, again) {
		t.Errorf("two mails of one row differ:\n%s\n%s", first, again)
	}
}

func TestAddressCannotCarryAHeader(t *testing.T) {
	t.Parallel()
	for _, to := range []string{"a@example.org\r\nBcc: b@example.org", "a@example.org\nx: y", "no address", "a@example.org, b@example.org"} {
		m := sample("welcome", "en")
		m.To = to
		if raw, err := writer(t).Compose(m); err == nil {
			t.Errorf("%q gave a mail:\n%s", to, raw)
		} else if strings.Contains(err.Error(), to) {
			t.Errorf("the error repeats the address: %v", err)
		}
	}
}

func TestNameNeverBecomesALink(t *testing.T) {
	t.Parallel()
	o := writer(t)
	for _, name := range []string{"https://evil.example", "evil.example", "Win at www.evil", "[press](https://evil.example)", "<https://evil.example>", "me@evil.example"} {
		for key := range map[string]bool{"name": true, "area": true} {
			m := sample("welcome", "en")
			m.Data[key] = name
			if p := compose(t, o, m); strings.Contains(p.text+p.html+p.subject(t), "evil") {
				t.Errorf("%s %q stands in the mail:\n%s", key, name, p.text)
			}
		}
	}
	for _, name := range []string{"J. R. Smith", "Зоя О’Ніл", "علی‌رضا", "Ann *the* _great_ #1", "R&D <b>"} {
		m := sample("welcome", "en")
		m.Data["name"] = name
		if p := compose(t, o, m); !strings.Contains(p.text, name) || !strings.Contains(p.html, html.EscapeString(name)) {
			t.Errorf("%q is not greeted by name:\n%s", name, p.text)
		}
	}
}

func TestSignedMailCarriesItsSignature(t *testing.T) {
	t.Parallel()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "dkim.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	signer, err := readSigner(DKIM{Domain: "example.org", Selector: "post", KeyFile: file})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := writer(t).compose(sample("welcome", "en"), signer)
	if err != nil {
		t.Fatal(err)
	}
	if got := unpack(t, raw).header.Get("Dkim-Signature"); !strings.Contains(got, "d=example.org") || !strings.Contains(got, "s=post") {
		t.Errorf("the signature is %q", got)
	}
}

func TestStoredBytesLeaveAsTheyAre(t *testing.T) {
	t.Parallel()
	m := postroom.Message{Raw: []byte("Subject: x\r\n\r\nbody\r\n")}
	raw, err := writer(t).Compose(m)
	if err != nil || !bytes.Equal(raw, m.Raw) {
		t.Errorf("%q (%v)", raw, err)
	}
}

// FuzzValues gives every key what a stranger may type: none of it may become
// a header, a tag, a link, or another block.
func FuzzValues(f *testing.F) {
	for _, seed := range []string{
		"Ann", "a\r\nBcc: b@c", "<script>", "[x](https://evil.example)", "# h\n\n- a", "*b* _c_ `d`", "![x](y)", "</div>", "&lt;b&gt;",
		"{{.name}}", "\u202eevil", "1. a", "> q", "a\\", "\x00\x1b", "---\nclass: marketing\n---", "\u2028x: y", "   code", "~~~", "<!--", "|a|b|", "\xff\xfe",
	} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	o := writer(f)
	calm := map[string]parts{}
	for _, locale := range []string{"en", "fa"} {
		m := sample("place-booked", locale)
		for key := range m.Data {
			if _, err := mail.ParseDate(m.Data[key]); err != nil && key != "starts" && key != "ends" {
				m.Data[key] = "x"
			}
		}
		calm[locale] = compose(f, o, m)
	}
	f.Fuzz(func(t *testing.T, value string, farsi bool) {
		locale := map[bool]string{true: "fa", false: "en"}[farsi]
		m := sample("place-booked", locale)
		for key := range m.Data {
			if key != "starts" && key != "ends" {
				m.Data[key] = value
			}
		}
		m.InReplyTo, m.References, m.Programme = value, value, value
		p := compose(t, o, m)
		for name := range p.header {
			if calm[locale].header[name] == nil && name != "In-Reply-To" && name != "References" && name != "Reply-To" {
				t.Errorf("%q became the header %s", value, name)
			}
		}
		if len(tidy(value)) > 0 && greeting(tidy(value)) != "" && tags(p.html) != tags(calm[locale].html) {
			t.Errorf("%q changed the page:\n%s\n%s", value, tags(calm[locale].html), tags(p.html))
		}
		links := 1
		if value != "" {
			links++ // to the notice of the programme
		}
		if strings.Count(p.html, "<a ") != links || strings.ContainsAny(p.subject(t), "\r\n") {
			t.Errorf("%q made a link or a line:\n%s", value, p.html)
		}
	})
}

var tag = regexp.MustCompile(`</?[a-zA-Z!][^>]*>`)

// tags is a page without its words and without where its links lead.
func tags(page string) string {
	_, body, _ := strings.Cut(page, "<body")
	return regexp.MustCompile(`href="[^"]*"`).ReplaceAllString(strings.Join(tag.FindAllString(body, -1), ""), "")
}

func TestSubjectIsReadableInEveryScript(t *testing.T) {
	t.Parallel()
	o := writer(t)
	for _, locale := range o.letters.Locales() {
		m := sample("waiting-list", locale)
		m.Data["event"] = strings.Repeat("Дуже довга назва ", 12)
		raw, err := o.Compose(m)
		if err != nil {
			t.Fatal(err)
		}
		subject, err := new(mime.WordDecoder).DecodeHeader(unpack(t, raw).header.Get("Subject"))
		if err != nil || !strings.Contains(subject, strings.TrimSpace(m.Data["event"])) {
			t.Errorf("%s: subject %q (%v)", locale, subject, err)
		}
		head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
		for line := range bytes.SplitSeq(head, []byte("\r\n")) {
			if len(line) > 200 {
				t.Errorf("%s: a header line of %d bytes: %s", locale, len(line), line)
			}
		}
	}
}

func TestALetterLeadsToTheNoticeAndToAllThatSomebodyHasWithUs(t *testing.T) {
	t.Parallel()
	o := writer(t)
	for name, c := range map[string]struct {
		template        string
		discreet        bool
		notice, myLinks int
	}{
		"of a booking":                      {"place-booked", false, 1, 1},
		"where nobody may learn of what":    {"place-booked", true, 0, 1},
		"to somebody who may be in danger":  {"holding", false, 0, 0},
		"to a coordinator":                  {"notice", false, 0, 0},
		"news, whose foot has its own link": {"newsletter", false, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			for _, locale := range []string{"en", "uk", "fa", "fa-AF", "ps"} {
				m := sample(c.template, locale)
				m.Programme, m.Contact, m.Discreet = "networking-event", "c1", c.discreet
				text := compose(t, o, m).text
				if got := strings.Count(text, "/"+locale+"/privacy/networking-event"); got != c.notice {
					t.Errorf("%s: %d links to the notice, want %d:\n%s", locale, got, c.notice, text)
				}
				if got := strings.Count(text, "/"+locale+"/my-link"); got != c.myLinks {
					t.Errorf("%s: %d links to everything, want %d:\n%s", locale, got, c.myLinks, text)
				}
			}
		})
	}
}
