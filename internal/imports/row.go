package imports

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// columns says what each column is. What the order says comes first; then a
// header is the name of a field, or its question in any language.
func (im *Imports) columns(form *programme.Form, header []string, said map[string]string) ([]Column, error) {
	names := im.names(form)
	told := make(map[string]string, len(said))
	for head, field := range said {
		if _, ok := form.Field(field); !ok && field != "" && !slices.Contains([]string{DateColumn, LocaleColumn, SourceColumn}, field) {
			return nil, unreadable(fmt.Errorf("form %s has no field %s", form.Name, field))
		}
		told[fold(head)] = field
	}
	list := make([]Column, len(header))
	for i, head := range header {
		field, ok := told[fold(head)]
		if !ok {
			field = names[fold(head)]
		}
		delete(told, fold(head))
		list[i] = Column{Header: strings.TrimSpace(head), Field: field}
	}
	for _, c := range list {
		if f, ok := form.Field(c.Field); ok && f.Type == programme.FileField {
			return nil, unreadable(fmt.Errorf("column %q is for the field %s, and a file cannot stand in a table; leave it out", c.Header, f.Name))
		}
	}
	for head := range told {
		return nil, unreadable(fmt.Errorf("the file has no column %q", head))
	}
	if !slices.ContainsFunc(list, func(c Column) bool { return c.Field != "" }) {
		return nil, unreadable(fmt.Errorf("no column is named as a field of form %s", form.Name))
	}
	return list, nil
}

// names are by what headers each field is known.
func (im *Imports) names(form *programme.Form) map[string]string {
	names := map[string]string{}
	add := func(head, field string) {
		if _, taken := names[fold(head)]; head != "" && !taken {
			names[fold(head)] = field
		}
	}
	for _, f := range form.Fields {
		add(f.Name, f.Name)
	}
	for _, f := range form.Fields {
		for _, label := range f.Label {
			add(label, f.Name)
		}
		for _, locale := range im.Locales {
			if len(f.Label) == 0 {
				add(im.Label(locale, postroom.Say(f.Type.LabelKey())), f.Name)
			}
		}
	}
	return names
}

// fold makes the same of a header however it is spaced and capitalised.
func fold(text string) string {
	text = strings.NewReplacer("_", " ", "-", " ", "\u2019", "'").Replace(strings.ToLower(unsafe(strings.TrimSpace(text))))
	return strings.Trim(strings.Join(strings.Fields(text), " "), " :*?")
}

// rowReader reads the rows of one file.
type rowReader struct {
	form    *programme.Form
	columns []Column
	order   Order
	now     time.Time
	options map[string]map[string]string // of each field: from what may stand in a cell to the answer
}

func (im *Imports) reader(form *programme.Form, columns []Column, o Order) rowReader {
	r := rowReader{form: form, columns: columns, order: o, now: im.Clock.Now(), options: map[string]map[string]string{}}
	for _, f := range form.Fields {
		words := map[string]string{}
		for _, option := range f.Options {
			for _, label := range option.Label {
				words[fold(label)] = option.Value
			}
		}
		for _, locale := range im.Locales {
			for _, each := range []string{"yes", "no"} {
				if _, taken := words[fold(im.Label(locale, postroom.Say("form."+each)))]; !taken {
					words[fold(im.Label(locale, postroom.Say("form."+each)))] = each
				}
			}
		}
		for word, answer := range map[string]string{"true": "yes", "false": "no", "y": "yes", "n": "no", "1": "yes", "0": "no", "x": "yes"} {
			if _, taken := words[word]; !taken {
				words[word] = answer
			}
		}
		r.options[f.Name] = words
	}
	return r
}

// row reads one row. Whether it is known already, its caller finds out.
func (r rowReader) row(l line) Row {
	row := Row{Line: l.number, Outcome: IsNew, Cells: l.cells}
	e := postroom.Entry{Channel: postroom.ByImport, Form: r.form.Name, Answers: postroom.Answers{}, Source: r.order.Source, By: r.order.By, Quiet: !r.order.Greet, At: r.order.AsOf}
	for i, column := range r.columns {
		if i >= len(l.cells) || column.Field == "" {
			continue
		}
		switch cell := unsafe(l.cells[i]); column.Field {
		case DateColumn:
			if at, ok := moment(cell); ok {
				e.At = at
			} else if strings.TrimSpace(cell) != "" {
				row.Wrong = append(row.Wrong, programme.FieldError{Field: column.Header, Say: postroom.Say("error.date")})
			}
		case LocaleColumn:
			e.Locale = strings.TrimSpace(cell)
		case SourceColumn:
			e.Source = strings.TrimSpace(cell)
		default:
			if strings.TrimSpace(cell) != "" {
				e.Answers[column.Field] = append(e.Answers[column.Field], cell)
			}
		}
	}
	if e.At.IsZero() || e.At.After(r.now) {
		e.At = r.now
	}
	r.translate(e.Answers)
	_, wrong := r.form.CheckOn(e.At, e.Answers) // as the door in does
	if row.Wrong = append(row.Wrong, wrong...); len(row.Wrong) > 0 {
		row.Outcome = ToMend
	}
	row.entry = e
	return row
}

// translate puts the answers that the form's check does not take as they stand
// into those that it may: a label for its option, several in one cell for a list.
// The check alone knows what a field takes, so each way is tried on it.
func (r rowReader) translate(answers postroom.Answers) {
	for name, cells := range answers {
		if r.takes(answers, name, cells) {
			continue
		}
		for _, marks := range []string{"", ";", "|", "\n", ","} {
			if values := r.values(name, cells, marks); r.takes(answers, name, values) {
				break
			}
			answers[name] = cells
		}
	}
}

// takes puts values under a name, and says whether the check has nothing to say.
func (r rowReader) takes(answers postroom.Answers, name string, values []string) bool {
	answers[name] = values
	_, wrong := r.form.Check(answers)
	return !slices.ContainsFunc(wrong, func(e programme.FieldError) bool { return e.Field == name })
}

// values are the cells cut at marks, each in the words of the form. No, where a
// box can only be ticked, is no answer.
func (r rowReader) values(name string, cells []string, marks string) (values []string) {
	f, known := r.form.Field(name)
	for _, cell := range cells {
		parts := []string{cell}
		if marks != "" {
			parts = strings.Split(cell, marks)
		}
		for _, part := range parts {
			part = strings.TrimSpace(part)
			if answer, ok := r.options[name][fold(part)]; ok {
				part = answer
			}
			if part == "no" && known && f.Type == programme.ConsentField {
				continue
			}
			if part != "" {
				values = append(values, part)
			}
		}
	}
	return values
}

// moment reads when a row came in. A day with slashes begins with the day, as it
// is written in Britain.
func moment(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly, "02/01/2006 15:04:05", "02/01/2006 15:04", "2/1/2006", "2.1.2006", "2 January 2006", "2 Jan 2006"} {
		if at, err := time.Parse(layout, strings.TrimSpace(text)); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}
