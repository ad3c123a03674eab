package arrivals

import (
	"context"
	"fmt"
	"strings"
	"time"

	"postroom/internal/inbound"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// optInLives is how long after a mail that asks for it a "yes" confirms, as its
// link does.
const optInLives = 7 * 24 * time.Hour

// optedIn confirms a subscription because a letter says a clear "yes" to the
// mail that asked, from where that went; it says whether the letter did. The
// signed Message-ID is what the link in that mail is: only who gets mail there
// has it. What programs write, and a "yes" with anything beside it, confirms
// nothing.
func (in *Arrivals) optedIn(ctx context.Context, a arrival) (bool, error) {
	if !in.answersItself(a) || !a.mayAnswer() || !inbound.Agrees(a.verdict) || in.worrying(a) {
		return false, nil // in danger, beside a yes: who must know comes first
	}
	sub, asked, err := in.askedFor(ctx, a)
	if err != nil || !asked {
		return false, err
	}
	a.Submission = sub.Submission
	err = in.Store.Write(ctx, func(tx *store.Tx) error {
		if err := a.settle(tx, postroom.LetterDone, reasonConfirmed); err != nil {
			return err
		}
		return in.Lists.ConfirmBy(tx, sub.ID, a.ID, a.at)
	})
	if err != nil && postroom.KindOf(err) == postroom.Gone {
		return false, nil // they left, or another worker has the letter: both are seen to
	}
	return err == nil, err
}

// answersItself says whether a letter of one sender answers a message of ours by
// its own header: a report or a robot knows it otherwise. One further up in the
// thread is not what it answers: a "yes" to a letter of staff is no consent.
func (in *Arrivals) answersItself(a arrival) bool {
	one := len(a.read.From) == 1 && len(a.read.Header.All("From")) == 1
	message, ours := in.own(a.answersDirectly())
	return one && ours && message == a.verdict.Answers
}

// askedFor finds the subscription that the mail which a letter answers asked to
// confirm, if that went to this sender and is not too long ago.
func (in *Arrivals) askedFor(ctx context.Context, a arrival) (sub postroom.Subscription, asked bool, err error) {
	r := in.Store.Read(ctx)
	m, err := r.Message(a.verdict.Answers)
	if err != nil {
		return sub, false, ignoreNotFound(err)
	}
	theirs := strings.EqualFold(m.To, a.Address) && !a.ReceivedAt.After(m.CreatedAt.Add(optInLives))
	if !theirs || !in.Outbox.Asks(m) || m.About == "" {
		return sub, false, nil
	}
	if sub, err = r.Subscription(m.About); err != nil {
		return sub, false, ignoreNotFound(err)
	}
	if sub.State == postroom.Unsubscribed || !strings.EqualFold(sub.Address, a.Address) {
		return sub, false, nil
	}
	return sub, true, nil
}

// toOurs acts on a letter that goes on something of ours: first on what is said
// clearly and by whoever may, else it joins its conversation.
func (in *Arrivals) toOurs(ctx context.Context, a arrival) error {
	for _, act := range []func(context.Context, arrival) (bool, error){in.optedIn, in.chose} {
		done, err := act(ctx, a)
		if err != nil {
			return fmt.Errorf("act on letter %s: %w", a.ID, err)
		}
		if done {
			return nil
		}
	}
	return in.reply(ctx, a)
}
