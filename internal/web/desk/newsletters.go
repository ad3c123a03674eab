package desk

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"postroom/internal/campaign"
	"postroom/internal/outbound"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/proof"
)

func (d *Desk) newsletterRoutes() []route {
	const one = "/desk/newsletters/{id}"
	return []route{
		{"GET /desk/newsletters", viewers(), d.showNewsletters},
		{"GET /desk/newsletters/new", readers(), d.showNewDraft},
		{"POST /desk/newsletters/new", readers(), d.addDraft},
		{"GET " + one, viewers(), d.showNewsletter},
		{"GET " + one + "/live", viewers(), d.liveNewsletter},
		{"GET " + one + "/copies.csv", readers(), d.newsletterCopies},
		{"POST " + one + "/words", readers(), d.setDraft},
		{"POST " + one + "/test", readers(), d.testNewsletter},
		{"POST " + one + "/schedule", readers(), d.scheduleNewsletter},
		{"POST " + one + "/act", readers(), d.actNewsletter},
	}
}

// mostNewsletters is how many editions the list shows.
const mostNewsletters = 50

// newslettersPage lists editions, the newest first.
type newslettersPage struct {
	page
	Editions []editionRow
	MayWrite bool
	Archives []option // lists whose editions anybody may read
}

type editionRow struct {
	Link, Subject, List string
	State               string
	Class               string
	Chosen              string
	At                  When
}

func newsletterLink(id string) string { return "/desk/newsletters/" + url.PathEscape(id) }

func (d *Desk) showNewsletters(w http.ResponseWriter, r *request) error {
	list, err := r.read(d).Campaigns(mostNewsletters)
	if err != nil {
		return err
	}
	p := newslettersPage{page: d.page(r, d.say(postroom.Say("desk.news.title"))), MayWrite: len(d.listsOf(r.Who)) > 0}
	for _, c := range list {
		if !countsIn(r.Who, c.Programme) {
			continue
		}
		p.Editions = append(p.Editions, editionRow{
			Link: newsletterLink(c.ID), Subject: c.Subject, List: d.listNamed(c.List), State: d.stateOf(c.State), Class: classOf(c.State),
			Chosen: number(c.Chosen), At: d.when(c.CreatedAt),
		})
	}
	for _, l := range d.listsOf(r.Who) {
		if l.Archive {
			p.Archives = append(p.Archives, option{Value: "/en/news/" + url.PathEscape(l.Name), Label: l.Title.In(english)})
		}
	}
	return d.render(w, r, http.StatusOK, "newsletters.html", p)
}

// listsOf are the lists whose newsletters a colleague may write.
func (d *Desk) listsOf(who postroom.Colleague) (lists []*programme.List) {
	for _, p := range d.Programmes.Programmes() {
		if who.Reads(p.Name, "") {
			lists = append(lists, p.Lists...)
		}
	}
	return lists
}

func (d *Desk) listNamed(name string) string {
	if l, _, known := d.Programmes.List(name); known {
		return l.Title.In(english)
	}
	return name
}

func (d *Desk) stateOf(s postroom.CampaignState) string {
	return d.say(postroom.Say("desk.news.state." + string(s)))
}

// classOf is how the tag of a state is coloured.
func classOf(s postroom.CampaignState) string {
	switch s {
	case postroom.CampaignPaused, postroom.CampaignCancelled:
		return " held"
	}
	return ""
}

// newsletterPage is one edition, with all that can be done with it.
type newsletterPage struct {
	page
	Link   string
	List   string
	Digest string // of the words that are looked at
	Live   liveNews
	ApprovedBy,
	Author string
	Approved  When
	Begins    string // when it does, as a clock shows it where it hangs; "" is not yet
	NotLater  string
	Late      bool // it was too late, and somebody has to say what now
	LeftOf    string
	Can       map[string]bool // what may be done now
	OwnOnly   bool            // whoever looks wrote it, and may not approve it
	Colleague []option
	Source    string
	Problems  problems
	Languages []tongue
	Look      newsLook
	Left      string // how many could be sent it once more
	LeftFail,
	LeftDoubt string
	Zone     string
	At       string
	MayRead  bool // not a viewer, who sees figures alone
	Archived string
}

