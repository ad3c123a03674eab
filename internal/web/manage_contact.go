package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"postroom/internal/intake"
	"postroom/internal/link"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// contactPage asks in which language somebody is written to, and how they are
// reached.
type contactPage struct {
	page
	Reference string
	Action    string
	Back      string
	Speaks    fieldView
	Fields    []fieldView // how they are reached
}

func (s *Server) askContact(w http.ResponseWriter, r *http.Request) error {
	file, err := s.managed(r)
	if err != nil {
		return err
	}
	v := s.voice(r, s.guess.of(file.sub.Programme), file.sub.Locale)
	how, err := s.Store.Read(r.Context()).ByPhone(file.contact.ID)
	if err != nil {
		return err
	}
	written := intake.ReachBy{Way: file.contact.Reach, ByPhone: how}
	return s.renderContact(w, r, http.StatusOK, v, file, written, nil)
}

func (s *Server) renderContact(w http.ResponseWriter, r *http.Request, status int, v voice, f onFile, how intake.ReachBy, wrong map[string]string) error {
	at := inLanguage(link.Path(link.Manage, r.PathValue("token")), v.locale)
	p := contactPage{page: s.page(r, v, f.sub.Programme), Reference: f.sub.Reference, Action: at, Back: at}
	p.Title, p.Private = v.Say("contact.title"), true
	p.Speaks = s.speaksField(v, f)
	p.Fields = []fieldView{wayField(v, f, how), phoneField(v, f, how), messageField(v, how), throughField(v, how)}
	for i := range p.Fields {
		field := &p.Fields[i]
		if field.Mistake = wrong[field.Name]; field.Mistake != "" {
			field.DescribedBy = strings.TrimSpace(field.DescribedBy + " " + field.ID + "-error")
			p.Mistakes = append(p.Mistakes, mistake{ID: field.ID, Say: field.Mistake})
		}
	}
	return s.render(w, status, v, "manage-contact.html", p)
}

// speaksField offers the languages of the programme, each named in itself.
func (s *Server) speaksField(v voice, f onFile) fieldView {
	view := fieldView{Part: "choices", Name: "speak", ID: "f-speak", Label: prose{Words: run{Text: v.Say("contact.language")}}}
	for _, tag := range s.guess.of(f.sub.Programme).tags {
		name := v.run(s.locales.Text(tag, postroom.Say("language.name")), tag)
		view.Options = append(view.Options, optionView{ID: view.ID + "-" + tag, Value: tag, Label: prose{Words: name}, Checked: v.best(f.sub.Locale) == tag})
	}
	return view
}

func wayField(v voice, f onFile, how intake.ReachBy) fieldView {
	view := fieldView{Part: "choices", Name: "reach", ID: "f-reach", Label: prose{Words: run{Text: v.Say("contact.way")}}}
	for _, way := range offered(f) {
		view.Options = append(view.Options, optionView{ID: view.ID + "-" + string(way), Value: string(way), Label: prose{Words: run{Text: v.Say("manage.reach." + string(way))}}, Checked: how.Way == way})
	}
	view.Options[0].ID = view.ID
	return view
}

// offered are the ways in which somebody can be reached: by post only where a form
// asks for what that needs, or they are already.
func offered(f onFile) (list []postroom.Reach) {
	for _, way := range ways() {
		if way == postroom.ReachPost && !slices.Contains(f.form.Reach, way) && f.contact.Reach != way {
			continue
		}
		list = append(list, way)
	}
	return list
}

func phoneField(v voice, f onFile, how intake.ReachBy) fieldView {
	view := fieldView{
		Part: "input", Name: "phone", ID: "f-phone", Label: prose{Words: run{Text: v.Say("field.phone.label")}}, Optional: true,
		Type: "tel", Dir: "ltr", Autocomplete: "tel", Value: how.Phone,
	}
	if f.contact.Phone != "" {
		view.Hint = run{Text: v.Say("contact.phone_hint", "ending", ending(f.contact.Phone))}
		view.DescribedBy = view.ID + "-hint"
	}
	return view
}

