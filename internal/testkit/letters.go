package testkit

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/emersion/go-message/mail"

	"postroom/internal/testserver"
)

// Letter is one mail as its reader sees it.
type Letter struct {
	Subject  string
	Header   mail.Header
	Text     string
	HTML     string
	Calendar string // the calendar file that came with it, or ""
	Raw      []byte
}

// Letters returns the mails to an address, oldest first.
func (r *Room) Letters(t testing.TB, address string) []Letter {
	t.Helper()
	var list []Letter
	for _, m := range r.Sink.To(address) {
		list = append(list, ReadLetter(t, m))
	}
	return list
}

// Letter returns the newest mail to an address and fails the test when there
// is none.
func (r *Room) Letter(t testing.TB, address string) Letter {
	t.Helper()
	list := r.Letters(t, address)
	if len(list) == 0 {
		t.Fatalf("no mail to %s arrived", address)
	}
	return list[len(list)-1]
}

// Subjects returns the subjects of the mails to an address, oldest first.
func (r *Room) Subjects(t testing.TB, address string) []string {
	t.Helper()
	var subjects []string
	for _, l := range r.Letters(t, address) {
		subjects = append(subjects, l.Subject)
	}
	return subjects
}

// ReadLetter takes a mail apart.
func ReadLetter(t testing.TB, m testserver.Mail) Letter {
	t.Helper()
	l, err := readLetter(m.Data)
	if err != nil {
		t.Fatalf("read mail: %v\n%s", err, m.Data)
	}
	return l
}

func readLetter(raw []byte) (Letter, error) {
	r, err := mail.CreateReader(bytes.NewReader(raw))
	if err != nil {
		return Letter{}, err
	}
	l := Letter{Header: r.Header, Raw: raw}
	if l.Subject, err = r.Header.Subject(); err != nil {
		return l, err
	}
	for {
		p, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return l, nil
		}
		if err != nil {
			return l, err
		}
		body, err := io.ReadAll(p.Body)
		if err != nil {
			return l, err
		}
		switch kind := p.Header.Get("Content-Type"); {
		case strings.HasPrefix(kind, "text/html"):
			l.HTML = string(body)
		case strings.HasPrefix(kind, "text/calendar"):
			l.Calendar = string(body)
		default:
			l.Text = string(body)
		}
	}
}

var address = regexp.MustCompile(`https?://[^\s<>")\]]+`)

// Links returns every link of the text part.
func (l Letter) Links() []string { return address.FindAllString(l.Text, -1) }

// Link returns the link for one purpose ("confirm", "manage", "unsubscribe").
func (l Letter) Link(t testing.TB, purpose string) string {
	t.Helper()
	for _, link := range l.Links() {
		if strings.Contains(link, "/"+purpose+"/") {
			return link
		}
	}
	t.Fatalf("no %s link in:\n%s", purpose, l.Text)
	return ""
}
