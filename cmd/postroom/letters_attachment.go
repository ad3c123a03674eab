package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/spf13/cobra"

	"postroom/internal/app"
	"postroom/internal/arrivals"
	"postroom/internal/letter"
	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// printAttached lists what came with a letter, with the number by which it is
// opened or the reason why it is not.
func (c *command) printAttached(ctx context.Context, room *app.Room, l postroom.Letter, read letter.Letter) error {
	refused, err := room.Arrivals.Offers(ctx, l, read)
	if err != nil {
		return err
	}
	for i, a := range read.Attachments {
		fmt.Fprintf(c.stdout, "attached %d: %s (%s, %d bytes)%s\n", i+1, printable(or(a.Name, "without a name")), printable(a.Type), a.Size, notKept(refused[i]))
	}
	return nil
}

// notKept says why an attachment is not kept.
func notKept(why programme.Refusal) string {
	switch why {
	case "":
		return ""
	case programme.RefusedProgram:
		return ", not kept: a program"
	case programme.RefusedMacros:
		return ", not kept: a document that may hold programs"
	case programme.RefusedPage:
		return ", not kept: a page that may hold programs"
	case programme.RefusedSize:
		return ", not kept: too large"
	case programme.RefusedMasked:
		return ", not kept: it is not what it is called"
	}
	return ", not kept: not among the kinds that the programme keeps"
}

func (c *command) lettersAttachment() *cobra.Command {
	return &cobra.Command{
		Use:   "attachment REFERENCE NUMBER",
		Short: "Write an attachment that is kept to the output, for a file: … > photograph.jpg",
		Args:  cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.beside(cmd.Context(), func(room *app.Room) error {
				l, err := letterOrFirst(cmd.Context(), room, args[0])
				if err != nil {
					return err
				}
				return c.writeAttachment(cmd.Context(), room, l, args[1])
			})
		},
	}
}

// letterOrFirst finds a letter by its own reference, or the one that began a
// submission by that of the submission.
func letterOrFirst(ctx context.Context, room *app.Room, reference string) (postroom.Letter, error) {
	read := room.Store.Read(ctx)
	sub, err := read.SubmissionWith(asWritten(reference))
	if err == nil && sub.Letter != "" {
		return read.Letter(sub.Letter)
	}
	return letterWith(read, reference)
}

func (c *command) writeAttachment(ctx context.Context, room *app.Room, l postroom.Letter, number string) error {
	read, _, err := room.Arrivals.Look(ctx, l)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > len(read.Attachments) {
		return fmt.Errorf("there is no attachment %s; the letter has %d", number, len(read.Attachments))
	}
	refused, err := room.Arrivals.Offers(ctx, l, read)
	if err != nil {
		return err
	}
	if why := refused[n-1]; why != "" {
		return fmt.Errorf("attachment %d is%s", n, notKept(why)[1:])
	}
	content, found := arrivals.Attached(read, n-1)
	if !found {
		return fmt.Errorf("attachment %d cannot be taken out of the letter; open that in the mailbox", n)
	}
	if screen(c.stdout) {
		return errors.New("the output is a screen: write it into a file, with > and a name")
	}
	_, err = c.stdout.Write(content)
	return err
}

// screen says whether what is written would be shown at once: a stranger made
// it, and it could command a terminal.
func screen(out any) bool {
	f, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
