package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"postroom/internal/app"
	"postroom/internal/arrivals"
	"postroom/internal/casework"
	"postroom/internal/config"
	"postroom/internal/letter"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/workflow"
)

// triage shows the letters that need a person, to whoever may read the
// settings and so holds the keys.
func (c *command) triage() *cobra.Command {
	cmd := &cobra.Command{Use: "triage", Short: "Look after letters that need a person"}
	cmd.AddCommand(c.triageList(), c.triageShow(), c.triageAssign(), c.triageFile(), c.triageRetry(), c.triageDone(), c.triageRule(), c.triageRules(), c.triageUnrule())
	return cmd
}

func (c *command) triageList() *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the letters that need a person, who has waited longest first",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.beside(cmd.Context(), func(room *app.Room) error {
				list, err := room.Store.Read(cmd.Context()).Triage(limit)
				if err != nil {
					return fmt.Errorf("list letters in triage: %w", err)
				}
				table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
				fmt.Fprintln(table, "REFERENCE\tCLASS\tMAILBOX\tRECEIVED\tASSIGNED\tBEHIND IT\tREASON")
				for _, l := range list {
					_, v, err := room.Arrivals.Look(cmd.Context(), l)
					if err != nil {
						return err
					}
					fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", l.Reference, l.Class, l.Mailbox, l.ReceivedAt.Format(time.RFC3339), or(l.AssignedTo, "-"), behindIt(v.Behind), l.Reason)
				}
				return table.Flush()
			})
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 50, "at most so many")
	return cmd
}

func (c *command) triageShow() *cobra.Command {
	return c.triageOne("show REFERENCE", "Show one letter, what it was taken for and who is behind it", func(ctx context.Context, room *app.Room, l postroom.Letter) error {
		read, v, err := room.Arrivals.Look(ctx, l)
		if err != nil {
			return err
		}
		fmt.Fprintf(c.stdout, "reference  %s\nclass      %s\nreason     %s\nmailbox    %s\nreceived   %s\nassigned   %s\n",
			l.Reference, l.Class, l.Reason, l.Mailbox, l.ReceivedAt.Format(time.RFC3339), or(l.AssignedTo, "-"))
		if err := printRule(c.stdout, room.Store.Read(ctx), l); err != nil {
			return err
		}
		fmt.Fprintf(c.stdout, "from       %s\nsubject    %s\n\n%s\n", printable(writers(read)), printable(read.Subject), printable(read.Text))
		if err := c.printPart(room.Store.Read(ctx), l); err != nil {
			return err
		}
		printBehind(c.stdout, l, v.Behind)
		return c.printAttached(ctx, room, l, read)
	})
}

func writers(l letter.Letter) string {
	var all []string
	for _, a := range l.From {
		all = append(all, strings.TrimSpace(a.Name+" <"+a.Address+">"))
	}
	return strings.Join(all, ", ")
}

// printable leaves out what would command a terminal: a stranger wrote it.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0) {
			return -1
		}
		return r
	}, text)
}

func (c *command) triageAssign() *cobra.Command {
	return &cobra.Command{
		Use:   "assign REFERENCE NAME",
		Short: "Say who looks after a letter",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 2 {
				return errors.New("say which letter and who: postroom triage assign REFERENCE NAME")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.actOn(cmd.Context(), args[0], "is assigned to "+args[1], func(ctx context.Context, room *app.Room, about casework.Ref) error {
				_, err := room.Casework.Pass(ctx, casework.Root(), about, args[1])
				switch postroom.KindOf(err) {
				case postroom.NotFound:
					return fmt.Errorf("nobody here is called %s; see who is with: postroom desk list", args[1])
				case postroom.Invalid:
					return fmt.Errorf("%s cannot be given a letter: %w", args[1], err)
				}
				return err
			})
		},
	}
}

func (c *command) triageRetry() *cobra.Command {
	return &cobra.Command{
		Use:   "retry REFERENCE",
		Short: "Have a letter read once more, after what kept it from being understood was mended",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.changeLetter(cmd.Context(), args[0], "will be read again", func(tx *store.Tx, l postroom.Letter, at time.Time) error {
				if err := arrivals.Again(tx, l, at); err != nil {
					return err
				}
				return c.closeAlarm(tx, l, "it is read again", at) // and rings anew where it gives cause
			})
		},
	}
}

func (c *command) triageDone() *cobra.Command {
	return &cobra.Command{
		Use:   "done REFERENCE",
		Short: "Note that a person has dealt with a letter",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.actOn(cmd.Context(), args[0], "is done", func(ctx context.Context, room *app.Room, about casework.Ref) error {
				_, err := room.Casework.Done(ctx, casework.Root(), about)
				return err
			})
		},
	}
}

// actOn does what a colleague may do at the desk about a letter that needs a
// person, in the same way: with a deed that can be undone there.
func (c *command) actOn(ctx context.Context, reference, said string, act func(context.Context, *app.Room, casework.Ref) error) error {
	return c.beside(ctx, func(room *app.Room) error {
		l, err := letterWith(room.Store.Read(ctx), reference)
		if err != nil {
			return err
		}
		if l.State != postroom.LetterTriage {
			return fmt.Errorf("%s does not need a person", named(l))
		}
		if err := act(ctx, room, casework.Ref{Matter: postroom.AboutLetter, ID: l.ID}); err != nil {
			return err
		}
		fmt.Fprintf(c.stdout, "%s %s\n", named(l), said)
		return nil
	})
}

// closeAlarm ends the alarm about a letter, where there is one.
func (c *command) closeAlarm(tx *store.Tx, l postroom.Letter, reason string, at time.Time) error {
	cfg, err := config.Load(c.config, c.getenv)
	if err != nil {
		return err
	}
	w := workflow.New(workflow.Options{Zone: cfg.Organisation.Zone, KeepMonths: cfg.Organisation.SafeguardingKeep})
	return w.CloseAlarm(tx, postroom.AboutLetter, l.ID, commandLine, reason, at)
}

// changeLetter changes one letter in one transaction, with an audit row.
func (c *command) changeLetter(ctx context.Context, reference, said string, change func(*store.Tx, postroom.Letter, time.Time) error) error {
	return c.withStore(ctx, func(st *store.Store) error {
		l, err := letterWith(st.Read(ctx), reference)
		if err != nil {
			return err
		}
		now := time.Now()
		err = st.Write(ctx, func(tx *store.Tx) error {
			if err := change(tx, l, now); err != nil {
				return err
			}
			return tx.Audit("command line", "letter "+said, l.ID, now)
		})
		if err == nil {
			fmt.Fprintf(c.stdout, "%s %s\n", named(l), said)
		}
		return err
	})
}

func (c *command) triageOne(use, short string, do func(context.Context, *app.Room, postroom.Letter) error) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		return c.beside(cmd.Context(), func(room *app.Room) error {
			l, err := letterWith(room.Store.Read(cmd.Context()), args[0])
			if err != nil {
				return err
			}
			return do(cmd.Context(), room, l)
		})
	}}
}
