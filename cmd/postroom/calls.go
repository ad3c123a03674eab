package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"postroom/internal/app"
	"postroom/internal/casework"
	"postroom/internal/outbound"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// mostCalls is how many open calls the commands look through.
const mostCalls = 1000

// calls looks after what somebody has to say by phone or on paper, because no
// email can. Whoever may read the settings holds the keys, so names and numbers
// are shown.
func (c *command) calls() *cobra.Command {
	cmd := &cobra.Command{Use: "calls", Short: "Look at messages to give by phone or on paper"}
	cmd.AddCommand(c.callsList(), c.callsShow(), c.callsDone())
	return cmd
}

func (c *command) callsList() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the calls to make, the oldest first",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.beside(cmd.Context(), func(room *app.Room) error { return c.printCalls(cmd.Context(), room) })
		},
	}
}

func (c *command) printCalls(ctx context.Context, room *app.Room) error {
	read := room.Store.Read(ctx)
	calls, err := read.CallsToMake(mostCalls)
	if err != nil {
		return fmt.Errorf("list calls: %w", err)
	}
	words := callWords(room)
	table := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "CALL\tREFERENCE\tSINCE\tNAME\tPHONE\tWHY\tWHAT TO SAY")
	for _, call := range calls {
		who, err := whoToCall(read, call)
		if err != nil {
			return err
		}
		m, err := read.Message(call.Message)
		if err != nil {
			return err
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", callSign(call.ID), call.Reference, words.Date(call.At), who.Name, who.Phone, words.Because(call.Reason), callSubject(room, m))
	}
	return table.Flush()
}

func (c *command) callsShow() *cobra.Command {
	return c.callsOne("show CALL", "Show one call, with the words to read out or to print", func(ctx context.Context, room *app.Room, call store.CallToMake) error {
		read := room.Store.Read(ctx)
		who, err := whoToCall(read, call)
		if err != nil {
			return err
		}
		m, err := read.Message(call.Message)
		if err != nil {
			return err
		}
		words := callWords(room)
		fmt.Fprintf(c.stdout, "call       %s\nreference  %s\nsince      %s\nname       %s\nphone      %s\nlanguage   %s\nwhy        %s\n",
			callSign(call.ID), call.Reference, words.Date(call.At), who.Name, who.Phone, m.Locale, words.Because(call.Reason))
		return c.printWords(room, m)
	})
}

// printWords prints what the mail would have said, in the person's language
// and, for whoever phones, in English.
func (c *command) printWords(room *app.Room, m postroom.Message) error {
	for _, locale := range []string{m.Locale, "en"} {
		m.Locale = locale
		subject, text, _, err := room.Outbox.Preview(m)
		if err != nil {
			return fmt.Errorf("write message %s: %w", m.ID, err)
		}
		fmt.Fprintf(c.stdout, "\n%s\n\n%s", subject, text)
		if strings.HasPrefix(locale, "en") {
			break
		}
	}
	return nil
}

func (c *command) callsDone() *cobra.Command {
	return c.callsOne("done CALL", "Note that a call was made", func(ctx context.Context, room *app.Room, call store.CallToMake) error {
		_, err := room.Casework.CallDone(ctx, casework.Root(), call.ID, "")
		if err == nil {
			fmt.Fprintf(c.stdout, "call %s is done\n", callSign(call.ID))
		}
		return err
	})
}

func (c *command) callsOne(use, about string, do func(context.Context, *app.Room, store.CallToMake) error) *cobra.Command {
	return &cobra.Command{Use: use, Short: about, Args: cobra.ExactArgs(1), RunE: func(cmd *cobra.Command, args []string) error {
		return c.beside(cmd.Context(), func(room *app.Room) error {
			call, err := findCall(room.Store.Read(cmd.Context()), args[0])
			if err != nil {
				return err
			}
			return do(cmd.Context(), room, call)
		})
	}}
}

// findCall finds the open call that a person names by the sign in the list, by
// its whole id, or by the reference it is about if there is only one such.
func findCall(r store.Reader, named string) (store.CallToMake, error) {
	calls, err := r.CallsToMake(mostCalls)
	if err != nil {
		return store.CallToMake{}, fmt.Errorf("list calls: %w", err)
	}
	var found []store.CallToMake
	for _, call := range calls {
		if call.ID == named || callSign(call.ID) == strings.ToLower(named) || call.Reference != "" && call.Reference == strings.ToUpper(named) {
			found = append(found, call)
		}
	}
	switch len(found) {
	case 0:
		return store.CallToMake{}, fmt.Errorf("there is no open call %s; see them with: postroom calls list", named)
	case 1:
		return found[0], nil
	}
	return store.CallToMake{}, fmt.Errorf("there are %d calls about %s; name one by its sign in: postroom calls list", len(found), named)
}

// whoToCall is who has to be phoned.
func whoToCall(r store.Reader, call store.CallToMake) (postroom.Contact, error) {
	if call.Contact == "" {
		return postroom.Contact{}, nil
	}
	c, err := r.Contact(call.Contact)
	c.Name, c.Phone = outbound.OneLine(c.Name), outbound.OneLine(c.Phone)
	return c, err
}

// callSubject is what a message is about, for somebody who may know it all.
func callSubject(room *app.Room, m postroom.Message) string {
	m.Locale, m.Discreet = "en", false
	subject, _, _, err := room.Outbox.Preview(m)
	if err != nil {
		return m.Template
	}
	return subject
}

func callWords(room *app.Room) outbound.Words {
	return room.Letters.Words("en", room.Config.Organisation.Zone)
}

// callSign is the end of an id, which is its random part.
func callSign(id string) string { return id[max(0, len(id)-8):] }
