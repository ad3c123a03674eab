package web

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"postroom/internal/intake"
	"postroom/internal/link"
	"postroom/internal/postroom"
	"postroom/internal/programme"
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
	Privacy    prose
	FullNotice string
	NoticeLink string
}

// closedPage says that a form is not open any more.
type closedPage struct {
	page
	Form run
	Say  run // why, and what to do instead
}

// attempt is one go at a form: what the person wrote and how it came.
type attempt struct {
	form    *programme.Form
	voice   voice
	answers postroom.Answers
	ticket  ticket
	suspect bool
	action  string // where it is sent; "" is the form's own page
}

// trap is the name of an input that people do not see and programs fill in.
const trap = "fax_number"

func (s *Server) showForm(w http.ResponseWriter, r *http.Request) error {
	form, err := s.form(r)
	if err != nil {
		return err
	}
	v := s.voice(r, s.guess.of(form.Programme.Name), "")
	if !s.open(form) {
		return s.showClosed(w, r, form, v)
	}
	a := attempt{form: form, voice: v, answers: postroom.Answers{}, ticket: s.newTicket(form)}
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
	p.Title, p.Say = v.Say("closed.title"), s.whyClosed(form, v)
	return s.render(w, http.StatusGone, v, "closed.html", p)
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
	if err := readBody(r); err != nil {
		return err
	}
	a := s.attempt(r, form)
	if !s.open(form) {
		return s.showClosed(w, r, form, a.voice)
	}
	if err := s.limits.allow(s.client(r)); err != nil {
		return s.again(w, r, a, err)
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
	http.Redirect(w, r, s.receiptPath(receipt, entry), http.StatusSeeOther)
	return nil
}

// again shows the form with its answers when it is us who could not take it.
// What has ended meanwhile is not for trying again and gets a page.
func (s *Server) again(w http.ResponseWriter, r *http.Request, a attempt, err error) error {
	switch postroom.KindOf(err) {
	case postroom.TooMany, postroom.Unavailable, postroom.Internal:
	default:
		return err
	}
	s.note(r, err)
	w.Header().Set("Retry-After", "60")
	if wait, ok := errors.AsType[*tooSoon](err); ok {
		w.Header().Set("Retry-After", wait.seconds())
	}
	why := &notice{Title: a.voice.Say("form.again.title"), Say: a.voice.Say("form.again." + postroom.KindOf(err).String())}
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
		Action:     cmp.Or(a.action, "/f/"+url.PathEscape(a.form.Name)),
		Ticket:     a.ticket.token,
		Trap:       trap,
		Privacy:    a.voice.prose(a.form.Programme.Privacy, a.form.Programme.Reviewed),
		FullNotice: s.Org.PrivacyNotice, NoticeLink: noticePath(a.form, a.voice.locale),
	}
	p.Title, p.Notice = p.Form.Text, why
	if len(dates) == 1 && len(a.form.Sessions()) == 1 {
		p.When = dates[0].Hints
	}
	p.Mistakes = ask.mistakes(refused)
	p.Fields = ask.fields()
	// Kept by the browser, unlike our other pages: going back must show the
	// answers again, and not a question about sending the form twice.
	w.Header().Set("Cache-Control", "private, no-cache")
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
	a.suspect = r.PostForm.Get(trap) != "" || s.hasty(a)
	return a
}

// mostValues is how many answers to one question are read.
const mostValues = 100

// answersTo keeps what was sent for the fields of the form.
func answersTo(form *programme.Form, sent url.Values) postroom.Answers {
	answers := postroom.Answers{}
	for _, f := range form.Fields {
		values := sent[f.Name]
		for _, value := range values[:min(len(values), mostValues)] {
			answers[f.Name] = append(answers[f.Name], printable(value))
		}
	}
	return answers
}

// printable drops what no page may show. The rest of the tidying is the
// programme's.
func printable(value string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && !strings.ContainsRune("\n\r\t", r) || r == 0xfffe || r == 0xffff {
			return -1
		}
		return r
	}, strings.ToValidUTF8(value, "\ufffd"))
}

// hasty says whether a form came back faster than anybody types and brought a
// web address, as spam does. Either alone is not suspicious: browsers fill in
// short forms at a touch, and people send links.
func (s *Server) hasty(a attempt) bool {
	const soon = 2 * time.Second
	if a.ticket.made.IsZero() || s.Clock.Now().Sub(a.ticket.made) >= soon {
		return false
	}
	for _, values := range a.answers {
		if strings.Contains(strings.ToLower(strings.Join(values, " ")), "://") {
			return true
		}
	}
	return false
}

// entry is the attempt as the one door in takes it.
func (s *Server) entry(a attempt) postroom.Entry {
	return postroom.Entry{
		Channel: postroom.Web, Key: a.ticket.keyFor(a.answers), Form: a.form.Name, FormVersion: a.ticket.version,
		Locale: a.voice.locale, Answers: a.answers, Suspect: a.suspect, At: s.Clock.Now(),
	}
}

// ticket stands in a form that was shown, signed, so that sending it twice is
// known to be sending it twice.
type ticket struct {
	token   string
	key     string
	version string    // of the form as it was shown; "" if it brought no ticket of ours
	made    time.Time // zero then, too
}

// ticketLife is longer than anybody leaves a page open before coming back.
const ticketLife = 30 * 24 * time.Hour

func (s *Server) newTicket(form *programme.Form) ticket {
	t := ticket{key: rand.Text(), version: form.Version, made: s.Clock.Now()}
	subject := strings.Join([]string{form.Name, t.key, strconv.FormatInt(t.made.UnixMilli(), 36), t.version}, "|")
	t.token = s.Links.Make(link.Ticket, subject, t.made.Add(ticketLife))
	return t
}

// openTicket reads a ticket. A missing, old or foreign one is no reason to
// turn anybody away: they get a fresh one.
func (s *Server) openTicket(form *programme.Form, token string) ticket {
	fresh := s.newTicket(form)
	fresh.version, fresh.made = "", time.Time{}
	subject, err := s.Links.Open(token, link.Ticket)
	if err != nil {
		return fresh
	}
	parts := strings.Split(subject, "|")
	if len(parts) != 4 || parts[0] != form.Name {
		return fresh
	}
	millis, err := strconv.ParseInt(parts[2], 36, 64)
	if err != nil {
		return fresh
	}
	return ticket{token: token, key: parts[1], version: parts[3], made: time.UnixMilli(millis)}
}

// keyFor is the idempotency key of these answers on this ticket. A double
// click is the same key; going back to mend an answer is another, or the
// mended answer would be lost without a word. The answers cannot be guessed
// from it, because the ticket's own key is not kept.
func (t ticket) keyFor(answers postroom.Answers) string {
	written, err := json.Marshal(answers)
	if err != nil {
		panic(err) // texts always marshal
	}
	sum := sha256.Sum256(append([]byte(t.key+"|"), written...))
	return "web:" + base64.RawURLEncoding.EncodeToString(sum[:16])
}
