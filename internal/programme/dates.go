package programme

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"postroom/internal/postroom"
)

// Today is what after: and before: of a date may name.
const Today = "today"

// monthNames are the months of the Gregorian calendar as people write them in
// our languages, folded. The beginning of a word is enough where it has four
// letters or more.
var monthNames = [12][]string{
	{"january", "jan", "січ", "січень", "січня", "ژانویه", "جنوری"},
	{"february", "feb", "лют", "лютий", "лютого", "فوریه", "فبروری"},
	{"march", "mar", "бер", "березень", "березня", "مارس", "مارچ"},
	{"april", "apr", "кві", "квітень", "квітня", "اوریل", "اپریل", "اپرېل"},
	{"may", "тра", "травень", "травня", "مه", "می", "مې", "مۍ"},
	{"june", "jun", "чер", "червень", "червня", "ژوین", "ژوئن", "جون"},
	{"july", "jul", "лип", "липень", "липня", "ژوییه", "ژوئیه", "جولای", "جولایی"},
	{"august", "aug", "сер", "серпень", "серпня", "اوت", "اگوست", "اگست", "اګست"},
	{"september", "sept", "sep", "вер", "вересень", "вересня", "سپتامبر", "سپتمبر", "سپټمبر"},
	{"october", "oct", "жов", "жовтень", "жовтня", "اکتبر", "اکتوبر", "اکټوبر"},
	{"november", "nov", "лис", "листопад", "листопада", "نوامبر", "نومبر"},
	{"december", "dec", "гру", "грудень", "грудня", "دسامبر", "دسمبر", "ډیسمبر", "دیسمبر"},
}

// monthNamed returns the month of a name or a number, or 0.
func monthNamed(word string) int {
	if n, err := strconv.Atoi(word); err == nil {
		return n
	}
	word = strings.ReplaceAll(strings.TrimSpace(Fold(word).words), " ", "")
	for i, names := range monthNames {
		for _, name := range names {
			if word == strings.TrimSpace(Fold(name).words) {
				return i + 1
			}
		}
	}
	return 0
}

// date reads day, month and year as three values, or as one text:
// 2027-03-13, 13/3/2027, 13 March 2027, March 13 2027.
func (f *Field) date(written []string, today time.Time) ([]string, fault) {
	parts := []string{}
	if len(written) > 1 {
		parts = tidyParts(written, 3)
	} else if len(written) == 1 {
		parts = inThree(plainLine(written[0]))
	}
	if len(parts) == 0 {
		return nil, fault{say: f.missing()}
	}
	for i := range parts {
		parts[i] = plainLine(parts[i])
	}
	t, wrong := calendarDay(parts)
	if !wrong.is() {
		wrong = f.rules(t, today)
	}
	if wrong.is() {
		return nil, wrong
	}
	return []string{t.Format(time.DateOnly)}, fault{}
}

func plainLine(v string) string { return strings.Map(plainRune, tidyLine(v)) }

var figuresThenLetters = regexp.MustCompile(`(\d)(\p{L})`)

// inThree takes a written date apart into day, month and year. What cannot be
// taken apart is the day alone, which cannot be one.
func inThree(text string) []string {
	text = figuresThenLetters.ReplaceAllString(ordinal.ReplaceAllString(text, "$1"), "$1 $2")
	words := strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("./-,،", r) })
	switch {
	case len(words) == 0:
		return nil
	case len(words) > 3:
		return []string{text, "?", "?"}
	case len(words) < 3:
		return append(words, "", "")[:3]
	case len(words[0]) == 4 && isFigures(words[0]):
		return []string{words[2], words[1], words[0]}
	case !isFigures(words[0]) && monthNamed(words[0]) > 0:
		return []string{words[1], words[0], words[2]}
	}
	return words
}

var ordinal = regexp.MustCompile(`(?i)\b(\d{1,2})(?:st|nd|rd|th|-го)\b`)

func isFigures(v string) bool {
	return v != "" && strings.IndexFunc(v, func(r rune) bool { return r < '0' || r > '9' }) < 0
}

// calendarDay reads day, month and year: what is missing comes before what cannot be.
func calendarDay(parts []string) (time.Time, fault) {
	for i, missing := range []fault{wrong("day", sayDateDay), wrong("month", sayDateMonth), wrong("year", sayDateYear)} {
		if parts[i] == "" {
			return time.Time{}, missing
		}
	}
	if isFigures(parts[2]) && len(parts[2]) != 4 {
		return time.Time{}, wrong("year", sayYear)
	}
	day, err := strconv.Atoi(parts[0])
	if err != nil || day < 1 || day > 31 {
		return time.Time{}, wrong("day", sayDate)
	}
	month := monthNamed(parts[1])
	if month < 1 || month > 12 {
		return time.Time{}, wrong("month", sayDate)
	}
	year, err := strconv.Atoi(parts[2])
	if err != nil || year < 1900 || year > 9999 {
		return time.Time{}, wrong("year", sayDate)
	}
	t := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if t.Day() != day {
		return time.Time{}, wrong("day", sayDate)
	}
	return t, fault{}
}

// rules says whether a day is one that the field takes. Where it is not known
// what day it is, as when answers on file are read again, every day will do.
func (f *Field) rules(t, today time.Time) fault {
	today = time.Date(today.Year(), today.Month(), today.Day(), 0, 0, 0, 0, time.UTC)
	switch {
	case today.Year() < 1900:
	case f.After == Today && !t.After(today):
		return wrong("", sayFuture)
	case f.Before == Today && !t.Before(today):
		return wrong("", sayPast)
	}
	return fault{}
}

var timeShape = regexp.MustCompile(`^(\d{1,2})(?:[:.](\d{2}))?\s?(am|pm|a\.m\.|p\.m\.)?$`)

// clock reads a time of day that can be meant in one way: 9, 9am, 9.30, 0930,
// 21:30. It is kept as 21:30.
func clock(value string) (string, postroom.Text) {
	value = strings.ToLower(value)
	if len(value) == 4 && isFigures(value) {
		value = value[:2] + ":" + value[2:]
	}
	m := timeShape.FindStringSubmatch(value)
	if m == nil {
		return "", postroom.Say(sayTime)
	}
	hour, _ := strconv.Atoi(m[1]) // one or two figures
	minute, _ := strconv.Atoi(m[2])
	if half := strings.ReplaceAll(m[3], ".", ""); half != "" {
		if hour < 1 || hour > 12 {
			return "", postroom.Say(sayTime)
		}
		hour %= 12
		if half == "pm" {
			hour += 12
		}
	}
	if hour > 23 || minute > 59 {
		return "", postroom.Say(sayTime)
	}
	return time.Date(2000, 1, 1, hour, minute, 0, 0, time.UTC).Format("15:04"), postroom.Text{}
}
