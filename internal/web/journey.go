package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// journeyPage is one page of questions. Where it asks a single one, that is its
// heading.
type journeyPage struct {
	page
	Form    run
	Heading run // empty where the one question is the heading
	Intro   run
	Action  string
	Back    string
	Change  bool // the page with the answers is where it leads back to
	Fields  []fieldView
	Unseen  bool // answers are kept that this page does not show
	Files   bool
	Later   bool // the answers can be kept for another day
}

// group is the questions of a section on a page that holds several.
type group struct {
	ID           string
	Title, Intro run
	Fields       []fieldView
}

// resume leads to where somebody stopped.
func (s *Server) resume(w http.ResponseWriter, r *http.Request) error {
	j, err := s.journey(r)
	if err != nil {
		return err
	}
	if j.draft.State != store.DraftOpen {
		return s.over(w, r, j)
	}
	http.Redirect(w, r, j.link(j.next()), http.StatusSeeOther)
	return nil
}

// section is a page of questions that a draft has, by its name in the address.
func (j journey) section(r *http.Request) (programme.Section, error) {
	for _, s := range j.sections() {
		if s.Name == r.PathValue("page") {
			return s, nil
		}
	}
	return programme.Section{}, &postroom.Error{Kind: postroom.NotFound, Say: postroom.Say("page.error.not_found.text")}
}

// showQuestions shows a page of questions, or leads on where nothing on it is
// asked of this person.
func (s *Server) showQuestions(w http.ResponseWriter, r *http.Request) error {
	j, err := s.journey(r)
	if err != nil {
		return err
	}
	if j.draft.State != store.DraftOpen {
		return s.over(w, r, j)
	}
	section, err := j.section(r)
	if err != nil {
		return err
	}
	if !meet(section.Fields, j.form.Asked(j.draft.Answers, j.at)) {
		http.Redirect(w, r, j.link(j.next()), http.StatusSeeOther)
		return nil
	}
	answers, err := s.withFiles(r, j)
	if err != nil {
		return err
	}
	return s.renderQuestions(w, r, http.StatusOK, j, section, answers, nil)
}

// saveQuestions keeps what a page asked and leads on. What has to be mended is
// shown again, and is not kept until it is right.
func (s *Server) saveQuestions(w http.ResponseWriter, r *http.Request) error {
	j, err := s.journey(r)
	if err != nil {
		return err
	}
	came := s.readForm(w, r, j.form)
	defer came.release()
	if came.unreadable() {
		return came.err
	}
	if j.draft.State != store.DraftOpen {
		return s.over(w, r, j)
	}
	j.voice = s.voice(r, s.guess.of(j.form.Programme.Name), j.draft.Locale)
	section, err := j.section(r)
	if err != nil {
		return err
	}
	sent, later := answersTo(j.form, r.PostForm), r.PostForm.Has("later")
	a := attempt{form: j.form, voice: j.voice, answers: sent, holder: j.draft.Holder}
	if err := s.receive(r, &a, &came); err != nil {
		return err
	}
	written := j.merged(j.draft.Answers, sent, section)
	_, mistakes := j.form.CheckOn(j.at, written)
	mistakes = slices.DeleteFunc(mistakes, func(e programme.FieldError) bool { return !slices.Contains(section.Fields, e.Field) })
	if came.err != nil || came.removed {
		return s.pageAgain(w, r, j, section, sent, written, came)
	}
	if len(mistakes) > 0 && !later {
		return s.renderQuestions(w, r, http.StatusUnprocessableEntity, j, section, written, mistakes)
	}
	if err := s.keep(r, &j, section, sent, !later); err != nil {
		return err
	}
	if j.draft.State != store.DraftOpen {
		return s.over(w, r, j)
	}
	to := j.after(section.Name)
	switch {
	case later:
		to = laterPageName
	case r.PostForm.Has("change"):
		to = j.next()
	}
	http.Redirect(w, r, j.link(to), http.StatusSeeOther)
	return nil
}

// keep saves a page's answers, and notes that its questions were asked.
func (s *Server) keep(r *http.Request, j *journey, section programme.Section, sent postroom.Answers, passed bool) error {
	var saved store.Draft
	err := s.Store.Write(r.Context(), func(tx *store.Tx) (err error) {
		saved, err = tx.SaveDraft(j.draft.Hash, j.voice.locale, j.at, func(b *store.DraftBody) {
			b.Answers = j.tidied(j.merged(b.Answers, sent, section), section)
			for _, name := range section.Fields {
				if passed && !slices.Contains(b.Seen, name) && slices.Contains(j.form.Asked(b.Answers, j.at), name) {
					b.Seen = append(b.Seen, name)
				}
			}
		})
		return err
	})
	if postroom.KindOf(err) == postroom.Gone { // sent or ended in another window
		j.draft.State = saved.State
		j.draft.Receipt, j.draft.TouchedAt = saved.Receipt, saved.TouchedAt
		return nil
	}
	if err == nil {
		j.draft = saved
	}
	return err
}

