package outbound

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// keys lists every Data key a letter may use.
func keys() []string {
	return []string{
		"name", "reference", "programme", "form_title", "reply_by", "event", "session",
		"starts", "ends", "venue", "party", "list", "area", "url", "owed", "reason", "again", "since",
		"waiting", "references", "was_starts", "was_venue", "step", "subject", "mailbox", "phone",
		"code", "browser", "system",
		"chosen", "sent", "suppressed", "held", "failed", "uncertain",
	}
}

// What a letter prints is one of three kinds of text. All are strings, so that
// {{if .venue}} asks whether there is one; each makes itself harmless when it
// is printed, so that no letter can forget to.
type (
	plain    string // for a subject: one line, nothing else to fear
	marked   string // for Markdown: every sign that could mean something is escaped
	isolated string // marked, and fenced off from text that runs from right to left
	fenced   string // plain, and fenced off in the same way
)

// String returns the value on one line.
func (v plain) String() string { return string(v) }

// String returns the value as Markdown that reads exactly as the value did.
func (v marked) String() string { return escape(string(v)) }

// String returns the value as Markdown between FIRST STRONG ISOLATE and POP
// DIRECTIONAL ISOLATE (Unicode TR 9), so that an English venue does not
// reorder the Farsi sentence around it.
func (v isolated) String() string {
	if v == "" {
		return ""
	}
	return fence(escape(string(v)))
}

// String returns the value on one line between the same two signs: without them
// a code of two parts, 123 456, is read as 456 123.
func (v fenced) String() string {
	if v == "" {
		return ""
	}
	return fence(string(v))
}

// raw returns what a letter's function was given, before any escaping.
func raw(v any) string {
	switch v := v.(type) {
	case plain:
		return string(v)
	case marked:
		return string(v)
	case isolated:
		return string(v)
	case fenced:
		return string(v)
	}
	return fmt.Sprint(v)
}

// escape puts a backslash before every sign of ASCII punctuation, which is all
// that Markdown can be made of (CommonMark 2.4).
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r < 0x80 && (unicode.IsPunct(r) || unicode.IsSymbol(r)) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// tidy makes a value one line without signs that only a machine sees. The
// joiners of Persian and Pashto spelling stay.
func tidy(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == unicode.ReplacementChar, unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	return strings.Join(strings.Fields(s), " ")
}

// linkish finds what a mail program would make a link of although nobody
// marked it as one.
var linkish = regexp.MustCompile(`(?i)://|www\.|@|[\pL\pN]\.\pL{2,}`)

// greeting returns what a stranger typed, such as a name, as it may be
// repeated, or "" if it carries a link or a whole text: forms are used to send
// advertisements to other people's addresses.
func greeting(name string) string {
	if linkish.MatchString(name) || len([]rune(name)) > 80 {
		return ""
	}
	return name
}

// shorten cuts what is longer than any fact is: nobody reads it, and it would
// make a subject of a book.
func shorten(s string) string {
	const most = 300
	if signs := []rune(s); len(signs) > most {
		return string(signs[:most]) + "…"
	}
	return s
}

// once keeps what an event is called from being said twice, where the title of
// its date repeats it.
func once(event, session string) (string, string) {
	small, long := strings.ToLower(event), strings.ToLower(session)
	switch {
	case strings.Contains(small, long):
		return event, ""
	case strings.Contains(long, small) && event != "":
		return session, ""
	}
	return event, session
}

// page returns a URL that a letter may link to, or "".
func page(url string) string {
	if !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "http://") || strings.ContainsAny(url, " \"<>\\^`{|}") {
		return ""
	}
	return url
}

// clean makes a message's Data fit to print. What no letter may use is left
// out.
func clean(data map[string]string) map[string]string {
	known := make(map[string]string, len(data))
	for key, value := range data {
		if slices.Contains(keys(), key) {
			known[key] = shorten(tidy(value))
		}
	}
	known["name"], known["area"] = greeting(known["name"]), greeting(known["area"])
	known["url"] = page(known["url"])
	known["event"], known["session"] = once(known["event"], known["session"])
	return known
}
