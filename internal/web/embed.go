package web

import (
	"net/http"
	"net/url"
	"strings"

	"postroom/internal/programme"
)

// inFrame begins the addresses of pages that other websites show in a frame.
// They are the same pages without what stands around them, and lead only to one
// another; nothing of them needs a cookie, which browsers do not send in frames.
const inFrame = "/embed"

// embedded is what the addresses that a page leads to begin with.
func embedded(r *http.Request) string {
	if r != nil && r.URL != nil && strings.HasPrefix(r.URL.Path, inFrame+"/") {
		return inFrame
	}
	return ""
}

// formPath is where a form is, in the frame or out of it, as the page is that
// leads there.
func formPath(r *http.Request, form *programme.Form) string {
	at := "/f/"
	if embedded(r) != "" {
		at = inFrame + "/"
	}
	return at + url.PathEscape(form.Name)
}

// inPages says whether the questions of a form come one page after the other. In a
// frame they stand on one page: no other website may show the pages of a draft,
// whose addresses are secret.
func inPages(r *http.Request, form *programme.Form) bool {
	return form.Layout == programme.OnePerPage && embedded(r) == ""
}

func (s *Server) routeEmbedded(mux *http.ServeMux) {
	page := func(pattern string, h handler) { mux.Handle(pattern, s.handle(s.framed(h))) }
	page("GET "+inFrame+"/{form}", s.showForm)
	page("POST "+inFrame+"/{form}", s.submitForm)
	page("GET "+inFrame+"/receipt/{token}", s.showReceipt)
	page("POST "+inFrame+"/receipt/{token}/address", s.changeAddress)
	mux.Handle("GET /embed.js", s.handle(s.script))
}

// script answers with the script that other websites name. They name it once and
// for years, so that its address has no hash, and it is not kept for long.
func (s *Server) script(w http.ResponseWriter, r *http.Request) error {
	address, err := s.assets.address("embed.js")
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=3600")
	w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
	w.Header().Del("Vary")
	_, err = w.Write(s.assets.byAddress[address])
	if err != nil {
		s.Log.DebugContext(r.Context(), "reader went away", "err", err)
	}
	return nil
}
