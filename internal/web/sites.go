package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"postroom/internal/link"
	"postroom/internal/programme"
)

// sitesOf are the websites that a form is for: those that the settings name, or
// fewer. A nil form is that of no form.
func (s *Server) sitesOf(form *programme.Form) []string {
	if form == nil {
		return s.Sites
	}
	return form.Sites.Among(s.Sites)
}

// formAt is the form that a request is about, or nil: the one that its address
// names, or the one after which its page comes.
func (s *Server) formAt(r *http.Request) *programme.Form {
	name := r.PathValue("form")
	if name == "" && r.PathValue("token") != "" {
		name = s.formBefore(r)
	}
	form, _ := s.Programmes.Form(name)
	return form
}

// formBefore is the name of the form after which a page comes. What its link does
// not say, the page that it leads to says itself.
func (s *Server) formBefore(r *http.Request) string {
	subject, err := s.Links.Open(r.PathValue("token"), link.Receipt)
	if err != nil {
		return ""
	}
	id, _ := strings.CutSuffix(subject, knownBefore)
	sub, err := s.Store.Read(r.Context()).Submission(id)
	if err != nil {
		return ""
	}
	return sub.Form
}

// known says whether an origin is one of the websites that a form is for.
func (s *Server) known(origin string, form *programme.Form) bool {
	return origin != "" && slices.Contains(s.sitesOf(form), origin)
}

// shutOut says whether another website sent a form that names which may, and this
// one is not among them.
func (s *Server) shutOut(r *http.Request, form *programme.Form) bool {
	origin := r.Header.Get("Origin")
	if form == nil || form.Sites == nil || origin == "" || r.Header.Get("Sec-Fetch-Site") == "same-origin" {
		return false
	}
	at, err := url.Parse(origin)
	ours := err == nil && at.Host == r.Host || origin == originOf(s.Org.BaseURL)
	return !ours && !s.known(origin, form)
}

// onward returns where somebody may be sent after a form, if it is a page of a
// website that the form is for. Anything else would be an open redirect.
func (s *Server) onward(next string, form *programme.Form) (to string, ok bool) {
	at, err := url.Parse(next)
	if err != nil || at.Scheme != "https" && at.Scheme != "http" || at.User != nil {
		return "", false
	}
	return at.String(), s.known(at.Scheme+"://"+strings.ToLower(at.Host), form)
}

// framed lets the websites that a form is for show a page of ours in a
// frame, and lets the page run our own script that says how high it is.
func (s *Server) framed(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		ancestors := strings.Join(append([]string{"'self'"}, s.sitesOf(s.formAt(r))...), " ")
		w.Header().Set("Content-Security-Policy", policy("'self'", ancestors))
		return h(w, r)
	}
}

// cross answers for what the API says to pages of websites that the settings name,
// or of a form of those that it is for, and only to those.
func (s *Server) cross(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Origin")
		form := s.formAt(r)
		if s.shutOut(r, form) {
			s.elsewhere(w, r)
			return
		}
		if origin := r.Header.Get("Origin"); s.known(origin, form) {
			w.Header().Set("Access-Control-Allow-Origin", origin)
			w.Header().Set("Access-Control-Expose-Headers", "Retry-After")
		}
		h.ServeHTTP(w, r)
	})
}

// preflight says what a page of somebody else's may ask of the API.
func (s *Server) preflight(w http.ResponseWriter, r *http.Request) {
	if s.known(r.Header.Get("Origin"), nil) { // what it then sends is looked at by its form
		w.Header().Set("Access-Control-Allow-Methods", "GET, POST")
		w.Header().Set("Access-Control-Allow-Headers", "Content-Type, Idempotency-Key")
		w.Header().Set("Access-Control-Max-Age", "3600")
	}
	w.WriteHeader(http.StatusNoContent)
}

// fromSites guards the API as everything else is guarded, but for the websites
// that the settings name.
func (s *Server) fromSites(h http.Handler) (http.Handler, error) {
	guard, err := s.crossOrigin(s.Sites...)
	if err != nil {
		return nil, err
	}
	return guard.Handler(h), nil
}
