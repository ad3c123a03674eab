package inbound

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// sentAt is when a letter was written, or when it is read if it does not say.
func (r *reading) sentAt() time.Time {
	if r.Date.IsZero() {
		return r.now
	}
	return r.Date
}

const (
	monthName = `(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?`
	weekday   = `(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,?\s+)?(?:the\s+)?`
)

// returning are the words before a date on which somebody is back.
var returning = regexp.MustCompile(`(?i)\b(?:back(?: (?:in|at)(?: the| my)?(?: office| work| desk))?(?: on| from)?|return(?:ing|s)?(?: (?:to|in)(?: the| my)?(?: office| work))?(?: on)?|(?:away|out|absent|leave|office|holiday|vacation|unavailable)\b[^.\n]{0,60}?(?:until|till|through|to|up to)|until|till|through|terug op|bis(?: einschließlich)?|jusqu['’]au|повернуся|до)\s*:?\s*` + weekday)

// dates are the ways of writing a day. Groups are named for what they hold;
// a day written with figures only is read as in Britain.
var dates = []*regexp.Regexp{
	regexp.MustCompile(`(?i)^(?P<day>\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month>` + monthName + `)(?:,?\s+(?P<year>\d{4}))?`),
	regexp.MustCompile(`(?i)^(?P<month>` + monthName + `)\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?(?:,?\s+(?P<year>\d{4}))?`),
	regexp.MustCompile(`^(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})`),
	regexp.MustCompile(`^(?P<day>\d{1,2})[./-](?P<month>\d{1,2})(?:[./-](?P<year>\d{4}|\d{2}))?`),
}

// farthest is how long an absence may last to be believed.
const farthest = 400 * 24 * time.Hour

// returnDate is the day, in UTC, on which an absent person says to be back or
// until when to be away; the zero time when no such day is named. A year that
// is left out is the one that makes the day come after sent.
func returnDate(text string, sent time.Time) time.Time {
	for _, at := range returning.FindAllStringIndex(text, 20) {
		for _, d := range dates {
			if m := d.FindStringSubmatch(text[at[1]:]); m != nil {
				if day, ok := dayOf(d, m, sent); ok {
					return day
				}
			}
		}
	}
	return time.Time{}
}

func dayOf(d *regexp.Regexp, m []string, sent time.Time) (time.Time, bool) {
	day, _ := strconv.Atoi(m[d.SubexpIndex("day")])
	month := monthOf(m[d.SubexpIndex("month")])
	year, _ := strconv.Atoi(m[d.SubexpIndex("year")])
	guessed := year == 0
	switch {
	case guessed:
		year = sent.Year()
	case year < 100:
		year += 2000
	}
	t := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	if guessed && t.Before(sent.AddDate(0, 0, -2)) {
		t = t.AddDate(1, 0, 0)
	}
	ok := month > 0 && t.Month() == month && t.After(sent.AddDate(0, 0, -2)) && t.Sub(sent) < farthest
	return t, ok
}

func monthOf(s string) time.Month {
	if n, err := strconv.Atoi(s); err == nil && n >= 1 && n <= 12 {
		return time.Month(n)
	}
	if i := strings.Index("janfebmaraprmayjunjulaugsepoctnovdec", strings.ToLower(s[:min(3, len(s))])); i >= 0 && len(s) >= 3 {
		return time.Month(i/3 + 1)
	}
	return 0
}
