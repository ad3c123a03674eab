package programme

import (
	"slices"
	"strings"

	"golang.org/x/text/language"

	"postroom/internal/postroom"
)

// spoken are the languages that a field of type languages offers unless its
// file names some. Farsi, Dari and Pashto are three.
func spoken() []string {
	return []string{"en", "uk", "fa", "fa-AF", "ps", "ar", "bn", "ckb", "fr", "gu", "hi", "kmr", "pa", "pl", "pt", "ro", "ru",
		"so", "es", "ti", "tr", "ur", "yue", "zh", "bfi"}
}

// days are those of the week, and partsOfDay what each is divided into.
func days() []string       { return []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} }
func partsOfDay() []string { return []string{"morning", "afternoon", "evening"} }

// SlotOf takes a value of availability apart.
func SlotOf(value string) (day, part string) {
	day, part, _ = strings.Cut(value, "-")
	return day, part
}

// OptionKey returns the locale key of an answer that has no label in the file,
// as the languages and the times of a week have none; "" where there is none.
func (f *Field) OptionKey(value string) string {
	switch f.Type {
	case LanguagesField:
		return "spoken." + value
	case AvailabilityField:
		return "slot." + value
	}
	return ""
}

// optionKeys lists every key that OptionKey may return.
func optionKeys() (keys []string) {
	for _, tag := range spoken() {
		keys = append(keys, "spoken."+tag)
	}
	for _, part := range partsOfDay() {
		keys = append(keys, "slot."+part)
		for _, day := range days() {
			keys = append(keys, "slot."+day+"-"+part)
		}
	}
	return keys
}

// AlsoLanguage is how the value of a language begins that is not on the list.
const AlsoLanguage = "also:"

// Also returns the name of a language that somebody wrote themselves.
func Also(value string) (string, bool) { return strings.CutPrefix(value, AlsoLanguage) }

// languages reads which languages somebody speaks. A code counts however it is
// written, fa-AF as fa-AF, and is never taken for another language's.
func (f *Field) languages(values []string) ([]string, fault) {
	var clean []string
	for _, v := range values {
		if other, ok := Also(v); ok {
			v = AlsoLanguage + tidyLine(other)
		} else if tag, err := language.Parse(v); err == nil {
			v = tag.String()
		}
		if wrong := f.language(v); wrong.is() {
			return nil, wrong
		}
		if v != AlsoLanguage && !slices.Contains(clean, v) {
			clean = append(clean, v)
		}
	}
	if len(clean) == 0 {
		return nil, fault{say: f.missing()}
	}
	return clean, fault{}
}

func (f *Field) language(v string) fault {
	other, free := Also(v)
	switch {
	case free && len([]rune(other)) > f.MaxLength:
		return tooLong("also", f.MaxLength)
	case !free && !f.offers(v):
		return fault{say: postroom.Say(sayUnknown)}
	}
	return fault{}
}

// Option returns the option of a value, a closed one too.
func (f *Field) Option(value string) (Option, bool) {
	i := slices.IndexFunc(f.Options, func(o Option) bool { return o.Value == value })
	if i < 0 {
		return Option{}, false
	}
	return f.Options[i], true
}

func (f *Field) offers(value string) bool {
	_, ok := f.Option(value)
	return ok
}

func (f *Field) chosen(values []string) ([]string, fault) {
	var clean []string
	for _, v := range values {
		if !f.offers(v) {
			return nil, fault{say: postroom.Say(sayUnknown)}
		}
		if !slices.Contains(clean, v) {
			clean = append(clean, v)
		}
	}
	if f.None != "" && len(clean) > 1 && slices.Contains(clean, f.None) {
		return nil, fault{say: postroom.Say(sayNone)}
	}
	return clean, fault{}
}
