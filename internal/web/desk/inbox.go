package desk

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"postroom/internal/casework"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

func (d *Desk) inboxRoutes() []route {
	return []route{{"GET /desk/inbox", readers(), d.inbox}}
}

// What of the inbox is looked at.
const (
	whichWaiting  = "waiting" // who waits for an answer
	whichOpen     = "open"    // that, and what is on file and needs none
	whichHeld     = "held"
	whichAnswered = "answered"
	whichClosed   = "closed"
	whichAll      = "all"

	whoseAll    = "all"
	whoseMine   = "mine"
	whoseNobody = "nobody"

	awakeOnly  = "awake"
	asleepOnly = "asleep"
	either     = "either"
)

// looking is what somebody asks the inbox for.
type looking struct {
	Query, Which, Programme, Kind, Whose, Asleep, Language, Area string

	after store.InboxPlace
}

// lookingFor reads what is asked for. What makes no sense is as if it had not
// been said.
func lookingFor(r *request) looking {
	q := r.URL.Query()
	one := func(name string, allowed ...string) string {
		if v := q.Get(name); slices.Contains(allowed, v) {
			return v
		}
		return allowed[0]
	}
	l := looking{
		Query: strings.TrimSpace(q.Get("q")), Programme: q.Get("programme"), Kind: q.Get("kind"), Language: q.Get("language"), Area: q.Get("area"),
		Which:  one("which", whichWaiting, whichOpen, whichHeld, whichAnswered, whichClosed, whichAll),
		Whose:  one("whose", whoseAll, whoseMine, whoseNobody),
		Asleep: one("asleep", awakeOnly, asleepOnly, either),
	}
	at, id, found := strings.Cut(q.Get("after"), "_")
	if micros, err := strconv.ParseInt(at, 10, 64); found && err == nil {
		l.after = store.InboxPlace{At: time.UnixMicro(micros), ID: id}
	}
	return l
}

// Narrowed says whether more than which list was chosen.
func (l looking) Narrowed() bool {
	return l.Query+l.Programme+l.Kind+l.Language+l.Area != "" || l.Whose != whoseAll || l.Asleep != awakeOnly
}

// link is the page that shows the same with one thing changed.
func (l looking) link(name, value string) string {
	q := url.Values{}
	for key, v := range map[string]string{
		"q": l.Query, "which": l.Which, "programme": l.Programme, "kind": l.Kind, "whose": l.Whose, "asleep": l.Asleep, "language": l.Language, "area": l.Area, name: value,
	} {
		if v != "" {
			q.Set(key, v)
		}
	}
	return "/desk/inbox?" + q.Encode()
}

// filter is what the store is asked for, before it is bounded by who asks.
func (d *Desk) filter(l looking, contacts []string) store.InboxFilter {
	f := store.InboxFilter{
		Kind: postroom.FormKind(l.Kind), Area: l.Area, Locale: l.Language, After: l.after, Now: d.now(), Contacts: contacts,
		States: map[string][]postroom.SubmissionState{
			whichOpen: {postroom.SubmissionReceived}, whichHeld: {postroom.SubmissionHeld}, whichAnswered: {postroom.SubmissionAnswered}, whichClosed: {postroom.SubmissionClosed},
			whichAll: {postroom.SubmissionReceived, postroom.SubmissionHeld, postroom.SubmissionAnswered, postroom.SubmissionClosed},
		}[l.Which],
		Snoozing: map[string]store.Snoozing{awakeOnly: store.Awake, asleepOnly: store.Asleep, either: store.AwakeOrAsleep}[l.Asleep],
	}
	if l.Programme != "" {
		f.Programmes = []string{l.Programme}
	}
	if l.Which == whichWaiting {
		f.Awaited = d.awaited
	}
	if l.Which != whichWaiting && l.Which != whichOpen && l.Which != whichAll {
		f.Matter = postroom.AboutSubmission // letters are in triage, or not here
	}
	if l.Which == whichHeld {
		f.Snoozing = store.AwakeOrAsleep // what is held is never asleep
	}
	return f
}

// awaited lists what a person answers in a programme.
func (d *Desk) awaited(name string) []postroom.Awaited {
	p, _ := d.Programmes.Programme(name)
	return p.Awaited()
}

// awaits says whether somebody who sent a form waits for a person's answer to it.
func (d *Desk) awaits(programme string, kind postroom.FormKind, form string) bool {
	p, _ := d.Programmes.Programme(programme)
	return p.Awaits(kind, form)
}

// inboxPage lists what came in.
type inboxPage struct {
	page
	Looking  looking
	Lists    []listLink
	Choices  []choiceOf
	Rows     []inboxRow
	Suspects bool        // some of the rows can be let go, or put aside, together
	Found    []foundLink // what has the reference that was asked for
	Shown    string      // how many, in words
	Older    string      // link; "" where this is the end
	Newest   string      // link; "" where this is the beginning
	Empty    string      // what an empty list means
	Days     []option    // until when something can be put off
	Tomorrow string
}

