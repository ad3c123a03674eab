package programme

import (
	"time"

	"postroom/internal/postroom"
)

// Otherwise says what becomes of a step that is too late.
type Otherwise string

// What may become of a step that is too late.
const (
	OtherwiseSkip Otherwise = "skip" // it is left out; what is meant if nothing is said
	OtherwiseAsk  Otherwise = "ask"  // the coordinators are asked whether to do it all the same
)

// dueAfter and dueBefore are when the step is due that counts from date. What
// goes to a person is kept out of the quiet hours.
func (s *Step) dueAfter(date time.Time, f postroom.Facts) time.Time {
	return s.forward(s.By, s.By.After(date, zoneOf(f)), f)
}

// dueBefore moves forward too, unless that would reach the date: then the step
// is due when the quiet hours before begin.
func (s *Step) dueBefore(date time.Time, f postroom.Facts) time.Time {
	due := s.By.Before(date, zoneOf(f))
	later := s.forward(s.By, due, f)
	if later.Before(date) {
		return later
	}
	earlier := f.Quiet.Start(due, zoneOf(f))
	for s.By.Working > 0 && !working(earlier.In(zoneOf(f))) {
		earlier = earlier.In(zoneOf(f)).AddDate(0, 0, -1)
	}
	return earlier
}

// forward moves a moment in the quiet hours to their end. Where the span
// counts working days, that is on a working day again.
func (s *Step) forward(by Span, due time.Time, f postroom.Facts) time.Time {
	if s.Send == "" || !f.Quiet.Holds(due, zoneOf(f)) {
		return due // a coordinator's mailbox makes no sound at night
	}
	due = f.Quiet.End(due, zoneOf(f)).In(zoneOf(f))
	for by.Working > 0 && !working(due) {
		due = due.AddDate(0, 0, 1)
	}
	return due
}

// Rests returns until when a step that has fallen due is put off, because its
// turn came late and the quiet hours have begun meanwhile, or the zero time if
// it is to be done now. promised is when it was to be done.
func (s *Step) Rests(promised time.Time, f postroom.Facts) time.Time {
	counts := s.Before != "" || s.After != ""
	if s.Send == "" || !counts || !f.Quiet.Holds(f.At, zoneOf(f)) || !promised.Before(f.Quiet.Start(f.At, zoneOf(f))) {
		return time.Time{}
	}
	end := f.Quiet.End(f.At, zoneOf(f))
	if date, known := f.Dates[s.Before]; known && !end.Before(date) {
		return time.Time{}
	}
	return end
}

// Awake returns the soonest moment from f.At on at which a step may be done
// that should have been done already and answers nobody.
func (s *Step) Awake(f postroom.Facts) time.Time {
	if until := s.Rests(time.Time{}, f); !until.IsZero() {
		return until
	}
	return f.At
}

// TooLate says whether it is too late for a step that was to be done at
// promised. What comes before a date is too late once the date has come, or is
// known no more.
func (s *Step) TooLate(promised time.Time, f postroom.Facts) bool {
	if s.Before != "" && !f.Dates[s.Before].After(f.At) {
		return true
	}
	return s.NotLaterThan != nil && f.At.After(s.NotLaterThan.After(promised, zoneOf(f)))
}

// CanWait says whether nothing is lost when a step comes days later: it writes
// to a person some time after something, has no moment after which it is too
// late, and nobody but that person waits for it.
func (s *Step) CanWait() bool {
	follows := s.After != "" && s.Before == "" && s.NotLaterThan == nil
	return follows && s.Send != "" && len(s.Notify) == 0 && len(s.AddTo) == 0
}
