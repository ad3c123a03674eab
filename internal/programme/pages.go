package programme

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"postroom/internal/postroom"
)

// Pages says how a form is laid out over pages, and what surrounds its
// questions. The zero value is one page that is there at all times.
type Pages struct {
	Layout       Layout
	Sections     []Section // in the order of the fields, each of which is in one of them
	CheckAnswers bool      // the answers are shown once more before they are sent
	Opens        time.Time // it takes answers from then on; zero is always
	Exit         string    // where "Leave this page" leads; "" is no such button
	Equality     *Equality // asked afterwards and kept apart; nil asks nothing
	Guardian     *Guardian // who has to agree; nil is nobody
}

// Layout says how the questions of a form come to a person.
type Layout string

// The layouts.
const (
	SinglePage Layout = "single"
	OnePerPage Layout = "pages" // one thing a page: a section, or a question of no section
)

// Section is a few questions that belong together: a page of their own, or a
// group under a heading on a single page.
type Section struct {
	Name   string
	Title  postroom.Words // nil where the layout made the section: the question is the title
	Intro  postroom.Words
	Fields []string
}

// Equality is what is asked of everybody to see whom a programme reaches. The
// answers are kept apart from who gave them.
type Equality struct {
	Why  postroom.Words
	Form *Form // its questions, none of which needs an answer
}

// PreferNotToSay is the answer that every question about equality offers.
const PreferNotToSay = "prefer-not-to-say"

// Guardian says when somebody else has to agree, and which fields ask who.
type Guardian struct {
	When  string // condition over the answers
	Name  string // field
	Email string // field, "" if it is not asked for
	Phone string // field, "" if it is not asked for
	Text  postroom.Words
	Chase Span // after which the coordinators are told that no answer came

	when *condition
}

// Derived is what is told from an answer that is itself never kept.
type Derived struct {
	From  string // the field: a date of birth, or an age
	At    string // AtEvent or AtToday
	Bands []Band // the youngest first
}

// When an age is told.
const (
	AtEvent = "event"
	AtToday = "today"
)

// Band is everybody below an age whom no band before it has. No age is the rest.
type Band struct {
	Name  string
	Below int
}

// OpenAt says whether the form has opened by then. What closed it is another
// question.
func (p Pages) OpenAt(at time.Time) bool { return !at.Before(p.Opens) }

// Section returns the section with this name.
func (p Pages) Section(name string) (Section, bool) {
	i := slices.IndexFunc(p.Sections, func(s Section) bool { return s.Name == name })
	if i < 0 {
		return Section{}, false
	}
	return p.Sections[i], true
}

// NeedsGuardian says whether somebody else has to agree to what these clean
// answers ask for.
func (f *Form) NeedsGuardian(clean postroom.Answers) bool {
	if f.Guardian == nil || f.Guardian.when == nil {
		return false
	}
	env := map[string]any{}
	for i := range f.Fields {
		f.Fields[i].put(env, clean[f.Fields[i].Name])
	}
	return f.Guardian.when.holds(env)
}

// Asked lists the fields that somebody with these answers is asked, in the
// order of the form. A derived value is not asked for.
func (f *Form) Asked(a postroom.Answers, at time.Time) []string {
	c := f.checking(a, at)
	var asked []string
	for i := range f.Fields {
		field := &f.Fields[i]
		if field.Derived == nil && c.asks(field) {
			asked = append(asked, field.Name)
		}
		c.field(field, a[field.Name])
	}
	return asked
}

// derive finds the band of an answer and drops the answer. given is the band
// itself, for somebody whose answer was dropped before.
func (c *checking) derive(f *Field, given []string) {
	from, _ := c.form.Field(f.Derived.From)
	band := f.Derived.band(c.clean.One(from.Name), c.dayOf(f.Derived.At))
	if band == "" && c.asked[from.Name] && len(c.clean[from.Name]) == 0 && f.hasBand(given) {
		band = given[0]
	}
	delete(c.clean, from.Name)
	delete(c.env, from.Name)
	var values []string
	if band != "" {
		values = []string{band}
		c.clean[f.Name] = values
	}
	f.put(c.env, values)
}

// told says whether a field needs no answer any more, because what is derived
// from it is known already.
func (c *checking) told(f *Field, written []string) bool {
	if !f.Dropped || len(f.tidy(written)) > 0 {
		return false
	}
	return slices.ContainsFunc(c.form.Fields, func(d Field) bool {
		return d.Derived != nil && d.Derived.From == f.Name && d.hasBand(c.given[d.Name])
	})
}

func (f *Field) hasBand(given []string) bool {
	return len(given) == 1 && slices.ContainsFunc(f.Options, func(o Option) bool { return o.Value == given[0] })
}

// dayOf is the day on which an age is told: today, or the day of the date that
// was chosen, or of the first.
func (c *checking) dayOf(at string) time.Time {
	if at != AtEvent {
		return c.at
	}
	var day time.Time
	for _, s := range c.form.Sessions() {
		if day.IsZero() || c.chose(s.Name) {
			day = s.StartsAt
		}
	}
	return day
}

func (c *checking) chose(session string) bool {
	return slices.ContainsFunc(c.form.Fields, func(f Field) bool {
		return f.Type == SessionField && c.given.One(f.Name) == session
	})
}

// band returns the name of the band that a date of birth or an age is in on a
// day, or "" if that cannot be told.
func (d *Derived) band(answer string, day time.Time) string {
	age, err := strconv.Atoi(answer)
	if born, dated := time.Parse(time.DateOnly, answer); dated == nil && !day.IsZero() {
		age, err = yearsBetween(born, day), nil
	}
	if err != nil {
		return ""
	}
	for _, b := range d.Bands {
		if b.Below == 0 || age < b.Below {
			return b.Name
		}
	}
	return ""
}

// yearsBetween counts birthdays. Who was born on 29 February is a year older on
// 1 March of other years, as the law of England has it.
func yearsBetween(born, day time.Time) int {
	years := day.Year() - born.Year()
	if day.Month() < born.Month() || day.Month() == born.Month() && day.Day() < born.Day() {
		years--
	}
	return years
}

// guardian notes that no way was given to ask who has to agree.
func (c *checking) guardian() {
	g := c.form.Guardian
	if g == nil || g.when == nil || !g.when.holds(c.env) {
		return
	}
	ways := slices.DeleteFunc([]string{g.Email, g.Phone}, func(way string) bool { return way == "" })
	for _, way := range ways {
		if len(c.clean[way]) > 0 || slices.ContainsFunc(c.mistakes, func(e FieldError) bool { return e.Field == way }) {
			return
		}
	}
	c.mistakes = append(c.mistakes, FieldError{Field: ways[0], Say: postroom.Say(sayEnter)})
	slices.SortStableFunc(c.mistakes, func(a, b FieldError) int { return c.place(a) - c.place(b) })
}

// AsksAbout says whether the condition of a field names another, or what is told
// from it.
func (f *Field) AsksAbout(name string, form *Form) bool {
	names := []string{name}
	for _, d := range form.Fields {
		if d.Derived != nil && d.Derived.From == name {
			names = append(names, d.Name)
		}
	}
	words := strings.FieldsFunc(f.If, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
	return slices.ContainsFunc(words, func(word string) bool { return slices.Contains(names, word) })
}
