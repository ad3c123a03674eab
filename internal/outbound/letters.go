package outbound

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"text/template"

	"postroom/internal/link"
	"postroom/internal/postroom"
	"postroom/internal/proof"
)

// Letters are the mails a post room can write, in every language it has them
// in. They were checked when they were loaded. Their wording can be replaced while
// others write them: a letter that was begun is ended in the words it began with.
type Letters struct {
	held  atomic.Pointer[library]
	words map[string]*words
	*shell
}

// library is every letter, by language and name. It does not change.
type library map[string]map[string]*letter

func (l *Letters) library() library { return *l.held.Load() }

// Replace puts the wording of other letters in the place of these.
func (l *Letters) Replace(other *Letters) { l.held.Store(other.held.Load()) }

// Copy returns letters that can be replaced by themselves.
func (l *Letters) Copy() *Letters {
	c := &Letters{words: l.words, shell: l.shell}
	c.Replace(l)
	return c
}

// letter is one mail in one language.
type letter struct {
	name, locale string
	file         string
	text         string // the whole file
	class        postroom.Class
	lane         postroom.Lane
	holding      bool   // the approved words that a hold lets pass
	acknowledges bool   // it says that something came in; one a day is enough for anybody
	byPerson     bool   // a person wrote it and pressed "send": nothing about it is automatic
	coordinators bool   // it is for them, and a reply to it does not reach the person
	calendar     string // what the calendar file says that comes with it; "" is none
	subject      *template.Template
	discreet     *template.Template // what the subject says of a discreet message
	body         *template.Template
	says         usage
}

// LoadLetters reads email/LOCALE/NAME.md and email/LOCALE/words.yaml, and writes
// each letter once to see that it reads as a letter must. The error is
// proof.Mistakes, with the place of every one, unless the files could not be
// read at all.
func LoadLetters(fsys fs.FS) (*Letters, error) {
	l, err := ReadLetters(fsys)
	if err != nil {
		return l, err
	}
	return l, l.rehearse().AsError()
}

// ReadLetters is LoadLetters for letters that were checked before, as those are
// that come with the program: it does not write them.
func ReadLetters(fsys fs.FS) (*Letters, error) {
	l := &Letters{words: make(map[string]*words)}
	l.held.Store(&library{})
	var err error
	if l.shell, err = readShell(fsys); err != nil {
		return nil, fmt.Errorf("read letters: %w", err)
	}
	files, err := fs.Glob(fsys, "email/*/*")
	if err != nil {
		return nil, fmt.Errorf("read letters: %w", err)
	}
	var found proof.Mistakes
	for _, file := range files {
		data, err := fs.ReadFile(fsys, file)
		if err != nil {
			return nil, fmt.Errorf("read letters: %w", err)
		}
		found = append(found, l.add(file, data)...)
	}
	return l, append(found, l.compare()...).AsError()
}

func (l *Letters) add(file string, data []byte) proof.Mistakes {
	locale, base := path.Base(path.Dir(file)), path.Base(file)
	if base == "words.yaml" {
		w, found := readWords(file, data)
		l.words[locale] = w
		return found
	}
	name, isLetter := strings.CutSuffix(base, ".md")
	if !isLetter {
		return proof.Mistakes{{File: file, Line: 1, Column: 1, Say: "this is neither a letter nor words.yaml", Instead: "NAME.md"}}
	}
	read, found := readLetter(file, string(data))
	read.name, read.locale = name, locale
	all := l.library()
	if all[locale] == nil {
		all[locale] = make(map[string]*letter)
	}
	all[locale][name] = read
	return found
}

// Has says whether a letter is there in a language or the language it is a
// kind of (fa for fa-AF). English does not stand in here: a reader who was
// promised their language is not well served by another.
func (l *Letters) Has(name, locale string) bool {
	all := l.library()
	for _, tag := range postroom.Fallbacks(locale) {
		if base, _, _ := strings.Cut(locale, "-"); tag != locale && tag != base && !strings.HasPrefix(locale, tag+"-") {
			continue
		}
		if all[tag][name] != nil {
			return true
		}
	}
	return false
}

// Names lists every letter.
func (l *Letters) Names() []string { return slices.Sorted(maps.Keys(l.library()["en"])) }

// Locales lists every language that has a letter.
func (l *Letters) Locales() []string { return slices.Sorted(maps.Keys(l.library())) }

