package outbound

import (
	"bytes"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// A newsletter may say something to each reader that it says to nobody else:
// {{name | neighbour}} is their name, or "neighbour" to whoever has not told
// one. The text is set once, with a sign in each such place that no text can
// hold and that no line break can part: in quoted-printable it is three signs
// that stay together. Only those are exchanged in each copy.

// mostTold is how many different gaps one text may have: there are no more
// signs.
const mostTold = 6

// The signs that stand in the text part, and in the HTML part, from here on.
const (
	toldInText byte = 0x01
	toldInHTML byte = 0x0e
)

// told are the gaps of one text, in the order of their signs.
type told []gapTold

// gapTold is one gap: what stands in it, and what does for whom nothing is
// known of.
type gapTold struct{ field, otherwise string }

// gapShape is anything between two braces, on one line.
var gapShape = regexp.MustCompile(`\{\{([^{}\n]*)\}\}`)

// toldShape is what may stand there that differs between readers.
var toldShape = regexp.MustCompile(`^\s*([a-z][a-z0-9_-]*)\s*\|\s*([^|]*?)\s*$`)

// toldIn takes the gaps out of a text. What is no gap stays, as it is written:
// ReadEdition has refused it.
func toldIn(markdown string) (string, told) {
	if !strings.Contains(markdown, "{{") {
		return markdown, nil
	}
	var gaps told
	text := gapShape.ReplaceAllStringFunc(markdown, func(written string) string {
		parts := toldShape.FindStringSubmatch(written[2 : len(written)-2])
		if parts == nil {
			return written
		}
		g := gapTold{parts[1], parts[2]}
		at := slices.Index(gaps, g)
		if at < 0 && len(gaps) == mostTold {
			return g.otherwise
		}
		if at < 0 {
			at = len(gaps)
			gaps = append(gaps, g)
		}
		return string(rune(toldInText + byte(at)))
	})
	return text, gaps
}

// inHTML exchanges the signs of the text part for those of the HTML part.
func (t told) inHTML(page string) string {
	for i := range t {
		page = strings.ReplaceAll(page, string(rune(toldInText+byte(i))), string(rune(toldInHTML+byte(i))))
	}
	return page
}

// value is what a gap says to one reader, fenced off from a text that it could
// turn around.
func (g gapTold) value(about map[string]string, locale string) string {
	value := greeting(shorten(tidy(about[g.field])))
	if value == "" {
		value = g.otherwise
	}
	if value != "" && (postroom.RightToLeft(locale) || strings.ContainsFunc(value, func(r rune) bool { return r >= 0x590 })) {
		return fence(value)
	}
	return value
}

func (t told) fill(text string, about map[string]string, locale string) string {
	for i, g := range t {
		text = strings.ReplaceAll(text, string(rune(toldInText+byte(i))), g.value(about, locale))
	}
	return text
}

func (t told) fillHTML(page string, about map[string]string, locale string) string {
	for i, g := range t {
		page = strings.ReplaceAll(page, string(rune(toldInHTML+byte(i))), html.EscapeString(g.value(about, locale)))
	}
	return page
}

// fillRaw fills a finished copy whose parts are in quoted-printable. A value is
// put between two soft line breaks, so that every line stays as short as it was
// whatever the value's length.
func (t told) fillRaw(raw []byte, about map[string]string, locale string) []byte {
	if len(t) == 0 {
		return raw
	}
	head, body, found := bytes.Cut(raw, []byte("\r\n\r\n"))
	if !found {
		return raw
	}
	out := append(make([]byte, 0, len(raw)+64*len(t)), head...)
	out = append(out, "\r\n\r\n"...)
	for {
		at, sign := t.next(body)
		if at < 0 {
			return append(out, body...)
		}
		g, inPage := t.of(sign)
		value := g.value(about, locale)
		if inPage {
			value = html.EscapeString(value)
		}
		out = append(append(out, body[:at]...), softBreak...)
		out = append(append(out, quoted(value)...), softBreak...)
		body = body[at+3:]
	}
}

// next finds the next sign, as quoted-printable writes it.
func (t told) next(body []byte) (at int, sign byte) {
	from := 0
	for {
		i := bytes.IndexByte(body[from:], '=')
		if i < 0 || from+i+2 >= len(body) {
			return -1, 0
		}
		from += i
		if sign = unhex(body[from+1])<<4 | unhex(body[from+2]); body[from+1] <= '1' && body[from+1] >= '0' {
			if g, _ := t.of(sign); g.field != "" {
				return from, sign
			}
		}
		from++
	}
}

// of is the gap a sign stands for.
func (t told) of(sign byte) (g gapTold, inPage bool) {
	switch {
	case sign >= toldInText && int(sign-toldInText) < len(t):
		return t[sign-toldInText], false
	case sign >= toldInHTML && int(sign-toldInHTML) < len(t):
		return t[sign-toldInHTML], true
	}
	return gapTold{}, false
}

func unhex(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return 0xff
}

// quoted writes a value in quoted-printable (RFC 2045, section 6.7), in lines that
// leave room for what is put after the last.
func quoted(value string) []byte {
	const most = 70
	out := make([]byte, 0, 2*len(value))
	line := 0
	for i := range len(value) {
		if line >= most {
			out = append(out, softBreak...)
			line = 0
		}
		before := len(out)
		if c := value[i]; c == ' ' || c > ' ' && c <= '~' && c != '=' {
			out = append(out, c)
		} else {
			out = fmt.Appendf(out, "=%02X", c)
		}
		line += len(out) - before
	}
	return out
}

// fieldsOf lists what the texts of a campaign repeat to their readers.
func fieldsOf(c postroom.Campaign) (fields []string) {
	for _, text := range append([]postroom.EditionText{{Markdown: c.Markdown}}, c.Others...) {
		_, gaps := toldIn(text.Markdown)
		for _, g := range gaps {
			if !slices.Contains(fields, g.field) {
				fields = append(fields, g.field)
			}
		}
	}
	return fields
}

// tell reads what copies say of those they are for.
func (e *edition) tell(r store.Reader, copies []postroom.Message) error {
	if len(e.fields) == 0 || e.outbox.tell == nil {
		return nil
	}
	return e.outbox.tell(r, e.campaign, e.fields, copies)
}
