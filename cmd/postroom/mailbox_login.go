package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"postroom/internal/app"
	"postroom/internal/config"
	"postroom/internal/store"
)

func (c *command) mailboxLogin() *cobra.Command {
	var test bool
	var wait time.Duration
	cmd := &cobra.Command{
		Use:   "login ADDRESS",
		Short: "Try everything that a mailbox's login needs, step by step, and say what to do where it fails",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := config.Load(c.config, c.getenv)
			if err != nil {
				return err
			}
			return c.withStore(cmd.Context(), func(st *store.Store) error {
				steps, err := app.TryLogin(cmd.Context(), cfg, st, c.log, args[0])
				if err == nil && test && !slices.ContainsFunc(steps, func(s app.Step) bool { return s.Err != nil }) {
					var more []app.Step
					more, err = c.sendTest(cmd.Context(), cfg, st, args[0], wait)
					steps = append(steps, more...)
				}
				if err != nil {
					return err
				}
				return c.printLogin(args[0], steps)
			})
		},
	}
	sendTestFlags(cmd, &test, &wait)
	return cmd
}

func sendTestFlags(cmd *cobra.Command, test *bool, wait *time.Duration) {
	cmd.Flags().BoolVar(test, "send-test", false, "then send two letters from the mailbox to itself, and say which settings go with how they arrive")
	cmd.Flags().DurationVar(wait, "wait", 2*time.Minute, "how long the test letters may take")
}

// sendTest sends two letters from a mailbox to itself and says what their way
// did to them.
func (c *command) sendTest(ctx context.Context, cfg config.Config, st *store.Store, address string, wait time.Duration) ([]app.Step, error) {
	fmt.Fprintf(c.stdout, "sending test letters from %s to itself; this may take %s\n", address, wait)
	return app.SelfTest(ctx, cfg, st, c.log, address, wait)
}

// printLogin shows each step, and below one that failed what to do.
func (c *command) printLogin(address string, steps []app.Step) error {
	failed := 0
	for _, s := range steps {
		state := "ok"
		if s.Err != nil {
			state, failed = "FAILED", failed+1
		}
		fmt.Fprintf(c.stdout, "%s  %s  %s\n", s.What, state, s.Detail())
		for line := range strings.Lines(s.Do) {
			fmt.Fprintf(c.stdout, "    %s\n", strings.TrimSpace(line))
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d steps of the login of %s failed", failed, len(steps), address)
	}
	return nil
}
