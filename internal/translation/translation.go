// Package translation hands the texts of a post room to people who translate, and
// takes them back: pages, mails and what programmes say, as PO files, which
// Poedit, Weblate and the like open.
//
// The idea a newcomer needs: nothing here changes what came with the program. What
// comes back of mails and programmes is a change like one on the desk, kept by
// wording, and can be taken back there; what comes back of pages, and which texts
// somebody has read, stands in a folder of the organisation's own beside its data,
// over what came. A text counts as read only against the English that it was read
// against: when that changes, it is unread again.
package translation

import (
	"slices"
	"strings"

	"postroom/internal/outbound"
	"postroom/internal/web"
	"postroom/internal/wording"
)

// Options are what Translations need.
type Options struct {
	Locales *web.Locales // with the organisation's own over them
	Wording *wording.Wordings
	Folder  string // of the organisation's own texts of pages; need not be there
}

// Translations is every text in every language but English.
type Translations struct{ o Options }

// New returns Translations.
func New(o Options) *Translations { return &Translations{o} }

const english = "en"

// Text is one text in one language. A text with a number in it stands once for each
// form of its language; every other has one form.
type Text struct {
	Key     string
	English []string
	Said    []string
	Read    bool // by a person, against the English as it is
	Old     bool // it was read, and the English has changed since
}

// missing says whether something of a text is not there.
func (t Text) missing() bool { return slices.Contains(t.Said, "") }

// The beginnings of keys. Those of pages are as in their file.
const (
	ofMails      = "mails/"
	ofProgrammes = "programmes/"
)

// Languages lists the languages that there are besides English.
func (t *Translations) Languages() []string { return t.o.Locales.Tags()[1:] }

// Texts lists every text in one language: of the pages, of the mails, and of the
// programmes that speak it.
func (t *Translations) Texts(tag string) []Text {
	list := append(t.pages(tag), t.mails(tag)...)
	return append(list, t.programmes(tag)...)
}

func (t *Translations) pages(tag string) (list []Text) {
	for _, p := range t.o.Locales.Phrases(tag) {
		list = append(list, marked(Text{Key: p.Key, English: p.English, Said: p.Said}, p.Mark))
	}
	return list
}

// marked says of a text whether somebody has read it. The mark is that of the last
// form of the English, which is the only one where there are no others.
func marked(t Text, mark string) Text {
	t.Read = mark != "" && mark == t.mark()
	t.Old = mark != "" && !t.Read
	return t
}

func (t Text) mark() string { return web.Mark(t.English[len(t.English)-1]) }

func (t *Translations) mails(tag string) (list []Text) {
	for _, l := range t.o.Wording.Letters() {
		if l.Locale != tag {
			continue
		}
		came, _ := t.o.Wording.Letter(l.Name, english)
		said := partsOf(l.Text)
		for i, part := range partsOf(came.Text) {
			if part.text == "" {
				continue
			}
			key := ofMails + l.Name + "/" + part.name
			list = append(list, marked(Text{Key: key, English: []string{part.text}, Said: []string{said[i].text}}, t.o.Locales.MarkOf(tag, key)))
		}
	}
	return list
}

// part is one of the texts of a mail.
type part struct{ name, text string }

func partsOf(l outbound.LetterText) [3]part {
	return [3]part{{"subject", l.Subject}, {"discreet_subject", l.Discreet}, {"body", l.Body}}
}

// programmes lists what programmes say that speak a language. Whether it was read
// is said of a programme as a whole, in its file.
func (t *Translations) programmes(tag string) (list []Text) {
	for _, p := range t.o.Wording.Programmes() {
		if !slices.Contains(p.Languages, tag) {
			continue
		}
		for _, text := range p.Texts() {
			if text.Words[english] == "" {
				continue
			}
			list = append(list, Text{
				Key: ofProgrammes + p.Name + "/" + text.Path, English: []string{text.Words[english]}, Said: []string{text.Words[tag]},
				Read: slices.Contains(p.Reviewed, tag),
			})
		}
	}
	return list
}

// Count says how far a language is.
type Count struct {
	Tag                                   string
	Texts, Translated, Read, Missing, Old int
	Unsafe                                int // texts on which somebody's rights depend that nobody has read
}

// Done says whether nothing is missing, nothing is older than the English, and
// somebody has read each text on which rights depend.
func (c Count) Done() bool { return c.Missing+c.Old+c.Unsafe == 0 }

// Status counts the texts of every language.
func (t *Translations) Status() (list []Count) {
	for _, tag := range t.Languages() {
		c := Count{Tag: tag}
		for _, text := range t.Texts(tag) {
			c.add(text)
		}
		list = append(list, c)
	}
	return list
}

func (c *Count) add(t Text) {
	c.Texts++
	if t.missing() {
		c.Missing++
	} else {
		c.Translated++
	}
	if t.Read {
		c.Read++
	}
	if t.Old {
		c.Old++
	}
	if !t.Read && web.Sensitive(strings.ReplaceAll(t.Key, "/", ".")) {
		c.Unsafe++
	}
}
