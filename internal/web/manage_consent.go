package web

import (
	"net/http"
	"slices"

	"postroom/internal/link"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// endPage asks whether somebody wants an answer deleted or a "yes" withdrawn, and
// says what follows from it.
type endPage struct {
	page
	Reference string
	What      run    // the question, or the words of the "yes"
	Name      string // of the input
	Value     string
	Consent   bool
	Action    string
	Back      string
}

// askForget asks whether an answer of a special category shall be deleted.
func (s *Server) askForget(w http.ResponseWriter, r *http.Request) error {
	file, err := s.managed(r)
	if err != nil {
		return err
	}
	v := s.voice(r, s.guess.of(file.sub.Programme), file.sub.Locale)
	field, known := file.form.Field(r.URL.Query().Get("field"))
	if !known || !field.SpecialCategory || len(file.sub.Answers[field.Name]) == 0 {
		return s.did(w, r, v.locale, "") // it is deleted already
	}
	p := s.endPage(r, v, file, "forget")
	p.Title, p.What = v.Say("forget.title"), v.ofOr(field.Label, field.Type.LabelKey())
	p.Name, p.Value = "field", field.Name
	return s.render(w, http.StatusOK, v, "manage-end.html", p)
}

func (s *Server) endPage(r *http.Request, v voice, f onFile, act string) endPage {
	at := inLanguage(link.Path(link.Manage, r.PathValue("token")), v.locale)
	p := endPage{page: s.page(r, v, f.sub.Programme), Reference: f.sub.Reference, Action: at + "/" + act, Back: at}
	p.Private = true
	p.keepQuery(r)
	return p
}

// keepQuery makes the page in another language ask about the same thing.
func (p *page) keepQuery(r *http.Request) {
	for i := range p.Languages {
		p.Languages[i].Link += "?" + r.URL.RawQuery
	}
}

func (s *Server) forget(w http.ResponseWriter, r *http.Request) error {
	file, v, err := s.pressed(r)
	if err != nil {
		return err
	}
	if err := s.Amendments.Forget(r.Context(), file.sub.ID, r.PostForm.Get("field")); err != nil {
		return err
	}
	return s.did(w, r, v.locale, "forgotten")
}

// askWithdraw asks whether a "yes" shall be withdrawn.
func (s *Server) askWithdraw(w http.ResponseWriter, r *http.Request) error {
	file, err := s.managed(r)
	if err != nil {
		return err
	}
	v := s.voice(r, s.guess.of(file.sub.Programme), file.sub.Locale)
	all, err := s.Store.Read(r.Context()).ConsentsTo(file.sub.ID)
	if err != nil {
		return err
	}
	id := r.URL.Query().Get("consent")
	i := slices.IndexFunc(all, func(c store.PersonConsent) bool { return c.ID == id && c.WithdrawnAt.IsZero() })
	if i < 0 {
		return s.did(w, r, v.locale, "") // it is withdrawn already
	}
	p := s.endPage(r, v, file, "withdraw")
	p.Title, p.What = v.Say("withdraw.title"), run{Text: all[i].Wording, Dir: "auto"}
	p.Name, p.Value, p.Consent = "consent", id, true
	return s.render(w, http.StatusOK, v, "manage-end.html", p)
}

func (s *Server) withdraw(w http.ResponseWriter, r *http.Request) error {
	file, v, err := s.pressed(r)
	if err != nil {
		return err
	}
	if err := s.Amendments.Withdraw(r.Context(), file.sub.ID, r.PostForm.Get("consent")); err != nil {
		return err
	}
	return s.did(w, r, v.locale, "withdrawn")
}

// agree gives a "yes" anew, for somebody who pressed the other button by mistake.
func (s *Server) agree(w http.ResponseWriter, r *http.Request) error {
	file, v, err := s.pressed(r)
	if err != nil {
		return err
	}
	if err := s.Amendments.Agree(r.Context(), file.sub.ID, r.PostForm.Get("consent")); err != nil {
		return err
	}
	return s.did(w, r, v.locale, "agreed")
}

// ways are how somebody may ask to be reached.
func ways() []postroom.Reach {
	return []postroom.Reach{postroom.ReachEmail, postroom.ReachPhone, postroom.ReachPost, postroom.ReachPerson}
}
