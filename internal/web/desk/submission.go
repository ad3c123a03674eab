package desk

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"postroom/internal/casework"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
	"postroom/internal/workflow"
)

func (d *Desk) submissionRoutes() []route {
	return []route{
		{"GET /desk/submission/{id}", readers(), d.submission},
		{"GET /desk/submission/{id}/file/{file}", readers(), d.submissionFile},
		{"POST /desk/submission/{id}/{act}", readers(), d.actOnSubmission},
	}
}

// access is what somebody may do with a matter.
type access struct {
	may     bool   // read it and act on it
	held    bool   // because somebody may be in danger
	suspect bool   // because a machine may have sent it
	signs   string // of that, as they are on file
	waits   bool   // for somebody's guardian
	since   time.Time
	looked  bool // they have opened it since it was held
}

// shut says whether somebody is shown no more than that it is held.
func (a access) shut() bool { return a.held && !a.may }

// sealed says whether they are first asked whether they want to look.
func (a access) sealed() bool { return a.held && a.may && !a.looked }

// access works out what somebody may do with a matter, or returns Forbidden where
// they may not even know that it is there.
func (d *Desk) access(r *request, ref casework.Ref, sub postroom.Submission, boxes []*programme.Programme) (a access, err error) {
	if a.may, err = d.Casework.May(r.Context(), r.Who, ref); err != nil {
		return a, err
	}
	if err := d.brake(r, ref, sub, &a); err != nil {
		return a, err
	}
	if a.may {
		if a.held {
			a.looked, err = r.read(d).Seen(r.Who.Name, looked, ref.ID, a.since.Add(-time.Microsecond))
		}
		return a, err
	}
	knows := sub.ID != "" && (d.Casework.MayRead(r.Who, sub.Programme, sub.Area, false) || d.Team.Owner(sub.Programme, sub.Area, sub.AssignedTo, d.now()).Name == r.Who.Name) ||
		slices.ContainsFunc(boxes, func(p *programme.Programme) bool { return d.Casework.MayRead(r.Who, p.Name, "", false) })
	if !a.held || !knows {
		return a, notYours()
	}
	return a, nil
}

// brake looks whether a matter is held, and since when.
func (d *Desk) brake(r *request, ref casework.Ref, sub postroom.Submission, a *access) error {
	if sub.ID == "" {
		_, alarm, err := r.read(d).AlarmStage(ref.Matter, ref.ID)
		if a.held = alarm; err != nil || !alarm {
			return err
		}
		a.since, err = d.worried(r, ref)
		return err
	}
	holds, err := r.read(d).Holds(sub.ID)
	if err != nil {
		return err
	}
	for _, h := range holds {
		if h.ReleasedAt.IsZero() {
			a.waits = a.waits || h.Reason == workflow.HeldForGuardian
			suspect := h.Reason != workflow.HeldForSafety && h.Reason != workflow.HeldForGuardian
			if suspect {
				a.signs = h.Reason
			}
			a.held, a.suspect, a.since = a.held || h.Reason == workflow.HeldForSafety, a.suspect || suspect, h.PlacedAt
		}
	}
	a.suspect = a.suspect && !a.held
	return nil
}

// worried is when a colleague last raised the alarm about a matter; the zero time
// where its own words did, before anybody could look at it.
func (d *Desk) worried(r *request, ref casework.Ref) (time.Time, error) {
	deeds, err := r.read(d).Deeds(ref.Matter, ref.ID)
	for _, each := range deeds {
		if each.Act == "worry" {
			return each.At, nil
		}
	}
	return time.Time{}, err
}

// matterPage is what the page of a submission and that of a letter have in common.
type matterPage struct {
	page
	Base      string // where its buttons go
	Reference string
	Since     When
	Shut      bool   // it is held, and whoever looks may not open it
	Sealed    bool   // it is held, and whoever looks has not said that they want to look
	Held      bool   // it is held for somebody's safety
	Suspect   bool   // it is held because a machine may have sent it
	Signs     string // why, in words
	Guardian  bool   // it is held until a guardian agrees
	Told      string // who was called
	State     string // in words
	Owner     string // whose it is, and why
	Waits     bool   // somebody waits for an answer
	Mine      bool
	Asleep    string // until when it is put off; "" when it is not

	Reply     replyForm
	Colleague []option // to whom it can be passed
	Days      []option // until when it can be put off
	Tomorrow  string   // the first day until which that can be
	Mistake   string   // what was wrong with what was sent
	Typed     typed

	Letters []oneLetter
	Notes   []noteView
	Deeds   []deedView
}