// listLink is one of the lists, with how much is in it.
type listLink struct {
	Name, Link, Count string
	Current           bool
}

// choiceOf is one thing by which the list can be narrowed.
type choiceOf struct {
	Name, Label string
	Options     []option
}

type option struct {
	Value, Label string
	Chosen       bool
}

// foundLink leads to what has a reference.
type foundLink struct{ Reference, Link string }

// inbox lists what came in, or goes to the one thing whose reference was typed.
func (d *Desk) inbox(w http.ResponseWriter, r *request) error {
	l := lookingFor(r)
	contacts, found, err := d.search(r, l.Query)
	if err != nil {
		return err
	}
	if len(found) == 1 && len(contacts) == 0 && sameReference(found[0].Reference, l.Query) && r.Header.Get("HX-Request") == "" {
		http.Redirect(w, r.Request, found[0].Link, http.StatusSeeOther)
		return nil
	}
	p := inboxPage{page: d.page(r, d.say(postroom.Say("desk.inbox.title"))), Looking: l, Found: found}
	p.Days, p.Tomorrow = d.days(), d.now().AddDate(0, 0, 1).Format(time.DateOnly)
	p.Lists, err = d.lists(r, l, contacts)
	if err != nil {
		return err
	}
	p.Choices = d.choices(r, l)
	rows, last, more, err := d.rows(r, l, contacts)
	if err != nil {
		return err
	}
	p.Rows = rows
	p.Suspects = slices.ContainsFunc(rows, func(row inboxRow) bool { return row.Suspect != "" })
	if more {
		p.Older = l.link("after", strconv.FormatInt(last.At.UnixMicro(), 10)+"_"+last.ID)
	}
	if l.after.ID != "" {
		p.Newest = l.link("after", "")
	}
	p.Shown, p.Empty = d.shown(l, len(rows), more), d.nothingIn(l)
	return d.render(w, r, http.StatusOK, "inbox.html", p)
}

// shown says how many there are on the page.
func (d *Desk) shown(l looking, n int, more bool) string {
	switch {
	case n == 0:
		return ""
	case n == 1 && !more && l.after.ID == "":
		return d.say(postroom.Say("desk.inbox.shown_one"))
	case more || l.after.ID != "":
		return d.say(postroom.Say("desk.inbox.shown_page", "n", strconv.Itoa(n)))
	}
	return d.say(postroom.Say("desk.inbox.shown", "n", strconv.Itoa(n)))
}

// nothingIn says what it means that a list is empty, and what to do.
func (d *Desk) nothingIn(l looking) string {
	if l.Narrowed() {
		return d.say(postroom.Say("desk.inbox.empty_narrowed"))
	}
	return d.keyed("desk.inbox.empty_" + l.Which)
}

// keyed puts a text into words whose key is put together; "" where there is none.
func (d *Desk) keyed(key string, pairs ...string) string {
	key = strings.NewReplacer("-", "_", " ", "_").Replace(key)
	if !d.words.Has(key) {
		return ""
	}
	return d.words.Text(english, postroom.Say(key, pairs...))
}

func sameReference(a, b string) bool {
	plain := func(s string) string { return strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(s)) }
	return plain(a) == plain(b)
}

// mostFound is how many people a search of the inbox looks for.
const mostFound = 100

// search returns whose things are asked for, nil for anybody's, and what has the
// reference that was typed.
func (d *Desk) search(r *request, query string) (contacts []string, found []foundLink, err error) {
	if query == "" {
		return nil, nil, nil
	}
	all, err := r.read(d).Search(query, mostFound)
	if err != nil {
		return nil, nil, err
	}
	contacts = []string{}
	for _, f := range all {
		switch f.Kind {
		case store.FoundContact:
			contacts = append(contacts, f.ID)
		case store.FoundOrganisation:
			members, _, err := r.read(d).Members(f.ID, store.Member{})
			if err != nil {
				return nil, nil, err
			}
			for _, m := range members[:min(len(members), mostFound)] {
				contacts = append(contacts, m.ID)
			}
		case store.FoundSubmission, store.FoundLetter:
			if link, theirs, err := d.foundLink(r, f); err != nil {
				return nil, nil, err
			} else if theirs && len(found) < 5 {
				found = append(found, link)
			}
		}
	}
	slices.Sort(contacts)
	contacts = slices.Compact(contacts)
	return contacts[:min(len(contacts), mostFound)], found, nil
}

