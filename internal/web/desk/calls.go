package desk

import (
	"cmp"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"postroom/internal/casework"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// How many calls are looked through, and how many one page shows with what to
// say: each of them is read and put into words.
const (
	mostCalls  = 500
	callsAPage = 15
)

// Fields of a form that calls know by their names: where a person says what their
// postal address is, who can give them a message, and whether one may be left.
const (
	postField  = "post"
	trustField = "trusted_person"
	leaveField = "leave_message"
)

func (d *Desk) callRoutes() []route {
	return []route{
		{"GET /desk/calls", readers(), d.showCalls},
		{"GET /desk/calls/{id}/print", readers(), d.printCall},
		{"POST /desk/calls/{id}/done", readers(), d.callDone},
		{"POST /desk/calls/{id}/later", readers(), d.callLater},
	}
}

// callsPage lists the messages that no email brings.
type callsPage struct {
	page
	Calls, Letters []callView
	Asleep         []callView
	More           string // address of the page after this one
	Left           int
}

// callView is one message to give by telephone or on paper.
type callView struct {
	ID, Name, PersonLink string
	Phone                string
	Call                 template.URL
	Trusted              string // who can give them the message, as they wrote it
	Leave                string // whether a message may be left, in words; "" where nobody asked
	Post                 string // postal address, as they wrote it
	Why                  string
	Tongue, Lang, Dir    string
	English, Own         string // what to say; Own is "" where they read English
	Reference            string
	Programme            string
	Owner                string
	Mine, Held, Late     bool
	Since, By, Until     When
}

// showCalls shows what there is to say, so that each of those shown is noted as
// looked at.
func (d *Desk) showCalls(w http.ResponseWriter, r *request) error {
	calls, seen, err := d.callsOf(r)
	if err != nil {
		return err
	}
	p := callsPage{page: d.page(r, d.say(postroom.Say("desk.calls.title")))}
	awake := slices.DeleteFunc(slices.Clone(calls), func(c store.CallToMake) bool { return c.SnoozedUntil.After(d.now()) })
	from, err := strconv.Atoi(r.URL.Query().Get("from"))
	if err != nil || from < 0 || from >= len(awake) {
		from = 0
	}
	shown := awake[from:min(from+callsAPage, len(awake))]
	if rest := len(awake) - from - len(shown); rest > 0 {
		p.More, p.Left = "/desk/calls?from="+strconv.Itoa(from+len(shown)), rest
	}
	views, err := d.callViews(r, shown, seen)
	if err != nil {
		return err
	}
	for _, v := range views {
		if v.Call == "" && v.Trusted == "" && !v.Held {
			p.Letters = append(p.Letters, v)
		} else {
			p.Calls = append(p.Calls, v)
		}
	}
	for _, c := range calls {
		if c.SnoozedUntil.After(d.now()) && len(p.Asleep) < callsAPage {
			p.Asleep = append(p.Asleep, callView{ID: c.ID, Reference: c.Reference, Programme: d.programmeTitle(c.Programme), Until: d.when(c.SnoozedUntil)})
		}
	}
	return d.render(w, r, http.StatusOK, "calls.html", p)
}

// callsOf lists the open calls that the reader may see, the oldest first.
func (d *Desk) callsOf(r *request) (calls []store.CallToMake, seen map[string]casework.Seen, err error) {
	all, err := r.read(d).CallsToMake(mostCalls)
	if err != nil {
		return nil, nil, err
	}
	var ids []string
	for _, c := range all {
		if c.Submission != "" {
			ids = append(ids, c.Submission)
		}
	}
	if seen, err = d.Casework.SeeSubmissions(r.Context(), r.Who, ids); err != nil {
		return nil, nil, err
	}
	for _, c := range all {
		if d.seesCall(r, c, seen) {
			calls = append(calls, c)
		}
	}
	return calls, seen, nil
}

func (d *Desk) seesCall(r *request, c store.CallToMake, seen map[string]casework.Seen) bool {
	if c.Submission == "" {
		return c.AssignedTo == r.Who.Name || d.Casework.MayRead(r.Who, c.Programme, "", false)
	}
	s := seen[c.Submission]
	return s.Sight == casework.Clear || c.AssignedTo == r.Who.Name && !s.Held
}

// callViews reads what is to be said in some calls, and notes that somebody looks
// at it.
func (d *Desk) callViews(r *request, calls []store.CallToMake, seen map[string]casework.Seen) (views []callView, err error) {
	var refs []casework.Ref
	people, subs := make([]string, len(calls)), make([]string, len(calls))
	for i, c := range calls {
		people[i], subs[i] = c.Contact, c.Submission
		if !seen[c.Submission].Held {
			refs = append(refs, casework.Ref{Matter: postroom.AboutCall, ID: c.ID})
		}
	}
	if err := d.Casework.OpenAll(r.Context(), r.Who, refs); err != nil {
		return nil, err
	}
	names, err := r.read(d).Names(people)
	if err != nil {
		return nil, fmt.Errorf("name whom to call: %w", err)
	}
	starts, err := r.read(d).StartsOf(subs)
	if err != nil {
		return nil, fmt.Errorf("look what is booked: %w", err)
	}
	for _, c := range calls {
		if seen[c.Submission].Held { // opening it is an act of its own: an alarm ends with it
			views = append(views, callView{ID: c.ID, Held: true, Reference: c.Reference, Programme: d.programmeTitle(c.Programme), Since: d.when(c.At)})
			continue
		}
		v, err := d.callView(r, c, names[c.Contact], starts[c.Submission])
		if err != nil {
			return nil, err
		}
		views = append(views, v)
	}
	return views, nil
}

func (d *Desk) callView(r *request, c store.CallToMake, who store.Named, starts time.Time) (v callView, err error) {
	v = callView{
		ID: c.ID, Name: d.nameOf(who.Name), PersonLink: contactLink(c.Contact), Phone: who.Phone, Call: telLink(who.Phone), Why: d.because(c.Reason),
		Reference: c.Reference, Programme: d.programmeTitle(c.Programme), Since: d.when(c.At), Until: d.when(c.SnoozedUntil),
	}
	by := d.callBy(c, starts)
	v.By, v.Late = d.when(by), by.Before(d.now())
	area, leave := "", ""
	if c.Submission != "" {
		sub, err := r.read(d).Submission(c.Submission)
		if err != nil {
			return v, err
		}
		area = sub.Area
		v.Post, v.Trusted = inOneLine(sub.Answers[postField]), inOneLine(sub.Answers[trustField])
		leave = d.leaveWord(sub)
	}
	how, err := r.read(d).ByPhone(c.Contact) // what they said on their own page since
	if err != nil && postroom.KindOf(err) != postroom.NotFound {
		return v, err
	}
	v.Trusted, leave = cmp.Or(how.Through, v.Trusted), cmp.Or(how.LeaveMessage, leave)
	if leave == "yes" || leave == "no" {
		v.Leave = d.say(postroom.Say("desk.calls.leave." + leave))
	}
	owner := d.Team.Owner(c.Programme, area, c.AssignedTo, d.now())
	v.Owner, v.Mine = owner.Name, owner.Name == r.Who.Name
	return v, d.callSays(r, c, &v)
}

// callSays fills in what is to be said: in English, and in the language of the
// person where that is another.
func (d *Desk) callSays(r *request, c store.CallToMake, v *callView) error {
	m, err := r.read(d).Message(c.Message)
	if err != nil {
		return fmt.Errorf("read what to say in call %s: %w", c.ID, err)
	}
	v.Lang, v.Dir, v.Tongue = m.Locale, "ltr", d.tongueOf(m.Locale)
	if postroom.RightToLeft(m.Locale) {
		v.Dir = "rtl"
	}
	own := m.Locale
	m.Locale = english
	v.English = d.spoken(m)
	if own != english {
		m.Locale = own
		v.Own = d.spoken(m)
	}
	return nil
}

// spoken is a mail as somebody reads it out or prints it: without what only a
// screen can do, and without the lines under it. A mail that cannot be put into
// words is "".
func (d *Desk) spoken(m postroom.Message) string {
	_, text, _, err := d.Outbox.Preview(m)
	if err != nil {
		d.Log.Warn("a mail for a call cannot be shown", "message", m.ID, "err", err)
		return ""
	}
	text, _, _ = strings.Cut(text, "\n----\n")
	var paragraphs []string
	for _, paragraph := range strings.Split(text, "\n\n") {
		if p := unlinked(paragraph); p != "" {
			paragraphs = append(paragraphs, p)
		}
	}
	return strings.Join(paragraphs, "\n\n")
}

// unlinked is a paragraph without addresses of pages and the words that lead to
// them, its lines joined but for those of a list.
func unlinked(paragraph string) string {
	var b strings.Builder
	lines := strings.Split(strings.TrimSpace(paragraph), "\n")
	for i, line := range lines {
		next := ""
		if i+1 < len(lines) {
			next = lines[i+1]
		}
		line = strings.TrimSpace(line)
		if strings.Contains(line, "://") || strings.HasSuffix(line, ":") && strings.Contains(next, "://") {
			continue
		}
		switch {
		case b.Len() == 0:
		case strings.HasPrefix(line, "- "), strings.HasPrefix(line, "* "):
			b.WriteByte('\n')
		default:
			b.WriteByte(' ')
		}
		b.WriteString(line)
	}
	return b.String()
}

// callBy is by when somebody should have called: within the time in which the
// programme answers, and before what is booked begins.
func (d *Desk) callBy(c store.CallToMake, starts time.Time) time.Time {
	by := c.At.AddDate(0, 0, 2)
	if p, known := d.Programmes.Programme(c.Programme); known {
		by = p.ReplyWithin.After(c.At, d.Org.Zone)
	}
	if !starts.IsZero() && starts.Before(by) {
		return starts
	}
	return by
}

// outcomes are what may come of a call or a letter.
func outcomes() []string { return []string{"reached", "left_message", "not_reached", "letter"} }

// callDone notes that a call was made and what came of it.
func (d *Desk) callDone(w http.ResponseWriter, r *request) error {
	outcome := r.PostFormValue("outcome")
	if !slices.Contains(outcomes(), outcome) {
		return &postroom.Error{Kind: postroom.Invalid, Say: postroom.Say("desk.calls.outcome_needed")}
	}
	said := d.say(postroom.Say("desk.calls.outcome." + outcome))
	if words := strings.TrimSpace(r.PostFormValue("text")); words != "" {
		said += "\n" + words
	}
	deed, err := d.Casework.CallDone(r.Context(), r.Who, r.PathValue("id"), said)
	if err != nil {
		return err
	}
	return d.did(w, r, deed, "/desk/calls")
}

// callLater puts a call off for some days, to the hour at which work begins.
func (d *Desk) callLater(w http.ResponseWriter, r *request) error {
	days, err := strconv.Atoi(r.PostFormValue("days"))
	if err != nil || days < 1 || days > 31 {
		return &postroom.Error{Kind: postroom.Invalid, Say: postroom.Say("desk.calls.later_needed")}
	}
	now := d.now()
	until := time.Date(now.Year(), now.Month(), now.Day()+days, 9, 0, 0, 0, d.Org.Zone)
	deed, err := d.Casework.Snooze(r.Context(), r.Who, casework.Ref{Matter: postroom.AboutCall, ID: r.PathValue("id")}, until)
	if err != nil {
		return err
	}
	return d.did(w, r, deed, "/desk/calls")
}

// sheetPage is a message on one sheet of paper.
type sheetPage struct {
	page
	Call    callView
	Address []string // of the organisation, a line each
	To      []string // where the letter goes, a line each
	Day     string
	Text    string // in the language of the person
	English bool   // that is English
}

func (d *Desk) printCall(w http.ResponseWriter, r *request) error {
	ref := casework.Ref{Matter: postroom.AboutCall, ID: r.PathValue("id")}
	if err := d.Casework.Open(r.Context(), r.Who, ref); err != nil {
		return err
	}
	read := r.read(d)
	c, err := read.Call(ref.ID)
	if err != nil {
		return err
	}
	names, err := read.Names([]string{c.Contact})
	if err != nil {
		return fmt.Errorf("name whom to write to: %w", err)
	}
	v, err := d.callView(r, c, names[c.Contact], time.Time{})
	if err != nil {
		return err
	}
	p := sheetPage{page: d.page(r, d.say(postroom.Say("desk.print.title", "name", v.Name))), Call: v, Address: addressLines(d.Org.PostalAddress), To: addressLines(v.Post), Day: d.Mails.Words(v.Lang, d.Org.Zone).Date(d.now()), Text: v.Own}
	if v.Own == "" {
		p.Text, p.English, p.Day = v.English, true, d.Mails.Words(english, d.Org.Zone).Date(d.now())
	}
	return d.render(w, r, http.StatusOK, "call-print.html", p)
}

// addressLines takes a postal address apart as it stands on an envelope.
func addressLines(address string) (lines []string) {
	for _, line := range strings.FieldsFunc(address, func(c rune) bool { return c == '\n' || c == ',' }) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}
