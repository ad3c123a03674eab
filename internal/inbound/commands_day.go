package inbound

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

// dayNames are the days of the week from Sunday as people write them in the
// languages of our summaries.
var dayNames = [7][]string{
	{"sunday", "sun", "неділя", "неділі", "неділю", "یکشنبه", "یک\u200cشنبه", "یکشنبې"},
	{"monday", "mon", "понеділок", "понеділка", "دوشنبه", "دو\u200cشنبه", "دوشنبې"},
	{"tuesday", "tue", "tues", "вівторок", "вівторка", "سه\u200cشنبه", "سهشنبه", "سه شنبه", "سېشنبه", "درېشنبه"},
	{"wednesday", "wed", "weds", "середа", "середи", "середу", "چهارشنبه", "چهار\u200cشنبه", "څلورشنبه"},
	{"thursday", "thu", "thur", "thurs", "четвер", "четверга", "پنجشنبه", "پنج\u200cشنبه", "پنځشنبه"},
	{"friday", "fri", "п'ятниця", "п’ятниця", "п'ятниці", "п’ятниці", "п'ятницю", "п’ятницю", "جمعه", "جمعې"},
	{"saturday", "sat", "субота", "суботи", "суботу", "شنبه", "شنبې"},
}

var (
	untilFirst = regexp.MustCompile(`^(until|till|til|to|for|in|on|by|before|до|на|تا|تر|[:,.–-])\s+|^[:,.–-]`)
	someTime   = regexp.MustCompile(`^(?:(\d{1,3})|a|an|one)\s*(day|days|d|week|weeks|wk|wks|w|month|months)$`)
	wholeDay   = regexp.MustCompile(`^(\d{4})-(\d{1,2})-(\d{1,2})$`)
	figuresDay = regexp.MustCompile(`^(\d{1,2})[./](\d{1,2})(?:[./](\d{4}|\d{2}))?\.?$`)
	namedDay   = regexp.MustCompile(`^(\d{1,2})(?:st|nd|rd|th|-го|\.)?(?:\s+of)?\s+([\pL]{2,})\.?(?:,?\s+(\d{4}))?$`)
	monthFirst = regexp.MustCompile(`^([\pL]{3,})\.?\s+(\d{1,2})(?:st|nd|rd|th)?(?:,?\s+(\d{4}))?$`)
	nextDay    = regexp.MustCompile(`^(?:next|this|coming|the)\s+`)
)

// longestDay is how many bytes the words for a day may have.
const longestDay = 120

// dayMeant reads the day that a text names and nothing else, as its beginning,
// in the zone of the moment it is read at. "friday" is the next one to come.
func dayMeant(text string, at time.Time) (time.Time, bool) {
	if len(text) > longestDay {
		return time.Time{}, false
	}
	text = latinFigures(strings.ToLower(norm.NFKC.String(text)))
	text = strings.TrimSpace(pleaseLast.ReplaceAllString(strings.TrimRight(strings.TrimSpace(text), ".!,; "), ""))
	for cut := text; ; text = cut {
		if cut = strings.TrimSpace(untilFirst.ReplaceAllString(text, "")); cut == text {
			break
		}
	}
	for _, read := range []func(string, time.Time) (time.Time, bool){relativeDay, weekdayAfter, calendarDay} {
		if day, is := read(text, at); is {
			return day, true
		}
	}
	return time.Time{}, false
}

// daysOn is the beginning of a day so many days after the one of a moment.
func daysOn(at time.Time, months, days int) time.Time {
	return time.Date(at.Year(), at.Month()+time.Month(months), at.Day()+days, 0, 0, 0, 0, at.Location())
}

func relativeDay(text string, at time.Time) (time.Time, bool) {
	switch text {
	case "today", "сьогодні", "امروز", "نن":
		return daysOn(at, 0, 0), true
	case "tomorrow", "tmrw", "завтра", "فردا", "سبا":
		return daysOn(at, 0, 1), true
	case "next week":
		return daysOn(at, 0, 7-(int(at.Weekday())+6)%7), true // its Monday
	case "next month":
		return time.Date(at.Year(), at.Month()+1, 1, 0, 0, 0, 0, at.Location()), true
	}
	m := someTime.FindStringSubmatch(text)
	if m == nil {
		return time.Time{}, false
	}
	n := 1
	if m[1] != "" {
		n, _ = strconv.Atoi(m[1]) // three figures
	}
	switch m[2][0] {
	case 'w':
		return daysOn(at, 0, 7*n), true
	case 'm':
		return daysOn(at, n, 0), true
	}
	return daysOn(at, 0, n), true
}

func weekdayAfter(text string, at time.Time) (time.Time, bool) {
	plain := nextDay.ReplaceAllString(text, "")
	for weekday, names := range dayNames {
		if !slices.Contains(names, plain) {
			continue
		}
		ahead := (weekday-int(at.Weekday())+6)%7 + 1
		if strings.HasPrefix(text, "next ") { // of the next week
			ahead = 7 - (int(at.Weekday())+6)%7 + (weekday+6)%7
		}
		return daysOn(at, 0, ahead), true
	}
	return time.Time{}, false
}

func calendarDay(text string, at time.Time) (time.Time, bool) {
	if m := wholeDay.FindStringSubmatch(text); m != nil {
		return calendarDate(m[3], m[2], m[1], at)
	}
	if m := figuresDay.FindStringSubmatch(text); m != nil {
		return calendarDate(m[1], m[2], m[3], at)
	}
	if m := namedDay.FindStringSubmatch(text); m != nil {
		return calendarDate(m[1], strconv.Itoa(int(monthNamed(m[2]))), m[3], at)
	}
	if m := monthFirst.FindStringSubmatch(text); m != nil {
		return calendarDate(m[2], strconv.Itoa(int(monthNamed(m[1]))), m[3], at)
	}
	return time.Time{}, false
}

// calendarDate is a day of a month; without a year it is the next one to come.
func calendarDate(dayOf, monthOf, yearOf string, at time.Time) (time.Time, bool) {
	d, _ := strconv.Atoi(dayOf) // the patterns let figures pass alone
	m, _ := strconv.Atoi(monthOf)
	y, _ := strconv.Atoi(yearOf)
	switch {
	case yearOf == "":
		y = at.Year()
	case y < 100:
		y += 2000
	}
	day := time.Date(y, time.Month(m), d, 0, 0, 0, 0, at.Location())
	if yearOf == "" && day.Before(daysOn(at, 0, 0)) {
		day = time.Date(y+1, time.Month(m), d, 0, 0, 0, 0, at.Location())
	}
	return day, day.Day() == d && int(day.Month()) == m
}
