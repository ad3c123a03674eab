package web

import (
	"net/http"
	"net/url"

	"postroom/internal/programme"
)

// exit is where the button leads that lets somebody leave a page at once, or ""
// where there is none. It goes by an address of ours, which tells the browser to
// forget what it keeps of our pages.
func (s *Server) exit(w http.ResponseWriter, form *programme.Form) string {
	if form.Exit == "" {
		return ""
	}
	w.Header().Set("Content-Security-Policy", policyWith("script-src 'self'")) // leave.js, which takes the page out of the history
	return "/leave-page/" + url.PathEscape(form.Name)
}

// leavePage sends somebody away from us who must not be seen here.
func (s *Server) leavePage(w http.ResponseWriter, r *http.Request) error {
	form, err := s.form(r)
	if err != nil {
		return err
	}
	to := form.Exit
	if to == "" {
		to = "/"
	}
	w.Header().Set("Clear-Site-Data", `"cache"`)
	w.Header().Set("Referrer-Policy", "no-referrer")
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}
