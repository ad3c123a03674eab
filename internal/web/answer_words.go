package web

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// answerText puts an answer into the reader's words, a line for each thing that was
// said: each choice, or each person of a party. An answer that has parts is one line.
func (s *Server) answerText(v voice, form *programme.Form, f *programme.Field, values []string) (lines []run) {
	switch f.Type {
	case programme.AttendeesField:
		for i, person := range programme.Attendees(values) {
			lines = append(lines, attendeeText(v, i+1, person))
		}
		return lines
	case programme.AccessNeedsField:
		values = values[:min(1, len(values))] // the box beside it is a consent, and shown as one
	case programme.TrustedField, programme.AddressField:
		return inOneLine(v, values...)
	}
	for _, value := range values {
		lines = append(lines, s.oneAnswer(v, form, f, value))
	}
	return lines
}

// attendeeText says who somebody is, what they need, and what may be done for them.
func attendeeText(v voice, number int, a programme.Attendee) run {
	said := []string{a.Name, a.Needs}
	if a.Name == "" {
		said[0] = v.Say("attendee.person", "number", v.figures(strconv.Itoa(number)))
	}
	if a.Letters == programme.LettersToAttendee || a.Letters == programme.LettersToBoth {
		said = append(said, a.Email)
	}
	if a.Photos != "" {
		said = append(said, v.Say("attendee.photos")+" "+v.Say("form."+a.Photos))
	}
	return inOneLine(v, said...)[0]
}

// inOneLine joins what is not empty; it is no line where nothing is left.
func inOneLine(v voice, parts ...string) []run {
	parts = slices.DeleteFunc(slices.Clone(parts), func(part string) bool { return part == "" })
	if len(parts) == 0 {
		return nil
	}
	line := parts[0]
	for _, part := range parts[1:] {
		line += v.Say("booking.comma") + " " + part
	}
	return []run{{Text: line}}
}

func (s *Server) oneAnswer(v voice, form *programme.Form, f *programme.Field, value string) run {
	switch f.Type {
	case programme.YesNoField, programme.SafeMessageField, programme.ConsentField:
		if value == "yes" {
			return run{Text: v.Say("form.yes")}
		}
		return run{Text: v.Say("form.no")}
	case programme.NumberField, programme.PlacesField:
		return run{Text: v.figures(value)}
	case programme.FileField:
		if file, ok := programme.FileOf(value); ok {
			return run{Text: cmp.Or(file.Name, v.Say("file.unnamed")), Dir: "auto"}
		}
	case programme.DateField:
		if day, err := time.Parse(time.DateOnly, value); err == nil {
			return run{Text: v.day(day)}
		}
	case programme.SessionField:
		return s.dateText(v, form, value)
	}
	return chosenText(v, f, value)
}

// dateText is one date of an event with its hours.
func (s *Server) dateText(v voice, form *programme.Form, name string) run {
	for _, each := range form.Sessions() {
		if each.Name == name {
			title := v.of(each.Title)
			title.Text += v.Say("booking.comma") + " " + v.span(each.StartsAt, each.EndsAt, s.Org.Zone)
			return title
		}
	}
	return run{Text: name}
}

// chosenText is an option in words, and what somebody wrote themselves as it is.
func chosenText(v voice, f *programme.Field, value string) run {
	if other, free := programme.Also(value); free && f.Type == programme.LanguagesField {
		return run{Text: other}
	}
	o, offered := f.Option(value)
	switch key := f.OptionKey(value); {
	case !offered:
		return run{Text: value}
	case len(o.Label) == 0 && key != "":
		return run{Text: v.text(postroom.Text{Key: key})}
	}
	return v.of(o.Label)
}
