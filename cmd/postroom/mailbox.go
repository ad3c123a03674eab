package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"postroom/internal/config"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// mailbox shows how far the mailboxes have been read.
func (c *command) mailbox() *cobra.Command {
	cmd := &cobra.Command{Use: "mailbox", Short: "Look at the mailboxes that letters are read from, and try their logins"}
	cmd.AddCommand(c.mailboxList(), c.mailboxLogin(), c.mailboxSignIn())
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
				return c.printMailboxes(cfg.Mailboxes, cursors)
			})
		},
	}
}

// printMailboxes shows every mailbox in the settings, and those that are not
// there any more but have been read.
func (c *command) printMailboxes(settings []config.Mailbox, cursors []store.Cursor) error {
	mode, read := map[string]config.MailboxMode{}, map[string]bool{}
	for _, box := range settings {
		mode[box.Address] = box.Mode
	}
	table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "MAILBOX\tFOLDER\tMODE\tUIDVALIDITY\tLAST UID\tREAD\tPROBLEM")
	for _, cur := range cursors {
		read[cur.Mailbox] = true
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%d\t%s\t%s\n", cur.Mailbox, cur.Folder,
			or(string(mode[cur.Mailbox]), "not in the settings"), cur.UIDValidity, cur.LastUID, readAt(cur.PolledAt), cur.Problem)
	}
	for _, box := range settings {
		if !read[box.Address] {
			fmt.Fprintf(table, "%s\t%s\t%s\t0\t0\tnever\t\n", box.Address, postroom.Inbox, box.Mode)
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
