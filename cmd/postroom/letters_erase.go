package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// lettersErase removes a letter for good. What that means is said first, and
// nothing happens before somebody has agreed to it.
func (c *command) lettersErase() *cobra.Command {
	var yes, although bool
	cmd := &cobra.Command{
		Use:   "erase REFERENCE|ID",
		Short: "Remove a letter for good, and never take it in again",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if yes {
				return c.changeLetter(cmd.Context(), args[0], "is erased", func(tx *store.Tx, l postroom.Letter, at time.Time) error {
					if err := mayErase(tx.Reader, l, although, at); err != nil {
						return err
					}
					if err := c.closeAlarm(tx, l, "the letter was erased", at); err != nil {
						return err
					}
					return tx.EraseLetter(l.ID, at)
				})
			}
			return c.withStore(cmd.Context(), func(st *store.Store) error { return c.warnOfErasing(st.Read(cmd.Context()), args[0]) })
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do it, after you have read what it means")
	cmd.Flags().BoolVar(&although, "although-kept", false, "also one that is kept because somebody may have been in danger")
	return cmd
}

// mayErase refuses to erase a letter that is kept because somebody may have been
// in danger, unless whoever asks for it has said that they know.
func mayErase(r store.Reader, l postroom.Letter, although bool, at time.Time) error {
	kept, err := r.KeptApart(postroom.AboutLetter, l.ID, at)
	if err != nil || !kept || although {
		return err
	}
	return fmt.Errorf("%s is kept because somebody may have been in danger (docs/safeguarding.md); "+
		"ask your safeguarding lead first, and then: postroom letters erase %[1]s --yes --although-kept", named(l))
}

// warnOfErasing says what erasing a letter means, and that nothing happened.
func (c *command) warnOfErasing(r store.Reader, reference string) error {
	if sub, err := r.SubmissionWith(asWritten(reference)); err == nil {
		if err := lettersOf(r, sub); err != nil {
			return err
		}
	}
	l, err := letterWith(r, reference)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "This removes the letter of %s from %s (mailbox %s) for good: its words, what came with it and what was read of it.\n"+
		"It cannot be undone. The letter stays in the mailbox; delete it there too. postroom will not take it in again.\n",
		l.ReceivedAt.Format(time.RFC3339), or(printable(l.Address), "nobody known"), or(l.Mailbox, "none"))
	if err := c.warnOfRest(r, l); err != nil {
		return err
	}
	if err := mayErase(r, l, false, time.Now()); err != nil {
		return err
	}
	return fmt.Errorf("nothing was erased; to do it: postroom letters erase %s --yes", reference)
}

// warnOfRest names what erasing a letter leaves: what it became, and its copies.
func (c *command) warnOfRest(r store.Reader, l postroom.Letter) error {
	if l.Submission != "" {
		sub, err := r.Submission(l.Submission)
		if err != nil {
			return fmt.Errorf("find submission of letter %s: %w", l.ID, err)
		}
		fmt.Fprintf(c.stdout, "What it became stays: submission %s, and the mails about it.\n", sub.Reference)
	}
	if l.MessageID == "" {
		return nil
	}
	others, err := r.LettersNamed(l.MessageID)
	if err != nil {
		return fmt.Errorf("look for copies of letter %s: %w", l.ID, err)
	}
	for _, other := range others {
		if other.ID != l.ID {
			fmt.Fprintf(c.stdout, "A letter with the same Message-ID stays: %s (mailbox %s).\n", named(other), or(other.Mailbox, "none"))
		}
	}
	return nil
}

// named is by what a person asks for a letter: its reference, or else its id.
func named(l postroom.Letter) string { return or(l.Reference, l.ID) }

// lettersOf says which letters belong to a submission, for somebody who named
// that instead of one of them.
func lettersOf(r store.Reader, sub postroom.Submission) error {
	letters, err := r.LettersAbout(sub.ID)
	if err != nil {
		return fmt.Errorf("list letters of submission %s: %w", sub.Reference, err)
	}
	list := make([]string, len(letters))
	for i, l := range letters {
		list[i] = named(l) + " of " + l.ReceivedAt.Format(time.RFC3339)
	}
	if len(list) == 0 {
		return nil
	}
	return errors.New(sub.Reference + " is a submission; name one of its letters: " + strings.Join(list, ", "))
}
