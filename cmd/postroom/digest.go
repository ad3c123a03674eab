package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"postroom/internal/app"
	"postroom/internal/config"
	"postroom/internal/store"
)

// digest shows the daily summaries without sending them.
func (c *command) digest() *cobra.Command {
	var show bool
	var date, coordinator string
	cmd := &cobra.Command{
		Use:   "digest --print",
		Short: "Show the daily summary of each coordinator; sends nothing",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !show {
				return errors.New("summaries leave by themselves, at digest_at; to see them write: postroom digest --print")
			}
			return c.beside(cmd.Context(), func(room *app.Room) error { return c.printSummaries(cmd.Context(), room, date, coordinator) })
		},
	}
	cmd.Flags().BoolVar(&show, "print", false, "print the text part of each summary")
	cmd.Flags().StringVar(&date, "date", "", "as it would be at the hour of this `day`, such as 2026-11-27 (default: now)")
	cmd.Flags().StringVar(&coordinator, "coordinator", "", "only of the coordinator of this `name`")
	return cmd
}

func (c *command) printSummaries(ctx context.Context, room *app.Room, date, coordinator string) error {
	at := room.Clock.Now()
	if date != "" {
		var err error
		if at, err = room.Digests.Moment(date); err != nil {
			return err
		}
	}
	names := []string{coordinator}
	if coordinator == "" {
		names = room.Digests.Names()
	}
	for i, name := range names {
		if i > 0 {
			fmt.Fprintln(c.stdout)
		}
		if err := c.printSummary(ctx, room, name, at); err != nil {
			return err
		}
	}
	return nil
}

func (c *command) printSummary(ctx context.Context, room *app.Room, name string, at time.Time) error {
	p, err := room.Digests.Preview(ctx, name, at)
	if err != nil {
		return err
	}
	if p.Outcome == store.DigestQuiet {
		fmt.Fprintf(c.stdout, "== %s: nothing to say, so nothing is sent\n", name)
		return nil
	}
	fmt.Fprintf(c.stdout, "== %s: %s\n\n%s", name, p.Subject, p.Text)
	return nil
}

// beside opens what a command needs beside a running server.
func (c *command) beside(ctx context.Context, do func(*app.Room) error) (err error) {
	cfg, err := config.Load(c.config, c.getenv)
	if err != nil {
		return err
	}
	room, err := app.Beside(ctx, cfg, new(app.Clock), c.log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, room.Close()) }()
	return do(room)
}
