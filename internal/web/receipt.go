package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"postroom/internal/intake"
	"postroom/internal/link"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
	"postroom/internal/workflow"
)

// receiptPage says what we have and what happens next. Its address goes on
// answering for a day, so that it can be kept or opened again.
type receiptPage struct {
	page
	Heading    string
	Reference  string
	Form       run
	Booking    *bookingView
	Stands     bool   // who has which place is for the mail to say
	Open       bool   // something is not settled yet, and the colour says so
	SignUp     bool   // signing up to a list is all it was about
	CheckEmail bool   // until the button in the mail is pressed nobody is on the list
	Held       bool   // a person looks first
	Busy       bool   // or may: so much came with that address today
	Guardian   bool   // or somebody's guardian has to agree first
	ReplyBy    string // day by which a person answers; "" where none will
	Mailed     string // address a message goes to
	Unnamed    bool   // a message goes out, but who sees the page may not see where to
	Sent       bool   // it has gone out already
	Phoned     bool
	CanChange  bool
	Changed    bool
	Suggestion string // the address that may have been meant
	Action     string
	Again      string // where the form is, to send something else
	Input      fieldView
}

// bookingView is a place in one session.
type bookingView struct {
	State     postroom.BookingState
	StateSaid string // "" where the page's heading says it
	Event     *run   // unless its one date has the same name
	Title     run
	When      string
	Where     run
	Party     string
}

// receiptLife is how long the page after a form answers.
const receiptLife = 24 * time.Hour

// knownBefore marks the receipt of something that had come in before by
// another form: the same answers are no proof of being the same person, so
// that page shows no address and changes none.
const knownBefore = "|before"

// receiptPath is where somebody is sent after a form.
func (s *Server) receiptPath(r *http.Request, receipt intake.Receipt, e postroom.Entry) string {
	return s.receiptLink(r, receiptSubject(receipt, e), e.Locale)
}

// receiptSubject is what the page after a form is about.
func receiptSubject(receipt intake.Receipt, e postroom.Entry) string {
	if receipt.Known(e.Key) {
		return receipt.Submission.ID + knownBefore
	}
	return receipt.Submission.ID
}

func (s *Server) receiptLink(r *http.Request, subject, locale string) string {
	token := s.Links.Make(link.Receipt, subject, s.Clock.Now().Add(receiptLife))
	return inLanguage(embedded(r)+link.Path(link.Receipt, token), locale)
}

// onFile is what is known of one submission.
type onFile struct {
	sub      postroom.Submission
	form     *programme.Form
	booking  *postroom.Booking // may be another submission's of the same person
	session  postroom.Session
	contact  postroom.Contact
	guardian bool // whoever has to agree to it has not answered
	before   bool
	busy     bool // so much had come with that address that a stranger's would be held
	sent     bool // a message about it has left
}

func (s *Server) receipt(r *http.Request) (onFile, error) {
	subject, err := s.Links.Open(r.PathValue("token"), link.Receipt)
	if err != nil {
		return onFile{}, err
	}
	id, before := strings.CutSuffix(subject, knownBefore)
	file, err := s.onFile(r, id)
	if err != nil || !before {
		return file, err
	}
	file.before = true
	about, err := s.Store.Read(r.Context()).MessagesAbout(file.sub.ID)
	for _, m := range about {
		file.sent = file.sent || m.Contact != "" && m.State == postroom.Sent
	}
	return file, err
}

func (s *Server) onFile(r *http.Request, id string) (f onFile, err error) {
	read := s.Store.Read(r.Context())
	if f.sub, err = read.Submission(id); err != nil {
		return f, err
	}
	f.form, _ = s.Programmes.Form(f.sub.Form)
	if f.form == nil { // the programme file has changed since
		return f, &postroom.Error{Kind: postroom.Gone, Say: postroom.Say("error.no_form")}
	}
	if who, there, err := read.Guardian(id); err != nil {
		return f, err
	} else if there {
		f.guardian = who.State == store.GuardianWaiting && who.Asked > 0
	}
	if f.contact, err = read.Contact(f.sub.Contact); err != nil {
		return f, err
	}
	if f.busy, err = s.Intake.Busy(r.Context(), f.sub); err != nil {
		return f, err
	}
	booking, session, found, err := workflow.BookingOf(read, f.form, f.sub)
	if found {
		f.booking, f.session = &booking, session
	}
	return f, err
}

