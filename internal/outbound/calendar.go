package outbound

import (
	"bytes"
	"cmp"
	"fmt"
	"mime/multipart"
	"mime/quotedprintable"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
	gomail "github.com/wneessen/go-mail"

	"postroom/internal/postroom"
)

// What a letter's calendar file says, as front matter names it.
const (
	calendarPublish = "publish" // the booking as it stands
	calendarCancel  = "cancel"  // it is off
)

// calendar is a file that a reader's calendar takes the booking from.
type calendar struct{ method, text string }

// calendarOf writes the calendar file that goes with a letter (RFC 5545), or
// nil where the letter has none, or the message no booking with a date. The
// entry keeps its UID for as long as the booking lives, and its SEQUENCE rises
// when the session moves, so that a calendar changes the entry it has.
//
// Calendars are shared: families and colleagues see them. Of what is nobody's
// business the entry says when, and from whom the message about it came.
func (o *Outbox) calendarOf(l *letter, m postroom.Message, words *words, data map[string]string) *calendar {
	starts, err := time.Parse(time.RFC3339, m.Data["starts"])
	if l.calendar == "" || m.Data["booking"] == "" || err != nil {
		return nil
	}
	file := ics.NewCalendar()
	file.SetProductId("-//postroom//postroom//EN")
	method, status := ics.MethodPublish, ics.ObjectStatusConfirmed
	if l.calendar == calendarCancel {
		method, status = ics.MethodCancel, ics.ObjectStatusCancelled
	}
	file.SetMethod(method)
	entry := file.AddEvent("booking-" + m.Data["booking"] + "@" + o.instance())
	entry.SetDtStampTime(m.CreatedAt)
	entry.SetStartAt(starts)
	if ends, err := time.Parse(time.RFC3339, m.Data["ends"]); err == nil && ends.After(starts) {
		entry.SetEndAt(ends)
	}
	sequence, _ := strconv.Atoi(m.Data["sequence"])
	entry.SetSequence(sequence)
	entry.SetStatus(status)
	entry.SetOrganizer("mailto:"+o.org.From.Address, ics.WithCN(parameter(tidy(o.org.Name))))
	o.describe(entry, m, words, data)
	return &calendar{method: string(method), text: file.Serialize(ics.WithNewLineWindows)}
}

// describe puts in what the entry says to whoever looks at the calendar.
func (o *Outbox) describe(entry *ics.VEvent, m postroom.Message, words *words, data map[string]string) {
	if m.Discreet {
		entry.SetSummary(tidy(o.org.Name))
		entry.SetClass(ics.ClassificationPrivate)
		return
	}
	title := data["event"]
	if data["session"] != "" {
		title = strings.TrimPrefix(title+", "+data["session"], ", ")
	}
	entry.SetSummary(cmp.Or(title, data["programme"], tidy(o.org.Name)))
	if data["venue"] != "" {
		entry.SetLocation(data["venue"])
	}
	if data["reference"] != "" {
		entry.SetDescription(strings.ReplaceAll(words.reference, "{reference}", data["reference"]))
	}
}

// parameter makes a text fit to be a parameter of a calendar's line. The
// library puts backslashes before signs that RFC 5545 (section 3.2) wants in
// quotation marks, and programs show them.
func parameter(s string) string {
	s = strings.NewReplacer("'", "’", `"`, "", `\`, "", ",", " ", ";", " ", ":", " ").Replace(s)
	return strings.Join(strings.Fields(s), " ")
}

// fill puts a letter's text, page and calendar file into a mail. Each boundary
// comes from the message's id, so that a mail written twice is the same.
func (w written) fill(mime *gomail.Msg, id string) error {
	mime.SetBoundary("post-" + id)
	if w.calendar == nil {
		mime.SetBodyString(gomail.TypeTextPlain, w.text)
		if w.html != "" {
			mime.AddAlternativeString(gomail.TypeTextHTML, w.html)
		}
		return nil
	}
	// go-mail would give both levels of the mail one boundary, so the inner
	// one is written here. Neither boundary may begin like the other.
	inner := "letter-" + id
	body, err := w.alternative(inner)
	if err != nil {
		return err
	}
	mime.SetBodyString(gomail.ContentType("multipart/alternative;\r\n boundary="+inner), body, gomail.WithPartEncoding(gomail.NoEncoding))
	kind := gomail.ContentType("text/calendar; charset=utf-8; method=" + w.calendar.method)
	return mime.AttachReader("booking.ics", strings.NewReader(w.calendar.text), gomail.WithFileContentType(kind))
}

// alternative writes text and page as the parts of a multipart/alternative.
func (w written) alternative(boundary string) (string, error) {
	var b bytes.Buffer
	parts := multipart.NewWriter(&b)
	if err := parts.SetBoundary(boundary); err != nil {
		return "", fmt.Errorf("write parts: %w", err)
	}
	for _, part := range []struct{ kind, body string }{{"text/plain", w.text}, {"text/html", w.html}} {
		head := textproto.MIMEHeader{"Content-Type": {part.kind + "; charset=UTF-8"}, "Content-Transfer-Encoding": {"quoted-printable"}}
		into, err := parts.CreatePart(head)
		if err != nil {
			return "", fmt.Errorf("write parts: %w", err)
		}
		quoted := quotedprintable.NewWriter(into)
		if _, err := quoted.Write([]byte(part.body)); err != nil {
			return "", fmt.Errorf("write parts: %w", err)
		}
		if err := quoted.Close(); err != nil {
			return "", fmt.Errorf("write parts: %w", err)
		}
	}
	if err := parts.Close(); err != nil {
		return "", fmt.Errorf("write parts: %w", err)
	}
	return b.String(), nil
}
