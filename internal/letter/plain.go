package letter

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Plain returns what an HTML page says, a line a paragraph, without what
// nobody sees (styles, hidden preheaders). drop, if it is there, says which
// elements to leave out, such as quotes. A page that is nested too deeply to
// be understood gives all of its words.
func Plain(page string, drop func(*html.Node) bool) string {
	page = limited(page)
	if tooTangled(page) {
		return words(page)
	}
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return words(page)
	}
	p := printer{drop: drop}
	p.print(doc, false, false)
	return tidyText(p.out.String())
}

// printer prints a page as text.
type printer struct {
	out  strings.Builder
	drop func(*html.Node) bool
}

func (p *printer) print(n *html.Node, pre, tiny bool) {
	switch {
	case n.Type == html.TextNode && tiny:
		return
	case n.Type == html.TextNode:
		p.text(n.Data, pre)
		return
	case n.Type == html.CommentNode || n.Type == html.DoctypeNode:
		return
	case n.Type == html.ElementNode && (unseen(n) || p.drop != nil && p.drop(n)):
		return
	}
	before, after := spaceAround(n.DataAtom)
	p.out.WriteString(before)
	pre, tiny = pre || n.DataAtom == atom.Pre || preformatted(n), tinier(n, tiny)
	for child := n.FirstChild; child != nil; child = child.NextSibling {
		p.print(child, pre, tiny)
	}
	p.out.WriteString(linkTarget(n))
	p.out.WriteString(after)
}

func (p *printer) text(s string, pre bool) {
	if !pre {
		s = squeezed(s, 1, isSpace)
	}
	p.out.WriteString(s)
}

func isSpace(r rune) bool { return r == ' ' || r == '\t' || r == '\r' || r == '\n' || r == '\f' }

func isBlankRune(r rune) bool { return r == ' ' || r == '\t' || r == '\u00a0' }

// squeezed makes one space of each run of blanks that is long enough. Patterns
// would say the same, and cost more than all the rest of reading a letter.
func squeezed(s string, least int, blank func(rune) bool) string {
	var b strings.Builder
	b.Grow(len(s))
	kept, begun, run := 0, 0, 0
	cut := func(end int) {
		if run >= least {
			b.WriteString(s[kept:begun])
			b.WriteByte(' ')
			kept = end
		}
		run = 0
	}
	for i, r := range s {
		switch {
		case !blank(r):
			cut(i)
		case run == 0:
			begun, run = i, 1
		default:
			run++
		}
	}
	cut(len(s))
	b.WriteString(s[kept:])
	return b.String()
}

// spaceAround is what an element puts before and after its content.
func spaceAround(a atom.Atom) (before, after string) {
	switch a {
	case atom.Br:
		return "", "\n"
	case atom.P, atom.Table, atom.Ul, atom.Ol, atom.Blockquote, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Pre:
		return "\n\n", "\n\n"
	case atom.Div, atom.Tr, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Dt, atom.Dd, atom.Form, atom.Center, atom.Address:
		return paragraphEdge, paragraphEdge
	case atom.Li:
		return paragraphEdge + "- ", paragraphEdge
	case atom.Td, atom.Th:
		return "", " "
	case atom.Hr:
		return "\n" + rule + "\n", ""
	}
	return "", ""
}

const (
	paragraphEdge = "\x00" // a new line, unless one has just begun
	rule          = "________________________________"
)

func preformatted(n *html.Node) bool {
	return strings.Contains(strings.ReplaceAll(Attr(n, "style"), " ", ""), "white-space:pre")
}

// linkTarget is the address of a link whose text does not say it.
func linkTarget(n *html.Node) string {
	if n.DataAtom != atom.A {
		return ""
	}
	href := strings.TrimSpace(Attr(n, "href"))
	said := strings.TrimSpace(innerText(n))
	if !strings.HasPrefix(href, "http") || said == "" || len(href) > 300 || strings.Contains(said, bareLink(href)) {
		return ""
	}
	return " (" + href + ")"
}

// bareLink is a link as people write it.
func bareLink(href string) string {
	_, rest, _ := strings.Cut(href, "://")
	return strings.TrimSuffix(strings.TrimPrefix(rest, "www."), "/")
}

func innerText(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var s strings.Builder
	for child := n.FirstChild; child != nil && s.Len() < 1000; child = child.NextSibling {
		s.WriteString(innerText(child))
	}
	return s.String()
}

// Attr returns an attribute of an element, or "".
func Attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// words is every word of a page, for pages that are no tree.
func words(page string) string {
	var out strings.Builder
	tokens := html.NewTokenizer(strings.NewReader(page))
	skip := ""
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return tidyText(out.String())
		case html.TextToken:
			if skip == "" {
				out.WriteString(squeezed(string(tokens.Text()), 1, isSpace))
			}
		case html.StartTagToken:
			name, _ := tokens.TagName()
			if s := string(name); s == "style" || s == "script" || s == "title" {
				skip = s
			}
			out.WriteString(paragraphEdge)
		case html.EndTagToken:
			skip = ""
		}
	}
}

// tidyText ends paragraphs with a new line, and leaves no blanks at the ends of
// lines and no more than one empty line between others.
func tidyText(s string) string {
	s = squeezed(brokenAtEdges(strings.ReplaceAll(s, "\r\n", "\n")), 2, isBlankRune)
	var b strings.Builder
	b.Grow(len(s))
	empty := 0
	for line := range strings.SplitSeq(s, "\n") {
		if line = strings.Trim(line, " \t"); line == "" {
			empty++
		} else {
			empty = 0
		}
		if empty < 2 {
			b.WriteString(line)
			b.WriteByte('\n')
		}
	}
	return strings.TrimSpace(strings.ReplaceAll(b.String(), "\u00a0", " "))
}

// brokenAtEdges puts a new line where a paragraph begins or ends. One that just
// ended there with a line of its own needs none.
func brokenAtEdges(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for {
		before, after, found := strings.Cut(s, paragraphEdge)
		if !found {
			b.WriteString(s)
			return b.String()
		}
		before = strings.TrimSuffix(strings.TrimRight(before, " \t"), "\n")
		b.WriteString(strings.TrimRight(before, " \t"))
		b.WriteByte('\n')
		s = strings.TrimLeft(after, paragraphEdge+" \t")
	}
}
