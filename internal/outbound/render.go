package outbound

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"strings"
	texttemplate "text/template"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	parse "github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"postroom/internal/config"
	"postroom/internal/postroom"
)

// shell is what turns Markdown into a page: the parser, and the HTML document
// around every letter.
type shell struct {
	md     goldmark.Markdown
	t      *template.Template
	colour config.Colour // the organisation's, of what is to be pressed and of headings; "" is ours, for the first only
}

// shellData is what the shell is filled with.
type shellData struct {
	Locale, Dir, Subject string
	Body                 template.HTML // made by goldmark, which leaves raw HTML out
	Type                 template.CSS  // how large it is, and how wide its lines stand apart
	Day, Night           template.CSS  // colours of headings; "" where the organisation has none
}

// Wear gives the letters the organisation's colour; "" is none. It must be called
// before any letter is written.
//
// Its logo is in no letter. A picture from our own address would tell when a letter
// was opened, and most programs leave it out; one that comes along makes each of ten
// thousand copies larger, is shown as an attachment by some, and cannot be an SVG.
// Whose letter it is stands in the sender's name.
func (l *Letters) Wear(colour config.Colour) {
	worn := *l.shell
	worn.colour = colour
	l.shell = &worn
}

// night is the colour of headings on the dark paper of a mail program, of which
// the lightest is about #333333.
func night(day config.Colour) config.Colour { return day.Until(config.White, "#333333") }

func readShell(fsys fs.FS) (*shell, error) {
	t, err := template.ParseFS(fsys, "email/letter.html")
	if err != nil {
		return nil, err
	}
	return &shell{md: goldmark.New(goldmark.WithParser(parser())), t: t}, nil
}

// parser reads Markdown. It has no extension: plain CommonMark makes a link of
// nothing but a link.
func parser() parse.Parser { return goldmark.DefaultParser() }

func reader(source string) text.Reader { return text.NewReader([]byte(source)) }

func (s *shell) markdown(source []byte) ast.Node { return s.md.Parser().Parse(text.NewReader(source)) }

// render writes a text as HTML. In one that came from elsewhere a line between
// two sections is not where the letter ends.
func (s *shell) render(doc ast.Node, source []byte, given bool) (string, error) {
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			s.dress(n, given)
		}
		return ast.WalkContinue, nil
	})
	var b bytes.Buffer
	if err := s.md.Renderer().Render(&b, source, doc); err != nil {
		return "", fmt.Errorf("write HTML: %w", err)
	}
	return b.String(), nil
}

// direction is which way a language is written.
func direction(locale string) string {
	if postroom.RightToLeft(locale) {
		return "rtl"
	}
	return "ltr"
}

// How large a letter is. All its margins follow the size of its type. In large print
// words stand apart, but not letters: those of Arabic script are joined.
const (
	usualType = "font-size:18px;line-height:1.5;"
	largeType = "font-size:26px;line-height:1.7;word-spacing:.1em;"
)

// page writes the HTML part around a letter that render wrote.
func (s *shell) page(locale, subject, body string, look postroom.Look) (string, error) {
	var b bytes.Buffer
	data := shellData{Locale: locale, Dir: direction(locale), Subject: subject, Body: template.HTML(body), Type: usualType}
	if look == postroom.LargeText {
		data.Type = largeType
	}
	if s.colour != "" {
		data.Day, data.Night = template.CSS(s.colour), template.CSS(night(s.colour))
	}
	if err := s.t.Execute(&b, data); err != nil {
		return "", fmt.Errorf("write HTML: %w", err)
	}
	return b.String(), nil
}

// writing is a template's values for one message.
type writing struct {
	functions texttemplate.FuncMap
	say       func(string) any // wraps a value in the kind that is safe where it is printed
	data      map[string]string
}

