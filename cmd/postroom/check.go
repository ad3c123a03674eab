package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"postroom/internal/app"
	"postroom/internal/config"
)

func (c *command) check() *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Read settings, programmes and mails, and try every connection",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(c.config, c.getenv)
			if err != nil {
				return err
			}
			findings := app.Check(cmd.Context(), cfg)
			failed := 0
			table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
			for _, f := range findings {
				state := "ok"
				if f.Err != nil {
					state, failed = "FAILED", failed+1
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
		},
	}
}
