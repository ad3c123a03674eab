package web

import (
	"net/url"
	"strings"
	"unicode"

	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// mostValues is how many answers to one question are read.
const mostValues = 100

// answersTo keeps what was sent for the fields of the form, in the shape that
// programme.Form.Check judges.
func answersTo(form *programme.Form, sent url.Values) postroom.Answers {
	answers := form.Gather(sent)
	for _, values := range answers {
		for i := range values {
			values[i] = printable(values[i])
		}
	}
	return answers
}

// printable drops what no page may show. The rest of the tidying is the
// programme's.
func printable(value string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && !strings.ContainsRune("\n\r\t", r) || r == 0xfffe || r == 0xffff {
			return -1
		}
		return r
	}, strings.ToValidUTF8(value, "\ufffd"))
}
