package web

import (
	"context"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"

	"postroom/internal/testserver"
)

var update = flag.Bool("update", false, "write the goldens anew")

// heardViews are every form, empty and with its mistakes, and the pages after it.
func (c *counter) heardViews() (list []view) {
	for _, f := range everyStarter {
		if f.form == "volunteer" || f.form == "visit" {
			first := c.begin(f.form, "en").path()
			list = append(list, view{f.form, first, ""}, view{f.form + "-mistakes", first, "form.card .acts > button"})
			continue
		}
		list = append(list, view{f.form, "/f/" + f.form, ""}, view{f.form + "-mistakes", "/f/" + f.form, "form.card > button"})
	}
	after := []string{"form-everything", "form-mistakes", "check", "equality", "receipt-booked", "manage", "cancel"}
	return append(list, slices.DeleteFunc(c.views(), func(v view) bool { return !slices.Contains(after, v.name) })...)
}

// What a screen reader gets of each form, its mistakes and what comes after, in a
// language of each direction. A change is seen with -update and git diff.
func TestWhatAScreenReaderGets(t *testing.T) {
	t.Parallel()
	l := &looking{tab: testserver.Browser(t)}
	c := open(t)
	site := httptest.NewServer(c.h)
	t.Cleanup(site.Close)
	l.site = site.URL
	for _, v := range c.heardViews() {
		for _, locale := range []string{"en", "fa"} {
			l.name = v.name + "-" + locale
			l.load(t, v, locale, false)
			golden(t, filepath.Join("testdata/aria", l.name+".txt"), l.hear(t))
		}
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || string(want) != got {
		t.Errorf("%s is heard differently now (see it with -update and git diff): %v\n%s", file, err, got)
	}
}

// hear is the browser's accessibility tree: role, name, description, value and
// states, an element a line. What is another each time is left out. The tree is read
// by us: a newer browser says things that the library does not know.
func (l *looking) hear(t *testing.T) string {
	t.Helper()
	var all struct {
		Nodes []*spoken `json:"nodes"`
	}
	l.run(t, chromedp.ActionFunc(func(ctx context.Context) error {
		return cdp.Execute(ctx, accessibility.CommandGetFullAXTree, nil, &all)
	}))
	tree := heard{byID: map[string]*spoken{}}
	for _, n := range all.Nodes {
		tree.byID[n.ID] = n
	}
	tree.write(all.Nodes[0], 0, "")
	return regexp.MustCompile(`\b[A-Z0-9]{3}-[A-Z0-9]{3}\b`).ReplaceAllString(tree.String(), "REFERENCE")
}

// spoken is one node of the tree.
type spoken struct {
	ID          string   `json:"nodeId"`
	Ignored     bool     `json:"ignored"`
	Role        axValue  `json:"role"`
	Name        axValue  `json:"name"`
	Value       axValue  `json:"value"`
	Description axValue  `json:"description"`
	Children    []string `json:"childIds"`
	Properties  []struct {
		Name  string  `json:"name"`
		Value axValue `json:"value"`
	} `json:"properties"`
}

type axValue struct {
	Value any `json:"value"`
}

func (v axValue) String() string {
	if v.Value == nil {
		return ""
	}
	return fmt.Sprint(v.Value)
}

type heard struct {
	strings.Builder

	byID map[string]*spoken
}

// write tells a node and what is in it. Boxes that say nothing are left out, and so
// is a text that is the name of what it stands in.
func (h *heard) write(n *spoken, depth int, within string) {
	role, name := n.Role.String(), n.Name.String()
	silent := n.Ignored || slices.Contains([]string{"none", "generic", "InlineTextBox", "LineBreak", "ListMarker"}, role) ||
		role == "StaticText" && strings.Contains(within, strings.TrimSpace(name))
	if !silent {
		h.line(n, depth, role, name)
		depth, within = depth+1, name
	}
	for _, id := range n.Children {
		if child := h.byID[id]; child != nil && role != "StaticText" {
			h.write(child, depth, within)
		}
	}
}

func (h *heard) line(n *spoken, depth int, role, name string) {
	h.WriteString(strings.Repeat("  ", depth) + role)
	for _, text := range []struct{ before, said string }{{" ", name}, {" = ", n.Value.String()}, {" — ", n.Description.String()}} {
		if text.said != "" {
			h.WriteString(text.before + quoted(text.said))
		}
	}
	for _, p := range n.Properties {
		value := p.Value.String()
		if slices.Contains([]string{"level", "checked", "expanded", "required", "invalid", "disabled"}, p.Name) && value != "" && value != "false" {
			h.WriteString(" " + p.Name + "=" + value)
		}
	}
	h.WriteString("\n")
}
