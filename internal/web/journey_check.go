package web

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"postroom/internal/intake"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

const checkPageName = "check"

// checkPage shows what was answered before any of it is sent.
type checkPage struct {
	page
	Form       run
	Groups     []answerGroup
	Full       bool // the date that was chosen has no place left at the moment
	Action     string
	Back       string
	Button     run
	Later      bool
	Privacy    prose
	FullNotice string
	LaterLink  string
}

// answerGroup is the answers of one page.
type answerGroup struct {
	ID    string
	Title run // empty where the questions have no heading of their own
	Rows  []answerRow
}

// answerRow is one question with what was answered.
type answerRow struct {
	Label  run
	Values []run  // none is "Not provided"
	Unseen bool   // it was answered and is not shown here
	Band   bool   // it is what was told from the answer, which is not kept
	Change string // the page with the question
}

// showCheck shows the answers, or leads to what was not asked yet.
func (s *Server) showCheck(w http.ResponseWriter, r *http.Request) error {
	j, err := s.journey(r)
	if err != nil {
		return err
	}
	if j.draft.State != store.DraftOpen {
		return s.over(w, r, j)
	}
	if next := j.next(); next != checkPageName {
		http.Redirect(w, r, j.link(next), http.StatusSeeOther)
		return nil
	}
	return s.renderCheck(w, r, http.StatusOK, j, nil)
}

func (s *Server) renderCheck(w http.ResponseWriter, r *http.Request, status int, j journey, why *notice) error {
	p := checkPage{
		page: s.page(r, j.voice, j.form.Programme.Name), Form: j.voice.of(j.form.Title), Action: j.path(checkPageName), Back: j.before(checkPageName),
		Button: j.voice.ofOr(j.form.Button, "form.send"), Later: s.Mails != nil, LaterLink: j.link(laterPageName),
		Privacy: j.voice.prose(j.form.Programme.Privacy, j.form.Programme.Reviewed), FullNotice: s.Org.PrivacyNotice,
	}
	p.Private, p.Notice, p.Exit = true, why, exitOf(j.form)
	p.Title = j.voice.Say("check.title") + " – " + p.Form.Text
	p.Groups = s.answers(j)
	full, err := s.chosenIsFull(r, j)
	if err != nil {
		return err
	}
	p.Full = full
	w.Header().Set("Cache-Control", "no-store") // a page that is kept would show answers of before
	return s.render(w, status, j.voice, "check.html", p)
}

// chosenIsFull says whether the date in the answers has no place left now.
func (s *Server) chosenIsFull(r *http.Request, j journey) (bool, error) {
	sessions := j.form.Sessions()
	if len(sessions) == 0 {
		return false, nil
	}
	full, err := s.fullDates(r, j.form)
	if err != nil {
		return false, err
	}
	for _, f := range j.form.Fields {
		if f.Type == programme.SessionField {
			return full[j.draft.Answers.One(f.Name)], nil
		}
	}
	return len(sessions) == 1 && full[sessions[0].Name], nil
}

// answers are what was asked of this person, a group a page.
func (s *Server) answers(j journey) []answerGroup {
	asked := j.form.Asked(j.draft.Answers, j.at)
	clean, _ := j.form.CheckAt(j.draft.Answers, j.at)
	var groups []answerGroup
	for _, section := range j.route() {
		g := answerGroup{ID: "a-" + section.Name, Title: j.voice.maybe(section.Title)}
		for _, name := range section.Fields {
			if f, ok := j.form.Field(name); ok && slices.Contains(asked, name) {
				g.Rows = append(g.Rows, s.answerRow(j, section, f, clean))
			}
		}
		if last := len(groups) - 1; g.Title.Text == "" && last >= 0 && groups[last].Title.Text == "" {
			groups[last].Rows = append(groups[last].Rows, g.Rows...)
			continue
		}
		groups = append(groups, g)
	}
	return groups
}

func (s *Server) answerRow(j journey, section programme.Section, f *programme.Field, clean postroom.Answers) answerRow {
	ask := asker{v: j.voice, form: j.form}
	row := answerRow{Label: ask.label(f), Change: j.link(section.Name) + "?change=1#f-" + f.Name}
	for i := range j.form.Fields {
		if d := &j.form.Fields[i]; d.Derived != nil && d.Derived.From == f.Name {
			row.Band, row.Label = true, ask.label(d)
			row.Values = s.answerText(j.voice, j.form, d, clean[d.Name])
			return row
		}
	}
	if row.Unseen = j.byMail && f.SpecialCategory && len(clean[f.Name]) > 0; !row.Unseen {
		row.Values = s.answerText(j.voice, j.form, f, clean[f.Name])
	}
	return row
}

