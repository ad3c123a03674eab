package programme

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Span is a stretch of time as people say it: "1h", "3d", "2 working days".
// Days keep the time on the clock in the zone they are counted in, also over
// the two nights when clocks change; hours are hours.
type Span struct {
	Working int // Monday to Friday
	Days    int
	Clock   time.Duration
}

var spanShape = regexp.MustCompile(`^(\d{1,3}) ?(m|h|d|w|working days?)$`)

// ParseSpan reads a span.
func ParseSpan(text string) (Span, error) {
	parts := spanShape.FindStringSubmatch(text)
	if parts == nil {
		return Span{}, fmt.Errorf("%q is not a span such as 1h, 3d or 2 working days", text)
	}
	n, err := strconv.Atoi(parts[1])
	if err != nil {
		return Span{}, fmt.Errorf("read span %q: %w", text, err)
	}
	if n == 0 && strings.HasPrefix(parts[2], "working") {
		return Span{}, fmt.Errorf("%q is no time at all, and may be a Sunday; write 0d or 1 working day", text)
	}
	switch parts[2] {
	case "m":
		return Span{Clock: time.Duration(n) * time.Minute}, nil
	case "h":
		return Span{Clock: time.Duration(n) * time.Hour}, nil
	case "d":
		return Span{Days: n}, nil
	case "w":
		return Span{Days: 7 * n}, nil
	}
	return Span{Working: n}, nil
}

// After returns the moment one span after t, counted in zone.
func (s Span) After(t time.Time, zone *time.Location) time.Time { return s.from(t, zone, 1) }

// Before returns the moment one span before t, counted in zone.
func (s Span) Before(t time.Time, zone *time.Location) time.Time { return s.from(t, zone, -1) }

func (s Span) from(t time.Time, zone *time.Location, step int) time.Time {
	t = t.In(zone)
	// Days are counted first and gone in one step: whoever stops at half past
	// one in the night that has none comes out at another time of day.
	days := step * s.Days
	for left := s.Working; left > 0; {
		days += step
		if working(t.AddDate(0, 0, days)) {
			left--
		}
	}
	return t.AddDate(0, 0, days).Add(time.Duration(step) * s.Clock)
}

// working says whether t is on a day from Monday to Friday. Bank holidays are
// not known.
func working(t time.Time) bool { return t.Weekday() != time.Saturday && t.Weekday() != time.Sunday }
