package web

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"postroom/internal/plural"
	"postroom/internal/postroom"
)

// counted says whether a key is one form of a text with a number in it, such as
// error.too_long.one, and returns the key without the form.
func (l *Locales) counted(key string) (base string, ok bool) {
	base, _, ok = plural.Split(key)
	return base, ok && l.hasForms(base)
}

// hasForms says whether English has a text in both of its forms.
func (l *Locales) hasForms(base string) bool {
	return l.texts[english][base+".one"] != "" && l.texts[english][base+"."+plural.Other] != ""
}

// form returns the key under which a language has a text: the one of the form that
// goes with its number, or the text's own key if it has no forms.
func (l *Locales) form(tag string, t postroom.Text) string {
	if !l.hasForms(t.Key) {
		return t.Key
	}
	said := l.texts[english][t.Key+"."+plural.Other]
	n, err := strconv.Atoi(plainFigures(t.Args[countIn(said)]))
	if err != nil {
		return t.Key + "." + plural.Other
	}
	return t.Key + "." + plural.Form(tag, n)
}

// countIn returns the name of the gap that holds the number of which there are
// several forms: {n}, or else {count}, or else {max}.
func countIn(text string) string {
	for _, name := range []string{"n", "count", "max"} {
		if strings.Contains(text, "{"+name+"}") {
			return name
		}
	}
	return ""
}

// plainFigures writes the figures of a number as programs read them.
func plainFigures(number string) string {
	return strings.Map(func(r rune) rune {
		if r >= '۰' && r <= '۹' {
			return '0' + r - '۰'
		}
		return r
	}, number)
}

// checkForms says of every text with a number whether a language has it in exactly
// its own forms, with the gaps that English has.
func (l *Locales) checkForms(tag string) (mistakes []error) {
	forms := plural.Forms(tag)
	for key, said := range l.texts[english] {
		base, counted := l.counted(key)
		if !counted || key != base+"."+plural.Other {
			continue
		}
		if countIn(said) == "" {
			mistakes = append(mistakes, fmt.Errorf("locale/%s.yaml: %s has forms and no number: write {n}, {count} or {max}", english, key))
		}
		for _, form := range forms {
			switch text := l.texts[tag][base+"."+form]; {
			case text == "":
				mistakes = append(mistakes, fmt.Errorf("locale/%s.yaml: %s.%s is missing; a number has the forms %s", tag, base, form, strings.Join(forms, ", ")))
			case !slices.Equal(gaps(text), gaps(said)):
				mistakes = append(mistakes, fmt.Errorf("locale/%s.yaml: %s.%s has the gaps %v, in English %v", tag, base, form, gaps(text), gaps(said)))
			}
		}
	}
	for key := range l.texts[tag] {
		if _, form, _ := plural.Split(key); form != "" && !slices.Contains(forms, form) {
			if _, counted := l.counted(key); counted {
				mistakes = append(mistakes, fmt.Errorf("locale/%s.yaml: %s is a form that the language has not; it has %s", tag, key, strings.Join(forms, ", ")))
			}
		}
	}
	return mistakes
}
