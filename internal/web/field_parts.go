package web

import (
	"slices"
	"strconv"
	"strings"

	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// parts shapes the types whose answer is more than one input.
func (a asker) parts(view *fieldView, f *programme.Field) {
	switch f.Type {
	case programme.DateField:
		a.datePart(view, f)
	case programme.TrustedField:
		a.trustedPart(view, f)
	case programme.AddressField:
		a.addressPart(view, f)
	case programme.AccessNeedsField:
		a.needsPart(view, f)
	case programme.LanguagesField:
		a.languagesPart(view, f)
	case programme.AvailabilityField:
		a.availabilityPart(view, f)
	case programme.AttendeesField:
		a.peoplePart(view, f)
	case programme.FileField:
		a.filePart(view, f)
	}
}

// partID is the id of one part's input. The first has the field's own, so that
// a link to the field leads to it.
func partID(f *programme.Field, part string) string {
	id, parts := "f-"+f.Name, f.Type.Parts()
	if part == "" || len(parts) > 0 && (part == parts[0] || part == "1."+parts[0]) {
		return id
	}
	return id + "-" + strings.ReplaceAll(part, ".", "-")
}

// input is one part of an answer. Which part has to be mended is said where it
// is known, or else of all of them.
func (a asker) input(f *programme.Field, part, key, value string) fieldView {
	said := a.wrong[f.Name]
	return fieldView{
		Part: "input", Name: f.Name + "." + part, ID: partID(f, part), Label: prose{Words: run{Text: a.v.text(postroom.Text{Key: key})}},
		Value: value, Type: "text", Dir: "auto", Spelling: true,
		Wrong: a.say[f.Name] != "" && (said == part || said == ""),
	}
}

// written are the values of an answer as its parts, as many as there are.
func (a asker) written(f *programme.Field) []string {
	return append(slices.Clone(a.answers[f.Name]), make([]string, len(f.Type.Parts()))...)
}

func (a asker) datePart(view *fieldView, f *programme.Field) {
	view.Part = "group"
	values := threeParts(a.answers[f.Name])
	for i, part := range f.Type.Parts() {
		in := a.input(f, part, "form."+part, values[i])
		in.Name, in.Dir, in.InputMode, in.Width = f.Name, "ltr", "numeric", "two"
		in.Required = view.Required
		if f.Autocomplete == "bday" {
			in.Autocomplete = "bday-" + part
		}
		view.Inputs = append(view.Inputs, in)
	}
	view.Inputs[2].Width = "four"
	if view.Hint.Text == "" {
		view.Hint = run{Text: a.v.Say("form.date_hint")}
	}
}

func (a asker) trustedPart(view *fieldView, f *programme.Field) {
	view.Part = "group"
	values := a.written(f)
	name := a.input(f, "name", "part.trusted_name", values[0])
	name.Spelling = false
	number := a.input(f, "number", "part.trusted_number", values[1])
	number.Dir = "ltr"
	number.InputMode = "tel"
	view.Inputs = []fieldView{name, number}
}

func (a asker) addressPart(view *fieldView, f *programme.Field) {
	view.Part = "group"
	values := a.written(f)
	tokens := []string{"address-line1", "address-line2", "address-level2", "postal-code"}
	for i, part := range f.Type.Parts() {
		in := a.input(f, part, "part."+part, values[i])
		in.Autocomplete, in.Spelling, in.Optional = tokens[i], false, part == "line2"
		if part == "postcode" {
			in.Dir, in.Narrow = "ltr", true
		}
		view.Inputs = append(view.Inputs, in)
	}
}

// needsPart is a text and, where that is why it may be kept, a box to say so.
func (a asker) needsPart(view *fieldView, f *programme.Field) {
	values := a.written(f)
	view.Part, view.Name, view.Value = "long", f.Name+".text", values[0]
	view.Wrong = view.Wrong && a.wrong[f.Name] != "consent"
	if f.Basis != programme.ExplicitConsent {
		return
	}
	box := optionView{ID: partID(f, "consent"), Name: f.Name + ".consent", Value: "yes", Checked: values[1] != "" && values[1] != "no",
		Label: prose{Words: a.v.of(f.Consent), English: a.v.beside(f.Consent, a.reviewed())}}
	view.Part, view.Options = "needs", []optionView{box}
}

func (a asker) languagesPart(view *fieldView, f *programme.Field) {
	view.Part, view.Boxes = "languages", true
	view.Options = a.options(view, f)
	other := ""
	for _, value := range a.answers[f.Name] {
		if name, free := programme.Also(value); free {
			other = name
		}
	}
	in := a.input(f, "also", "part.also", other)
	in.Optional, in.Spelling = true, false
	view.Inputs = []fieldView{in}
}

func (a asker) availabilityPart(view *fieldView, f *programme.Field) {
	view.Part, view.Boxes = "availability", true
	for _, o := range a.options(view, f) {
		day, part := programme.SlotOf(o.Value)
		o.Label.Words = run{Text: a.v.text(postroom.Text{Key: "slot." + part})}
		name := run{Text: a.v.text(postroom.Text{Key: "date.weekday." + strings.ToUpper(day[:1]) + day[1:]})}
		if n := len(view.Days); n == 0 || view.Days[n-1].Name != name {
			view.Days = append(view.Days, dayView{Name: name})
		}
		last := &view.Days[len(view.Days)-1]
		last.Options = append(last.Options, o)
	}
}

// peoplePart asks about each attendee, and about one where there is none yet.
func (a asker) peoplePart(view *fieldView, f *programme.Field) {
	view.Part = "people"
	people := programme.Attendees(a.answers[f.Name])
	if len(people) == 0 {
		people = []programme.Attendee{{}}
	}
	for i, person := range people {
		n := strconv.Itoa(i + 1)
		p := personView{Number: a.v.figures(n), Inputs: a.personInputs(f, n, person)}
		if len(people) > 1 {
			p.Fewer = f.Name + "." + n + ".fewer"
		}
		view.People = append(view.People, p)
	}
	last := len(people) - 1
	view.People[last].Inputs[0].Focus = last > 0 && people[last] == programme.Attendee{} && len(a.say) == 0
	if len(people) < f.Max {
		view.More = f.Name + ".more"
	}
}

func (a asker) personInputs(f *programme.Field, n string, person programme.Attendee) []fieldView {
	name := a.input(f, n+".name", "attendee.name", person.Name)
	name.Optional, name.Spelling = true, false
	needs := a.input(f, n+".needs", "attendee.needs", person.Needs)
	needs.Part, needs.Optional = "long", true
	letters := a.radios(f, n+".letters", "attendee.letters", person.Letters, map[string]string{
		programme.LettersToBooker: "attendee.letters.booker", programme.LettersToAttendee: "attendee.letters.attendee", programme.LettersToBoth: "attendee.letters.both",
	}, programme.LettersToBooker, programme.LettersToAttendee, programme.LettersToBoth)
	email := a.input(f, n+".email", "attendee.email", person.Email)
	email.Type, email.Dir, email.Spelling, email.Autocomplete = "email", "ltr", false, "off"
	email.OnlyIf = run{Text: a.v.Say("attendee.email_if")}
	photos := a.radios(f, n+".photos", "attendee.photos", person.Photos, map[string]string{"yes": "form.yes", "no": "form.no"}, "yes", "no")
	return []fieldView{name, needs, letters, email, photos}
}

// radios is one part of an answer that is chosen.
func (a asker) radios(f *programme.Field, part, key, value string, keys map[string]string, values ...string) fieldView {
	view := a.input(f, part, key, value)
	view.Part, view.Optional = "choices", true
	for i, v := range values {
		o := optionView{ID: view.ID, Value: v, Checked: v == value, Label: prose{Words: run{Text: a.v.text(postroom.Text{Key: keys[v]})}}}
		if i > 0 {
			o.ID += "-" + strconv.Itoa(i+1)
		}
		view.Options = append(view.Options, o)
	}
	return view
}