// forAnybody is what may be shown to whoever typed the name and address of
// somebody we know: a place that this submission did not take is left out.
func (f onFile) forAnybody() (shown onFile, stands bool) {
	if f.booking != nil && (f.before || f.booking.Submission != f.sub.ID) {
		f.booking, stands = nil, f.sub.Address != ""
	}
	return f, stands
}

// wantsNews says whether the person asked to be on the form's list. It looks
// at nothing but what they sent: whether the address is on the list already
// is not for everybody who can type it.
func (f *onFile) wantsNews() bool {
	return f.sub.Address != "" && workflow.WantsList(f.form, f.sub.Answers)
}

func (s *Server) showReceipt(w http.ResponseWriter, r *http.Request) error {
	file, err := s.receipt(r)
	if err != nil {
		return err
	}
	v := s.voice(r, s.guess.of(file.sub.Programme), file.sub.Locale)
	p := s.receiptPage(r, v, file)
	p.Changed = r.URL.Query().Has("changed") && p.Mailed != ""
	return s.render(w, http.StatusOK, v, "receipt.html", p)
}

func (s *Server) receiptPage(r *http.Request, v voice, f onFile) receiptPage {
	f, stands := f.forAnybody()
	p := receiptPage{
		page:      s.page(r, v, f.sub.Programme),
		Heading:   v.Say("receipt.have." + string(f.sub.Kind)),
		Reference: f.sub.Reference,
		Form:      v.of(f.form.Title),
		Booking:   s.bookingView(v, f),
		Stands:    stands,
		Held:      f.busy || f.sub.State == postroom.SubmissionHeld, // else it would tell whether we know the name
		Busy:      f.busy,
		Again:     inLanguage(formPath(r, f.form), v.locale),
		Action:    inLanguage(embedded(r)+"/receipt/"+r.PathValue("token")+"/address", v.locale),
	}
	p.Private, p.Guardian = true, p.Held && f.guardian && !f.before && !f.busy
	p.headline(v, f)
	p.answers(s, v, f)
	p.Title = p.Heading
	if p.Suggestion != "" {
		p.Title = v.Say("receipt.check_address") + ". " + p.Heading
	}
	return p
}

// headline says first what matters most: whether there is a place, or whether
// something is left to do.
func (p *receiptPage) headline(v voice, f onFile) {
	p.CheckEmail = f.wantsNews() && !p.Held
	switch {
	case p.Held:
	case f.booking != nil && f.booking.State == postroom.BookingConfirmed:
		p.Heading = v.Say("receipt.booked")
	case f.booking != nil && f.booking.State == postroom.BookingWaiting:
		p.Heading, p.Open = v.Say("receipt.waiting"), true
	case p.CheckEmail && f.sub.Kind == postroom.SignUp:
		p.SignUp, p.Open = true, true
		p.Heading = v.Say("receipt.check_email")
	}
}

// answers says how the person hears from us.
func (p *receiptPage) answers(s *Server, v voice, f onFile) {
	if personAnswers(f.sub.Kind) {
		p.ReplyBy = v.day(f.form.Programme.AnswerBy(f.sub.Kind, f.sub.ReceivedAt, s.Org.Zone))
	}
	switch address := f.sub.Address; {
	case address == "":
		p.Phoned = f.contact.Phone != ""
	case p.Held:
	case f.before:
		p.Unnamed, p.Sent = true, f.sent
	default:
		p.Mailed, p.Suggestion = address, didYouMean(address)
		p.CanChange = s.addressField(f.form) != nil
		p.Input = addressInput(v, "")
	}
}

