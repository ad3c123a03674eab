package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// submissions shows what people sent, to whoever may read the settings and
// so holds the keys. Notices carry only a reference; this is where it leads.
func (c *command) submissions() *cobra.Command {
	cmd := &cobra.Command{Use: "submissions", Short: "Read what people sent"}
	cmd.AddCommand(c.submissionsList(), c.submissionsShow(), c.submissionsAnswered(), c.submissionsRelease())
	return cmd
}

func (c *command) submissionsList() *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List what came in, the newest first",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withStore(cmd.Context(), func(st *store.Store) error {
				list, err := st.Read(cmd.Context()).Submissions(limit)
				if err != nil {
					return fmt.Errorf("list submissions: %w", err)
				}
				table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
				fmt.Fprintln(table, "REFERENCE\tFORM\tSTATE\tLANGUAGE\tRECEIVED")
				for _, s := range list {
					fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", s.Reference, s.Form, s.State, s.Locale, s.ReceivedAt.Format(time.RFC3339))
				}
				return table.Flush()
			})
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 50, "at most so many")
	return cmd
}

func (c *command) submissionsShow() *cobra.Command {
	return c.submissionsOne("show REFERENCE", "Show one submission and what became of it", func(ctx context.Context, st *store.Store, s postroom.Submission) error {
		mails, err := st.Read(ctx).MessagesAbout(s.ID)
		if err != nil {
			return err
		}
		fmt.Fprintf(c.stdout, "reference  %s\nform       %s\nstate      %s\nlanguage   %s\nreceived   %s\n\n",
			s.Reference, s.Form, s.State, s.Locale, s.ReceivedAt.Format(time.RFC3339))
		for _, field := range slices.Sorted(maps.Keys(s.Answers)) {
			fmt.Fprintf(c.stdout, "%s: %s\n", field, strings.Join(s.Answers[field], ", "))
		}
		return printMails(c.stdout, mails)
	})
}

func printMails(out io.Writer, mails []postroom.Message) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nMAIL\tTO\tSTATE\tREASON")
	for _, m := range mails {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", m.Template, m.To, m.State, m.Reason)
	}
	return table.Flush()
}

func (c *command) submissionsAnswered() *cobra.Command {
	return c.submissionsOne("answered REFERENCE", "Note that a person answered, so that nobody is chased", func(ctx context.Context, st *store.Store, s postroom.Submission) error {
		now := time.Now()
		err := st.Write(ctx, func(tx *store.Tx) error {
			if err := tx.MarkAnswered(s.ID, now); err != nil {
				return err
			}
			return tx.Audit("command line", "answered", s.ID, now)
		})
		if err == nil {
			fmt.Fprintf(c.stdout, "%s is answered\n", s.Reference)
		}
		return err
	})
}

func (c *command) submissionsRelease() *cobra.Command {
	return c.submissionsOne("release REFERENCE", "Take the brake off a submission that is held", func(ctx context.Context, st *store.Store, s postroom.Submission) error {
		now := time.Now()
		err := st.Write(ctx, func(tx *store.Tx) error { return release(tx, s, now) })
		if err == nil {
			fmt.Fprintf(c.stdout, "%s is released\n", s.Reference)
		}
		return err
	})
}

// release lets go what a hold kept back, in one transaction.
func release(tx *store.Tx, s postroom.Submission, now time.Time) error {
	held, err := tx.Release(s.ID, "command line", now)
	if err != nil {
		return err
	}
	if !held {
		return fmt.Errorf("%s is not held", s.Reference)
	}
	if err := tx.Audit("command line", "release", s.ID, now); err != nil {
		return err
	}
	ids, err := tx.ReleaseMessages(s.ID)
	for _, id := range ids {
		err = errors.Join(err, deliverAgain(tx, id, now))
	}
	return err
}

// deliverAgain makes the delivery of a message due. One that is not settled
// yet finds by itself that the message waits.
func deliverAgain(tx *store.Tx, message string, now time.Time) error {
	job, err := tx.JobOf(postroom.JobDeliver, message)
	if err != nil {
		return err
	}
	if err := tx.ReopenJob(job.ID, now); postroom.KindOf(err) != postroom.NotFound {
		return err
	}
	return nil
}

func (c *command) submissionsOne(use, short string, do func(context.Context, *store.Store, postroom.Submission) error) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		return c.withStore(cmd.Context(), func(st *store.Store) error {
			s, err := st.Read(cmd.Context()).SubmissionWith(args[0])
			if err != nil {
				return err
			}
			return do(cmd.Context(), st, s)
		})
	}}
}
