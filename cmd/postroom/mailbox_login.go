package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"postroom/internal/app"
	"postroom/internal/config"
	"postroom/internal/store"
)

func (c *command) mailboxLogin() *cobra.Command {
	return &cobra.Command{
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
				if err != nil {
					return err
				}
				return c.printLogin(args[0], steps)
			})
		},
	}
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
