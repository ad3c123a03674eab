package config

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/proof"
)

// workingHours reads when somebody is expected to be at work: days and two times
// of day, or always. Left out it is Monday to Friday, nine to five.
func workingHours(m proof.Map) postroom.WorkingHours {
	written := m.Text("working_hours")
	switch written {
	case "":
		return postroom.OfficeHours()
	case "always":
		return postroom.WorkingHours{}
	}
	h, err := hoursOf(written)
	if err != nil {
		m.Wrong("working_hours", "working_hours are not days of the week and two different times of day", "working_hours: Mon-Fri 09:00-17:00, or always")
		return postroom.OfficeHours()
	}
	return h
}

var errHours = errors.New("not working hours")

func hoursOf(written string) (h postroom.WorkingHours, err error) {
	days, times, _ := strings.Cut(strings.TrimSpace(written), " ")
	begin, end, _ := strings.Cut(times, "-")
	from, wrong := clock(begin)
	to, wrongToo := clock(end)
	if wrong != nil || wrongToo != nil || from == to {
		return h, errHours
	}
	h.From, h.To = from, to
	for part := range strings.SplitSeq(days, ",") {
		first, last, ranged := strings.Cut(part, "-")
		if !ranged {
			last = first
		}
		if err := addDays(&h.Days, first, last); err != nil {
			return h, err
		}
	}
	return h, nil
}

// addDays adds the days from one to another, over the weekend where it has to
// be: Sat-Mon are three.
func addDays(days *[7]bool, first, last string) error {
	from, here := weekday(first)
	to, hereToo := weekday(last)
	if !here || !hereToo {
		return errHours
	}
	for day := from; ; day = (day + 1) % 7 {
		days[day] = true
		if day == to {
			return nil
		}
	}
}

// weekday reads a day of the week, whole or by its first three letters.
func weekday(written string) (time.Weekday, bool) {
	written = strings.ToLower(written)
	for day := time.Sunday; day <= time.Saturday; day++ {
		if name := strings.ToLower(day.String()); written == name || written == name[:3] {
			return day, true
		}
	}
	return 0, false
}

var termShape = regexp.MustCompile(`^([1-9]\d{0,2}) (month|year)s?$`)

// safeguardingKeep reads for how many months what is about somebody in danger is
// kept after it was let go: six years if left out.
func safeguardingKeep(m proof.Map) (months int) {
	parts := termShape.FindStringSubmatch(or(m.Text("safeguarding_keep"), "6 years"))
	if parts == nil {
		m.Wrong("safeguarding_keep", "safeguarding_keep is not a number of years or months", "safeguarding_keep: 6 years")
		return 0
	}
	months, _ = strconv.Atoi(parts[1]) // three figures are a number
	if parts[2] == "year" {
		months *= 12
	}
	return months
}
