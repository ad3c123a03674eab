package desk

import (
	"net/http"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/signin"
)

// peoplePage is everybody who works here.
type peoplePage struct {
	page
	People   []personView
	Gone     []personView
	MayAll   bool
	Problems problems
	Invite   inviteView
}

// personView is a colleague in words.
type personView struct {
	Name, Link, Address string
	Roles               []string
	Away                string // since or from when, until when
	IsAway              bool   // now
	Cover               string
	CoversFor           string
	Proposed            string // the absence that an automatic reply proposes
	FromFile            bool
	Me, May             bool // may be changed by who looks
	Left                When
}

type inviteView struct {
	Name, Address, Role string
	Programmes          []choice
	Locales             []choice
}

// choice is one thing that can be ticked or picked.
type choice struct {
	Value, Label, Says string
	Chosen             bool
	Parts              []choice
	Open               bool // one of the parts is chosen
	ID                 string
}

func (d *Desk) showColleagues(w http.ResponseWriter, r *request) error {
	return d.renderPeople(w, r, http.StatusOK, nil, inviteView{Role: string(postroom.IsCoordinator)})
}

func (d *Desk) renderPeople(w http.ResponseWriter, r *request, status int, wrong problems, i inviteView) error {
	p := peoplePage{page: d.page(r, d.say(postroom.Say("desk.settings.people"))), MayAll: mayAll(r.Who), Problems: wrong, Invite: i}
	p.Here = "/desk/settings/people"
	for _, c := range d.Team.All() {
		p.People = append(p.People, d.person(r.Who, c))
	}
	slices.SortStableFunc(p.People, func(a, b personView) int { return mine(b) - mine(a) })
	for _, c := range d.Team.Gone() {
		p.Gone = append(p.Gone, d.person(r.Who, c))
	}
	chosen := r.PostForm["programme"]
	for _, each := range d.Programmes.Programmes() {
		p.Invite.Programmes = append(p.Invite.Programmes, choice{Value: each.Name, Label: each.Title.In(english), ID: "programme-" + each.Name, Chosen: slices.Contains(chosen, each.Name)})
	}
	p.Invite.Locales = d.locales(or(r.PostFormValue("locale"), english))
	return d.render(w, r, status, "settings-people.html", p)
}