// newsLook is an edition as somebody on the list gets it.
type newsLook struct {
	Subject, HTML, Dir, In string
	Text                   string   // instead of HTML, for whoever wants text alone
	As                     []option // how readers chose to read it; Value is where it is shown like that
}

// liveNews is what changes while an edition is being sent.
type liveNews struct {
	Link    string
	State   string
	Class   string
	Moves   bool // it may change by itself
	Facts   []engineFact
	Percent int
	Chosen  int
	Settled int
	Rate    string // "" is not known
	Last    string
	Reasons []newsReason
	Beside  string // what was heard later; "" is nothing
}

type newsReason struct{ Copies, State, Why string }

// edition reads the edition that an address names, if who looks may see it.
func (d *Desk) edition(r *request, reading bool) (campaign.Matter, error) {
	m, err := campaign.MatterOf(r.read(d), r.PathValue("id"))
	if err != nil {
		return m, err
	}
	if !r.Who.Reads(m.Programme, "") && (reading || !countsIn(r.Who, m.Programme)) {
		return m, notYours()
	}
	return m, nil
}

func (d *Desk) showNewsletter(w http.ResponseWriter, r *request) error {
	m, err := d.edition(r, false)
	if err != nil {
		return err
	}
	return d.renderNewsletter(w, r, http.StatusOK, m, m.Life.Source, nil)
}

func (d *Desk) renderNewsletter(w http.ResponseWriter, r *request, status int, m campaign.Matter, source string, wrong problems) error {
	a, err := campaign.AccountOf(r.read(d), m.ID)
	if err != nil {
		return err
	}
	p := newsletterPage{
		page: d.page(r, m.Subject), Link: newsletterLink(m.ID), List: d.listNamed(m.List), Digest: m.Life.Digest, Live: d.live(r.Context(), a), Author: m.Life.Author,
		ApprovedBy: m.Life.ApprovedBy, Approved: d.when(m.Life.ApprovedAt), Late: !m.Life.LateAt.IsZero(), Source: source, Problems: wrong,
		Zone: d.Org.Zone.String(), At: r.PostFormValue("at"), MayRead: r.Who.Reads(m.Programme, ""),
	}
	p.Wide = true
	if m.Life.LeftOf != "" {
		p.LeftOf = newsletterLink(m.Life.LeftOf)
	}
	if m.State == postroom.CampaignScheduled {
		p.Begins, p.NotLater = d.clockOf(m.Life.StartsAt, m.Life.Zone), d.clockOf(m.Life.NotLaterThan, m.Life.Zone)
	}
	if l, _, known := d.Programmes.List(m.List); known && l.Archive && m.State == postroom.CampaignSent {
		p.Archived = "/en/news/" + url.PathEscape(m.List)
	}
	if p.MayRead {
		d.steer(r, m, a, &p)
		if err := d.lookAt(r, m, &p); err != nil {
			return err
		}
	}
	if did := r.URL.Query().Get("was"); did != "" && status == http.StatusOK {
		if say := d.keyed("desk.news.was." + did); say != "" {
			p.Notice = &notice{Say: say}
		}
	}
	return d.render(w, r, status, "newsletter.html", p)
}

// clockOf is a moment as the clock shows it in a zone, or in the organisation's.
func (d *Desk) clockOf(t time.Time, zone string) string {
	in := d.Org.Zone
	if loaded, err := time.LoadLocation(zone); zone != "" && err == nil {
		in = loaded
	}
	return t.In(in).Format("Monday 2 January 2006, 15:04") + " (" + in.String() + ")"
}

