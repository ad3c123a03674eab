package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"postroom/internal/app"
	"postroom/internal/casework"
	"postroom/internal/outbound"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
	"postroom/internal/workflow"
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
	return c.submissionsOne("show REFERENCE", "Show one submission, its letters, and what became of it", func(ctx context.Context, room *app.Room, s postroom.Submission) error {
		read := room.Store.Read(ctx)
		mails, err := read.MessagesAbout(s.ID)
		if err != nil {
			return err
		}
		holds, err := read.Holds(s.ID)
		if err != nil {
			return err
		}
		fmt.Fprintf(c.stdout, "reference  %s\nform       %s\nstate      %s\nlanguage   %s\nreceived   %s\n",
			s.Reference, s.Form, s.State, s.Locale, s.ReceivedAt.Format(time.RFC3339))
		printHolds(c.stdout, holds)
		by, err := read.FilledBy(s.ID)
		if err != nil {
			return err
		}
		printAnswers(c.stdout, room.Programmes, s, by)
		if err := c.printLetters(ctx, room, s); err != nil {
			return err
		}
		return printMailsInWords(c.stdout, mails, callWords(room))
	})
}

func printHolds(out io.Writer, holds []store.Hold) {
	for _, h := range holds {
		fmt.Fprintf(out, "held       since %s: %s", h.PlacedAt.Format(time.RFC3339), whyHeld(h.Reason))
		if !h.ReleasedAt.IsZero() {
			fmt.Fprintf(out, "; released %s by %s", h.ReleasedAt.Format(time.RFC3339), h.ReleasedBy)
		}
		fmt.Fprintln(out)
	}
}

// whyHeld says in words why somebody has to look before anything leaves.
func whyHeld(reason string) string {
	switch reason {
	case workflow.HeldForSafety:
		return "somebody may be in danger"
	case "suspect": // the reason that intake writes
		return "a machine may have sent it"
	}
	return reason
}

// printAnswers prints what somebody answered, by names the letters of answers
// that came later, and what a letter left open.
func printAnswers(out io.Writer, set *programme.Set, s postroom.Submission, by map[string]string) {
	fmt.Fprintln(out)
	for _, field := range slices.Sorted(maps.Keys(s.Answers)) {
		fmt.Fprintf(out, "%s: %s", field, printable(strings.Join(s.Answers[field], ", ")))
		if letter := by[field]; letter != "" {
			fmt.Fprintf(out, " (by letter %s)", letter)
		}
		fmt.Fprintln(out)
	}
	form, _ := set.Form(s.Form)
	for _, name := range s.Open {
		question := name
		if form != nil {
			if f, ok := form.Field(name); ok && f.Label.In("en") != "" {
				question += ": " + f.Label.In("en")
			}
		}
		fmt.Fprintf(out, "not answered: %s\n", question)
	}
}

// printLetters prints the letters of a submission, the newest first.
func (c *command) printLetters(ctx context.Context, room *app.Room, s postroom.Submission) error {
	list, err := room.Store.Read(ctx).LettersAbout(s.ID)
	if err != nil {
		return err
	}
	for _, l := range slices.Backward(list) {
		read, _, err := room.Arrivals.Look(ctx, l)
		if err != nil {
			return err
		}
		fmt.Fprintf(c.stdout, "\nLETTER of %s from %s\n\n%s\n", l.ReceivedAt.Format(time.RFC3339), or(printable(writers(read)), "nobody it names"), printable(strings.TrimSpace(read.Text)))
		if err := c.printAttached(ctx, room, l, read); err != nil {
			return err
		}
	}
	return nil
}

func printMails(out io.Writer, mails []postroom.Message) error {
	return tableOfMails(out, mails, func(reason string) string { return reason })
}

// printMailsInWords prints mails with the reason as people say it. What a mail
// server said stays as it said it.
func printMailsInWords(out io.Writer, mails []postroom.Message, words outbound.Words) error {
	return tableOfMails(out, mails, func(reason string) string {
		if strings.HasPrefix(reason, "reason.") {
			return words.Because(reason)
		}
		return printable(reason)
	})
}

func tableOfMails(out io.Writer, mails []postroom.Message, because func(reason string) string) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nMAIL\tTO\tSTATE\tREASON")
	for _, m := range mails {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", m.Template, m.To, m.State, because(m.Reason))
	}
	return table.Flush()
}

func (c *command) submissionsAnswered() *cobra.Command {
	return c.submissionsOne("answered REFERENCE", "Note that a person answered, so that nobody is chased", func(ctx context.Context, room *app.Room, s postroom.Submission) error {
		_, err := room.Casework.Done(ctx, casework.Root(), casework.Ref{Matter: postroom.AboutSubmission, ID: s.ID})
		if postroom.KindOf(err) == postroom.Conflict {
			return fmt.Errorf("%s is held; look at it, and then: postroom submissions release %s", s.Reference, s.Reference)
		}
		if err == nil {
			fmt.Fprintf(c.stdout, "%s is answered\n", s.Reference)
		}
		return err
	})
}

func (c *command) submissionsRelease() *cobra.Command {
	return c.submissionsOne("release REFERENCE", "Take the brake off a submission that is held", func(ctx context.Context, room *app.Room, s postroom.Submission) error {
		sent, err := room.Casework.ReleaseMail(ctx, casework.Root(), s.ID, "")
		if postroom.KindOf(err) == postroom.Gone {
			return fmt.Errorf("%s is not held", s.Reference)
		}
		if err != nil {
			return err
		}
		if s, err = room.Store.Read(ctx).Submission(s.ID); err == nil {
			fmt.Fprintln(c.stdout, released(s, sent))
		}
		return err
	})
}

// released says what followed from taking the brake off.
func released(s postroom.Submission, sent int) string {
	say := s.Reference + " is released. "
	switch sent {
	case 0:
		say += "No mail was kept back."
	case 1:
		say += "1 mail will now be sent."
	default:
		say += fmt.Sprintf("%d mails will now be sent.", sent)
	}
	if s.State == postroom.SubmissionReceived {
		say += " It still waits for an answer."
	}
	return say
}

func (c *command) submissionsOne(use, short string, do func(context.Context, *app.Room, postroom.Submission) error) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		return c.beside(cmd.Context(), func(room *app.Room) error {
			s, err := submissionWith(room.Store.Read(cmd.Context()), args[0])
			if err != nil {
				return err
			}
			return do(cmd.Context(), room, s)
		})
	}}
}
