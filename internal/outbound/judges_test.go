package outbound

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"html"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	gomail "github.com/wneessen/go-mail"

	"postroom/internal/postroom"
	"postroom/internal/testserver"
	"postroom/templates"
)

// everyMail writes every letter there is, in every language, with everything known
// and with nothing known, signed, into a folder of its own. A letter that is new
// is among them.
func everyMail(t *testing.T) (folder, record string) {
	t.Helper()
	folder = t.TempDir()
	signer, record := rsaSigner(t)
	o := writer(t)
	for locale, library := range o.letters.library() {
		for name, l := range library {
			for i, m := range []postroom.Message{sample(name, locale), bareSample(l, name, locale)} {
				m.Class, m.Lane = l.class, l.lane
				raw, err := o.compose(m, signer)
				if err != nil {
					t.Fatalf("%s in %s: %v", name, locale, err)
				}
				put(t, folder, fmt.Sprintf("%s.%s.%d.eml", name, locale, i), raw)
			}
		}
	}
	everyEdition(t, o, signer, folder)
	return folder, record
}

func put(t *testing.T, folder, name string, raw []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

// everyEdition writes a copy of an edition made of each template, in every language.
func everyEdition(t *testing.T, o *Outbox, signer *gomail.DKIMSigner, folder string) {
	t.Helper()
	files, err := fs.Glob(templates.FS, "edition/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := fs.ReadFile(templates.FS, file)
		if err != nil {
			t.Fatal(err)
		}
		e, _ := o.letters.ReadEditionWith(file, toWrite.ReplaceAll(text, []byte("12 – 14 ½")), material())
		c := postroom.Campaign{List: "news", Programme: "news", Subject: e.Subject, Locale: e.Locale, Markdown: e.Markdown, Others: e.Others}
		for _, locale := range o.letters.Locales() {
			m := postroom.Message{ID: sample("", "").ID, To: "person@example.org", Template: NewsletterLetter, Locale: locale, Programme: "news", Lane: postroom.Bulk, About: "sub-1"}
			if err := o.address(&m); err != nil {
				t.Fatal(err)
			}
			raw, err := o.edition(c).compose(m, signer)
			if err != nil {
				t.Fatalf("%s in %s: %v", file, locale, err)
			}
			put(t, folder, strings.TrimSuffix(filepath.Base(file), ".md")+"-edition."+locale+".0.eml", raw)
		}
	}
}

// bareSample is a message in which nothing is known but what a letter must have.
func bareSample(l *letter, name, locale string) postroom.Message {
	m := sample(name, locale)
	m.Data = map[string]string{"url": m.Data["url"]}
	if l.says.given {
		m.Data[dataMarkdown], m.Data[dataWords] = "The garden opens again.", "Thank you."
	}
	return m
}

// rsaSigner signs as most mail is signed, and returns the DNS record of its key.
func rsaSigner(t *testing.T) (signer *gomail.DKIMSigner, record string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "dkim.pem")
	block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	if signer, err = readSigner(DKIM{Domain: "example.org", Selector: "post", KeyFile: file}); err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return signer, "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(public)
}

func mailsIn(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.eml"))
	if err != nil || len(files) < 100 {
		t.Fatalf("%d mails were written (%v)", len(files), err)
	}
	return files
}

// TestEveryMailIsGoodToOthers shows every mail to whom it has to please besides its
// reader.
func TestEveryMailIsGoodToOthers(t *testing.T) {
	t.Parallel()
	folder, record := everyMail(t)
	files := mailsIn(t, folder)
	for name, judge := range map[string]func(*testing.T){
		"its signature is good":         func(t *testing.T) { signaturesAreGood(t, folder, record) },
		"it does not look like spam":    func(t *testing.T) { noneLooksLikeSpam(t, files) },
		"none of its lines is too long": func(t *testing.T) { noLineIsTooLong(t, files) },
		"both parts say the same":       func(t *testing.T) { bothPartsSayTheSame(t, files) },
	} {
		t.Run(name, judge)
	}
}

func signaturesAreGood(t *testing.T, folder, record string) {
	python := testserver.DKIMPy(t)
	out, err := exec.CommandContext(t.Context(), python, "testdata/verify.py", folder, record).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("dkimpy: %v\n%s", err, out)
	}
}

// noneLooksLikeSpam asks SpamAssassin, by its rules alone. A mail is spam from 5
// points; ours have less than 1.
func noneLooksLikeSpam(t *testing.T, files []string) {
	perl := testserver.SpamAssassin(t)
	if os.Getenv("POSTROOM_LONG") == "" { // it takes a while over each: the languages share them
		files = slices.DeleteFunc(slices.Clone(files), func(f string) bool { return !strings.HasSuffix(f, ".en.0.eml") && !strings.HasSuffix(f, ".fa.1.eml") })
	}
	cmd := exec.CommandContext(t.Context(), perl, append([]string{"testdata/score.pl"}, files...)...)
	cmd.Env = append(os.Environ(), "JUDGE_HOME="+t.TempDir(), "LC_ALL=C.UTF-8")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("SpamAssassin: %v\n%s", err, out)
	}
	seen := 0
	for line := range strings.Lines(string(out)) {
		var file, rules string
		var score float64
		if n, _ := fmt.Sscan(line, &file, &score, &rules); n >= 2 {
			seen++
		}
		if score >= 1 {
			t.Errorf("%s has %.1f points: %s", filepath.Base(file), score, rules)
		}
	}
	if seen != len(files) {
		t.Errorf("%d of %d mails were scored\n%s", seen, len(files), out)
	}
}

// RFC 5322, section 2.1.1: a line has at most 998 signs, and should have 78.
func noLineIsTooLong(t *testing.T, files []string) {
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
		for i, line := range bytes.Split(raw, []byte("\r\n")) {
			inHead := i <= bytes.Count(head, []byte("\r\n"))
			switch {
			case bytes.ContainsAny(line, "\r\n"):
				t.Errorf("%s: line %d ends with half an end", filepath.Base(file), i+1)
			case len(line) > 998, !inHead && len(line) > 78:
				t.Errorf("%s: line %d has %d signs", filepath.Base(file), i+1, len(line))
			case inHead && len(line) > 78 && breakable(line):
				t.Errorf("%s: line %d of the head has %d signs and could be folded: %s", filepath.Base(file), i+1, len(line), line)
			}
		}
	}
}

// breakable says whether a line of the head has a space to fold at, behind its name.
func breakable(line []byte) bool {
	_, value, named := bytes.Cut(line, []byte(": "))
	if !named {
		value = line
	}
	return bytes.ContainsRune(bytes.TrimSpace(value), ' ')
}

func bothPartsSayTheSame(t *testing.T, files []string) {
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		p := unpack(t, raw)
		text, page := letterOf(p.text), letterOf(html.UnescapeString(markup.ReplaceAllString(p.html, " ")))
		if text != page {
			t.Errorf("%s: the text part says\n%s\nand the page\n%s", filepath.Base(file), text, page)
		}
	}
}

// letterOf is what a part says, without its signs: a list has others in text.
func letterOf(part string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
			return r
		}
		return -1
	}, saying(part))
}
