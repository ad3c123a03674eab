package outbound

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"

	gomail "github.com/wneessen/go-mail"
	"golang.org/x/net/html"

	"postroom/internal/postroom"
	"postroom/internal/testserver"
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
				file := filepath.Join(folder, fmt.Sprintf("%s.%s.%d.eml", name, locale, i))
				if err := os.WriteFile(file, raw, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return folder, record
}

// bareSample is a message in which nothing is known but what a letter must have.
func bareSample(l *letter, name, locale string) postroom.Message {
	m := sample(name, locale)
	if m.Data = nil; l.says.given {
		m.Data = map[string]string{dataMarkdown: "The garden opens again.", dataWords: "Thank you."}
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

func TestEveryMailsSignatureIsGoodToAnother(t *testing.T) {
	t.Parallel()
	python := testserver.DKIMPy(t)
	folder, record := everyMail(t)
	mailsIn(t, folder)
	out, err := exec.CommandContext(t.Context(), python, "testdata/dkim.py", folder, record).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("dkimpy: %v\n%s", err, out)
	}
}

// TestNoMailLooksLikeSpam asks SpamAssassin, by its rules alone. A mail is spam
// from 5 points; ours have less than 1.
func TestNoMailLooksLikeSpam(t *testing.T) {
	t.Parallel()
	perl := testserver.SpamAssassin(t)
	folder, _ := everyMail(t)
	files := mailsIn(t, folder)
	if os.Getenv("POSTROOM_LONG") == "" { // it takes a while over each: the languages share them
		files = slices.DeleteFunc(files, func(f string) bool { return !strings.HasSuffix(f, ".en.0.eml") && !strings.HasSuffix(f, ".fa.1.eml") })
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

// goodMail is what html-validate is asked of mails: they are made of tables and
// styles in attributes, because mail programs know nothing else.
const goodMail = `{
	"root": true,
	"extends": ["html-validate:recommended"],
	"rules": {"doctype-style": "off", "no-inline-style": "off"}
}`

func TestEveryMailIsGoodHTML(t *testing.T) {
	t.Parallel()
	command := testserver.HTMLValidate(t)
	folder, _ := everyMail(t)
	pages := t.TempDir()
	put := func(name, text string) {
		if err := os.WriteFile(filepath.Join(pages, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(".htmlvalidate.json", goodMail)
	for _, file := range mailsIn(t, folder) {
		put(strings.TrimSuffix(filepath.Base(file), ".eml")+".html", partsOf(t, file).html)
	}
	cmd := exec.CommandContext(t.Context(), command, "--formatter", "text", ".")
	cmd.Dir = pages
	if out, err := cmd.CombinedOutput(); err != nil {
		text := string(bytes.ReplaceAll(out, []byte(pages+"/"), nil))
		t.Errorf("%v\n%s", err, text[:min(len(text), 6000)])
	}
}

// partsOf reads a mail from a file. One with a calendar has its parts one deeper,
// and that is for another test.
func partsOf(t *testing.T, file string) parts {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return unpack(t, raw)
}

// RFC 5322, section 2.1.1: a line has at most 998 signs, and should have 78.
func TestNoLineOfAMailIsTooLong(t *testing.T) {
	t.Parallel()
	folder, _ := everyMail(t)
	for _, file := range mailsIn(t, folder) {
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

// TestBothPartsOfAMailSayTheSame compares the words of both, in their order.
func TestBothPartsOfAMailSayTheSame(t *testing.T) {
	t.Parallel()
	folder, _ := everyMail(t)
	var told sync.Once
	for _, file := range mailsIn(t, folder) {
		p := partsOf(t, file)
		inText, inHTML := spoken(p.text), spoken(visible(t, p.html))
		if !slices.Equal(inText, inHTML) {
			t.Errorf("%s: the parts differ", filepath.Base(file))
			told.Do(func() { t.Logf("text:\n%q\nHTML:\n%q", inText, inHTML) })
		}
	}
}

// spoken are the words of a text, without addresses and signs.
func spoken(text string) (list []string) {
	for _, word := range strings.Fields(text) {
		if strings.HasPrefix(strings.TrimLeft(word, "<(\u2068"), "https://") {
			continue
		}
		word = strings.TrimFunc(word, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		if word != "" {
			list = append(list, word)
		}
	}
	return list
}

// visible is what a page shows, its words parted where its blocks are.
func visible(t *testing.T, page string) string {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.ElementNode && (n.Data == "head" || n.Data == "style") {
			return
		}
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
		if n.Type == html.ElementNode && n.Data != "strong" && n.Data != "em" && n.Data != "a" && n.Data != "bdi" && n.Data != "span" {
			b.WriteString(" ")
		}
	}
	walk(doc)
	return b.String()
}
