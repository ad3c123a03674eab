package outbound

import (
	"net/smtp"
	"testing"

	"postroom/internal/postroom"
)

func BenchmarkCompose(b *testing.B) {
	o := writer(b)
	m := sample("place-booked", "en")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := o.Compose(m); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLockStep sends the same bytes to the same sink with nothing but
// net/smtp, which is as fast as speaking and waiting can be.
func BenchmarkLockStep(b *testing.B) {
	r := newRoom(b)
	body, err := r.Compose(sample("place-booked", "en"))
	if err != nil {
		b.Fatal(err)
	}
	c, err := smtp.Dial(r.sink.Addr)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	for b.Loop() {
		if err := bare(c, body); err != nil {
			b.Fatal(err)
		}
	}
}

func bare(c *smtp.Client, body []byte) error {
	if err := c.Mail("office@example.org"); err != nil {
		return err
	}
	if err := c.Rcpt("ann@example.org"); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(body); err != nil {
		return err
	}
	return w.Close()
}

// BenchmarkConverse is our conversation, with its deadlines, over a kept
// connection.
func BenchmarkConverse(b *testing.B) {
	r := newRoom(b)
	m := sample("place-booked", "en")
	body, err := r.Compose(m)
	if err != nil {
		b.Fatal(err)
	}
	s := r.servers[0]
	for b.Loop() {
		c, err := s.take(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		c, failed := r.send(b.Context(), s, c, m, body)
		if failed != nil {
			b.Fatal(failed.reason())
		}
		s.keep(c)
	}
}

// BenchmarkDeliver is everything: gate, "sending" committed, composed, sent,
// and settled with its job.
func BenchmarkDeliver(b *testing.B) {
	r := newRoom(b)
	m := r.ann()
	m.Form = ""
	var jobs []postroom.Job
	for range 64 {
		jobs = append(jobs, r.hand(r.owe(m)))
	}
	next := 0
	for b.Loop() {
		if next == len(jobs) {
			b.StopTimer()
			for i := range jobs {
				jobs[i] = r.hand(r.owe(m))
			}
			next = 0
			b.StartTimer()
		}
		r.settle(jobs[next], r.Deliver(b.Context(), jobs[next]))
		next++
	}
}
