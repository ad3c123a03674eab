package mailbox

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"

	"postroom/internal/config"
	"postroom/internal/postroom"
)

// trouble is why a mailbox cannot be read, in words for whoever looks after
// it. An error begins with one and goes on with what the server or the system
// said.
type trouble string

func (t trouble) Error() string { return string(t) }

const (
	errUnreachable trouble = "server unreachable"
	errDistrusted  trouble = "certificate not trusted"
	errNoStartTLS  trouble = "server offers no STARTTLS"
	errRefused     trouble = "login refused"
	errSilent      trouble = "server stopped answering"
	errLost        trouble = "connection lost"
	errWithheld    trouble = "server does not hand a letter out"
	errNoFolder    trouble = "folder cannot be opened"
	errElsewhere   trouble = "another process reads this mailbox"
)

// slowest is how many bytes a second a connection carries at the least.
const slowest = 100 << 10

// conn is one connection to an IMAP server. Every command goes through do,
// because the library waits for an answer for ever.
type conn struct {
	*imapclient.Client
	wire     net.Conn
	patience time.Duration
	changed  chan struct{} // gets a word when the open folder has changed
	before   postroom.Failpoint
}

// connect opens a connection and logs in.
func connect(ctx context.Context, box config.Mailbox, o Options) (*conn, error) {
	if box.OAuth != nil {
		return connectWithToken(ctx, box, o)
	}
	return connectWith(ctx, box, o, box.Password.Reveal())
}

// connectWith opens a connection and logs in with a password or a token. A
// server that has refused one often hangs up, so every try has a connection of
// its own.
func connectWith(ctx context.Context, box config.Mailbox, o Options, secret string) (*conn, error) {
	var c *conn
	err := o.Before.Around("imap: connect", func() (err error) {
		c, err = dial(ctx, box, o)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := c.login(ctx, box, secret); err != nil {
		c.cut()
		return nil, err
	}
	return c, nil
}

func dial(ctx context.Context, box config.Mailbox, o Options) (*conn, error) {
	dialer := net.Dialer{
		Timeout:         o.Patience,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 30 * time.Second, Interval: 15 * time.Second, Count: 4},
	}
	wire, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(box.Host, strconv.Itoa(box.Port)))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnreachable, err)
	}
	c := &conn{wire: wire, patience: o.Patience, changed: make(chan struct{}, 1), before: o.Before}
	if err := c.do(ctx, 0, func() error { return c.greet(ctx, box, o.TLS) }); err != nil {
		c.cut()
		return nil, secure(err)
	}
	return c, nil
}

// greet waits for the server's greeting, over TLS unless the settings say none.
func (c *conn) greet(ctx context.Context, box config.Mailbox, trust *tls.Config) error {
	options := &imapclient.Options{TLSConfig: trusting(trust, box.Host), UnilateralDataHandler: c.listen()}
	switch box.Security {
	case config.TLS:
		secured := tls.Client(c.wire, options.TLSConfig)
		if err := secured.HandshakeContext(ctx); err != nil {
			return err
		}
		c.Client = imapclient.New(secured, options)
	case config.StartTLS:
		client, err := imapclient.NewStartTLS(c.wire, options)
		if err != nil {
			return err
		}
		c.Client = client
	default:
		c.Client = imapclient.New(c.wire, options)
	}
	return c.WaitGreeting()
}

func trusting(trust *tls.Config, host string) *tls.Config {
	if trust == nil {
		trust = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	trust = trust.Clone()
	if trust.ServerName == "" {
		trust.ServerName = host
	}
	return trust
}

// listen returns handlers that only give a signal: they run where answers are
// read, and a command in there would wait for itself.
func (c *conn) listen() *imapclient.UnilateralDataHandler {
	signal := func() {
		select {
		case c.changed <- struct{}{}:
		default:
		}
	}
	return &imapclient.UnilateralDataHandler{Mailbox: func(data *imapclient.UnilateralDataMailbox) {
		if data.NumMessages != nil {
			signal()
		}
	}}
}

// secure names what went wrong while a connection was made secure.
func secure(err error) error {
	var answer *imap.Error
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	_, other := errors.AsType[x509.HostnameError](err)
	_, invalid := errors.AsType[x509.CertificateInvalidError](err)
	_, failed := errors.AsType[*tls.CertificateVerificationError](err)
	switch {
	case unknown || other || invalid || failed:
		return fmt.Errorf("%w: %w", errDistrusted, err)
	case errors.As(err, &answer) && answer.Type != imap.StatusResponseTypeBye:
		return fmt.Errorf("%w: %w", errNoStartTLS, err)
	}
	return err
}

// login proves who we are. A server that is too busy is not one that refuses.
func (c *conn) login(ctx context.Context, box config.Mailbox, secret string) error {
	err := c.do(ctx, 0, func() error { return c.authenticate(box, secret) })
	var answer *imap.Error
	switch _, no := errors.AsType[*refusal](err); {
	case no:
		return fmt.Errorf("%w: %w", errRefused, err)
	case !errors.As(err, &answer):
		return err
	}
	switch answer.Code {
	case imap.ResponseCodeUnavailable, imap.ResponseCodeServerBug, imap.ResponseCodeInUse, imap.ResponseCodeLimit:
		return fmt.Errorf("login put off: %w", err)
	}
	return fmt.Errorf("%w: %w", errRefused, err)
}

// authenticate says the password, or the token where there is one. PLAIN comes
// before LOGIN, which knows no letters but ASCII.
func (c *conn) authenticate(box config.Mailbox, secret string) error {
	if c.State() == imap.ConnStateAuthenticated {
		return nil // the server knew us beforehand
	}
	if box.OAuth != nil {
		return c.Authenticate(&xoauth2{username: box.Username, token: secret})
	}
	if caps := c.Caps(); caps.Has(imap.AuthCap("PLAIN")) {
		return c.Authenticate(sasl.NewPlainClient("", box.Username, secret))
	}
	return c.Login(box.Username, secret).Wait()
}

// do runs a command that moves so many bytes. A server that takes too long
// loses the connection, and so does everybody when ctx ends; then the command
// ends too. An error that is not the server's own answer means that the
// connection is of no more use.
func (c *conn) do(ctx context.Context, bytes int64, command func() error) error {
	late := make(chan struct{})
	limit := c.patience + time.Duration(bytes/slowest)*time.Second
	timer := time.AfterFunc(limit, func() { close(late); c.cut() })
	defer timer.Stop()
	defer context.AfterFunc(ctx, c.cut)()
	err := command()
	if _, no := errors.AsType[*refusal](err); err == nil || no || answered(err) {
		return err
	}
	select {
	case <-late:
		return fmt.Errorf("%w: %w: no answer within %s", errSilent, errLost, limit)
	default:
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%w: %w", errLost, err)
}

// act runs a command that fetches or changes something, between the points of
// that name where a test may let the process die.
func (c *conn) act(ctx context.Context, point string, bytes int64, command func() error) error {
	return c.before.Around(point, func() error { return c.do(ctx, bytes, command) })
}

// answered says whether err is the server's own "no", after which the
// connection goes on.
func answered(err error) bool {
	var answer *imap.Error
	return errors.As(err, &answer) && answer.Type != imap.StatusResponseTypeBye
}

// cut ends the connection at once. The library's Close waits for whoever has
// not read to the end.
func (c *conn) cut() { _ = c.wire.Close() }

// leave says goodbye if that is quickly done.
func (c *conn) leave(ctx context.Context) {
	defer c.cut()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = c.do(ctx, 0, func() error { return c.Logout().Wait() }) // it is left either way
}
