package web

import (
	"slices"
	"strconv"
	"strings"

	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// fieldView is one question as the template shows it. Its ids are what
// labels, hints, mistakes and the summary refer to.
type fieldView struct {
	Part         string // input, long, choices or date
	Name, ID     string
	Label        prose
	Optional     bool
	IfApplies    bool // asked of some people only
	OnlyIf       run  // who they are, if the programme says it
	Hint         run
	Required     bool // always; what only some are asked says so itself
	Reach        bool // the first of several ways to answer, one of which is needed
	Purpose      why
	Mistake      string
	DescribedBy  string
	Type         string // of an input
	InputMode    string
	Dir          string
	Autocomplete string
	Spelling     bool
	Narrow       bool // as wide as a number
	Value        string
	Width        string      // two or four, for as many figures
	Wrong        bool        // this part of an answer has to be mended
	Focus        bool        // it is there anew, and where the reader goes on
	Inputs       []fieldView // the parts of an answer, an input each
	Boxes        bool        // checkboxes, not radios
	Lone         bool        // one box, without a question above it
	Options      []optionView
	Days         []dayView    // of availability
	People       []personView // of a party
	More         string       // the name of the button that adds one; "" when there are enough
	Files        []fileView   // that were chosen before
	Accept       string       // what a browser offers
	Many         bool         // more than one file may be chosen
	Limits       string       // what a file may be, or how long an answer, in words
	Count        *countView   // how long it may be, for the script that says what is left
	Full         bool         // no more can be chosen
	Suggest      []string     // what a browser offers beside what is typed
	Heading      bool         // it is the one question of its page, and the page's heading
}

// dayView is the times of one day of the week.
type dayView struct {
	Name    run
	Options []optionView
}

// personView is the questions about one attendee.
type personView struct {
	Number string
	Inputs []fieldView
	Fewer  string // the name of the button that takes this one off; "" for the only one
}

// why says what an answer of a special category is for, how long it is kept and
// on what ground, with the English beside it where nobody has read the translation.
type why struct{ Words, English string }

type optionView struct {
	ID, Value string
	Name      string // of the input, where it is another than the field's
	Label     prose
	Hints     []run // a line each: when, where, whether it is full
	Checked   bool
	Or        bool // it goes with none of those before it
}

// asker makes the questions of one form for one reader.
type asker struct {
	v       voice
	form    *programme.Form
	answers postroom.Answers
	say     map[string]string // what is to be mended, by field
	wrong   map[string]string // and in which part of the answer
	dates   []optionView
	reach   string   // the first field that is a way to answer, if there are several
	suggest []string // organisations that the reader may know; nobody of the public knows any
}

func (a asker) fields() []fieldView {
	var views []fieldView
	for i := range a.form.Fields {
		if f := &a.form.Fields[i]; f.Derived == nil && !a.form.CountsItself(f) {
			views = append(views, a.field(f))
		}
	}
	return filesLast(views)
}

func (a asker) field(f *programme.Field) fieldView {
	way := slices.Contains(a.form.Reach, postroom.Reach(f.Name))
	view := fieldView{
		Part: "input", Name: f.Name, ID: "f-" + f.Name,
		Label:        prose{Words: a.label(f)},
		Optional:     !f.Required && !way && f.If == "",
		IfApplies:    f.If != "",
		OnlyIf:       a.v.maybe(f.OnlyIf),
		Required:     f.Required && f.If == "",
		Hint:         a.v.maybe(f.Hint),
		Reach:        f.Name == a.reach,
		Mistake:      a.say[f.Name],
		Autocomplete: f.Autocomplete,
		Value:        a.answers.One(f.Name),
		Type:         "text", Dir: "auto", Spelling: true,
	}
	if f.SpecialCategory {
		view.Purpose = a.why(f)
	}
	a.shape(&view, f)
	view.DescribedBy = strings.Join(a.describedBy(view, way), " ")
	return view
}

// shape sets what depends on the type of the field.
func (a asker) shape(view *fieldView, f *programme.Field) {
	view.Wrong = view.Mistake != ""
	switch f.Type {
	case programme.LongTextField:
		view.Part = "long"
		a.count(view, f)
	case programme.NameField:
		view.Spelling = false
	case programme.OrganisationField:
		view.Spelling, view.Suggest = false, together(f.Known, a.suggest)
	case programme.EmailField:
		view.Type, view.Dir, view.Spelling = "email", "ltr", false
	case programme.PhoneField:
		view.Type, view.Dir = "tel", "ltr"
	case programme.PostcodeField, programme.TimeField:
		view.Dir, view.Narrow, view.Spelling = "ltr", true, false
	case programme.NumberField, programme.PlacesField:
		view.InputMode, view.Dir, view.Narrow = "numeric", "ltr", true
	case programme.ChoiceField, programme.ChoicesField, programme.YesNoField, programme.SafeMessageField, programme.SessionField:
		view.Part, view.Boxes = "choices", f.Type == programme.ChoicesField
		view.Options = a.options(view, f)
	case programme.SelectField:
		view.Part, view.Options = "select", a.options(view, f)
	case programme.ConsentField:
		view.Part, view.Boxes, view.Lone = "choices", true, true
		view.Label.English = a.v.beside(f.Label, a.reviewed())
		view.Options = []optionView{{ID: view.ID, Value: "yes", Label: view.Label, Checked: view.Value != "" && view.Value != "no"}}
	default:
		a.parts(view, f)
	}
}

// together are two lists of names, each name once.
func together(lists ...[]string) (all []string) {
	for _, name := range slices.Concat(lists...) {
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

func (a asker) reviewed() []string { return a.form.Programme.Reviewed }

func (a asker) label(f *programme.Field) run { return a.v.ofOr(f.Label, f.Type.LabelKey()) }

func (a asker) why(f *programme.Field) why {
	told := func(v voice) string {
		words := v.Say("form.purpose", "purpose", v.of(f.Purpose).Text) + " " + v.Say("form.keep", "keep", v.of(f.Keep).Text)
		if f.Basis == "" {
			return words
		}
		return words + " " + v.text(postroom.Text{Key: f.Basis.Key()})
	}
	w := why{Words: told(a.v)}
	if a.v.beside(f.Purpose, a.reviewed()).Text != "" {
		w.English = told(voice{a.v.locales, english})
	}
	return w
}

// errorLabel is how a message names the field.
func (a asker) errorLabel(f *programme.Field) string {
	return a.v.ofOr(f.ErrorLabel, f.Type.ErrorLabelKey()).Text
}

// describedBy lists what a screen reader reads after the label: the hint
// first, the mistake last. Every way to answer shares what stands at the
// first: that one of them is enough.
func (a asker) describedBy(view fieldView, way bool) []string {
	var ids []string
	for _, part := range []struct {
		there bool
		id    string
	}{
		{view.Hint.Text != "", view.ID + "-hint"},
		{view.Limits != "", view.ID + "-limits"},
		{way && a.reach != "", "f-" + a.reach + "-reach"},
		{view.Purpose.Words != "", view.ID + "-purpose"},
		{view.Mistake != "", view.ID + "-error"},
	} {
		if part.there {
			ids = append(ids, part.id)
		}
	}
	return ids
}

// options lists what can be chosen. The first has the field's own id, so that
// the summary's link leads to it.
func (a asker) options(view *fieldView, f *programme.Field) []optionView {
	var options []optionView
	switch f.Type {
	case programme.SessionField:
		options = slices.Clone(a.dates)
	case programme.YesNoField, programme.SafeMessageField:
		options = []optionView{
			{Value: "yes", Label: prose{Words: run{Text: a.v.Say("form.yes")}}},
			{Value: "no", Label: prose{Words: run{Text: a.v.Say("form.no")}}},
		}
	}
	for _, o := range f.Options {
		if o.Closed && !slices.Contains(a.answers[f.Name], o.Value) {
			continue
		}
		options = append(options, optionView{Value: o.Value, Label: prose{Words: a.v.ofOr(o.Label, f.OptionKey(o.Value))}})
	}
	options = noneLast(options, f.None)
	for i := range options {
		options[i].ID = view.ID
		if i > 0 {
			options[i].ID += "-" + strconv.Itoa(i+1)
		}
		options[i].Checked = slices.Contains(a.answers[f.Name], options[i].Value)
	}
	return options
}

// noneLast puts the option that goes with no other behind all others.
func noneLast(options []optionView, none string) []optionView {
	i := slices.IndexFunc(options, func(o optionView) bool { return none != "" && o.Value == none })
	if i < 0 {
		return options
	}
	last := options[i]
	last.Or = len(options) > 1
	return append(slices.Delete(options, i, i+1), last)
}

// threeParts spreads what was written for a date over its three inputs.
func threeParts(values []string) (parts [3]string) {
	if len(values) == 1 {
		if y, rest, ok := strings.Cut(values[0], "-"); ok {
			m, d, _ := strings.Cut(rest, "-")
			values = []string{d, m, y}
		}
	}
	copy(parts[:], values)
	return parts
}

// mistakes puts what is to be mended into words, in the order of the form.
func (a *asker) mistakes(refused []programme.FieldError) []mistake {
	var list, ofFiles []mistake
	a.wrong = make(map[string]string)
	for _, e := range refused {
		f, ok := a.form.Field(e.Field)
		if !ok {
			continue
		}
		told := e.Labelled(a.errorLabel(f))
		if kinds, ok := told.Args["kinds"]; ok {
			told.Args["kinds"] = a.v.kinds(strings.Split(kinds, ","))
		}
		for _, number := range []string{"min", "max", "number", "size"} {
			if bound, ok := told.Args[number]; ok {
				told.Args[number] = a.v.figures(bound)
			}
		}
		say := capital(a.v.text(told))
		a.say[e.Field], a.wrong[e.Field] = say, e.Part
		m := mistake{ID: partID(f, e.Part), Say: say}
		if f.Type == programme.FileField {
			ofFiles = append(ofFiles, m)
			continue
		}
		list = append(list, m)
	}
	return append(list, ofFiles...) // in the order of the page
}

// firstWay is the field before which a form says that one way to answer is
// enough, or "" if it asks for only one.
func firstWay(form *programme.Form) string {
	if len(form.Reach) < 2 {
		return ""
	}
	for _, f := range form.Fields {
		if slices.Contains(form.Reach, postroom.Reach(f.Name)) {
			return f.Name
		}
	}
	return ""
}
