package inbound

import (
	"slices"
	"strings"
	"unicode/utf8"

	"postroom/internal/programme"
)

// mostLabel is how long the words before a colon may be to be the label of an
// answer.
const mostLabel = 120

// wellKnownLabels are the words that people write before the answers to
// questions that every form has.
var wellKnownLabels = labelsOf(map[FactKind]string{
	FactName: `name|my name|full name|your name|name and surname|contact name|ім'я|моє ім'я|ім'я та прізвище|прізвище та ім'я|піб|імя|نام|اسم|نام و تخلص|نام و نام خانوادگی|نوم|نوم او تخلص|esm|nam`,
	FactPhone: `phone|tel|telephone|mobile|mob|cell|phone number|telephone number|mobile number|contact number|my number|телефон|тел|мобільний|номер телефону|мій номер|
		تلفن|تلفون|موبایل|شماره تلفن|شماره تلفون|شماره تماس|شماره موبایل|ټیلیفون|تلیفون|د ټیلیفون شمېره|shomara|telefon`,
	FactOrganisation: `organisation|organization|group|our group|charity|group name|name of group|name of organisation|організація|група|назва організації|назва групи|سازمان|گروه|گروپ|موسسه|مؤسسه|ډله|اداره`,
	FactPostcode:     `postcode|post code|postal code|my postcode|поштовий індекс|індекс|کد پستی|کدپستی|پوست کود|پوسټ کوډ`,
	FactPlaces: `places|number of places|number of people|no of people|how many people|how many places|how many|people|party size|tickets|seats|кількість осіб|кількість місць|кількість людей|скільки осіб|
		تعداد|تعداد نفرات|تعداد افراد|چند نفر|د کسانو شمېر|څو کسان`,
})

func labelsOf(kinds map[FactKind]string) map[string]FactKind {
	labels := map[string]FactKind{}
	for kind, phrases := range kinds {
		for _, words := range foldedEach(phrases) {
			labels[strings.Join(words, " ")] = kind
		}
	}
	return labels
}

// readLabelled reads the lines on which a question and its answer stand side by
// side: "Organisation: …", or the form's own question with what was written
// after it.
func readLabelled(form *programme.Form, p page) []Fact {
	var facts []Fact
	var fields map[string]*programme.Field
	for _, line := range p.lines {
		label, value := divided(line)
		if value == "" {
			continue
		}
		if fields == nil {
			fields = fieldLabels(form)
		}
		if f, ok := fields[label]; ok {
			facts = append(facts, answerTo(f, value, line)...)
		} else if kind, ok := wellKnownLabels[label]; ok {
			facts = append(facts, wellKnown(kind, value, line)...)
		}
	}
	return facts
}

// divided is the folded label of a line and what stands after it.
func divided(line string) (label, value string) {
	i := strings.IndexAny(line, ":?؟")
	if i <= 0 || i > mostLabel {
		return "", ""
	}
	_, size := utf8.DecodeRuneInString(line[i:])
	value = strings.TrimSpace(line[i+size:])
	return labelKey(line[:i]), value
}

// labelKey is a label as it is looked up.
func labelKey(label string) string {
	return strings.Join(programme.Fold(latinFigures(label)).Words(), " ")
}

// fieldLabels finds the fields of a form by their labels in each language. A
// field of a special category, and a consent, are in none.
func fieldLabels(form *programme.Form) map[string]*programme.Field {
	labels := map[string]*programme.Field{}
	if form == nil {
		return labels
	}
	for i := range form.Fields {
		f := &form.Fields[i]
		if f.SpecialCategory || f.Type == programme.ConsentField || f.Type == programme.EmailField || f.Type == programme.LongTextField {
			continue
		}
		for _, label := range f.Label {
			labels[labelKey(label)] = f
		}
		if len(f.Options) > 0 || f.Type == programme.TextField {
			labels[labelKey(f.Name)] = f
		}
	}
	return labels
}

// kindOf is the kind of fact that a field of a type holds.
func kindOf(t programme.FieldType) FactKind {
	switch t {
	case programme.NameField:
		return FactName
	case programme.PhoneField:
		return FactPhone
	case programme.OrganisationField:
		return FactOrganisation
	case programme.PlacesField:
		return FactPlaces
	case programme.DateField:
		return FactDate
	case programme.PostcodeField:
		return FactPostcode
	}
	return FactText
}

// answerTo reads what stands beside a field's own label.
func answerTo(f *programme.Field, value, line string) (facts []Fact) {
	switch f.Type {
	case programme.ChoiceField, programme.ChoicesField, programme.SelectField, programme.LanguagesField:
		for _, option := range optionsBeside(f, value) {
			facts = append(facts, Fact{Kind: FactOption, Field: f.Name, Value: option, Confidence: Certain, From: line, labelled: true})
		}
		return facts
	case programme.YesNoField, programme.SafeMessageField:
		if said, sure := Said(value); sure == Certain && (said == SaidYes || said == SaidNo) {
			facts = append(facts, Fact{Kind: FactOption, Field: f.Name, Value: string(said), Confidence: Certain, From: line})
		}
		return facts
	case programme.SessionField, programme.DateField, programme.NumberField, programme.AvailabilityField:
		return nil // read from everything that was written
	}
	for _, fact := range wellKnown(kindOf(f.Type), value, line) {
		fact.Field = f.Name
		facts = append(facts, fact)
	}
	return facts
}

// optionsBeside lists the options that an answer beside its question names.
func optionsBeside(f *programme.Field, value string) (options []string) {
	c := clauseOf(value)
	if c.denied || c.has(doubting) {
		return nil
	}
	for _, o := range f.Options {
		if f.Type == programme.LanguagesField && c.at(languageWords[o.Value]) >= 0 || slices.ContainsFunc(labelWords(o, allScripts), func(words []string) bool { _, found := c.phrase(words); return found }) {
			options = append(options, o.Value)
		}
	}
	return options
}

// wellKnown reads an answer whose label says what it is.
func wellKnown(kind FactKind, value, line string) []Fact {
	switch kind {
	case FactName:
		if !isName(value) {
			return nil
		}
		value = strings.Trim(value, ",. ")
	case FactPhone:
		return nil // a number that exists is certain wherever it stands
	case FactPostcode:
		if value = postcodeIn(strings.ToUpper(value)); value == "" {
			return nil
		}
	case FactPlaces:
		if value = onlyNumber(value); value == "" {
			return nil
		}
	}
	if utf8.RuneCountInString(value) > mostLabel {
		return nil
	}
	return []Fact{{Kind: kind, Value: value, Confidence: Certain, From: line, labelled: true}}
}