// personAnswers says whether a person answers what came in.
func personAnswers(k postroom.FormKind) bool {
	switch k {
	case postroom.EventRegistration, postroom.SignUp, postroom.Feedback:
		return false
	}
	return true
}

func (s *Server) bookingView(v voice, f onFile) *bookingView {
	if f.booking == nil {
		return nil
	}
	view := &bookingView{State: f.booking.State, Party: v.figures(strconv.Itoa(f.booking.Party))}
	view.Where = v.venue(f.form, f.session.Venue)
	view.When = v.span(f.session.StartsAt, f.session.EndsAt, s.Org.Zone)
	view.Title = v.of(f.form.Title)
	for _, each := range f.form.Sessions() {
		if each.Name == f.session.Name {
			view.Title, view.Event = v.of(each.Title), v.event(f.form, each)
		}
	}
	return view
}

// event is what a session belongs to, or nil if the two have one name.
func (v voice) event(form *programme.Form, s *programme.Session) *run {
	for _, e := range form.Programme.Events {
		if title := v.of(e.Title); e.Name == form.Event && title != v.of(s.Title) {
			return &title
		}
	}
	return nil
}

func (s *Server) addressField(form *programme.Form) *programme.Field {
	field, ok := form.Field(string(postroom.ReachEmail))
	if !ok {
		return nil
	}
	return field
}

// addressInput is the one question of the small form on the receipt.
func addressInput(v voice, mistake string) fieldView {
	view := fieldView{
		Part: "input", Name: "email", ID: "f-email", Label: prose{Words: run{Text: v.Say("receipt.right_address")}},
		Type: "email", Dir: "ltr", Autocomplete: "email", Mistake: mistake,
	}
	if mistake != "" {
		view.DescribedBy = view.ID + "-error"
	}
	return view
}

// changeAddress sends what is owed to another address, for somebody who has
// just seen that the first one has a slip in it.
func (s *Server) changeAddress(w http.ResponseWriter, r *http.Request) error {
	if err := readBody(r); err != nil {
		return err
	}
	file, err := s.receipt(r)
	if err != nil {
		return err
	}
	if file.before || s.addressField(file.form) == nil {
		return &postroom.Error{Kind: postroom.Forbidden}
	}
	if err := s.limits.allow(s.client(r)); err != nil {
		return err
	}
	v := s.voice(r, s.guess.of(file.sub.Programme), file.sub.Locale)
	address, say := checkAddress(v, file.form, printable(r.PostForm.Get("email")))
	if say != "" {
		return s.mendAddress(w, r, v, file, say)
	}
	if err := s.Intake.Readdress(r.Context(), file.sub.ID, address); err != nil {
		return err
	}
	http.Redirect(w, r, inLanguage(embedded(r)+"/receipt/"+r.PathValue("token"), v.locale)+"?changed=1", http.StatusSeeOther)
	return nil
}

// checkAddress reads an address by the form's own rules, and says what is to
// be mended.
func checkAddress(v voice, form *programme.Form, written string) (address, say string) {
	const field = string(postroom.ReachEmail)
	if strings.TrimSpace(written) == "" {
		return "", capital(v.Say("error.enter", "label", v.Say("field.email.error_label")))
	}
	clean, mistakes := form.Check(postroom.Answers{field: {written}})
	a := asker{v: v, form: form, say: make(map[string]string)}
	a.mistakes(mistakes)
	return clean.One(field), a.say[field]
}

func (s *Server) mendAddress(w http.ResponseWriter, r *http.Request, v voice, f onFile, say string) error {
	p := s.receiptPage(r, v, f)
	p.Input = addressInput(v, say)
	p.Input.Value = printable(r.PostForm.Get("email"))
	p.Mistakes = []mistake{{ID: p.Input.ID, Say: say}}
	return s.render(w, http.StatusUnprocessableEntity, v, "receipt.html", p)
}
