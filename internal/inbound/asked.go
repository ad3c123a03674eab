package inbound

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"postroom/internal/letter"
	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// Asked reads the answers to questions that we asked by letter, as far as they
// can be read without asking once more. asked names the fields in the order of
// their numbers; one without a name is answered already. also names others that
// an answer may bring up: they have no number. What stands beside a number or
// beside a question answers it, also where it is of a special category: it was
// written for that. What is left over is read like any letter. Consents are
// never read from words, and where answers go is not changed by any.
func Asked(form *programme.Form, asked, also []string, l letter.Letter, v Verdict, at time.Time) postroom.Answers {
	q := questionsOf(form, asked, also)
	beside, rest := q.divide(v.text(l))
	for name, text := range q.below(l.Text) {
		if beside[name] == "" && strings.Contains(v.text(l), text) {
			beside[name] = text
		}
	}
	answers := postroom.Answers{}
	var left []*programme.Field
	for _, f := range q.fields {
		if text := beside[f.Name]; text == "" {
			left = append(left, f)
		} else if values := answerBeside(form, f, text, at); len(values) > 0 {
			answers[f.Name] = values
		}
	}
	w := Writing{Text: rest, At: at} // the subject is that of the letter that began it
	w.answer(form, left, answers)
	if f := q.only(); f != nil && len(answers) == 0 && len(beside) == 0 {
		if values := answerAlone(f, rest); len(values) > 0 {
			answers[f.Name] = values
		}
	}
	return answers
}

// questions are the fields that were asked for, and the words that name each.
type questions struct {
	numbers []string // the field of each number
	fields  []*programme.Field
	labels  map[string]*programme.Field
}

// only is the one question that was asked, or nil.
func (q questions) only() *programme.Field {
	var only *programme.Field
	for _, f := range q.fields {
		if !slices.Contains(q.numbers, f.Name) {
			continue
		}
		if only != nil {
			return nil
		}
		only = f
	}
	return only
}

func questionsOf(form *programme.Form, asked, also []string) questions {
	q := questions{numbers: asked, labels: map[string]*programme.Field{}}
	for _, name := range slices.Concat(asked, also) {
		f, ok := form.Field(name)
		if !ok || f.Type == programme.ConsentField || f.Type == programme.EmailField {
			continue
		}
		q.fields = append(q.fields, f)
		for _, words := range []postroom.Words{f.Label, f.ErrorLabel} {
			for _, label := range words {
				q.labels[labelKey(label)] = f
			}
		}
		q.labels[labelKey(strings.ReplaceAll(f.Name, "_", " "))] = f
	}
	for label, kind := range wellKnownLabels {
		if f, ok := form.Field(fieldFor(form, kind)); ok && slices.Contains(q.fields, f) {
			q.labels[label] = f
		}
	}
	return q
}

var (
	// numberBefore is the number of a question at the beginning of a line, and
	// numberWithin one further on: "1. Bletchley 2. yes".
	numberBefore = regexp.MustCompile(`^\s*[(#]?(\d{1,2})(?:[.):]\s*|\s?[-–—]\s+)`)
	numberWithin = regexp.MustCompile(`[\s,;،](\d{1,2})[.)]\s+`)
)

// division is a text while it is divided among the questions.
type division struct {
	questions
	beside  map[string]string
	twice   map[string]bool
	rest    []string
	current *programme.Field // whose answer goes on in the next line
}

// divide gives each question what was written beside its number or its words,
// and returns what is left over. Of two answers beside one question neither
// counts.
func (q questions) divide(text string) (beside map[string]string, rest string) {
	d := division{questions: q, beside: map[string]string{}, twice: map[string]bool{}}
	lines := linesOf(text)
	for i, line := range lines {
		if signOff.MatchString(line) && i > 0 {
			d.rest = append(d.rest, lines[i:]...)
			break
		}
		if !isQuoted(line) {
			d.line(line)
		}
	}
	for field := range d.twice {
		delete(d.beside, field)
	}
	return d.beside, strings.Join(d.rest, "\n")
}

func (d *division) line(line string) {
	trimmed := strings.TrimSpace(line)
	if trimmed == "" {
		if d.current != nil && d.beside[d.current.Name] != "" {
			d.current = nil
		}
		d.rest = append(d.rest, "")
		return
	}
	if n, value, ok := d.numbered(trimmed); ok {
		d.numberedLine(n, value)
		return
	}
	if f, value := d.labelled(trimmed); f != nil {
		d.begin(f, value)
		return
	}
	if d.current != nil {
		d.goesOn(trimmed)
		return
	}
	d.rest = append(d.rest, line)
}

