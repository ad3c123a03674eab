package inbound

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

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
	for _, m := range dayThenMonth.FindAllStringSubmatch(text, 50) {
		days = appendDay(days, m[1], monthNamed(m[2]))
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

var partySize = regexp.MustCompile(`(?i)(?:^|[^\pL\d])(?:(?:we are|we're|there are|there will be|for|нас|на)\s+(\d{1,2}|two|three|four|five|six|seven|eight|nine|ten|двоє|троє|четверо|п'ятеро)(?:$|[^\pL\d])(?:\s*(?:of us|people|persons|places|осіб|людей))?|(\d{1,2}|two|three|four|five|six|seven|eight|nine|ten)\s+(?:of us|people|persons|places|seats|tickets|осіб|людей|місця|місць|نفر|جای|کسان))`)

// partyIn returns for how many people a text asks: 1, unless it says another
// number. More than ten is for the person to say again: a form asks for no more
// either.
func partyIn(text string) int {
	m := partySize.FindStringSubmatch(latinFigures(text))
	if m == nil {
		return 1
	}
	word := strings.ToLower(m[1] + m[2])
	words := map[string]int{"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
		"двоє": 2, "троє": 3, "четверо": 4, "п'ятеро": 5}
	n, ok := words[word]
	if !ok {
		n, _ = strconv.Atoi(word)
	}
	if n < 1 || n > 10 {
		return 1
	}
	return n
}
