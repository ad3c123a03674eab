package demo

import (
	"context"
	"fmt"
	"time"

	"postroom/internal/app"
)

// sweep has the room's mailboxes looked through.
func sweep(room *app.Room) func(context.Context) error { return room.Mailboxes.Sweep }

// tomorrow writes each coordinator's summary as it would be at a moment.
// Whoever has nothing to hear is left out.
func tomorrow(room *app.Room) func(context.Context, time.Time) ([]Summary, error) {
	return func(ctx context.Context, at time.Time) (list []Summary, err error) {
		for _, c := range room.Config.Coordinators {
			printed, err := room.Digests.Preview(ctx, c.Name, at)
			if err != nil {
				return nil, fmt.Errorf("write the summary of %s: %w", c.Name, err)
			}
			if printed.Text != "" {
				list = append(list, Summary{Coordinator: c.Name, Text: printed.Text})
			}
		}
		return list, nil
	}
}