// sendDraft takes what was answered. A second press of the button, or one after
// the process died, files nothing twice: the key is the draft's own.
func (s *Server) sendDraft(w http.ResponseWriter, r *http.Request) error {
	j, err := s.journey(r)
	if err != nil {
		return err
	}
	if err := readBody(r); err != nil {
		return err
	}
	j.voice = s.voice(r, s.guess.of(j.form.Programme.Name), j.draft.Locale)
	if j.draft.State != store.DraftOpen {
		return s.over(w, r, j)
	}
	if next := j.next(); next != checkPageName {
		http.Redirect(w, r, j.link(next), http.StatusSeeOther)
		return nil
	}
	if !s.open(j.form) {
		return s.showClosed(w, r, j.form, j.voice)
	}
	if err := s.limits.allow(s.client(r)); err != nil {
		return s.checkAgain(w, r, j, err)
	}
	shown := j.draft.Answers
	if j.draft, err = s.sending(r, j); err != nil {
		return s.checkAgain(w, r, j, err)
	}
	if j.draft.State != store.DraftOpen {
		return s.over(w, r, j)
	}
	if !maps.EqualFunc(shown, j.draft.Answers, slices.Equal) { // another window saved since
		s.unsent(r, j)
		http.Redirect(w, r, j.link(checkPageName), http.StatusSeeOther)
		return nil
	}
	entry := s.draftEntry(r, j)
	receipt, err := s.Intake.Accept(r.Context(), entry)
	if err != nil {
		s.unsent(r, j)
	}
	if refused, ok := errors.AsType[*intake.Refused](err); ok {
		return s.mendDraft(w, r, j, refused)
	}
	if err != nil {
		return s.checkAgain(w, r, j, err)
	}
	s.metrics.accepted(j.form.Name, postroom.Web)
	subject := receiptSubject(receipt, entry)
	if err := s.Store.Write(r.Context(), func(tx *store.Tx) error { return tx.SentDraft(j.draft.Hash, subject, j.at) }); err != nil {
		s.note(r, err) // it is on file; pressing again finds it there, and the purge deletes what is left
	}
	if j.form.Equality != nil {
		http.Redirect(w, r, j.link(equalityPageName), http.StatusSeeOther)
		return nil
	}
	http.Redirect(w, r, s.receiptLink(r, subject, j.voice.locale), http.StatusSeeOther)
	return nil
}

// sending keeps other windows from saving while a draft is sent, and returns it as
// it is then.
func (s *Server) sending(r *http.Request, j journey) (d store.Draft, err error) {
	err = s.Store.Write(r.Context(), func(tx *store.Tx) (err error) {
		d, err = tx.SendingDraft(j.draft.Hash, j.at)
		return err
	})
	if err != nil {
		return j.draft, err
	}
	return d, nil
}

// unsent lets people go on with a draft that could not be sent. If that fails it is
// so by itself in a minute.
func (s *Server) unsent(r *http.Request, j journey) {
	if err := s.Store.Write(r.Context(), func(tx *store.Tx) error { return tx.UnsentDraft(j.draft.Hash) }); err != nil {
		s.note(r, err)
	}
}

// draftEntry is a draft as the one door in takes it.
func (s *Server) draftEntry(r *http.Request, j journey) postroom.Entry {
	key := ticket{key: j.draft.Key}
	a := attempt{form: j.form, voice: j.voice, answers: j.draft.Answers, ticket: ticket{made: j.draft.BegunAt}}
	return postroom.Entry{
		Channel: postroom.Web, Key: key.keyFor(j.draft.Answers), Form: j.form.Name, FormVersion: j.draft.Version, Locale: j.voice.locale,
		Answers: j.draft.Answers, Suspect: j.draft.Suspect, Signs: s.signs(r, a), At: j.at,
	}
}

// mendDraft shows the first page with something that will not do any more, such
// as a date that has passed since.
func (s *Server) mendDraft(w http.ResponseWriter, r *http.Request, j journey, refused *intake.Refused) error {
	for _, section := range j.route() {
		here := slices.DeleteFunc(slices.Clone(refused.Fields), func(e programme.FieldError) bool { return !slices.Contains(section.Fields, e.Field) })
		if len(here) > 0 {
			return s.renderQuestions(w, r, http.StatusUnprocessableEntity, j, section, j.shown(), here)
		}
	}
	return refused
}

// checkAgain shows the answers once more when it is us who could not take them.
func (s *Server) checkAgain(w http.ResponseWriter, r *http.Request, j journey, err error) error {
	why := s.trouble(w, r, j.voice, err)
	if why == nil {
		return err
	}
	return s.renderCheck(w, r, Status(err), j, why)
}

// trouble is the notice that says that we could not take something, or nil
// where trying again is of no use. It logs what the operator has to mend.
func (s *Server) trouble(w http.ResponseWriter, r *http.Request, v voice, err error) *notice {
	kind := postroom.KindOf(err)
	switch kind {
	case postroom.TooMany, postroom.Unavailable, postroom.Internal:
	default:
		return nil
	}
	s.note(r, err)
	w.Header().Set("Retry-After", "60")
	if wait, ok := errors.AsType[*tooSoon](err); ok {
		w.Header().Set("Retry-After", wait.seconds())
	}
	return &notice{Title: v.Say("form.again.title"), Say: v.Say("form.again." + kind.String())}
}

// fullPage says, before anything is filled in, that every date is full.
type fullPage struct {
	page
	Form    run
	When    []run
	Waiting string // the form all the same, for the waiting list
}

// allFull says whether no date of a form has a place left.
func (s *Server) allFull(r *http.Request, form *programme.Form) (bool, error) {
	ahead := s.datesAhead(form)
	if len(ahead) == 0 {
		return false, nil
	}
	full, err := s.fullDates(r, form)
	if err != nil {
		return false, err
	}
	return !slices.ContainsFunc(ahead, func(d *programme.Session) bool { return !full[d.Name] }), nil
}

func (s *Server) showFull(w http.ResponseWriter, r *http.Request, form *programme.Form, v voice) error {
	p := fullPage{page: s.page(r, v, form.Programme.Name), Form: v.of(form.Title)}
	p.Title, p.Exit = v.Say("full.title")+" – "+p.Form.Text, exitOf(form)
	p.Waiting = inLanguage(formPath(r, form), v.locale) + "?waiting=" + strconv.Itoa(1)
	for _, each := range s.datesAhead(form) {
		title := v.of(each.Title)
		title.Text = strings.Join([]string{title.Text, v.span(each.StartsAt, each.EndsAt, s.Org.Zone)}, ", ")
		p.When = append(p.When, title)
	}
	return s.render(w, http.StatusOK, v, "full.html", p)
}
