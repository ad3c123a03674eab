package arrivals

import (
	"context"
	"fmt"
	"slices"

	"postroom/internal/inbound"
	"postroom/internal/letter"
	"postroom/internal/postroom"
)

// copied deals with a letter that went to two of our mailboxes: each server
// wrote its own lines on top, so the bytes differ, but it is one letter, and
// its sender gets one answer. The one that was filed first is the letter.
// Message-IDs are not trusted alone: some programs use one twice.
func (in *Arrivals) copied(ctx context.Context, a arrival) (bool, error) {
	first, found, err := in.original(ctx, a)
	if err != nil || !found {
		return false, err
	}
	a.Submission = first.Submission
	return true, in.settle(ctx, a, postroom.LetterDone, reasonCopy)
}

func (in *Arrivals) original(ctx context.Context, a arrival) (first postroom.Letter, found bool, err error) {
	for _, l := range a.namesakes {
		if l.ID >= a.ID || l.Folder != postroom.Inbox {
			continue
		}
		raw, err := in.Store.Read(ctx).LetterRaw(l.ID)
		if err != nil {
			return first, false, err
		}
		if sameLetter(letter.Read(raw), a.read) {
			return l, true, nil
		}
	}
	return first, false, nil
}

// sameLetter says whether two letters say the same, whatever stands on top.
func sameLetter(a, b letter.Letter) bool {
	return a.Subject == b.Subject && a.Text == b.Text && a.Date.Equal(b.Date) && inbound.Sender(a) == inbound.Sender(b)
}

// mailboxes lists where a letter lay, with its copies, the first place first.
func (in *Arrivals) mailboxes(ctx context.Context, a arrival) ([]string, error) {
	boxes, err := in.Store.Read(ctx).MailboxesOf(a.ID)
	if err != nil {
		return nil, fmt.Errorf("list mailboxes of letter %s: %w", a.ID, err)
	}
	for _, l := range a.namesakes {
		if l.Folder == postroom.Inbox && !slices.Contains(boxes, l.Mailbox) {
			boxes = append(boxes, l.Mailbox)
		}
	}
	if len(boxes) == 0 {
		boxes = []string{a.Mailbox}
	}
	return boxes, nil
}
