package desk

import (
	"strconv"
	"strings"
	"time"

	"postroom/internal/postroom"
)

// When is a moment as people say it: how long ago or ahead, and, for whoever asks,
// exactly.
type When struct {
	Said  string // "3 hours ago"
	Exact string // "Friday 27 November 2026, 09:14"
	ISO   string
}

// when says a moment as seen from now; the zero time is nothing.
func (d *Desk) when(t time.Time) When {
	if t.IsZero() {
		return When{}
	}
	t = t.In(d.Org.Zone)
	return When{Said: d.said(t, d.now()), Exact: d.day(t) + ", " + t.Format("15:04"), ISO: t.Format(time.RFC3339)}
}

// day is a date: Friday 27 November 2026.
func (d *Desk) day(t time.Time) string { return t.In(d.Org.Zone).Format("Monday 2 January 2006") }

// said is how far a moment is from now, in the largest unit that fits.
func (d *Desk) said(t, now time.Time) string {
	tense, apart := "ago", now.Sub(t)
	if apart < 0 {
		tense, apart = "ahead", -apart
	}
	if apart < time.Minute {
		return d.say(postroom.Say("desk.when.now"))
	}
	unit, n := "minute", int(apart/time.Minute)
	switch days := daysApart(t, now); {
	case days == 1 && apart >= 12*time.Hour:
		return d.say(postroom.Say("desk.when.day_" + tense))
	case days >= 1 && apart >= 12*time.Hour:
		unit, n = "days", days
	case apart >= time.Hour:
		unit, n = "hour", int(apart/time.Hour)
	}
	if n > 1 && unit != "days" {
		unit += "s"
	}
	return d.say(postroom.Say("desk.when."+unit+"_"+tense, "n", strconv.Itoa(n)))
}

// many says how many there are of something: one has a text of its own.
func (d *Desk) many(key string, n int, args ...string) string {
	if n == 1 {
		key += ".one"
	}
	return d.say(postroom.Say(key, append(args, "n", strconv.Itoa(n))...))
}

// listed names several as people say it: a, b and c.
func (d *Desk) listed(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return d.say(postroom.Say("desk.and", "some", strings.Join(names[:last], ", "), "last", names[last]))
}

// daysApart counts the midnights between two moments of one zone.
func daysApart(a, b time.Time) int {
	if b.Before(a) {
		a, b = b, a
	}
	midnight := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	return int(midnight(b).Sub(midnight(a)) / (24 * time.Hour))
}
