package outbound

import (
	"strings"
	"testing"
	"testing/fstest"
)

// longText is a text with everything that may be in one.
const longText = `# What is on

The garden opens again on **Saturday**. Write to <mailto:garden@example.org>,
or read [our page](https://example.org/garden_a) first.

## Helpers

1. Bring *gloves*.
2. Come at ` + "`10:00`" + `.

> A visitor said: thank you!

- tea
- cake

    two  spaces   stay

---

[Book a place](https://example.org/book)
`

func TestTextFromElsewhereReadsWellInBothParts(t *testing.T) {
	t.Parallel()
	o := writer(t)
	m := sample("newsletter", "en")
	m.Data[dataMarkdown] = longText
	p := compose(t, o, m)
	golden(t, "newsletter-long.txt", "Subject: "+p.subject(t)+"\n\n"+p.text)
	golden(t, "newsletter-long.html", p.html)
}

func TestTextFromElsewhereCannotSwallowTheEndOfTheLetter(t *testing.T) {
	t.Parallel()
	o := writer(t)
	for _, open := range []string{"Hello.\n\n```\ncode", "Hello.\n\n~~~~", "- a\n  - b", "> a", "Hello `code", "Hello [a](<https://x.example", "Hello **a", "    code", "Hello\\", "[a]: https://x.example\n[Stop getting these messages]: https://x.example\n\nHello."} {
		m := sample("newsletter", "en")
		m.Data[dataMarkdown] = open
		p := compose(t, o, m)
		body, end, found := strings.Cut(p.text, "\n----\n")
		if !found || strings.Contains(body, "unsubscribe") || !strings.Contains(end, "Stop getting these messages:\nhttps://post.example.org/en/unsubscribe/") {
			t.Errorf("after %q the end of the letter is\n%s", open, end)
		}
		if !strings.Contains(p.html, `>Stop getting these messages</a>`) {
			t.Errorf("after %q the end of the letter is\n%s", open, p.html)
		}
	}
}

func TestTextFromElsewhereKeepsItsOwnLanguage(t *testing.T) {
	t.Parallel()
	m := sample("newsletter", "fa")
	m.Data[dataLanguage] = "en"
	p := compose(t, writer(t), m)
	for _, want := range []string{`<html lang="fa" dir="rtl">`, `<div lang="en" dir="ltr">` + "\n<p", "دیگر این پیام‌ها را نمی‌خواهم"} {
		if !strings.Contains(p.html, want) {
			t.Errorf("%s is missing in\n%s", want, p.html)
		}
	}
	m.Data[dataLanguage] = "fa"
	if p := compose(t, writer(t), m); strings.Contains(p.html, `lang="en"`) {
		t.Errorf("the language is said twice:\n%s", p.html)
	}
}

func TestLetterWithoutItsTextIsNotSent(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", " \n", "<script>x</script>", "![x](https://x.example/a.png)", "[x](javascript:alert(1))", "a\x00b"} {
		m := sample("newsletter", "en")
		m.Data[dataMarkdown] = text
		if _, err := writer(t).Compose(m); err == nil {
			t.Errorf("a letter was made of %q", text)
		}
	}
}

func TestMistakesInATextAreToldWithTheirLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"good", longText, ""},
		{"HTML in a line", "Hello.\n\nA <b>bold</b> word.\n", "news.md:3:3: a letter holds no HTML"},
		{"HTML in a block", "Hello.\n\n\n<div>\nx\n</div>\n", "news.md:4:1: a letter holds no HTML"},
		{"HTML comment", "Hello.\n<!-- x -->\n", "news.md:2:1: a letter holds no HTML"},
		{"picture", "Hello.\n\nA ![flower](https://x.example/f.png).\n", "news.md:3:3: pictures lie beside the file of an edition"},
		{"picture by name", "Hello.\n\n![flower]\n\n[flower]: https://x.example/f.png\n", "news.md:3:1: pictures lie beside the file of an edition"},
		{"relative link", "Hello.\n[x](/page)\n", "news.md:2:1: a link leads nowhere"},
		{"program in a link", "[x](JavaScript:alert(1))\n", "news.md:1:1: a link leads nowhere"},
		{"data in a link", "Hello.\n\n<data:text/html,x>\n", "news.md:3:1: a link leads nowhere"},
		{"not UTF-8", "Hello \xff", "news.md:1:1: the text is not UTF-8"},
		{"unseen sign", "Hello.\nA\x07b\n", "news.md:2:2: there is a sign that nobody can see"},
		{"too long", strings.Repeat("word ", MaxMarkdown), "news.md:1:1: the text is longer"},
		{"too deep", strings.Repeat("> ", 40) + "x\n", "news.md:1:25: lists and quotations stand in each other too deep"},
	} {
		got := ""
		if found := CheckMarkdown("news.md", c.text); len(found) > 0 {
			got = found[0].String()
		}
		if !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestEscapedTextReadsAsItWasWritten(t *testing.T) {
	t.Parallel()
	o := writer(t)
	for _, s := range []string{"# no heading", "1. no list", "- no list", "<b>no HTML</b>", "[no](https://link.example)", "https://x.example", "*a* _b_ `c`", "a & b &amp; c", `a\b`, "~~~", "    code", "line\n\nline"} {
		m := sample("newsletter", "en")
		m.Data[dataMarkdown] = EscapeMarkdown(s) + "\n"
		body, _, _ := strings.Cut(compose(t, o, m).text, "\n----\n")
		if got, want := strings.TrimSpace(body), strings.Join(strings.Fields(s), " "); got != want {
			t.Errorf("%q reads %q", s, got)
		}
	}
}

func TestALetterTakesTextFromElsewhereOnceAndOnALineOfItsOwn(t *testing.T) {
	t.Parallel()
	const front = "---\nclass: service\nlane: confirm\nsubject: Hello\n---\n"
	load := func(english, ukrainian string) error {
		_, err := LoadLetters(fstest.MapFS{
			"email/letter.html":   {Data: []byte("{{.Body}}")},
			"email/en/words.yaml": {Data: englishWords(t)}, "email/uk/words.yaml": {Data: englishWords(t)},
			"email/en/a.md": {Data: []byte(english)}, "email/uk/a.md": {Data: []byte(ukrainian)},
		})
		return err
	}
	good := front + "Good morning.\n\n{{markdown}}\n\n[x]({{link \"manage\"}})\n"
	if err := load(good, good); err != nil {
		t.Errorf("a good letter: %v", err)
	}
	for _, c := range []struct{ name, letter, want string }{
		{"in a sentence", strings.Replace(good, "{{markdown}}", "See {{markdown}}", 1), "email/en/a.md:8:1: markdown is not once"},
		{"twice", good + "\n{{markdown}}\n", "email/en/a.md:12:1: markdown is not once"},
		{"as a question", strings.Replace(good, "{{markdown}}", "{{if markdown}}x{{end}}", 1), "email/en/a.md:8:1: markdown is not once"},
		{"in the subject", strings.Replace(good, "Hello", `"{{markdown}}"`, 1), "email/en/a.md:4:1: markdown is not once"},
		{"in English only", front + "Good morning.\n\n[x]({{link \"manage\"}})\n", "email/uk/a.md:1:1: {{markdown}} is in one of this"},
	} {
		if err := load(c.letter, good); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

func FuzzGivenText(f *testing.F) {
	o := writer(f)
	f.Add(longText)
	f.Add("- [a]: <b>\n\t> ```")
	f.Fuzz(func(t *testing.T, text string) {
		if CheckMarkdown("text", text).AsError() != nil || strings.TrimSpace(text) == "" {
			return
		}
		m := sample("newsletter", "en")
		m.Data[dataMarkdown] = text
		w, err := o.write(m)
		if err != nil {
			t.Fatal(err)
		}
		if low := strings.ToLower(w.html); strings.Contains(low, "<img") || strings.Contains(low, "<script") || strings.Contains(low, `href="javascript`) {
			t.Errorf("%q became\n%s", text, w.html)
		}
		if !strings.Contains(w.text, "/unsubscribe/") || !strings.Contains(w.html, "/unsubscribe/") {
			t.Errorf("%q swallowed the end of the letter", text)
		}
	})
}
