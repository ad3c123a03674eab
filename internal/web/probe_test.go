package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

func TestProbesTellUpFromReady(t *testing.T) {
	t.Parallel()
	away := errors.New("no route to 10.0.0.7")
	c := open(t, func(o *Options) {
		o.Ready = []Check{{"redis", func(context.Context) error { return away }}}
	})
	want(t, c.get("/healthz"), 200, `{"status":"ok"}`)
	w := c.get("/readyz")
	want(t, w, http.StatusServiceUnavailable, `"database":"ok"`, `"redis":"away"`, `"status":"away"`)
	unwanted(t, w, "10.0.0.7")
	away = nil
	want(t, c.get("/readyz"), 200, `"redis":"ok"`)
}

func TestASecretThatEndsIsToldAndMakesNobodyUnready(t *testing.T) {
	t.Parallel()
	end := false
	c := open(t, func(o *Options) { o.SecretsEnd = func(time.Time) bool { return end } })
	unwanted(t, c.get("/readyz"), "secrets")
	end = true
	want(t, c.get("/readyz"), 200, `"secrets":"ending"`, `"status":"ok"`)
}

func TestMetricsAreForThisMachineOnly(t *testing.T) {
	t.Parallel()
	c := open(t, func(o *Options) { o.MetricsFrom = []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")} })
	for _, each := range []struct {
		from, forwarded string
		status          int
	}{
		{"127.0.0.1:5", "", 200},
		{"[::1]:5", "", 200},
		{"10.1.2.3:5", "", 200},
		{"10.2.2.3:5", "", 404},
		{"127.0.0.1:5", "198.51.100.1", 404}, // a visitor behind a proxy on this machine
	} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil)
		r.RemoteAddr = each.from
		r.Header.Set("X-Forwarded-For", each.forwarded)
		w := httptest.NewRecorder()
		c.h.ServeHTTP(w, r)
		if w.Code != each.status {
			t.Errorf("%s for %q: %d, want %d", each.from, each.forwarded, w.Code, each.status)
		}
	}
}

func TestMetricsCountWorkAndHoldNoPerson(t *testing.T) {
	t.Parallel()
	c := open(t)
	at := receiptOf(t, c, "ask", "name", "Olena", "email", "olena@example.org", "question", "Hm?")
	want(t, c.get(at), 200)
	err := c.Store.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.AddJob(postroom.JobEnquiry, "subject", postroom.Confirm, noon.Add(-time.Minute), noon)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil)
	r.RemoteAddr = "127.0.0.1:5"
	w := httptest.NewRecorder()
	c.h.ServeHTTP(w, r)
	want(t, w, 200, `postroom_jobs{lane="confirm",state="due"} 1`, `postroom_oldest_due_job_seconds{lane="confirm"} 60`,
		`postroom_submissions_total{channel="web",form="ask"} 1`, `postroom_http_requests_total{route="GET /receipt/{token}",status="200"} 1`)
	unwanted(t, w, "olena", at)
}

func TestAPanicIsAPageAndALogLine(t *testing.T) {
	t.Parallel()
	c := open(t)
	h := c.handle(func(http.ResponseWriter, *http.Request) error { panic("at the disco") })
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/", nil))
	want(t, w, 500, "Something went wrong on our side")
	unwanted(t, w, "disco")
	if log := c.log.String(); len(log) == 0 {
		t.Error("nothing was logged")
	}
}

func TestServerHasLimits(t *testing.T) {
	t.Parallel()
	s := NewHTTPServer("127.0.0.1:0", http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	if s.ReadHeaderTimeout == 0 || s.ReadTimeout == 0 || s.WriteTimeout == 0 || s.IdleTimeout == 0 || s.MaxHeaderBytes == 0 {
		t.Errorf("%+v has no limit somewhere", s)
	}
}
