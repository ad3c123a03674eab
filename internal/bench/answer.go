package main

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"postroom/internal/testserver"
)

const (
	asked = 150                   // forms in a run, one at a time
	quiet = 40 * time.Millisecond // without mail, and the post room is idle
)

// answer measures how long a person waits for the confirmation of a form while
// nobody else does anything: from the moment the form is sent until the mail
// server has seen the final dot.
func answer(t testing.TB, b *bench) {
	goals := map[string][2]float64{"embedded": {15, 60}, "servers": {25, 100}}
	for _, e := range engines(t) {
		b.each(t, "answer "+e.name, func(t testing.TB) {
			door := newDoor(t)
			room := e.site(t, door.addr).room(t, b.profileAt("answer_"+e.name))
			page, err := fetch(t.Context(), http.MethodGet, room.said["http"]+"/f/ask", nil)
			if err != nil {
				t.Fatal(err)
			}
			var took []float64
			for n := range int64(asked + 10) {
				fields := hiddenFields(page)
				for key, value := range askFields("p", n) {
					fields[key] = value
				}
				begun := time.Now()
				post(t, room.said["http"]+"/f/ask", from(n), fields)
				at := door.wait(t, fields.Get("email"))
				door.calm(t)
				if n >= 10 { // the first ones warm up
					took = append(took, milliseconds(at.Sub(begun)))
				}
			}
			room.stop()
			b.add("answer_"+e.name+"_p50", "ms", atMost(goals[e.name][0]), quantile(took, 0.50))
			b.add("answer_"+e.name+"_p99", "ms", atMost(goals[e.name][1]), quantile(took, 0.99))
		})
	}
}

// post sends a form and does not follow where it leads.
func post(t testing.TB, address, client string, fields url.Values) {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(fields.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Forwarded-For", client)
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatalf("send a form: %v", err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusSeeOther {
		t.Fatalf("a form was answered with %s, %v", resp.Status, err)
	}
}

// door is a mail server that says at once when mail has come.
type door struct {
	addr string
	mail chan testserver.Mail
}

func newDoor(t testing.TB) *door {
	d := &door{mail: make(chan testserver.Mail, 1000)}
	d.addr = testserver.SMTPSink(t, testserver.OnData(func(m testserver.Mail) error {
		d.mail <- m
		return nil
	})).Addr
	return d
}

// wait returns when the final dot of a mail to somebody came.
func (d *door) wait(t testing.TB, to string) time.Time {
	limit := time.After(30 * time.Second)
	for {
		select {
		case m := <-d.mail:
			if m.To[0] == to {
				return m.At
			}
		case <-limit:
			t.Fatalf("no mail to %s came in 30 seconds", to)
		}
	}
}

// calm waits until there has been no mail for a while.
func (d *door) calm(t testing.TB) {
	for {
		select {
		case <-d.mail:
		case <-time.After(quiet):
			return
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		}
	}
}
