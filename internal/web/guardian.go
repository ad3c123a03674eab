package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"postroom/internal/intake"
	"postroom/internal/link"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// Guardians do what somebody's guardian says.
type Guardians interface {
	GuardianAnswers(ctx context.Context, submission string, asked int, agrees bool) error
	AskGuardian(ctx context.Context, submission string) error
}

// guardianPage asks a guardian, and says afterwards what they have answered.
type guardianPage struct {
	page
	Form    run
	Name    string // who sent the form
	Text    prose
	State   string // "waiting", "agreed", "refused", "old" or "asked"
	Action  string
	Privacy prose
}

// guarded is what a link to a guardian leads to.
type guarded struct {
	sub   postroom.Submission
	form  *programme.Form
	who   store.Guardian
	asked int // which asking the link is of
	name  string
}

func (s *Server) guarded(r *http.Request) (g guarded, err error) {
	subject, err := s.Links.Open(r.PathValue("token"), link.Guardian)
	if err != nil {
		return g, err
	}
	id, asked, _ := strings.Cut(subject, "|")
	if g.asked, err = strconv.Atoi(asked); err != nil {
		return g, &postroom.Error{Kind: postroom.NotFound, Say: postroom.Say("link.damaged"), Cause: err}
	}
	read, there := s.Store.Read(r.Context()), false
	if g.sub, err = read.Submission(id); err != nil {
		return g, err
	}
	if g.who, there, err = read.Guardian(id); err != nil {
		return g, err
	}
	g.form, _ = s.Programmes.Form(g.sub.Form)
	if !there || g.form == nil || g.form.Guardian == nil {
		return g, &postroom.Error{Kind: postroom.Gone, Say: postroom.Say("error.no_form"), Cause: errors.New("the form asks no guardian any more")}
	}
	contact, err := read.Contact(g.sub.Contact)
	g.name = contact.Name
	return g, err
}

// state says what a page can do with this link now.
func (s *Server) state(g guarded) string {
	switch {
	case g.who.State != store.GuardianWaiting:
		return string(g.who.State)
	case g.asked != g.who.Asked || s.Clock.Now().After(g.who.AskedAt.Add(intake.GuardianLife)):
		return "old"
	}
	return string(store.GuardianWaiting)
}

func (s *Server) showGuardian(w http.ResponseWriter, r *http.Request) error {
	g, err := s.guarded(r)
	if err != nil {
		return err
	}
	return s.renderGuardian(w, r, g, s.state(g))
}

// answerGuardian takes a yes or a no.
func (s *Server) answerGuardian(w http.ResponseWriter, r *http.Request) error {
	g, err := s.guarded(r)
	if err != nil {
		return err
	}
	if err := readBody(r); err != nil {
		return err
	}
	answer := r.PostForm.Get("answer")
	if s.state(g) != string(store.GuardianWaiting) || answer != "yes" && answer != "no" {
		return s.renderGuardian(w, r, g, s.state(g))
	}
	err = s.Guardians.GuardianAnswers(r.Context(), g.sub.ID, g.asked, answer == "yes")
	if err != nil && postroom.KindOf(err) != postroom.Gone { // then the page says what stands
		return err
	}
	v := s.voice(r, s.guess.of(g.sub.Programme), g.sub.Locale)
	http.Redirect(w, r, inLanguage(link.Path(link.Guardian, r.PathValue("token")), v.locale), http.StatusSeeOther)
	return nil
}

// askGuardian sends the newest link once more, to the address on file.
func (s *Server) askGuardian(w http.ResponseWriter, r *http.Request) error {
	g, err := s.guarded(r)
	if err != nil {
		return err
	}
	if err := readBody(r); err != nil {
		return err
	}
	if err := s.limits.allow(s.client(r)); err != nil {
		return err
	}
	if err := s.Guardians.AskGuardian(r.Context(), g.sub.ID); err != nil {
		return err
	}
	return s.renderGuardian(w, r, g, "asked")
}

func (s *Server) renderGuardian(w http.ResponseWriter, r *http.Request, g guarded, state string) error {
	v := s.voice(r, s.guess.of(g.sub.Programme), g.sub.Locale)
	p := guardianPage{
		page: s.page(r, v, g.sub.Programme), Form: v.of(g.form.Title), Name: g.name, State: state,
		Text: v.prose(g.form.Guardian.Text, g.form.Programme.Reviewed), Privacy: v.prose(g.form.Programme.Privacy, g.form.Programme.Reviewed),
		Action: link.Path(link.Guardian, r.PathValue("token")),
	}
	p.Title, p.Private = v.Say("guardian.title."+state), true
	return s.render(w, http.StatusOK, v, "guardian.html", p)
}
