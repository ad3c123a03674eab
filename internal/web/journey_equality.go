package web

import (
	"crypto/rand"
	"net/http"
	"slices"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

const equalityPageName = "equality"

// equalityPage asks what nobody has to answer, once the form is sent.
type equalityPage struct {
	page
	Form   run
	Why    prose
	Action string
	ID     string // under which the answers are kept, which leads to nobody
	Fields []fieldView
}

func (s *Server) showEquality(w http.ResponseWriter, r *http.Request) error {
	j, err := s.sentJourney(r)
	if err != nil {
		return err
	}
	return s.renderEquality(w, r, http.StatusOK, j, rand.Text(), postroom.Answers{}, nil)
}

// sentJourney opens a draft that was sent and has questions about equality to
// come. Any other has no such page.
func (s *Server) sentJourney(r *http.Request) (journey, error) {
	j, err := s.journey(r)
	if err != nil {
		return j, err
	}
	if j.form.Equality == nil || j.draft.State != store.DraftSent {
		return j, &postroom.Error{Kind: postroom.NotFound, Say: postroom.Say("page.error.not_found.text")}
	}
	return j, nil
}

// saveEquality keeps the answers apart from everything that is known of the
// person: in a transaction of their own, with no name, no address and no time,
// under an id that the page drew. Sent twice they are kept once.
func (s *Server) saveEquality(w http.ResponseWriter, r *http.Request) error {
	j, err := s.sentJourney(r)
	if err != nil {
		return err
	}
	if err := readBody(r); err != nil {
		return err
	}
	if err := s.limits.allow(s.client(r)); err != nil {
		return err
	}
	j.voice = s.voice(r, s.guess.of(j.form.Programme.Name), j.draft.Locale)
	form := j.form.Equality.Form
	answers := answersTo(form, r.PostForm)
	clean, mistakes := form.Check(answers)
	id := r.PostForm.Get("id")
	if len(mistakes) > 0 {
		return s.renderEquality(w, r, http.StatusUnprocessableEntity, j, id, answers, mistakes)
	}
	if len(id) != len(rand.Text()) {
		id = rand.Text()
	}
	if len(clean) > 0 && !r.PostForm.Has("skip") {
		err := s.Store.Write(r.Context(), func(tx *store.Tx) error { return tx.AddEquality(id, j.form.Name, clean, j.at.In(s.Org.Zone)) })
		if err != nil {
			return err
		}
	}
	return s.over(w, r, j)
}

func (s *Server) renderEquality(w http.ResponseWriter, r *http.Request, status int, j journey, id string, answers postroom.Answers, refused []programme.FieldError) error {
	ask := asker{v: j.voice, form: j.form.Equality.Form, answers: answers, say: make(map[string]string)}
	p := equalityPage{
		page: s.page(r, j.voice, j.form.Programme.Name), Form: j.voice.of(j.form.Title), Action: j.path(equalityPageName), ID: id,
		Why: j.voice.prose(j.form.Equality.Why, j.form.Programme.Reviewed),
	}
	p.Mistakes = ask.mistakes(refused)
	p.Title, p.Private, p.Exit = j.voice.Say("equality.title")+" – "+p.Form.Text, true, exitOf(j.form)
	p.Fields = ask.fields()
	for i := range p.Fields {
		p.Fields[i].preferNot(j.voice, answers)
	}
	return s.render(w, status, j.voice, "equality.html", p)
}

// preferNot offers, as the last answer, not to say.
func (f *fieldView) preferNot(v voice, answers postroom.Answers) {
	o := optionView{ID: f.ID + "-not", Value: programme.PreferNotToSay, Label: prose{Words: run{Text: v.Say("equality.prefer_not")}}}
	o.Checked = slices.Contains(answers[f.Name], o.Value)
	f.Options = slices.DeleteFunc(f.Options, func(other optionView) bool { return other.Value == o.Value })
	f.Options = append(f.Options, o)
}
