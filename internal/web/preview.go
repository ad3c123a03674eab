package web

import (
	"bytes"
	"net/http"

	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// Preview returns the page of a form as people will see it in one language. The
// form may be one that is not in use yet. What is filled in on it goes nowhere.
func (s *Server) Preview(r *http.Request, form *programme.Form, locale string) (string, error) {
	var sheet paper
	v := voice{s.locales, locale}
	if form.ClosedAt(s.Clock.Now()) {
		err := s.showClosed(&sheet, r, form, v)
		return sheet.String(), err
	}
	a := attempt{form: form, voice: v, answers: postroom.Answers{}}
	err := s.renderForm(&sheet, r, http.StatusOK, a, nil, nil)
	return sheet.String(), err
}

// paper takes a page that nobody asked for over the wire.
type paper struct {
	bytes.Buffer
	header http.Header
}

func (p *paper) Header() http.Header {
	if p.header == nil {
		p.header = http.Header{}
	}
	return p.header
}

func (p *paper) WriteHeader(int) {}
