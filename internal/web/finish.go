package web

import (
	"errors"
	"net/http"

	"postroom/internal/intake"
	"postroom/internal/link"
	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// showFinish shows the form that a letter was taken for, with what the letter
// said already in it.
func (s *Server) showFinish(w http.ResponseWriter, r *http.Request) error {
	sub, form, err := s.unfinished(r)
	if err != nil {
		return err
	}
	if len(sub.Open) == 0 {
		return finished()
	}
	a := attempt{form: form, voice: s.voice(r, s.guess.of(form.Programme.Name), sub.Locale), answers: shown(form, sub.Answers), ticket: s.newTicket(form)}
	a.action = link.Path(link.Finish, r.PathValue("token"))
	return s.renderForm(w, r, http.StatusOK, a, nil, nil)
}

// finish takes the answers that a letter left open.
func (s *Server) finish(w http.ResponseWriter, r *http.Request) error {
	sub, form, err := s.unfinished(r)
	if err != nil {
		return err
	}
	if err := readBody(r); err != nil {
		return err
	}
	a := s.attempt(r, form)
	a.action = link.Path(link.Finish, r.PathValue("token"))
	if err := s.limits.allow(s.client(r)); err != nil {
		return s.again(w, r, a, err)
	}
	entry := s.entry(a)
	receipt, err := s.Intake.Finish(r.Context(), sub.ID, entry)
	if refused, ok := errors.AsType[*intake.Refused](err); ok {
		return s.renderForm(w, r, http.StatusUnprocessableEntity, a, refused.Fields, nil)
	}
	if postroom.KindOf(err) == postroom.Gone && len(sub.Open) == 0 {
		return finished() // the button was pressed twice
	}
	if err != nil {
		return s.again(w, r, a, err)
	}
	if err := s.remember(r, sub); err != nil {
		s.note(r, err) // what they came for is done
	}
	http.Redirect(w, r, s.receiptPath(r, receipt, entry), http.StatusSeeOther)
	return nil
}

// unfinished opens the link to a submission of which questions may be open.
func (s *Server) unfinished(r *http.Request) (sub postroom.Submission, form *programme.Form, err error) {
	subject, err := s.Links.Open(r.PathValue("token"), link.Finish)
	if err != nil {
		return sub, nil, err
	}
	_, err = s.Links.Untie(subject, func(id string) (string, error) {
		sub, err = s.Store.Read(r.Context()).Submission(id)
		return sub.Address, err
	})
	if err != nil {
		return sub, nil, err
	}
	form, ok := s.Programmes.Form(sub.Form)
	if !ok {
		return sub, nil, &postroom.Error{Kind: postroom.NotFound, Say: postroom.Say("error.no_form")}
	}
	return sub, form, nil
}

// finished says that there is nothing left to answer. Where it stands, the
// mail tells that has gone out since: this link is for answering alone.
func finished() error {
	return &postroom.Error{Kind: postroom.Gone, Say: postroom.Say("error.moved_on")}
}

// shown are the answers that a link in a mail may show: whoever holds the
// mail holds the link, so nothing of a special category is among them.
func shown(form *programme.Form, answers postroom.Answers) postroom.Answers {
	visible := postroom.Answers{}
	for _, f := range form.Fields {
		if !f.SpecialCategory && len(answers[f.Name]) > 0 {
			visible[f.Name] = answers[f.Name]
		}
	}
	return visible
}
