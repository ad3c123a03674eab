package web

import (
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"

	"postroom/internal/postroom"
)

// Locales holds every text of the pages in every language.
type Locales struct {
	tags     []string // English first
	texts    map[string]map[string]string
	marks    map[string]map[string]string // by language and key: of the English that a person read it against
	reviewed map[string]map[string]bool   // by language and key: a person has read it against the English as it is
}

const english = "en"

// LoadLocales reads locale/*.yaml of fsys. English says which texts there are
// and which gaps they have; every other file must have the same. The error
// names each difference. locale/reviewed/*.yaml says which texts a person has read.
func LoadLocales(fsys fs.FS) (*Locales, error) {
	files, err := fs.Glob(fsys, "locale/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list locale files: %w", err)
	}
	l := &Locales{tags: []string{english}, texts: make(map[string]map[string]string)}
	for _, file := range files {
		if err := l.read(fsys, file); err != nil {
			return nil, err
		}
	}
	if l.texts[english] == nil {
		return nil, errors.New("locale/en.yaml is not there")
	}
	slices.Sort(l.tags[1:])
	if err := l.readReviewed(fsys); err != nil {
		return nil, err
	}
	return l, l.check()
}

func (l *Locales) read(fsys fs.FS, file string) error {
	tag := strings.TrimSuffix(path.Base(file), ".yaml")
	if parsed, err := language.Parse(tag); err != nil || parsed.String() != tag {
		return fmt.Errorf("%s: the name is not a language tag", file)
	}
	texts, err := readFlat(fsys, file)
	if err != nil {
		return err
	}
	l.texts[tag] = texts
	if tag != english {
		l.tags = append(l.tags, tag)
	}
	return nil
}

// check compares every language with English.
func (l *Locales) check() error {
	var mistakes []error
	for _, tag := range l.tags {
		mistakes = append(mistakes, l.checkForms(tag)...)
		for key, text := range l.texts[english] {
			if _, counted := l.counted(key); counted {
				continue
			}
			switch other, ok := l.texts[tag][key]; {
			case !ok || strings.TrimSpace(other) == "":
				mistakes = append(mistakes, fmt.Errorf("locale/%s.yaml: %s is missing", tag, key))
			case !slices.Equal(gaps(text), gaps(other)):
				mistakes = append(mistakes, fmt.Errorf("locale/%s.yaml: %s has the gaps %v, in English %v", tag, key, gaps(other), gaps(text)))
			}
		}
		for key := range l.texts[tag] {
			if _, counted := l.counted(key); !counted && !l.Has(key) {
				mistakes = append(mistakes, fmt.Errorf("locale/%s.yaml: %s is not in English", tag, key))
			}
		}
	}
	return errors.Join(mistakes...)
}

var gapShape = regexp.MustCompile(`\{[a-z_]+\}`)

// gaps lists the names in a text's gaps, each once.
func gaps(text string) []string {
	names := gapShape.FindAllString(text, -1)
	slices.Sort(names)
	return slices.Compact(names)
}

// Tags lists the languages, English first.
func (l *Locales) Tags() []string { return slices.Clone(l.tags) }

// Has says whether there is a text of this key.
func (l *Locales) Has(key string) bool {
	return l.texts[english][key] != "" || l.hasForms(key)
}

// Text puts t into the words of a locale. Values in a language that is written
// from right to left are isolated, so that an address or a number in them
// does not turn the sentence around.
func (l *Locales) Text(locale string, t postroom.Text) string {
	isolated := func(value string) string { return value }
	if postroom.RightToLeft(locale) {
		isolated = func(value string) string { return "\u2068" + value + "\u2069" }
	}
	return fill(l.raw(locale, t), t.Args, isolated)
}

// HTML is Text for the body of a page: values stand in elements that isolate
// them and take their own direction. A text on which somebody's rights depend has
// the English beside it as long as nobody has read the translation.
func (l *Locales) HTML(locale string, t postroom.Text) template.HTML {
	said := l.html(locale, t)
	if !l.unread(locale, t.Key) {
		return template.HTML(said)
	}
	return template.HTML(said + ` <span class="beside" lang="en" dir="ltr">` + l.html(english, t) + `</span>`)
}

func (l *Locales) html(locale string, t postroom.Text) string {
	return fill(template.HTMLEscapeString(l.raw(locale, t)), t.Args, func(value string) string {
		return "<bdi>" + template.HTMLEscapeString(value) + "</bdi>"
	})
}

// raw returns the text itself. An unknown key, which a test rules out for
// every key in the code, becomes the words for "something went wrong".
func (l *Locales) raw(locale string, t postroom.Text) string {
	for _, tag := range postroom.Fallbacks(locale) {
		if text := l.texts[tag][l.form(tag, t)]; text != "" {
			return text
		}
	}
	return l.texts[english]["page.error.internal.title"]
}

func fill(text string, args map[string]string, show func(string) string) string {
	return gapShape.ReplaceAllStringFunc(text, func(gap string) string {
		value, ok := args[gap[1:len(gap)-1]]
		if !ok {
			return gap
		}
		return show(value)
	})
}

// capital makes a sentence of one that begins with a label: labels are written
// as they stand in the middle.
func capital(sentence string) string {
	first, size := utf8.DecodeRuneInString(sentence)
	if first == '\u2068' || size == 0 {
		return sentence
	}
	return string(unicode.ToUpper(first)) + sentence[size:]
}

// voice speaks one language.
type voice struct {
	locales *Locales
	locale  string
}

// Say puts a key and pairs of name and value into words.
func (v voice) Say(key string, pairs ...string) string { return v.text(postroom.Say(key, pairs...)) }

func (v voice) text(t postroom.Text) string { return v.locales.Text(v.locale, t) }

// compose is Say for a text whose values are words of the same language, such
// as a date: isolating those would put them in the wrong order.
func (v voice) compose(key string, pairs ...string) string {
	t := postroom.Say(key, pairs...)
	return fill(v.locales.raw(v.locale, t), t.Args, func(value string) string { return value })
}

// run is a text that may be in another language than the page around it.
type run struct{ Text, Lang, Dir string }

// of picks the reader's language from words of a programme, and says which
// language it is when it is another. What reads as in English is a name, such
// as that of a place, and is to be spoken as one.
func (v voice) of(w postroom.Words) run {
	for _, tag := range postroom.Fallbacks(v.locale) {
		if w[tag] != "" && w[tag] == w[english] {
			return v.run(w[tag], english)
		}
		if w[tag] != "" {
			return v.run(w[tag], tag)
		}
	}
	for _, tag := range v.locales.tags {
		if w[tag] != "" {
			return v.run(w[tag], tag)
		}
	}
	return run{Text: w.In(v.locale)}
}

func (v voice) run(text, tag string) run {
	if tag == v.locale {
		return run{Text: text}
	}
	return run{Text: text, Lang: tag, Dir: direction(tag)}
}

// ofOr is of, or the words of a key if the programme left them out.
func (v voice) ofOr(w postroom.Words, key string) run {
	if len(w) == 0 {
		return run{Text: v.Say(key)}
	}
	return v.of(w)
}

// beside is the English that stands beside a text on which somebody's rights
// depend, as long as nobody has read through its translation.
func (v voice) beside(w postroom.Words, reviewed []string) run {
	if v.locale == english || slices.Contains(reviewed, v.locale) || w[english] == "" || v.of(w).Lang == english {
		return run{}
	}
	return v.run(w[english], english)
}

func direction(tag string) string {
	if postroom.RightToLeft(tag) {
		return "rtl"
	}
	return "ltr"
}