func mine(p personView) int {
	if p.Me {
		return 1
	}
	return 0
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// locales lists the languages that mails to colleagues are to be had in.
func (d *Desk) locales(chosen string) (list []choice) {
	for _, tag := range d.Public.Tags() {
		list = append(list, choice{Value: tag, Label: d.Public.Text(tag, postroom.Say("language.name")), Chosen: tag == chosen})
	}
	return list
}

// person puts a colleague into words.
func (d *Desk) person(who, c postroom.Colleague) personView {
	p := personView{
		Name: c.Name, Link: colleagueLink(c.Name), Address: c.Address, Roles: d.roles(c), Cover: c.Cover, FromFile: c.Follows(),
		Me: c.Name == who.Name, May: c.Here() && (mayAll(who) || c.Name == who.Name), Left: d.when(c.LeftAt),
		CoversFor: strings.Join(d.Team.Covers(c.Name, d.now()), ", "), IsAway: c.Away(d.now()),
	}
	if c.Absence.Proposed {
		p.Proposed = d.absence(c.Absence, "desk.person.is_away")
	} else {
		p.Away = d.absence(c.Absence, "desk.person.away")
	}
	return p
}

// absence says when somebody is away: "Away from Monday 30 November 2026 to
// Friday 4 December 2026". One that is over is nothing.
func (d *Desk) absence(a postroom.Absence, key string) string {
	if a.From.IsZero() || d.over(a) {
		return ""
	}
	last := ""
	if a.Until.IsZero() {
		key += "_open"
	} else {
		last = d.day(a.Until.Add(-time.Microsecond))
	}
	return d.say(postroom.Say(key, "from", d.day(a.From), "until", last))
}

func (d *Desk) over(a postroom.Absence) bool { return !a.Until.IsZero() && !a.Until.After(d.now()) }

// roles says what a colleague may do, one sentence a role.
func (d *Desk) roles(c postroom.Colleague) (list []string) {
	for _, role := range postroom.Roles() {
		if !c.Is(role) {
			continue
		}
		says := d.say(postroom.Say("desk.role." + string(role)))
		if what := d.reach(c, role); what != "" {
			says += ": " + what
		}
		list = append(list, says)
	}
	if len(list) == 0 && c.Here() {
		list = append(list, d.say(postroom.Say("desk.role.none")))
	}
	return list
}

// reach says for what a colleague has a role; "" is for everything.
func (d *Desk) reach(c postroom.Colleague, role postroom.Role) string {
	if c.Has(role, "", "") {
		if role == postroom.IsCoordinator {
			return d.say(postroom.Say("desk.role.everything"))
		}
		return ""
	}
	var list []string
	for _, p := range d.Programmes.Programmes() {
		var areas []string
		whole := c.Has(role, p.Name, "")
		for _, a := range areasOf(p) {
			if !whole && c.Has(role, p.Name, a.Value) {
				areas = append(areas, a.Label.In(english))
			}
		}
		switch {
		case whole:
			list = append(list, p.Title.In(english))
		case len(areas) > 0:
			list = append(list, p.Title.In(english)+" ("+strings.Join(areas, ", ")+")")
		}
	}
	return strings.Join(list, "; ")
}

// areasOf lists the areas of a programme: what its forms let people choose.
func areasOf(p *programme.Programme) (list []programme.Option) {
	for _, f := range p.Forms {
		field, asked := f.Field("area")
		if !asked {
			continue
		}
		for _, o := range field.Options {
			if !slices.ContainsFunc(list, func(known programme.Option) bool { return known.Value == o.Value }) {
				list = append(list, o)
			}
		}
	}
	return list
}

// invite asks somebody to work here.
func (d *Desk) invite(w http.ResponseWriter, r *request) error {
	if !mayAll(r.Who) {
		return notYours()
	}
	i := inviteView{Name: strings.TrimSpace(r.PostFormValue("name")), Address: strings.TrimSpace(r.PostFormValue("address")), Role: r.PostFormValue("role")}
	if wrong := d.checkInvitation(i, r.PostForm["programme"]); len(wrong) > 0 {
		return d.renderPeople(w, r, http.StatusUnprocessableEntity, wrong, i)
	}
	if d.Inviter == nil {
		return &postroom.Error{Kind: postroom.Unavailable}
	}
	programmes := r.PostForm["programme"]
	if postroom.Role(i.Role) == postroom.Admin {
		programmes = nil
	}
	c, err := d.Inviter.Invite(r.Context(), signin.Invitation{Address: i.Address, Name: i.Name, Locale: d.knownLocale(r.PostFormValue("locale")), Role: postroom.Role(i.Role), Programmes: programmes, By: r.Who.Name})
	if err != nil {
		wrong, err := d.sorry(err, "name")
		if err != nil {
			return err
		}
		return d.renderPeople(w, r, http.StatusUnprocessableEntity, wrong, i)
	}
	deed, err := d.Team.Joined(r.Context(), r.Who, c.Name)
	if err != nil {
		return err
	}
	return d.did(w, r, deed, "/desk/settings/people")
}

func (d *Desk) knownLocale(tag string) string {
	if slices.Contains(d.Public.Tags(), tag) {
		return tag
	}
	return english
}

func (d *Desk) checkInvitation(i inviteView, programmes []string) (wrong problems) {
	add := func(id, key string) { wrong = append(wrong, problem{id, d.say(postroom.Say(key))}) }
	if !nameable(i.Name) {
		add("name", "desk.invite.name_wrong")
	}
	if _, taken := d.Team.Named(i.Name); taken {
		add("name", "desk.invite.name_taken")
	}
	if !addressable(i.Address) {
		add("address", "desk.invite.address_wrong")
	}
	for _, gone := range d.Team.Gone() {
		switch same := strings.EqualFold(gone.Address, i.Address); {
		case same && gone.Name != i.Name:
			wrong = append(wrong, problem{"name", d.say(postroom.Say("desk.invite.came_back", "name", gone.Name))})
		case !same && gone.Name == i.Name:
			add("name", "desk.invite.name_taken")
		}
	}
	if c, here := d.Team.At(i.Address); here {
		wrong = append(wrong, problem{"address", d.say(postroom.Say("desk.team.address_taken", "name", c.Name))})
	}
	if !slices.Contains(postroom.Roles(), postroom.Role(i.Role)) {
		add("role-coordinator", "desk.invite.role_wrong")
	}
	for _, name := range programmes {
		if _, known := d.Programmes.Programme(name); !known {
			add("role-coordinator", "desk.invite.programme_wrong")
		}
	}
	return wrong
}

// longestName is how long the name of a colleague may be, in characters.
const longestName = 40

// nameable says whether somebody can be known by a name: in the settings file, in
// a reply command, and in the address of a page.
func nameable(name string) bool {
	if name == "" || utf8.RuneCountInString(name) > longestName || strings.TrimSpace(name) != name {
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && !strings.ContainsRune(" -.'’", r)
	}) && strings.ContainsFunc(name, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}

// addressable says whether mail can be sent to an address.
func addressable(address string) bool {
	const longest = 254 // RFC 5321, section 4.5.3.1.3
	parsed, err := mail.ParseAddress(address)
	return err == nil && parsed.Address == address && len(address) <= longest && strings.Contains(address, ".")
}

// personPage is one colleague, and what can be changed of them.
type personPage struct {
	page
	Person   personView
	Problems problems
	Address  string
	MayAll   bool
	From     string // of the absence, as an input of dates writes it
	Until    string
	Proposed bool
	Covers   []choice
	Locales  []choice
	Admin    bool
	Greeter  bool
	Viewer   bool
	Every    bool
	Work     []choice
}

func (d *Desk) showPerson(w http.ResponseWriter, r *request) error {
	c, err := d.colleague(r)
	if err != nil {
		return err
	}
	return d.renderPerson(w, r, http.StatusOK, c, nil)
}

// colleague is whom the address of the page names, if who looks may change them.
func (d *Desk) colleague(r *request) (postroom.Colleague, error) {
	name := r.PathValue("name")
	c, here := d.Team.Named(name)
	if !here {
		return c, notFound("colleague " + name)
	}
	if name != r.Who.Name && !mayAll(r.Who) {
		return c, notYours()
	}
	return c, nil
}

func (d *Desk) renderPerson(w http.ResponseWriter, r *request, status int, c postroom.Colleague, wrong problems) error {
	p := personPage{page: d.page(r, c.Name), Person: d.person(r.Who, c), Problems: wrong, MayAll: mayAll(r.Who), Address: c.Address}
	p.Here = colleagueLink(c.Name)
	if a := c.Absence; !a.From.IsZero() && !d.over(a) {
		p.From, p.Proposed = a.From.In(d.Org.Zone).Format(time.DateOnly), a.Proposed
		if !a.Until.IsZero() {
			p.Until = a.Until.Add(-time.Microsecond).In(d.Org.Zone).Format(time.DateOnly)
		}
	}
	cover, locale := c.Cover, c.Locale
	if len(wrong) > 0 { // what was typed stays
		p.From, p.Until = or(r.PostFormValue("from"), p.From), or(r.PostFormValue("until"), p.Until)
		cover, locale, p.Address = or(r.PostFormValue("cover"), cover), or(r.PostFormValue("locale"), locale), or(r.PostFormValue("address"), p.Address)
	}
	p.Covers = slices.DeleteFunc(d.others(c.Name, cover), func(o choice) bool { return o.Value != cover && !d.mayCover(c, o.Value) })
	p.Locales = d.locales(locale)
	p.Admin, p.Greeter, p.Viewer = c.Is(postroom.Admin), c.Is(postroom.Greeter), c.Is(postroom.Viewer)
	p.Every = c.Has(postroom.IsCoordinator, "", "")
	p.Work = d.work(c)
	return d.render(w, r, status, "settings-person.html", p)
}

// others lists who may stand in for somebody.
func (d *Desk) others(name, chosen string) []choice {
	list := []choice{{Label: d.say(postroom.Say("desk.person.nobody")), Chosen: chosen == ""}}
	for _, c := range d.Team.All() {
		if c.Name != name {
			list = append(list, choice{Value: c.Name, Label: c.Name, Chosen: c.Name == chosen})
		}
	}
	return list
}

// work lists what a colleague could look after.
func (d *Desk) work(c postroom.Colleague) (list []choice) {
	has := func(programme, area string) bool {
		return slices.Contains(c.Grants, postroom.Grant{Role: postroom.IsCoordinator, Programme: programme, Area: area})
	}
	for _, p := range d.Programmes.Programmes() {
		each := choice{Value: p.Name, Label: p.Title.In(english), Chosen: has(p.Name, ""), ID: "work-" + p.Name}
		for _, a := range areasOf(p) {
			each.Parts = append(each.Parts, choice{Value: p.Name + "|" + a.Value, Label: a.Label.In(english), Chosen: has(p.Name, a.Value), ID: each.ID + "-" + a.Value})
		}
		each.Open = slices.ContainsFunc(each.Parts, func(part choice) bool { return part.Chosen })
		list = append(list, each)
	}
	return list
}

// changed shows the person's page again with what is wrong, or goes back to it.
func (d *Desk) changed(w http.ResponseWriter, r *request, c postroom.Colleague, deed postroom.Deed, err error, id string) error {
	if err != nil {
		wrong, err := d.sorry(err, id)
		if err != nil {
			return err
		}
		return d.renderPerson(w, r, http.StatusUnprocessableEntity, c, wrong)
	}
	if deed.ID == "" {
		http.Redirect(w, r.Request, r.back(colleagueLink(c.Name)), http.StatusSeeOther)
		return nil
	}
	return d.did(w, r, deed, colleagueLink(c.Name))
}

// setDetails changes a colleague's address (an admin does), language and cover.
func (d *Desk) setDetails(w http.ResponseWriter, r *request) error {
	c, err := d.colleague(r)
	if err != nil {
		return err
	}
	address := strings.ToLower(strings.TrimSpace(r.PostFormValue("address")))
	if !mayAll(r.Who) || address == "" {
		address = c.Address
	}
	cover := r.PostFormValue("cover")
	switch {
	case !addressable(address):
		return d.renderPerson(w, r, http.StatusUnprocessableEntity, c, problems{{"address", d.say(postroom.Say("desk.invite.address_wrong"))}})
	case !d.mayCover(c, cover):
		return d.renderPerson(w, r, http.StatusUnprocessableEntity, c, problems{{"cover", d.say(postroom.Say("desk.person.cover_wrong"))}})
	}
	deed, err := d.Team.Alter(r.Context(), r.Who, "details", c.Name, func(c *postroom.Colleague) error {
		c.Address, c.Cover, c.Locale = address, cover, d.knownLocale(or(r.PostFormValue("locale"), c.Locale))
		return nil
	})
	return d.changed(w, r, c, deed, err, "address")
}

func (d *Desk) mayCover(c postroom.Colleague, cover string) bool {
	if cover == "" {
		return true
	}
	stands, here := d.Team.Named(cover)
	return here && cover != c.Name && stands.Answers()
}

// setGrants changes what a colleague may do.
func (d *Desk) setGrants(w http.ResponseWriter, r *request) error {
	c, err := d.colleague(r)
	if err != nil {
		return err
	}
	deed, err := d.Team.Alter(r.Context(), r.Who, "grants", c.Name, func(c *postroom.Colleague) error {
		c.Grants = d.grants(r.PostForm, *c)
		return nil
	})
	return d.changed(w, r, c, deed, err, "admin")
}

// grants reads what was ticked. What the page does not show stays as it is: a
// role at the door or for figures in a single programme.
func (d *Desk) grants(form url.Values, c postroom.Colleague) (list []postroom.Grant) {
	for _, role := range []postroom.Role{postroom.Admin, postroom.Greeter, postroom.Viewer} {
		var had []postroom.Grant
		for _, g := range c.Grants {
			if g.Role == role {
				had = append(had, g)
			}
		}
		switch {
		case form.Get(string(role)) == "":
		case len(had) > 0:
			list = append(list, had...)
		default:
			list = append(list, postroom.Grant{Role: role})
		}
	}
	if form.Get("every") != "" {
		return append(list, postroom.Grant{Role: postroom.IsCoordinator})
	}
	for _, each := range form["work"] {
		name, area, _ := strings.Cut(each, "|")
		p, known := d.Programmes.Programme(name)
		if !known || area != "" && !slices.ContainsFunc(areasOf(p), func(o programme.Option) bool { return o.Value == area }) {
			continue
		}
		list = append(list, postroom.Grant{Role: postroom.IsCoordinator, Programme: name, Area: area})
	}
	return list
}

// setAway notes when a colleague is away, and who stands in.
func (d *Desk) setAway(w http.ResponseWriter, r *request) error {
	c, err := d.colleague(r)
	if err != nil {
		return err
	}
	from, until, wrong := d.readAbsence(r)
	cover := r.PostFormValue("cover")
	if !d.mayCover(c, cover) {
		wrong = append(wrong, problem{"away-cover", d.say(postroom.Say("desk.person.cover_wrong"))})
	}
	if len(wrong) > 0 {
		return d.renderPerson(w, r, http.StatusUnprocessableEntity, c, wrong)
	}
	deed, err := d.Team.Alter(r.Context(), r.Who, "away", c.Name, func(c *postroom.Colleague) error {
		c.Absence, c.Cover = postroom.Absence{From: from, Until: until}, cover
		return nil
	})
	return d.changed(w, r, c, deed, err, "from")
}

// readAbsence reads the first and the last day of an absence; the second is the
// moment at which it is over.
func (d *Desk) readAbsence(r *request) (from, until time.Time, wrong problems) {
	add := func(id, key string) { wrong = append(wrong, problem{id, d.say(postroom.Say(key))}) }
	now := d.now()
	from = time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, d.Org.Zone)
	ok := true
	if text := strings.TrimSpace(r.PostFormValue("from")); text != "" {
		if from, ok = d.date(text); !ok {
			add("from", "desk.person.date_wrong")
		}
	}
	text := strings.TrimSpace(r.PostFormValue("until"))
	if text == "" || !ok {
		return from, until, wrong
	}
	last, ok := d.date(text)
	until = last.AddDate(0, 0, 1)
	switch {
	case !ok:
		add("until", "desk.person.date_wrong")
	case last.Before(from):
		add("until", "desk.person.until_early")
	case !until.After(now):
		add("until", "desk.person.until_past")
	}
	return from, until, wrong
}

