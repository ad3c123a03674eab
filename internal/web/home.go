package web

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// homePage lists what a visitor can do here.
type homePage struct {
	page
	Programmes []homeProgramme
}

type homeProgramme struct {
	ID    string
	Title run
	Forms []homeForm
}

type homeForm struct {
	Link         string
	Title, Intro run
}

func (s *Server) home(w http.ResponseWriter, r *http.Request) error {
	v := s.voice(r, s.guess.all, "")
	p := homePage{page: s.page(r, v, "")}
	p.Title = v.Say("home.title")
	for _, each := range s.Programmes.Programmes() {
		if forms := s.openForms(v, each); len(forms) > 0 {
			p.Programmes = append(p.Programmes, homeProgramme{ID: each.Name, Title: v.of(each.Title), Forms: forms})
		}
	}
	return s.render(w, http.StatusOK, v, "home.html", p)
}

func (s *Server) openForms(v voice, p *programme.Programme) []homeForm {
	var open []homeForm
	for _, f := range p.Forms {
		if s.open(f) {
			link := inLanguage("/f/"+url.PathEscape(f.Name), v.locale)
			open = append(open, homeForm{Link: link, Title: v.of(f.Title), Intro: v.maybe(f.Intro)})
		}
	}
	return open
}

// open says whether a form can still be sent: unless somebody closed it, and
// one that books something as long as one of the dates has not begun.
func (s *Server) open(f *programme.Form) bool {
	if f.ClosedAt(s.Clock.Now()) {
		return false
	}
	return f.Event == "" || len(s.datesAhead(f)) > 0
}

// datesAhead lists the dates of a form that have not begun.
func (s *Server) datesAhead(f *programme.Form) []*programme.Session {
	var ahead []*programme.Session
	for _, each := range f.Sessions() {
		if each.StartsAt.After(s.Clock.Now()) {
			ahead = append(ahead, each)
		}
	}
	return ahead
}

// maybe is of, or nothing where nothing was written.
func (v voice) maybe(w postroom.Words) run {
	if len(w) == 0 {
		return run{}
	}
	return v.of(w)
}

// day is a date as people of this language write it: Thursday 26 November 2026.
func (v voice) day(t time.Time) string {
	return v.figures(v.compose("date.day",
		"weekday", v.Say("date.weekday."+t.Format("Mon")), "day", t.Format("2"),
		"month", v.Say("date.month."+t.Format("Jan")), "year", t.Format("2006")))
}

// span is a date with the hours from and to. The figures of a time stay
// together in whichever direction the sentence runs.
func (v voice) span(starts, ends time.Time, zone *time.Location) string {
	starts, ends = starts.In(zone), ends.In(zone)
	if starts.Format(time.DateOnly) != ends.Format(time.DateOnly) {
		return v.compose("date.days", "from", v.day(starts), "to", v.day(ends))
	}
	clock := v.Say("date.clock")
	return v.figures(v.compose("date.span", "day", v.day(starts), "from", starts.Format(clock), "to", ends.Format(clock)))
}

// moment is a date with an hour.
func (v voice) moment(t time.Time, zone *time.Location) string {
	t = t.In(zone)
	return v.figures(v.compose("date.moment", "day", v.day(t), "time", t.Format(v.Say("date.clock"))))
}

// figures writes the digits of a date, a time or a number as the language
// does, the same as the mails.
func (v voice) figures(text string) string {
	digits := []rune(v.Say("date.digits"))
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' && len(digits) == 10 {
			return digits[r-'0']
		}
		return r
	}, text)
}

// prose is a text with, where nobody has read through its translation, the
// English beside it.
type prose struct{ Words, English run }

func (v voice) prose(w postroom.Words, reviewed []string) prose {
	return prose{v.of(w), v.beside(w, reviewed)}
}
