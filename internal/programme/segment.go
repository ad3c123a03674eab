package programme

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"

	"postroom/internal/postroom"
	"postroom/internal/proof"
)

// Segment is a condition about somebody who is on a list, such as
// "funding" in interests and not ("volunteers" in lists).
type Segment struct {
	Name string // "" where it was written beside an edition
	When string // the condition

	program *vm.Program
	asks    map[string]bool // the names it knows people by
	texts   map[string][]string
	fields  map[string]*Field
}

// Member is what a segment may ask about somebody who is on a list.
type Member struct {
	Form      string           // by which they signed up
	Answers   postroom.Answers // to it
	Language  string           // in which we write to them
	Days      int              // since they confirmed, whole days
	Interests []string
	Areas     []string
	Lists     []string // that they are on, this one among them
	Booked    []string // events for which they have a place
	Attended  []string // events to which they came
	Editions  []string // that they got, of those that Editions names
}

// What a segment may ask besides the answers to a form. A field of one of these
// names cannot be asked about, save interests and areas, which it stands for.
const (
	askLanguage  = "language"
	askDays      = "subscribed_days"
	askInterests = "interests"
	askAreas     = "areas"
	askLists     = "lists"
	askBooked    = "booked"
	askAttended  = "attended"
	askEditions  = "editions"
	askForm      = "form"
)

func (m Member) facts() map[string]any {
	list := func(s []string) []string { return append([]string{}, s...) }
	return map[string]any{
		askLanguage: m.Language, askDays: m.Days, askInterests: list(m.Interests), askAreas: list(m.Areas), askLists: list(m.Lists),
		askBooked: list(m.Booked), askAttended: list(m.Attended), askEditions: list(m.Editions), askForm: m.Form,
	}
}

// SegmentError is a segment that cannot be read. Line and Column count from 1.
type SegmentError struct {
	Line, Column int
	Say, Instead string
}

// Error says what is wrong and where.
func (e *SegmentError) Error() string {
	return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Say)
}

// SegmentOf returns the segment that text names, or reads it as a condition
// about those who are on a list of this programme. lists are the names of all
// lists. The error is a *SegmentError.
func (p *Programme) SegmentOf(text string, lists []string) (*Segment, error) {
	for _, s := range p.Segments {
		if s.Name == text {
			return s, nil
		}
	}
	if nameShape.MatchString(text) && !slices.Contains(slices.Collect(maps.Keys(p.memberEnv())), text) {
		return nil, &SegmentError{1, 1, "there is no segment called " + text, cmp.Or(proof.Nearest(text, p.segmentNames()), `a name under segments: in the programme file, or a condition such as "funding" in interests`)}
	}
	return p.readSegment(text, lists)
}

func (p *Programme) segmentNames() (names []string) {
	for _, s := range p.Segments {
		names = append(names, s.Name)
	}
	return names
}

// memberEnv has every name that a segment may use, with a value of its type.
func (p *Programme) memberEnv() map[string]any {
	env := make(map[string]any)
	for _, f := range p.Forms {
		f.putAll(env, nil)
	}
	maps.Copy(env, Member{}.facts())
	return env
}

func (p *Programme) readSegment(text string, lists []string) (*Segment, error) {
	env := p.memberEnv()
	s := &Segment{When: text, asks: make(map[string]bool), texts: make(map[string][]string), fields: make(map[string]*Field)}
	rule := asking{segment: s}
	program, err := expr.Compile(text, expr.Env(env), expr.AsBool(), expr.DisableAllBuiltins(), expr.MaxNodes(200), expr.Patch(&rule))
	if wrong, ok := errors.AsType[*file.Error](err); ok {
		return nil, &SegmentError{max(1, wrong.Line), wrong.Column + 1, "this condition cannot be read: " + wrong.Message, mayAsk(env)}
	}
	if err := cmp.Or(rule.err, err); err != nil {
		return nil, &SegmentError{1, 1, "this condition cannot be read: " + err.Error(), mayAsk(env)}
	}
	s.program = program
	for _, f := range p.Forms {
		for i := range f.Fields {
			if s.asks[f.Fields[i].Name] {
				s.fields[f.Fields[i].Name] = &f.Fields[i]
			}
		}
	}
	return s, p.misspelt(s, rule.places, lists)
}

// asking notes what a condition asks about, and refuses what it has no need of.
type asking struct {
	comparing
	segment *Segment
	places  []placed
}

// placed is a text that a name is compared with, and where it stands.
type placed struct {
	name, text string
	from       int
}

// Visit is called for every part of the expression.
func (a *asking) Visit(node *ast.Node) {
	a.comparing.Visit(node)
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		a.segment.asks[n.Value] = true
	case *ast.BinaryNode:
		if n.Operator == "in" || n.Operator == "==" || n.Operator == "!=" {
			a.compared(n.Left, n.Right)
			a.compared(n.Right, n.Left)
		}
	}
}

func (a *asking) compared(name, with ast.Node) {
	id, ok := name.(*ast.IdentifierNode)
	if !ok {
		return
	}
	var texts []ast.Node
	switch w := with.(type) {
	case *ast.StringNode:
		texts = []ast.Node{w}
	case *ast.ArrayNode:
		texts = w.Nodes
	}
	for _, t := range texts {
		if text, ok := t.(*ast.StringNode); ok {
			a.segment.texts[id.Value] = append(a.segment.texts[id.Value], text.Value)
			a.places = append(a.places, placed{id.Value, text.Value, text.Location().From})
		}
	}
}

