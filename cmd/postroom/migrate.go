package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"postroom/internal/app"
	"postroom/internal/config"
)

func (c *command) migrate() *cobra.Command {
	return &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database's schema up to date (serve does this too)",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			cfg, err := config.Load(c.config, c.getenv)
			if err != nil {
				return err
			}
			st, err := app.OpenStore(cmd.Context(), cfg, c.log)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, st.Close()) }()
			version, err := st.Read(cmd.Context()).SchemaVersion()
			if err != nil {
				return fmt.Errorf("read schema version: %w", err)
			}
			fmt.Fprintf(c.stdout, "the %s database has schema %d\n", st.Engine(), version)
			return nil
		},
	}
}
