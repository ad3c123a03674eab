package inbound

import (
	"slices"
	"strings"
	"time"

	"postroom/internal/letter"
	"postroom/internal/programme"
)

// Confidence is how sure it is that somebody meant what was read from their
// words. It is coarse on purpose: nobody can act on a figure such as 0.83.
type Confidence string

// Certain is what a form would have taken word for word: a telephone number
// that exists, an answer beside the label of its question, a postcode or an
// option's label on a line of its own. Likely is what a careful reader would
// write down without asking: "there will be 4 of us", "I speak Dari", "we are in
// Bletchley". Guess is what may well be meant and must not be acted on
// before somebody has asked: "tomorrow", "I am Person One", two answers to one
// question, whatever is denied, asked, or told about somebody else. Only what is
// certain or likely becomes an answer of a form.
const (
	Certain Confidence = "certain"
	Likely  Confidence = "likely"
	Guessed Confidence = "guess"
)

// rank puts the surest first.
func (c Confidence) rank() int { return slices.Index([]Confidence{Certain, Likely, Guessed}, c) }

// Enough says whether a fact may become an answer without asking.
func (c Confidence) Enough() bool { return c == Certain || c == Likely }

// FactKind is what a fact is about.
type FactKind string

// The kinds of fact.
const (
	FactName         FactKind = "name"
	FactOrganisation FactKind = "organisation"
	FactPhone        FactKind = "phone"    // E.164
	FactPostcode     FactKind = "postcode" // "MK9 1AA", or "MK9" where only that was said
	FactDate         FactKind = "date"     // 2026-12-14
	FactPlaces       FactKind = "places"
	FactOption       FactKind = "option" // of Field: an area, a role, a language
	FactText         FactKind = "text"   // written beside the label of Field
)

// Fact is one thing that somebody said about themselves in their own words.
type Fact struct {
	Kind       FactKind
	Field      string // of the form, that it answers; "" is none
	Value      string
	Confidence Confidence
	From       string // the words it was read from

	labelled bool // it was written beside the label of its question
}

// Writing is what a person wrote, as far as facts are read from it.
type Writing struct {
	Name    string // beside their address
	Subject string
	Text    string    // without quotes and, in an answer, without the signature
	At      time.Time // when they wrote it, in the organisation's zone
}

// WritingOf is what a letter says.
func WritingOf(l letter.Letter, text string, at time.Time) Writing {
	w := Writing{Subject: l.Subject, Text: text, At: at}
	if len(l.From) > 0 && !strings.Contains(l.From[0].Name, "@") {
		w.Name = shownName(l.From[0].Name)
	}
	return w
}

// ReadFacts reads what a letter says about its writer: for a form, in the terms
// of its fields; for nil, what needs no form. Nothing is ever read for a field of
// a special category or for a consent: those are given, not guessed. The surest
// facts come first, and where two answers to one question contradict each
// other, both are guesses.
func ReadFacts(form *programme.Form, w Writing) []Fact {
	return readFacts(form, w, func(FactKind) bool { return true })
}

// answersIn reads no more than the form asks for.
func answersIn(form *programme.Form, w Writing) []Fact {
	return readFacts(form, w, func(kind FactKind) bool { return fieldFor(form, kind) != "" })
}

func readFacts(form *programme.Form, w Writing, wanted func(FactKind) bool) []Fact {
	p := pageOf(w)
	facts := readLabelled(form, p)
	for _, read := range []struct {
		kind FactKind
		read func() []Fact
	}{
		{FactName, func() []Fact { return readNames(p, w.Name) }},
		{FactOrganisation, func() []Fact { return readOrganisations(p) }},
		{FactPhone, func() []Fact { return readPhones(p) }},
		{FactPostcode, func() []Fact { return readPostcodes(p) }},
		{FactDate, func() []Fact { return readDates(p, w.At) }},
		{FactPlaces, func() []Fact { return readPlaces(p) }},
	} {
		if wanted(read.kind) {
			facts = append(facts, read.read()...)
		}
	}
	return settled(form, append(facts, readOptions(form, p)...))
}

// settled gives each fact the field that it answers, puts the surest first, and
// drops what is said already.
func settled(form *programme.Form, facts []Fact) []Fact {
	for i := range facts {
		if facts[i].Field == "" && form != nil {
			facts[i].Field = fieldFor(form, facts[i].Kind)
		}
	}
	slices.SortStableFunc(facts, func(a, b Fact) int { return a.Confidence.rank() - b.Confidence.rank() })
	var kept []Fact
	for _, f := range facts {
		if !slices.ContainsFunc(kept, func(k Fact) bool { return k.Kind == f.Kind && k.Field == f.Field && k.Value == f.Value }) {
			kept = append(kept, f)
		}
	}
	return contested(form, kept)
}

// fieldFor is the field of a form that a kind of fact answers.
func fieldFor(form *programme.Form, kind FactKind) string {
	switch kind {
	case FactName:
		return firstOf(form, programme.NameField)
	case FactOrganisation:
		return firstOfAny(form, programme.OrganisationField)
	case FactPhone:
		return firstOf(form, programme.PhoneField)
	case FactPlaces:
		return firstOf(form, programme.PlacesField)
	case FactPostcode:
		if f, ok := form.Field("postcode"); ok && f.Type == programme.TextField && !f.SpecialCategory {
			return f.Name
		}
	}
	return ""
}

// firstOfAny is firstOf, with fields that are asked in some cases only: in the
// others, the form's check drops the answer.
func firstOfAny(form *programme.Form, t programme.FieldType) string {
	i := slices.IndexFunc(form.Fields, func(f programme.Field) bool { return f.Type == t && !f.SpecialCategory })
	if i < 0 {
		return ""
	}
	return form.Fields[i].Name
}

// contested makes guesses of what contradicts something else: two areas where one
// is asked for, or two numbers of places. Only what stands beside the label of its
// question is beyond that.
func contested(form *programme.Form, facts []Fact) []Fact {
	said := slices.Clone(facts)
	for i := range facts {
		if !single(form, facts[i]) {
			continue
		}
		for j := range said {
			if i != j && contradicts(said[j], said[i]) {
				facts[i].Confidence = Guessed
			}
		}
	}
	return facts
}

// contradicts says whether one fact makes another doubtful.
func contradicts(a, b Fact) bool {
	return a.Kind == b.Kind && a.Field == b.Field && !b.labelled && (a.Confidence.Enough() || a.Confidence == b.Confidence)
}

// single says whether only one fact like this can be true.
func single(form *programme.Form, f Fact) bool {
	if f.Kind == FactPlaces {
		return true
	}
	if form == nil || f.Kind != FactOption {
		return false
	}
	field, ok := form.Field(f.Field)
	return ok && field.Type == programme.ChoiceField
}
