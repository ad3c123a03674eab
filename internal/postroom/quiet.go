package postroom

import "time"

// Quiet are the hours of every day in which nobody is written to without need:
// from From until To after midnight, by the clock on the wall. To may be
// earlier than From, and then the hours run over midnight. The zero Quiet is
// no hours at all.
type Quiet struct{ From, To time.Duration }

// Holds says whether t, in zone, is within the quiet hours. The moment they
// begin is within, the moment they end is not.
func (q Quiet) Holds(t time.Time, zone *time.Location) bool {
	clock := onTheWall(t.In(zone))
	if q.From <= q.To {
		return clock >= q.From && clock < q.To
	}
	return clock >= q.From || clock < q.To
}

// End returns when the quiet hours that hold t end, and t itself where none
// do. In the night when clocks change they end when the clock on the wall says
// so, or as soon after as it can.
func (q Quiet) End(t time.Time, zone *time.Location) time.Time {
	if !q.Holds(t, zone) {
		return t
	}
	end := q.on(t.In(zone), q.To)
	if q.From > q.To && onTheWall(t.In(zone)) >= q.From {
		end = q.on(t.In(zone).AddDate(0, 0, 1), q.To)
	}
	for !end.After(t) || q.Holds(end, zone) {
		end = end.Add(time.Hour) // the clock says To twice tonight, or never
	}
	return end
}

// Start returns when the quiet hours that hold t began, and t itself where
// none do.
func (q Quiet) Start(t time.Time, zone *time.Location) time.Time {
	if !q.Holds(t, zone) {
		return t
	}
	start := q.on(t.In(zone), q.From)
	if q.From > q.To && onTheWall(t.In(zone)) < q.To {
		start = q.on(t.In(zone).AddDate(0, 0, -1), q.From)
	}
	for start.After(t) {
		start = start.Add(-time.Hour)
	}
	return start
}

// on returns the moment of a day at which the clock on the wall says clock.
func (q Quiet) on(day time.Time, clock time.Duration) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day(), 0, int(clock/time.Minute), 0, 0, day.Location())
}

func onTheWall(t time.Time) time.Duration {
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute +
		time.Duration(t.Second())*time.Second + time.Duration(t.Nanosecond())
}
