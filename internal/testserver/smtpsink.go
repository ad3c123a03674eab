package testserver

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Mail is one message that a Sink has accepted.
type Mail struct {
	From string   // the envelope sender; empty for the null path
	To   []string // the envelope recipients that were accepted
	Data []byte   // header and body as they came, dots unstuffed, CRLF
	At   time.Time
}

// Errors a hook returns to say something other than a reply.
var (
	// Drop closes the connection without an answer. From OnData the mail is
	// not kept: the server died before it had the mail.
	Drop = errors.New("drop the connection")
	// DropKeeping closes the connection without an answer, and keeps the
	// mail: the server had accepted it and the answer was lost on the way.
	DropKeeping = errors.New("keep the mail and drop the connection")
)

// Reply is an SMTP answer for a hook to return. After a 421 the server also
// closes the connection, as RFC 5321 section 3.8 has it.
func Reply(code int, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 0, 0}, Message: text}
}

// SinkOption changes how a Sink behaves.
type SinkOption func(*Sink)

// OnConnect is asked before the greeting; n counts connections from 1. Only
// Drop and Reply mean anything here. It may block, as an overloaded server
// does.
func OnConnect(f func(n int) error) SinkOption { return func(s *Sink) { s.onConnect = f } }

// OnMail is asked at MAIL FROM.
func OnMail(f func(from string) error) SinkOption { return func(s *Sink) { s.onMail = f } }

// OnRcpt is asked at each RCPT TO.
func OnRcpt(f func(to string) error) SinkOption { return func(s *Sink) { s.onRcpt = f } }

// OnBody is asked after DATA was answered with 354 and before the message is
// read: with Drop the connection is gone before the final dot was seen. The
// mail has no Data yet.
func OnBody(f func(m Mail) error) SinkOption { return func(s *Sink) { s.onBody = f } }

// OnData is asked when the final dot has arrived; what it returns is the
// answer. It may block, to hold the answer back.
func OnData(f func(m Mail) error) SinkOption { return func(s *Sink) { s.onData = f } }

// RefuseRcpt answers 550 for these recipients, for good.
func RefuseRcpt(addresses ...string) SinkOption {
	return OnRcpt(func(to string) error {
		if slices.Contains(addresses, to) {
			return Reply(550, "no such person here")
		}
		return nil
	})
}

// RequireAuth offers AUTH PLAIN and takes mail only after it.
func RequireAuth(user, password string) SinkOption {
	return func(s *Sink) { s.user, s.password = user, password }
}

// RequireToken offers AUTH XOAUTH2 and takes mail only after it, from a user
// whose token is good.
func RequireToken(user string, good func(token string) bool) SinkOption {
	return func(s *Sink) { s.user, s.good = user, good }
}

// StartTLS offers STARTTLS with this configuration.
func StartTLS(c *tls.Config) SinkOption { return func(s *Sink) { s.tls = c } }

// Sink is an SMTP server in process that keeps what it is sent and misbehaves
// on request. It is safe for concurrent use.
type Sink struct {
	Addr string // 127.0.0.1:PORT

	t              testing.TB
	onConnect      func(int) error
	onMail, onRcpt func(string) error
	onBody, onData func(Mail) error
	user, password string
	good           func(token string) bool // nil where the password counts
	tls            *tls.Config

	mu          sync.Mutex
	server      *smtp.Server // nil while down
	mail        []Mail
	listener    net.Listener
	connections int
	changed     chan struct{} // closed and replaced when mail arrives
}

// SMTPSink starts a Sink. It listens until the test ends.
func SMTPSink(t testing.TB, options ...SinkOption) *Sink {
	t.Helper()
	s := &Sink{Addr: takePort(t).addr(), t: t, changed: make(chan struct{})}
	for _, option := range options {
		option(s)
	}
	s.Up()
	t.Cleanup(s.Down)
	return s
}

// Up listens again after Down, at the same address.
func (s *Sink) Up() {
	s.t.Helper()
	l, err := net.Listen("tcp", s.Addr)
	if err != nil {
		s.t.Fatalf("listen for SMTP: %v", err)
	}
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &sinkSession{sink: s, conn: c.Conn()}, nil
	}))
	server.Domain = "sink.example.test"
	server.AllowInsecureAuth = true
	server.TLSConfig = s.tls
	server.EnableSMTPUTF8 = true
	server.ErrorLog = log.New(io.Discard, "", 0)
	s.mu.Lock()
	s.server, s.listener = server, l
	s.mu.Unlock()
	go func() { _ = server.Serve(&sinkListener{Listener: l, sink: s}) }()
}

// Down refuses new connections and drops those there are, as a server does
// that is gone. What it has kept stays.
func (s *Sink) Down() {
	s.mu.Lock()
	server, listener := s.server, s.listener
	s.server = nil
	s.mu.Unlock()
	if server != nil {
		deafen(listener)
		_ = server.Close()
	}
}

// deafen ends a listening socket at once. To close it is not enough: a process
// that another test starts at this moment holds a copy until its exec, and a
// connection made in between would be accepted and then reset.
func deafen(l net.Listener) {
	raw, err := l.(*net.TCPListener).SyscallConn()
	if err == nil {
		_ = raw.Control(func(fd uintptr) { _ = syscall.Shutdown(int(fd), syscall.SHUT_RDWR) }) // closed next, whatever this says
	}
}

// Messages returns what was accepted so far, in the order of acceptance.
func (s *Sink) Messages() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mail)
}

