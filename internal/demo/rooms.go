package demo

import (
	"context"
	"time"

	"postroom/internal/app"
)

// sweep returns what looks through the mailboxes; nil while nobody reads them.
func sweep(*app.Room) func(context.Context) error { return nil }

// tomorrow returns what writes the coordinators' summaries; nil while nobody
// does.
func tomorrow(*app.Room) func(context.Context, time.Time) ([]Summary, error) { return nil }
