package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"postroom/internal/intake"
	"postroom/internal/link"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// Amendments change what is on file, for whoever has the link in the mail about
// it. Doing any of it a second time changes nothing.
type Amendments interface {
	// Amend puts other answers in the place of those on file. What the person can
	// mend is *intake.Refused.
	Amend(ctx context.Context, submission string, e postroom.Entry) error
	// Forget deletes an answer of a special category.
	Forget(ctx context.Context, submission, field string) error
	// Withdraw ends a "yes", and Agree gives it anew.
	Withdraw(ctx context.Context, submission, consent string) error
	Agree(ctx context.Context, submission, consent string) error
	// Speak and Reach say how the person is written to and reached from now on.
	Speak(ctx context.Context, submission, locale string) error
	Reach(ctx context.Context, submission string, how intake.ReachBy) error
	// Bring changes for how many a booking is, and says whether there was room.
	Bring(ctx context.Context, submission string, party int) (bool, error)
	// TakePlace takes a place that is kept for somebody who waited.
	TakePlace(ctx context.Context, submission string) (bool, error)
	// AskForLink asks for the link to all that an address has with us.
	AskForLink(ctx context.Context, address, locale string) error
}

// managePage shows what somebody has with us, with the ways to change it.
type managePage struct {
	page
	Reference string
	Form      run
	Booking   *bookingView
	Received  string // day
	Stands    string // what has become of it
	ReplyBy   string // day; "" where nobody waits for an answer
	Done      string // what a button has just done; "" where none has
	Over      bool   // what was booked has begun, and is history
	CanCancel bool
	Waiting   bool
	Cancelled bool
	Kept      bool // a place is kept for them, which they have to take
	Action    string
	Again     string // where the form is, as long as it is open
	Finish    string // where the questions are that a letter left open

	Party     *fieldView // for how many; nil where that cannot be changed
	Answers   []saidView
	CanChange bool
	Consents  []consentView
	News      string // where the news that were asked for can be stopped; "" for none
	Language  run
	Reach     string
	AboutData string // where the programme says what it does with data
	MyLink    string
}

// saidView is one answer as the person sees it. Whoever holds the mail holds the
// link, so of a special category it says no more than that there is one.
type saidView struct {
	Label  run
	Values []run
	Secret bool
	Forget string // where it can be deleted
}

// consentView is a "yes" with the words that were shown.
type consentView struct {
	Wording   string
	Given     string // day
	Withdrawn string // day; "" while it stands
	Withdraw  string // where it can be
	Agree     bool   // it can be given anew, in the same words
	ID        string
}

func (s *Server) showManage(w http.ResponseWriter, r *http.Request) error {
	file, err := s.managed(r)
	if err != nil {
		return err
	}
	v := s.voice(r, s.guess.of(file.sub.Programme), file.sub.Locale)
	p, err := s.fullManagePage(r, v, file)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, v, "manage.html", p)
}

// managePage is as much of the page as its own small pages need.
func (s *Server) managePage(r *http.Request, v voice, f onFile) managePage {
	p := managePage{
		page:      s.page(r, v, f.sub.Programme),
		Reference: f.sub.Reference,
		Form:      v.of(f.form.Title),
		Booking:   s.bookingView(v, f),
		Received:  v.day(f.sub.ReceivedAt.In(s.Org.Zone)),
		Stands:    v.Say("manage.state." + string(f.sub.State)),
		Over:      f.over(s.Clock.Now()),
		CanCancel: s.canCancel(f),
		Action:    inLanguage(link.Path(link.Manage, r.PathValue("token")), v.locale),
	}
	p.Title, p.Private = v.Say("manage.title_other"), true
	if p.Booking != nil {
		p.Title = v.Say("manage.title")
		p.Waiting = p.Booking.State == postroom.BookingWaiting
		p.Cancelled = p.Booking.State == postroom.BookingCancelled
		p.Kept = p.Booking.State == postroom.BookingHeld && p.CanCancel
		p.Booking.StateSaid = v.Say("booking.state." + string(p.Booking.State))
	}
	if s.open(f.form) {
		p.Again = inLanguage("/f/"+f.form.Name, v.locale)
	}
	return p
}

