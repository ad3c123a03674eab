package programme

import (
	"cmp"
	"fmt"
	"slices"

	"postroom/internal/proof"
)

// field reads one question; env knows the questions before it, which are what
// its condition may ask about.
func (r *reader) field(m proof.Map, env map[string]any) Field {
	f := Field{Name: r.fieldName(m)}
	m = m.As("field " + f.Name)
	m.Need("type", "one of "+joined(FieldTypes()))
	f.Type = FieldType(m.Choice("type", string(TextField), texts(FieldTypes())...))
	f.Label = r.words(m, "label", !f.Type.WellKnown())
	f.ErrorLabel = r.words(m, "error_label", !f.Type.WellKnown())
	f.Hint = r.words(m, "hint", false)
	f.Options = r.options(m, f)
	f.None = r.none(m, &f)
	f.Required = m.Bool("required")
	r.special(m, &f)
	r.basis(m, &f)
	f.Autocomplete = cmp.Or(m.Text("autocomplete"), autocomplete(f.Type))
	f.MaxLength = m.Int("max_length", longest(f.Type), 1, maxAnswers)
	f.Counted = f.Type == LongTextField && m.Has("max_length")
	f.Min, f.Max = r.bounds(m, f.Type)
	r.file(m, &f)
	f.After, f.Before = r.today(m, f, "after"), r.today(m, f, "before")
	f.Prefill, f.Known = r.prefill(m, f), r.knownNames(m, f)
	f.If, f.shown = r.condition(m, "if", env)
	f.OnlyIf = r.words(m, "only_if", false)
	if f.If == "" && m.Has("only_if") {
		m.Wrong("only_if", "field "+f.Name+" is asked of everybody", "if: the condition, as well")
	}
	return f
}

func (r *reader) fieldName(m proof.Map) string {
	name := m.Need("field", "short_name")
	if name != "" && (!fieldShape.MatchString(name) || reserved(name)) {
		m.Wrong("field", fmt.Sprintf("a field cannot be called %q", name), "small letters, figures and _, beginning with a letter")
	}
	return name
}

func (r *reader) options(m proof.Map, f Field) []Option {
	if !f.Type.listed() && m.Has("options") {
		m.Wrong("options", fmt.Sprintf("only choice, choices, select and languages have options, and field %s is of type %s", f.Name, f.Type), "type: choice")
	}
	switch f.Type {
	case ChoiceField, ChoicesField, SelectField:
		return r.labelledOptions(m, f)
	case LanguagesField:
		return r.namedOptions(m, "options", "language", spoken(), spoken())
	case AvailabilityField:
		m.Has("options") // no file names them one by one
		return r.slots(m)
	}
	return nil
}

func (r *reader) labelledOptions(m proof.Map, f Field) []Option {
	options := m.Map("options").As("field " + f.Name)
	var read []Option
	for _, value := range options.Keys() {
		if !optionShape.MatchString(value) {
			options.Wrong(value, fmt.Sprintf("an option cannot be called %q", value), "small letters, figures, - and _")
		}
		read = append(read, Option{Value: value, Label: r.words(options, value, true)})
	}
	if len(read) == 0 {
		m.Lacks("options", "{first: The first, second: The second}")
	}
	r.sameLabels(options, read)
	r.closedOptions(m, read)
	return read
}

// namedOptions reads which of the answers that everybody knows a field offers,
// otherwise if the file does not say.
func (r *reader) namedOptions(m proof.Map, key, what string, known, otherwise []string) []Option {
	values := otherwise
	if m.Has(key) {
		values = m.Texts(key)
	}
	var read []Option
	for _, value := range values {
		r.known(m, key, what, value, known)
		if slices.ContainsFunc(read, func(o Option) bool { return o.Value == value }) {
			m.Wrong(key, value+" is listed twice", "it once")
			continue
		}
		read = append(read, Option{Value: value})
	}
	return read
}

// slots are the times of a week, or of some days of it.
func (r *reader) slots(m proof.Map) []Option {
	var read []Option
	for _, day := range r.namedOptions(m, "days", "day", days(), days()) {
		for _, part := range partsOfDay() {
			read = append(read, Option{Value: day.Value + "-" + part})
		}
	}
	return read
}

// none reads which option goes with no other.
func (r *reader) none(m proof.Map, f *Field) string {
	value := m.Text("none")
	if value == "" {
		return ""
	}
	if f.Type != ChoiceField && f.Type != ChoicesField {
		m.Wrong("none", fmt.Sprintf("only choice and choices have none, and field %s is of type %s", f.Name, f.Type), "type: choices")
		return ""
	}
	var values []string
	for _, o := range f.Options {
		values = append(values, o.Value)
	}
	r.known(m, "none", "option", value, values)
	return value
}

