package web

import (
	"fmt"
	"net/http"
	"strings"

	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// printPage is a form to fill in with a pen.
type printPage struct {
	page
	Programme run
	Form      run
	Intro     run
	When      []run
	Fields    []fieldView
	Privacy   prose
	Postal    string // where to send it
	Version   string // of the form, so that whoever puts it in knows which words were seen
	Page      string // where it can be filled in instead
}

// showPrint shows a form as it is printed. That a form is closed does not matter:
// papers are printed before it opens, and handed in after.
func (s *Server) showPrint(w http.ResponseWriter, r *http.Request) error {
	form, err := s.form(r)
	if err != nil {
		return err
	}
	return s.renderPrint(w, r, form, s.voice(r, s.guess.of(form.Programme.Name), ""))
}

func (s *Server) renderPrint(w http.ResponseWriter, r *http.Request, form *programme.Form, v voice) error {
	dates, err := s.dates(r, v, form)
	if err != nil {
		return err
	}
	ask := asker{v: v, form: form, answers: postroom.Answers{}, say: make(map[string]string), dates: dates, reach: firstWay(form)}
	p := printPage{
		page: s.page(r, v, form.Programme.Name), Programme: v.of(form.Programme.Title), Form: v.of(form.Title), Intro: v.maybe(form.Intro),
		Fields: ask.fields(), Privacy: v.prose(form.Programme.Privacy, form.Programme.Reviewed),
		Postal: s.Org.PostalAddress, Version: form.Version, Page: s.Org.BaseURL + "/f/" + form.Name,
	}
	if len(dates) == 1 && len(form.Sessions()) == 1 {
		p.When = dates[0].Hints
	}
	p.Title, p.Paper, p.Private = p.Form.Text, true, true
	return s.render(w, http.StatusOK, v, "print.html", p)
}

// Print returns a form to fill in with a pen as one file, with its look in it.
func (s *Server) Print(r *http.Request, form *programme.Form, locale string) (string, error) {
	v := s.voice(r, s.guess.of(form.Programme.Name), locale)
	if v.locale != locale && locale != "" {
		return "", fmt.Errorf("form %s is not to be had in %s, but in %s", form.Name, locale, strings.Join(s.guess.of(form.Programme.Name).tags, ", "))
	}
	var sheet paper
	if err := s.renderPrint(&sheet, r, form, v); err != nil {
		return "", err
	}
	return s.standalone(sheet.String()), nil
}

// standalone puts the look of a page into it, so that it needs nothing beside it.
func (s *Server) standalone(page string) string {
	for _, name := range []string{"postroom.css", "paper.css"} {
		address := s.assets.byName[name]
		page = strings.Replace(page, `<link rel="stylesheet" href="`+address+`">`, "<style>\n"+string(s.assets.byAddress[address])+"</style>", 1)
	}
	return strings.Replace(page, `<link rel="icon" type="image/svg+xml" href="`+s.assets.byName["mark.svg"]+`">`, "", 1)
}
