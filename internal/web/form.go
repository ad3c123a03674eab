package web

import (
	"cmp"
	"errors"
	"net/http"

	"postroom/internal/intake"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// formPage is a form to fill in, or to mend.
type formPage struct {
	page
	Programme  run
	Form       run
	Intro      run
	When       []run // of an event with a single date
	Button     run
	Action     string
	Ticket     string
	Trap       string
	Fields     []fieldView
	Groups     []group // the fields again, below the headings of their sections
	Files      bool    // it takes some
	Check      bool    // the answers are shown once more
	Privacy    prose
	FullNotice string
	NoticeLink string
}

// closedPage says that a form is not open any more.
type closedPage struct {
	page
	Form run
	Say  run // why, and what to do instead
	Next string
}

// attempt is one go at a form: what the person wrote and how it came.
type attempt struct {
	form    *programme.Form
	voice   voice
	answers postroom.Answers
	ticket  ticket
	signs   []postroom.Sign // by which it looks automatic
	suspect bool            // whoever took it is sure that it is
	action  string          // where it is sent; "" is the form's own page
	holder  string          // of the files that came with it
}

func (s *Server) showForm(w http.ResponseWriter, r *http.Request) error {
	form, err := s.form(r)
	if err != nil {
		return err
	}
	v := s.voice(r, s.guess.of(form.Programme.Name), "")
	if !s.open(form) {
		return s.showClosed(w, r, form, v)
	}
	full, err := s.allFull(r, form)
	if err != nil {
		return err
	}
	if full && !r.URL.Query().Has("waiting") {
		return s.showFull(w, r, form, v)
	}
	a := attempt{form: form, voice: v, answers: form.Prefilled(r.URL.Query()), ticket: s.newTicket(form)}
	if inPages(r, form) {
		return s.showStart(w, r, a, nil, http.StatusOK)
	}
	return s.renderForm(w, r, http.StatusOK, a, nil, nil)
}

func (s *Server) form(r *http.Request) (*programme.Form, error) {
	form, ok := s.Programmes.Form(r.PathValue("form"))
	if !ok {
		return nil, &postroom.Error{Kind: postroom.NotFound, Say: postroom.Say("error.no_form")}
	}
	return form, nil
}

func (s *Server) showClosed(w http.ResponseWriter, r *http.Request, form *programme.Form, v voice) error {
	p := closedPage{page: s.page(r, v, form.Programme.Name), Form: v.of(form.Title)}
	p.Title, p.Say, p.Next = v.Say("closed.title"), s.whyClosed(form, v), v.Say("closed.next")
	status := http.StatusGone
	if !form.OpenAt(s.Clock.Now()) && !form.Closed.Now {
		status, p.Title, p.Next = http.StatusOK, v.Say("early.title"), v.Say("early.next")
		p.Say = run{Text: v.compose("early.text", "when", v.moment(form.Opens, s.Org.Zone))}
	}
	p.Exit = exitOf(form)
	return s.render(w, status, v, "closed.html", p)
}

// whyClosed is what whoever closed a form wrote, or else what we can say of it.
func (s *Server) whyClosed(form *programme.Form, v voice) run {
	switch by := form.ClosedAt(s.Clock.Now()); {
	case by && len(form.Closed.Words) > 0:
		return v.of(form.Closed.Words)
	case by:
		return run{Text: v.Say("closed.by_hand")}
	}
	return run{Text: v.Say("closed.text")}
}

// submitForm takes a form that was sent. Whatever goes wrong, the person sees
// the form again with every answer still in it.
func (s *Server) submitForm(w http.ResponseWriter, r *http.Request) error {
	form, err := s.form(r)
	if err != nil {
		return err
	}
	came := s.readForm(w, r, form)
	defer came.release()
	if came.unreadable() {
		return came.err
	}
	a := s.attempt(r, form)
	if !s.open(form) {
		return s.showClosed(w, r, form, a.voice)
	}
	if inPages(r, form) && r.PostForm.Has("start") {
		return s.start(w, r, a)
	}
	if err := s.limits.allow(s.client(r)); err != nil {
		return s.again(w, r, a, err)
	}
	if err := s.receive(r, &a, &came); err != nil {
		return s.again(w, r, a, err)
	}
	if came.err != nil {
		return s.cutShort(w, r, a, came)
	}
	if came.removed || form.Reshapes(r.PostForm) {
		return s.renderForm(w, r, http.StatusOK, a, nil, nil)
	}
	if form.CheckAnswers && form.Layout != programme.OnePerPage && embedded(r) == "" {
		return s.toCheck(w, r, a)
	}
	entry := s.entry(a)
	receipt, err := s.Intake.Accept(r.Context(), entry)
	if refused, ok := errors.AsType[*intake.Refused](err); ok {
		return s.renderForm(w, r, http.StatusUnprocessableEntity, a, refused.Fields, nil)
	}
	if err != nil {
		return s.again(w, r, a, err)
	}
	s.metrics.accepted(form.Name, postroom.Web)
	http.Redirect(w, r, s.receiptPath(r, receipt, entry), http.StatusSeeOther)
	return nil
}

// toCheck keeps what was sent and shows it once more before it goes anywhere.
func (s *Server) toCheck(w http.ResponseWriter, r *http.Request, a attempt) error {
	clean, mistakes := a.form.CheckOn(s.Clock.Now().In(s.Org.Zone), a.answers)
	if len(mistakes) > 0 {
		return s.renderForm(w, r, http.StatusUnprocessableEntity, a, mistakes, nil)
	}
	a.answers = clean
	_, err := s.begin(w, r, a, a.form.Asked(clean, s.Clock.Now()))
	if err != nil {
		return s.again(w, r, a, err)
	}
	return nil
}

// again shows the form with its answers when it is us who could not take it.
// What has ended meanwhile is not for trying again and gets a page.
func (s *Server) again(w http.ResponseWriter, r *http.Request, a attempt, err error) error {
	why := s.trouble(w, r, a.voice, err)
	if why == nil {
		return err
	}
	if r.PostForm.Has("start") {
		return s.showStart(w, r, a, why, Status(err))
	}
	return s.renderForm(w, r, Status(err), a, nil, why)
}

func (s *Server) renderForm(w http.ResponseWriter, r *http.Request, status int, a attempt, refused []programme.FieldError, why *notice) error {
	dates, err := s.dates(r, a.voice, a.form)
	if err != nil {
		return err
	}
	ask := asker{v: a.voice, form: a.form, answers: a.answers, say: make(map[string]string), dates: dates, reach: firstWay(a.form)}
	p := formPage{
		page:       s.page(r, a.voice, a.form.Programme.Name),
		Programme:  a.voice.of(a.form.Programme.Title),
		Form:       a.voice.of(a.form.Title),
		Intro:      a.voice.maybe(a.form.Intro),
		Button:     a.voice.ofOr(a.form.Button, "form.send"),
		Action:     inLanguage(cmp.Or(a.action, formPath(r, a.form)), a.voice.locale),
		Ticket:     a.ticket.token,
		Trap:       trap,
		Privacy:    a.voice.prose(a.form.Programme.Privacy, a.form.Programme.Reviewed),
		FullNotice: s.Org.PrivacyNotice, NoticeLink: noticePath(a.form, a.voice.locale),
	}
	p.Title, p.Notice, p.Exit, p.Check = p.Form.Text, s.orSurging(r, a, why), exitOf(a.form), a.form.CheckAnswers && !p.Embedded
	if len(dates) == 1 && len(a.form.Sessions()) == 1 {
		p.When = dates[0].Hints
	}
	p.Mistakes = ask.mistakes(refused)
	p.Fields = ask.fields()
	p.Files = hasFiles(p.Fields)
	if a.form.Layout == programme.SinglePage && len(a.form.Sections) > 0 {
		p.Groups = ask.groups()
	}
	// Kept by the browser, unlike our other pages: going back must show the
	// answers again, and not a question about sending the form twice.
	w.Header().Set("Cache-Control", s.caching(a.form))
	return s.render(w, status, a.voice, "form.html", p)
}

// dates lists the dates that can be booked, with what is known of their
// places. It is a hint only: who gets a place is decided when the form is in.
func (s *Server) dates(r *http.Request, v voice, form *programme.Form) ([]optionView, error) {
	ahead := s.datesAhead(form)
	if len(ahead) == 0 {
		return nil, nil
	}
	full, err := s.fullDates(r, form)
	if err != nil {
		return nil, err
	}
	var options []optionView
	for _, each := range ahead {
		hints := []run{{Text: v.span(each.StartsAt, each.EndsAt, s.Org.Zone)}}
		if each.Venue != "" {
			hints = append(hints, v.venue(form, each.Venue))
		}
		if full[each.Name] {
			hints = append(hints, run{Text: v.Say("form.full")})
		}
		options = append(options, optionView{Value: each.Name, Label: prose{Words: v.of(each.Title)}, Hints: hints})
	}
	return options, nil
}

// venue is an address as the programme's own language has it: it stands so on
// the signs in the street.
func (v voice) venue(form *programme.Form, address string) run {
	if languages := form.Programme.Languages; len(languages) > 0 {
		return v.run(address, languages[0])
	}
	return run{Text: address}
}

func (s *Server) fullDates(r *http.Request, form *programme.Form) (map[string]bool, error) {
	read := s.Store.Read(r.Context())
	sessions, err := read.Sessions(form.Programme.Name, form.Event)
	if err != nil {
		return nil, err
	}
	full := make(map[string]bool)
	for _, each := range sessions {
		if each.Capacity == nil {
			continue
		}
		taken, waiting, err := read.Places(each.ID)
		if err != nil {
			return nil, err
		}
		full[each.Name] = waiting > 0 || taken >= *each.Capacity
	}
	return full, nil
}

// attempt reads what was sent.
func (s *Server) attempt(r *http.Request, form *programme.Form) attempt {
	a := attempt{form: form, voice: s.voice(r, s.guess.of(form.Programme.Name), ""), answers: answersTo(form, r.PostForm)}
	a.ticket = s.openTicket(form, r.PostForm.Get("ticket"))
	a.holder = store.HolderOfPage(a.ticket.key)
	a.signs = s.signs(r, a)
	return a
}

// entry is the attempt as the one door in takes it.
func (s *Server) entry(a attempt) postroom.Entry {
	return postroom.Entry{
		Channel: postroom.Web, Key: a.ticket.keyFor(a.answers), Form: a.form.Name, FormVersion: a.ticket.version,
		Locale: a.voice.locale, Answers: a.answers, Signs: a.signs, Suspect: a.suspect, At: s.Clock.Now(),
	}
}
