package web

import (
	"net/http"
	"strings"
)

// Harden sets what every answer of ours says, public or of the desk: it is what it
// says it is, it gets neither camera nor place, and no other site may hold a window
// of it or load it as a part. Pages add their own policy about content. secure is
// that people reach us by https, and then never by anything else.
//
// Not "no-referrer" although addresses of our pages hold tokens: with that, browsers
// send "Origin: null" with our own forms, and those that do not say Sec-Fetch-Site
// would be taken for another site's. With "same-origin" no other site learns an
// address either.
func Harden(h http.Header, secure bool) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if secure {
		h.Set("Strict-Transport-Security", "max-age=63072000")
	}
}

// Secure says whether people reach an address by https.
func Secure(base string) bool { return strings.HasPrefix(base, "https://") }

// withHeaders says what a page may do: nothing but look right and send its
// own forms.
func (s *Server) withHeaders(next http.Handler) http.Handler {
	strict := policy("'self'", "'none'")
	secure := Secure(s.Org.BaseURL)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		Harden(h, secure)
		h.Set("Content-Security-Policy", strict)
		h.Set("Cache-Control", "no-store")
		h.Set("Vary", "Accept-Language")
		next.ServeHTTP(w, r)
	})
}
