package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// sinkRole is the word that makes this command a mail server that throws
// everything away, and counts it.
const sinkRole = "sink"

// taken is what a sink has counted since it was last asked to forget.
type taken struct {
	Messages int
	Readers  int // different recipients
	Most     int // to one recipient
	Bytes    int64
	First    time.Time // when the oldest was taken
	Last     time.Time // and the newest
}

// beSink takes mail until the standard input ends.
func beSink(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet(sinkRole, flag.ContinueOnError)
	takes := flags.Duration("takes", 0, "how long it takes to take a message")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, cancel := untilInputEnds(ctx)
	defer cancel()
	mail, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	pages, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := &sink{takes: *takes, readers: make(map[string]int)}
	go func() { _ = http.Serve(pages, s) }() // ends with the process
	go s.listen(mail)
	fmt.Printf("ready smtp=%s http=http://%s\n", mail.Addr(), pages.Addr())
	<-ctx.Done()
	return nil
}

// sink is the cheapest mail server that is correct.
type sink struct {
	takes   time.Duration
	mu      sync.Mutex
	readers map[string]int
	taken   taken
}

// ServeHTTP tells what was taken; a POST forgets it.
func (s *sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken.Readers = len(s.readers)
	if err := json.NewEncoder(w).Encode(s.taken); err == nil && r.Method == http.MethodPost {
		s.taken, s.readers = taken{}, make(map[string]int)
	}
}

func (s *sink) take(to []string, size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken.Messages++
	s.taken.Bytes += size
	s.taken.Last = time.Now()
	if s.taken.First.IsZero() {
		s.taken.First = s.taken.Last
	}
	for _, reader := range to {
		s.readers[reader]++
		s.taken.Most = max(s.taken.Most, s.readers[reader])
	}
}

func (s *sink) listen(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go s.converse(&conversation{c: c, r: bufio.NewReaderSize(c, 64<<10), w: bufio.NewWriter(c)})
	}
}

// conversation is one client's.
type conversation struct {
	c  net.Conn
	r  *bufio.Reader
	w  *bufio.Writer
	to []string
}

// converse answers only when the client has nothing more queued: that is what
// makes pipelining (RFC 2920) worth while.
func (s *sink) converse(c *conversation) {
	defer c.c.Close()
	c.say("220 sink.test ESMTP")
	for {
		if c.r.Buffered() == 0 && c.w.Flush() != nil {
			return
		}
		line, err := c.r.ReadSlice('\n')
		if err != nil || !s.answer(c, bytes.TrimRight(line, "\r\n")) {
			_ = c.w.Flush() // a last word, if anybody listens
			return
		}
	}
}

// answer answers one command, and says whether there may be another.
func (s *sink) answer(c *conversation, line []byte) bool {
	verb, _, _ := bytes.Cut(bytes.ToUpper(line[:min(5, len(line))]), []byte(" "))
	switch string(bytes.TrimRight(verb, ":")) {
	case "EHLO":
		c.say("250-sink.test\r\n250-PIPELINING\r\n250 8BITMIME")
	case "RCPT":
		c.to = append(c.to, address(line))
		c.say("250 2.1.5 ok")
	case "DATA":
		return s.data(c)
	case "QUIT":
		c.say("221 2.0.0 bye")
		return false
	default: // HELO, MAIL, RSET, NOOP
		c.to = c.to[:0]
		c.say("250 2.0.0 ok")
	}
	return true
}

// data reads a message to its final dot and counts it before the answer.
func (s *sink) data(c *conversation) bool {
	c.say("354 go on")
	if c.w.Flush() != nil {
		return false
	}
	var size int64
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return false
		}
		if string(line) == ".\r\n" {
			break
		}
		size += int64(len(line))
	}
	time.Sleep(s.takes)
	s.take(c.to, size)
	c.to = c.to[:0]
	c.say("250 2.0.0 taken")
	return true
}

func (c *conversation) say(line string) { _, _ = c.w.WriteString(line + "\r\n") }

func address(line []byte) string {
	_, rest, _ := bytes.Cut(line, []byte("<"))
	inside, _, _ := bytes.Cut(rest, []byte(">"))
	return strings.ToLower(string(inside))
}

// askSink asks a sink what it has taken, and lets it forget if the method is
// POST.
func askSink(t testing.TB, sink *child, method string) (n taken) {
	body, err := fetch(t.Context(), method, sink.said["http"], nil)
	if err == nil {
		err = json.Unmarshal([]byte(body), &n)
	}
	if err != nil {
		t.Fatalf("ask the mail server: %v", err)
	}
	return n
}
