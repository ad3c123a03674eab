package programme

import (
	"slices"
	"sync/atomic"
)

// Set is every programme of an organisation. What is in it can be replaced while
// other goroutines read it: each call sees either all of what was there before or
// all of what is there now. Whoever needs several things that belong together asks
// once and follows the pointers, from a form to its programme: they are never
// changed, and what they point at stays what it was.
type Set struct{ held atomic.Pointer[contents] }

// contents is what a Set holds at one moment.
type contents struct {
	programmes []*Programme
	forms      []*Form
	worries    Phrases // those of every programme's safeguarding
}

func newSet(c contents) *Set {
	s := &Set{}
	s.held.Store(&c)
	return s
}

// now is what the set holds. The zero Set holds nothing.
func (s *Set) now() *contents {
	if c := s.held.Load(); c != nil {
		return c
	}
	return &contents{}
}

// Replace puts what another set holds in the place of what this one holds.
func (s *Set) Replace(other *Set) { s.held.Store(other.now()) }

// Programmes returns the programmes, ordered by file name.
func (s *Set) Programmes() []*Programme { return slices.Clone(s.now().programmes) }

// Forms returns every form, in the order of files and within each file.
func (s *Set) Forms() []*Form { return slices.Clone(s.now().forms) }

// Programme returns the programme called name.
func (s *Set) Programme(name string) (*Programme, bool) {
	list := s.now().programmes
	i := slices.IndexFunc(list, func(p *Programme) bool { return p.Name == name })
	if i < 0 {
		return nil, false
	}
	return list[i], true
}

// ListNamed returns the list of a name, and the programme that keeps it.
func (s *Set) ListNamed(name string) (*Programme, *List, bool) {
	for _, p := range s.now().programmes {
		for _, l := range p.Lists {
			if l.Name == name {
				return p, l, true
			}
		}
	}
	return nil, nil, false
}

// Form returns the form called name.
func (s *Set) Form(name string) (*Form, bool) {
	list := s.now().forms
	i := slices.IndexFunc(list, func(f *Form) bool { return f.Name == name })
	if i < 0 {
		return nil, false
	}
	return list[i], true
}
