package inbound

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

var (
	isoDay   = regexp.MustCompile(`\b(20\d\d)-(\d{2})-(\d{2})\b`)
	anyDay   = regexp.MustCompile(`(?i)\b(\d{1,2})(?:st|nd|rd|th|-го|м|مه|مې|\.)?(?: of)? (?:د )?(\pL{2,})(?:\.?,? ((?:19|20)\d\d))?`)
	dayAfter = regexp.MustCompile(`(?i)(\pL{3,}) (?:the |په )?(\d{1,2})(?:st|nd|rd|th)?(?:,? ((?:19|20)\d\d))?(?:[^\d:]|$)`)
	figures  = regexp.MustCompile(`(?:^|[^\d./:£$€])(\d{1,2})([./-])(\d{1,2})(?:([./-])(\d{4}|\d{2})?)?(?:[^\d/:]|$)`)
)

// weekdayNames are the days of the week as people write them, Monday first: the
// beginning of the word is enough where it has more than three letters.
var weekdayNames = [7][]string{
	{"monday", "mon", "понеділ", "пн", "دوشنبه", "دو شنبه", "dushanbe"},
	{"tuesday", "tue", "tues", "вівтор", "вт", "سه‌شنبه", "سهشنبه", "seshanbe"},
	{"wednesday", "wed", "серед", "ср", "چهارشنبه", "charshanbe", "chaharshanbe"},
	{"thursday", "thu", "thur", "thurs", "четвер", "чт", "پنجشنبه", "panjshanbe"},
	{"friday", "fri", "п'ятниц", "п'ятницю", "пт", "جمعه", "juma", "jome"},
	{"saturday", "sat", "субот", "сб", "شنبه", "shanbe"},
	{"sunday", "sun", "неділ", "нд", "یکشنبه", "yakshanbe"},
}

// readDates reads the days that a letter names. Without a year it is the next
// such day after the letter. What counts from today, and what Britain and
// America read differently, is a guess.
func readDates(p page, at time.Time) (facts []Fact) {
	if at.IsZero() {
		return nil
	}
	for _, c := range p.clauses {
		for _, d := range append(datesNamed(c.raw, at), relativeDays(c, at)...) {
			d.Kind, d.From = FactDate, c.raw
			if c.denied || c.asks {
				d.Confidence = Guessed
			}
			facts = append(facts, d)
		}
		if len(facts) > 20 {
			break
		}
	}
	return facts
}

// datesNamed lists the days that a text names by their figures.
func datesNamed(text string, at time.Time) (facts []Fact) {
	if !shortFigure(text) {
		return nil
	}
	signed := text
	if !strings.ContainsAny(text, "./-") {
		signed = "" // no figures with a sign between them
	}
	add := func(day, month, year string, sure Confidence) {
		if when, whole := dateOf(day, month, year, at); !when.IsZero() {
			if whole && sure == Likely {
				sure = Certain
			}
			facts = append(facts, Fact{Value: when.Format(time.DateOnly), Confidence: againstWeekday(strings.ToLower(text), when, sure)})
		}
	}
	for _, m := range isoDay.FindAllStringSubmatch(signed, 5) {
		add(m[3], m[2], m[1], Likely)
	}
	for _, m := range anyDay.FindAllStringSubmatch(text, 5) {
		add(m[1], monthFigure(m[2], m[0], m[3]), m[3], Likely)
	}
	for _, m := range dayAfter.FindAllStringSubmatch(text, 5) {
		add(m[2], monthFigure(m[1], "", m[3]), m[3], Likely)
	}
	for _, m := range figures.FindAllStringSubmatch(signed, 5) {
		if sure, ok := figureDate(m[1], m[2], m[3], m[4], m[5]); ok {
			add(m[1], m[3], m[5], sure)
		}
	}
	return facts
}

// shortFigure says whether a text has a number that may be a day: letters are
// full of others.
func shortFigure(text string) bool {
	n := 0
	for i := 0; i <= len(text); i++ {
		if i < len(text) && text[i] >= '0' && text[i] <= '9' {
			n++
			continue
		}
		if n == 1 || n == 2 {
			return true
		}
		n = 0
	}
	return false
}

