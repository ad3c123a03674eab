package letter

import (
	"net/mail"
	"strings"
	"time"
)

// dateLayouts are the ways of writing a date that net/mail refuses.
var dateLayouts = []string{
	"Mon, 2 Jan 2006 15:04:05", "2 Jan 2006 15:04:05", "Mon, 2 Jan 06 15:04:05 MST", "Mon Jan 2 15:04:05 2006", "Mon Jan 2 15:04:05 2006 -0700",
	"Mon Jan 2 15:04:05 MST 2006", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05", time.RFC3339,
}

// dateOf reads a date (RFC 5322, 3.3), in UTC; the zero time when it cannot
// be read.
func dateOf(value string) time.Time {
	value = strings.Join(strings.Fields(inComment.ReplaceAllString(value, " ")), " ")
	if t, err := mail.ParseDate(value); err == nil {
		return t.UTC()
	}
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, value); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