// date reads a day as an input of dates writes it, or as people do.
func (d *Desk) date(text string) (time.Time, bool) {
	for _, layout := range []string{time.DateOnly, "2/1/2006", "2.1.2006", "2 January 2006", "2 Jan 2006"} {
		if t, err := time.ParseInLocation(layout, text, d.Org.Zone); err == nil && t.Year() > 2000 && t.Year() < 2200 {
			return t, true
		}
	}
	return time.Time{}, false
}

func (d *Desk) setBack(w http.ResponseWriter, r *request) error {
	return d.alterAbsence(w, r, "back", func(a *postroom.Absence) { *a = postroom.Absence{} })
}

func (d *Desk) agreeAbsence(w http.ResponseWriter, r *request) error {
	return d.alterAbsence(w, r, "agree", func(a *postroom.Absence) { a.Proposed = false })
}

func (d *Desk) refuseAbsence(w http.ResponseWriter, r *request) error {
	return d.alterAbsence(w, r, "not_so", func(a *postroom.Absence) {
		if a.Proposed {
			*a = postroom.Absence{}
		}
	})
}

func (d *Desk) alterAbsence(w http.ResponseWriter, r *request, act string, change func(*postroom.Absence)) error {
	c, err := d.colleague(r)
	if err != nil {
		return err
	}
	deed, err := d.Team.Alter(r.Context(), r.Who, act, c.Name, func(c *postroom.Colleague) error {
		change(&c.Absence)
		return nil
	})
	return d.changed(w, r, c, deed, err, "from")
}
