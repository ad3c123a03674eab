package web

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"postroom/internal/plural"
	"postroom/internal/postroom"
)

// An organisation may have its own translations of the pages, in a folder that
// stands over what comes with the program: locale/TAG.yaml has the texts that are
// another, reviewed/TAG.yaml the marks of those that somebody has read. A newer
// program may have lost a text or given it other gaps, so what cannot be used is
// left aside: the post room always starts.

// With returns the texts with an organisation's own over them, and what was left
// aside of those.
func (l *Locales) With(own fs.FS) (*Locales, error) {
	over := &Locales{tags: l.tags, texts: make(map[string]map[string]string), marks: make(map[string]map[string]string), reviewed: make(map[string]map[string]bool)}
	var aside []error
	for _, tag := range l.tags {
		over.texts[tag] = maps.Clone(l.texts[tag])
		over.review(tag, l.marks[tag])
	}
	for _, tag := range l.tags[1:] {
		texts, err := readOwn(own, "locale/"+tag+".yaml")
		aside = append(aside, err)
		for _, key := range slices.Sorted(maps.Keys(texts)) {
			if err := l.fits(tag, key, texts[key]); err != nil {
				aside = append(aside, fmt.Errorf("locale/%s.yaml: %w", tag, err))
				continue
			}
			over.texts[tag][key] = texts[key]
		}
		marks, err := readOwn(own, "reviewed/"+tag+".yaml")
		aside = append(aside, err)
		over.review(tag, marks)
	}
	return over, errors.Join(aside...)
}

// readOwn reads a file that need not be there.
func readOwn(own fs.FS, file string) (map[string]string, error) {
	texts, err := readFlat(own, file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return texts, err
}

// fits says whether a text can stand under a key, which may be that of a form.
func (l *Locales) fits(tag, key, text string) error {
	said := l.texts[english][key]
	if base, counted := l.counted(key); counted {
		if _, form, _ := plural.Split(key); !slices.Contains(plural.Forms(tag), form) {
			return fmt.Errorf("%s is a form that the language has not", key)
		}
		said = l.texts[english][base+"."+plural.Other]
	}
	switch {
	case said == "":
		return fmt.Errorf("%s is not in English", key)
	case strings.TrimSpace(text) == "":
		return fmt.Errorf("%s is empty", key)
	case !slices.Equal(gaps(said), gaps(text)):
		return fmt.Errorf("%s has the gaps %v, in English %v", key, gaps(text), gaps(said))
	}
	return nil
}

// Phrase is one text of the pages in one language, with the English.
type Phrase struct {
	Key     string
	English []string // in the order of the forms of English, if the text has forms
	Said    []string // in the order of the forms of the language
	Mark    string   // of the English that somebody read it against; "" if nobody did
}

// Phrases lists every text of the pages in one language.
func (l *Locales) Phrases(tag string) (list []Phrase) {
	for _, key := range slices.Sorted(maps.Keys(l.texts[english])) {
		base, counted := l.counted(key)
		switch {
		case !counted:
			list = append(list, Phrase{key, []string{l.texts[english][key]}, []string{l.texts[tag][key]}, l.marks[tag][key]})
		case key == base+"."+plural.Other:
			list = append(list, Phrase{base, l.formsOf(english, base), l.formsOf(tag, base), l.marks[tag][base]})
		}
	}
	return list
}

func (l *Locales) formsOf(tag, base string) (said []string) {
	for _, form := range plural.Forms(tag) {
		said = append(said, l.texts[tag][base+"."+form])
	}
	return said
}

// Fits says what keeps texts from being used for a phrase: as many as the language
// has forms, each with the gaps that the English has.
func (l *Locales) Fits(tag, key string, said []string) error {
	keys := l.KeysOf(tag, key)
	if len(keys) != len(said) {
		return fmt.Errorf("%s has %d forms, and the language has %s", key, len(said), strings.Join(plural.Forms(tag), ", "))
	}
	var wrong []error
	for i, each := range keys {
		wrong = append(wrong, l.fits(tag, each, said[i]))
	}
	return errors.Join(wrong...)
}

// KeysOf returns the keys under which the file of a language has a phrase.
func (l *Locales) KeysOf(tag, key string) []string {
	if !l.hasForms(key) {
		return []string{key}
	}
	var keys []string
	for _, form := range plural.Forms(tag) {
		keys = append(keys, key+"."+form)
	}
	return keys
}

// NameOf is a language's name in itself.
func (l *Locales) NameOf(tag string) string { return l.Text(tag, postroom.Say("language.name")) }

// MarkOf returns the mark of anything, of the pages or not, that somebody has read
// in a language.
func (l *Locales) MarkOf(tag, key string) string { return l.marks[tag][key] }
