package inbound

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"postroom/internal/programme"
)

// monthNames are the months of the Gregorian calendar as people write them in
// the languages of our letters: the beginning of the word is enough.
var monthNames = [12][]string{
	{"january", "jan", "січн", "ژانویه", "جنوری", "جنورۍ"},
	{"february", "feb", "лют", "فوریه", "فبروری", "فبرورۍ"},
	{"march", "mar", "берез", "مارس", "مارچ"},
	{"april", "apr", "квіт", "آوریل", "اپریل", "آپریل"},
	{"may", "трав", "مه", "می", "مې"},
	{"june", "jun", "черв", "ژوئن", "جون"},
	{"july", "jul", "лип", "ژوئیه", "جولای"},
	{"august", "aug", "серп", "اوت", "آگست", "اگست"},
	{"september", "sept", "sep", "верес", "سپتامبر", "سپتمبر"},
	{"october", "oct", "жовт", "اکتبر", "اکتوبر"},
	{"november", "nov", "листопад", "نوامبر", "نومبر"},
	{"december", "dec", "груд", "دسامبر", "دسمبر"},
}

var (
	dayThenMonth = regexp.MustCompile(`(?i)\b(\d{1,2})(?:st|nd|rd|th|-го|\.)?(?:\s+of)?\s+([\pL]{2,})`)
	monthThenDay = regexp.MustCompile(`(?i)([\pL]{3,})\s+(\d{1,2})(?:st|nd|rd|th)?\b`)
	dayInFigures = regexp.MustCompile(`\b(\d{1,2})[./](\d{1,2})(?:[./]\d{2,4})?\b`)
)

// day is a day of a year that is not named.
type day struct {
	day   int
	month time.Month
}

// daysIn lists the days that a text names.
func daysIn(text string) (days []day) {
	text = latinFigures(strings.ToLower(norm.NFKC.String(text)))
	for _, m := range dayThenMonth.FindAllStringSubmatchIndex(text, 50) {
		if name := text[m[4]:m[5]]; !verbAfter(name, text[m[5]:]) {
			days = appendDay(days, text[m[2]:m[3]], monthNamed(name))
		}
	}
	for _, m := range monthThenDay.FindAllStringSubmatch(text, 50) {
		days = appendDay(days, m[2], monthNamed(m[1]))
	}
	for _, m := range dayInFigures.FindAllStringSubmatch(text, 50) {
		if month, err := strconv.Atoi(m[2]); err == nil && month <= 12 {
			days = appendDay(days, m[1], time.Month(month))
		}
	}
	return days
}

// verbAfter says whether a word that is May in Persian begins a verb here:
// "ساعت ۳ می‌آیم" is about three o'clock.
func verbAfter(name, rest string) bool {
	next, _ := utf8.DecodeRuneInString(strings.TrimLeft(rest, " "))
	return (name == "می" || name == "مه" || name == "مې") && (next == '\u200c' || unicode.IsLetter(next))
}

func appendDay(days []day, figures string, month time.Month) []day {
	n, err := strconv.Atoi(figures)
	if err != nil || n < 1 || n > 31 || month < time.January {
		return days
	}
	return append(days, day{n, month})
}

// monthNamed returns the month that a word begins with, or 0. Short names must be
// the whole word: "mar" is not what "market" begins with.
func monthNamed(word string) time.Month {
	for i, names := range monthNames {
		for _, name := range names {
			if word == name || len([]rune(name)) > 3 && strings.HasPrefix(word, name) || name == "лют" && strings.HasPrefix(word, name) {
				return time.Month(i + 1)
			}
		}
	}
	return 0
}

// latinFigures writes Persian and Arabic figures as 0 to 9.
func latinFigures(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '۰' && r <= '۹':
			return '0' + r - '۰'
		case r >= '٠' && r <= '٩':
			return '0' + r - '٠'
		}
		return r
	}, text)
}

// sessionIn returns the session of a form's event that a text asks for: the one
// it names, the one on a day it names, or the only one that is still to come.
// It returns "" where that is not clear; then the person is asked.
func sessionIn(form *programme.Form, text string, at time.Time) string {
	var ahead []*programme.Session
	for _, s := range form.Sessions() {
		if s.StartsAt.After(at) {
			ahead = append(ahead, s)
		}
	}
	said := programme.Fold(text)
	named := matching(ahead, func(s *programme.Session) bool {
		return programme.NewPhrases(slices.Collect(maps.Values(s.Title))...).InFolded(said)
	})
	if len(named) == 1 {
		return named[0].Name
	}
	days := daysIn(text)
	dated := matching(ahead, func(s *programme.Session) bool {
		return slices.Contains(days, day{s.StartsAt.Day(), s.StartsAt.Month()})
	})
	switch {
	case len(dated) > 0:
		return widest(dated)
	case len(ahead) == 1 && len(days) == 0:
		return ahead[0].Name
	}
	return ""
}

func matching(sessions []*programme.Session, is func(*programme.Session) bool) []*programme.Session {
	return slices.DeleteFunc(slices.Clone(sessions), func(s *programme.Session) bool { return !is(s) })
}

// widest returns the session that all others lie in: who names the day means
// the day. Sessions side by side are for the person to choose from.
func widest(sessions []*programme.Session) string {
	for _, s := range sessions {
		inside := func(other *programme.Session) bool {
			return !other.StartsAt.Before(s.StartsAt) && !other.EndsAt.After(s.EndsAt)
		}
		if len(matching(sessions, inside)) == len(sessions) {
			return s.Name
		}
	}
	return ""
}