// fullManagePage adds what was sent and how the person is reached.
func (s *Server) fullManagePage(r *http.Request, v voice, f onFile) (managePage, error) {
	p := s.managePage(r, v, f)
	p.Done = s.justDone(r, v)
	waits := f.sub.State == postroom.SubmissionReceived || f.sub.State == postroom.SubmissionHeld
	if waits && personAnswers(f.sub.Kind) {
		p.ReplyBy = v.day(f.form.Programme.AnswerBy(f.sub.Kind, f.sub.ReceivedAt, s.Org.Zone))
	}
	if len(f.sub.Open) > 0 {
		p.Finish = inLanguage(link.Path(link.Finish, s.Links.Make(link.Finish, s.Links.SentTo(f.sub.ID, f.sub.Address), s.Clock.Now().Add(receiptLife))), v.locale)
	}
	p.Answers = s.said(v, f, p.Action)
	p.CanChange = s.canAmend(f)
	p.Party = s.partyField(v, f, p.CanCancel)
	p.Language = v.run(s.locales.Text(v.best(f.sub.Locale), postroom.Say("language.name")), v.best(f.sub.Locale))
	p.Reach = v.Say("manage.reach." + string(f.contact.Reach))
	p.AboutData = inLanguage("/privacy/"+url.PathEscape(f.sub.Programme), v.locale)
	p.MyLink = inLanguage("/my-link", v.locale)
	return p, s.agreed(r, v, f, &p)
}

// best is the tag of one of our languages for a locale.
func (v voice) best(locale string) string {
	for _, tag := range postroom.Fallbacks(locale) {
		if slices.Contains(v.locales.tags, tag) {
			return tag
		}
	}
	return english
}

// deeds are what a button on the page may have done, as it stands in the address
// of the page that says so.
func deeds() []string {
	return []string{"changed", "party", "full", "taken", "forgotten", "withdrawn", "agreed", "language", "reach"}
}

func (s *Server) justDone(r *http.Request, v voice) string {
	if did := r.URL.Query().Get("done"); slices.Contains(deeds(), did) {
		return v.Say("manage.done." + did)
	}
	return ""
}