// steer says what may be done with an edition now, by whoever looks.
func (d *Desk) steer(r *request, m campaign.Matter, a campaign.Account, p *newsletterPage) {
	is := func(states ...postroom.CampaignState) bool { return slices.Contains(states, m.State) }
	wrote := strings.EqualFold(m.Life.Author, r.Who.Name) && !d.Newsletters.Alone(m.List)
	ended := is(postroom.CampaignSent, postroom.CampaignCancelled)
	failed := a.Failed - a.Bounced
	p.OwnOnly = wrote && is(postroom.CampaignDraft)
	p.Can = map[string]bool{
		"write":    is(postroom.CampaignDraft, postroom.CampaignApproved) && m.Life.LeftOf == "",
		"test":     is(postroom.CampaignDraft, postroom.CampaignApproved, postroom.CampaignScheduled),
		"approve":  is(postroom.CampaignDraft) && !wrote,
		"send":     is(postroom.CampaignApproved),
		"undo":     is(postroom.CampaignScheduled),
		"pause":    is(postroom.CampaignSending),
		"resume":   is(postroom.CampaignPaused),
		"cancel":   !ended,
		"left":     ended && failed+a.Uncertain > 0,
		"left_all": ended && a.Uncertain > 0,
	}
	p.LeftFail, p.LeftDoubt = number(failed), number(a.Uncertain)
	for _, c := range d.Team.All() {
		if c.Reads(m.Programme, "") {
			p.Colleague = append(p.Colleague, option{Value: c.Name, Label: c.Name, Chosen: c.Name == r.Who.Name})
		}
	}
}

// lookAt shows an edition as a reader of a language gets it.
func (d *Desk) lookAt(r *request, m campaign.Matter, p *newsletterPage) error {
	of, known := d.Programmes.Programme(m.Programme)
	if !known {
		return nil
	}
	in, as := r.URL.Query().Get("in"), r.URL.Query().Get("as")
	tags := d.languagesOf(of)
	for _, text := range m.Texts() { // it may be in more languages than the programme's pages
		if !slices.Contains(of.Languages, text.Locale) {
			tags = append(tags, languageView{Tag: text.Locale, Name: d.Public.Text(text.Locale, postroom.Say("language.name")), Dir: direction(text.Locale)})
		}
	}
	if !slices.ContainsFunc(tags, func(t languageView) bool { return t.Tag == in }) {
		in = m.Locale
	}
	for _, t := range tags {
		link := p.Link + "?" + url.Values{"in": {t.Tag}, "as": {as}}.Encode() + "#look"
		p.Languages = append(p.Languages, tongue{Tag: t.Tag, Name: t.Name, Dir: t.Dir, Link: link, Current: t.Tag == in, Reviewed: t.Reviewed})
	}
	p.Look = newsLook{In: in, Dir: direction(in)}
	chosen := postroom.UsualLook
	for _, look := range []postroom.Look{postroom.UsualLook, postroom.LargeText, postroom.PlainText} {
		if string(look) == as {
			chosen = look
		}
		p.Look.As = append(p.Look.As, option{
			Value: p.Link + "?" + url.Values{"in": {in}, "as": {string(look)}}.Encode() + "#look", Label: d.say(postroom.Say("desk.news.as." + cmp.Or(string(look), "usual"))), Chosen: string(look) == as,
		})
	}
	subject, text, html, err := d.Outbox.ShowCopy(m.Campaign, outbound.Recipient{To: r.Who.Address, Locale: in, Look: chosen})
	html = strings.ReplaceAll(html, `src="`+d.Org.BaseURL+postroom.PicturePath, `src="`+postroom.PicturePath) // the desk may be under another name
	if p.Look.Subject, p.Look.HTML = subject, html; html == "" {
		p.Look.Text = text
	}
	return err
}

