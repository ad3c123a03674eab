package programme

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"postroom/internal/postroom"
	"postroom/internal/proof"
)

// weather is where "Leave this page" leads unless a form says otherwise: a page
// that anybody may be looking at.
const weather = "https://www.bbc.co.uk/weather"

func (r *reader) pages(m proof.Map, f *Form) Pages {
	p := Pages{Layout: Layout(m.Choice("layout", string(SinglePage), texts([]Layout{SinglePage, OnePerPage})...)), CheckAnswers: m.Bool("check")}
	if m.Has("opens") {
		p.Opens = r.moment(m, "opens")
	}
	p.Exit = r.exit(m)
	p.Sections = r.sections(m, f)
	if p.Layout == OnePerPage && len(p.Sections) == 0 {
		p.Sections = f.alone()
		r.reachTogether(m, f, p.Sections)
	}
	p.Equality = r.equality(m, f)
	if p.Equality != nil && p.Layout == SinglePage && !p.CheckAnswers {
		m.Wrong("equality", "questions about equality come after the page that shows the answers, and form "+f.Name+" has none", "check: true, or layout: pages")
	}
	p.Guardian = r.guardian(m, f)
	return p
}

// exit reads where the button leads that lets somebody leave at once.
func (r *reader) exit(m proof.Map) string {
	to := m.Text("exit_to")
	if !m.Bool("exit_page") {
		if to != "" {
			m.Wrong("exit_to", "there is no button that leads there", "exit_page: true, as well")
		}
		return ""
	}
	if to == "" {
		return weather
	}
	if u, err := url.Parse(to); err != nil || u.Scheme != "https" || u.Host == "" {
		m.Wrong("exit_to", fmt.Sprintf("%q is not the address of a page", to), "exit_to: "+weather)
	}
	return to
}

func (r *reader) sections(m proof.Map, f *Form) []Section {
	var sections []Section
	owner := make(map[string]string)
	next := 0
	for _, item := range m.Maps("sections") {
		s := Section{Name: item.Need("section", "you")}
		if s.Name != "" && (!nameShape.MatchString(s.Name) || slices.Contains(pagesOfOurs(), s.Name)) {
			item.Wrong("section", fmt.Sprintf("a section cannot be called %q", s.Name), "small letters, figures and -, and not "+strings.Join(pagesOfOurs(), ", "))
		}
		if slices.ContainsFunc(sections, func(other Section) bool { return other.Name == s.Name }) {
			item.Wrong("section", fmt.Sprintf("form %s has two sections called %s", f.Name, s.Name), "another name")
		}
		item = item.As("section " + s.Name)
		s.Title, s.Intro = r.words(item, "title", true), r.words(item, "intro", false)
		s.Fields = item.Texts("fields")
		if len(s.Fields) == 0 {
			item.Lacks("fields", "[name, email]")
		}
		next = r.inOrder(item, f, s, owner, next)
		sections = append(sections, s)
	}
	if len(sections) > 0 {
		r.allIn(m, f, owner)
		r.reachTogether(m, f, sections)
	}
	return sections
}

// pagesOfOurs are the names by which a journey's own pages are known.
func pagesOfOurs() []string { return []string{"check", "later", "equality", "form"} }

// inOrder notes fields of a section that are unknown, in another section too, or
// before those of the section above. next is the place of the field that comes next.
func (r *reader) inOrder(m proof.Map, f *Form, s Section, owner map[string]string, next int) int {
	var asked []string
	for _, field := range f.Fields {
		if field.Derived == nil {
			asked = append(asked, field.Name)
		}
	}
	for _, name := range s.Fields {
		r.known(m, "fields", "field", name, asked)
		place := slices.Index(asked, name)
		switch other, taken := owner[name]; {
		case taken:
			m.Wrong("fields", fmt.Sprintf("field %s is in section %s already", name, other), "each field in one section")
		case place >= 0 && place < next:
			m.Wrong("fields", fmt.Sprintf("field %s stands further up below fields:", name), "the fields in the order of fields:")
		}
		owner[name] = s.Name
		next = max(next, place+1)
	}
	return next
}

// allIn notes fields that nobody would ever be asked.
func (r *reader) allIn(m proof.Map, f *Form, owner map[string]string) {
	for _, field := range f.Fields {
		if _, in := owner[field.Name]; !in && field.Derived == nil {
			m.Wrong("sections", fmt.Sprintf("field %s is in no section", field.Name), "fields: […, "+field.Name+"] in one of them")
		}
	}
}

