package inbound

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// shortestLabel keeps words such as "No" from being found everywhere.
const shortestLabel = 4

// readOptions reads which answers to the form's choices stand in a letter.
func readOptions(form *programme.Form, p page) (facts []Fact) {
	if form == nil {
		return nil
	}
	for i := range form.Fields {
		f := &form.Fields[i]
		if f.SpecialCategory || !choosable(f.Type) {
			continue
		}
		if asksForLanguages(f) {
			facts = append(facts, readLanguages(f, p)...)
			continue
		}
		q := question{f: f, offer: form.Kind == postroom.VolunteerOffer}
		for _, o := range f.Options {
			q.labels = append(q.labels, labelWords(o, p.scripts))
		}
		for j := range f.Options {
			if fact, ok := q.option(j, p); ok {
				facts = append(facts, fact)
			}
		}
	}
	return facts
}

// choosable says whether answers of a type may be named anywhere in a letter.
func choosable(t programme.FieldType) bool {
	switch t {
	case programme.ChoiceField, programme.ChoicesField, programme.SelectField, programme.LanguagesField:
		return true
	}
	return false
}

// question is one field of options that is looked for in a letter.
type question struct {
	f      *programme.Field
	offer  bool         // its form is for people who offer to help
	labels [][][]string // of each option, in all languages, as words
}

// option looks for one option. The surest of what is found counts.
func (q question) option(i int, p page) (found Fact, ok bool) {
	o, labels := q.f.Options[i], q.labels[i]
	spoken := q.spoken(o, labels)
	for _, c := range p.clauses {
		sure := q.inClause(c, labels)
		if !sure.Enough() && c.offers(spoken) {
			sure = c.doubt(Likely)
		}
		if sure != "" && (!ok || sure.rank() < found.Confidence.rank()) {
			found = Fact{Kind: FactOption, Field: q.f.Name, Value: o.Value, Confidence: sure, From: c.raw}
			ok = true
		}
	}
	return found, ok
}

// labelWords is the labels of an option, as words, in all languages whose
// letters stand in a text: the others cannot be found in it.
func labelWords(o programme.Option, in scripts) (labels [][]string) {
	for _, label := range o.Label {
		if in&scriptOf(label) == 0 {
			continue
		}
		words := programme.Fold(label).Words()
		if utf8.RuneCountInString(label) >= shortestLabel && !slices.ContainsFunc(labels, func(l []string) bool { return slices.Equal(l, words) }) {
			labels = append(labels, words)
		}
	}
	return labels
}

// inClause says how sure a label in a clause makes the option, or "".
func (q question) inClause(c clause, labels [][]string) Confidence {
	best := Confidence("")
	for _, words := range labels {
		at, found := c.phrase(words)
		if !found {
			continue
		}
		if sure := c.doubt(q.label(c, words, at)); best == "" || sure.rank() < best.rank() {
			best = sure
		}
	}
	return best
}

// label says how sure one label at a place in a clause is. One word of a label
// is a common word ("visit", "everybody") unless it is written as a name or
// stands beside the words of the question.
func (q question) label(c clause, words []string, at int) Confidence {
	capital, inside := asName(c.raw, words)
	switch {
	case len(words) == len(c.words) && !greets(c.raw):
		return Certain
	case inside, (clause{words: c.words[:at]}).has(somebodyElse):
		return Guessed // a part of another name, Bletchley Park, or where their mother lives
	case len(words) > 1:
		return Likely
	case capital && at > 0 && q.names(), !q.offer && c.begins(labelStems(q.f)):
		return Likely
	case q.names() && placeWords[c.word(at-1)]:
		return Likely
	}
	return Guessed
}

// names says whether the options are names, spelt alike in several languages, as
// places are.
func (q question) names() bool {
	same := 0
	for _, o := range q.f.Options {
		different := map[string]bool{}
		for _, label := range o.Label {
			different[label] = true
		}
		if len(different) == 1 {
			same++
		}
	}
	return same >= 2
}

var placeWords = folded(`in from at у в з із در از په له dar az`)

// greets says whether a line is a greeting: "Hello everybody," tells nothing.
func greets(raw string) bool {
	words := programme.Fold(raw).Words()
	return len(words) > 0 && greetingWords[words[0]]
}

