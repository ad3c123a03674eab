package desk

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
	"postroom/internal/wording"
)

// programmePage is what can be set of one programme.
type programmePage struct {
	page
	Name      string
	Link      string
	Seen      int
	MayAll    bool
	Problems  problems
	Languages []languageView
	Unread    bool // nobody has read through one of the languages
	ReplyN    string
	ReplyUnit []choice
	Looks     []string // who looks after it, the first asked first
	Slots     [][]choice
	Safety    bool
	Lead      []choice
	Deputy    []choice
	Called    []string
	HasAreas  bool
	Areas     []areaView
	NewArea   string
	Dates     []dateView
	Forms     []formView
	History   history
}

type languageView struct {
	Tag, Name, Dir string
	Reviewed       bool
}

type areaView struct {
	Value, Label   string
	Closed, First  bool
	Form, WordLink string
}

type dateView struct {
	Event, Session, Title string
	Starts, Ends          string // as an input writes them
	When                  string
	Venue, Capacity       string
	Link, ID              string
}

type formView struct {
	Name, Title, Link, Page, Switch string
	Closed                          bool
	Until                           string
}

// programmeSays is what a programme's page is for, in one line.
func (d *Desk) programmeSays(p *programme.Programme) string {
	return d.say(postroom.Say("desk.settings.programme_says", "forms", strconv.Itoa(len(p.Forms)), "languages", strconv.Itoa(len(p.Languages))))
}

// programmeOf is what the address names, if who looks may change it.
func (d *Desk) programmeOf(r *request) (wording.Programme, error) {
	name := r.PathValue("name")
	p, known := d.Wording.Programme(name)
	if !known {
		return p, notFound("programme " + name)
	}
	if !mayWord(r.Who, name) {
		return p, notYours()
	}
	return p, nil
}

func (d *Desk) showProgramme(w http.ResponseWriter, r *request) error {
	p, err := d.programmeOf(r)
	if err != nil {
		return err
	}
	return d.renderProgramme(w, r, http.StatusOK, p, nil)
}

func (d *Desk) renderProgramme(w http.ResponseWriter, r *request, status int, p wording.Programme, wrong problems) error {
	v := programmePage{page: d.page(r, p.Title.In(english)), Name: p.Name, Link: programmeLink(p.Name), Seen: p.Version, MayAll: mayAll(r.Who), Problems: wrong}
	v.Here = v.Link
	v.Languages = d.languagesOf(p.Programme)
	v.Unread = slices.ContainsFunc(v.Languages, func(l languageView) bool { return !l.Reviewed })
	v.ReplyN, v.ReplyUnit = d.replyTime(p.ReplyWithin)
	for _, c := range d.Team.LooksAfter(p.Name, "") {
		v.Looks = append(v.Looks, c.Name)
	}
	v.Slots = d.slots(p.Programme)
	d.addSafety(&v, p.Programme)
	v.Areas, v.HasAreas = d.areas(p.Programme)
	v.Dates = d.dates(p.Programme)
	for _, f := range p.Forms {
		v.Forms = append(v.Forms, d.form(p.Programme, f))
	}
	if len(wrong) > 0 {
		v.ReplyN, v.NewArea = or(r.PostFormValue("n"), v.ReplyN), r.PostFormValue("label")
	}
	var err error
	if v.History, err = d.history(r, store.ProgrammeWording, p.Name, "", p.Change, v.Link); err != nil {
		return err
	}
	return d.render(w, r, status, "settings-programme.html", v)
}

func (d *Desk) languagesOf(p *programme.Programme) (list []languageView) {
	for _, tag := range p.Languages {
		list = append(list, languageView{Tag: tag, Name: d.Public.Text(tag, postroom.Say("language.name")), Dir: direction(tag), Reviewed: slices.Contains(p.Reviewed, tag)})
	}
	return list
}

func direction(tag string) string {
	if postroom.RightToLeft(tag) {
		return "rtl"
	}
	return "ltr"
}

// The units of a reply time, as a programme's file writes them.
const (
	hours       = "h"
	days        = "d"
	workingDays = " working days"
)

