package programme

import (
	"slices"
	"strconv"
	"unicode/utf8"

	"postroom/internal/postroom"
)

// To whom the letters about one attendee go.
const (
	LettersToBooker   = "booker"
	LettersToAttendee = "attendee"
	LettersToBoth     = "both"
)

// Attendee is one person of a party, as the answer to a field of type
// attendees says. All of it may be empty: not everybody wants to be named.
type Attendee struct {
	Name, Needs string
	Letters     string // "" is to the booker
	Email       string // there when letters go to the attendee
	Photos      string // "yes", "no" or ""
}

// Attendees takes an answer apart, a person for each five values.
func Attendees(values []string) (people []Attendee) {
	for group := range slices.Chunk(values, len(AttendeesField.Parts())) {
		g := append(slices.Clone(group), "", "", "", "")
		people = append(people, Attendee{g[0], g[1], g[2], g[3], g[4]})
	}
	return people
}

func (a Attendee) values() []string { return []string{a.Name, a.Needs, a.Letters, a.Email, a.Photos} }

// attendees reads who is coming. One person of whom nothing is said is no
// answer; after others it is somebody without a name.
func (f *Field) attendees(written []string) ([]string, fault) {
	people := Attendees(written)
	for i := range people {
		people[i] = people[i].tidy()
	}
	if len(people) == 0 || len(people) == 1 && people[0] == (Attendee{}) {
		return nil, fault{say: f.missing()}
	}
	if len(people) > f.Max {
		return nil, wrong("", sayPartyMost, "max", strconv.Itoa(f.Max))
	}
	var clean []string
	for i, person := range people {
		if part, key, most := person.check(); key != "" {
			n := strconv.Itoa(i + 1)
			return nil, wrong(n+"."+part, key, "number", n, "max", strconv.Itoa(most))
		}
		person.Email, _ = cleanEmail(person.Email) // it has been checked
		clean = append(clean, person.values()...)
	}
	return clean, fault{}
}

func (a Attendee) tidy() Attendee {
	a = Attendee{tidyLine(a.Name), tidyLines(a.Needs), plainLine(a.Letters), plainLine(a.Email), plainLine(a.Photos)}
	if a.Letters == "" || a.Letters == LettersToBooker {
		a.Email = "" // nothing is sent to it
	}
	return a
}

// check returns the part that has to be mended, the key of the words, and the
// most characters where it is too long.
func (a Attendee) check() (part, key string, most int) {
	own := a.Letters == LettersToAttendee || a.Letters == LettersToBoth
	_, shape := cleanEmail(a.Email)
	switch {
	case own && a.Email == "":
		return "email", sayPersonEmail, 0
	case !slices.Contains([]string{"", LettersToBooker, LettersToAttendee, LettersToBoth}, a.Letters):
		return "letters", sayPersonLetters, 0
	case own && shape != nil:
		return "email", sayPersonShape, 0
	case !slices.Contains([]string{"", yes, no}, a.Photos):
		return "photos", sayPersonPhotos, 0
	case utf8.RuneCountInString(a.Name) > longestName:
		return "name", sayPersonLong, longestName
	case utf8.RuneCountInString(a.Needs) > longestNeeds:
		return "needs", sayPersonLong, longestNeeds
	}
	return "", "", 0
}

// party sets the number of places to the number of attendees, where a form asks
// for both: two answers to one question would differ one day.
func (f *Form) party(written postroom.Answers) postroom.Answers {
	places, people := f.first(PlacesField), f.first(AttendeesField)
	if places == nil || people == nil {
		return written
	}
	with := make(postroom.Answers, len(written)+1)
	for name, values := range written {
		with[name] = values
	}
	if n := len(Attendees(with[people.Name])); n > 1 || n == 1 && Attendees(with[people.Name])[0].tidy() != (Attendee{}) {
		with[places.Name] = []string{strconv.Itoa(n)}
	} else if places.Required && len(tidyAll(with[places.Name])) == 0 {
		with[places.Name] = []string{"1"}
	}
	return with
}

func (f *Form) first(t FieldType) *Field {
	i := slices.IndexFunc(f.Fields, func(field Field) bool { return field.Type == t })
	if i < 0 {
		return nil
	}
	return &f.Fields[i]
}

// CountsItself says whether a field is answered by another: how many come is
// what a form need not ask that asks who comes.
func (f *Form) CountsItself(field *Field) bool {
	return field.Type == PlacesField && f.first(AttendeesField) != nil
}
