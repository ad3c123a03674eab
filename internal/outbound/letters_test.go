package outbound

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"postroom/internal/postroom"
)

// sample is a message in which everything is known.
func sample(template, locale string) postroom.Message {
	return postroom.Message{
		ID: "01939f3e-8a10-7cc4-9b1e-5a6f0d2c7e11", MessageID: "01939f3e-8a10-7cc4-9b1e-5a6f0d2c7e11.0123456789abcdef@example.org",
		Programme: "networking-event", About: "sub-1", To: "person@example.org", Template: template, Locale: locale,
		Class: postroom.Service, Lane: postroom.Confirm, CreatedAt: moment,
		Data: map[string]string{
			"name": "Olena", "reference": "K7M-4QX", "programme": "Networking event", "form_title": "Book a place",
			"reply_by": "2026-11-26T17:00:00Z", "event": "Refugee support: meet & greet", "session": "Evening",
			"starts": "2026-12-03T18:00:00Z", "ends": "2026-12-03T20:30:00Z", "venue": "Room 2, The Old Bath House, MK12 5JR",
			"party": "2", "list": "Garden news", "area": "Wolverton", "url": "https://post.example.org/shelf/1",
		},
	}
}

// parts are what the reader's program makes of a mail.
type parts struct {
	header     mail.Header
	text, html string
}

func open(t testing.TB, raw []byte) parts {
	t.Helper()
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("the mail cannot be read: %v\n%s", err, raw)
	}
	kind, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("the mail is %q (%v)", kind, err)
	}
	p := parts{header: msg.Header}
	r := multipart.NewReader(msg.Body, params["boundary"])
	for _, into := range []*string{&p.text, &p.html} {
		part, err := r.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		if got := part.Header.Get("Content-Transfer-Encoding"); got != "quoted-printable" {
			t.Errorf("a part is encoded as %q", got)
		}
		decoded, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		*into = strings.ReplaceAll(string(decoded), "\r\n", "\n")
	}
	if _, err := r.NextPart(); err != io.EOF {
		t.Errorf("after text and HTML comes %v", err)
	}
	return p
}

func (p parts) subject(t testing.TB) string {
	t.Helper()
	s, err := new(mime.WordDecoder).DecodeHeader(p.header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// writer is an outbox that can compose and nothing else.
func writer(t testing.TB) *Outbox {
	t.Helper()
	clock := &handClock{now: moment}
	return &Outbox{letters: letters(t), links: signer(t, clock), clock: clock, org: func() Organisation {
		o := organisation()
		o.DeskURL = o.BaseURL + "/desk"
		return o
	}()}
}

func compose(t testing.TB, o *Outbox, m postroom.Message) parts {
	t.Helper()
	l, err := o.letters.find(m.Template, m.Locale)
	if err != nil {
		t.Fatal(err)
	}
	m.Class, m.Lane = l.class, l.lane
	raw, err := o.Compose(m)
	if err != nil {
		t.Fatal(err)
	}
	return open(t, raw)
}

func TestEnglishLettersReadAsTheyDid(t *testing.T) {
	t.Parallel()
	o := writer(t)
	for _, name := range o.letters.Names() {
		p := compose(t, o, sample(name, "en"))
		golden(t, name+".txt", "Subject: "+p.subject(t)+"\n\n"+p.text)
		golden(t, name+".html", p.html)
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "letters", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s reads differently now (see it with -update and git diff):\n%s", name, got)
	}
}
