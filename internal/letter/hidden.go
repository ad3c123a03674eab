package letter

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// unseen says whether a reader of the page would not see an element.
func unseen(n *html.Node) bool {
	switch n.DataAtom {
	case atom.Head, atom.Style, atom.Script, atom.Noscript, atom.Template, atom.Title, atom.Object, atom.Svg, atom.Select, atom.Textarea:
		return true
	}
	for _, a := range n.Attr {
		if a.Key == "hidden" || a.Key == "style" && hides(a.Val) {
			return true
		}
	}
	return false
}

// What is looked at of one style: it is a line, not a book.
const (
	maxStyle     = 4 << 10
	mostDeclared = 60
)

// hides says whether a style hides an element with all that is in it, as
// newsletters hide the line that mailboxes show beside the subject.
func hides(style string) bool {
	flat, clipped := false, false
	for property, value := range declarations(style) {
		switch property {
		case "display":
			if value == "none" {
				return true
			}
		case "visibility":
			if value == "hidden" || value == "collapse" {
				return true
			}
		case "mso-hide":
			if value == "all" {
				return true
			}
		case "opacity", "max-height":
			if isZero(value) {
				return true
			}
		case "height", "width", "max-width":
			flat = flat || isZero(value)
		case "overflow":
			clipped = value == "hidden"
		}
	}
	return flat && clipped
}

// tinier says whether the text of an element is too small to be read, or has
// no colour. Unlike what hides, an element within can undo that: many newsletters
// set the size of their frames to nothing.
func tinier(n *html.Node, tiny bool) bool {
	for property, value := range declarations(Attr(n, "style")) {
		switch {
		case property == "font-size":
			tiny = isZero(value) || value == "1px" || value == "1pt"
		case property == "color" && value == "transparent":
			tiny = true
		}
	}
	return tiny
}

// declarations yields the properties of a style and their values, in small
// letters and without "!important".
func declarations(style string) func(yield func(property, value string) bool) {
	return func(yield func(property, value string) bool) {
		rest := style[:min(len(style), maxStyle)]
		for n := 0; rest != "" && n < mostDeclared; n++ {
			var one string
			one, rest, _ = strings.Cut(rest, ";")
			property, value, found := strings.Cut(one, ":")
			if !found {
				continue
			}
			value, _, _ = strings.Cut(value, "!")
			if !yield(strings.ToLower(strings.TrimSpace(property)), strings.ToLower(strings.TrimSpace(value))) {
				return
			}
		}
	}
}

// isZero says whether a length or number is nothing: 0, 0.0, .0, 0px, 0em, 0%.
func isZero(value string) bool {
	number := strings.TrimRight(value, "abcdefghijklmnopqrstuvwxyz% ")
	return number != "" && strings.Trim(number, "0.") == "" && strings.Contains(number, "0")
}