// misspelt notes what nobody can be or have answered: such a condition would
// leave out everybody, or nobody.
func (p *Programme) misspelt(s *Segment, places []placed, lists []string) error {
	for _, at := range places {
		known := map[string][]string{askLists: lists, askForm: p.formNames()}[at.name]
		if f := s.fields[at.name]; f != nil && (at.name == askInterests || at.name == askAreas || Member{}.facts()[at.name] == nil) {
			for _, o := range f.Options {
				known = append(known, o.Value)
			}
		}
		if len(known) > 0 && at.text != "" && !slices.Contains(known, at.text) {
			line, column := lineOf(s.When, at.from)
			return &SegmentError{line, column, fmt.Sprintf("%s cannot be %q", at.name, at.text), proof.OneOf(at.text, known)}
		}
	}
	return nil
}

// lineOf is the line and the column of a sign of text, from 1.
func lineOf(text string, sign int) (line, column int) {
	before := []rune(text)
	before = before[:min(sign, len(before))]
	line, column = 1, 1
	for _, r := range before {
		if column++; r == '\n' {
			line, column = line+1, 1
		}
	}
	return line, column
}

func (p *Programme) formNames() (names []string) {
	for _, f := range p.Forms {
		names = append(names, f.Name)
	}
	return names
}

// AsksAnswers says whether the answers to a form are needed to tell who is in the
// segment.
func (s *Segment) AsksAnswers() bool {
	if s.asks[askForm] {
		return true
	}
	for name := range s.fields {
		if name != askInterests && name != askAreas { // those are what was chosen of the list
			return true
		}
	}
	return false
}

// AsksEvents says whether it asks what somebody has booked or been to.
func (s *Segment) AsksEvents() bool { return s.asks[askBooked] || s.asks[askAttended] }

// AsksLists says whether it asks what else somebody is on.
func (s *Segment) AsksLists() bool { return s.asks[askLists] }

// Editions are the earlier editions that it names, by their subject or id.
func (s *Segment) Editions() []string { return s.texts[askEditions] }

// Judge tells about one person after another. It is not safe for two at once.
type Judge struct {
	segment *Segment
	machine vm.VM
	env     map[string]any
	empty   map[string]any
}

// NewJudge returns a judge of the segment.
func (s *Segment) NewJudge(p *Programme) *Judge {
	return &Judge{segment: s, env: p.memberEnv(), empty: p.memberEnv()}
}

// Holds says whether somebody is in the segment. What cannot be told, such as a
// pattern built from an answer, is not so.
func (j *Judge) Holds(m Member) bool {
	s := j.segment
	for name := range s.asks {
		j.env[name] = j.empty[name]
	}
	for name, f := range s.fields {
		if values, answered := m.Answers[name]; answered {
			f.put(j.env, values)
		}
	}
	for name := range s.asks {
		switch name {
		case askLanguage:
			j.env[name] = m.Language
		case askDays:
			j.env[name] = m.Days
		case askForm:
			j.env[name] = m.Form
		case askInterests:
			j.env[name] = m.Interests
		case askAreas:
			j.env[name] = m.Areas
		case askLists:
			j.env[name] = m.Lists
		case askBooked:
			j.env[name] = m.Booked
		case askAttended:
			j.env[name] = m.Attended
		case askEditions:
			j.env[name] = m.Editions
		}
	}
	result, err := j.machine.Run(s.program, j.env)
	yes, isBool := result.(bool)
	return err == nil && isBool && yes
}

// segments reads the segments that a programme names.
func (r *reader) segments(m proof.Map) {
	for _, item := range m.Maps("segments") {
		name := r.name(item, "segment")
		item = item.As("segment " + name)
		text := item.Need("when", `'"funding" in interests'`)
		if text == "" {
			continue
		}
		at := len(r.p.Segments)
		r.p.Segments = append(r.p.Segments, &Segment{Name: name, When: text})
		p := r.p
		r.later = append(r.later, func() { // when every list is known
			s, err := p.readSegment(text, r.loader.lists)
			if wrong, ok := errors.AsType[*SegmentError](err); ok {
				item.WrongIn("when", 0, wrong.Line, wrong.Column, wrong.Say, wrong.Instead)
				return
			}
			s.Name = name
			p.Segments[at] = s
		})
	}
}

// Label is an answer as a reader of a language would read it, where the form has
// words for it.
func (p *Programme) Label(form, field, locale string, values []string) string {
	for _, f := range p.Forms {
		if f.Name != form {
			continue
		}
		if asked, ok := f.Field(field); ok {
			said := make([]string, len(values))
			for i, v := range values {
				said[i] = v
				for _, o := range asked.Options {
					if o.Value == v && o.Label != nil {
						said[i] = o.Label.In(locale)
					}
				}
			}
			return strings.Join(said, ", ")
		}
	}
	return ""
}

// Tellable are the answers that a newsletter may repeat to whoever gave them:
// those to the forms by which people get on a list, without what is of a special
// category or is several things.
func (p *Programme) Tellable(list string) (names []string) {
	for _, f := range p.Forms {
		for i := range f.Fields {
			field := &f.Fields[i]
			if f.List != list || field.SpecialCategory || field.Dropped || slices.Contains(names, field.Name) || field.Name == "name" {
				continue
			}
			switch field.Type {
			case TextField, OrganisationField, ChoiceField, SelectField:
				names = append(names, field.Name)
			}
		}
	}
	return names
}