func (d *Desk) replyTime(s programme.Span) (n string, units []choice) {
	unit, count := workingDays, s.Working
	switch {
	case s.Days > 0:
		unit, count = days, s.Days
	case s.Clock > 0:
		unit, count = hours, int(s.Clock/time.Hour)
	}
	for _, u := range []struct{ unit, key string }{{workingDays, "desk.programme.working_days"}, {days, "desk.programme.days"}, {hours, "desk.programme.hours"}} {
		units = append(units, choice{Value: u.unit, Label: d.say(postroom.Say(u.key)), Chosen: u.unit == unit})
	}
	return strconv.Itoa(count), units
}

// slots are who is named first, second and so on to look after a programme, and
// one place more. Whoever follows the settings file may be named, and whoever has
// the programme among theirs.
func (d *Desk) slots(p *programme.Programme) (list [][]choice) {
	for i := range len(p.Coordinators) + 1 {
		chosen := ""
		if i < len(p.Coordinators) {
			chosen = p.Coordinators[i]
		}
		list = append(list, d.among(chosen, func(c postroom.Colleague) bool { return c.FromFile || c.Has(postroom.IsCoordinator, p.Name, "") }))
	}
	return list
}

// among lists the colleagues that may be picked. Who is picked is among them in
// any case, also when they are not here.
func (d *Desk) among(chosen string, may func(postroom.Colleague) bool) []choice {
	list := []choice{{Label: d.say(postroom.Say("desk.person.nobody")), Chosen: chosen == ""}}
	found := chosen == ""
	for _, c := range d.Team.All() {
		if may(c) || c.Name == chosen {
			list = append(list, choice{Value: c.Name, Label: c.Name, Chosen: c.Name == chosen})
			found = found || c.Name == chosen
		}
	}
	if !found {
		list = append(list, choice{Value: chosen, Label: d.missing(chosen), Chosen: true})
	}
	return list
}

// missing says of a name in a programme's file that it is nobody's who is here: of
// somebody who has left, or of nobody who ever was.
func (d *Desk) missing(name string) string {
	if slices.ContainsFunc(d.Team.Gone(), func(c postroom.Colleague) bool { return c.Name == name }) {
		return d.say(postroom.Say("desk.programme.not_here", "name", name))
	}
	return d.say(postroom.Say("desk.programme.not_known", "name", name))
}

func (d *Desk) addSafety(v *programmePage, p *programme.Programme) {
	s := p.Safeguarding
	v.Safety = s.Lead != ""
	v.Lead, v.Deputy = d.among(s.Lead, postroom.Colleague.Answers), d.among(s.Deputy, postroom.Colleague.Answers)
	for _, name := range []string{s.Lead, s.Deputy} {
		if name != "" {
			v.Called = append(v.Called, name)
		}
	}
}

func (d *Desk) areas(p *programme.Programme) (list []areaView, has bool) {
	forms := withAreas(p)
	for i, o := range areasOf(p) {
		list = append(list, areaView{Value: o.Value, Label: o.Label.In(english), Closed: o.Closed, First: i == 0, Form: forms[0].Name})
	}
	return list, len(forms) > 0
}

// withAreas lists the forms that ask for an area to be chosen.
func withAreas(p *programme.Programme) (list []*programme.Form) {
	for _, f := range p.Forms {
		if field, asked := f.Field("area"); asked && len(field.Options) > 0 {
			list = append(list, f)
		}
	}
	return list
}

const inputTime = "2006-01-02T15:04" // as an input of type datetime-local writes it

func (d *Desk) dates(p *programme.Programme) (list []dateView) {
	for _, e := range p.Events {
		for _, s := range e.Sessions {
			v := dateView{
				Event: e.Name, Session: s.Name, Title: s.Title.In(english), Venue: s.Venue, When: d.day(s.StartsAt) + ", " + s.StartsAt.In(d.Org.Zone).Format("15:04"),
				Starts: s.StartsAt.In(d.Org.Zone).Format(inputTime), Ends: s.EndsAt.In(d.Org.Zone).Format(inputTime),
				Link: programmeLink(p.Name) + "/date/" + url.PathEscape(e.Name) + "/" + url.PathEscape(s.Name), ID: "date-" + e.Name + "-" + s.Name,
			}
			if len(p.Events) > 1 {
				v.Title = e.Title.In(english) + ": " + v.Title
			}
			if s.Capacity != nil {
				v.Capacity = strconv.Itoa(*s.Capacity)
			}
			list = append(list, v)
		}
	}
	return list
}

