package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"postroom/internal/app"
	"postroom/internal/arrivals"
	"postroom/internal/casework"
	"postroom/internal/inbound"
	"postroom/internal/postroom"
)

// behindIt is who is behind a letter, for a list.
func behindIt(b *inbound.Behind) string {
	if b == nil {
		return "-"
	}
	return or(printable(or(b.Address, or(b.Name, b.Phone))), "somebody")
}

// printBehind shows who is behind a letter, and asks whose it is.
func printBehind(out io.Writer, l postroom.Letter, b *inbound.Behind) {
	if b == nil {
		return
	}
	fmt.Fprintf(out, "\n%s\n", sentence(b))
	for _, through := range b.Through {
		fmt.Fprintf(out, "passed on before by %s\n", printable(through))
	}
	if b.Subject != "" {
		fmt.Fprintf(out, "about      %s\n", printable(b.Subject))
	}
	if !b.Date.IsZero() {
		fmt.Fprintf(out, "written    %s\n", b.Date.Format(time.RFC3339))
	}
	if b.By == inbound.ByForward {
		fmt.Fprintf(out, "\n%s\n", printable(b.Text))
	}
	if l.State == postroom.LetterTriage {
		fmt.Fprintf(out, "\nFile it as theirs? They get an answer then, and nobody else: postroom triage file %s --as %s\n", l.Reference, printable(or(b.Address, or(b.Phone, "ADDRESS"))))
	}
}

func sentence(b *inbound.Behind) string {
	who := strings.TrimSpace(b.Name)
	if b.Address != "" {
		who = strings.TrimSpace(who + " <" + b.Address + ">")
	}
	if b.Phone != "" {
		who = strings.TrimSpace(who + " " + b.Phone)
	}
	who = printable(or(who, "somebody who gave no name"))
	switch {
	case b.By == inbound.ByForward:
		return "passed on: it is from " + who
	case b.Believed:
		return "from the form of a website: it is from " + who
	}
	return "from the form of a website that nobody vouches for: it says it is from " + who
}

func (c *command) triageFile() *cobra.Command {
	var as arrivals.As
	cmd := c.triageOne("file REFERENCE --as ADDRESS", "File a letter as what somebody sent, and answer that person", func(ctx context.Context, room *app.Room, l postroom.Letter) error {
		if as.Person == "" {
			return c.askWhose(ctx, room, l)
		}
		reference, err := room.Casework.FileLetter(ctx, casework.Root(), l.ID, casework.FileAs(as))
		if err != nil {
			return notFiled(err, l, as)
		}
		sub, err := room.Store.Read(ctx).SubmissionWith(reference)
		if err != nil {
			return err
		}
		fmt.Fprintf(c.stdout, "%s is filed as %s on form %s, from %s\n", l.Reference, sub.Reference, sub.Form, or(sub.Address, as.Person))
		return nil
	})
	cmd.Flags().StringVar(&as.Person, "as", "", "whose letter it is: an `address`, or a telephone number")
	cmd.Flags().StringVar(&as.Name, "name", "", "their `name`, where the letter does not say it")
	cmd.Flags().StringVar(&as.Form, "form", "", "the `form` to file it on (default: the one that its words stand for)")
	return cmd
}

// askWhose says whose a letter seems to be. Whoever files it says so
// themselves: an answer to the wrong person cannot be taken back.
func (c *command) askWhose(ctx context.Context, room *app.Room, l postroom.Letter) error {
	_, v, err := room.Arrivals.Look(ctx, l)
	if err != nil {
		return err
	}
	seems := l.Address
	if v.Behind != nil {
		seems = or(v.Behind.Address, v.Behind.Phone)
	} else if v.Staff {
		seems = ""
	}
	return fmt.Errorf("say whose it is: postroom triage file %s --as %s", l.Reference, printable(or(seems, "ADDRESS")))
}

// notFiled says what to do about a letter that was not filed.
func notFiled(err error, l postroom.Letter, as arrivals.As) error {
	switch {
	case errors.Is(err, arrivals.ErrNotWaiting):
		return fmt.Errorf("%s does not need a person", l.Reference)
	case errors.Is(err, arrivals.ErrOurs):
		return fmt.Errorf("%s is one of our own addresses: an answer would come back to us", as.Person)
	case errors.Is(err, arrivals.ErrNobody):
		return fmt.Errorf("%q is neither an address nor a telephone number", as.Person)
	case errors.Is(err, arrivals.ErrNoForm) && as.Form != "":
		return fmt.Errorf("there is no form called %s", as.Form)
	case errors.Is(err, arrivals.ErrNoForm):
		return fmt.Errorf("no form takes letters at %s; name one: postroom triage file %s --as %s --form NAME", l.Mailbox, l.Reference, as.Person)
	}
	return err
}
