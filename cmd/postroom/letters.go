package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"postroom/internal/arrivals"
	"postroom/internal/config"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// letters shows what came in by mail and takes in letters from files.
func (c *command) letters() *cobra.Command {
	cmd := &cobra.Command{Use: "letters", Short: "Look at letters, and take in those that somebody has as files"}
	cmd.AddCommand(c.lettersList(), c.lettersTake(), c.lettersAttachment(), c.lettersRetry(), c.lettersErase())
	return cmd
}

func (c *command) lettersList() *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the newest letters and what became of them",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withStore(cmd.Context(), func(st *store.Store) error {
				list, err := st.Read(cmd.Context()).Letters(limit)
				if err != nil {
					return fmt.Errorf("list letters: %w", err)
				}
				table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
				fmt.Fprintln(table, "RECEIVED\tMAILBOX\tFROM\tCLASS\tSTATE\tREFERENCE\tREASON")
				for _, l := range list {
					reference, err := referenceOf(st.Read(cmd.Context()), l)
					if err != nil {
						return err
					}
					fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", l.ReceivedAt.Format(time.RFC3339), l.Mailbox, or(printable(l.Address), "-"),
						or(string(l.Class), "-"), l.State, or(reference, l.ID), or(l.Reason, "-"))
				}
				return table.Flush()
			})
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 50, "at most so many")
	return cmd
}

// referenceOf is by what a person asks for a letter: its own reference while it
// needs somebody, or that of the submission it belongs to.
func referenceOf(r store.Reader, l postroom.Letter) (string, error) {
	if l.Reference != "" || l.Submission == "" {
		return l.Reference, nil
	}
	sub, err := r.Submission(l.Submission)
	if err != nil {
		return "", fmt.Errorf("find submission of letter %s: %w", l.ID, err)
	}
	return sub.Reference, nil
}

// longestFile is as large a letter as mail providers let through.
const longestFile = 50 << 20

func (c *command) lettersTake() *cobra.Command {
	var mailbox string
	cmd := &cobra.Command{
		Use:   "take FILE…",
		Short: "Take in letters from files, as if they had come to a mailbox now",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := config.Load(c.config, c.getenv)
			if err != nil {
				return err
			}
			address := strings.ToLower(or(mailbox, cfg.Organisation.From.Address))
			return c.withStore(cmd.Context(), func(st *store.Store) error {
				var failed error
				for _, file := range args {
					failed = errors.Join(failed, c.take(cmd, st, address, file))
				}
				return failed
			})
		},
	}
	cmd.Flags().StringVar(&mailbox, "mailbox", "", "the `address` they were written to (default: the organisation's own)")
	return cmd
}

func (c *command) take(cmd *cobra.Command, st *store.Store, mailbox, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, longestFile))
	if err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	var added bool
	err = st.Write(cmd.Context(), func(tx *store.Tx) (err error) {
		_, added, err = arrivals.Take(tx, mailbox, postroom.Inbox, raw, time.Now())
		return err
	})
	if err != nil {
		return fmt.Errorf("take in %s: %w", file, err)
	}
	said := "taken in"
	if !added {
		said = "on file already"
	}
	fmt.Fprintf(c.stdout, "%s: %s\n", file, said)
	return nil
}
