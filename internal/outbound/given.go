package outbound

import (
	"errors"
	"fmt"
	"html"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/util"

	"postroom/internal/postroom"
	"postroom/internal/proof"
)

// Some letters have nothing of their own to say: a newsletter is written by the
// organisation's staff, a summary is put together by a room of ours. Such a
// letter holds {{markdown}} on a line of its own, and the text comes with the
// message. It is set as a document of its own, so that nothing left open in it
// can swallow the end of the letter, where the link is that stops it.

// Keys of Message.Data for such a letter. They are not among the keys a letter
// may print.
const (
	dataMarkdown = "markdown"        // the text, as CommonMark
	dataLanguage = "markdown_locale" // its language, where that is not the reader's
	dataWords    = "words"           // instead of it: what a person wrote, as plain text
	dataList     = "list_id"         // the list that a newsletter is sent to, for List-Id
)

// givenPlace stands in a letter for the text that comes with the message. No
// value can hold it: they are all made tidy.
const givenPlace = "\x00"

// MaxMarkdown is how long a text from elsewhere may be, in bytes. Some mail
// programs hide what is beyond a hundred kilobytes, and the link that stops a
// newsletter is at its end.
const MaxMarkdown = 60_000

// maxNesting is how deep lists and quotations may stand in each other.
const maxNesting = 12

// prose is Markdown as both parts of a mail show it.
type prose struct {
	text, html string
	told       told   // the gaps in both that differ between readers
	locale     string // of a text from elsewhere
}

func (p *prose) add(more prose) {
	if p.text != "" && more.text != "" {
		p.text += "\n"
	}
	p.text, p.html = p.text+more.text, p.html+more.html
}

// EscapeMarkdown returns s as Markdown that reads exactly as s does, on one
// line: for whoever makes the text of a letter out of what people wrote.
func EscapeMarkdown(s string) string { return escape(tidy(s)) }

// CheckMarkdown notes what a text from elsewhere may not hold. The lines of
// the mistakes are those of text.
func CheckMarkdown(file, text string) proof.Mistakes { return checkMarkdown(file, text, false) }

// checkMarkdown is CheckMarkdown of a text that may, with files, name pictures that
// are still to be taken in.
func checkMarkdown(file, text string, files bool) proof.Mistakes {
	if !utf8.ValidString(text) {
		return proof.Mistakes{{File: file, Line: 1, Column: 1, Say: "the text is not UTF-8", Instead: "the file as UTF-8"}}
	}
	if len(text) > MaxMarkdown {
		return proof.Mistakes{{File: file, Line: 1, Column: 1, Say: fmt.Sprintf("the text is longer than %d bytes, and mail programs would hide its end", MaxMarkdown), Instead: "less, and a link to the rest"}}
	}
	c := checking{file: file, text: text, files: files}
	if at := strings.IndexFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' }); at >= 0 {
		c.wrong(at, "there is a sign that nobody can see", "the text without it")
	}
	_ = ast.Walk(parser().Parse(reader(text)), c.node)
	return c.found
}

// checking is a walk through a text from elsewhere.
type checking struct {
	file, text string
	files      bool
	depth      int
	found      proof.Mistakes
}

func (c *checking) wrong(at int, say, instead string) {
	before := c.text[:max(0, min(at, len(c.text)))]
	column := 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	c.found = append(c.found, proof.Mistake{File: c.file, Line: 1 + strings.Count(before, "\n"), Column: column, Say: say, Instead: instead})
}

func (c *checking) node(n ast.Node, entering bool) (ast.WalkStatus, error) {
	switch n.(type) {
	case *ast.List, *ast.Blockquote:
		c.nest(n, entering)
	}
	if !entering {
		return ast.WalkContinue, nil
	}
	switch n := n.(type) {
	case *ast.RawHTML, *ast.HTMLBlock:
		c.wrong(n.Pos(), "a letter holds no HTML", `Markdown, or \< for the sign itself`)
	case *ast.Image:
		c.shows(n)
	case *ast.Link:
		c.leads(n, string(util.UnescapePunctuations(n.Destination)))
	case *ast.AutoLink:
		if n.AutoLinkType == ast.AutoLinkURL {
			c.leads(n, string(n.URL([]byte(c.text))))
		}
	}
	return ast.WalkContinue, nil
}

func (c *checking) nest(n ast.Node, entering bool) {
	if !entering {
		c.depth--
		return
	}
	if c.depth++; c.depth == maxNesting+1 {
		c.wrong(n.Pos(), "lists and quotations stand in each other too deep", "fewer levels")
	}
}

