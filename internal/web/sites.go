package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// known says whether an origin is one of the websites that the settings name.
func (s *Server) known(origin string) bool { return origin != "" && slices.Contains(s.Sites, origin) }

// onward returns where somebody may be sent after a form, if it is a page of a
// website that the settings name. Anything else would be an open redirect.
func (s *Server) onward(next string) (to string, ok bool) {
	at, err := url.Parse(next)
	if err != nil || at.Scheme != "https" && at.Scheme != "http" || at.User != nil {
		return "", false
	}
	return at.String(), s.known(at.Scheme + "://" + strings.ToLower(at.Host))
}

// framed lets the websites that the settings name show a page of ours in a
// frame, and lets the page run our own script that says how high it is.
func (s *Server) framed(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		ancestors := strings.Join(append([]string{"'self'"}, s.Sites...), " ")
		w.Header().Set("Content-Security-Policy", policy("'self'", ancestors))
		return h(w, r)
	}
}

// cross answers for what the API says to pages of websites that the settings
// name, and only to those.
func (s *Server) cross(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Origin")
		if origin := r.Header.Get("Origin"); s.known(origin) {
			w.Header().Set("Access-Control-Allow-Origin", origin)
			w.Header().Set("Access-Control-Expose-Headers", "Retry-After")
		}
		h.ServeHTTP(w, r)
	})
}

// preflight says what a page of somebody else's may ask of the API.
func (s *Server) preflight(w http.ResponseWriter, r *http.Request) {
	if s.known(r.Header.Get("Origin")) {
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
