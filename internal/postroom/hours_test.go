package postroom_test

import (
	"testing"
	"time"

	"postroom/internal/postroom"
)

func TestOneWorkingHourLater(t *testing.T) {
	t.Parallel()
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	var weekend, night, mixed postroom.WorkingHours
	weekend.Days[time.Saturday], weekend.Days[time.Sunday], weekend.To = true, true, 6*time.Hour
	night.Days[time.Friday], night.From, night.To = true, 22*time.Hour, 6*time.Hour
	mixed.Days[time.Tuesday], mixed.From, mixed.To = true, 10*time.Hour, 10*time.Hour+40*time.Minute
	office, hour := postroom.OfficeHours(), time.Hour
	for name, c := range map[string]struct {
		hours      postroom.WorkingHours
		from, want string
		left       time.Duration
	}{
		"in the morning":                                   {office, "Mon 2026-11-23 10:15", "Mon 2026-11-23 11:15", hour},
		"to the minute at the end of the day":              {office, "Mon 2026-11-23 16:00", "Mon 2026-11-23 17:00", hour},
		"over the evening":                                 {office, "Mon 2026-11-23 16:30", "Tue 2026-11-24 09:30", hour},
		"from an evening":                                  {office, "Mon 2026-11-23 22:00", "Tue 2026-11-24 10:00", hour},
		"from the small hours":                             {office, "Tue 2026-11-24 02:00", "Tue 2026-11-24 10:00", hour},
		"from the moment the hours end":                    {office, "Tue 2026-11-24 17:00", "Wed 2026-11-25 10:00", hour},
		"from the moment they begin":                       {office, "Tue 2026-11-24 09:00", "Tue 2026-11-24 10:00", hour},
		"over a weekend":                                   {office, "Fri 2026-11-27 16:30", "Mon 2026-11-30 09:30", hour},
		"from a weekend":                                   {office, "Sat 2026-11-28 12:00", "Mon 2026-11-30 10:00", hour},
		"over the weekend of the clock change in spring":   {office, "Fri 2026-03-27 16:30", "Mon 2026-03-30 09:30", hour},
		"over the weekend of the clock change in autumn":   {office, "Fri 2026-10-23 16:30", "Mon 2026-10-26 09:30", hour},
		"in the night that has an hour less":               {weekend, "Sun 2026-03-29 00:30", "Sun 2026-03-29 02:30", hour},
		"in the night that has an hour more":               {weekend, "Sun 2026-10-25 00:30", "Sun 2026-10-25 01:30", hour},
		"all of the night that has an hour less":           {weekend, "Sun 2026-03-29 00:00", "Sun 2026-03-29 06:00", 5 * hour},
		"all of the night that has an hour more":           {weekend, "Sun 2026-10-25 00:00", "Sun 2026-10-25 06:00", 7 * hour},
		"hours that go on after midnight":                  {night, "Fri 2026-11-27 23:30", "Sat 2026-11-28 00:30", hour},
		"after midnight of a day that is one":              {night, "Sat 2026-11-28 05:30", "Fri 2026-12-04 22:30", hour},
		"after midnight of a day that is none":             {night, "Fri 2026-11-27 03:00", "Fri 2026-11-27 23:00", hour},
		"more than a day has":                              {mixed, "Wed 2026-11-25 12:00", "Tue 2026-12-08 10:20", hour},
		"two days and a bit":                               {office, "Thu 2026-11-26 16:00", "Mon 2026-11-30 10:00", 10 * hour},
		"at all times, where there are no hours, at night": {postroom.WorkingHours{}, "Sat 2026-11-28 03:00", "Sat 2026-11-28 04:00", hour},
		"no time at all":                                   {office, "Sat 2026-11-28 03:00", "Mon 2026-11-30 09:00", 0},
	} {
		const shape = "Mon 2006-01-02 15:04"
		from, err := time.ParseInLocation(shape, c.from, london)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.hours.After(from.UTC(), c.left, london).In(london).Format(shape); got != c.want {
			t.Errorf("%s: %s after %s is %s, want %s", name, c.left, c.from, got, c.want)
		}
	}
}
