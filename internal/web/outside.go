package web

import (
	"errors"
	"html"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"

	"postroom/internal/intake"
	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// outsidePattern is where forms send that stand in pages of other websites.
const outsidePattern = "/f/{form}/outside"

// What such a form may say besides its answers. Anything else that begins with _
// is for other services, and is left alone.
const (
	outsideNext    = "_next"     // where to go afterwards
	outsideLang    = "_lang"     // the language of the page
	outsideVersion = "_version"  // of the form whose words stand in the page
	outsideCharset = "_charset_" // which browsers fill in (HTML, 4.10.21.4)
)

// showOutside leads whoever opens the address of the door to the form itself.
func (s *Server) showOutside(w http.ResponseWriter, r *http.Request) error {
	form, err := s.form(r)
	if err != nil {
		return err
	}
	to := formPath(r, form)
	if lang := asked(r); lang != "" {
		to = inLanguage(to, lang)
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// submitOutside takes a form that somebody filled in on another website. It has
// no ticket of ours, so that no more is known of it than what it says. Whatever
// goes wrong, the person sees our form with every answer in it, and can send it
// from there.
func (s *Server) submitOutside(w http.ResponseWriter, r *http.Request) error {
	form, err := s.form(r)
	if err != nil {
		return err
	}
	came := s.readForm(w, r, form)
	defer came.release()
	if came.unreadable() {
		return came.err
	}
	readOutside(r, form)
	a := s.attempt(r, form)
	if a.ticket.version == "" {
		a.suspect = s.strange(r, a)
		a.signs = slices.DeleteFunc(a.signs, func(sign postroom.Sign) bool { return sign == postroom.SignNoTicket })
		a.ticket.version = r.PostForm.Get(outsideVersion)
	}
	next, back := s.onward(r.PostForm.Get(outsideNext), form)
	a.action = outsideAction(form, next, back)
	if back { // browsers hold what a form leads to in the end against this as well
		at, _ := url.Parse(next)
		w.Header().Set("Content-Security-Policy", policy("'self' "+at.Scheme+"://"+at.Host, "'none'"))
	}
	if !s.open(form) {
		return s.showClosed(w, r, form, a.voice)
	}
	if err := s.limits.allow(s.client(r)); err != nil {
		return s.again(w, r, a, err)
	}
	if err := s.receive(r, &a, &came); err != nil {
		return s.again(w, r, a, err)
	}
	if came.err != nil {
		return s.cutShort(w, r, a, came)
	}
	if came.removed || s.shutOut(r, form) { // not from there, but from our page nobody is kept
		return s.renderForm(w, r, http.StatusOK, a, nil, nil)
	}
	entry := s.entry(a)
	receipt, err := s.Intake.Accept(r.Context(), entry)
	if refused, ok := errors.AsType[*intake.Refused](err); ok {
		if !form.HasFiles() { // which the page's own ticket holds
			a.ticket = s.newTicket(form) // they have seen our words when they send it again
		}
		return s.renderForm(w, r, http.StatusUnprocessableEntity, a, refused.Fields, nil)
	}
	if err != nil {
		return s.again(w, r, a, err)
	}
	s.metrics.accepted(form.Name, entry.Channel)
	if !back {
		next = s.receiptPath(r, receipt, entry)
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}

// outsideAction is where the form goes when it is mended on our page.
func outsideAction(form *programme.Form, next string, back bool) string {
	at := "/f/" + url.PathEscape(form.Name) + "/outside"
	if back {
		at += "?" + url.Values{outsideNext: {next}}.Encode()
	}
	return at
}

// strange says whether what came without a ticket looks as if a program had sent
// it: no browser says where from, or no website that we know sent it and there
// is a web address in it. It is held, and never refused.
func (s *Server) strange(r *http.Request, a attempt) bool {
	origin := r.Header.Get("Origin")
	if origin == "" && r.Header.Get("Sec-Fetch-Site") == "" && r.Referer() == "" {
		return true
	}
	if s.known(origin, a.form) {
		return false
	}
	for _, values := range a.answers {
		if text := strings.ToLower(strings.Join(values, " ")); strings.Contains(text, "://") || strings.Contains(text, "www.") {
			return true
		}
	}
	return false
}

// readOutside makes of what another website's form sent what ours would have:
// in UTF-8, in the language that the page says, and without the [] that forms
// made for PHP put behind the name of what has several answers.
func readOutside(r *http.Request, form *programme.Form) {
	decodeForm(r)
	for name, values := range r.PostForm {
		if plain, list := strings.CutSuffix(name, "[]"); list {
			r.PostForm[plain] = append(r.PostForm[plain], values...)
		}
	}
	if lang := r.PostForm.Get(outsideLang); lang != "" && !asksFor(form, "lang") {
		r.PostForm.Set("lang", lang)
	}
	if next := r.URL.Query().Get(outsideNext); next != "" && !r.PostForm.Has(outsideNext) {
		r.PostForm.Set(outsideNext, next)
	}
}

func asksFor(form *programme.Form, name string) bool {
	_, asks := form.Field(name)
	return asks
}

// decodeForm reads a form in the character set that it says it is in. One that
// says none and is not UTF-8 is from an old page, which meant Windows-1252.
func decodeForm(r *http.Request) {
	set := charsetOf(r)
	if set == nil && !utf8Form(r.PostForm) {
		set = charmap.Windows1252
	}
	if set == nil {
		return
	}
	decoded := make(url.Values, len(r.PostForm))
	for name, values := range r.PostForm {
		for _, value := range values {
			decoded.Add(decode(set, name), decode(set, value))
		}
	}
	r.PostForm = decoded
}

// charsetOf is what a form says it is written in; nil is UTF-8, or nothing that
// a form can be written in.
func charsetOf(r *http.Request) encoding.Encoding {
	_, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	label := params["charset"]
	if label == "" {
		label = r.PostForm.Get(outsideCharset)
	}
	set, err := htmlindex.Get(label)
	if err != nil {
		return nil
	}
	if name, err := htmlindex.Name(set); err != nil || strings.HasPrefix(name, "utf-") || name == "replacement" {
		return nil
	}
	return set
}

func utf8Form(form url.Values) bool {
	for name, values := range form {
		if !utf8.ValidString(name + strings.Join(values, "")) {
			return false
		}
	}
	return true
}

// numeric is how a browser writes a character that the set of the page lacks.
var numeric = regexp.MustCompile(`&#[0-9]{1,7};`)

func decode(set encoding.Encoding, text string) string {
	plain, err := set.NewDecoder().String(text)
	if err != nil {
		return text
	}
	return numeric.ReplaceAllStringFunc(plain, html.UnescapeString)
}