// foundLink leads to what was found, if whoever looks may know that it is there.
func (d *Desk) foundLink(r *request, f store.Found) (foundLink, bool, error) {
	ref := casework.Ref{Matter: postroom.AboutSubmission, ID: f.ID}
	if f.Kind == store.FoundLetter {
		ref.Matter = postroom.AboutLetter
	}
	may, err := d.Casework.May(r.Context(), r.Who, ref)
	if err == nil && !may { // held, perhaps: then its page says no more than that
		may = f.Kind == store.FoundSubmission && f.State == postroom.SubmissionHeld && d.Casework.MayRead(r.Who, f.Programme, "", false)
	}
	return foundLink{f.Reference, matterLink(ref)}, may, err
}

// matterLink is the page of a matter.
func matterLink(ref casework.Ref) string {
	if ref.Matter == postroom.AboutLetter {
		return "/desk/letter/" + ref.ID
	}
	return "/desk/submission/" + ref.ID
}

// lists leads to each list. Only what needs somebody is counted: how much was ever
// answered, or needs no answer, helps nobody, and counting it takes longest.
func (d *Desk) lists(r *request, l looking, contacts []string) (list []listLink, err error) {
	for _, which := range []string{whichWaiting, whichOpen, whichHeld, whichAnswered, whichClosed, whichAll} {
		each := listLink{Name: d.keyed("desk.inbox.which_" + which), Link: l.link("which", which), Current: which == l.Which}
		if which == whichWaiting || which == whichHeld {
			of := l
			of.Which = which
			if each.Count, err = d.count(r, of, contacts); err != nil {
				return nil, err
			}
		}
		list = append(list, each)
	}
	return list, nil
}

func (d *Desk) count(r *request, l looking, contacts []string) (string, error) {
	if l.Whose == whoseMine {
		return "", nil // who stands in for whom is worked out row by row
	}
	sources, err := d.sources(r, l, contacts)
	if err != nil {
		return "", err
	}
	counts, err := r.read(d).InboxCounts(sources[0])
	if err != nil {
		return "", err
	}
	n := counts.Submissions + counts.Letters
	if counts.MoreSubmissions || counts.MoreLetters || n > store.MostCounted {
		return "1,000+", nil
	}
	return strconv.Itoa(n), nil
}

// choices are what the list can be narrowed by: what whoever looks may read.
func (d *Desk) choices(r *request, l looking) []choiceOf {
	var mine []string
	for _, c := range d.behalf(r.Who) {
		mine = append(mine, d.programmes(c)...)
	}
	var programmes, areas, languages []option
	for _, p := range d.Programmes.Programmes() {
		if !slices.Contains(mine, p.Name) {
			continue
		}
		programmes = append(programmes, option{p.Name, p.Title.In(english), p.Name == l.Programme})
		for _, o := range askedAreas(p) {
			if !slices.ContainsFunc(areas, func(known option) bool { return known.Value == o.Value }) {
				areas = append(areas, option{o.Value, o.Label.In(english), o.Value == l.Area})
			}
		}
		for _, tag := range p.Languages {
			if !slices.ContainsFunc(languages, func(known option) bool { return known.Value == tag }) {
				languages = append(languages, option{tag, d.language(tag), tag == l.Language})
			}
		}
	}
	var kinds []option
	for _, kind := range []postroom.FormKind{postroom.SignUp, postroom.VolunteerOffer, postroom.EventRegistration, postroom.Enquiry, postroom.Concern, postroom.Referral, postroom.Feedback, postroom.DataRequest, postroom.DataComplaint} {
		kinds = append(kinds, option{string(kind), d.keyed("desk.kind." + string(kind)), string(kind) == l.Kind})
	}
	return slices.DeleteFunc([]choiceOf{
		d.choice("whose", l.Whose, whoseAll, whoseMine, whoseNobody),
		d.choice("asleep", l.Asleep, awakeOnly, asleepOnly, either),
		d.anyOf("programme", programmes), d.anyOf("kind", kinds), d.anyOf("area", areas), d.anyOf("language", languages),
	}, func(c choiceOf) bool { return len(c.Options) < 2 })
}

func (d *Desk) choice(name, chosen string, values ...string) choiceOf {
	c := choiceOf{Name: name, Label: d.keyed("desk.inbox." + name)}
	for _, v := range values {
		c.Options = append(c.Options, option{v, d.keyed("desk.inbox." + name + "_" + v), v == chosen})
	}
	return c
}

func (d *Desk) anyOf(name string, options []option) choiceOf {
	return choiceOf{name, d.keyed("desk.inbox." + name), append([]option{{Label: d.keyed("desk.inbox.any")}}, options...)}
}

// askedAreas lists the areas that a programme's forms ask for.
func askedAreas(p *programme.Programme) (list []programme.Option) {
	for _, f := range p.Forms {
		if field, ok := f.Field("area"); ok {
			list = append(list, field.Options...)
		}
	}
	return list
}

// language is the English name of a language.
func (d *Desk) language(tag string) string {
	return cmp.Or(d.keyed("desk.language."+strings.ToLower(tag)), tag)
}