func formLink(name string) string { return "/desk/settings/form/" + url.PathEscape(name) }

func (d *Desk) form(p *programme.Programme, f *programme.Form) formView {
	v := formView{Name: f.Name, Title: f.Title.In(english), Link: formLink(f.Name), Page: "/f/" + url.PathEscape(f.Name), Switch: programmeLink(p.Name) + "/form/" + url.PathEscape(f.Name), Closed: f.ClosedAt(d.now())}
	if v.Closed && !f.Closed.Now && !f.Closed.Until.IsZero() {
		v.Until = d.day(f.Closed.Until)
	}
	return v
}

// edit changes a programme and goes back to its page, or shows what is wrong.
func (d *Desk) edit(w http.ResponseWriter, r *request, p wording.Programme, id string, edits ...programme.Edit) error {
	version, err := d.Wording.Edit(r.Context(), wording.Hand{By: r.Who.Name, Seen: seen(r)}, p.Name, edits...)
	if err != nil {
		wrong, err := d.sorry(err, id)
		if err != nil {
			return err
		}
		if now, known := d.Wording.Programme(p.Name); known {
			p = now
		}
		return d.renderProgramme(w, r, http.StatusUnprocessableEntity, p, wrong)
	}
	return d.reworded(w, r, store.ProgrammeWording, p.Name, "", p.Version, version, programmeLink(p.Name))
}

// reworded goes back to where a change was made, and says what was done if
// anything was.
func (d *Desk) reworded(w http.ResponseWriter, r *request, kind store.WordingKind, name, locale string, was, is int, otherwise string) error {
	if was == is {
		http.Redirect(w, r.Request, r.back(otherwise), http.StatusSeeOther)
		return nil
	}
	return d.did(w, r, deedOfWording(kind, name, locale, is), otherwise)
}

// mend shows the programme's page again with one thing to put right.
func (d *Desk) mend(w http.ResponseWriter, r *request, p wording.Programme, id, key string) error {
	return d.renderProgramme(w, r, http.StatusUnprocessableEntity, p, problems{{id, d.say(postroom.Say(key))}})
}

func (d *Desk) setReplyTime(w http.ResponseWriter, r *request) error {
	p, err := d.programmeOf(r)
	if err != nil {
		return err
	}
	const most = 60
	n, err := strconv.Atoi(strings.TrimSpace(r.PostFormValue("n")))
	unit := r.PostFormValue("unit")
	if err != nil || n < 1 || n > most || !slices.Contains([]string{hours, days, workingDays}, unit) {
		return d.mend(w, r, p, "reply-n", "desk.programme.reply_wrong")
	}
	return d.edit(w, r, p, "reply-n", programme.SetReplyWithin(strconv.Itoa(n)+unit))
}

func (d *Desk) setCoordinators(w http.ResponseWriter, r *request) error {
	p, err := d.programmeOf(r)
	if err != nil {
		return err
	}
	if !mayAll(r.Who) {
		return notYours()
	}
	var names []string
	for _, name := range r.PostForm["who"] {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return d.mend(w, r, p, "who-0", "desk.programme.somebody")
	}
	return d.edit(w, r, p, "who-0", programme.SetCoordinators(names...))
}

func (d *Desk) setSafeguarding(w http.ResponseWriter, r *request) error {
	p, err := d.programmeOf(r)
	if err != nil {
		return err
	}
	if !mayAll(r.Who) {
		return notYours()
	}
	lead, deputy := r.PostFormValue("lead"), r.PostFormValue("deputy")
	if lead == "" || lead == deputy {
		return d.mend(w, r, p, "lead", "desk.programme.lead_wrong")
	}
	for _, each := range []struct{ id, name, was string }{{"lead", lead, p.Safeguarding.Lead}, {"deputy", deputy, p.Safeguarding.Deputy}} {
		if key := d.unfit(each.name, each.was); key != "" {
			wrong := problems{{each.id, d.say(postroom.Say(key, "name", each.name))}}
			return d.renderProgramme(w, r, http.StatusUnprocessableEntity, p, wrong)
		}
	}
	return d.edit(w, r, p, "lead", programme.SetSafeguarding(lead, deputy))
}