// live is how an edition stands at this moment.
func (d *Desk) live(ctx context.Context, a campaign.Account) liveNews {
	l := liveNews{
		Link: newsletterLink(a.Campaign), State: d.stateOf(a.State), Class: classOf(a.State), Chosen: a.Chosen, Settled: a.Settled(),
		Moves: a.State == postroom.CampaignScheduled || !a.Ended() && a.Chosen > 0 || a.State == postroom.CampaignSending,
	}
	for _, f := range []struct {
		key string
		n   int
	}{
		{"chosen", a.Chosen}, {"sent", a.Sent}, {"suppressed", a.Suppressed}, {"held", a.Held}, {"failed", a.Failed}, {"uncertain", a.Uncertain}, {"waiting", a.Waiting},
	} {
		l.Facts = append(l.Facts, engineFact{Name: d.say(postroom.Say("desk.news.count." + f.key)), Say: thousands(int64(f.n))})
	}
	if a.Chosen > 0 {
		l.Percent = a.Settled() * 100 / a.Chosen
	}
	if at := d.Newsletters.LastAt(ctx, a); !at.IsZero() {
		l.Rate = thousands(int64(a.PerMinute(d.Clock.Now())))
		l.Last = at.In(d.Org.Zone).Format("15:04") + ", " + d.day(at)
	}
	for _, reason := range a.Reasons {
		l.Reasons = append(l.Reasons, newsReason{thousands(int64(reason.Copies)), d.say(postroom.Say("desk.news.copy." + string(reason.State))), d.why(reason.Reason)})
	}
	if a.Bounced+a.Complaints > 0 {
		l.Beside = d.say(postroom.Say("desk.news.beside", "bounced", thousands(int64(a.Bounced)), "complaints", thousands(int64(a.Complaints))))
	}
	return l
}