// reachTogether notes ways to answer that are asked on different pages: one of
// them is enough, which nobody could know before having seen all.
func (r *reader) reachTogether(m proof.Map, f *Form, sections []Section) {
	var in []string
	for _, s := range sections {
		if slices.ContainsFunc(f.Reach, func(way postroom.Reach) bool { return slices.Contains(s.Fields, string(way)) }) {
			in = append(in, s.Name)
		}
	}
	if len(in) > 1 {
		key := "sections"
		if !m.Has(key) {
			key = "reach"
		}
		m.Wrong(key, fmt.Sprintf("the ways to answer (%s) are on different pages", joined(f.Reach)), "the fields one after the other, in one section")
	}
}

// alone makes a page of every question, and one of the ways to answer.
func (f *Form) alone() []Section {
	var sections []Section
	for _, field := range f.Fields {
		if field.Derived != nil {
			continue
		}
		way := slices.Contains(f.Reach, postroom.Reach(field.Name))
		if last := len(sections) - 1; last >= 0 && way && slices.Contains(f.Reach, postroom.Reach(sections[last].Fields[0])) {
			sections[last].Fields = append(sections[last].Fields, field.Name)
			continue
		}
		sections = append(sections, Section{Name: strings.ReplaceAll(field.Name, "_", "-"), Fields: []string{field.Name}})
	}
	return sections
}

// withDerived puts a field into env, or, where another is told from it, that one:
// what is never kept cannot be asked about either.
func (r *reader) withDerived(derive []proof.Map, f Field, env map[string]any) []Field {
	for _, m := range derive {
		if m.Text("from") != f.Name {
			continue
		}
		d := r.derived(m.As("derive "+m.Text("derive")), f, env)
		if d.Name == "" {
			continue
		}
		f.Dropped = true
		d.put(env, nil)
		return []Field{f, d}
	}
	f.put(env, nil)
	return []Field{f}
}

// derived reads what is told from a field: an answer to choose, which nobody is
// asked.
func (r *reader) derived(m proof.Map, from Field, env map[string]any) Field {
	name := m.Need("derive", "age_band")
	if _, taken := env[name]; taken || name != "" && (!fieldShape.MatchString(name) || reserved(name)) {
		m.Wrong("derive", fmt.Sprintf("a derived value cannot be called %q", name), "small letters, figures and _, and no field's name")
	}
	if from.Type != DateField && from.Type != NumberField {
		m.Wrong("from", fmt.Sprintf("field %s is of type %s, and an age is told from a date or a number", from.Name, from.Type), "a field of type date")
	}
	if from.SpecialCategory || from.Type == DateField && from.Autocomplete != "bday" && from.Autocomplete != "" {
		m.Wrong("from", "field "+from.Name+" is not a date of birth", "a field of type date with autocomplete: bday")
	}
	d := &Derived{From: from.Name, At: m.Choice("at", AtToday, AtToday, AtEvent), Bands: r.bands(m)}
	f := Field{Name: name, Type: ChoiceField, Label: r.words(m, "label", false), Derived: d, MaxLength: longest(ChoiceField)}
	if f.Label == nil {
		f.Label = from.Label
	}
	f.ErrorLabel = from.ErrorLabel
	labels := m.Map("labels")
	for _, b := range d.Bands {
		label := postroom.Words{"en": b.Name}
		if labels.Has(b.Name) {
			label = r.words(labels, b.Name, true)
		}
		f.Options = append(f.Options, Option{Value: b.Name, Label: label})
	}
	return f
}

// bands reads ages in groups, the youngest first: each has those below an age,
// the last everybody else.
func (r *reader) bands(m proof.Map) []Band {
	written := m.Map("bands")
	var bands []Band
	before := 0
	names := written.Keys()
	for i, name := range names {
		b := Band{Name: name}
		text := written.Text(name)
		if text != "" {
			below, err := strconv.Atoi(strings.TrimPrefix(text, "<"))
			if err != nil || !strings.HasPrefix(text, "<") || below <= before || below > 150 {
				written.Wrong(name, fmt.Sprintf("%q is no age above %d", text, before), `"<18"`)
			}
			b.Below, before = below, max(below, before)
		}
		if last := i == len(names)-1; last != (text == "") {
			written.Wrong(name, "the last band, and no other, is for everybody else", `18 or over: ""`)
		}
		bands = append(bands, b)
	}
	if len(bands) < 2 {
		m.Lacks("bands", `{under 18: "<18", 18 or over: ""}`)
	}
	return bands
}

