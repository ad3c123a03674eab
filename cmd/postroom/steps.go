package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"postroom/internal/app"
	"postroom/internal/casework"
	"postroom/internal/postroom"
	"postroom/internal/store"
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
		(*casework.Casework).DoStepNow, "is due now")
}

func (c *command) stepsSkip() *cobra.Command {
	return c.stepsOne("skip ID", "Stop a promised step",
		func(w *casework.Casework, ctx context.Context, by postroom.Colleague, id string) (postroom.Deed, error) {
			s, err := w.Store.Read(ctx).Step(id)
			if err == nil && s.State != postroom.StepPlanned { // a command that changes nothing says so
				err = fmt.Errorf("step %s is %s, not planned", id, s.State)
			}
			if err != nil {
				return postroom.Deed{}, err
			}
			return w.SkipStep(ctx, by, id)
		}, "is stopped")
}

// stepsOne changes one step and prints what it now is.
func (c *command) stepsOne(use, short string, do func(*casework.Casework, context.Context, postroom.Colleague, string) (postroom.Deed, error), became string) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		return c.beside(cmd.Context(), func(room *app.Room) error {
			s, err := room.Store.Read(cmd.Context()).Step(args[0])
			if err != nil {
				return err
			}
			if _, err := do(room.Casework, cmd.Context(), casework.Root(), s.ID); err != nil {
				return err
			}
			fmt.Fprintf(c.stdout, "step %s %s\n", s.Name, became)
			return nil
		})
	}}
}
