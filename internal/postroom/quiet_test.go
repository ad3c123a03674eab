package postroom_test

import (
	"testing"
	"time"
	_ "time/tzdata" // zones also where the machine has none

	"postroom/internal/postroom"
)

const clock = "2006-01-02 15:04 MST"

func TestQuietHoursBeginAndEndByTheClockOnTheWall(t *testing.T) {
	t.Parallel()
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	night := postroom.Quiet{From: 21 * time.Hour, To: 8 * time.Hour}
	noon := postroom.Quiet{From: 12 * time.Hour, To: 13*time.Hour + 30*time.Minute}
	small := postroom.Quiet{From: 23 * time.Hour, To: time.Hour + 30*time.Minute}
	for _, c := range []struct {
		name       string
		quiet      postroom.Quiet
		at         string
		start, end string // "" where nobody is left alone
	}{
		{"by day", night, "2027-03-03 12:00 GMT", "", ""},
		{"a minute before", night, "2027-03-03 20:59 GMT", "", ""},
		{"as they begin", night, "2027-03-03 21:00 GMT", "2027-03-03 21:00 GMT", "2027-03-04 08:00 GMT"},
		{"before midnight", night, "2027-03-03 23:59 GMT", "2027-03-03 21:00 GMT", "2027-03-04 08:00 GMT"},
		{"after midnight", night, "2027-03-04 00:00 GMT", "2027-03-03 21:00 GMT", "2027-03-04 08:00 GMT"},
		{"a minute before they end", night, "2027-03-04 07:59 GMT", "2027-03-03 21:00 GMT", "2027-03-04 08:00 GMT"},
		{"as they end", night, "2027-03-04 08:00 GMT", "", ""},
		{"the short night of spring", night, "2027-03-27 22:00 GMT", "2027-03-27 21:00 GMT", "2027-03-28 08:00 BST"},
		{"and after its change", night, "2027-03-28 02:30 BST", "2027-03-27 21:00 GMT", "2027-03-28 08:00 BST"},
		{"the long night of autumn", night, "2027-10-30 22:00 BST", "2027-10-30 21:00 BST", "2027-10-31 08:00 GMT"},
		{"and after its change", night, "2027-10-31 01:30 GMT", "2027-10-30 21:00 BST", "2027-10-31 08:00 GMT"},
		{"within one day", noon, "2027-03-03 12:30 GMT", "2027-03-03 12:00 GMT", "2027-03-03 13:30 GMT"},
		{"outside one day's", noon, "2027-03-03 13:30 GMT", "", ""},
		{"an end that never comes in spring", small, "2027-03-27 23:30 GMT", "2027-03-27 23:00 GMT", "2027-03-28 02:30 BST"},
		{"an end that comes twice in autumn", small, "2027-10-30 23:30 BST", "2027-10-30 23:00 BST", "2027-10-31 01:30 GMT"},
		{"and begins again", small, "2027-10-31 01:10 GMT", "2027-10-30 23:00 BST", "2027-10-31 01:30 GMT"},
		{"none at all", postroom.Quiet{}, "2027-03-03 00:00 GMT", "", ""},
	} {
		at, err := time.ParseInLocation(clock, c.at, london)
		if err != nil {
			t.Fatal(err)
		}
		holds := c.start != ""
		if !holds {
			c.start, c.end = c.at, c.at
		}
		q := c.quiet
		start, end := q.Start(at, london).In(london).Format(clock), q.End(at, london).In(london).Format(clock)
		if q.Holds(at, london) != holds || start != c.start || end != c.end {
			t.Errorf("%s, %s: quiet %v from %s to %s, want %v from %s to %s", c.name, c.at, q.Holds(at, london), start, end, holds, c.start, c.end)
		}
	}
}

// Whatever the hours and the night, they end after every moment in them and
// outside themselves.
func TestQuietHoursAlwaysEnd(t *testing.T) {
	t.Parallel()
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	for _, day := range []time.Time{time.Date(2027, 3, 27, 12, 0, 0, 0, london), time.Date(2027, 10, 30, 12, 0, 0, 0, london)} {
		for from := time.Duration(0); from < 24*time.Hour; from += 30 * time.Minute {
			for to := time.Duration(0); to < 24*time.Hour; to += 30 * time.Minute {
				q := postroom.Quiet{From: from, To: to}
				for at := day; at.Before(day.Add(26 * time.Hour)); at = at.Add(10 * time.Minute) {
					end, start := q.End(at, london), q.Start(at, london)
					if !q.Holds(at, london) {
						continue
					}
					if !end.After(at) || q.Holds(end, london) || start.After(at) || end.Sub(at) > 50*time.Hour {
						t.Fatalf("%v: from %v to %v at %v they began %v and end %v", day, from, to, at, start, end)
					}
				}
			}
		}
	}
}