// checkDerived notes what is told from a field that is not there.
func (r *reader) checkDerived(derive []proof.Map, fields []Field) {
	var names []string
	for _, f := range fields {
		names = append(names, f.Name)
	}
	for _, item := range derive {
		r.known(item, "from", "field", item.Need("from", "born"), names)
	}
}

// equality reads the questions that are asked afterwards, each with the answer
// that one would rather not say.
func (r *reader) equality(m proof.Map, f *Form) *Equality {
	item := m.Map("equality")
	if !item.Given() {
		return nil
	}
	item = item.As("equality of form " + f.Name)
	e := &Equality{Why: r.words(item, "why", true), Form: &Form{Programme: f.Programme, Name: f.Name, Title: f.Title}}
	for _, each := range item.Maps("fields") {
		field := r.field(each, map[string]any{})
		if field.Type != ChoiceField && field.Type != ChoicesField {
			each.Wrong("type", "answers about equality are chosen, so that nobody is known by their words", "type: choice")
		}
		if field.Required || field.SpecialCategory {
			each.Wrong("field", "nobody has to answer field "+field.Name+", and who answered is not kept", "no required: and no special_category:")
		}
		field.Options = append(field.Options, Option{Value: PreferNotToSay, Closed: true}) // pages offer it in their own words
		e.Form.Fields = append(e.Form.Fields, field)
	}
	if len(e.Form.Fields) == 0 {
		item.Lacks("fields", "[{field: gender, type: choice, label: …, error_label: …, options: {…}}]")
	}
	return e
}

// guardian reads when somebody else has to agree, and by which fields they are
// found.
func (r *reader) guardian(m proof.Map, f *Form) *Guardian {
	item := m.Map("guardian")
	if !item.Given() {
		return nil
	}
	item = item.As("guardian of form " + f.Name)
	g := &Guardian{Text: r.words(item, "text", true), Chase: r.span(item, "chase", Span{Working: 3})}
	env := map[string]any{}
	for i := range f.Fields {
		if !f.Fields[i].Dropped {
			f.Fields[i].put(env, nil)
		}
	}
	item.Need("when", `'age_band == "under 18"'`)
	g.When, g.when = r.condition(item, "when", env)
	g.Name = r.guardianField(item, f, "name", NameField, TextField)
	g.Email = r.guardianField(item, f, "email", EmailField)
	g.Phone = r.guardianField(item, f, "phone", PhoneField)
	if g.Email == "" && g.Phone == "" {
		item.Lacks("email", "the field with the guardian's address")
	}
	return g
}

// guardianField reads the name of a field that asks about the guardian. The
// sender's own would be taken for them.
func (r *reader) guardianField(m proof.Map, f *Form, key string, types ...FieldType) string {
	name := m.Text(key)
	if name == "" {
		return ""
	}
	field, ok := f.Field(name)
	if !ok || !slices.Contains(types, field.Type) {
		m.Wrong(key, fmt.Sprintf("form %s has no field %q of type %s", f.Name, name, joined(types)), "- {field: guardian_"+key+", type: "+string(types[0])+", if: …} below fields:")
		return name
	}
	own, ok := f.Field(key)
	if name == key || !ok || own.Type != field.Type && key != "name" {
		m.Wrong(key, "form "+f.Name+" must ask for the person's own "+key+" as well, in a field called "+key, "- {field: "+key+", type: "+string(field.Type)+"} above it")
	}
	return name
}

// shownPages is what the snapshot holds of the pages that a person saw.
type shownPages struct {
	Layout   Layout
	Sections []Section       `json:",omitempty"`
	Guardian postroom.Words  `json:",omitempty"`
	When     string          `json:",omitempty"`
	Equality *shownQuestions `json:",omitempty"`
}

type shownQuestions struct {
	Why    postroom.Words
	Fields []Field
}

func (f *Form) shownPages() *shownPages {
	p := &shownPages{Layout: f.Layout, Sections: f.Sections}
	if f.Guardian != nil {
		p.Guardian, p.When = f.Guardian.Text, f.Guardian.When
	}
	if f.Equality != nil {
		p.Equality = &shownQuestions{f.Equality.Why, f.Equality.Form.Fields}
	}
	if f.Layout == SinglePage && len(f.Sections) == 0 && f.Guardian == nil && f.Equality == nil {
		return nil
	}
	return p
}