// typed is what somebody had written when a page is shown again.
type typed struct {
	Act, Text, To, Why, Note, Reason, Date, Person, Name, Form string
}

type replyForm struct {
	Possible bool
	To       string
	Language string // of the person, in English; "" is English
	Lang     string
	Text     string
	Ready    []option
}

type noteView struct {
	By, Text string
	At       When
}

type deedView struct {
	Say    string
	At     When
	Undone bool
}

// submissionPage is everything about one submission.
type submissionPage struct {
	matterPage
	Name, Person string // of whoever sent it, and the link to them
	What         string
	Programme    string
	Language     string
	Channel      string
	Address      string
	Phone        string
	Discreet     bool
	AnswerBy     string // the last day for an answer; "" where nobody waits for one
	Answers      []answerView
	Open         []string // labels of the questions that are open
	Next         []stepView
	Mails        []mailView
	Bookings     []fact
	Consents     []fact
	Forms        []option // to which it can be moved
}

type fact struct {
	Name, Value string
	At          When
}

// answerView is one answer, with its question as the form asks it.
type answerView struct {
	Label   string
	Values  []string
	Files   []attachedView
	Lang    string // of a free answer; "" is English
	Private bool
	From    string // id of the letter that gave it, if not the first
	At      When   // of that letter
}

type stepView struct {
	ID, Say string
	At      When
	Ours    bool // the programme promises it, so that it can be left out
}

// submission shows one submission.
func (d *Desk) submission(w http.ResponseWriter, r *request) error {
	return d.showSubmission(w, r, http.StatusOK, typed{}, "")
}

func (d *Desk) showSubmission(w http.ResponseWriter, r *request, status int, t typed, mistake string) error {
	sub, err := r.read(d).Submission(r.PathValue("id"))
	if err != nil {
		return err
	}
	ref := casework.Ref{Matter: postroom.AboutSubmission, ID: sub.ID}
	a, err := d.access(r, ref, sub, nil)
	if err != nil {
		return err
	}
	p := submissionPage{matterPage: d.matterPage(r, ref, sub.Reference, sub.ReceivedAt, a)}
	p.Typed, p.Mistake, p.Told = t, mistake, d.told(sub.Programme)
	if a.shut() || a.sealed() {
		return d.render(w, r, status, "submission.html", p)
	}
	if err := d.Casework.Open(r.Context(), r.Who, ref); err != nil {
		return err
	}
	if err := d.fillSubmission(r, &p, sub); err != nil {
		return err
	}
	return d.render(w, r, status, "submission.html", p)
}

// matterPage begins the page of a matter.
func (d *Desk) matterPage(r *request, ref casework.Ref, reference string, since time.Time, a access) matterPage {
	p := matterPage{
		page: d.page(r, d.say(postroom.Say("desk.matter.title", "reference", reference))),
		Base: matterLink(ref), Reference: reference, Since: d.when(since), Held: a.held, Suspect: a.suspect, Signs: d.signs(a.signs), Shut: a.shut(), Sealed: a.sealed(),
	}
	p.Guardian = a.waits && !a.held && !a.suspect
	p.Wide, p.Here = true, p.Base
	return p
}

// told lists who is called when somebody in a programme may be in danger.
func (d *Desk) told(name string) string {
	var names []string
	if p, known := d.Programmes.Programme(name); known {
		for _, n := range []string{p.Safeguarding.Lead, p.Safeguarding.Deputy} {
			if c, here := d.Team.Named(n); here {
				names = append(names, c.Name)
			}
		}
	}
	if len(names) == 0 {
		for _, c := range d.Team.LooksAfter(name, "") {
			names = append(names, c.Name)
		}
	}
	return d.listed(names)
}

