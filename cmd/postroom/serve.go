package main

import (
	"errors"
	"fmt"
	"net"

	"github.com/spf13/cobra"

	"postroom/internal/app"
	"postroom/internal/config"
)

func (c *command) serve() *cobra.Command {
	var roles []string
	var listen string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the post room until it is told to stop",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			cfg, err := config.Load(c.config, c.getenv)
			if err != nil {
				return err
			}
			app.KeepSmall(c.getenv)
			cfg.Listen = or(listen, cfg.Listen)
			parsed, err := app.ParseRoles(roles)
			if err != nil {
				return err
			}
			room, err := app.Open(cmd.Context(), app.Options{Config: cfg, Clock: new(app.Clock), Log: c.log, Roles: parsed, Desk: app.DeskAt(cfg)})
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, room.Close()) }()
			pages, err := new(net.ListenConfig).Listen(cmd.Context(), "tcp", cfg.Listen)
			if err != nil {
				return fmt.Errorf("listen for pages on %s: %w", cfg.Listen, err)
			}
			handler, err := room.Web.Handler()
			if err != nil {
				return err
			}
			fmt.Fprintf(c.stdout, "ready http=http://%s\n", pages.Addr())
			return room.Run(cmd.Context(), pages, handler)
		},
	}
	cmd.Flags().StringSliceVar(&roles, "roles", nil, "what this process does: web, mailbox, worker, scheduler (default: everything)")
	cmd.Flags().StringVar(&listen, "listen", "", "`address` of the pages instead of the one in the settings, for several processes on one machine")
	return cmd
}
