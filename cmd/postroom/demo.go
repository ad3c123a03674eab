package main

import (
	"log/slog"

	"github.com/spf13/cobra"

	"postroom/internal/demo"
)

func (c *command) demo() *cobra.Command {
	o := demo.Options{Log: slog.New(slog.DiscardHandler)}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show a whole post room on this machine; nothing leaves it",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if c.getenv("POSTROOM_DEBUG") != "" {
				o.Log = c.log
			}
			o.Changes = c.log
			return demo.Run(cmd.Context(), o, c.stdout)
		},
	}
	cmd.Flags().StringVar(&o.HTTP, "http", "127.0.0.1:8080", "`address` of the pages")
	cmd.Flags().StringVar(&o.SMTP, "smtp", "127.0.0.1:2525", "`address` of the mail server that catches every mail")
	cmd.Flags().StringVar(&o.IMAP, "imap", "127.0.0.1:1143", "`address` of the mailboxes, on this machine only")
	cmd.Flags().StringVar(&o.Dir, "dir", "", "keep the data in this `folder` (default: a temporary one)")
	cmd.Flags().StringVar(&o.Programmes, "programmes", "", "show the programmes of this `folder`, and follow them while they are written")
	return cmd
}
