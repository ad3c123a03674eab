package campaign

import (
	"context"
	"fmt"
	"strings"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// ByLetter is who acts, as it stands in the audit, where a letter asked for it:
// with the date and the wording on file it is the record of a consent, or of its
// end.
func ByLetter(id string) string { return "letter " + id }

// Leave ends subscriptions because a letter asks for it, in the transaction that
// settles the letter, and returns those that had not ended before, as they were.
func (l *Lists) Leave(tx *store.Tx, subs []postroom.Subscription, letter string, at time.Time) (left []postroom.Subscription, err error) {
	for _, known := range subs {
		sub, err := tx.Subscription(known.ID) // as it is now
		if err != nil {
			return nil, fmt.Errorf("leave list: %w", err)
		}
		ended, err := l.end(tx, sub, ByLetter(letter), "unsubscribed", at)
		if err != nil {
			return nil, fmt.Errorf("leave list %s: %w", sub.List, err)
		}
		if ended {
			left = append(left, sub)
		}
	}
	return left, nil
}

// LeaveAll ends every subscription of the address that one is for. Doing it again
// changes nothing. It returns NotFound if the subscription is unknown.
func (l *Lists) LeaveAll(ctx context.Context, id string) error {
	at := l.Clock.Now()
	err := l.Store.Write(ctx, func(tx *store.Tx) error {
		sub, err := tx.Subscription(id)
		if err != nil {
			return err
		}
		all, err := tx.SubscriptionsAt(sub.Address, []string{sub.List})
		if err != nil {
			return err
		}
		for _, each := range all {
			if _, err := l.end(tx, each, person, "unsubscribed", at); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("leave every list: %w", err)
	}
	return nil
}

// Return undoes what a letter did and a message told of: the lists that it left
// are on again. What ended once more since then stays ended, and doing it again
// changes nothing. It returns NotFound if the message is unknown.
func (l *Lists) Return(ctx context.Context, message string) error {
	at := l.Clock.Now()
	err := l.Store.Write(ctx, func(tx *store.Tx) error {
		m, err := tx.Message(message)
		if err != nil {
			return err
		}
		for id := range strings.FieldsSeq(m.Data[postroom.DataLeft]) {
			back, err := tx.Resubscribe(id, m.CreatedAt, at)
			if err == nil && back {
				err = tx.Audit(person, "returned", id, at)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("undo leaving: %w", err)
	}
	return nil
}

// ConfirmBy confirms a pending subscription because a letter said so, in the
// transaction that settles the letter. It is Confirm in everything else.
func (l *Lists) ConfirmBy(tx *store.Tx, id, letter string, at time.Time) error {
	sub, changed, err := tx.ConfirmSubscription(id, at)
	if err == nil && changed {
		err = l.confirmed(tx, sub, ByLetter(letter), at)
	}
	if err != nil {
		return fmt.Errorf("confirm subscription by letter: %w", err)
	}
	return nil
}
