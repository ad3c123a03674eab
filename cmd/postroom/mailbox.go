package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"postroom/internal/config"
	"postroom/internal/mailbox"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/wording"
)

// mailbox shows how far the mailboxes have been read.
func (c *command) mailbox() *cobra.Command {
	cmd := &cobra.Command{Use: "mailbox", Short: "Look at the mailboxes that letters are read from, and try their logins"}
	cmd.AddCommand(c.mailboxList(), c.mailboxLogin(), c.mailboxSignIn(), c.mailboxReport())
	return cmd
}

func (c *command) mailboxList() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List every folder, how far it has been read, and what is wrong",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := config.Load(c.config, c.getenv)
			if err != nil {
				return err
			}
			return c.withStore(cmd.Context(), func(st *store.Store) error {
				cursors, err := st.Read(cmd.Context()).Cursors()
				if err != nil {
					return fmt.Errorf("list mailboxes: %w", err)
				}
				boxes, err := wording.Boxes(st.Read(cmd.Context()), cfg.Mailboxes)
				if err != nil {
					return err
				}
				states, err := mailbox.States(st.Read(cmd.Context()), boxes, time.Now())
				if err != nil {
					return err
				}
				return c.printMailboxes(states, cursors)
			})
		},
	}
}

// printMailboxes shows every mailbox in the settings, and those that are not
// there any more but have been read.
func (c *command) printMailboxes(states []mailbox.State, cursors []store.Cursor) error {
	known, read := map[string]mailbox.State{}, map[string]bool{}
	for _, s := range states {
		known[s.Address] = s
	}
	table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "MAILBOX\tFOLDER\tMODE\tSTATE\tREADING SINCE\tUIDVALIDITY\tLAST UID\tLAST READ\tPROBLEM")
	for _, cur := range cursors {
		read[cur.Mailbox] = true
		s := known[cur.Mailbox]
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%d\t%d\t%s\t%s\n", cur.Mailbox, cur.Folder, or(string(s.Mode), "not in the settings"),
			or(string(s.Condition), "-"), readAt(cur.ConnectedAt), cur.UIDValidity, cur.LastUID, readAt(cur.PolledAt), cur.Problem)
	}
	for _, s := range states {
		if !read[s.Address] {
			fmt.Fprintf(table, "%s\t%s\t%s\t%s\tnever\t0\t0\tnever\t\n", s.Address, postroom.Inbox, s.Mode, s.Condition)
		}
	}
	return table.Flush()
}

func readAt(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Format(time.RFC3339)
}