// today reads one of the rules for a date, of which there is one so far.
func (r *reader) today(m proof.Map, f Field, key string) string {
	if !m.Has(key) {
		return ""
	}
	if f.Type != DateField {
		m.Wrong(key, fmt.Sprintf("only a date is %s another, and field %s is of type %s", key, f.Name, f.Type), "type: date")
	}
	return m.Choice(key, "", Today)
}

// mostKnown is how many names a form offers: more than that nobody reads on a phone.
const mostKnown = 200

// knownNames reads the names of organisations that everybody who opens the form may
// read. No others are ever shown to the public.
func (r *reader) knownNames(m proof.Map, f Field) []string {
	if !m.Has("known") {
		return nil
	}
	names := m.Texts("known")
	if f.Type != OrganisationField {
		m.Wrong("known", fmt.Sprintf("only an organisation may be known, and field %s is of type %s", f.Name, f.Type), "type: organisation")
		return nil
	}
	if len(names) > mostKnown {
		m.Wrong("known", fmt.Sprintf("field %s offers %d names", f.Name, len(names)), fmt.Sprintf("%d at most", mostKnown))
	}
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			m.Wrong("known", name+" is listed twice", "it once")
		}
		if len([]rune(name)) > f.MaxLength {
			m.Wrong("known", fmt.Sprintf("%.40s… is longer than an answer may be", name), "a shorter name")
		}
	}
	return names
}

// prefill reads whether the address of the page may bring an answer. An address
// is no place for what is about a person.
func (r *reader) prefill(m proof.Map, f Field) bool {
	if !m.Bool("prefill") {
		return false
	}
	if !f.Type.mayPrefill() || f.SpecialCategory {
		m.Wrong("prefill", fmt.Sprintf("field %s is about a person, and an address of a page is read by others", f.Name), "no prefill here")
		return false
	}
	return true
}

// special reads what an answer is for and how long it is kept, which must be
// said where health, belief, origin and the like are asked for.
func (r *reader) special(m proof.Map, f *Field) {
	f.SpecialCategory = m.Bool("special_category") || f.Type.Special()
	f.Purpose = r.words(m, "purpose", f.SpecialCategory)
	f.Keep = r.words(m, "keep", f.SpecialCategory)
}

// basis reads why an answer may be kept. Where it is because the person says
// so, there are words beside the box in which they say it.
func (r *reader) basis(m proof.Map, f *Field) {
	if f.Type == AccessNeedsField {
		m.Need("basis", string(ExplicitConsent)+", why you may keep the answer")
	}
	f.Basis = Basis(m.Choice("basis", "", texts(Bases())...))
	if f.Basis != "" && !f.SpecialCategory {
		m.Wrong("basis", "field "+f.Name+" is of no special category and needs no ground of its own", "special_category: true as well")
	}
	asks := f.Type == AccessNeedsField && f.Basis == ExplicitConsent
	f.Consent = r.words(m, "consent", asks)
	if !asks && m.Has("consent") {
		m.Wrong("consent", "field "+f.Name+" has no box to tick", "type: access_needs and basis: explicit_consent")
	}
}

func (r *reader) bounds(m proof.Map, t FieldType) (low, high int) {
	switch t {
	case PlacesField:
		return m.Int("min", 1, 1, maxParty), m.Int("max", maxParty, 1, maxParty)
	case AttendeesField:
		return 0, m.Int("max", maxParty, 1, maxParty)
	case FileField:
		return 0, m.Int("max", 1, 1, MostFiles)
	case NumberField:
		return m.Int("min", 0, -1_000_000, 1_000_000), m.Int("max", 1_000_000, -1_000_000, 1_000_000)
	}
	return 0, 0
}

func autocomplete(t FieldType) string {
	switch t {
	case NameField:
		return "name"
	case EmailField:
		return "email"
	case PhoneField:
		return "tel"
	case OrganisationField:
		return "organization"
	case PostcodeField:
		return "postal-code"
	}
	return ""
}

// The longest answers. RFC 5321, section 4.5.3.1.3 makes 254 the longest
// address that can be written to.
const (
	maxAnswers = 64 << 10 // bytes of all answers together
	maxEmail   = 254
	maxParty   = 10
)

func longest(t FieldType) int {
	switch t {
	case LongTextField:
		return 5000
	case AccessNeedsField:
		return longestNeeds
	case EmailField:
		return maxEmail
	case PhoneField:
		return longestNumber
	}
	return 200
}
