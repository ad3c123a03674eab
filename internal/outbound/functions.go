package outbound

import (
	"cmp"
	"fmt"
	"strings"
	"text/template"
	"time"

	"postroom/internal/link"
	"postroom/internal/postroom"
)

// stubs are the names a letter may call, for the parser; what they do for one
// message is bound by functions.
func stubs() template.FuncMap {
	one := func(any) string { return "" }
	none := func() string { return "" }
	return template.FuncMap{
		"link": func(string) string { return "" }, "form_url": func(string) string { return "" }, "desk_url": none,
		"date": one, "day": one, "time": one, "number": one, "because": one, "org": none, "questions": none, "markdown": none,
	}
}

// functions are what a letter may call, for one message. say wraps a text in
// the kind that is safe where it is printed.
func (o *Outbox) functions(m postroom.Message, w *words, say func(string) any) template.FuncMap {
	when := func(write func(time.Time) string) func(any) any {
		return func(v any) any { return say(w.when(raw(v), o.org.Zone, write)) }
	}
	return template.FuncMap{
		"link":      func(purpose string) string { return o.linkFor(link.Purpose(purpose), m) },
		"form_url":  func(form string) string { return o.pages(m.Locale) + "/f/" + form },
		"desk_url":  func() string { return o.org.DeskURL }, // "" where there is no desk
		"date":      when(w.writeDate),
		"day":       when(w.writeDay),
		"time":      when(w.writeTime),
		"number":    func(v any) any { return say(w.numerals(raw(v))) },
		"because":   func(v any) any { return say(w.because(raw(v))) },
		"org":       func() any { return say(tidy(o.org.Name)) },
		"questions": func() string { return numbered(m.Data["questions"], say) },
		"markdown":  func() string { return givenPlace },
	}
}

// numbered writes the lines of a text as a list with numbers, so that they can
// be answered by number. It is "" where there is none.
func numbered(lines string, say func(string) any) string {
	var b strings.Builder
	n := 0
	for line := range strings.Lines(lines) {
		if line = shorten(tidy(line)); line != "" {
			n++
			fmt.Fprintf(&b, "%d. %s\n", n, say(line))
		}
	}
	return b.String()
}

// lives returns until when a link may be used. One that ends a subscription
// must work for as long as somebody keeps the mail, and one that gives a place
// back for as long as there is a place.
func lives(p link.Purpose, m postroom.Message) time.Time {
	switch p {
	case link.Confirm, link.My, link.Move:
		return m.CreatedAt.AddDate(0, 0, 7)
	case link.Unsubscribe:
		return time.Time{}
	case link.Leave, link.Undo:
		return m.CreatedAt.AddDate(0, 0, 30)
	}
	if ends, err := time.Parse(time.RFC3339, m.Data["ends"]); err == nil && ends.After(m.CreatedAt) {
		return ends.AddDate(0, 1, 0)
	}
	return m.CreatedAt.AddDate(1, 0, 0)
}

// linkFor writes the link that a mail needs. One that shows what somebody has
// with us is tied to where the mail goes.
func (o *Outbox) linkFor(p link.Purpose, m postroom.Message) string {
	subject := m.About
	switch p {
	case link.Undo, link.My:
		subject = m.ID
	case link.Manage, link.Finish:
		subject = o.links.SentTo(cmp.Or(m.Submission, m.About), m.To)
	}
	return o.pages(m.Locale) + link.Path(p, o.links.Make(p, subject, lives(p, m)))
}

// pages is where our pages are in the reader's language. A reader of one that we
// do not write is left to the page, which may know better.
func (o *Outbox) pages(locale string) string {
	if o.letters.words[locale] == nil {
		return o.org.BaseURL
	}
	return o.org.BaseURL + "/" + locale
}
