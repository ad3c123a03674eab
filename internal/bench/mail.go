package main

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"mime"
	"mime/quotedprintable"
	"strings"
	"time"
)

// words are what made-up letters are made of.
var words = strings.Fields(`allotment annual autumn bench booking bread bring cake chair choir church
committee community compost council cycle dates donation evening family festival garden grant hall harvest
help hire key kitchen ladder library market meeting member minutes motion music newsletter open orchard
parking picnic plan please poster programme question raffle repair rota school seeds summer supper table
tea tent thank tools tree vegetable village volunteer walk water welcome winter workshop youth Größe café`)

// Sizes of made-up letters, in bytes, about.
const (
	smallest = 5_000
	largest  = 20_000
)

// scribe makes up the kinds of letter that an organisation's mailbox holds:
// plain text, HTML, both, with attachments, all from people, a third of them
// answers to something. The same number makes the same letters, but for their
// dates: those lie in the hours before at.
type scribe struct {
	*rand.Rand
	to string
	at time.Time
}

func newScribe(to string, at time.Time) *scribe {
	return &scribe{rand.New(rand.NewPCG(1, 7)), to, at}
}

// letter writes the i-th letter.
func (s *scribe) letter(i int) []byte {
	var b bytes.Buffer
	s.header(&b, i)
	room := smallest + s.IntN(largest-smallest) - b.Len()
	boundary := fmt.Sprintf("=_part_%x", s.Uint64())
	switch k := s.IntN(10); {
	case k < 2:
		b.WriteString(plainType + "\r\n" + printable(s.text(room)))
	case k < 3:
		b.WriteString("Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" + folded([]byte(inHTML(s.text(room*3/4)))))
	case k < 7:
		b.WriteString(s.alternative(boundary, room*2/5))
	default:
		name := fmt.Sprintf("form-%d.pdf", i)
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=\"%s\"\r\n\r\n--%s\r\n%s\r\n--%s\r\n", boundary, boundary, s.alternative(boundary+"_in", room/6), boundary)
		fmt.Fprintf(&b, "Content-Type: application/pdf; name=%q\r\nContent-Disposition: attachment; filename=%q\r\nContent-Transfer-Encoding: base64\r\n\r\n", name, name)
		fmt.Fprintf(&b, "%s\r\n--%s--\r\n", folded(s.bytes(max(500, room/2))), boundary)
	}
	return b.Bytes()
}

func (s *scribe) header(b *bytes.Buffer, i int) {
	who, host := fmt.Sprintf("person%d", s.IntN(5000)), fmt.Sprintf("host%d.example", s.IntN(200))
	date := s.at.Add(-time.Duration(s.IntN(20*3600)) * time.Second).Format(time.RFC1123Z)
	for hop := range 3 {
		fmt.Fprintf(b, "Received: from mx%d.%s (mx%d.%s [192.0.2.%d])\r\n\tby relay%d.example.test with ESMTPS id %012x\r\n\tfor <%s>; %s\r\n",
			hop, host, hop, host, s.IntN(250), hop, s.Uint64()&0xffffffffffff, s.to, date)
	}
	fmt.Fprintf(b, "DKIM-Signature: v=1; a=rsa-sha256; d=%s; s=k1; h=from:to:subject:date;\r\n\tbh=%s;\r\n\tb=%s\r\n", host,
		base64.StdEncoding.EncodeToString(s.bytes(32)), strings.TrimSpace(strings.ReplaceAll(folded(s.bytes(256)), "\r\n", "\r\n\t")))
	fmt.Fprintf(b, "From: %s <%s@%s>\r\nTo: Office <%s>\r\nSubject: %s\r\nDate: %s\r\nMessage-ID: <%d.%x@%s>\r\n",
		mime.QEncoding.Encode("utf-8", "Zoë "+who), who, host, s.to, mime.QEncoding.Encode("utf-8", strings.TrimSuffix(s.sentence(), ".")), date, i, s.Uint64(), host)
	if i%3 == 0 {
		fmt.Fprintf(b, "In-Reply-To: <%d.thread@example.test>\r\nReferences: <%d.thread@example.test>\r\n", i/3, i/3)
	}
	b.WriteString("MIME-Version: 1.0\r\n")
}

const (
	plainType = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n"
	htmlType  = "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n"
)

// alternative is the same text twice.
func (s *scribe) alternative(boundary string, size int) string {
	text := s.text(size)
	return fmt.Sprintf("Content-Type: multipart/alternative; boundary=\"%s\"\r\n\r\n--%s\r\n%s\r\n%s\r\n--%s\r\n%s\r\n%s\r\n--%s--\r\n",
		boundary, boundary, plainType, printable(text), boundary, htmlType, printable(inHTML(text)), boundary)
}

func (s *scribe) sentence() string {
	said := make([]string, 6+s.IntN(14))
	for i := range said {
		said[i] = words[s.IntN(len(words))]
	}
	return strings.ToUpper(said[0][:1]) + said[0][1:] + " " + strings.Join(said[1:], " ") + "."
}

func (s *scribe) text(size int) string {
	var b strings.Builder
	for i := 1; b.Len() < size; i++ {
		b.WriteString(s.sentence())
		if i%5 == 0 {
			b.WriteString("\r\n\r\n")
		} else {
			b.WriteString(" ")
		}
	}
	return b.String() + "\r\n"
}

func (s *scribe) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(s.Uint32())
	}
	return b
}

func inHTML(text string) string {
	return "<!doctype html><html><head><style>p{margin:0 0 1em}</style></head><body><p>" +
		strings.ReplaceAll(strings.TrimSpace(text), "\r\n\r\n", "</p>\r\n<p>") + "</p></body></html>\r\n"
}

func printable(text string) string {
	var b strings.Builder
	w := quotedprintable.NewWriter(&b)
	_, _ = w.Write([]byte(text)) // a builder takes everything
	_ = w.Close()
	return b.String()
}

// folded is base64 in lines of 76.
func folded(data []byte) string {
	text := base64.StdEncoding.EncodeToString(data)
	var b strings.Builder
	for len(text) > 76 {
		b.WriteString(text[:76] + "\r\n")
		text = text[76:]
	}
	return b.String() + text + "\r\n"
}