// leads checks where a link leads: a mail has no page that it could be
// relative to.
func (c *checking) leads(n ast.Node, to string) {
	for _, scheme := range []string{"https://", "http://", "mailto:"} {
		if rest, ok := strings.CutPrefix(strings.ToLower(to), scheme); ok && rest != "" {
			return
		}
	}
	c.wrong(n.Pos(), "a link leads nowhere that a mail program could open", "https://… or mailto:…")
}

// given is the text that came with a message, for a letter that holds one. It
// is checked again, whoever made it.
func (o *Outbox) given(l *letter, m postroom.Message) (prose, error) {
	if !l.says.given {
		return prose{}, nil
	}
	text := m.Data[dataMarkdown]
	if l.byPerson {
		text = asWritten(m.Data[dataWords])
	}
	if strings.TrimSpace(text) == "" {
		return prose{}, errors.New("no text came with the message")
	}
	if err := CheckMarkdown("text", text).AsError(); err != nil {
		return prose{}, err
	}
	var gaps told
	if m.Template == NewsletterLetter || m.Template == postroom.NewsletterTest {
		text, gaps = toldIn(text)
	}
	source := []byte(text)
	doc := o.letters.markdown(source)
	o.wholeAddresses(doc)
	p, err := o.letters.set(doc, source, true)
	p.told, p.html = gaps, gaps.inHTML(p.html)
	own := m.Data[dataLanguage]
	if p.locale = own; own == "" {
		p.locale = l.locale
	}
	if m.Template == postroom.NewsletterTest { // staff see it as somebody of whom nothing is known
		p.text, p.html, p.told = gaps.fill(p.text, nil, p.locale), gaps.fillHTML(p.html, nil, p.locale), nil
	}
	if err == nil && own != "" && own != l.locale {
		p.html = `<div lang="` + html.EscapeString(own) + `" dir="` + direction(own) + `">` + "\n" + p.html + "</div>\n"
	}
	if err == nil && !sameLanguage(p.locale, l.locale) && m.Template == NewsletterLetter {
		p, err = o.letters.apology(l.locale, p)
	}
	if l.byPerson {
		p.html = `<div dir="auto">` + "\n" + p.html + "</div>\n" // in whatever language they wrote
	}
	return p, err
}

// sameLanguage says whether whoever reads one language reads the other.
func sameLanguage(a, b string) bool {
	a, _, _ = strings.Cut(a, "-")
	b, _, _ = strings.Cut(b, "-")
	return a == b
}

// apology sets, in the reader's language, above a text in another that there is
// none in theirs.
func (l *Letters) apology(locale string, given prose) (prose, error) {
	say, err := l.prose(escape(l.words[locale].otherTongue), true)
	if err != nil {
		return given, err
	}
	given.text, given.html = say.text+"\n"+given.text, say.html+given.html
	return given, nil
}

// asWritten returns plain text as Markdown that reads as it was written: its
// lines and paragraphs, and nothing that would be taken for a mark. A link leads
// where it says, as the reader sees.
func asWritten(words string) string {
	var b strings.Builder
	open := false
	for line := range strings.Lines(words) {
		line = withAddresses(tidy(line))
		switch {
		case line == "" && open:
			b.WriteString("\n\n")
		case line != "" && open:
			b.WriteString("\\\n")
		}
		b.WriteString(line)
		open = line != ""
	}
	return b.String()
}

var webAddress = regexp.MustCompile(`https?://[^\s<>]*[^\s<>.,;:!?'")\]]`)

// withAddresses writes a line as Markdown, with what leads to a page as that.
func withAddresses(line string) string {
	var b strings.Builder
	end := 0
	for _, at := range webAddress.FindAllStringIndex(line, -1) {
		b.WriteString(escape(line[end:at[0]]) + "<" + line[at[0]:at[1]] + ">")
		end = at[1]
	}
	return b.String() + escape(line[end:])
}

// prose sets one text.
func (s *shell) prose(markdown string, given bool) (prose, error) {
	source := []byte(markdown)
	return s.set(s.markdown(source), source, given)
}

// set is prose of a text that was parsed.
func (s *shell) set(doc ast.Node, source []byte, given bool) (prose, error) {
	p := prose{text: toText(doc, source)}
	var err error
	p.html, err = s.render(doc, source, given)
	return p, err
}

// assemble sets a letter around the text that came with the message.
func (s *shell) assemble(body string, given prose) (prose, error) {
	before, after, holds := strings.Cut(body, givenPlace)
	whole, err := s.prose(before, false)
	if err != nil || !holds {
		return whole, err
	}
	rest, err := s.prose(after, false)
	whole.add(given)
	whole.add(rest)
	return whole, err
}