// below reads what somebody wrote straight under a question that their program
// quoted. A quote that goes on with something else asks nothing any more.
func (q questions) below(text string) map[string]string {
	found := map[string]string{}
	d := division{questions: q}
	var current *programme.Field
	for _, line := range linesOf(text) {
		trimmed := strings.TrimSpace(line)
		if isQuoted(line) {
			n, rest, ok := d.numbered(strings.TrimLeft(trimmed, ">| \u2068"))
			switch {
			case ok && rest != "":
				current = d.field(d.numbers[n-1])
			case current != nil && (found[current.Name] != "" || strings.Trim(trimmed, ">| ") == ""):
				current = nil
			}
			continue
		}
		if current != nil && trimmed != "" && found[current.Name] == "" {
			found[current.Name] = trimmed
		} else if trimmed != "" {
			current = nil
		}
	}
	return found
}

// numbered reads the number of a question before what answers it. A day of a
// month is none, and nor is a number that was not asked.
func (d *division) numbered(line string) (n int, value string, ok bool) {
	latin := latinFigures(line)
	m := numberBefore.FindStringSubmatchIndex(latin)
	if m == nil {
		return 0, "", false
	}
	n, _ = strconv.Atoi(latin[m[2]:m[3]])
	value = after(line, latin, m[1])
	first, _ := utf8.DecodeRuneInString(latinFigures(value))
	if n < 1 || n > len(d.numbers) || first >= '0' && first <= '9' && !strings.HasSuffix(latin[:m[1]], " ") {
		return 0, "", false
	}
	if words := programme.Fold(value).Words(); len(words) > 0 && monthNamed(words[0]) > 0 {
		return 0, "", false
	}
	return n, value, true
}

// after is what stands in a line after the first n bytes of it in Latin
// figures, which are shorter than others.
func after(line, latin string, n int) string {
	runes := utf8.RuneCountInString(latin[:n])
	return strings.TrimSpace(string([]rune(line)[runes:]))
}

// numberedLine begins the answer to a number, and those to the numbers after
// it that stand in the same line.
func (d *division) numberedLine(n int, value string) {
	for {
		latin := latinFigures(value)
		next := -1
		var end int
		for _, m := range numberWithin.FindAllStringSubmatchIndex(latin, -1) {
			if latin[m[2]:m[3]] == strconv.Itoa(n+1) && n < len(d.numbers) {
				next, end = m[0], m[1]
				break
			}
		}
		f := d.field(d.numbers[n-1])
		if next < 0 {
			d.begin(f, value)
			return
		}
		d.begin(f, string([]rune(value)[:utf8.RuneCountInString(latin[:next])]))
		n, value = n+1, after(value, latin, end)
	}
}

func (d *division) field(name string) *programme.Field {
	for _, f := range d.fields {
		if f.Name == name {
			return f
		}
	}
	return nil
}

// labelled reads a question before what answers it.
func (d *division) labelled(line string) (*programme.Field, string) {
	i := strings.IndexAny(line, ":?؟")
	if i <= 0 || i > mostLabel {
		return nil, ""
	}
	f := d.labels[labelKey(line[:i])]
	if f == nil {
		return nil, ""
	}
	_, size := utf8.DecodeRuneInString(line[i:])
	return f, strings.TrimSpace(line[i+size:])
}

// begin begins the answer to a question; nil is one whose answer is not read.
// Some write the question once more before they answer it, with all that there
// is to choose from.
func (d *division) begin(f *programme.Field, value string) {
	d.current = f
	if f == nil {
		return
	}
	if again, after := d.labelled(value); again == f {
		value = after
	}
	if choices, after, ok := strings.Cut(value, ")"); ok && strings.HasPrefix(value, "(") && strings.Contains(choices, " / ") {
		value = strings.TrimSpace(after)
	}
	value = strings.Trim(value, " \t,;")
	if before := d.beside[f.Name]; before != "" && value != "" && before != value {
		d.twice[f.Name] = true
	}
	if value != "" {
		d.beside[f.Name] = value
	}
}

func (d *division) goesOn(line string) {
	before := d.beside[d.current.Name]
	if before != "" {
		before += "\n"
	}
	d.beside[d.current.Name] = before + line
}

