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
	Emergency prose
	Languages []tongue
	Home      string  // the first page, in this language
	Canonical string  // the whole address of the page in this language; "" where nobody shall keep it
	Anyone    string  // the whole address under which everybody gets their own language
	Notice    *notice // said above everything else; nil is nothing
	Embedded  bool    // it is shown in a frame of somebody else's page
	Paper     bool    // it is to be printed
	Look      look    // the organisation's colour and logo
	Exit      string  // where "Leave this page" leads; "" is no such button
}

// mistake is one line of the summary: what to mend, and the id of where.
type mistake struct{ ID, Say string }

// notice is a message about the page as a whole.
type notice struct{ Title, Say string }

// tongue is one way to read the page in another language.
type tongue struct {
	Tag, Dir, Name, Link string
	Whole                string // the link with the organisation's address
	Current              bool
}

// page fills in what a page of one programme ("" is none) has in common with
// the others.
func (s *Server) page(r *http.Request, v voice, programme string) page {
	path := shownAt(r)
	return page{
		Home:      inLanguage("/", v.locale),
		Canonical: s.Org.BaseURL + inLanguage(path, v.locale),
		Anyone:    s.Org.BaseURL + path,
		Locale:    v.locale,
		Dir:       direction(v.locale),
		Org:       s.Org.Name,
		Address:   s.Org.From.Address,
		Emergency: s.emergency(v),
		Languages: s.languages(r, v, s.guess.of(programme)),
		Embedded:  embedded(r) != "",
		Look:      s.look,
	}
}

// emergency says whom to call: in the organisation's words, or else in ours, with
// the English beside them until somebody has read the translation.
func (s *Server) emergency(v voice) prose {
	const key = "footer.emergency"
	p := prose{Words: v.ofOr(s.Org.EmergencyText, key)}
	if len(s.Org.EmergencyText) == 0 && v.locales.unread(v.locale, key) {
		p.English = v.run(v.locales.English(key), english)
	}
	return p
}

// languages lists the languages a page is to be had in, each named in itself.
func (s *Server) languages(r *http.Request, v voice, o *offer) []tongue {
	var list []tongue
	for _, tag := range o.tags {
		link := inLanguage(shownAt(r), tag)
		list = append(list, tongue{
			Tag: tag, Dir: direction(tag), Link: link, Whole: s.Org.BaseURL + link, Current: tag == v.locale,
			Name: s.locales.Text(tag, postroom.Say("language.name")),
		})
	}
	return list
}

// shownAt is where GET shows the page on which a button was pressed, without the
// language in front.
func shownAt(r *http.Request) string {
	path := r.URL.Path
	for _, act := range []string{"/address", "/not-me", "/again", "/party", "/take", "/agree"} {
		path = strings.TrimSuffix(path, act)
	}
	for _, act := range []string{"/language", "/reach"} {
		if before, cut := strings.CutSuffix(path, act); cut && strings.HasPrefix(path, "/manage/") {
			path = before + "/contact"
		}
	}
	return cleaned(path)
}

// cleaned writes a path so that it can stand in a link. Two slashes at its front
// would name another host.
func cleaned(path string) string {
	there := url.URL{Path: "/" + strings.TrimLeft(path, "/")}
	return there.EscapedPath()
}

// inLanguage puts a language in front of the path of a page of ours.
func inLanguage(path, locale string) string { return "/" + locale + path }
