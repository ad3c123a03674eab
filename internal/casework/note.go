package casework

import (
	"context"
	"strings"
	"unicode/utf8"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// MaxText is how many characters a reply or a note may have.
const MaxText = 20_000

// maxBytes is how many bytes that may be: what mail programs show of a letter
// is bounded in bytes.
const maxBytes = 40_000

// text returns what a colleague wrote, or Invalid where that is nothing or too
// much.
func text(s string) (string, error) {
	s = strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\r\n", "\n"))
	switch {
	case s == "":
		return s, fault(postroom.Invalid, "nothing was written", "desk.text_empty")
	case utf8.RuneCountInString(s) > MaxText || len(s) > maxBytes:
		return s, fault(postroom.Invalid, "the text is too long", "desk.text_long", "most", "20,000")
	}
	return s, nil
}

// Note writes something beside a matter, for colleagues alone. Writing the same
// twice makes two notes.
func (c *Casework) Note(ctx context.Context, by postroom.Colleague, r Ref, words string) (postroom.Deed, error) {
	words, err := text(words)
	if err != nil {
		return postroom.Deed{}, err
	}
	return c.act(ctx, by, r, actNote, func(tx *store.Tx, m *matter, d *postroom.Deed) error {
		if m.Matter == postroom.AboutStep {
			return fault(postroom.Invalid, "a step has no notes", "desk.not_possible")
		}
		return beside(tx, d, words)
	})
}

// actNote is the one act that leaves a matter as it stands.
const actNote = "note"

// beside puts a note beside the matter of a deed.
func beside(tx *store.Tx, d *postroom.Deed, words string) error {
	n, err := tx.AddNote(postroom.Note{Matter: d.Matter, Subject: d.Subject, Text: words, By: d.Actor, At: d.At})
	d.Before[noted] = n.ID
	return err
}
