package web

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"time"
)

// NewHTTPServer returns an http.Server for a handler, with limits under which
// a slow or a silent client cannot hold a connection for long.
func NewHTTPServer(address string, h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Addr:              address,
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// healthz says that the process is up and answering.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	s.probe(w, http.StatusOK, map[string]any{"status": "ok"})
}

// readyz says whether everything is there that work needs. It names what is
// missing and leaves the reason to the log, because anybody may ask.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 3*time.Second)
	defer cancel()
	checks := slices.Concat([]Check{{Name: "database", Do: s.Store.Ping}}, s.Ready)
	answer, code := map[string]any{"status": "ok"}, http.StatusOK
	for _, c := range checks {
		answer[c.Name] = "ok"
		if err := c.Do(ctx); err != nil {
			s.Log.WarnContext(ctx, "not ready", "step", c.Name, "err", err)
			answer[c.Name], answer["status"], code = "away", "away", http.StatusServiceUnavailable
		}
	}
	if s.SecretsEnd != nil && s.SecretsEnd(s.Clock.Now()) {
		answer["secrets"] = "ending" // all works still, so it makes nobody unready
	}
	s.addMailboxes(ctx, r, answer)
	s.probe(w, code, answer)
}

func (s *Server) probe(w http.ResponseWriter, code int, answer map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		s.Log.Debug("reader went away", "err", err)
	}
}