// fillSubmission adds what only whoever may open it sees.
func (d *Desk) fillSubmission(r *request, p *submissionPage, sub postroom.Submission) error {
	read := r.read(d)
	contact, err := read.Contact(sub.Contact)
	if err != nil {
		return err
	}
	p.Name, p.Person = cmp.Or(contact.Name, sub.Address, contact.Phone), "/desk/person/"+sub.Contact
	p.Title = cmp.Or(p.Name, p.Title)
	p.What, p.Programme = d.formTitle(sub.Form), d.programmeTitle(sub.Programme)
	p.Language, p.Channel = d.language(sub.Locale), d.keyed("desk.channel."+string(sub.Channel))
	if sub.Guessed {
		p.Language = d.say(postroom.Say("desk.submission.guessed", "language", p.Language))
	}
	p.Address, p.Phone, p.Discreet = sub.Address, contact.Phone, contact.Discreet
	state := string(sub.State)
	if waits, err := d.waitsForUs(r, sub); err != nil {
		return err
	} else if sub.State == postroom.SubmissionReceived && !waits {
		state = "filed"
	}
	p.stand(d, r, state, sub.AssignedTo, sub.SnoozedUntil, d.ownerWords(sub.Programme, sub.Area, sub.AssignedTo))
	p.AnswerBy = d.answerBy(sub)
	p.Waits = sub.State == postroom.SubmissionReceived || sub.State == postroom.SubmissionHeld
	letters, err := read.LettersAbout(sub.ID)
	if err != nil {
		return err
	}
	if err := d.answers(r, p, sub, letters); err != nil {
		return err
	}
	for _, l := range letters[max(0, len(letters)-mostLetters):] {
		view, err := d.oneLetter(r, l)
		if err != nil {
			return err
		}
		p.Letters = append(p.Letters, view)
	}
	if err := d.aroundSubmission(r, p, sub); err != nil {
		return err
	}
	p.Reply = d.replyTo(sub, contact, p.Typed.Text)
	p.Forms = d.formsLike(sub)
	return d.beside(r, &p.matterPage, casework.Ref{Matter: postroom.AboutSubmission, ID: sub.ID})
}

// answerBy says by when somebody must have an answer, and whether it is the law
// that says so.
func (d *Desk) answerBy(sub postroom.Submission) string {
	p, known := d.Programmes.Programme(sub.Programme)
	if !known || !d.awaits(sub.Programme, sub.Kind, sub.Form) || sub.State == postroom.SubmissionAnswered || sub.State == postroom.SubmissionClosed {
		return ""
	}
	day := d.day(p.AnswerBy(sub.Kind, sub.ReceivedAt, d.Org.Zone))
	if programme.ByLaw(sub.Kind) {
		return d.say(postroom.Say("desk.submission.by_law", "day", day))
	}
	return day
}

// mostLetters is how many letters one page shows.
const mostLetters = 20

// stand says where a matter stands and whose it is.
func (p *matterPage) stand(d *Desk, r *request, state, assigned string, asleep time.Time, owner string) {
	p.State, p.Owner, p.Mine = d.keyed("desk.state."+state), owner, assigned == r.Who.Name
	if asleep.After(d.now()) {
		p.Asleep = d.day(asleep)
	}
	for _, c := range d.Team.All() {
		if c.Name != r.Who.Name && (c.Is(postroom.Admin) || c.Is(postroom.IsCoordinator)) {
			p.Colleague = append(p.Colleague, option{c.Name, c.Name, c.Name == p.Typed.To})
		}
	}
	p.Days, p.Tomorrow = d.days(), d.now().AddDate(0, 0, 1).Format(time.DateOnly)
}

// ownerWords says whose something is and why.
func (d *Desk) ownerWords(programme, area, assigned string) string {
	owner := d.Team.Owner(programme, area, assigned, d.now())
	rightful := d.Team.Rightful(programme, area, assigned)
	given := false
	if c, here := d.Team.Named(assigned); here {
		rightful, given = c, true
	}
	switch {
	case owner.Name != rightful.Name:
		return d.say(postroom.Say("desk.owner.covers", "name", owner.Name, "away", rightful.Name))
	case given:
		return d.say(postroom.Say("desk.owner.given", "name", owner.Name))
	case !d.Team.LookedAfter(programme, area):
		return d.say(postroom.Say("desk.owner.nobodys", "name", owner.Name))
	}
	return d.say(postroom.Say("desk.owner.looks_after", "name", owner.Name, "programme", d.programmeTitle(programme)))
}

