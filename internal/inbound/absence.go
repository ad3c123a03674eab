package inbound

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

// sentAt is when a letter was written, or when it is read if it does not say.
func (r *reading) sentAt() time.Time {
	if r.Date.IsZero() {
		return r.now
	}
	return r.Date
}

// farthest is how long an absence may last to be believed.
const farthest = 400 * 24 * time.Hour

// mostDates is how many dates of an absence are weighed.
const mostDates = 30

// returnDate is the day, in UTC, on which an absent person says to be back or
// until when to be away; the zero time when no such day is named. Being back
// counts for more than the end of the absence, wherever it stands.
func returnDate(text string, sent time.Time) time.Time {
	text = plainDates(text)
	var best time.Time
	rank := notAbsent
	for _, d := range datesIn(text) {
		if r := d.rank(text); r > rank {
			if day, ok := d.day(sent); ok {
				best, rank = day, r
			}
		}
	}
	return best
}

// What a date in an absence may be; the last counts most.
const (
	notAbsent = iota
	untilThen
	backThen
)

// rank says what a date is by the words around it. Those before it are nearer
// to it than those after, which may belong to the next date.
func (d dated) rank(text string) int {
	before, after := d.around(text)
	switch {
	case backBefore.MatchString(before):
		return backThen
	case untilBefore.MatchString(before):
		return untilThen
	case backAfter.MatchString(after):
		return backThen
	case untilAfter.MatchString(after):
		return untilThen
	}
	return notAbsent
}

// plainDates writes a text as the patterns of dates expect it: in small letters,
// on one line, with the figures 0 to 9 and one kind of each Persian letter.
func plainDates(text string) string {
	text = latinFigures(strings.ToLower(norm.NFKC.String(text)))
	return strings.Join(strings.Fields(persianLetters.Replace(text)), " ")
}

var persianLetters = strings.NewReplacer("ي", "ی", "ك", "ک", "\u200c", "", "’", "'")

// dateForms are the ways of writing a day, the longest first. Groups are named
// for what they hold; a day in figures only is read as in Britain.
var dateForms = []*regexp.Regexp{
	regexp.MustCompile(`(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})`),
	regexp.MustCompile(`(?P<day>\d{1,2})(?:st|nd|rd|th|er|º|ª|-?го)?\.? (?:of |de |del |di |d')?(?P<month>\pL{2,})(?:\.?,? (?:de |del |року |سال )?(?P<year>\d{4}))?`),
	regexp.MustCompile(`(?P<month>\pL{3,})\.? (?P<day>\d{1,2})(?:st|nd|rd|th)?(?:,? (?P<year>\d{4}))?`),
	regexp.MustCompile(`(?P<day>\d{1,2})[./-](?P<month>\d{1,2})(?:[./-](?P<year>\d{4}|\d{2}))?`),
}

// dated is a day as it stands in a text.
type dated struct {
	begin, end           int
	dayName, month, year string
}

// datesIn lists the days that a text names, in no order. What one form has read
// is not read again by the next.
func datesIn(text string) (list []dated) {
	for _, form := range dateForms {
		for _, m := range form.FindAllStringSubmatchIndex(text, mostDates) {
			part := func(name string) string {
				if i := 2 * form.SubexpIndex(name); m[i] >= 0 {
					return text[m[i]:m[i+1]]
				}
				return ""
			}
			d := dated{m[0], m[1], part("day"), part("month"), part("year")}
			if monthOf(d.month) != (calendarMonth{}) && !d.inside(list) && !withinNumber(text, d) {
				list = append(list, d)
			}
		}
	}
	return list
}

func (d dated) inside(list []dated) bool {
	for _, other := range list {
		if d.begin < other.end && other.begin < d.end {
			return true
		}
	}
	return false
}

// withinNumber says whether a date is a piece of something longer, such as the
// number of a telephone or a time.
func withinNumber(text string, d dated) bool {
	part := func(c byte) bool { return c >= '0' && c <= '9' || c == '/' || c == ':' || c == '-' }
	return d.begin > 0 && part(text[d.begin-1]) || d.end < len(text) && part(text[d.end])
}

// aroundDate is how far from a date the words may be that say what it is.
const aroundDate = 90

// around is the text of the same sentence before and after a date.
func (d dated) around(text string) (before, after string) {
	before = text[max(0, d.begin-aroundDate):d.begin]
	if ends := sentenceEnd.FindAllStringIndex(before, -1); len(ends) > 0 {
		before = before[ends[len(ends)-1][1]:]
	}
	after = text[d.end:min(len(text), d.end+aroundDate)]
	if end := sentenceEnd.FindStringIndex(after); end != nil {
		after = after[:end[0]]
	}
	return before, after
}

var sentenceEnd = regexp.MustCompile(`(?:^|\pL{2,})[.!?؟۔] |[!?;] `)

// day puts a named day into the calendar. A year that is left out is the one
// that makes the day come after sent.
func (d dated) day(sent time.Time) (time.Time, bool) {
	day, _ := strconv.Atoi(d.dayName)
	year, _ := strconv.Atoi(d.year)
	m := monthOf(d.month)
	if n, err := strconv.Atoi(d.month); err == nil && n > 12 && day <= 12 { // as in the United States
		day, m = n, calendarMonth{number: day}
	}
	m.persian = m.persian || year >= 1300 && year < 1500
	guessed := year == 0
	switch {
	case guessed && m.persian:
		year = sent.Year() - persianBegan
	case guessed:
		year = sent.Year()
	case year < 100:
		year += 2000
	}
	t, ok := m.date(year, day)
	if earliest := sent.AddDate(0, 0, -2); guessed && t.Before(earliest) {
		t, ok = m.date(year+1, day)
	}
	return t, ok && t.After(sent.AddDate(0, 0, -2)) && t.Sub(sent) < farthest
}
