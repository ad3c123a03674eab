package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"postroom/internal/config"
	"postroom/internal/mailbox"
	"postroom/internal/store"
	"postroom/internal/wording"
)

// mailboxReport says what a mailbox brought and what that caused, so that
// somebody who tries it in mode watch knows what changing that will do.
func (c *command) mailboxReport() *cobra.Command {
	return &cobra.Command{
		Use:   "report ADDRESS",
		Short: "Say what came to a mailbox, and what was sent for it or would have been",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := config.Load(c.config, c.getenv)
			if err != nil {
				return err
			}
			return c.withStore(cmd.Context(), func(st *store.Store) error {
				return c.reportMailbox(st.Read(cmd.Context()), cfg.Mailboxes, strings.ToLower(args[0]))
			})
		},
	}
}

func (c *command) reportMailbox(r store.Reader, boxes []config.Mailbox, address string) error {
	boxes, err := wording.Boxes(r, boxes)
	if err != nil {
		return err
	}
	states, err := mailbox.States(r, boxes, time.Now())
	if err != nil {
		return err
	}
	letters, err := r.LetterCounts(address)
	if err != nil {
		return err
	}
	mails, err := r.MailCounts(address)
	if err != nil {
		return err
	}
	said := false
	for _, s := range states {
		if strings.EqualFold(s.Address, address) {
			said = true
			fmt.Fprintf(c.stdout, "%s: mode %s, %s, reading since %s, last read %s %s\n", s.Address, s.Mode, s.Condition, readAt(s.Since), readAt(s.Polled), s.Detail)
		}
	}
	if !said && len(letters) == 0 {
		return fmt.Errorf("there is no mailbox %s; see: postroom mailbox list", address)
	}
	c.reportMails(mails)
	return c.reportLetters(letters)
}

// reportMails says first what nobody wants to be wrong about: whether anything
// was sent.
func (c *command) reportMails(mails []store.MailCount) {
	var sent, would []string
	var left, kept int
	for _, m := range mails {
		line := fmt.Sprintf("  %d × %s\n", m.N, m.Template)
		if m.Sent {
			left, sent = left+m.N, append(sent, line)
		} else {
			kept, would = kept+m.N, append(would, line)
		}
	}
	fmt.Fprintf(c.stdout, "sent: %d\n%s", left, strings.Join(sent, ""))
	fmt.Fprintf(c.stdout, "would have been sent, but it was only watched: %d\n%s", kept, strings.Join(would, ""))
}

func (c *command) reportLetters(letters []store.LetterCount) error {
	old, all := 0, 0
	for _, l := range letters {
		if all += l.N; l.Imported {
			old += l.N
		}
	}
	fmt.Fprintf(c.stdout, "letters on file: %d, of which %d lay there before and are answered by nothing\n", all, old)
	if all == 0 {
		return nil
	}
	table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "LETTERS\tFOLDER\tLAY THERE\tCLASS\tSTATE\tREASON")
	for _, l := range letters {
		before := "-"
		if l.Imported {
			before = "before"
		}
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%s\n", l.N, l.Folder, before, or(string(l.Class), "-"), l.State, or(l.Reason, "-"))
	}
	return table.Flush()
}
