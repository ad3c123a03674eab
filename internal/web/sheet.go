package web

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"net/url"

	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// Sheet is the questions of a form for a page that somebody else makes: staff who
// fill it in for a caller see what the caller would.
type Sheet struct {
	Questions template.HTML
	Mistakes  []Mistake
}

// Mistake is one answer to mend, and the id of where.
type Mistake struct{ ID, Say string }

// Sheet returns the questions in one language, with what has been answered and
// what is to be mended. groups are the organisations that the reader knows, and are
// offered: never on a page of the public.
func (s *Server) Sheet(r *http.Request, form *programme.Form, locale string, answers postroom.Answers, refused []programme.FieldError, groups []string) (Sheet, error) {
	v := voice{s.locales, locale}
	dates, err := s.dates(r, v, form)
	if err != nil {
		return Sheet{}, err
	}
	ask := asker{v: v, form: form, answers: answers, say: make(map[string]string), dates: dates, reach: firstWay(form), suggest: groups}
	var sheet Sheet
	for _, m := range ask.mistakes(refused) {
		sheet.Mistakes = append(sheet.Mistakes, Mistake(m))
	}
	var body bytes.Buffer
	for _, field := range ask.fields() {
		if field.Part == "file" {
			continue // who fills it in for somebody keeps what came with the paper
		}
		if err := s.pages.ExecutePart(&body, locale, "form.html", "field", field); err != nil {
			return Sheet{}, fmt.Errorf("make question %s: %w", field.Name, err)
		}
	}
	sheet.Questions = template.HTML(body.String()) // which our own template has escaped
	return sheet, nil
}

// Answered reads the answers to a form from what a page sent.
func Answered(form *programme.Form, sent url.Values) postroom.Answers { return answersTo(form, sent) }
