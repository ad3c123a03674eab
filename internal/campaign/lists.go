// Package campaign keeps lists: who asked for news, who confirmed that they
// want it, and who has had enough. It also starts newsletters and says what
// became of each copy; outbound sends them.
//
// The idea a newcomer needs: being on a list is two things by two people. A
// form, which anybody can fill in with anybody's address, makes a subscription
// that is pending; only a button pressed in the mail to that address, or a
// letter that answers that mail, confirms it. Whoever holds the address always has the last word: leaving, or saying
// "this was not me", needs no proof and cannot fail because of what went
// before. So a newsletter chooses its readers when it starts, and each is asked
// after once more when their copy is about to leave.
package campaign

import (
	"context"
	"fmt"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// Runs tells a run what happened to it, and ends what it still had planned.
type Runs interface {
	Fire(tx *store.Tx, run postroom.Run, t postroom.Trigger, at time.Time) error
	End(tx *store.Tx, submission, reason string, at time.Time) error
}

// Options are what Lists need.
type Options struct {
	Store *store.Store
	Runs  Runs
	Mails Mails // tells whom a link in a mail took off a list; nil tells nobody
	Clock postroom.Clock
	// Title puts the name of a list into words, and Discreet says whether nobody may
	// learn of a programme from a subject; nil is its name, and never.
	Title    func(list, locale string) string
	Discreet func(programme string) bool
}

// Lists keeps the subscriptions of every list.
type Lists struct{ Options }

// New returns Lists.
func New(o Options) *Lists { return &Lists{o} }

// Confirm confirms a pending subscription and plans what its programme
// promises next. If the holder of the address once said that it was not them
// who asked, that is over: now it is. Confirming again changes nothing. It returns NotFound if the
// subscription is unknown, Gone if it has ended.
func (l *Lists) Confirm(ctx context.Context, id string) error {
	at := l.Clock.Now()
	err := l.Store.Write(ctx, func(tx *store.Tx) error {
		sub, changed, err := tx.ConfirmSubscription(id, at)
		if err != nil || !changed {
			return err
		}
		return l.confirmed(tx, sub, person, at)
	})
	if err != nil {
		return fmt.Errorf("confirm subscription: %w", err)
	}
	return nil
}

// confirmed tells the run that began with the sign-up. From here on nobody is
// waited for: a sign-up is settled, so that the same person may sign up in the
// same words after leaving one day.
func (l *Lists) confirmed(tx *store.Tx, sub postroom.Subscription, by string, at time.Time) error {
	run, begun, err := tx.RunOf(sub.Submission)
	if err != nil {
		return err
	}
	if begun {
		for _, t := range []postroom.Trigger{postroom.OnConfirmed, postroom.OnAccepted} {
			if err := l.Runs.Fire(tx, run, t, at); err != nil {
				return err
			}
		}
	}
	if err := settleSignUp(tx, sub, at); err != nil {
		return err
	}
	if err := tx.Revive(sub.Address, at); err != nil { // the mail with the button has arrived
		return err
	}
	lifted, err := tx.LiftSuppression(sub.Address, notMe, at)
	if err != nil {
		return fmt.Errorf("lift suppression: %w", err)
	}
	if lifted {
		if err := tx.Audit(by, "lifted "+notMe, sub.ID, at); err != nil {
			return err
		}
	}
	return tx.Audit(by, "confirmed", sub.ID, at)
}

// Unsubscribe ends a subscription, whatever state it is in, and what its run
// still had planned. Doing it again changes nothing. It returns NotFound if
// the subscription is unknown.
func (l *Lists) Unsubscribe(ctx context.Context, id string) error {
	at := l.Clock.Now()
	err := l.Store.Write(ctx, func(tx *store.Tx) error {
		sub, err := tx.Subscription(id)
		if err != nil {
			return err
		}
		_, err = l.end(tx, sub, person, "unsubscribed", at)
		return err
	})
	if err != nil {
		return fmt.Errorf("unsubscribe: %w", err)
	}
	return nil
}

// Remove ends a subscription because a colleague, or what they use, says so. It is
// Unsubscribe in everything else.
func (l *Lists) Remove(ctx context.Context, id, by string) error {
	at := l.Clock.Now()
	err := l.Store.Write(ctx, func(tx *store.Tx) error {
		sub, err := tx.Subscription(id)
		if err != nil {
			return err
		}
		_, err = l.end(tx, sub, by, "unsubscribed", at)
		return err
	})
	if err != nil {
		return fmt.Errorf("take off list: %w", err)
	}
	return nil
}

// notMe is the reason of the suppression; the desk puts it into words.
const notMe = "not_me"

// NotMe does what the holder of an address asks who never signed up: the
// subscription ends, also one that somebody has confirmed, and no marketing
// goes to the address any more. Service mail still does. Pressing it again
// changes nothing. It returns NotFound if the subscription is unknown.
func (l *Lists) NotMe(ctx context.Context, id string) error {
	at := l.Clock.Now()
	err := l.Store.Write(ctx, func(tx *store.Tx) error {
		sub, err := tx.Subscription(id)
		if err != nil {
			return err
		}
		if _, err := l.end(tx, sub, person, notMe, at); err != nil {
			return err
		}
		if reason, err := tx.Suppression(sub.Address, postroom.Marketing); err != nil || reason != "" && reason != store.RestReason {
			return err
		}
		return tx.Suppress(sub.Address, true, notMe, at)
	})
	if err != nil {
		return fmt.Errorf("end subscription of somebody who never asked: %w", err)
	}
	return nil
}

// person is who acts, as it stands in the audit, where a button was pressed.
const person = "person"

// end ends a subscription once and says whether it had not ended before.
func (l *Lists) end(tx *store.Tx, sub postroom.Subscription, by, why string, at time.Time) (bool, error) {
	ended, err := tx.Unsubscribe(sub.ID, at)
	if err != nil || !ended {
		return false, err
	}
	if err := settleSignUp(tx, sub, at); err != nil {
		return true, err
	}
	if err := l.endRun(tx, sub, why, at); err != nil {
		return true, err
	}
	return true, tx.Audit(by, why, sub.ID, at)
}

// endRun ends what a sign-up to the list promised. A booking or an offer that
// also asked for news keeps its promises: leaving the news is no reason to
// miss the reminder.
func (l *Lists) endRun(tx *store.Tx, sub postroom.Subscription, why string, at time.Time) error {
	if sub.Submission == "" { // it came from a file, and nothing was promised
		return nil
	}
	asked, err := tx.Submission(sub.Submission)
	if err != nil || asked.Kind != postroom.SignUp {
		return err
	}
	return l.Runs.End(tx, sub.Submission, why, at)
}

// settleSignUp closes the submission that asked for nothing but the list. One
// that also asked for an answer or a place waits on.
func settleSignUp(tx *store.Tx, sub postroom.Subscription, at time.Time) error {
	if sub.Submission == "" {
		return nil
	}
	asked, err := tx.Submission(sub.Submission)
	if err != nil || asked.Kind != postroom.SignUp {
		return err
	}
	if err := tx.MarkAnswered(asked.ID, at); err != nil {
		return fmt.Errorf("settle submission %s: %w", asked.ID, err)
	}
	return nil
}
