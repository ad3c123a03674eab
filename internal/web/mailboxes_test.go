package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// Whoever looks after the machine sees how each mailbox is, in plain words.
// Anybody else sees whether all are read, and no visitor is sent elsewhere
// because of one.
func TestReadinessTellsHowEachMailboxIs(t *testing.T) {
	t.Parallel()
	read := time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	list := []Mailbox{
		{Address: "support@riverside.example", Mode: "watch", State: "reading", Since: read, Polled: read},
		{Address: "events@riverside.example", Mode: "answer", State: "broken", Problem: "login refused", Late: true},
	}
	c := open(t, func(o *Options) {
		o.Mailboxes = func(context.Context) ([]Mailbox, error) { return list, nil }
	})
	ask := func(target, from string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
		r.RemoteAddr = from
		w := httptest.NewRecorder()
		c.h.ServeHTTP(w, r)
		return w
	}
	w := ask("/readyz", "127.0.0.1:5")
	want(t, w, 200, `"status":"ok"`, `"mailbox":"support@riverside.example"`, `"reading_since":"2026-11-23T09:30:00Z"`, `"last_poll":"2026-11-23T09:30:00Z"`,
		`"problem":"login refused"`, `"late":true`)
	w = ask("/readyz", "198.51.100.7:5")
	want(t, w, 200, `"mailboxes":"late"`)
	unwanted(t, w, "riverside.example", "login")
	w = ask("/metrics", "127.0.0.1:5")
	want(t, w, 200, `postroom_mailbox_up{mailbox="support@riverside.example"} 1`, `postroom_mailbox_up{mailbox="events@riverside.example"} 0`,
		`postroom_mailbox_last_poll_timestamp_seconds{mailbox="support@riverside.example"} 1.7954262e+09`)
	unwanted(t, w, `last_poll_timestamp_seconds{mailbox="events`)
	list = list[:1]
	want(t, ask("/readyz", "198.51.100.7:5"), 200, `"mailboxes":"ok"`)
}
