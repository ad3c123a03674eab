package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"postroom/internal/app"
	"postroom/internal/config"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/workers"
)

// jobs looks after work. It opens the database beside a running server: every
// command is one transaction, and the server polls for what was changed.
func (c *command) jobs() *cobra.Command {
	cmd := &cobra.Command{Use: "jobs", Short: "Look at work that is due, being done or given up"}
	cmd.AddCommand(c.jobsList(), c.jobsShow(), c.jobsRetry(), c.jobsDrop())
	return cmd
}

func (c *command) jobsList() *cobra.Command {
	var state string
	var limit int
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List jobs, the most overdue first",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withStore(cmd.Context(), func(st *store.Store) error {
				jobs, err := st.Read(cmd.Context()).Jobs(postroom.JobState(state), limit)
				if err != nil {
					return fmt.Errorf("list jobs: %w", err)
				}
				return c.printJobs(jobs)
			})
		},
	}
	cmd.Flags().StringVar(&state, "state", "", "only due, handed, running, done or dead (default: all but done)")
	cmd.Flags().IntVar(&limit, "limit", 100, "at most so many")
	return cmd
}

func (c *command) printJobs(jobs []postroom.Job) error {
	table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "JOB\tKIND\tLANE\tSTATE\tTURN\tTRIES\tDUE\tREASON")
	for _, j := range jobs {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\t%d\t%s\t%s\n", j.ID, j.Kind, j.Lane, j.State, j.Turn, j.Tries, j.DueAt.Format(time.RFC3339), j.Reason)
	}
	return table.Flush()
}

func (c *command) jobsShow() *cobra.Command {
	return c.jobsOne("show JOB", "Show everything about one job", func(ctx context.Context, st *store.Store, id string) error {
		j, err := st.Read(ctx).Job(id)
		if err != nil {
			return err
		}
		fmt.Fprintf(c.stdout, "job      %s\nkind     %s\nsubject  %s\nlane     %s\nstate    %s\nturn     %d\ntries    %d\ncreated  %s\ndue      %s\n",
			j.ID, j.Kind, j.Subject, j.Lane, j.State, j.Turn, j.Tries, j.CreatedAt.Format(time.RFC3339), j.DueAt.Format(time.RFC3339))
		if j.State == postroom.JobRunning {
			fmt.Fprintf(c.stdout, "held by  %s until %s\n", j.HeldBy, j.LeasedUntil.Format(time.RFC3339))
		}
		if j.Reason != "" {
			fmt.Fprintf(c.stdout, "reason   %s\n", j.Reason)
		}
		return nil
	})
}

func (c *command) jobsRetry() *cobra.Command {
	return c.jobsOne("retry JOB", "Do a settled job again, now", func(ctx context.Context, st *store.Store, id string) error {
		now := time.Now()
		err := st.Write(ctx, func(tx *store.Tx) error { return workers.Retry(tx, id, commandLine, now) })
		if err == nil {
			fmt.Fprintf(c.stdout, "job %s is due again\n", id)
		}
		return err
	})
}

func (c *command) jobsDrop() *cobra.Command {
	return c.jobsOne("drop JOB", "Give a job up: nobody will do it", func(ctx context.Context, st *store.Store, id string) error {
		now := time.Now()
		err := st.Write(ctx, func(tx *store.Tx) error { return workers.Drop(tx, id, commandLine, "on the command line", now) })
		if err == nil {
			fmt.Fprintf(c.stdout, "job %s is given up\n", id)
		}
		return err
	})
}

func (c *command) jobsOne(use, short string, do func(context.Context, *store.Store, string) error) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		return c.withStore(cmd.Context(), func(st *store.Store) error { return do(cmd.Context(), st, args[0]) })
	}}
}

func (c *command) withStore(ctx context.Context, do func(*store.Store) error) (err error) {
	cfg, err := config.Load(c.config, c.getenv)
	if err != nil {
		return err
	}
	st, err := app.OpenStore(ctx, cfg, c.log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	return do(st)
}
