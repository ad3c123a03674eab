package inbound

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"postroom/internal/letter"
	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// longestRead is how much of a letter becomes an answer; all of it stays on
// file.
const longestRead = 4000

// Answers reads what a form asks from a letter, as far as it can be read
// without asking. What is only guessed is no answer: the letter is on file, and
// who reads it sees what was written. at is when it is read, in the
// organisation's zone.
func Answers(form *programme.Form, l letter.Letter, v Verdict, at time.Time) postroom.Answers {
	w := WritingOf(l, v.text(l), at)
	answers, facts := postroom.Answers{}, answersIn(form, w)
	for _, fact := range facts {
		fact.answer(form, answers)
	}
	for field, value := range map[string]string{firstOf(form, programme.EmailField): Sender(l), ownWords(form): cut(w.said())} {
		if value != "" && field != "" {
			answers[field] = []string{value}
		}
	}
	w.session(form, facts, answers)
	if v.Behind.isTheirs() {
		v.Behind.answersOf(form, answers)
	}
	return answers
}

// said is what was written: the text, or of a letter that has none, the subject.
func (w Writing) said() string {
	if strings.TrimSpace(w.Text) == "" {
		return w.Subject
	}
	return w.Text
}

// answer writes a fact among the answers of a form, if it is sure enough. The
// first one counts, and of several options each.
func (f Fact) answer(form *programme.Form, answers postroom.Answers) {
	field, ok := form.Field(f.Field)
	if !ok || !f.Confidence.Enough() || field.SpecialCategory || f.Kind == FactPlaces {
		return
	}
	if len(answers[f.Field]) == 0 || field.Type == programme.ChoicesField || field.Type == programme.LanguagesField {
		answers[f.Field] = append(answers[f.Field], f.Value)
	}
}

// session reads which date is meant, and for how many.
func (w Writing) session(form *programme.Form, facts []Fact, answers postroom.Answers) {
	field := firstOf(form, programme.SessionField)
	if form.Event == "" {
		return
	}
	name := sessionIn(form, w.Subject+"\n"+w.Text, w.At)
	if name != "" && field != "" {
		answers[field] = []string{name}
	}
	places, ok := form.Field(firstOf(form, programme.PlacesField))
	said := slices.ContainsFunc(facts, func(f Fact) bool { return f.Kind == FactPlaces })
	if n := w.party(places, facts); ok && (name != "" || said) && n != "" {
		answers[places.Name] = []string{n}
	}
}

// party is for how many people a letter asks, as far as the form takes them.
// Who names no number and nobody else means themselves; anybody else is asked.
func (w Writing) party(places *programme.Field, facts []Fact) string {
	said := slices.DeleteFunc(slices.Clone(facts), func(f Fact) bool { return f.Kind != FactPlaces })
	if len(said) == 0 && !mentionsOthers(pageOf(w)) {
		return "1"
	}
	if len(said) == 0 || places == nil || !said[0].Confidence.Enough() {
		return ""
	}
	if n, err := strconv.Atoi(said[0].Value); err != nil || n < places.Min || n > places.Max {
		return ""
	}
	return said[0].Value
}

func firstOf(form *programme.Form, t programme.FieldType) string {
	i := slices.IndexFunc(form.Fields, func(f programme.Field) bool { return f.Type == t && f.If == "" })
	if i < 0 {
		return ""
	}
	return form.Fields[i].Name
}

// ownWords is the field that a letter's text belongs in: the form's one long
// question, first of all one that must be answered. None of a special category:
// what somebody wrote about something else must not be taken for that.
func ownWords(form *programme.Form) string {
	name := ""
	for _, f := range form.Fields {
		if f.Type != programme.LongTextField || f.SpecialCategory || f.If != "" {
			continue
		}
		if f.Required {
			return f.Name
		}
		if name == "" {
			name = f.Name
		}
	}
	return name
}

func cut(text string) string {
	if runes := []rune(text); len(runes) > longestRead {
		return string(runes[:longestRead]) + "…"
	}
	return text
}
