package web

import (
	"net/http"
	"net/url"

	"postroom/internal/programme"
)

// exitOf is where the button leads that lets somebody leave a page at once, or ""
// where there is none. It goes by an address of ours, which tells the browser to
// forget what it keeps of our pages.
func exitOf(form *programme.Form) string {
	if form.Exit == "" {
		return ""
	}
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
