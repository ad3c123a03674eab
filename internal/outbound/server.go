package outbound

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"postroom/internal/postroom"
)

// Security is how the connection to a mail server is encrypted.
type Security string

// The ways to encrypt.
const (
	TLS      Security = "tls"
	StartTLS Security = "starttls"
	Plain    Security = "none"
)

// Server is one way out for mail.
type Server struct {
	Name     string
	Host     string
	Port     int
	Security Security // "" is StartTLS
	Username string   // "" is no login
	Password string
	// Token returns the token that is said in place of the password, a fresh one
	// for each connection; refused is the one with which the server has just
	// refused us, or "". Nil where the password counts.
	Token   func(ctx context.Context, refused string) (string, error)
	From    string         // domain whose mail goes this way; "" is any
	VERP    bool           // give each message an envelope sender of its own, so that a bounce names it
	DKIM    *DKIM          // nil when the server signs
	RootCAs *x509.CertPool // nil is the machine's
	// Connections is how many the parts of a newsletter use at the same time, in
	// one process; 0 is 10.
	Connections int
	Patience    time.Duration // for the answer to one command; 0 is a minute, and five for the final dot
}

// DKIM is how mail is signed.
type DKIM struct {
	Domain   string
	Selector string
	KeyFile  string // PEM
}

// A kept connection is ended when it has carried nothing for this long; many
// servers end it themselves after a minute.
const idle = 20 * time.Second

// server is a Server with what is known of it at the moment.
type server struct {
	Server
	*breaker
	client *gomail.Client
	signer *gomail.DKIMSigner
	before postroom.Failpoint

	mu   sync.Mutex
	kept []*connection // idle ones, the last used last
	shut bool
}

// connection is one conversation with a server, of one worker at a time.
type connection struct {
	*smtp.Client
	wire      net.Conn
	before    postroom.Failpoint
	pipelines bool        // several commands may be given at once (RFC 2920)
	extras    string      // what MAIL FROM ends with
	used      bool        // it has carried a message, so the server may have ended it since
	timer     *time.Timer // ends it while it is kept
}

func newServer(settings Server, clock postroom.Clock) (*server, error) {
	s := &server{Server: settings, breaker: &breaker{clock: clock}}
	s.Security, s.Patience = cmp.Or(s.Security, StartTLS), cmp.Or(s.Patience, time.Minute)
	s.Connections = cmp.Or(s.Connections, 10)
	policy, known := map[Security]gomail.TLSPolicy{TLS: gomail.NoTLS, StartTLS: gomail.TLSMandatory, Plain: gomail.NoTLS}[s.Security]
	if !known {
		return nil, fmt.Errorf("security %q is neither tls, starttls nor none", s.Security)
	}
	var err error
	s.client, err = gomail.NewClient(s.Host, gomail.WithPort(s.Port), gomail.WithTimeout(s.Patience),
		gomail.WithTLSPolicy(policy), gomail.WithTLSConfig(s.tls()), gomail.WithDialContextFunc(s.dialWire))
	if err != nil {
		return nil, err
	}
	if s.DKIM != nil {
		s.signer, err = readSigner(*s.DKIM)
	}
	return s, err
}

func readSigner(d DKIM) (*gomail.DKIMSigner, error) {
	pem, err := os.ReadFile(d.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("read DKIM key: %w", err)
	}
	key, err := gomail.PrivKeyFromPEM(pem)
	if err != nil {
		return nil, fmt.Errorf("read DKIM key %s: %w", d.KeyFile, err)
	}
	return gomail.NewDKIMSigner(d.Domain, d.Selector, key), nil
}

func (s *server) tls() *tls.Config {
	return &tls.Config{ServerName: s.Host, MinVersion: tls.VersionTLS12, RootCAs: s.RootCAs}
}

// wireKey is where dial leaves a place for the connection it wants to know.
type wireKey struct{}

// dialWire connects for go-mail and lets dial know with what, because go-mail
// neither closes a connection whose greeting failed nor gives it out.
func (s *server) dialWire(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := &net.Dialer{}
	wire, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	*ctx.Value(wireKey{}).(*net.Conn) = wire
	if s.Security != TLS {
		return wire, nil
	}
	secure := tls.Client(wire, s.tls())
	return secure, secure.HandshakeContext(ctx)
}

// errNoToken says that we cannot log in, and nothing about the server.
var errNoToken = errors.New("no token for the login")