// did leads to the page that says what was done.
func (s *Server) did(w http.ResponseWriter, r *http.Request, locale, what string) error {
	to := inLanguage(link.Path(link.Manage, r.PathValue("token")), locale)
	if what != "" {
		to += "?done=" + what
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// over says whether what was booked has begun.
func (f onFile) over(now time.Time) bool { return f.booking != nil && !f.session.StartsAt.After(now) }

// canAmend says whether there is an answer that can be changed by giving another.
func (s *Server) canAmend(f onFile) bool {
	if f.over(s.Clock.Now()) || len(f.sub.Open) > 0 {
		return false
	}
	for i := range f.form.Fields {
		if intake.Amendable(f.form, &f.form.Fields[i]) {
			return true
		}
	}
	return false
}

// said lists what was sent, in the order of the form.
func (s *Server) said(v voice, f onFile, action string) (list []saidView) {
	for i := range f.form.Fields {
		field := &f.form.Fields[i]
		values := f.sub.Answers[field.Name]
		if len(values) == 0 || field.Type == programme.ConsentField || f.booking != nil && saidByBooking(field) {
			continue
		}
		view := saidView{Label: v.ofOr(field.Label, field.Type.LabelKey())}
		if field.SpecialCategory {
			view.Secret, view.Forget = true, action+"/forget?field="+url.QueryEscape(field.Name)
		} else {
			view.Values = s.answerText(v, f.form, field, values)
		}
		list = append(list, view)
	}
	return list
}

// saidByBooking says whether an answer stands with the booking already.
func saidByBooking(f *programme.Field) bool {
	return f.Type == programme.SessionField || f.Type == programme.PlacesField
}

// partyField asks for how many people a booking is, or is nil where that is not
// to be changed.
func (s *Server) partyField(v voice, f onFile, open bool) *fieldView {
	field := placesField(f.form)
	if !open || field == nil || f.booking.State == postroom.BookingHeld {
		return nil
	}
	return &fieldView{
		Part: "input", Name: "party", ID: "f-party", Label: prose{Words: v.ofOr(field.Label, field.Type.LabelKey())},
		Type: "text", InputMode: "numeric", Dir: "ltr", Narrow: true, Value: strconv.Itoa(f.booking.Party),
	}
}

func placesField(form *programme.Form) *programme.Field {
	for i := range form.Fields {
		if form.Fields[i].Type == programme.PlacesField {
			return &form.Fields[i]
		}
	}
	return nil
}

// agreed adds each "yes" that was given with the submission. The one for news has
// a page of its own, where the address leaves the list.
func (s *Server) agreed(r *http.Request, v voice, f onFile, p *managePage) error {
	read := s.Store.Read(r.Context())
	all, err := read.ConsentsTo(f.sub.ID)
	if err != nil {
		return err
	}
	for i, c := range all {
		if strings.ReplaceAll(f.form.List, "-", "_") == c.Purpose {
			continue
		}
		later := slices.ContainsFunc(all[i+1:], func(next store.PersonConsent) bool { return next.Purpose == c.Purpose })
		view := consentView{ID: c.ID, Wording: c.Wording, Given: v.day(c.At.In(s.Org.Zone))}
		if c.WithdrawnAt.IsZero() {
			view.Withdraw = p.Action + "/withdraw?consent=" + url.QueryEscape(c.ID)
		} else {
			view.Withdrawn = v.day(c.WithdrawnAt.In(s.Org.Zone))
			field, known := f.form.Field(c.Purpose)
			view.Agree = !later && c.FormVersion == f.form.Version && known && field.Type == programme.ConsentField
		}
		p.Consents = append(p.Consents, view)
	}
	sub, asked, err := read.SubscriptionOf(f.sub.ID)
	if err != nil || !asked || sub.State == postroom.Unsubscribed || sub.Address != f.sub.Address {
		return err
	}
	p.News = inLanguage(link.Path(link.Unsubscribe, s.Links.Make(link.Unsubscribe, sub.ID, time.Time{})), v.locale)
	return nil
}

// askCancel asks whether somebody means it. What they came for may have ended
// meanwhile; then the other page says so.
func (s *Server) askCancel(w http.ResponseWriter, r *http.Request) error {
	file, err := s.managed(r)
	if err != nil {
		return err
	}
	v := s.voice(r, s.guess.of(file.sub.Programme), file.sub.Locale)
	p := s.managePage(r, v, file)
	if !p.CanCancel {
		return s.did(w, r, v.locale, "")
	}
	p.Title = v.Say("cancel.title")
	if p.Waiting {
		p.Title = v.Say("cancel.title_waiting")
	}
	return s.render(w, http.StatusOK, v, "cancel.html", p)
}

func (s *Server) managed(r *http.Request) (onFile, error) {
	subject, err := s.Links.Open(r.PathValue("token"), link.Manage)
	if err != nil {
		return onFile{}, err
	}
	id, err := s.Links.Untie(subject, func(id string) (string, error) {
		sub, err := s.Store.Read(r.Context()).Submission(id)
		return sub.Address, err
	})
	if err != nil {
		return onFile{}, err
	}
	return s.onFile(r, id)
}

// pressed reads what a button of the page sent.
func (s *Server) pressed(r *http.Request) (onFile, voice, error) {
	if err := readBody(r); err != nil {
		return onFile{}, voice{}, err
	}
	file, err := s.managed(r)
	if err != nil {
		return onFile{}, voice{}, err
	}
	if err := s.limits.allow(s.client(r)); err != nil {
		return onFile{}, voice{}, err
	}
	return file, s.voice(r, s.guess.of(file.sub.Programme), file.sub.Locale), nil
}

func (s *Server) canCancel(f onFile) bool {
	if f.booking == nil || f.over(s.Clock.Now()) {
		return false
	}
	switch f.booking.State {
	case postroom.BookingConfirmed, postroom.BookingWaiting, postroom.BookingHeld:
		return true
	}
	return false
}

// cancelBooking gives a place back. Pressing the button again changes nothing
// and leads to the same page.
func (s *Server) cancelBooking(w http.ResponseWriter, r *http.Request) error {
	if err := readBody(r); err != nil {
		return err
	}
	file, err := s.managed(r)
	if err != nil {
		return err
	}
	if s.canCancel(file) {
		if err := s.cancel(r.Context(), *file.booking); err != nil {
			return err
		}
	}
	v := s.voice(r, s.guess.of(file.sub.Programme), file.sub.Locale)
	return s.did(w, r, v.locale, "")
}

func (s *Server) cancel(ctx context.Context, b postroom.Booking) error {
	err := s.Store.Write(ctx, func(tx *store.Tx) error { return s.Events.Cancel(tx, b, s.Clock.Now()) })
	if postroom.KindOf(err) == postroom.Gone {
		return nil // somebody pressed the button twice
	}
	if err != nil {
		return fmt.Errorf("cancel booking %s: %w", b.ID, err)
	}
	return nil
}

// changeParty changes for how many people a booking is.
func (s *Server) changeParty(w http.ResponseWriter, r *http.Request) error {
	file, v, err := s.pressed(r)
	if err != nil {
		return err
	}
	field := placesField(file.form)
	if field == nil || !s.canCancel(file) {
		return s.did(w, r, v.locale, "")
	}
	written := printable(r.PostForm.Get("party"))
	party, say := checkParty(v, file.form, field, written)
	if say != "" {
		return s.mendParty(w, r, v, file, written, say)
	}
	fits, err := s.Amendments.Bring(r.Context(), file.sub.ID, party)
	switch {
	case err != nil:
		return err
	case !fits:
		return s.did(w, r, v.locale, "full")
	}
	return s.did(w, r, v.locale, "party")
}

// checkParty reads a number of people by the form's own rules.
func checkParty(v voice, form *programme.Form, field *programme.Field, written string) (party int, say string) {
	alone := programme.Form{Programme: form.Programme, Fields: []programme.Field{*field}}
	alone.Fields[0].Required, alone.Fields[0].If = true, ""
	clean, mistakes := alone.Check(postroom.Answers{field.Name: {written}})
	a := asker{v: v, form: &alone, say: make(map[string]string)}
	a.mistakes(mistakes)
	party, _ = strconv.Atoi(clean.One(field.Name))
	return party, a.say[field.Name]
}

func (s *Server) mendParty(w http.ResponseWriter, r *http.Request, v voice, f onFile, written, say string) error {
	p, err := s.fullManagePage(r, v, f)
	if err != nil {
		return err
	}
	if p.Party != nil {
		p.Party.Value, p.Party.Mistake, p.Party.DescribedBy = written, say, p.Party.ID+"-error"
		p.Mistakes = []mistake{{ID: p.Party.ID, Say: say}}
	}
	return s.render(w, http.StatusUnprocessableEntity, v, "manage.html", p)
}

// takePlace takes the place that is kept for somebody who waited.
func (s *Server) takePlace(w http.ResponseWriter, r *http.Request) error {
	file, v, err := s.pressed(r)
	if err != nil {
		return err
	}
	taken, err := s.Amendments.TakePlace(r.Context(), file.sub.ID)
	switch {
	case err != nil:
		return err
	case !taken:
		return s.did(w, r, v.locale, "")
	}
	return s.did(w, r, v.locale, "taken")
}

// changePage asks the questions of a form again.
type changePage struct {
	page
	Reference string
	Form      run
	Action    string // also where it is left
	Fields    []fieldView
}

func (s *Server) askChange(w http.ResponseWriter, r *http.Request) error {
	file, err := s.managed(r)
	if err != nil {
		return err
	}
	v := s.voice(r, s.guess.of(file.sub.Programme), file.sub.Locale)
	if !s.canAmend(file) {
		return s.did(w, r, v.locale, "")
	}
	return s.renderChange(w, r, http.StatusOK, v, file, shown(file.form, file.sub.Answers), nil)
}

// renderChange shows the questions that may be answered anew. What is of a special
// category is not shown: left empty it stays.
func (s *Server) renderChange(w http.ResponseWriter, r *http.Request, status int, v voice, f onFile, answers postroom.Answers, refused []programme.FieldError) error {
	p := changePage{page: s.page(r, v, f.sub.Programme), Reference: f.sub.Reference, Form: v.of(f.form.Title), Action: inLanguage(link.Path(link.Manage, r.PathValue("token")), v.locale)}
	p.Title, p.Private = v.Say("manage.change_title"), true
	ask := asker{v: v, form: f.form, answers: answers, say: make(map[string]string)}
	p.Mistakes = ask.mistakes(refused)
	for i := range f.form.Fields {
		field := &f.form.Fields[i]
		if !intake.Amendable(f.form, field) {
			continue
		}
		view := ask.field(field)
		if field.SpecialCategory && len(f.sub.Answers[field.Name]) > 0 {
			view.Hint, view.Optional, view.Required = run{Text: v.Say("manage.keep_secret")}, true, false
			view.DescribedBy = strings.TrimSpace(view.ID + "-hint " + strings.ReplaceAll(view.DescribedBy, view.ID+"-hint", ""))
		}
		p.Fields = append(p.Fields, view)
	}
	return s.render(w, status, v, "manage-change.html", p)
}

func (s *Server) change(w http.ResponseWriter, r *http.Request) error {
	file, v, err := s.pressed(r)
	if err != nil {
		return err
	}
	answers := answersTo(file.form, r.PostForm)
	entry := postroom.Entry{Channel: postroom.Web, Form: file.form.Name, FormVersion: file.form.Version, Locale: v.locale, Answers: answers, At: s.Clock.Now()}
	err = s.Amendments.Amend(r.Context(), file.sub.ID, entry)
	if refused, ok := errors.AsType[*intake.Refused](err); ok {
		return s.renderChange(w, r, http.StatusUnprocessableEntity, v, file, answers, refused.Fields)
	}
	if err != nil {
		return err
	}
	return s.did(w, r, v.locale, "changed")
}