// unfit is the key of why somebody cannot be told when somebody may be in danger, or
// "": only who reads what people sent may read that. A name that stood there before
// and is nobody's may stay: it opens nothing.
func (d *Desk) unfit(name, was string) string {
	switch c, here := d.Team.Named(name); {
	case name == "" || !here && name == was:
		return ""
	case !here:
		return "desk.programme.lead_nobody"
	case !c.Answers():
		return "desk.programme.lead_may_not"
	}
	return ""
}

// setReviewed notes that somebody who speaks a language has read its texts, or
// that nobody has.
func (d *Desk) setReviewed(w http.ResponseWriter, r *request) error {
	p, err := d.programmeOf(r)
	if err != nil {
		return err
	}
	tag := r.PostFormValue("language")
	if !slices.Contains(p.Languages, tag) {
		return notFound("language " + tag)
	}
	reviewed := slices.DeleteFunc(slices.Clone(p.Reviewed), func(known string) bool { return known == tag })
	if r.PostFormValue("do") == "yes" {
		reviewed = append(reviewed, tag)
	}
	return d.edit(w, r, p, "languages", programme.SetReviewed(reviewed...))
}

// addArea offers one more area in every form that asks for one.
func (d *Desk) addArea(w http.ResponseWriter, r *request) error {
	p, err := d.programmeOf(r)
	if err != nil {
		return err
	}
	if !mayAll(r.Who) {
		return notYours()
	}
	label := oneLine(r.PostFormValue("label"))
	known := areasOf(p.Programme)
	same := func(o programme.Option) bool { return strings.EqualFold(o.Label.In(english), label) }
	switch {
	case label == "" || utf8.RuneCountInString(label) > longestName*2:
		return d.mend(w, r, p, "new-area", "desk.programme.area_wrong")
	case slices.ContainsFunc(known, same):
		return d.mend(w, r, p, "new-area", "desk.programme.area_there")
	}
	value := valueFor(label, known)
	var edits []programme.Edit
	for _, f := range withAreas(p.Programme) {
		edits = append(edits, programme.PutOption(f.Name, "area", value, postroom.Words{"": label}))
	}
	return d.edit(w, r, p, "new-area", edits...)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// valueFor is the short name under which an answer is kept.
func valueFor(label string, known []programme.Option) string {
	const longest = 30
	value := strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			return unicode.ToLower(r)
		case unicode.IsSpace(r) || r == '-':
			return '-'
		}
		return -1
	}, label), "-")
	value = strings.Trim(value[:min(len(value), longest)], "-")
	if value == "" {
		value = "area"
	}
	for n, first := 2, value; slices.ContainsFunc(known, func(o programme.Option) bool { return o.Value == value }); n++ {
		value = fmt.Sprintf("%s-%d", first, n)
	}
	return value
}

// changeArea renames an area, moves it up, or stops offering it.
func (d *Desk) changeArea(w http.ResponseWriter, r *request) error {
	p, err := d.programmeOf(r)
	if err != nil {
		return err
	}
	if !mayAll(r.Who) {
		return notYours()
	}
	known := areasOf(p.Programme)
	i := slices.IndexFunc(known, func(o programme.Option) bool { return o.Value == r.PathValue("area") })
	if i < 0 {
		return notFound("area " + r.PathValue("area"))
	}
	label := oneLine(r.PostFormValue("label"))
	do := r.PostFormValue("do")
	if do == "rename" && (label == "" || utf8.RuneCountInString(label) > longestName*2) {
		return d.mend(w, r, p, "area-"+known[i].Value, "desk.programme.area_wrong")
	}
	var edits []programme.Edit
	for _, f := range withAreas(p.Programme) {
		edits = append(edits, areaEdits(f, known, i, do, label)...)
	}
	return d.edit(w, r, p, "area-"+known[i].Value, edits...)
}