// dial opens a connection and logs in: with a token where there is one, and
// with another if the server refuses the first, because a provider may withdraw
// a token before its end.
func (s *server) dial(ctx context.Context) (*connection, error) {
	ctx, cancel := context.WithTimeout(ctx, s.Patience)
	defer cancel()
	token, err := s.token(ctx, "")
	if err != nil {
		return nil, err
	}
	c, err := s.dialWith(ctx, token)
	if s.Token == nil || err == nil || fail(connecting, err).code != 535 {
		return c, err
	}
	if token, tokenErr := s.token(ctx, token); tokenErr == nil {
		return s.dialWith(ctx, token)
	}
	return nil, err
}

func (s *server) token(ctx context.Context, refused string) (string, error) {
	if s.Token == nil {
		return "", nil
	}
	token, err := s.Token(ctx, refused)
	if err != nil {
		return "", fmt.Errorf("connect to mail server %s: %w: %w", s.Name, errNoToken, err)
	}
	return token, nil
}

// dialWith opens a connection and logs in with a token, or with the password.
func (s *server) dialWith(ctx context.Context, token string) (*connection, error) {
	var wire net.Conn
	var client *smtp.Client
	err := s.before.Around(connecting.String(), func() (err error) {
		client, err = s.client.DialToSMTPClientWithContext(context.WithValue(ctx, wireKey{}, &wire))
		return err
	})
	if err == nil {
		err = s.login(client, token)
	}
	if err == nil {
		c := newConnection(client, wire)
		c.before = s.before
		return c, nil
	}
	if wire != nil {
		_ = wire.Close()
	}
	return nil, fmt.Errorf("connect to mail server %s: %w", s.Name, err)
}

func newConnection(client *smtp.Client, wire net.Conn) *connection {
	c := &connection{Client: client, wire: wire}
	c.pipelines, _ = client.Extension("PIPELINING")
	if wide, _ := client.Extension("8BITMIME"); wide {
		c.extras += " BODY=8BITMIME"
	}
	if wide, _ := client.Extension("SMTPUTF8"); wide {
		c.extras += " SMTPUTF8"
	}
	return c
}

func (s *server) login(c *smtp.Client, token string) error {
	if s.Username == "" {
		return nil
	}
	if s.Token != nil {
		return c.Auth(smtp.XOAuth2Auth(s.Username, token))
	}
	_, offered := c.Extension("AUTH")
	can := strings.Fields(strings.ToUpper(offered))
	for _, name := range can {
		switch name {
		case "SCRAM-SHA-256":
			return c.Auth(smtp.ScramSHA256Auth(s.Username, s.Password))
		case "PLAIN":
			return c.Auth(smtp.PlainAuth("", s.Username, s.Password, s.Host, false))
		case "LOGIN":
			return c.Auth(smtp.LoginAuth(s.Username, s.Password, s.Host, false))
		}
	}
	return errors.New("the server offers no way to log in that we know")
}

// take returns a kept connection, or a new one.
func (s *server) take(ctx context.Context) (*connection, error) {
	s.mu.Lock()
	for len(s.kept) > 0 {
		c := s.kept[len(s.kept)-1]
		s.kept = s.kept[:len(s.kept)-1]
		if c.timer.Stop() {
			s.mu.Unlock()
			c.used = true
			return c, nil
		}
	}
	s.mu.Unlock()
	return s.dial(ctx)
}

// keep puts a connection by for the next message.
func (s *server) keep(c *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shut {
		go c.leave()
		return
	}
	c.timer = time.AfterFunc(idle, func() {
		s.forget(c)
		c.leave()
	})
	s.kept = append(s.kept, c)
}

func (s *server) forget(gone *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, c := range s.kept {
		if c == gone {
			s.kept = append(s.kept[:i], s.kept[i+1:]...)
			return
		}
	}
}

// hangUp ends the kept connections, and those in use as soon as they are kept.
func (s *server) hangUp() {
	s.mu.Lock()
	kept := s.kept
	s.kept, s.shut = nil, true
	s.mu.Unlock()
	for _, c := range kept {
		if c.timer.Stop() {
			c.leave()
		}
	}
}

// leave says goodbye and does not wait long for an answer.
func (c *connection) leave() {
	_ = c.UpdateDeadline(time.Second)
	_ = c.Quit()
	_ = c.wire.Close()
}

// drop ends a connection about which nothing is certain any more.
func (c *connection) drop() { _ = c.wire.Close() }
