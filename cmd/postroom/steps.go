package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/workflow"
)

// steps looks after what programmes promise for later. Like jobs it works
// beside a running server, which does what was asked for within a second.
func (c *command) steps() *cobra.Command {
	cmd := &cobra.Command{Use: "steps", Short: "Look at what is promised for later"}
	cmd.AddCommand(c.stepsList(), c.stepsDo(), c.stepsSkip())
	return cmd
}

func (c *command) stepsList() *cobra.Command {
	var run, reference string
	var limit int
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List promised steps, the soonest first, or every step of one run",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.withStore(cmd.Context(), func(st *store.Store) error {
				list, err := promises(st.Read(cmd.Context()), run, reference, limit)
				if err != nil {
					return fmt.Errorf("list steps: %w", err)
				}
				return c.printSteps(list)
			})
		},
	}
	cmd.Flags().StringVar(&run, "run", "", "only those of this run, also what is settled")
	cmd.Flags().StringVar(&reference, "reference", "", "only those of the run of this submission, also what is settled")
	cmd.Flags().IntVar(&limit, "limit", 100, "at most so many of those that are promised")
	cmd.MarkFlagsMutuallyExclusive("run", "reference")
	return cmd
}

func promises(r store.Reader, run, reference string, limit int) ([]store.Promise, error) {
	if reference != "" {
		sub, err := submissionWith(r, reference)
		if err != nil {
			return nil, err
		}
		of, begun, err := r.RunOf(sub.ID)
		if err != nil || !begun {
			return nil, err
		}
		run = of.ID
	}
	if run != "" {
		return r.PromisesOf(run)
	}
	return r.Promises(limit)
}

func (c *command) printSteps(list []store.Promise) error {
	table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tREFERENCE\tPROGRAMME\tSTEP\tOCCURRENCE\tSTATE\tDUE\tPROMISED FOR\tREASON")
	for _, p := range list {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", p.ID, p.Reference, p.Programme, p.Name, p.Occurrence, p.State,
			p.DueAt.Format(time.RFC3339), p.PromisedFor.Format(time.RFC3339), p.Reason)
	}
	return table.Flush()
}

func (c *command) stepsDo() *cobra.Command {
	return c.stepsOne("do ID", "Do a step now, also one that is late or was left out",
		func(tx *store.Tx, id string, now time.Time) (string, error) {
			s, err := workflow.Want(tx, id, now)
			if err != nil {
				return "", err
			}
			return "step " + s.Name + " is due now", tx.Audit("command line", "do step", id, now)
		})
}

func (c *command) stepsSkip() *cobra.Command {
	return c.stepsOne("skip ID", "Stop a promised step",
		func(tx *store.Tx, id string, now time.Time) (string, error) {
			s, err := tx.Step(id)
			if err != nil {
				return "", err
			}
			stopped, err := tx.SettleStep(id, postroom.StepSkipped, "stopped", now)
			if err == nil && !stopped {
				err = &postroom.Error{Kind: postroom.Conflict, Say: postroom.Say("error.moved_on"), Cause: errors.New("step " + id + " is " + string(s.State) + ", not planned")}
			}
			if err != nil {
				return "", err
			}
			return "step " + s.Name + " is stopped", tx.Audit("command line", "skip step", id, now)
		})
}

// stepsOne changes one step in one transaction and prints what it now is.
func (c *command) stepsOne(use, short string, do func(tx *store.Tx, id string, now time.Time) (string, error)) *cobra.Command {
	change := func(ctx context.Context, st *store.Store, id string) error {
		now := time.Now()
		var became string
		err := st.Write(ctx, func(tx *store.Tx) (err error) {
			became, err = do(tx, id, now)
			return err
		})
		if err == nil {
			fmt.Fprintln(c.stdout, became)
		}
		return err
	}
	return &cobra.Command{Use: use, Short: short, Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		return c.withStore(cmd.Context(), func(st *store.Store) error { return change(cmd.Context(), st, args[0]) })
	}}
}