// asName says whether the words stand in a text with a capital, and whether
// another word with a capital beside them makes them part of a longer name.
func asName(raw string, words []string) (capital, inside bool) {
	fields := strings.Fields(raw)
	for i := range fields {
		if i+len(words) > len(fields) || !foldsTo(fields[i], words[0]) || !foldsTo(fields[i+len(words)-1], words[len(words)-1]) {
			continue
		}
		r, _ := utf8.DecodeRuneInString(strings.TrimLeft(fields[i], "(\"'«"))
		capital = capital || unicode.IsUpper(r)
		if unicode.IsUpper(r) {
			inside = inside || i > 0 && nameBeside(fields[i-1], fields[i-1]) || i+len(words) < len(fields) && nameBeside(fields[i+len(words)-1], fields[i+len(words)])
		}
	}
	return capital, inside
}

// nameBeside says whether a word with a capital follows without a comma after
// the word before, or is that word.
func nameBeside(before, word string) bool {
	return !strings.ContainsAny(before[len(before)-1:], ",.;:)") && upperWord(word) && !placeWords[strings.ToLower(word)]
}

func foldsTo(field, word string) bool {
	words := programme.Fold(field).Words()
	return len(words) == 1 && words[0] == word
}

// upperWord says whether a word begins with a capital and is no postcode and no
// "I".
func upperWord(word string) bool {
	r, size := utf8.DecodeRuneInString(word)
	return unicode.IsUpper(r) && size < len(word) && !strings.ContainsAny(word, "0123456789") && !strings.HasPrefix(word, "I'")
}

// labelStems is how the words of a field's label begin that say what is asked.
func labelStems(f *programme.Field) (stems []string) {
	for _, label := range f.Label {
		for _, word := range programme.Fold(label).Words() {
			if runes := []rune(word); len(runes) >= 4 && !askingWords[word] {
				stems = append(stems, string(runes[:min(len(runes), 5)]))
			}
		}
	}
	return stems
}

var askingWords = folded(`what which who where when how would your like there will with about this that many much best
	який яка яке які якій яким яких якому хотіли якими робитимете чому кому ваше ваша вашого маєте
	کدام چیست چه چیزی کسانی شما هستید دوست دارید چگونه کجا څنګه ستاسو کومه کومو یاست غواړئ څه کنید میکنید کول کوئ ورسره`)

// spoken is the other words for an option of an offer: its name in the file, and
// each half of "Translate or interpret".
func (q question) spoken(o programme.Option, labels [][]string) (words []string) {
	if !q.offer {
		return nil
	}
	if utf8.RuneCountInString(o.Value) >= 7 && !strings.ContainsAny(o.Value, "-_") {
		words = append(words, o.Value)
	}
	for _, parts := range labels {
		switch {
		case len(parts) == 1:
			words = append(words, parts[0])
		case len(parts) == 3 && orWords[parts[1]]:
			words = append(words, parts[0], parts[2])
		}
	}
	return words
}

var orWords = folded(`or або чи یا`)

// offers says whether a clause offers something that is told by words such as
// "translate": "I can translate", and not "I need a translator".
func (c clause) offers(words []string) bool {
	if len(words) == 0 {
		return false
	}
	otherwise := c.begins(offers)
	for i, word := range c.words {
		if len([]rune(word)) < shortestLabel || !slices.ContainsFunc(words, func(w string) bool { return sameStem(word, w) }) {
			continue
		}
		if ownThings[c.word(i+1)] || ownThings[c.word(i+2)] {
			return false // "translate my certificate"
		}
		if c.offeredByMe(i) || strings.HasSuffix(c.before(i, 2), " as a ") || otherwise && word[0] >= utf8.RuneSelf {
			return !c.has(needing)
		}
	}
	return false
}

// sameStem says whether two words are forms of one: translate, translating,
// translator; перекладати, перекладач.
func sameStem(a, b string) bool {
	ra, rb := []rune(a), []rune(b)
	n := min(len(ra), len(rb))
	if n < shortestLabel {
		return false
	}
	stem := max(n-3, min(n, 5))
	return slices.Equal(ra[:stem], rb[:stem]) && max(len(ra), len(rb))-n <= 4
}

// offeredByMe says whether nothing but words of offering stands between "I", or
// the beginning of an offer without it, and the word at i.
func (c clause) offeredByMe(i int) bool {
	for j := i - 1; j >= max(0, i-8); j-- {
		switch {
		case firstPerson[c.words[j]]:
			return true
		case !offering[c.words[j]], c.words[j] == "help" && !givesHelp[c.word(j-1)]:
			return false // "I would like help with translating"
		case c.words[j] == "love" && (c.word(j-1) == "i" || c.word(j-1) == "we"):
			return false // "I love gardens"
		}
	}
	return i > 0 && i <= 8 && leadsOffer[c.words[0]]
}

// leadsOffer begins an offer of somebody in a hurry, who leaves out the "I".
var leadsOffer = folded(`can could happy glad willing able keen`)