// newsletterCopies hands out a line for each copy, as a file. Each time is noted.
func (d *Desk) newsletterCopies(w http.ResponseWriter, r *request) error {
	m, err := d.edition(r, true)
	if err != nil {
		return err
	}
	if err := d.noteLook(r, "newsletter:"+m.ID); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="newsletter-copies.csv"`)
	return campaign.WriteRows(r.read(d), m.ID, w)
}

// draftPage is where a newsletter is begun.
type draftPage struct {
	page
	Lists    []option
	Source   string
	Problems problems
}

func (d *Desk) showNewDraft(w http.ResponseWriter, r *request) error {
	return d.renderDraft(w, r, http.StatusOK, d.say(postroom.Say("desk.news.begin_with")), nil)
}

func (d *Desk) renderDraft(w http.ResponseWriter, r *request, status int, source string, wrong problems) error {
	p := draftPage{page: d.page(r, d.say(postroom.Say("desk.news.new"))), Source: source, Problems: wrong}
	for _, l := range d.listsOf(r.Who) {
		p.Lists = append(p.Lists, option{Value: l.Name, Label: l.Title.In(english), Chosen: l.Name == r.PostFormValue("list")})
	}
	return d.render(w, r, status, "newsletter-new.html", p)
}

func (d *Desk) addDraft(w http.ResponseWriter, r *request) error {
	list, source := r.PostFormValue("list"), typedSource(r)
	if !slices.ContainsFunc(d.listsOf(r.Who), func(l *programme.List) bool { return l.Name == list }) {
		return d.renderDraft(w, r, http.StatusUnprocessableEntity, source, problems{{"list", d.say(postroom.Say("desk.news.which_list"))}})
	}
	edition, err := d.ReadDraft("line", []byte(source), list, nil)
	if err != nil {
		wrong, err := d.sourceWrong(err)
		if err != nil {
			return err
		}
		return d.renderDraft(w, r, http.StatusUnprocessableEntity, source, wrong)
	}
	filed, _, err := d.Newsletters.Draft(r.Context(), edition, source, r.Who.Name)
	if err != nil {
		return err
	}
	http.Redirect(w, r.Request, newsletterLink(filed.ID)+"?was=written", http.StatusSeeOther)
	return nil
}

func typedSource(r *request) string {
	return strings.ReplaceAll(r.PostFormValue("source"), "\r\n", "\n")
}

// sourceWrong says where a draft has to be mended.
func (d *Desk) sourceWrong(err error) (list problems, other error) {
	found, ok := errors.AsType[proof.Mistakes](err)
	if !ok {
		return nil, err
	}
	for _, m := range found {
		list = append(list, problem{"source", d.say(postroom.Say("desk.news.mistake", "line", strconv.Itoa(m.Line), "say", d.mistake(m)))})
	}
	return list, nil
}

func (d *Desk) setDraft(w http.ResponseWriter, r *request) error {
	m, err := d.edition(r, true)
	if err != nil {
		return err
	}
	source := typedSource(r)
	edition, err := d.ReadDraft("line", []byte(source), m.List, m.Pictures)
	if err != nil {
		wrong, err := d.sourceWrong(err)
		if err != nil {
			return err
		}
		return d.renderNewsletter(w, r, http.StatusUnprocessableEntity, m, source, wrong)
	}
	return d.steered(w, r, m, "written", d.Newsletters.Edit(r.Context(), m.ID, r.Who.Name, edition, source))
}

func (d *Desk) testNewsletter(w http.ResponseWriter, r *request) error {
	m, err := d.edition(r, true)
	if err != nil {
		return err
	}
	_, err = d.Newsletters.Test(r.Context(), m.ID, r.Who.Name, r.PostFormValue("to"))
	return d.steered(w, r, m, "tested", err)
}

func (d *Desk) scheduleNewsletter(w http.ResponseWriter, r *request) error {
	m, err := d.edition(r, true)
	if err != nil {
		return err
	}
	late, err := strconv.Atoi(r.PostFormValue("late"))
	if err != nil || late < 1 || late > 72 {
		late = 1
	}
	local := r.PostFormValue("at")
	if local == "" {
		local = "?" // a time was asked for, and none was given
	}
	_, err = d.Newsletters.Send(r.Context(), m.ID, r.Who.Name, campaign.When{Local: local, NotLaterThan: time.Duration(late) * time.Hour})
	return d.steered(w, r, m, "scheduled", err)
}

// actNewsletter does what one button says.
func (d *Desk) actNewsletter(w http.ResponseWriter, r *request) error {
	m, err := d.edition(r, true)
	if err != nil {
		return err
	}
	ctx, id, by := r.Context(), m.ID, r.Who.Name
	act := r.PostFormValue("do")
	switch act {
	case "approve":
		err = d.Newsletters.Approve(ctx, id, by, r.PostFormValue("seen"))
	case "send":
		_, err = d.Newsletters.Send(ctx, id, by, campaign.When{})
	case "undo":
		err = d.Newsletters.TakeBack(ctx, id, by)
	case "pause":
		err = d.Newsletters.Pause(ctx, id, by)
	case "resume":
		err = d.Newsletters.Resume(ctx, id, by)
	case "cancel":
		err = d.Newsletters.Cancel(ctx, id, by)
	case "left", "left_all":
		states := []postroom.MessageState{postroom.Failed}
		if act == "left_all" {
			states = append(states, postroom.Uncertain)
		}
		var next postroom.Campaign
		if next, _, err = d.Newsletters.Left(ctx, id, by, states...); err == nil {
			m.ID, act = next.ID, "left"
		}
	default:
		return notFound("act " + act)
	}
	return d.steered(w, r, m, act, err)
}

// steered shows an edition again after an act, or what keeps it from being done.
func (d *Desk) steered(w http.ResponseWriter, r *request, m campaign.Matter, act string, err error) error {
	if err == nil {
		http.Redirect(w, r.Request, newsletterLink(m.ID)+"?was="+act, http.StatusSeeOther)
		return nil
	}
	switch postroom.KindOf(err) {
	case postroom.Invalid, postroom.Conflict:
	case postroom.Forbidden:
	default:
		return err
	}
	is, readErr := campaign.MatterOf(r.read(d), m.ID)
	if readErr != nil {
		return readErr
	}
	return d.renderNewsletter(w, r, http.StatusUnprocessableEntity, is, is.Life.Source, problems{{"acts", d.say(said(err))}})
}
