package wording

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"postroom/internal/outbound"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/proof"
	"postroom/internal/store"
)

// thing is what may have been changed.
type thing struct {
	kind         store.WordingKind
	name, locale string
}

// the returns the thing of a kind and a name. Mailboxes are named in small letters.
func the(kind store.WordingKind, name, locale string) thing {
	if kind == store.MailboxWording {
		name = strings.ToLower(name)
	}
	return thing{kind, name, locale}
}

// made is the newest version of a thing, and why it is left aside.
type made struct {
	store.Wording
	problem error
}

// standing is everything as it stands at one moment. It does not change.
type standing struct {
	revision int64
	made     map[thing]made
	letters  *outbound.Letters
	set      *programme.Set
	came     map[string][]byte // the files of the folder
	files    map[string][]byte // the same, with what was changed in the place of what came
	modes    map[string]mode   // by address
}

func (s *standing) version(t thing) int { return s.made[t].Version }

// lay puts together what stands, from the newest version of everything.
func (w *Wordings) lay(newest []store.Wording) (*standing, error) {
	s := &standing{made: make(map[thing]made)}
	for _, n := range newest {
		s.made[thing{n.Kind, n.Name, n.Locale}] = made{Wording: n}
	}
	w.layLetters(s)
	return s, w.layProgrammes(s)
}

func (w *Wordings) layLetters(s *standing) {
	var changes []outbound.Rewording
	for t, m := range s.made {
		if t.kind != store.LetterWording || m.Body == "" {
			continue
		}
		text, err := outbound.ReadLetterText(m.Body)
		if err != nil {
			s.aside(t, err)
			continue
		}
		changes = append(changes, outbound.Rewording{Name: t.name, Locale: t.locale, Text: text})
	}
	var problems []error
	s.letters, problems = w.came.With(changes)
	for i, c := range changes {
		if problems[i] != nil {
			s.aside(thing{store.LetterWording, c.Name, c.Locale}, problems[i])
		}
	}
}

// aside notes why a version is not used.
func (s *standing) aside(t thing, err error) {
	m := s.made[t]
	m.problem = err
	s.made[t] = m
}

func (w *Wordings) options() programme.Options {
	return programme.Options{Zone: w.o.Zone, HasTemplate: w.came.Has}
}

// layProgrammes puts the changed programmes over the folder. Those with a mistake
// are taken out until what is left can be read.
func (w *Wordings) layProgrammes(s *standing) error {
	s.came = w.files
	over := make(map[string]string) // file to programme
	for t, m := range s.made {
		if p, there := w.set.Programme(t.name); t.kind == store.ProgrammeWording && m.Body != "" && there {
			over[p.File] = p.Name
		}
	}
	for {
		s.files = maps.Clone(w.files)
		if len(over) == 0 {
			s.set = w.set
			return nil
		}
		for file, name := range over {
			s.files[file] = []byte(s.made[thing{store.ProgrammeWording, name, ""}].Body)
		}
		var err error
		if s.set, err = w.load(s.files, over); err == nil {
			return nil
		}
		found, mistaken := errors.AsType[proof.Mistakes](err)
		if !mistaken {
			return fmt.Errorf("read programmes: %w", err)
		}
		s.takeOut(over, found)
	}
}

// load reads files of which some were changed. A changed file must be about the
// programme that it was about.
func (w *Wordings) load(files map[string][]byte, over map[string]string) (*programme.Set, error) {
	set, err := programme.LoadFiles(files, w.options())
	if err != nil {
		return nil, err
	}
	var found proof.Mistakes
	for file, name := range over {
		if p, ok := set.Programme(name); !ok || p.File != file {
			found = append(found, proof.Mistake{File: file, Line: 1, Column: 1, Say: "the programme has another name", Instead: "programme: " + name})
		}
	}
	return set, found.AsError()
}

// takeOut leaves aside the changes whose files have mistakes, or all of them where
// what they break is elsewhere.
func (s *standing) takeOut(over map[string]string, found proof.Mistakes) {
	theirs := make(map[string]proof.Mistakes)
	for _, m := range found {
		if _, changed := over[m.File]; changed {
			theirs[m.File] = append(theirs[m.File], m)
		}
	}
	if len(theirs) == 0 {
		for file := range over {
			theirs[file] = found
		}
	}
	for file, mistakes := range theirs {
		s.aside(thing{store.ProgrammeWording, over[file], ""}, mistakes)
		delete(over, file)
	}
}

// check reads everything as it stands with one file changed, and returns the
// programme of that file. The error is proof.Mistakes in words for a person.
func (w *Wordings) check(s *standing, was *programme.Programme, data []byte) (*programme.Programme, error) {
	wrong := func(say, instead string) error {
		return proof.Mistakes{{File: was.File, Line: 1, Column: 1, Say: say, Instead: instead}}
	}
	if len(data) > maxProgramme {
		return nil, wrong(fmt.Sprintf("the programme is larger than %d kB", maxProgramme>>10), "less")
	}
	files := maps.Clone(s.files)
	files[was.File] = data
	set, err := w.load(files, map[string]string{was.File: was.Name})
	if err != nil {
		return nil, err
	}
	is, _ := set.Programme(was.Name)
	if text := unseen(was, is); text != "" {
		return nil, wrong("there is a sign that nobody can see in "+text, "the text without it")
	}
	for _, name := range named(is) {
		if w.o.Known != nil && !w.o.Known(name) && !contains(named(was), name) {
			return nil, wrong(fmt.Sprintf("nobody called %s works here", name), "the name of a colleague")
		}
	}
	return is, nil
}

// maxProgramme is how large the file of a programme may become, in bytes.
const maxProgramme = 256 << 10

// named lists whom a programme names.
func named(p *programme.Programme) []string {
	names := append([]string(nil), p.Coordinators...)
	for _, name := range []string{p.Safeguarding.Lead, p.Safeguarding.Deputy} {
		if name != "" {
			names = append(names, name)
		}
	}
	return names
}

func contains(list []string, s string) bool {
	for _, each := range list {
		if each == s {
			return true
		}
	}
	return false
}

// unseen returns the path of a text that has a sign that misleads and did not have
// it before, or "".
func unseen(was, is *programme.Programme) string {
	before := texts(was)
	for path, words := range texts(is) {
		for tag, text := range words {
			if outbound.Unseen(text) >= 0 && before[path][tag] != text {
				return path
			}
		}
	}
	return ""
}

func texts(p *programme.Programme) map[string]postroom.Words {
	all := make(map[string]postroom.Words)
	for _, t := range p.Texts() {
		all[t.Path] = t.Words
	}
	for _, e := range p.Events {
		for _, s := range e.Sessions {
			all[strings.Join([]string{"event", e.Name, "session", s.Name, "venue"}, "/")] = postroom.Words{"": s.Venue}
		}
	}
	return all
}