// find returns a letter in the reader's language, or the nearest there is.
func (l *Letters) find(name, locale string) (*letter, error) {
	all := l.library()
	for _, tag := range postroom.Fallbacks(locale) {
		if found := all[tag][name]; found != nil {
			return found, nil
		}
	}
	return nil, fmt.Errorf("there is no letter %q", name)
}

// asks says whether a letter asks its reader to confirm something.
func (l *Letters) asks(name string) bool {
	found := l.library()["en"][name]
	return found != nil && found.says.links[string(link.Confirm)]
}

// Asks says whether a message asks its reader to confirm something.
func (o *Outbox) Asks(m postroom.Message) bool { return o.letters.asks(m.Template) }

// readLetter parses one file: front matter between two lines of three
// dashes, then Markdown. What cannot be read is noted, and the letter comes
// back without it.
func readLetter(file, text string) (*letter, proof.Mistakes) {
	read := &letter{file: file, text: text}
	front, body, found := split(file, strings.ReplaceAll(text, "\r\n", "\n"))
	if len(found) > 0 {
		return read, found
	}
	sheet := proof.Open(file, []byte(front))
	m := sheet.Root().As("the letter")
	read.class = postroom.Class(choice(m, "class", postroom.Service, postroom.Marketing))
	read.lane = postroom.Lane(choice(m, "lane", postroom.Lanes()...))
	read.coordinators = m.Choice("to", "", "coordinators") != ""
	read.holding, read.acknowledges, read.byPerson = m.Bool("holding"), m.Bool("acknowledges"), m.Bool("by_person")
	read.calendar = m.Choice("calendar", "", calendarPublish, calendarCancel)
	subject := m.Need("subject", "Your place is booked")
	discreet := m.Text("discreet_subject")
	found = sheet.Mistakes()
	read.subject, found = read.parse("subject", fieldLine(front, "subject")+subject, found)
	if discreet != "" {
		read.discreet, found = read.parse("discreet_subject", fieldLine(front, "discreet_subject")+discreet, found)
	}
	read.body, found = read.parse("body", body, found)
	return read, found
}

// split parts front matter and body. Lines are blanked, not cut off, so that
// a mistake in either is found at the line the person sees.
func split(file, text string) (front, body string, found proof.Mistakes) {
	rest, opened := strings.CutPrefix(text, "---\n")
	front, body, closed := strings.Cut(rest, "\n---\n")
	if !opened || !closed {
		return "", "", proof.Mistakes{{File: file, Line: 1, Column: 1, Say: "the letter does not begin with its class, lane and subject between two lines of ---",
			Instead: "---, class: service, lane: confirm, subject: …, and --- again"}}
	}
	front = "#\n" + front
	return front, strings.Repeat("\n", strings.Count(front, "\n")+2) + body, nil
}

// fieldLine returns the line breaks before a field of the front matter.
func fieldLine(front, field string) string {
	before, _, found := strings.Cut(front, "\n"+field+":")
	if !found {
		return ""
	}
	return strings.Repeat("\n", strings.Count(before, "\n")+1)
}

func choice[T ~string](m proof.Map, key string, allowed ...T) string {
	names := make([]string, len(allowed))
	for i, a := range allowed {
		names[i] = string(a)
	}
	m.Need(key, names[0])
	return m.Choice(key, "", names...)
}

// parse parses one template of the letter and notes what it may not use.
func (r *letter) parse(part, text string, found proof.Mistakes) (*template.Template, proof.Mistakes) {
	t, err := template.New(part).Option("missingkey=zero").Funcs(stubs()).Parse(text)
	if err != nil {
		return nil, append(found, templateMistake(r.file, err))
	}
	return t, append(found, r.says.read(r.file, text, t.Tree)...)
}

var templatePlace = regexp.MustCompile(`^template: [a-z_]+:(\d+)(?::\d+)?: (?:executing "[a-z_]+" at )?(.*)`)

// templateMistake reads the line out of what package template says.
func templateMistake(file string, err error) proof.Mistake {
	m := proof.Mistake{File: file, Line: 1, Column: 1, Say: err.Error()}
	if exec, ok := errors.AsType[template.ExecError](err); ok {
		m.Say = exec.Err.Error()
	}
	if place := templatePlace.FindStringSubmatch(m.Say); place != nil {
		m.Line, _ = strconv.Atoi(place[1])
		m.Say = place[2]
	}
	return m
}
