package web

import (
	"net/http"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"postroom/internal/programme"
)

// guesser finds the language a page is shown in.
type guesser struct {
	all         *offer
	byProgramme map[string]*offer
}

// offer is the languages that something is to be had in.
type offer struct {
	tags    []string
	matcher language.Matcher
}

// newGuesser offers every language for general pages, and for the forms of a
// programme those that both the programme and the pages speak.
func newGuesser(tags []string, set *programme.Set) *guesser {
	g := &guesser{all: newOffer(tags), byProgramme: make(map[string]*offer)}
	for _, p := range set.Programmes() {
		spoken := slices.DeleteFunc(slices.Clone(tags), func(tag string) bool { return !slices.Contains(p.Languages, tag) })
		if len(spoken) == 0 {
			spoken = tags[:1]
		}
		g.byProgramme[p.Name] = newOffer(spoken)
	}
	return g
}

func newOffer(tags []string) *offer {
	parsed := make([]language.Tag, len(tags))
	for i, tag := range tags {
		parsed[i] = language.Make(tag)
	}
	return &offer{tags: tags, matcher: language.NewMatcher(parsed)}
}

// of returns the languages of a programme.
func (g *guesser) of(name string) *offer {
	if o, ok := g.byProgramme[name]; ok {
		return o
	}
	return g.all
}

// best returns the language among those offered that suits a list of wishes
// as in Accept-Language, and whether any does. Dari is asked for as fa-AF and
// as prs, which is the same; Farsi speakers are not given Dari unasked.
func (o *offer) best(wishes string) (string, bool) {
	tags, _, err := language.ParseAcceptLanguage(wishes)
	if err != nil || len(tags) == 0 {
		return "", false
	}
	for i, tag := range tags {
		if base, _ := tag.Base(); base.String() == "prs" {
			tags[i] = language.Make("fa-AF")
		}
	}
	_, i, confidence := o.matcher.Match(tags...)
	return o.tags[i], confidence > language.No
}

// voice picks the language of a page: what the address or the form says, else
// what is known of the reader, else what the browser asks for, else English.
func (s *Server) voice(r *http.Request, o *offer, known string) voice {
	for _, wishes := range []string{asked(r), known, r.Header.Get("Accept-Language")} {
		if tag, ok := o.best(wishes); ok {
			return voice{s.locales, tag}
		}
	}
	return voice{s.locales, o.tags[0]}
}

// asked is the language in the address, or in the form that was sent.
func asked(r *http.Request) string {
	lang := r.URL.Query().Get("lang")
	if r.PostForm != nil && r.PostForm.Get("lang") != "" {
		lang = r.PostForm.Get("lang")
	}
	if len(lang) > 35 || strings.ContainsAny(lang, ",;") { // RFC 5646, section 4.4.1
		return ""
	}
	return lang
}