// answers adds what was answered, in the form's order.
func (d *Desk) answers(r *request, p *submissionPage, sub postroom.Submission, letters []postroom.Letter) error {
	filled, err := r.read(d).FilledBy(sub.ID)
	if err != nil {
		return err
	}
	form, known := d.Programmes.Form(sub.Form)
	var names []string
	if known {
		for _, f := range form.Fields {
			names = append(names, f.Name)
		}
	}
	var others []string
	for name := range sub.Answers {
		if !slices.Contains(names, name) {
			others = append(others, name)
		}
	}
	slices.Sort(others)
	for _, name := range append(names, others...) {
		if len(sub.Answers[name]) == 0 {
			continue
		}
		view := d.answer(form, name, sub)
		if i := slices.IndexFunc(letters, func(l postroom.Letter) bool { return l.ID == filled[name] }); i >= 0 {
			view.From, view.At = letters[i].ID, d.when(letters[i].ReceivedAt)
		}
		p.Answers = append(p.Answers, view)
	}
	for _, name := range sub.Open {
		label, _ := d.label(form, name)
		p.Open = append(p.Open, label)
	}
	return nil
}

// label is a question as the form asks it in English.
func (d *Desk) label(form *programme.Form, name string) (string, *programme.Field) {
	if form == nil {
		return plainName(name), nil
	}
	f, known := form.Field(name)
	if !known {
		return plainName(name), nil
	}
	if f.Label == nil && f.Type.WellKnown() && d.Public != nil {
		return d.Public.Text(english, postroom.Say(f.Type.LabelKey())), f
	}
	return cmp.Or(f.Label.In(english), plainName(name)), f
}

func (d *Desk) answer(form *programme.Form, name string, sub postroom.Submission) answerView {
	label, f := d.label(form, name)
	view := answerView{Label: label, Lang: sub.Locale}
	if f == nil {
		view.Values = sub.Answers[name]
		return view
	}
	view.Private = f.SpecialCategory
	if f.Type == programme.FileField {
		view.Files = d.filesOf(sub, sub.Answers[name])
		return view
	}
	if len(f.Type.Parts()) > 0 && f.Type != programme.DateField {
		view.Values = d.inParts(f, sub.Answers[name])
		return view
	}
	for _, value := range sub.Answers[name] {
		said, ours := d.answered(form, f, value)
		if ours {
			view.Lang = ""
		}
		view.Values = append(view.Values, said)
	}
	return view
}

// answered is an answer in words, and whether the words are the form's own.
func (d *Desk) answered(form *programme.Form, f *programme.Field, value string) (string, bool) {
	switch f.Type {
	case programme.LanguagesField, programme.AvailabilityField:
		return d.known(f, value)
	case programme.ChoiceField, programme.ChoicesField, programme.SelectField:
		for _, o := range f.Options {
			if o.Value == value {
				return o.Label.In(english), true
			}
		}
	case programme.YesNoField, programme.SafeMessageField, programme.ConsentField:
		return cmp.Or(d.keyed("desk.answer."+value), value), true
	case programme.SessionField:
		for _, s := range form.Sessions() {
			if s.Name == value {
				return d.dated(s.Title.In(english), s.StartsAt), true
			}
		}
	case programme.DateField:
		if t, err := time.ParseInLocation(time.DateOnly, value, d.Org.Zone); err == nil {
			return d.day(t), true
		}
	case programme.EmailField, programme.PhoneField, programme.PostcodeField, programme.TimeField, programme.NumberField, programme.PlacesField:
		return value, true
	}
	return value, false
}

// dated is one date of an event in words.
func (d *Desk) dated(title string, at time.Time) string {
	if at.IsZero() {
		return title
	}
	said := d.day(at) + ", " + at.In(d.Org.Zone).Format("15:04")
	if title == "" {
		return said
	}
	return title + ", " + said
}

