package campaign

import (
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// mostRows is how many copies of one state a list of them holds.
const mostRows = 1_000_000

// Columns of a list of copies.
func rowColumns() []string { return []string{"address", "state", "reason", "sent_at"} }

// WriteRows writes a line of CSV for each copy of a campaign: whom it was for, what
// became of it, and why, in the mail server's own words where it has any. All copies
// that were chosen are there, once.
func WriteRows(read store.Reader, id string, to io.Writer) error {
	w := csv.NewWriter(to)
	if err := w.Write(rowColumns()); err != nil {
		return err
	}
	for _, state := range []postroom.MessageState{
		postroom.Failed, postroom.Uncertain, postroom.Held, postroom.Suppressed, postroom.Queued, postroom.Deferred, postroom.Sending, postroom.Sent,
	} {
		copies, err := read.CopiesIn(id, state, mostRows)
		if err != nil {
			return fmt.Errorf("list copies: %w", err)
		}
		for _, m := range copies {
			sent := ""
			if !m.SentAt.IsZero() {
				sent = m.SentAt.UTC().Format(time.RFC3339)
			}
			if err := w.Write([]string{cell(m.To), string(m.State), cell(m.Reason), sent}); err != nil {
				return err
			}
		}
	}
	w.Flush()
	return w.Error()
}

// cell keeps a spreadsheet from taking what a stranger wrote for a formula.
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
