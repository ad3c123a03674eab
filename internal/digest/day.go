package digest

import (
	"context"
	"fmt"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// Hour is a time on the clock.
type Hour struct{ Hour, Minute int }

// Day returns the day that a moment is in, and whether its summaries are due by
// then: at or after the hour, Monday to Friday. After days on which nothing ran
// only that one is due, because it tells all that still matters.
func (d *Digests) Day(now time.Time) (day string, due bool) {
	return d.day(now), d.At != nil && working(now.In(d.Zone)) && !now.Before(d.on(now))
}

// Next returns when the next summaries fall due after a moment, or the zero
// time if they never do.
func (d *Digests) Next(now time.Time) time.Time {
	if d.At == nil {
		return time.Time{}
	}
	for ahead := 0; ; ahead++ {
		if at := d.on(now.In(d.Zone).AddDate(0, 0, ahead)); at.After(now) && working(at) {
			return at
		}
	}
}

// Moment returns when the summaries of a day, such as 2026-11-27, fall due.
func (d *Digests) Moment(day string) (time.Time, error) {
	t, err := time.ParseInLocation(time.DateOnly, day, d.Zone)
	if err != nil {
		return t, fmt.Errorf("%q is not a day such as 2026-11-27", day)
	}
	return d.on(t), nil
}

// Order adds one job for each colleague's summary of a day, and for each post
// to Slack, unless it is there already. A post room that had nothing on file when the hour came does
// not begin by writing to everybody that it has nothing to say.
func (d *Digests) Order(ctx context.Context, day string) error {
	at, err := d.Moment(day)
	if err != nil {
		return err
	}
	first, err := d.Store.Read(ctx).FirstFiled()
	if err != nil {
		return fmt.Errorf("look whether anything is on file: %w", err)
	}
	if first.IsZero() || !first.Before(at) {
		return nil
	}
	if err := d.Team.Refresh(ctx); err != nil {
		return err
	}
	now := d.Clock.Now()
	return d.Store.Write(ctx, func(tx *store.Tx) error {
		for _, who := range d.readers(now) {
			if _, err := tx.AddJob(postroom.JobDigest, subject(who.Name, day), postroom.DigestRun, now, now); err != nil {
				return err
			}
		}
		return d.orderPosts(tx, day, now)
	})
}

// day writes the day that a moment is in.
func (d *Digests) day(t time.Time) string { return t.In(d.Zone).Format(time.DateOnly) }

// on returns the hour of the day that a moment is in: the time on the clock,
// also where the clocks have changed since the day before.
func (d *Digests) on(t time.Time) time.Time {
	at := Hour{Hour: 7, Minute: 30}
	if d.At != nil {
		at = *d.At
	}
	t = t.In(d.Zone)
	return time.Date(t.Year(), t.Month(), t.Day(), at.Hour, at.Minute, 0, 0, d.Zone)
}

// midnight returns the beginning of the day that is so many days after the one
// a moment is in.
func (d *Digests) midnight(t time.Time, ahead int) time.Time {
	t = t.In(d.Zone)
	return time.Date(t.Year(), t.Month(), t.Day()+ahead, 0, 0, 0, 0, d.Zone)
}

// workday returns the nearest working day before or after the one that a moment
// is in, as a number of days.
func workday(t time.Time, step int) (ahead int) {
	for ahead = step; !working(t.AddDate(0, 0, ahead)); ahead += step {
	}
	return ahead
}

func working(t time.Time) bool { return t.Weekday() != time.Saturday && t.Weekday() != time.Sunday }

// workingDays counts the working days from the day of one moment to that of
// another: from Friday to Monday it is one.
func workingDays(from, to time.Time) (n int) {
	if longest := to.AddDate(-20, 0, 0); from.Before(longest) {
		from = longest // nobody counts on, and a letter may claim any date
	}
	first, last := civil(from), civil(to)
	days := int(last.Sub(first) / (24 * time.Hour))
	n = max(0, days) / 7 * 5
	for day := first.AddDate(0, 0, max(0, days)/7*7); day.Before(last); {
		if day = day.AddDate(0, 0, 1); working(day) {
			n++
		}
	}
	return n
}

// civil returns the day of a moment as one of a calendar in which every day is as
// long as any other.
func civil(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}
