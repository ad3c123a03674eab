package web

import (
	"net/http"
	"net/url"
	"strings"

	"postroom/internal/postroom"
)

// page is what every page has besides its own matter.
type page struct {
	Locale    string
	Dir       string
	Title     string // without "Error: " and the organisation
	Mistakes  []mistake
	Private   bool // not for search engines
	Org       string
	Address   string // where to write to a person
	Emergency run
	Languages []tongue
	Notice    *notice // said above everything else; nil is nothing
}

// mistake is one line of the summary: what to mend, and the id of where.
type mistake struct{ ID, Say string }

// notice is a message about the page as a whole.
type notice struct{ Title, Say string }

// tongue is one way to read the page in another language.
type tongue struct {
	Tag, Dir, Name, Link string
	Current              bool
}

// page fills in what a page of one programme ("" is none) has in common with
// the others.
func (s *Server) page(r *http.Request, v voice, programme string) page {
	return page{
		Locale:    v.locale,
		Dir:       direction(v.locale),
		Org:       s.Org.Name,
		Address:   s.Org.From.Address,
		Emergency: v.ofOr(s.Org.EmergencyText, "footer.emergency"),
		Languages: s.languages(r, v, s.guess.of(programme)),
	}
}

// languages lists the languages a page is to be had in, each named in itself.
func (s *Server) languages(r *http.Request, v voice, o *offer) []tongue {
	var list []tongue
	for _, tag := range o.tags {
		link := url.URL{Path: shownAt(r), RawQuery: url.Values{"lang": {tag}}.Encode()}
		list = append(list, tongue{
			Tag: tag, Dir: direction(tag), Link: link.String(), Current: tag == v.locale,
			Name: s.locales.Text(tag, postroom.Say("language.name")),
		})
	}
	return list
}

// shownAt is where GET shows the page on which a button was pressed.
func shownAt(r *http.Request) string {
	path := r.URL.Path
	for _, act := range []string{"/address", "/not-me", "/party", "/take", "/agree"} {
		path = strings.TrimSuffix(path, act)
	}
	for _, act := range []string{"/language", "/reach"} {
		if before, cut := strings.CutSuffix(path, act); cut && strings.HasPrefix(path, "/manage/") {
			path = before + "/contact"
		}
	}
	return "/" + strings.TrimLeft(path, "/") // two slashes would name another host
}

// inLanguage adds the language to the address of a page of ours.
func inLanguage(path, locale string) string {
	return path + "?" + url.Values{"lang": {locale}}.Encode()
}