// answerBeside reads what stands beside a question as its answer.
func answerBeside(form *programme.Form, f *programme.Field, text string, at time.Time) []string {
	switch f.Type {
	case programme.ChoiceField, programme.ChoicesField, programme.SelectField, programme.LanguagesField:
		return choicesBeside(form, f, text, at)
	case programme.YesNoField, programme.SafeMessageField:
		return answerYesNo(text)
	case programme.PlacesField, programme.NumberField:
		return peopleIn(text)
	case programme.SessionField:
		return one(sessionIn(form, text, at))
	case programme.DateField:
		return sureOf(readDates(pageOf(Writing{Text: text}), at))
	case programme.PhoneField:
		return sureOf(readPhones(pageOf(Writing{Text: text})))
	case programme.NameField, programme.OrganisationField, programme.PostcodeField, programme.TimeField:
		return singleLine(text)
	case programme.TextField, programme.LongTextField, programme.TrustedField, programme.AddressField:
		return one(cut(text))
	}
	return nil
}

// choicesBeside reads the options that are named; where one is asked for, two
// are none.
func choicesBeside(form *programme.Form, f *programme.Field, text string, at time.Time) []string {
	options := optionsBeside(f, strings.ReplaceAll(text, "\n", ", "))
	if len(options) == 0 && !f.SpecialCategory {
		answers := postroom.Answers{}
		Writing{Text: text, At: at}.answer(form, []*programme.Field{f}, answers)
		options = answers[f.Name]
	}
	if len(options) > 1 && (f.Type == programme.ChoiceField || f.Type == programme.SelectField) {
		return nil
	}
	return options
}

func answerYesNo(text string) []string {
	if said, sure := Said(text); sure.Enough() && (said == SaidYes || said == SaidNo) {
		return []string{string(said)}
	}
	return nil
}

// peopleIn is the one number that a short text holds.
func peopleIn(text string) []string {
	if n := onlyNumber(plain(text)); n != "" {
		return []string{n}
	}
	return sureOf(readPlaces(pageOf(Writing{Text: text})))
}

// sureOf is the value of facts that are sure and do not contradict each other.
func sureOf(facts []Fact) []string {
	value := ""
	for _, f := range facts {
		if !f.Confidence.Enough() {
			continue
		}
		if value != "" && value != f.Value {
			return nil
		}
		value = f.Value
	}
	return one(value)
}

func one(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}

// singleLine is a text if it is short and on one line, as names are.
func singleLine(text string) []string {
	if text = strings.TrimSpace(text); strings.Contains(text, "\n") || utf8.RuneCountInString(text) > mostLabel {
		return nil
	}
	return one(text)
}

// answer reads the facts of a text that answer some fields.
func (w Writing) answer(form *programme.Form, fields []*programme.Field, answers postroom.Answers) {
	if len(fields) == 0 || strings.TrimSpace(w.Text) == "" {
		return
	}
	wants := func(name string) bool {
		return slices.ContainsFunc(fields, func(f *programme.Field) bool { return f.Name == name })
	}
	facts := answersIn(form, w)
	for _, fact := range facts {
		if wants(fact.Field) {
			fact.answer(form, answers)
		}
	}
	for _, f := range fields {
		switch f.Type {
		case programme.SessionField:
			if days := daysIn(w.Text); len(days) > 0 || len(form.Sessions()) > 1 {
				w.put(answers, f, one(sessionIn(form, w.Text, w.At)))
			}
		case programme.PlacesField:
			w.put(answers, f, sureOf(readPlaces(pageOf(w))))
		}
	}
}

func (w Writing) put(answers postroom.Answers, f *programme.Field, values []string) {
	if len(values) > 0 {
		answers[f.Name] = values
	}
}

// answerAlone reads a whole letter as the answer to the one question that was
// asked. Nothing of a special category is read so.
func answerAlone(f *programme.Field, text string) []string {
	own := strings.Join(answerLines(text), "\n")
	if f.SpecialCategory || own == "" || strings.ContainsAny(own, "?؟") {
		return nil
	}
	switch f.Type {
	case programme.YesNoField, programme.SafeMessageField:
		return answerYesNo(own)
	case programme.PlacesField, programme.NumberField:
		return one(onlyNumber(own))
	case programme.TextField, programme.OrganisationField:
		if said, _ := Said(own); said == SaidNothing && !onlyThanks(own) {
			return singleLine(own)
		}
	}
	return nil
}

// onlyThanks says whether nothing is said in a text that could answer a
// question.
func onlyThanks(text string) bool {
	for _, word := range clauseOf(text).words {
		if !idleWords[word] && !courtesies[word] && !greetingWords[word] {
			return false
		}
	}
	return true
}
