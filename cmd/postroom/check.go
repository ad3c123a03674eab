package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"postroom/internal/app"
	"postroom/internal/config"
	"postroom/internal/store"
)

func (c *command) check() *cobra.Command {
	var test bool
	var wait time.Duration
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Read settings, programmes and mails, and try every connection",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(c.config, c.getenv)
			if err == nil {
				err = c.printFindings(app.Check(cmd.Context(), cfg))
			}
			if err != nil || !test {
				return err
			}
			return c.sendTests(cmd.Context(), cfg, wait)
		},
	}
	sendTestFlags(cmd, &test, &wait)
	return cmd
}

// printFindings shows what was tried, and says so if any of it failed.
func (c *command) printFindings(findings []app.Finding) error {
	failed := 0
	table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	for _, f := range findings {
		state := "ok"
		switch {
		case f.Err != nil:
			state, failed = "FAILED", failed+1
		case f.Warn:
			state = "warning"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", f.What, state, f.Detail())
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d checks failed", failed, len(findings))
	}
	return nil
}

// sendTests sends test letters from every mailbox to itself.
func (c *command) sendTests(ctx context.Context, cfg config.Config, wait time.Duration) error {
	return c.withStore(ctx, func(st *store.Store) error {
		var failed error
		for _, m := range cfg.Mailboxes {
			steps, err := c.sendTest(ctx, cfg, st, m.Address, wait)
			if err == nil {
				err = c.printLogin(m.Address, steps)
			}
			failed = errors.Join(failed, err)
		}
		return failed
	})
}
