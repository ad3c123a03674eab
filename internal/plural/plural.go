// Package plural says which form of a word goes with a number in a language, as
// the Unicode CLDR has it.
//
// The idea a newcomer needs: languages do not agree on how many forms there are.
// English has two (one, other), Ukrainian four (one, few, many, other), and in
// Farsi and Pashto nought goes with one. So a text with a number in it stands in
// its file once for each form of its language: error.too_long.one,
// error.too_long.other.
package plural

import (
	"slices"
	"strings"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// Other is the form that every language has.
const Other = "other"

// all lists the forms in the order that CLDR gives them.
func all() []string { return []string{"zero", "one", "two", "few", "many", Other} }

func name(form plural.Form) string {
	switch form {
	case plural.Zero:
		return "zero"
	case plural.One:
		return "one"
	case plural.Two:
		return "two"
	case plural.Few:
		return "few"
	case plural.Many:
		return "many"
	}
	return Other
}

// Form returns the form of a language that goes with a whole number.
func Form(locale string, n int) string {
	return name(plural.Cardinal.MatchPlural(language.Make(locale), abs(n)%10_000_000, 0, 0, 0, 0))
}

func abs(n int) int { return max(n, -n) }

// Forms lists the forms that a language has, for whole numbers and for others.
func Forms(locale string) []string {
	tag, has := language.Make(locale), map[string]bool{Other: true}
	for n := range 1001 {
		has[name(plural.Cardinal.MatchPlural(tag, n, 0, 0, 0, 0))] = true
	}
	for tenth := range 100 {
		has[name(plural.Cardinal.MatchPlural(tag, tenth/10, 1, 1, tenth%10, tenth%10))] = true
	}
	return slices.DeleteFunc(all(), func(form string) bool { return !has[form] })
}

// Split takes the form off the end of a key: "error.too_long.one". Whether the key
// is really that of a form only its other forms tell.
func Split(key string) (base, form string, ok bool) {
	i := strings.LastIndexByte(key, '.')
	if i < 0 || !slices.Contains(all(), key[i+1:]) {
		return key, "", false
	}
	return key[:i], key[i+1:], true
}
