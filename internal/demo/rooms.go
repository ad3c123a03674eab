package demo

import (
	"context"
	"time"

	"postroom/internal/app"
)

// sweep has the room's mailboxes looked through.
func sweep(room *app.Room) func(context.Context) error { return room.Mailboxes.Sweep }

// tomorrow writes each coordinator's summary.
func tomorrow(*app.Room) func(context.Context, time.Time) ([]Summary, error) { return nil }
