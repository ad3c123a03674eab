package postroom

import "time"

// WorkingHours are when somebody is expected to be at work: on these days of the
// week, from From until To after midnight, by the clock on the wall. To may be
// earlier than From, and then the hours of a day end on the next. The zero
// WorkingHours is at all times. Bank holidays are not known.
type WorkingHours struct {
	Days     [7]bool // by time.Weekday
	From, To time.Duration
}

// OfficeHours are Monday to Friday, from nine to five.
func OfficeHours() WorkingHours {
	h := WorkingHours{From: 9 * time.Hour, To: 17 * time.Hour}
	for day := time.Monday; day <= time.Friday; day++ {
		h.Days[day] = true
	}
	return h
}

// After returns the moment at which so much working time has passed since t: one
// hour after half past four on a Friday is half past nine on Monday. What
// counts is time that passes, so that a day on which clocks change has an hour
// less or more only if they change within the hours.
func (h WorkingHours) After(t time.Time, left time.Duration, zone *time.Location) time.Time {
	if h.Days == [7]bool{} {
		return t.Add(left)
	}
	for day := t.In(zone).AddDate(0, 0, -1); ; day = day.AddDate(0, 0, 1) { // yesterday's may go on after midnight
		if !h.Days[day.Weekday()] {
			continue
		}
		begin, end := h.on(day)
		if begin.Before(t) {
			begin = t
		}
		has := end.Sub(begin)
		if has >= left {
			return begin.Add(left)
		}
		left -= max(0, has)
	}
}

// on returns when the hours of a day begin and end.
func (h WorkingHours) on(day time.Time) (begin, end time.Time) {
	last := day
	if h.To <= h.From {
		last = day.AddDate(0, 0, 1)
	}
	return Quiet{}.on(day, h.From), Quiet{}.on(last, h.To)
}