func (s *Server) renderQuestions(w http.ResponseWriter, r *http.Request, status int, j journey, section programme.Section, answers postroom.Answers, refused []programme.FieldError) error {
	dates, err := s.dates(r, j.voice, j.form)
	if err != nil {
		return err
	}
	ask := asker{v: j.voice, form: j.form, answers: answers, say: make(map[string]string), dates: dates, reach: firstWay(j.form)}
	p := journeyPage{
		page: s.page(r, j.voice, j.form.Programme.Name), Form: j.voice.of(j.form.Title), Action: j.path(section.Name),
		Back: j.before(section.Name), Change: r.URL.Query().Has("change") || r.PostForm.Has("change"), Later: s.Mails != nil,
		Heading: j.voice.maybe(section.Title), Intro: j.voice.maybe(section.Intro),
	}
	p.Private, p.Mistakes, p.Exit = true, ask.mistakes(refused), exitOf(j.form)
	p.Fields = ask.ofSection(section, j.form.Asked(answers, j.at))
	p.Files = hasFiles(p.Fields)
	p.Unseen = j.byMail && slices.ContainsFunc(section.Fields, func(name string) bool {
		f, ok := j.form.Field(name)
		return ok && f.SpecialCategory && len(j.draft.Answers[name]) > 0
	})
	if p.Change {
		p.Back = j.link(checkPageName)
	}
	if p.Heading.Text == "" {
		p.Heading = j.voice.of(j.form.Title)
	}
	if len(p.Fields) == 1 && !p.Fields[0].Lone {
		p.Fields[0].Heading = true
		p.Heading = p.Fields[0].Label.Words
	}
	p.Title = p.Heading.Text
	if p.Heading.Text != p.Form.Text {
		p.Title += " – " + p.Form.Text
	}
	if len(p.Fields) == 1 && p.Fields[0].Heading {
		p.Heading = run{}
	}
	w.Header().Set("Cache-Control", s.caching(j.form))
	return s.render(w, status, j.voice, "journey.html", p)
}

// caching lets the browser keep a page of a form, unlike our others: going back
// must show the answers again, and not a question about sending the form twice.
// Of a form that somebody may have to leave in a hurry nothing is kept.
func (s *Server) caching(form *programme.Form) string {
	if form.Exit != "" {
		return "no-store"
	}
	return "private, no-cache"
}

// ofSection makes the questions of a section that are asked. Those on one page
// are asked together, also where the answer to one decides about another: which
// it is then says itself.
func (a asker) ofSection(s programme.Section, asked []string) []fieldView {
	var views []fieldView
	for _, name := range s.Fields {
		f, ok := a.form.Field(name)
		if !ok {
			continue
		}
		if slices.Contains(asked, name) || a.decidedHere(f, s) {
			views = append(views, a.field(f))
		}
	}
	return filesLast(views)
}

// decidedHere says whether the answers on the same page decide whether a field
// is asked. That is told by whether its condition asks about one of them.
func (a asker) decidedHere(f *programme.Field, s programme.Section) bool {
	return f.If != "" && slices.ContainsFunc(s.Fields, func(name string) bool { return name != f.Name && f.AsksAbout(name, a.form) })
}

// groups are the questions of a page with sections, each below its heading. The
// files of a section that others follow come after all of them, below its heading
// once more.
func (a asker) groups() []group {
	var groups, ofFiles []group
	for i, s := range a.form.Sections {
		g := group{ID: "s-" + s.Name, Title: a.v.maybe(s.Title), Intro: a.v.maybe(s.Intro)}
		files := group{ID: g.ID + "-files", Title: g.Title}
		for _, name := range s.Fields {
			f, ok := a.form.Field(name)
			switch {
			case ok && f.Type == programme.FileField && i < len(a.form.Sections)-1:
				files.Fields = append(files.Fields, a.field(f))
			case ok:
				g.Fields = append(g.Fields, a.field(f))
			}
		}
		g.Fields = filesLast(g.Fields)
		if len(g.Fields) == 0 {
			files.Intro = g.Intro // it asks for nothing else
		} else {
			groups = append(groups, g)
		}
		if len(files.Fields) > 0 {
			ofFiles = append(ofFiles, files)
		}
	}
	return append(groups, ofFiles...)
}

// startPage says what a form is about before its first question.
type startPage struct {
	page
	Programme  run
	Form       run
	Intro      run
	When       []run
	Action     string
	Ticket     string
	Trap       string
	Later      bool
	Privacy    prose
	FullNotice string
}

func (s *Server) showStart(w http.ResponseWriter, r *http.Request, a attempt, why *notice, status int) error {
	dates, err := s.dates(r, a.voice, a.form)
	if err != nil {
		return err
	}
	p := startPage{
		page: s.page(r, a.voice, a.form.Programme.Name), Programme: a.voice.of(a.form.Programme.Title), Form: a.voice.of(a.form.Title),
		Intro: a.voice.maybe(a.form.Intro), Action: cmp.Or(a.action, "/f/"+url.PathEscape(a.form.Name)), Ticket: a.ticket.token, Trap: trap,
		Later: s.Mails != nil, Privacy: a.voice.prose(a.form.Programme.Privacy, a.form.Programme.Reviewed), FullNotice: s.Org.PrivacyNotice,
	}
	p.Title, p.Notice, p.Exit = p.Form.Text, why, exitOf(a.form)
	if len(dates) == 1 && len(a.form.Sessions()) == 1 {
		p.When = dates[0].Hints
	}
	w.Header().Set("Cache-Control", s.caching(a.form))
	return s.render(w, status, a.voice, "start.html", p)
}

// start begins the journey through the pages of a form.
func (s *Server) start(w http.ResponseWriter, r *http.Request, a attempt) error {
	if err := s.limits.allow(s.client(r)); err != nil {
		return s.again(w, r, a, err)
	}
	a.answers = postroom.Answers{}
	_, err := s.begin(w, r, a, nil)
	return err
}
