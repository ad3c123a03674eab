package web

import (
	"bytes"
	"net/http"
	"path"
	"time"
)

// picture answers with a picture of an edition. Its address is the same for all of its
// readers, nothing is noted of who asks, and whoever has it need not ask again.
func (s *Server) picture(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	data, err := s.Store.Read(r.Context()).Picture(name)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "image/jpeg")
	if path.Ext(name) == ".png" {
		h.Set("Content-Type", "image/png")
	}
	h.Set("Content-Security-Policy", "default-src 'none'")
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // mail is read in browsers, too
	h.Del("Vary")
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(data))
	return nil
}
