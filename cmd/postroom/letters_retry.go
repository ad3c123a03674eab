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
		raw, err := r.LetterRaw(l.ID)
		part = l.Size > len(raw)
		return err
	})
	return part, err
}

// wantWhole asks the mailbox room for the whole of a letter.
func wantWhole(tx *store.Tx, l postroom.Letter, _ time.Time) error {
	known, err := tx.Want(l.ID)
	if err == nil && !known {
		err = fmt.Errorf("it is not known where %s lay; look for it in the mailbox", named(l))
	}
	return err
}
