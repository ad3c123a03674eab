package config_test

import (
	"strings"
	"testing"
	"time"

	"postroom/internal/postroom"
)

func TestQuietHours(t *testing.T) {
	t.Parallel()
	with := func(line string) string {
		return strings.Replace(least, "name: A,", "name: A, "+line, 1)
	}
	for line, want := range map[string]postroom.Quiet{
		"":                                    {From: 21 * time.Hour, To: 8 * time.Hour},
		`quiet_hours: "22:30-07:15",`:         {From: 22*time.Hour + 30*time.Minute, To: 7*time.Hour + 15*time.Minute},
		`quiet_hours: 12:00 - 13:00,`:         {From: 12 * time.Hour, To: 13 * time.Hour},
		`quiet_hours: "none",`:                {},
		`quiet_hours: none,`:                  {},
		`quiet_hours: "${HOURS:-0:00-6:00}",`: {To: 6 * time.Hour},
	} {
		if got := mustLoad(t, with(line), nil).Organisation.Quiet; got != want {
			t.Errorf("%s is read as %v, want %v", line, got, want)
		}
	}
	for _, wrong := range []string{"21-8", "21:00", "25:00-08:00", "21:00-21:00", "night", "21:00-08:00-09:00", "-"} {
		_, err := load(t, with(`quiet_hours: "`+wrong+`",`), nil)
		if err == nil || !strings.Contains(err.Error(), "postroom.yaml:2:38: quiet_hours are not two different times of day; write quiet_hours: 21:00-08:00, or none") {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}
