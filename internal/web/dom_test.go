package web

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
)

// node is one element of a page, or a text (then it has no name).
type node struct {
	name, text string
	attrs      map[string]string
	parent     *node
	children   []*node
}

// parsePage reads one of our pages. It fails on tags that do not close, which
// a browser would mend in its own way.
func parsePage(t testing.TB, html string) *node {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(html))
	d.Strict, d.AutoClose, d.Entity = false, []string{"meta", "link", "input", "img", "br"}, xml.HTMLEntity
	root := &node{}
	at := root
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, html)
		}
		at = at.add(t, token)
	}
	if at != root {
		t.Errorf("<%s> does not close", at.name)
	}
	return root
}

func (n *node) add(t testing.TB, token xml.Token) *node {
	switch token := token.(type) {
	case xml.StartElement:
		child := &node{name: token.Name.Local, attrs: make(map[string]string), parent: n}
		for _, a := range token.Attr {
			child.attrs[a.Name.Local] = a.Value
		}
		n.children = append(n.children, child)
		return child
	case xml.EndElement:
		if token.Name.Local != n.name {
			t.Errorf("<%s> is closed by </%s>", n.name, token.Name.Local)
		}
		return n.parent
	case xml.CharData:
		n.children = append(n.children, &node{text: string(token), parent: n})
	}
	return n
}

// all lists the elements below n that fit.
func (n *node) all(fits func(*node) bool) (found []*node) {
	for _, c := range n.children {
		if c.name != "" && fits(c) {
			found = append(found, c)
		}
		found = append(found, c.all(fits)...)
	}
	return found
}

func (n *node) named(names ...string) []*node {
	return n.all(func(c *node) bool {
		for _, name := range names {
			if c.name == name {
				return true
			}
		}
		return false
	})
}

func (n *node) with(attr, value string) []*node {
	return n.all(func(c *node) bool { v, ok := c.attrs[attr]; return ok && (value == "*" || v == value) })
}

func (n *node) class(name string) []*node {
	return n.all(func(c *node) bool { return strings.Contains(" "+c.attrs["class"]+" ", " "+name+" ") })
}

func (n *node) within(fits func(*node) bool) bool {
	for p := n.parent; p != nil; p = p.parent {
		if fits(p) {
			return true
		}
	}
	return false
}

// words is the text of n with single spaces.
func (n *node) words() string {
	var b strings.Builder
	n.write(&b)
	return strings.Join(strings.Fields(b.String()), " ")
}

func (n *node) write(b *strings.Builder) {
	b.WriteString(n.text)
	for _, c := range n.children {
		c.write(b)
	}
}
