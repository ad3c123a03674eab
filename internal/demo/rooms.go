package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"postroom/internal/app"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// openDesk makes the coordinator an admin as well, and returns a link that signs
// a visitor in as them, as often as it is opened.
func openDesk(ctx context.Context, room *app.Room) (string, error) {
	all := room.Team.With(postroom.IsCoordinator)
	if len(all) == 0 {
		return "", errors.New("nobody looks after the demo's programmes")
	}
	who := all[0]
	err := room.Team.Change(ctx, func(tx *store.Tx) error {
		who.FromFile = false
		if err := tx.ChangeColleague(who); err != nil {
			return err
		}
		return tx.SetGrants(who.Name, append(who.Grants, postroom.Grant{Role: postroom.Admin}))
	})
	if err != nil {
		return "", fmt.Errorf("make %s an admin: %w", who.Name, err)
	}
	return room.SignIn.LinkFor(ctx, who.Name)
}

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
