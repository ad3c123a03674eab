package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/language"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// guesser finds the language a page is shown in.
type guesser struct {
	all    *offer
	set    *programme.Set
	offers sync.Map // *offer by the languages of a programme, which may get others while we run
}

// offer is the languages that something is to be had in.
type offer struct {
	tags    []string
	matcher language.Matcher
}

// newGuesser offers every language for general pages, and for the forms of a
// programme those that both the programme and the pages speak.
func newGuesser(tags []string, set *programme.Set) *guesser {
	g := &guesser{all: newOffer(tags), set: set}
	for _, p := range set.Programmes() {
		g.of(p.Name)
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
	p, known := g.set.Programme(name)
	if !known {
		return g.all
	}
	key := strings.Join(p.Languages, " ")
	if o, made := g.offers.Load(key); made {
		return o.(*offer)
	}
	spoken := slices.DeleteFunc(slices.Clone(g.all.tags), func(tag string) bool { return !slices.Contains(p.Languages, tag) })
	if len(spoken) == 0 {
		spoken = g.all.tags[:1]
	}
	o, _ := g.offers.LoadOrStore(key, newOffer(spoken))
	return o.(*offer)
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
		switch base, _ := tag.Base(); base.String() {
		case "prs":
			tags[i] = language.Make("fa-AF")
		case "pbt", "pbu", "pst": // the Pashto of the south, the north and the middle
			tags[i] = language.Make("ps")
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
	if tag, ok := r.Context().Value(inPath{}).(string); ok {
		return tag
	}
	lang := r.URL.Query().Get("lang")
	if r.PostForm != nil && r.PostForm.Get("lang") != "" {
		lang = r.PostForm.Get("lang")
	}
	if len(lang) > 35 || strings.ContainsAny(lang, ",;") { // RFC 5646, section 4.4.1
		return ""
	}
	return lang
}

// remember keeps the language that somebody chose on a page behind a link of their
// own: they are written to in it from then on, whatever was chosen before. It is a
// choice only if the page would have been in another language by itself. Whoever
// fills in an open form has not shown who they are, and changes nobody's language.
func (s *Server) remember(r *http.Request, who postroom.Submission) error {
	offered := s.guess.of(who.Programme)
	chosen, ok := offered.best(asked(r))
	if usual, _ := offered.best(who.Locale); !ok || chosen == usual {
		return nil
	}
	err := s.Store.Write(r.Context(), func(tx *store.Tx) error { return tx.SetLocale(who, chosen) })
	if err != nil {
		return fmt.Errorf("remember language: %w", err)
	}
	return nil
}

// inPath is under what the language in a request's path is found in its context.
type inPath struct{}

// byPath takes the language off the front of a path, so that each public page
// is there under every language: /fa-AF/f/join is /f/join in Dari. A page asked
// for with ?lang= is found at its path, with the rest of its query.
func (s *Server) byPath(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first, rest, deeper := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		tag, ok := s.guess.all.exactly(first)
		switch {
		case ok && (tag != first || !deeper):
			s.moveTo(w, r, inLanguage(cleaned(rest), tag), r.URL.Query())
		case ok && !apart("/"+rest):
			under := r.Clone(context.WithValue(r.Context(), inPath{}, tag))
			under.URL.Path, under.URL.RawPath = "/"+rest, ""
			s.byQuery(next, w, under)
			r.Pattern = under.Pattern // for whoever counts requests
		default:
			s.byQuery(next, w, r)
		}
	})
}

// byQuery leads from ?lang= to the path of that language. A form that was sent
// stays where it was sent.
func (s *Server) byQuery(next http.Handler, w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	tag, ok := s.guess.all.exactly(query.Get("lang"))
	if !ok || apart(r.URL.Path) || r.Method != http.MethodGet && r.Method != http.MethodHead {
		next.ServeHTTP(w, r)
		return
	}
	query.Del("lang")
	s.moveTo(w, r, inLanguage(cleaned(r.URL.Path), tag), query)
}

// moveTo leads to another address of the same page, for now: which language
// suits somebody may change.
func (s *Server) moveTo(w http.ResponseWriter, r *http.Request, path string, query url.Values) {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	status := http.StatusFound
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		status = http.StatusTemporaryRedirect // what was sent goes along
	}
	http.Redirect(w, r, path, status)
}

// apart says whether a path is none of the pages for the public, and so is in no
// language but its own.
func apart(path string) bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return slices.Contains([]string{"api", "desk", "deed", "static", "pictures", "healthz", "readyz", "metrics"}, first)
}

// exactly returns the language with this tag, in whatever case it is written.
func (o *offer) exactly(tag string) (string, bool) {
	if i := slices.IndexFunc(o.tags, func(ours string) bool { return strings.EqualFold(ours, tag) }); i >= 0 {
		return o.tags[i], true
	}
	return "", false
}
