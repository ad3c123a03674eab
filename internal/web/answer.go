package web

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"

	"postroom/internal/postroom"
)

// maxBody is the most that one request may bring. The longest form holds 64
// KiB of answers; the rest is room for how browsers encode them.
const maxBody = 1 << 20

type handler func(http.ResponseWriter, *http.Request) error

// handle makes a page of h. It is the only place where an error becomes a
// status, a log line and a page.
func (s *Server) handle(h handler) http.Handler {
	return s.answer(h, s.errorPage)
}

// api makes a JSON answer of h, with RFC 9457 problems.
func (s *Server) api(h handler) http.Handler {
	return s.answer(h, s.problem)
}

func (s *Server) answer(h handler, tell func(http.ResponseWriter, *http.Request, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, s.mostOf(r))
		err := caught(h, w, r)
		if err == nil {
			return
		}
		s.note(r, err)
		if wait, ok := errors.AsType[*tooSoon](err); ok {
			w.Header().Set("Retry-After", wait.seconds())
		}
		tell(w, r, err)
	})
}

// aborted says whether a handler ended on purpose.
func aborted(p any) bool {
	err, ok := p.(error)
	return ok && errors.Is(err, http.ErrAbortHandler)
}

// caught turns a panic into an error, so that the visitor still gets a page
// and the log says where it was.
func caught(h handler, w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		if p := recover(); p != nil && !aborted(p) {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return h(w, r)
}

// note logs what the operator has to mend. A visitor's mistake is not that.
func (s *Server) note(r *http.Request, err error) {
	switch postroom.KindOf(err) {
	case postroom.Internal:
		s.Log.ErrorContext(r.Context(), "request failed", "pattern", r.Pattern, "err", err)
	case postroom.Unavailable:
		s.Log.WarnContext(r.Context(), "request has to wait", "pattern", r.Pattern, "err", err)
	}
}

// Status is the HTTP status of an error.
func Status(err error) int {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return http.StatusRequestEntityTooLarge
	}
	switch postroom.KindOf(err) {
	case postroom.Invalid:
		return http.StatusUnprocessableEntity
	case postroom.NotFound:
		return http.StatusNotFound
	case postroom.Gone:
		return http.StatusGone
	case postroom.Conflict:
		return http.StatusConflict
	case postroom.Forbidden:
		return http.StatusForbidden
	case postroom.TooMany:
		return http.StatusTooManyRequests
	case postroom.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// say is what the reader is told about an error: its own words if it brought
// any and its kind may be spoken about, else those of its kind.
func say(err error) postroom.Text {
	kind := postroom.KindOf(err)
	e, ok := errors.AsType[*postroom.Error](err)
	if ok && e.Say.Key != "" && kind != postroom.Internal {
		return e.Say
	}
	return postroom.Say("page.error." + kind.String() + ".text")
}

// errorPage tells a reader what went wrong and what to do now.
type errorPage struct {
	page
	Say     string
	SignUps []homeForm // where to start again
}

func (s *Server) errorPage(w http.ResponseWriter, r *http.Request, err error) {
	v := s.voice(r, s.guess.all, "")
	said := say(err)
	p := errorPage{page: s.page(r, v, ""), Say: v.text(said)}
	p.Title = v.Say("page.error." + postroom.KindOf(err).String() + ".title")
	if said.Key == "link.expired_confirm" {
		p.Title, p.SignUps = v.Say("link.too_old"), s.signUps(v)
	}
	p.Private = true
	if err := s.render(w, Status(err), v, "error.html", p); err != nil {
		s.note(r, err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}
}

// render writes a page once all of it has been made, so that half a page is
// never sent.
func (s *Server) render(w http.ResponseWriter, status int, v voice, name string, data any) error {
	var body bytes.Buffer
	if err := s.pages.Execute(&body, v.locale, name, data); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", v.locale)
	w.WriteHeader(status)
	_, err := body.WriteTo(w)
	if err != nil {
		s.Log.Debug("reader went away", "err", err)
	}
	return nil
}

// readBody reads what a form sent, either as browsers do or as the one-click
// unsubscribe of some mail providers does (multipart, RFC 8058, section 3.2).
func readBody(r *http.Request) error {
	read := r.ParseForm
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == "multipart/form-data" {
		read = func() error { return r.ParseMultipartForm(maxBody) }
	}
	err := read()
	if err == nil {
		return nil
	}
	key := "error.unreadable"
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		key = "error.too_large"
	}
	return &postroom.Error{Kind: postroom.Invalid, Say: postroom.Say(key), Cause: fmt.Errorf("read form: %w", err)}
}

func (s *Server) nowhere(http.ResponseWriter, *http.Request) error {
	return &postroom.Error{Kind: postroom.NotFound, Say: postroom.Say("page.error.not_found.text")}
}

// elsewhere answers what a page of somebody else's sent.
func (s *Server) elsewhere(w http.ResponseWriter, r *http.Request) {
	err := &postroom.Error{Kind: postroom.Forbidden, Say: postroom.Say("error.other_site")}
	if strings.HasPrefix(r.URL.Path, "/api/") {
		s.problem(w, r, err)
		return
	}
	s.errorPage(w, r, err)
}

// policy is what a page of ours may do: forms says where its forms may lead,
// frames who may show it, more what it may do besides.
func policy(forms, frames string, more ...string) string {
	own := []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "form-action " + forms, "base-uri 'none'", "frame-ancestors " + frames}
	return strings.Join(append(own, more...), "; ")
}

func originOf(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return base
	}
	return u.Scheme + "://" + u.Host
}
