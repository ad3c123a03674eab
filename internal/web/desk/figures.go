package desk

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// viewers may look at figures.
func viewers() rule {
	return rule{roles: []postroom.Role{postroom.Admin, postroom.IsCoordinator, postroom.Viewer}}
}

func (d *Desk) figureRoutes() []route {
	return []route{{"GET /desk/figures", viewers(), d.showFigures}}
}

const (
	monthsCounted = 12
	// fewest is the smallest number that is shown as it is: below that somebody
	// might know who it is.
	fewest = 5
	// placesAhead is for how many years places on dates to come are counted, in one
	// line: places are of the month of the date, and people book before it.
	placesAhead = 10
)

// figuresPage counts, and names nobody.
type figuresPage struct {
	page
	Programmes []programmeFigures
}

// programmeFigures are those of one programme.
type programmeFigures struct {
	Title     string
	Months    []monthFigures // the newest first, above it what is to come
	Languages []languageFigure
	Booked    bool // it has dates
	Offers    bool // people may offer to help
	Nothing   bool // there was nothing at all
}

type monthFigures struct {
	Name                         string
	Sent, Offers, Places, Came   string
	sent, offers, places, people int
}

type languageFigure struct{ Name, N string }

// countsIn says whether somebody may see the figures of a programme. A role in one
// area of it is not one in the programme: the figures are of all of it.
func countsIn(who postroom.Colleague, programme string) bool {
	return who.Has(postroom.Viewer, programme, "") || who.Reads(programme, "")
}

func (d *Desk) showFigures(w http.ResponseWriter, r *request) error {
	bounds := d.lastMonths()
	sent, err := d.tallies.sentIn(r.read(d), bounds, d.now())
	if err != nil {
		return err
	}
	places, err := r.read(d).PlaceFigures(append(slices.Clone(bounds), bounds[0].AddDate(placesAhead, 0, 0)))
	if err != nil {
		return err
	}
	p := figuresPage{page: d.page(r, d.say(postroom.Say("desk.figures.title")))}
	for _, each := range d.Programmes.Programmes() {
		if !countsIn(r.Who, each.Name) {
			continue
		}
		f := programmeFigures{Title: each.Title.In(english), Booked: len(each.Events) > 0}
		for _, form := range each.Forms {
			f.Offers = f.Offers || form.Kind == postroom.VolunteerOffer
		}
		f.Months, f.Languages, f.Nothing = d.figuresOf(each.Name, bounds, sent, places)
		p.Programmes = append(p.Programmes, f)
	}
	return d.render(w, r, http.StatusOK, "figures.html", p)
}

// lastMonths are the beginnings of the last twelve months, and of the next.
func (d *Desk) lastMonths() (bounds []time.Time) {
	now := d.now()
	for i := monthsCounted - 1; i >= -1; i-- {
		bounds = append(bounds, time.Date(now.Year(), now.Month()-time.Month(i), 1, 0, 0, 0, 0, d.Org.Zone))
	}
	return bounds
}

// figuresOf are the figures of one programme, month by month and by language.
func (d *Desk) figuresOf(name string, bounds []time.Time, sent, places []store.Figure) (months []monthFigures, languages []languageFigure, nothing bool) {
	months = make([]monthFigures, len(bounds)) // the last is all that is to come
	byLocale := map[string]int{}
	nothing = true
	for _, f := range sent {
		if f.Programme == name {
			m := &months[f.Stretch]
			m.sent, nothing = m.sent+f.N, false
			byLocale[f.Locale] += f.N
			if f.Kind == postroom.VolunteerOffer {
				m.offers += f.N
			}
		}
	}
	for _, f := range places {
		if f.Programme == name {
			m := &months[f.Stretch]
			m.places, m.people, nothing = m.places+f.N, m.people+f.Came, false
		}
	}
	for i := range months {
		m := &months[i]
		if m.Name = bounds[i].Format("January 2006"); i == len(months)-1 {
			m.Name = d.say(postroom.Say("desk.figures.later"))
		}
		m.Sent, m.Offers, m.Places, m.Came = d.atLeast(m.sent), d.atLeast(m.offers), d.atLeast(m.places), d.atLeast(m.people)
	}
	this := len(months) - 2
	first := slices.IndexFunc(months[:this], func(m monthFigures) bool { return m.sent+m.places+m.people > 0 })
	if first < 0 {
		first = this // a long column of nothing says nothing, least of all on a phone
	}
	if months[this+1].places == 0 {
		months = months[:this+1]
	}
	months = months[first:]
	slices.Reverse(months)
	for locale, n := range byLocale {
		languages = append(languages, languageFigure{d.tongueOf(locale), d.atLeast(n)})
	}
	slices.SortFunc(languages, func(a, b languageFigure) int { return strings.Compare(a.Name, b.Name) }) // by number it would tell which of the few are fewer
	return months, languages, nothing
}

// atLeast is a number, but for a small one, which might be somebody.
func (d *Desk) atLeast(n int) string {
	switch {
	case n == 0:
		return d.say(postroom.Say("desk.figures.none"))
	case n < fewest:
		return d.say(postroom.Say("desk.figures.few", "n", strconv.Itoa(fewest)))
	}
	return strconv.Itoa(n)
}
