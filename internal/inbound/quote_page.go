package inbound

import (
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"postroom/internal/letter"
)

// programPrefix is what a program puts before the classes of a page that it
// passes on.
const programPrefix = `(?i)^(x_|m_-?\d+|ydp[0-9a-f]+)*`

var (
	// quoteClass are the classes, ids and names by which mail programs mark a
	// quote in a page.
	quoteClass = regexp.MustCompile(programPrefix + `(gmail_quote(_container)?|gmail_extra|yahoo_quoted\S*|yqtdbase|protonmail_quote|zmail_extra\S*|OutlookMessageHeader|divRplyFwdMsg|appendonsend|mail-editor-reference-message-container|` +
		`ms-outlook-mobile-reference-message|olk_src_body_section|tutanota_quote|mailspring-quote|nylas-quote|front-blockquote|freshdesk_quote|sh-quoted-content|missive_quote|messageReplySection|isReplyContent|mail_android_quote|quoted-mail|mail-quote|hs_reply)$`)
	// introClass are those by which they mark the words before a quote.
	introClass = regexp.MustCompile(programPrefix + `(gmail_attr|moz-cite-prefix|reply-intro)$`)
	// signatureClass are those by which they mark a signature.
	signatureClass = regexp.MustCompile(programPrefix + `(gmail_signature(_prefix)?|moz-signature|AppleMailSignature|protonmail_signature_block\S*|messageSignatureSection|ms-outlook-mobile-signature|composer_signature|zmail_signature)$`)
	// afterQuote are the marks after which everything is quoted.
	afterQuote = regexp.MustCompile(programPrefix + `(divRplyFwdMsg|appendonsend|stopSpelling|mailQuote|ms-outlook-mobile-reference-message)$`)
	// markers are the values of data-marker, by which another program does it.
	markers = regexp.MustCompile(`^__(QUOTED_TEXT|HEADERS|SIG_(PRE|POST))__$`)
)

// pruner finds the quotes and signatures of a page, which is gone through from
// top to bottom.
type pruner struct {
	quoted     map[*html.Node]bool // elements in which all that follows is quoted
	introduced bool                // the words before a quote were left out
}

// drops says whether to leave out an element. Of a quote that somebody may have
// answered below it leaves a mark.
func (p *pruner) drops(n *html.Node) bool {
	follows := p.quoted[n.Parent] && isBlock(n.DataAtom)
	rule := outlookRule(n)
	if rule || markedAs(n, afterQuote) {
		p.quoted[n.Parent] = true
		if rule && alone(n) {
			p.quoted[n.Parent.Parent] = true
		}
	}
	switch {
	case rule || follows:
		return true
	case markedAs(n, introClass):
		p.introduced = true
		return true
	case markedAs(n, signatureClass):
		return !speaks(strings.Split(textOf(n), "\n"))
	case n.DataAtom == atom.Blockquote:
		if markedAs(n, quoteClass) || strings.EqualFold(letter.Attr(n, "type"), "cite") || strings.Contains(letter.Attr(n, "style"), "border-left") {
			leaveMark(n)
		}
		return false
	}
	return (markedAs(n, quoteClass) || markers.MatchString(letter.Attr(n, "data-marker"))) && !answeredWithin(n)
}

// isBlock says whether an element is a paragraph or holds some.
func isBlock(a atom.Atom) bool {
	switch a {
	case atom.Div, atom.Blockquote, atom.P, atom.Ul, atom.Ol, atom.Table, atom.Pre, atom.Center, atom.H1, atom.H2, atom.H3, atom.H4:
		return true
	}
	return false
}

// alone says whether an element is all that its division holds, as the line
// above a quote is in some letters.
func alone(n *html.Node) bool {
	if n.Parent == nil || n.Parent.DataAtom != atom.Div || n.Parent.Parent == nil {
		return false
	}
	for child := range n.Parent.ChildNodes() {
		if child != n && (child.Type == html.ElementNode || strings.TrimSpace(child.Data) != "") {
			return false
		}
	}
	return true
}

// leaveMark puts a marked line in the place of a quote, so that the words
// before it are known for what they are, and what is below for an answer.
func leaveMark(n *html.Node) {
	n.FirstChild, n.LastChild = nil, nil
	n.AppendChild(&html.Node{Type: html.TextNode, Data: "> …"})
}

// markedAs says whether a class, an id or the name of an element is of some kind.
func markedAs(n *html.Node, kind *regexp.Regexp) bool {
	for _, a := range n.Attr {
		if a.Key != "class" && a.Key != "id" && a.Key != "name" || len(a.Val) > longestClass {
			continue
		}
		for name := range strings.FieldsSeq(a.Val) {
			if kind.MatchString(name) {
				return true
			}
		}
	}
	return false
}

// longestClass is how long a list of classes is that is looked at.
const longestClass = 500

// answeredWithin says whether somebody wrote between the quotes inside an
// element that a program marked as one quote.
func answeredWithin(n *html.Node) bool {
	quotes := 0
	var walk func(n *html.Node) bool
	walk = func(n *html.Node) bool {
		switch {
		case n.Type == html.TextNode:
			return quotes > 0 && strings.TrimSpace(n.Data) != ""
		case n.DataAtom == atom.Blockquote:
			quotes++
			return false
		}
		for child := n.FirstChild; child != nil; child = child.NextSibling {
			if walk(child) {
				return true
			}
		}
		return false
	}
	return walk(n)
}

// textOf is the words of an element, a line each, as far as a signature goes.
func textOf(n *html.Node) string {
	var out strings.Builder
	for child := range n.Descendants() {
		if out.Len() > maxSignature {
			break
		}
		if s := strings.TrimSpace(child.Data); child.Type == html.TextNode && s != "" {
			out.WriteString(s + "\n")
		}
	}
	return out.String()
}

const maxSignature = 4 << 10

// outlookRule finds the line above a quote in Outlook's letters: a division
// with nothing but a border at its top, holding the old header.
func outlookRule(n *html.Node) bool {
	style := letter.Attr(n, "style")
	if n.DataAtom != atom.Div || style == "" {
		return false
	}
	style = strings.ToLower(strings.ReplaceAll(style, " ", ""))
	return strings.Contains(style, "border-top:solid#b5c4df") || strings.Contains(style, "border-top:solid#e1e1e1") ||
		strings.Contains(style, "border-top:#b5c4df") || strings.Contains(style, "border:none;border-top:solid")
}
