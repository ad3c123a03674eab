package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// lettersRetry has a letter that was put aside dealt with once more: read again
// if all of it is on file, fetched again if it is not.
func (c *command) lettersRetry() *cobra.Command {
	again := c.triageRetry()
	return &cobra.Command{
		Use:   "retry REFERENCE|ID",
		Short: "Have a letter that was put aside read once more, or fetched once more if only a part of it is here",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch part, err := c.inPart(cmd, args[0]); {
			case err != nil:
				return err
			case !part:
				return again.RunE(cmd, args)
			}
			return c.changeLetter(cmd.Context(), args[0], "will be fetched again when the mailbox is read", wantWhole)
		},
	}
}

// inPart says whether only a part of a letter is on file.
func (c *command) inPart(cmd *cobra.Command, reference string) (part bool, err error) {
	err = c.withStore(cmd.Context(), func(st *store.Store) error {
		r := st.Read(cmd.Context())
		l, err := letterWith(r, reference)
		if err != nil {
			return err
		}
		got, err := onFile(r, l)
		part = got < l.Size
		return err
	})
	return part, err
}

// onFile says how many bytes of a letter are on file.
func onFile(r store.Reader, l postroom.Letter) (int, error) {
	raw, err := r.LetterRaw(l.ID)
	return len(raw), err
}

// printPart says of a letter that is not whole how much of it is missing, and
// how to have the rest.
func (c *command) printPart(r store.Reader, l postroom.Letter) error {
	got, err := onFile(r, l)
	if err == nil && got < l.Size {
		fmt.Fprintf(c.stdout, "not whole: %d bytes of about %d are here, the letter lies in the mailbox; to fetch it again: postroom letters retry %s\n", got, l.Size, named(l))
	}
	return err
}

// wantWhole asks the mailbox room for the whole of a letter.
func wantWhole(tx *store.Tx, l postroom.Letter, _ time.Time) error {
	if l.State == postroom.LetterDone {
		return fmt.Errorf("%s is done, and is not fetched again; all of it lies in the mailbox", named(l))
	}
	known, err := tx.Want(l.ID)
	if err == nil && !known {
		err = fmt.Errorf("it is not known where %s lay; look for it in the mailbox", named(l))
	}
	return err
}