// aroundSubmission adds the mails, the promises, the place and the consents of a submission.
func (d *Desk) aroundSubmission(r *request, p *submissionPage, sub postroom.Submission) error {
	read := r.read(d)
	names := map[string]string{} // of steps, by their ids
	run, begun, err := read.RunOf(sub.ID)
	if err != nil {
		return err
	}
	if begun {
		promises, err := read.PromisesOf(run.ID)
		if err != nil {
			return err
		}
		for _, s := range promises {
			names[s.ID] = s.Name
			if s.State == postroom.StepPlanned {
				say, ours := d.planned(sub.Programme, s.Name)
				p.Next = append(p.Next, stepView{s.ID, say, d.when(s.DueAt), ours})
			}
		}
	}
	mails, err := read.MessagesAbout(sub.ID)
	if err != nil {
		return err
	}
	for _, m := range slices.Backward(mails) {
		p.Mails = append(p.Mails, d.mailView(m, sub.Programme, names[strings.TrimPrefix(m.Key, "step:")]))
	}
	if booking, booked, err := read.BookingOf(sub.ID); err != nil {
		return err
	} else if booked {
		f, err := d.booking(read, booking)
		if err != nil {
			return err
		}
		p.Bookings = append(p.Bookings, f)
	}
	consents, _, err := read.ConsentsOf(sub.Contact, store.InboxPlace{})
	for _, c := range consents {
		if c.Submission == sub.ID {
			p.Consents = append(p.Consents, d.consent(c))
		}
	}
	return err
}

func (d *Desk) booking(read store.Reader, b postroom.Booking) (fact, error) {
	s, err := read.Session(b.Session)
	if err != nil {
		return fact{}, err
	}
	return fact{Name: d.dated("", s.StartsAt), Value: d.keyed("desk.booking." + string(b.State)), At: d.when(b.QueuedAt)}, nil
}

func (d *Desk) consent(c store.PersonConsent) fact {
	f := fact{Name: plainName(c.Purpose), Value: d.say(postroom.Say("desk.consent.given")), At: d.when(c.At)}
	if !c.WithdrawnAt.IsZero() {
		f.Value, f.At = d.say(postroom.Say("desk.consent.withdrawn")), d.when(c.WithdrawnAt)
	}
	return f
}

// planned says what a step does, and whether it is one of its programme's.
func (d *Desk) planned(name, step string) (string, bool) {
	p, known := d.Programmes.Programme(name)
	known = known && slices.ContainsFunc(p.Workflow, func(s programme.Step) bool { return s.Name == step })
	if own := d.keyed("desk.step.name." + step); !known && own != "" {
		return own, false
	}
	what, _ := d.stepWords(name, step)
	return what, known
}

// mailView is one mail about a submission.
type mailView struct {
	What, To, State, Why, Cause string
	At                          When
	Wrong                       bool
}

func (d *Desk) mailView(m postroom.Message, programme, step string) mailView {
	v := mailView{What: d.letterNamed(m.Template), To: m.To, State: d.keyed("desk.mail.state." + string(m.State)), At: d.when(m.CreatedAt), Why: d.why(m.Reason)}
	if !m.SentAt.IsZero() {
		v.At = d.when(m.SentAt)
	}
	if step != "" {
		_, v.Cause = d.stepWords(programme, step)
	}
	v.Wrong = m.State == postroom.Failed || m.State == postroom.Uncertain
	return v
}

// waitsForUs says whether whoever sent something that is received waits for an
// answer, as Today and the inbox count them.
func (d *Desk) waitsForUs(r *request, sub postroom.Submission) (bool, error) {
	if d.awaits(sub.Programme, sub.Kind, sub.Form) || sub.Letter != "" && len(sub.Open) > 0 {
		return true, nil
	}
	again, err := r.read(d).AgainAmong([]string{sub.ID})
	return again[sub.ID], err
}

// formsLike lists the forms that a submission could be moved to.
func (d *Desk) formsLike(sub postroom.Submission) (list []option) {
	p, known := d.Programmes.Programme(sub.Programme)
	if !known {
		return nil
	}
	for _, f := range p.Forms {
		if f.Name != sub.Form && f.Kind == sub.Kind && f.Event == "" && f.List == "" {
			list = append(list, option{f.Name, f.Title.In(english), false})
		}
	}
	return list
}

// beside adds what colleagues wrote and did.
func (d *Desk) beside(r *request, p *matterPage, ref casework.Ref) error {
	notes, err := r.read(d).Notes(ref.Matter, ref.ID)
	if err != nil {
		return err
	}
	for _, n := range notes {
		p.Notes = append(p.Notes, noteView{n.By, n.Text, d.when(n.At)})
	}
	deeds, err := r.read(d).Deeds(ref.Matter, ref.ID)
	for _, each := range deeds {
		say := cmp.Or(d.keyed("desk.deed."+each.Act, "name", each.Actor), each.Actor+": "+each.Act)
		p.Deeds = append(p.Deeds, deedView{say, d.when(each.At), !each.UndoneAt.IsZero()})
	}
	return err
}
