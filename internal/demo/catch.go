package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/emersion/go-message/mail"
	"github.com/emersion/go-smtp"

	"postroom/internal/postroom"
)

// maxCaught and maxMail bound what the demo keeps in memory.
const (
	maxCaught = 2000
	maxMail   = 1 << 20
)

// Caught is one mail as a reader's program would show it.
type Caught struct {
	To        string            `json:"to"`
	From      string            `json:"from"`
	Subject   string            `json:"subject"`
	MessageID string            `json:"message_id"`
	InReplyTo string            `json:"in_reply_to"`
	Date      time.Time         `json:"date"`
	Headers   map[string]string `json:"headers"`
	Text      string            `json:"text"`
	HTML      string            `json:"html"`
}

// catcher is a mail server that keeps what it is given, newest last. What is
// for one of the organisation's own mailboxes is delivered there besides.
type catcher struct {
	boxes *mailboxes
	clock postroom.Clock

	mu    sync.Mutex
	mails []Caught
}

func newCatcher(boxes *mailboxes, clock postroom.Clock) *catcher {
	return &catcher{boxes: boxes, clock: clock}
}

// to lists the mails to an address, or all of them when address is empty.
func (c *catcher) to(address string) []Caught {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := []Caught{}
	for _, m := range c.mails {
		if address == "" || strings.EqualFold(m.To, address) {
			found = append(found, m)
		}
	}
	return found
}

// named returns the newest mail with a Message-ID.
func (c *catcher) named(messageID string) (Caught, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range slices.Backward(c.mails) {
		if m.MessageID == messageID && messageID != "" {
			return m, true
		}
	}
	return Caught{}, false
}

func (c *catcher) keep(m Caught) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.mails) >= maxCaught {
		c.mails = slices.Delete(c.mails, 0, 1)
	}
	c.mails = append(c.mails, m)
}

// serve answers SMTP until ctx ends.
func (c *catcher) serve(ctx context.Context, l net.Listener) error {
	s := smtp.NewServer(smtp.BackendFunc(func(conn *smtp.Conn) (smtp.Session, error) { return &visit{catcher: c, conn: conn}, nil }))
	s.Domain, s.MaxMessageBytes, s.MaxRecipients = "localhost", maxMail, 100
	s.ReadTimeout, s.WriteTimeout = time.Minute, time.Minute
	go func() {
		<-ctx.Done()
		_ = s.Close() // the process is ending
	}()
	if err := s.Serve(l); err != nil && !errors.Is(err, smtp.ErrServerClosed) {
		return fmt.Errorf("serve mail: %w", err)
	}
	return nil
}

// visit is one SMTP connection.
type visit struct {
	catcher *catcher
	conn    *smtp.Conn
	from    string // "" is the null sender (RFC 5321, section 4.5.5)
	to      []string
}

func (v *visit) Mail(from string, _ *smtp.MailOptions) error { v.from, v.to = from, nil; return nil }
func (v *visit) Rcpt(to string, _ *smtp.RcptOptions) error   { v.to = append(v.to, to); return nil }
func (v *visit) Reset()                                      { v.from, v.to = "", nil }
func (v *visit) Logout() error                               { return nil }

func (v *visit) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m, err := read(raw)
	if err != nil && !slices.ContainsFunc(v.to, v.catcher.delivers) {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "this mail cannot be read"}
	}
	for _, to := range v.to {
		if err := v.deliver(to, raw); err != nil {
			return &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 2, 2}, Message: err.Error()}
		}
		m.To = to
		v.catcher.keep(m)
	}
	return nil
}

// delivers says whether an address is one of the organisation's own. What is
// odd about a mail to it is for the post room to find out.
func (c *catcher) delivers(to string) bool { return c.boxes.account(to) != nil }

// deliver puts a mail into the mailbox it is for, if there is one, under the
// lines that a mail server adds (RFC 5321, section 4.4).
func (v *visit) deliver(to string, raw []byte) error {
	a := v.catcher.boxes.account(to)
	if a == nil {
		return nil
	}
	at := v.catcher.clock.Now()
	to = oneLine(to)
	var b bytes.Buffer
	fmt.Fprintf(&b, "Return-Path: <%s>\r\nDelivered-To: %s\r\n", oneLine(v.from), to)
	fmt.Fprintf(&b, "Received: from %s (%s)\r\n\tby localhost with ESMTP\r\n\tfor <%s>; %s\r\n",
		oneLine(v.conn.Hostname()), v.conn.Conn().RemoteAddr(), to, at.Format(time.RFC1123Z))
	b.Write(raw)
	return a.deliver(b.Bytes(), at)
}

// oneLine leaves out of what a stranger gave as a name or an address what
// could make another line of a header, or another address, of it.
func oneLine(given string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '<' || r == '>' {
			return -1
		}
		return r
	}, given)
}

// read takes a mail apart into its headers and its two parts.
func read(raw []byte) (Caught, error) {
	r, err := mail.CreateReader(bytes.NewReader(raw))
	if err != nil {
		return Caught{}, fmt.Errorf("read mail: %w", err)
	}
	m := Caught{Headers: make(map[string]string)}
	for f := r.Header.Fields(); f.Next(); {
		text, err := f.Text()
		if err != nil {
			text = f.Value()
		}
		m.Headers[f.Key()] = text
	}
	m.From, m.Subject = m.Headers["From"], m.Headers["Subject"]
	m.MessageID = strings.Trim(m.Headers["Message-Id"], "<>")
	m.InReplyTo = strings.Trim(m.Headers["In-Reply-To"], "<>")
	m.Date, _ = r.Header.Date() // the zero time shows that there was none
	return m, parts(r, &m)
}

func parts(r *mail.Reader, m *Caught) error {
	for {
		p, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read a part: %w", err)
		}
		h, inline := p.Header.(*mail.InlineHeader)
		if !inline {
			continue
		}
		body, err := io.ReadAll(p.Body)
		if err != nil {
			return fmt.Errorf("read a part: %w", err)
		}
		switch kind, _, _ := h.ContentType(); kind {
		case "text/html":
			m.HTML = string(body)
		case "text/plain":
			m.Text = string(body)
		}
	}
}