func areaEdits(f *programme.Form, known []programme.Option, i int, do, label string) []programme.Edit {
	value := known[i].Value
	field, _ := f.Field("area")
	at := slices.IndexFunc(field.Options, func(o programme.Option) bool { return o.Value == value })
	if at < 0 {
		return nil
	}
	switch do {
	case "close", "open":
		return []programme.Edit{programme.CloseOption(f.Name, "area", value, do == "close")}
	case "up":
		if i == 0 {
			return nil
		}
		var order []string
		for _, o := range known {
			order = append(order, o.Value)
		}
		order[i-1], order[i] = order[i], order[i-1]
		return []programme.Edit{programme.OrderOptions(f.Name, "area", order...)}
	case "rename":
		return []programme.Edit{programme.SetText("form/"+f.Name+"/field/area/option/"+value, oneForAll(field.Options[at].Label), label)}
	}
	return nil
}

// oneForAll is "" where a text reads the same in every language, and English
// otherwise: the name of a place is seldom translated.
func oneForAll(w postroom.Words) string {
	for _, text := range w {
		if text != w[english] {
			return english
		}
	}
	return ""
}

// setDate changes when and where a date of an event is, and how many may come.
func (d *Desk) setDate(w http.ResponseWriter, r *request) error {
	p, err := d.programmeOf(r)
	if err != nil {
		return err
	}
	event, session := r.PathValue("event"), r.PathValue("session")
	id := "date-" + event + "-" + session
	if !slices.ContainsFunc(d.dates(p.Programme), func(v dateView) bool { return v.ID == id }) {
		return notFound("date " + session)
	}
	starts, ok := d.moment(r.PostFormValue("starts"))
	ends, fine := d.moment(r.PostFormValue("ends"))
	venue := oneLine(r.PostFormValue("venue"))
	capacity, err := wholeNumber(r.PostFormValue("capacity"))
	switch {
	case !ok || !fine || !ends.After(starts):
		return d.mend(w, r, p, id, "desk.programme.date_wrong")
	case err != nil:
		return d.mend(w, r, p, id, "desk.programme.capacity_wrong")
	case venue == "":
		return d.mend(w, r, p, id, "desk.programme.venue_wrong")
	}
	return d.edit(w, r, p, id, programme.SetSession(event, session, programme.SessionChange{Starts: &starts, Ends: &ends, Venue: &venue, Capacity: &capacity}))
}

// wholeNumber reads how many may come; nothing is without a limit.
func wholeNumber(text string) (int, error) {
	const most = 100_000
	if text = strings.TrimSpace(text); text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err == nil && (n < 1 || n > most) {
		err = fmt.Errorf("%d is no number of places", n)
	}
	return n, err
}

// moment reads a day and an hour on the organisation's clock.
func (d *Desk) moment(text string) (time.Time, bool) {
	text = strings.TrimSpace(text)
	for _, layout := range []string{inputTime, "2006-01-02 15:04", "2006-01-02T15:04:05", "2/1/2006 15:04"} {
		if t, err := time.ParseInLocation(layout, text, d.Org.Zone); err == nil && t.Year() > 2000 && t.Year() < 2200 {
			return t, true
		}
	}
	return time.Time{}, false
}

// switchForm closes a form, until a day or until it is opened again, or opens it.
func (d *Desk) switchForm(w http.ResponseWriter, r *request) error {
	p, err := d.programmeOf(r)
	if err != nil {
		return err
	}
	name := r.PathValue("form")
	if !slices.ContainsFunc(p.Forms, func(f *programme.Form) bool { return f.Name == name }) {
		return notFound("form " + name)
	}
	closed := programme.Closed{}
	if r.PostFormValue("do") == "close" {
		closed.Now = true
		if text := strings.TrimSpace(r.PostFormValue("until")); text != "" {
			until, ok := d.date(text)
			if !ok || !until.After(d.now()) {
				return d.mend(w, r, p, "until-"+name, "desk.programme.until_wrong")
			}
			closed = programme.Closed{Until: until}
		}
	}
	return d.edit(w, r, p, "form-"+name, programme.SetClosed(name, closed))
}
