package programme

import (
	"slices"
	"strconv"
	"strings"

	"postroom/internal/postroom"
)

// mostValues is how many answers to one question are read.
const mostValues = 100

// Gather makes the answers of what a page sent. Inputs that stand for part of
// an answer are called FIELD.PART, those of one attendee FIELD.N.PART, and a
// language that is not on the list FIELD.also. Everything else has its field's
// name. What the form does not ask for is left out.
//
// A button FIELD.more adds one attendee, and FIELD.N.fewer takes that one off:
// so people can be added where no script runs.
func (f *Form) Gather(sent map[string][]string) postroom.Answers {
	answers := postroom.Answers{}
	for i := range f.Fields {
		field := &f.Fields[i]
		if values := field.gather(sent); len(values) > 0 {
			answers[field.Name] = slices.Clone(values[:min(len(values), mostValues)])
		}
	}
	return answers
}

func (f *Field) gather(sent map[string][]string) []string {
	switch f.Type {
	case AttendeesField:
		return f.gatherPeople(sent)
	case LanguagesField:
		values := slices.Clone(sent[f.Name])
		for _, other := range sent[f.Name+".also"] {
			if strings.TrimSpace(other) != "" {
				values = append(values, AlsoLanguage+other)
			}
		}
		return values
	case FileField:
		return nil // only whoever has the files knows what is in them
	}
	if values, there := partsOf(sent, f.Name, f.Type.Parts()); there {
		return values
	}
	return sent[f.Name]
}

// partsOf collects the inputs of one group, and says whether any was there.
func partsOf(sent map[string][]string, prefix string, parts []string) (values []string, there bool) {
	for _, part := range parts {
		value := ""
		if written := sent[prefix+"."+part]; len(written) > 0 {
			value, there = written[0], true
		}
		values = append(values, value)
	}
	return values, there
}

func (f *Field) gatherPeople(sent map[string][]string) []string {
	values := slices.Clone(sent[f.Name])
	parts := f.Type.Parts()
	for n := 1; n <= maxParty; n++ {
		name := f.Name + "." + strconv.Itoa(n)
		_, off := sent[name+".fewer"]
		if person, there := partsOf(sent, name, parts); there && !off {
			values = append(values, person...)
		}
	}
	if _, more := sent[f.Name+".more"]; more && len(values) < f.Max*len(parts) {
		values = append(values, make([]string, len(parts))...)
	}
	return values
}

// Reshapes says whether a page was sent only to have one attendee more or
// fewer: then it is shown again, and nothing is filed.
func (f *Form) Reshapes(sent map[string][]string) bool {
	for name := range sent {
		field, rest, _ := strings.Cut(name, ".")
		if rest != "more" && !strings.HasSuffix(rest, ".fewer") {
			continue
		}
		if asked, known := f.Field(field); known && asked.Type == AttendeesField {
			return true
		}
	}
	return false
}

// Prefilled makes the answers that the address of a page brings: ?f.area=olney.
// Only fields that the file opens for it take any; Load lets none of them be
// about a person.
func (f *Form) Prefilled(query map[string][]string) postroom.Answers {
	answers := postroom.Answers{}
	for i := range f.Fields {
		field := &f.Fields[i]
		if !field.Prefill {
			continue
		}
		if values, wrong := field.read(f, query["f."+field.Name]); !wrong.is() && len(values) > 0 {
			answers[field.Name] = values
		}
	}
	return answers
}

// mayPrefill says whether the address of a page may bring answers of a type.
// An address is seen by others: in histories, in logs, in what is passed on.
func (t FieldType) mayPrefill() bool {
	switch t {
	case TextField, OrganisationField, ChoiceField, ChoicesField, SelectField, PlacesField, SessionField, NumberField:
		return true
	}
	return false
}