// run fills a template in. Every key is there, so that none prints as
// "<no value>".
func (w writing) run(t *texttemplate.Template) (string, error) {
	clone, err := t.Clone()
	if err != nil {
		return "", err
	}
	values := make(map[string]any, len(keys()))
	for _, key := range keys() {
		values[key] = w.say(w.data[key])
	}
	if _, ok := values["url"].(isolated); ok {
		values["url"] = marked(w.data["url"]) // an address must not hold signs of direction
	}
	var b strings.Builder
	if err := clone.Funcs(w.functions).Execute(&b, values); err != nil {
		return "", err
	}
	return closeUp(b.String()), nil
}

// closeUp takes out the empty lines that facts left out of a list have left
// behind, so that the list stays one.
func closeUp(s string) string {
	lines := strings.Split(s, "\n")
	kept := lines[:0]
	item, gap := false, 0
	for _, line := range lines {
		switch {
		case strings.TrimSpace(line) == "":
			gap++
			kept = append(kept, "")
			continue
		case item && strings.HasPrefix(line, "- "):
			kept = kept[:len(kept)-gap]
		}
		item, gap = strings.HasPrefix(line, "- "), 0
		kept = append(kept, line)
	}
	return strings.Join(kept, "\n")
}

// The look of a letter. It stands in each element because some mail programs
// drop style sheets, and in logical properties so that it is right in both
// directions of writing.
const (
	textStyle  = "margin-block:0 1em;"
	headStyle  = "margin-block:1.2em .5em;font-size:1.25em;line-height:1.3;"
	lowStyle   = "margin-block:1.2em .5em;font-size:1.1em;line-height:1.3;"
	quoteStyle = "margin-block:0 1em;margin-inline:0;padding-inline-start:1em;border-inline-start:3px solid #767676;"
	listStyle  = "margin-block:0 1em;padding-inline-start:1.5em;"
	ruleStyle  = "border:0;border-block-start:1px solid #767676;margin-block:1.5em;"
	pressBox   = "margin-block:1.5em;"
	press      = "display:inline-block;padding-block:.8em;padding-inline:1.4em;background:" + pressOn + ";color:#ffffff;border-radius:.3em;font-weight:bold;text-decoration:none;"
	pressOn    = "#1a4480"
)

// dress gives a node its look.
func (s *shell) dress(n ast.Node, given bool) {
	style := ""
	switch n := n.(type) {
	case *ast.Paragraph:
		style = textStyle
		if only, ok := n.FirstChild().(*ast.Link); ok && alone(only) {
			style = pressBox
		}
	case *ast.Heading:
		style = headStyle
		if n.Level > 2 { // such as the dates below "What is on"
			style = lowStyle
		}
	case *ast.Blockquote:
		style = quoteStyle
	case *ast.List:
		style = listStyle
	case *ast.ThematicBreak:
		style = ruleStyle
	case *ast.Image:
		dressPicture(n)
	case *ast.Link:
		if alone(n) && (given || !afterRule(n.Parent())) {
			style = s.press()
		}
	}
	if style != "" {
		n.SetAttributeString("style", []byte(style))
	}
}

// press is how something to press looks. White can be read on the organisation's
// colour, or the settings would have been refused.
func (s *shell) press() string {
	if s.colour == "" {
		return press
	}
	return strings.Replace(press, pressOn, string(s.colour), 1)
}

// alone says whether a link is a paragraph of its own: the thing to press. A picture
// that leads somewhere is none.
func alone(link *ast.Link) bool {
	_, inParagraph := link.Parent().(*ast.Paragraph)
	_, shows := link.FirstChild().(*ast.Image)
	return inParagraph && !shows && link.NextSibling() == nil && link.PreviousSibling() == nil
}

// afterRule says whether a block belongs to the end of the letter, where
// nothing is to be pressed by accident.
func afterRule(block ast.Node) bool {
	for n := block.PreviousSibling(); n != nil; n = n.PreviousSibling() {
		if _, rule := n.(*ast.ThematicBreak); rule {
			return true
		}
	}
	return false
}

// width is how long a line of the text part may be. An address is never cut.
const width = 72

// toText writes the letter's body as plain text from the same tree, so that
// both parts say the same.
func toText(doc ast.Node, source []byte) string {
	var b strings.Builder
	textBlocks(&b, doc, source, "", "")
	return b.String()
}

