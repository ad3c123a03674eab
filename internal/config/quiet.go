package config

import (
	"strings"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/proof"
)

// quiet reads when people are left alone: two times of day, or none.
func quiet(m proof.Map) postroom.Quiet {
	written := or(m.Text("quiet_hours"), "21:00-08:00")
	if written == "none" {
		return postroom.Quiet{}
	}
	begin, end, _ := strings.Cut(written, "-")
	from, wrong := clock(begin)
	to, wrongToo := clock(end)
	if wrong != nil || wrongToo != nil || from == to {
		m.Wrong("quiet_hours", "quiet_hours are not two different times of day", "quiet_hours: 21:00-08:00, or none")
		return postroom.Quiet{}
	}
	return postroom.Quiet{From: from, To: to}
}

// clock reads a time of day as the time since midnight.
func clock(written string) (time.Duration, error) {
	t, err := time.Parse("15:04", strings.TrimSpace(written))
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, err
}
