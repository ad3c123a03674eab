package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// crowd is many people who send the same form at once, each a new person with
// a question and an IP address of their own. It writes HTTP by hand, so that it
// costs little on the machine that it shares with the post room.
type crowd struct {
	url    string // of the pages
	conns  int
	prefix string // of the addresses, so that two crowds have nobody in common
	people atomic.Int64
}

// sent is what came of it.
type sent struct {
	took  []float64 // milliseconds from the request to its answer
	spent time.Duration
	cpu   float64 // milliseconds of a core that the post room took for each
}

func (s sent) rate() float64 { return float64(len(s.took)) / s.spent.Seconds() }

// send sends forms for so long.
func (c *crowd) send(t testing.TB, long time.Duration) sent {
	page, err := fetch(t.Context(), http.MethodGet, c.url+"/f/ask", nil)
	if err != nil {
		t.Fatal(err)
	}
	hidden := hiddenFields(page).Encode()
	took, errs := make([][]float64, c.conns), make([]error, c.conns)
	var all sync.WaitGroup
	begun := time.Now()
	for i := range c.conns {
		all.Go(func() { took[i], errs[i] = c.one(t.Context(), hidden, begun.Add(long)) })
	}
	all.Wait()
	result := sent{spent: time.Since(begun)}
	for i := range c.conns {
		if errs[i] != nil {
			t.Fatalf("send forms: %v", errs[i])
		}
		result.took = append(result.took, took[i]...)
	}
	return result
}

// one is one connection, which is kept.
func (c *crowd) one(ctx context.Context, hidden string, end time.Time) (took []float64, err error) {
	host := strings.TrimPrefix(c.url, "http://")
	wire, err := new(net.Dialer).DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, err
	}
	defer wire.Close()
	r := bufio.NewReader(wire)
	for time.Now().Before(end) {
		request := c.request(host, hidden)
		begun := time.Now()
		if _, err := io.WriteString(wire, request); err != nil {
			return took, err
		}
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			return took, err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusSeeOther {
			return took, fmt.Errorf("a form was answered with %s, %w", resp.Status, err)
		}
		took = append(took, milliseconds(time.Since(begun)))
	}
	return took, nil
}

// request is the next person's.
func (c *crowd) request(host, hidden string) string {
	n := c.people.Add(1)
	body := hidden + "&" + askFields(c.prefix, n).Encode()
	return "POST /f/ask HTTP/1.1\r\nHost: " + host + "\r\nContent-Type: application/x-www-form-urlencoded\r\n" +
		"X-Forwarded-For: " + from(n) + "\r\n" +
		"Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

// askFields is how the n-th person fills in the form for questions.
func askFields(prefix string, n int64) url.Values {
	who := prefix + strconv.FormatInt(n, 10)
	return url.Values{
		"name":     {"Ann " + who},
		"email":    {who + "@" + who + ".example.org"}, // mail to one domain is rationed
		"topic":    {"group"},
		"question": {"Is the hall free on day " + who + "? We are about thirty people and bring our own chairs."},
	}
}

// from is the n-th person's IP address, far from that of the one before: neither one
// nor neighbours may send many forms in a minute.
func from(n int64) string { return fmt.Sprintf("10.%d.%d.%d", n&255, n>>8&255, n>>16&255) }

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