// figureDate says how sure it is that two figures are a day and a month: "1/2"
// is a half and "6.30" a time of day, and 3/4 is in April here and in March in
// America.
func figureDate(day, sign, month, second, year string) (Confidence, bool) {
	if sign == "-" && year == "" || sign == "." && second == "" || second != "" && year != "" && second != sign {
		return Guessed, false
	}
	if n, _ := strconv.Atoi(day); n <= 12 && sign != "." {
		return Guessed, true
	}
	return Likely, true
}

// monthFigure is the number of a month by its name, or "". Names that are
// common words as well ("may", می) need more: a capital, "the 6th of", a year.
func monthFigure(name, whole, year string) string {
	month := monthNamed(strings.ToLower(name))
	if month == 0 {
		return ""
	}
	if commonWord[strings.ToLower(name)] && year == "" && name != "May" && !strings.Contains(whole, " of ") && !strings.Contains(whole, "th ") {
		return ""
	}
	return strconv.Itoa(int(month))
}

// commonWord is a name of a month that is another word too.
var commonWord = set(`may mar مه می مې sat`)

// dateOf is a day by its figures; whole says whether the year was named. It is
// zero for a day that there is not.
func dateOf(day, month, year string, at time.Time) (when time.Time, whole bool) {
	d, _ := strconv.Atoi(day)
	m, _ := strconv.Atoi(month)
	y, err := strconv.Atoi(year)
	switch {
	case err != nil:
		y = at.Year()
	case y < 100:
		y += 2000
	}
	when = time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if err != nil && when.Before(at.AddDate(0, 0, -2)) {
		when = time.Date(y+1, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	}
	if when.Day() != d || int(when.Month()) != m || y < at.Year()-1 || y > at.Year()+3 {
		return time.Time{}, false
	}
	return when, err == nil
}

// againstWeekday makes a guess of a day on which the weekday that stands beside
// it does not fall.
func againstWeekday(lower string, when time.Time, sure Confidence) Confidence {
	seen := false
	for word := range strings.FieldsSeq(lower) {
		if day, ok := weekdayNamed(word); ok {
			if day == when.Weekday() {
				return sure
			}
			seen = true
		}
	}
	if seen {
		return Guessed
	}
	return sure
}

// weekdayNamed is the day of the week that a word names.
func weekdayNamed(word string) (time.Weekday, bool) {
	word = strings.Trim(word, ",.;:!?()،")
	for i, names := range weekdayNames {
		for _, name := range names {
			if word == name || len([]rune(name)) > 4 && name[0] > 0x7f && name[0] < 0xd4 && strings.HasPrefix(word, name) {
				return time.Weekday((i + 1) % 7), true
			}
		}
	}
	return 0, false
}

var (
	tomorrows = folded(`tomorrow завтра فردا صبا سبا zavtra farda`)
	todays    = folded(`today tonight сьогодні сегодня امروز نن sogodni segodnya emroz`)
	nexts     = folded(`next this coming on наступний наступну наступної цю цей آینده راتلونکې بعدی`)
)

// relativeDays are the days that a clause names by today: tomorrow, next Friday.
func relativeDays(c clause, at time.Time) (facts []Fact) {
	guess := func(when time.Time) {
		facts = append(facts, Fact{Value: when.Format(time.DateOnly), Confidence: Guessed})
	}
	if c.has(tomorrows) {
		guess(at.AddDate(0, 0, 1))
	}
	if c.has(todays) {
		guess(at)
	}
	if !c.has(nexts) || strings.ContainsAny(c.raw, "0123456789") {
		return facts
	}
	for word := range strings.FieldsSeq(strings.ToLower(c.raw)) {
		if day, ok := weekdayNamed(word); ok {
			guess(at.AddDate(0, 0, (int(day)-int(at.Weekday())+6)%7+1))
		}
	}
	return facts
}
