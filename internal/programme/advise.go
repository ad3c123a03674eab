package programme

import (
	"fmt"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v3"

	"postroom/internal/proof"
)

// What is long, in numbers. A label is read at a glance, so that what explains it
// belongs in the hint; the number of questions is that of the longest paper form
// people fill in without putting it aside.
const (
	longLabel     = 60 // characters
	manyQuestions = 12 // on one page
)

// Advise says what would help the people who fill in the forms of a file that has
// no mistakes. Nothing of it keeps the file from being used.
func Advise(file string, data []byte, p *Programme) proof.Mistakes {
	d, err := open(file, data)
	if err != nil {
		return nil // what cannot be read has mistakes, and they come first
	}
	a := &adviser{document: d}
	a.unread(p)
	a.plainly(p)
	for _, f := range p.Forms {
		a.form(f)
	}
	return a.found.Sorted()
}

// adviser looks at one file, and at the lines that what it says is about.
type adviser struct {
	*document
	found proof.Mistakes
}

func (a *adviser) say(at *yaml.Node, say, instead string) {
	if at == nil {
		at = a.root
	}
	a.found = append(a.found, proof.Mistake{File: a.file, Line: at.Line, Column: at.Column, Say: say, Instead: instead})
}

// unread notes languages that are offered and that nobody has read.
func (a *adviser) unread(p *Programme) {
	unread := slices.DeleteFunc(slices.Clone(p.Languages), func(tag string) bool { return slices.Contains(p.Reviewed, tag) })
	if len(unread) > 0 {
		a.say(value(a.root, "languages"), "nobody who speaks it has read "+strings.Join(unread, ", "),
			"reviewed: ["+strings.Join(p.Languages, ", ")+"] when somebody has")
	}
}

// plainly notes texts that are hard to read. How hard is told from English alone.
func (a *adviser) plainly(p *Programme) {
	for _, t := range p.Texts() {
		say, instead := hard(t.Words["en"])
		if say == "" {
			continue
		}
		if at, key, err := a.find(t.Path); err == nil {
			a.say(english(value(at, key)), say, instead)
		}
	}
}

// english is where a text stands in English.
func english(words *yaml.Node) *yaml.Node {
	if en := value(words, "en"); en != nil {
		return en
	}
	return words
}

func (a *adviser) form(f *Form) {
	at, err := a.named(a.root, "forms", "form", f.Name)
	if err != nil {
		return
	}
	if n := f.asked(); f.Layout == SinglePage && n > manyQuestions {
		a.say(value(at, "form"), fmt.Sprintf("form %s has %d questions on one page", f.Name, n), "layout: pages, or fewer questions")
	}
	for i := range f.Fields {
		if node, err := a.named(at, "fields", "field", f.Fields[i].Name); err == nil {
			a.field(node, &f.Fields[i])
		}
	}
}

func (a *adviser) field(at *yaml.Node, f *Field) {
	label := f.Label["en"]
	if n := len([]rune(label)); n > longLabel && len(f.Hint) == 0 {
		a.say(english(value(at, "label")), fmt.Sprintf("the question %s has %d characters and no hint", f.Name, n), "a short label:, and the rest as hint:")
	}
	if f.SpecialCategory && f.Required && f.If == "" {
		a.say(value(at, "required"), "everybody has to answer "+f.Name+", which is nobody's business unless they say so", "no required:, unless you cannot help without the answer")
	}
}

// asked counts the questions of a form.
func (f *Form) asked() (n int) {
	for i := range f.Fields {
		if f.Fields[i].Derived == nil {
			n++
		}
	}
	return n
}
