package config

import (
	"time"

	"postroom/internal/proof"
)

// TimeOfDay is a time on the clock, in the organisation's zone.
type TimeOfDay struct{ Hour, Minute int }

// digestAt reads when coordinators get their summary: eight in the morning if
// left out.
func digestAt(m proof.Map) *TimeOfDay {
	written := or(m.Text("digest_at"), "08:00")
	if written == "never" {
		return nil
	}
	t, err := time.Parse("15:04", written)
	if err != nil {
		m.Wrong("digest_at", "digest_at is not a time of day", `digest_at: "08:00", or digest_at: never`)
	}
	return &TimeOfDay{Hour: t.Hour(), Minute: t.Minute()}
}
