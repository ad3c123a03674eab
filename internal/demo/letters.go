package demo

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"net"
	"net/mail"
	"strings"
	"text/template"
	"time"
	"unicode"

	gomail "github.com/emersion/go-message/mail"
	"github.com/emersion/go-smtp"
	"github.com/google/uuid"
)

//go:embed letters/*.eml
var letterFiles embed.FS

// sample is a letter that a visitor of the demo can send with one button.
type sample struct {
	Name string
	Caught
	source *template.Template
}

// gaps is what is filled into a sample when it is sent.
type gaps struct {
	Date      string
	MessageID string
	Answers   string // Message-ID of the mail that it answers by itself; "" for none
}

// loadSamples reads the sample letters, in the order of the page.
func loadSamples() ([]sample, error) {
	var list []sample
	for _, name := range []string{"enquiry", "offer", "coming", "vacation"} {
		source, err := template.ParseFS(letterFiles, "letters/"+name+".eml")
		if err != nil {
			return nil, fmt.Errorf("read sample letter %s: %w", name, err)
		}
		s := sample{Name: name, source: source}
		raw, err := s.fill(gaps{})
		if err != nil {
			return nil, err
		}
		if s.Caught, err = read(raw); err != nil {
			return nil, fmt.Errorf("read sample letter %s: %w", name, err)
		}
		s.To = s.Headers["To"]
		list = append(list, s)
	}
	return list, nil
}

func (s sample) fill(g gaps) ([]byte, error) {
	var b bytes.Buffer
	if err := s.source.Execute(&b, g); err != nil {
		return nil, fmt.Errorf("fill in sample letter %s: %w", s.Name, err)
	}
	return b.Bytes(), nil
}

// sender is the address in From.
func (s sample) sender() string {
	from, err := mail.ParseAddress(s.From)
	if err != nil {
		return ""
	}
	return from.Address
}

// envelope is the address that bounces go to: nobody's for automatic mail, so
// that nothing comes of it (RFC 3834, section 3.3).
func (s sample) envelope() string {
	if s.Headers["Auto-Submitted"] != "" {
		return ""
	}
	return s.sender()
}

// draft is a letter of the reader's own, with what is wrong about it. Each of
// Wrong is a field.
type draft struct {
	From, To, Subject, Text string
	Wrong                   map[string]bool
}

// check notes what keeps a letter from being sent.
func (d *draft) check(c *catcher) bool {
	d.Wrong = make(map[string]bool)
	from, err := mail.ParseAddress(d.From)
	d.Wrong["from"] = err != nil || len(d.From) > 254 || strings.ContainsFunc(from.Address, func(r rune) bool { return r > '~' })
	d.Wrong["to"] = !c.delivers(d.To)
	d.Wrong["subject"] = len(d.Subject) > 300 || strings.ContainsFunc(d.Subject, unicode.IsControl)
	d.Wrong["text"] = strings.TrimSpace(d.Text) == "" || len(d.Text) > 20_000
	return !d.Wrong["from"] && !d.Wrong["to"] && !d.Wrong["subject"] && !d.Wrong["text"]
}

// write makes a mail of a letter that was checked, as a mail program would.
func (d *draft) write(id string, at time.Time) (from string, raw []byte, err error) {
	sender, err := mail.ParseAddress(d.From)
	if err != nil {
		return "", nil, err
	}
	var h gomail.Header
	h.SetAddressList("From", []*gomail.Address{{Name: sender.Name, Address: sender.Address}})
	h.SetAddressList("To", []*gomail.Address{{Address: d.To}})
	h.SetSubject(d.Subject)
	h.SetDate(at)
	h.SetMessageID(id)
	h.SetContentType("text/plain", map[string]string{"charset": "utf-8"})
	var b bytes.Buffer
	w, err := gomail.CreateSingleInlineWriter(&b, h)
	if err != nil {
		return "", nil, fmt.Errorf("write letter: %w", err)
	}
	if _, err := w.Write([]byte(d.Text + "\r\n")); err != nil {
		return "", nil, fmt.Errorf("write letter: %w", err)
	}
	if err := w.Close(); err != nil {
		return "", nil, fmt.Errorf("write letter: %w", err)
	}
	return sender.Address, b.Bytes(), nil
}

// newMessageID makes one as the mail program of the sender would.
func newMessageID() string { return uuid.NewString() + "@mail.example.org" }

// post sends a letter to the demo's own mail server, by the way that any mail
// program takes.
func (p *page) post(ctx context.Context, from, to string, raw []byte) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", p.SMTP)
	if err != nil {
		return fmt.Errorf("connect to the demo's mail server: %w", err)
	}
	client := smtp.NewClient(conn)
	defer client.Close()
	client.CommandTimeout, client.SubmissionTimeout = 5*time.Second, 5*time.Second
	if err := client.SendMail(from, []string{to}, bytes.NewReader(raw)); err != nil {
		return fmt.Errorf("send a letter to the demo's mail server: %w", err)
	}
	return client.Quit()
}