// To returns what was accepted for one recipient so far.
func (s *Sink) To(address string) []Mail {
	return slices.DeleteFunc(s.Messages(), func(m Mail) bool { return !slices.Contains(m.To, address) })
}

// Connections returns how many connections there have been.
func (s *Sink) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connections
}

// Wait returns what was accepted once it is n messages or more. It fails the
// test if that takes 30 seconds.
func (s *Sink) Wait(n int) []Mail {
	s.t.Helper()
	timeout := time.After(30 * time.Second)
	for {
		s.mu.Lock()
		mail, changed := slices.Clone(s.mail), s.changed
		s.mu.Unlock()
		if len(mail) >= n {
			return mail
		}
		select {
		case <-changed:
		case <-timeout:
			s.t.Fatalf("waited 30 s for %d messages; %d came", n, len(mail))
		}
	}
}

// keep stores a message and wakes those who wait for it.
func (s *Sink) keep(m Mail) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mail = append(s.mail, m)
	close(s.changed)
	s.changed = make(chan struct{})
}

// sinkListener asks OnConnect before the server greets.
type sinkListener struct {
	net.Listener
	sink *Sink
}

// Accept hands the connection over at once and lets its first write, the
// greeting, ask the hook, so that a slow hook holds up one client only.
func (l *sinkListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.sink.mu.Lock()
	l.sink.connections++
	n := l.sink.connections
	l.sink.mu.Unlock()
	return &sinkConn{Conn: conn, greet: func() error { return hook(l.sink.onConnect, n) }}, nil
}

// sinkConn watches what the server says, for the two things that go-smtp
// leaves to others: refusing before the greeting, and hanging up after a 421.
type sinkConn struct {
	net.Conn
	greet func() error // nil once the server has greeted
}

func (c *sinkConn) Write(b []byte) (int, error) {
	if greet := c.greet; greet != nil {
		c.greet = nil
		if err := greet(); err != nil {
			return c.refuse(err)
		}
	}
	n, err := c.Conn.Write(b)
	if bytes.HasPrefix(b, []byte("421 ")) {
		return n, errors.Join(err, c.Close())
	}
	return n, err
}

// refuse closes the connection, after a reply if there is one to give.
func (c *sinkConn) refuse(err error) (int, error) {
	if reply, ok := errors.AsType[*smtp.SMTPError](err); ok {
		_, _ = fmt.Fprintf(c.Conn, "%d %s\r\n", reply.Code, reply.Message)
	}
	_ = c.Close()
	return 0, net.ErrClosed
}

// sinkSession is one client's conversation.
type sinkSession struct {
	sink *Sink
	conn net.Conn
	now  Mail
	auth bool
}

// hook calls f if there is one.
func hook[T any](f func(T) error, v T) error {
	if f == nil {
		return nil
	}
	return f(v)
}

// answer turns what a hook returned into what the server does.
func (s *sinkSession) answer(err error) error {
	if errors.Is(err, Drop) || errors.Is(err, DropKeeping) {
		_ = s.conn.Close()
	}
	return err
}

// AuthMechanisms offers PLAIN where RequireAuth asks for it.
func (s *sinkSession) AuthMechanisms() []string {
	switch {
	case s.sink.user == "":
		return nil
	case s.sink.good != nil:
		return []string{"XOAUTH2"}
	}
	return []string{sasl.Plain}
}

// Auth checks the one user there is.
func (s *sinkSession) Auth(string) (sasl.Server, error) {
	if s.sink.good != nil {
		return &tokenExchange{session: s}, nil
	}
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != s.sink.user || password != s.sink.password {
			return smtp.ErrAuthFailed
		}
		s.auth = true
		return nil
	}), nil
}

// tokenExchange is XOAUTH2 from the server's side: who is refused gets the
// reason as a challenge, and answers with an empty line.
type tokenExchange struct {
	session *sinkSession
	refused bool
}

// Next takes what the client says.
func (x *tokenExchange) Next(response []byte) (challenge []byte, done bool, err error) {
	if x.refused {
		return nil, true, smtp.ErrAuthFailed
	}
	user, rest, _ := strings.Cut(strings.TrimPrefix(string(response), "user="), "\x01")
	token, _, _ := strings.Cut(strings.TrimPrefix(rest, "auth=Bearer "), "\x01")
	if user == x.session.sink.user && x.session.sink.good(token) {
		x.session.auth = true
		return nil, true, nil
	}
	x.refused = true
	return []byte(`{"status":"401","schemes":"bearer"}`), false, nil
}

// Mail starts a message.
func (s *sinkSession) Mail(from string, _ *smtp.MailOptions) error {
	if s.sink.user != "" && !s.auth {
		return smtp.ErrAuthRequired
	}
	s.now = Mail{From: from}
	return s.answer(hook(s.sink.onMail, from))
}

// Rcpt adds a recipient, unless the hook refuses it.
func (s *sinkSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := s.answer(hook(s.sink.onRcpt, to)); err != nil {
		return err
	}
	s.now.To = append(s.now.To, to)
	return nil
}

// Data reads a message to its final dot, asks the hook, and keeps it.
func (s *sinkSession) Data(r io.Reader) error {
	if err := s.answer(hook(s.sink.onBody, s.now)); err != nil {
		return err
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.now.Data, s.now.At = data, time.Now()
	err = hook(s.sink.onData, s.now)
	if err == nil || errors.Is(err, DropKeeping) {
		s.sink.keep(s.now)
	}
	return s.answer(err)
}

// Reset forgets the message that was begun.
func (s *sinkSession) Reset() { s.now = Mail{} }

// Logout has nothing to free.
func (s *sinkSession) Logout() error { return nil }