// textBlocks writes the blocks below a node. The first line begins with
// first, every other with rest.
func textBlocks(b *strings.Builder, parent ast.Node, source []byte, first, rest string) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.List:
			textList(b, n, source, rest)
		case *ast.ThematicBreak:
			b.WriteString(first + "----\n")
		case *ast.Blockquote:
			textBlocks(b, n, source, rest+"> ", rest+"> ")
		case *ast.TextBlock, *ast.Paragraph:
			wrap(b, plainText(n, source), first, rest)
		case *ast.Heading:
			textHeading(b, n, source, first, rest)
		case *ast.CodeBlock, *ast.FencedCodeBlock:
			textAsIs(b, n, source, first, rest)
		}
		_, tight := n.(*ast.TextBlock)
		if n.NextSibling() != nil && !tight {
			b.WriteString("\n")
		}
		first = rest
	}
}

// textHeading underlines a heading, or nothing would tell it from a sentence.
func textHeading(b *strings.Builder, h *ast.Heading, source []byte, first, rest string) {
	words := plainText(h, source)
	wrap(b, words, first, rest)
	line := "-"
	if h.Level == 1 {
		line = "="
	}
	b.WriteString(rest + strings.Repeat(line, max(3, min(utf8.RuneCountInString(words), width-utf8.RuneCountInString(rest)))) + "\n")
}

// textAsIs writes lines that were written to stay as they are.
func textAsIs(b *strings.Builder, block ast.Node, source []byte, first, rest string) {
	lines := block.Lines()
	for i := range lines.Len() {
		line := lines.At(i)
		b.WriteString(first + strings.TrimRight(string(line.Value(source)), "\r\n") + "\n")
		first = rest
	}
}

func textList(b *strings.Builder, l *ast.List, source []byte, indent string) {
	number := l.Start
	for item := l.FirstChild(); item != nil; item = item.NextSibling() {
		mark := "- "
		if l.IsOrdered() {
			mark = fmt.Sprintf("%d. ", number)
			number++
		}
		textBlocks(b, item, source, indent+mark, indent+strings.Repeat(" ", len(mark)))
		if item.NextSibling() != nil && !l.IsTight {
			b.WriteString("\n")
		}
	}
}

// plainText writes what stands in one block: a link with its address.
func plainText(block ast.Node, source []byte) string {
	var b strings.Builder
	if block == nil {
		return ""
	}
	for n := block.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Text:
			b.Write(util.UnescapePunctuations(n.Value(source)))
			switch {
			case n.HardLineBreak():
				b.WriteString("\n")
			case n.SoftLineBreak():
				b.WriteString(" ")
			}
		case *ast.Link:
			b.WriteString(textLink(n, plainText(n, source), string(util.UnescapePunctuations(n.Destination))))
		case *ast.AutoLink:
			b.Write(n.URL(source))
		case *ast.Image:
			b.WriteString("[" + plainText(n, source) + "]") // not a sentence of the letter
		default:
			b.WriteString(plainText(n, source))
		}
	}
	return b.String()
}

// textLink writes where a link leads, once where its words say so already. In a
// sentence the address is fenced, so that a full stop after it is no part of it
// (RFC 3986, appendix C).
func textLink(link *ast.Link, words, to string) string {
	switch {
	case words == to || "mailto:"+words == to:
		return words
	case alone(link):
		return words + ": " + to
	}
	return words + " <" + to + ">"
}

// wrap writes a text in lines of at most width signs, as far as its words
// allow.
func wrap(b *strings.Builder, s, first, rest string) {
	lead := first
	for line := range strings.SplitSeq(s, "\n") {
		b.WriteString(lead)
		used := utf8.RuneCountInString(lead)
		for i, word := range strings.Fields(line) {
			n := utf8.RuneCountInString(word)
			switch {
			case i > 0 && used+1+n > width:
				b.WriteString("\n" + rest)
				used = utf8.RuneCountInString(rest)
			case i > 0:
				b.WriteString(" ")
				used++
			}
			b.WriteString(word)
			used += n
		}
		b.WriteString("\n")
		lead = rest
	}
}