// ending is as much of a number as its owner knows it by.
func ending(phone string) string {
	signs := []rune(phone)
	return string(signs[max(0, len(signs)-3):])
}

func messageField(v voice, how intake.ReachBy) fieldView {
	view := fieldView{Part: "choices", Name: "message", ID: "f-message", Label: prose{Words: run{Text: v.Say("contact.message")}}, Optional: true}
	for i, value := range []string{"yes", "no"} {
		id := view.ID
		if i > 0 {
			id += "-2"
		}
		view.Options = append(view.Options, optionView{ID: id, Value: value, Label: prose{Words: run{Text: v.Say("contact.message_" + value)}}, Checked: how.LeaveMessage == value})
	}
	return view
}

func throughField(v voice, how intake.ReachBy) fieldView {
	return fieldView{
		Part: "input", Name: "through", ID: "f-through", Label: prose{Words: run{Text: v.Say("contact.through")}}, Optional: true,
		Hint: run{Text: v.Say("contact.through_hint")}, DescribedBy: "f-through-hint", Type: "text", Dir: "auto", Value: how.Through,
	}
}

// speak notes the language, and shows the page in it.
func (s *Server) speak(w http.ResponseWriter, r *http.Request) error {
	file, v, err := s.pressed(r)
	if err != nil {
		return err
	}
	tag := r.PostForm.Get("speak")
	if !slices.Contains(s.guess.of(file.sub.Programme).tags, tag) {
		return s.did(w, r, v.locale, "")
	}
	if err := s.Amendments.Speak(r.Context(), file.sub.ID, tag); err != nil {
		return err
	}
	return s.did(w, r, tag, "language")
}

// longestThrough is enough for a name and a number.
const longestThrough = 200

// reach notes how the person wants to be reached.
func (s *Server) reach(w http.ResponseWriter, r *http.Request) error {
	file, v, err := s.pressed(r)
	if err != nil {
		return err
	}
	how := intake.ReachBy{Way: postroom.Reach(r.PostForm.Get("reach")), Phone: printable(r.PostForm.Get("phone"))}
	how.ByPhone = store.ByPhone{LeaveMessage: r.PostForm.Get("message"), Through: strings.TrimSpace(printable(r.PostForm.Get("through")))}
	if wrong := wrongReach(v, file, &how); len(wrong) > 0 {
		return s.renderContact(w, r, http.StatusUnprocessableEntity, v, file, how, wrong)
	}
	err = s.Amendments.Reach(r.Context(), file.sub.ID, how)
	if refused, ok := errors.AsType[*intake.Refused](err); ok {
		say := capital(v.text(refused.Fields[0].Labelled(v.Say("field.phone.error_label"))))
		return s.renderContact(w, r, http.StatusUnprocessableEntity, v, file, how, map[string]string{"phone": say})
	}
	if err != nil {
		return err
	}
	return s.did(w, r, v.locale, "reach")
}

// wrongReach says what is to be mended before anything is put on file.
func wrongReach(v voice, f onFile, how *intake.ReachBy) map[string]string {
	wrong := make(map[string]string)
	if !slices.Contains(offered(f), how.Way) {
		wrong["reach"] = capital(v.Say("error.select", "label", v.Say("contact.way_label")))
	}
	if !slices.Contains([]string{"", "yes", "no"}, how.LeaveMessage) {
		how.LeaveMessage = ""
	}
	switch {
	case how.Way == postroom.ReachPerson && how.Through == "":
		wrong["through"] = capital(v.Say("error.enter", "label", v.Say("contact.through_label")))
	case len([]rune(how.Through)) > longestThrough:
		wrong["through"] = capital(v.Say("error.too_long", "label", v.Say("contact.through_label"), "max", v.figures("200")))
	}
	return wrong
}
