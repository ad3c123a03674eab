package outbound

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"postroom/internal/proof"
)

// Edition is one newsletter as somebody wrote it.
type Edition struct {
	Subject  string
	Locale   string // of the text
	Markdown string
}

// maxSubject is how many signs a subject may have: phones show fewer than half
// of them.
const maxSubject = 150

// ReadEdition reads a newsletter's file: between two lines of three dashes
// subject: and, where the text is not English, locale:, and then Markdown.
func (l *Letters) ReadEdition(file string, data []byte) (Edition, proof.Mistakes) {
	text := strings.ReplaceAll(strings.TrimPrefix(string(data), "\ufeff"), "\r\n", "\n")
	if !utf8.ValidString(text) || len(text) > 2*MaxMarkdown {
		return Edition{}, CheckMarkdown(file, text)
	}
	front, body, found := split(file, text)
	if len(found) > 0 {
		found[0].Say, found[0].Instead = "the newsletter does not begin with its subject between two lines of ---", "---, subject: What is on in May, and --- again"
		return Edition{}, found
	}
	e, found := l.readFront(file, front)
	found = append(found, CheckMarkdown(file, body)...)
	found = append(found, gaps(file, body)...)
	if e.Markdown = strings.Trim(body, "\n") + "\n"; strings.TrimSpace(body) == "" {
		found = append(found, proof.Mistake{File: file, Line: 1 + strings.Count(body, "\n"), Column: 1, Say: "the newsletter says nothing", Instead: "the news"})
	}
	return e, found.Sorted()
}

func (l *Letters) readFront(file, front string) (Edition, proof.Mistakes) {
	sheet := proof.Open(file, []byte(front))
	m := sheet.Root().As("the newsletter")
	e := Edition{Subject: tidy(m.Need("subject", "What is on in May"))}
	e.Locale = m.Choice("locale", "en", l.Locales()...)
	if n := utf8.RuneCountInString(e.Subject); n > maxSubject {
		m.Wrong("subject", fmt.Sprintf("the subject has %d signs, and nobody would see its end", n), fmt.Sprintf("at most %d", maxSubject))
	}
	if strings.Contains(e.Subject, "{{") {
		m.Wrong("subject", "a newsletter knows no gaps yet", "words that are right for everybody")
	}
	if m.Has("subject") && e.Subject == "" {
		m.Wrong("subject", "the subject has no sign that anybody could see", "What is on in May")
	}
	return e, sheet.Mistakes()
}

// gaps finds what other programs would fill in. Everybody would read the
// braces.
func gaps(file, body string) (found proof.Mistakes) {
	for i, line := range strings.Split(body, "\n") {
		if at := strings.Index(line, "{{"); at >= 0 {
			found = append(found, proof.Mistake{File: file, Line: 1 + i, Column: 1 + utf8.RuneCountInString(line[:at]), Say: "a newsletter knows no gaps yet", Instead: "words that are right for everybody"})
		}
	}
	return found
}
