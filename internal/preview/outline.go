package preview

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// Words puts a text of ours into words of a language.
type Words func(locale string, t postroom.Text) string

// outline writes a form as a person without a browser reads it.
type outline struct {
	out    io.Writer
	say    Words
	form   *programme.Form
	locale string
	n      int // questions so far
}

// Outline writes what a form asks, in the order in which it is asked.
func Outline(out io.Writer, say Words, form *programme.Form, locale string) {
	o := outline{out: out, say: say, form: form, locale: locale}
	fmt.Fprintf(out, "%s: %s (%s, in %s)\n", form.Name, form.Title.In(locale), form.Kind, strings.Join(form.Programme.Languages, ", "))
	o.maybe("  ", form.Intro)
	if len(form.Reach) > 1 {
		fmt.Fprintf(out, "  one of these must be filled in: %s\n", reaches(form))
	}
	o.sections()
	if form.Equality != nil {
		fmt.Fprintln(out, "  afterwards, kept apart from the person:")
		(&outline{out: out, say: say, form: form.Equality.Form, locale: locale}).fields(nil)
	}
}

func reaches(form *programme.Form) string {
	var names []string
	for _, way := range form.Reach {
		names = append(names, string(way))
	}
	return strings.Join(names, ", ")
}

// sections writes the questions under the pages or headings that they stand on.
func (o *outline) sections() {
	if len(o.form.Sections) == 0 {
		o.fields(nil)
		return
	}
	for i, s := range o.form.Sections {
		what := "part"
		if o.form.Layout == programme.OnePerPage {
			what = "page"
		}
		line := fmt.Sprintf("  %s %d", what, i+1)
		if title := s.Title.In(o.locale); title != "" {
			line += ": " + title
		}
		fmt.Fprintln(o.out, line)
		o.maybe("  ", s.Intro)
		o.fields(s.Fields)
	}
}

// fields writes the questions with these names; nil is all.
func (o *outline) fields(names []string) {
	for i := range o.form.Fields {
		if f := &o.form.Fields[i]; f.Derived == nil && (names == nil || slices.Contains(names, f.Name)) {
			o.field(f)
		}
	}
}

func (o *outline) field(f *programme.Field) {
	o.n++
	told := []string{f.Name, string(f.Type)}
	if f.Required {
		told = append(told, "must be answered")
	}
	if f.SpecialCategory {
		told = append(told, "sealed")
	}
	fmt.Fprintf(o.out, "  %2d. %s (%s)\n", o.n, o.or(f.Label, f.Type.LabelKey()), strings.Join(told, ", "))
	if f.If != "" {
		fmt.Fprintf(o.out, "      only if %s\n", f.If)
	}
	o.maybe("      ", f.Hint)
	o.maybe("      for: ", f.Purpose)
	o.maybe("      kept: ", f.Keep)
	for _, option := range f.Options {
		if !option.Closed {
			fmt.Fprintf(o.out, "      - %s\n", o.or(option.Label, f.OptionKey(option.Value)))
		}
	}
}

// maybe writes a text that may have been left out.
func (o *outline) maybe(before string, words postroom.Words) {
	if text := words.In(o.locale); text != "" {
		fmt.Fprintf(o.out, "%s%s\n", before, text)
	}
}

// or is the programme's own words, or ours.
func (o *outline) or(words postroom.Words, key string) string {
	if text := words.In(o.locale); text != "" {
		return text
	}
	return o.say(o.locale, postroom.Say(key))
}
