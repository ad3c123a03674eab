package desk

import (
	"slices"
	"strings"

	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// inParts is an answer that has parts as colleagues read it: in one line, and of
// a party in one for each person.
func (d *Desk) inParts(f *programme.Field, values []string) (lines []string) {
	switch f.Type {
	case programme.AttendeesField:
		for _, person := range programme.Attendees(values) {
			lines = append(lines, d.attendee(person))
		}
		return lines
	case programme.AccessNeedsField:
		return values[:min(1, len(values))] // the box beside it is on file as a consent
	}
	return []string{inOneLine(values)}
}

// inOneLine joins the parts of an answer, without those that are empty.
func inOneLine(values []string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == "" }), ", ")
}

func (d *Desk) attendee(person programme.Attendee) string {
	said := []string{person.Name}
	if person.Name == "" {
		said = []string{d.say(postroom.Say("desk.attendee.unnamed"))}
	}
	if person.Needs != "" {
		said = append(said, person.Needs)
	}
	if person.Email != "" {
		said = append(said, d.say(postroom.Say("desk.attendee.letters_"+person.Letters, "address", person.Email)))
	}
	if person.Photos != "" {
		said = append(said, d.say(postroom.Say("desk.attendee.photos_"+person.Photos)))
	}
	return strings.Join(said, "; ")
}

// known is an answer that has no label in the file, in the words of the public
// pages. What somebody wrote themselves stays as it is.
func (d *Desk) known(f *programme.Field, value string) (string, bool) {
	if other, free := programme.Also(value); free {
		return other, false
	}
	if _, offered := f.Option(value); !offered || d.Public == nil {
		return value, false
	}
	return d.Public.Text(english, postroom.Text{Key: f.OptionKey(value)}), true
}

// leaveWord is whether a message may be left on the telephone, "yes" or "no";
// "" where nobody asked. A form may ask by a question of its own called
// leave_message.
func (d *Desk) leaveWord(sub postroom.Submission) string {
	if form, known := d.Programmes.Form(sub.Form); known {
		for _, f := range form.Fields {
			if f.Type == programme.SafeMessageField && sub.Answers.One(f.Name) != "" {
				return sub.Answers.One(f.Name)
			}
		}
	}
	return sub.Answers.One(leaveField)
}
