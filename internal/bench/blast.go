package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/smtp"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// blaster is the cheapest sender that still sends each reader a message of
// their own with the standard library.
type blaster struct {
	addr       string
	n          int64
	next       atomic.Int64
	head, tail []byte // of the message, around the reader's address
}

// blast sends n messages of about so many bytes.
func blast(t testing.TB, sink *child, n, size int) (mailing, error) {
	b := &blaster{addr: sink.said["smtp"], n: int64(n)}
	b.write(size)
	return b.over(t, sink, senders, b.send)
}

// over sends all messages over some connections, each of which does its work by
// send, and checks that each reader got theirs.
func (b *blaster) over(t testing.TB, sink *child, connections int, send func(testing.TB) error) (m mailing, err error) {
	askSink(t, sink, http.MethodPost)
	before, begun := processorTime(), time.Now()
	errs := make([]error, connections)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { errs[i] = send(t) })
	}
	all.Wait()
	m.rate = float64(b.n) / time.Since(begun).Seconds()
	m.cpu = (processorTime() - before).Seconds() / float64(b.n) * 1000
	if got := askSink(t, sink, http.MethodPost); int64(got.Messages) != b.n || int64(got.Readers) != b.n {
		errs = append(errs, fmt.Errorf("%d bare messages went to %d of %d readers", got.Messages, got.Readers, b.n))
	}
	return m, errors.Join(errs...)
}

func (b *blaster) write(size int) {
	b.head = []byte("From: Newsletter <news@riverside.example>\r\nTo: ")
	var tail bytes.Buffer
	tail.WriteString("\r\nSubject: A newsletter of the usual size\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n")
	for len(b.head)+tail.Len() < size {
		tail.WriteString("<p>The allotment society meets on Thursday evening, everyone is welcome.</p>\r\n")
	}
	b.tail = tail.Bytes()
}

// send is one connection's work.
func (b *blaster) send(t testing.TB) error {
	wire, err := new(net.Dialer).DialContext(t.Context(), "tcp", b.addr)
	if err != nil {
		return err
	}
	c, err := smtp.NewClient(wire, "sink.test")
	if err != nil {
		return err
	}
	defer c.Close()
	for i := b.next.Add(1); i <= b.n; i = b.next.Add(1) {
		if err := b.one(c, fmt.Sprintf("bare%d@example.org", i)); err != nil {
			return fmt.Errorf("send a bare message: %w", err)
		}
	}
	return c.Quit()
}

func (b *blaster) one(c *smtp.Client, to string) error {
	if err := errors.Join(c.Reset(), c.Mail("news@riverside.example"), c.Rcpt(to)); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	message := append(append(append([]byte{}, b.head...), to...), b.tail...)
	if _, err := w.Write(message); err != nil {
		return err
	}
	return w.Close()
}

// processorTime is what this process has used.
func processorTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
