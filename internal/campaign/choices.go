package campaign

import (
	"context"
	"fmt"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// The mails about leaving a list and about another address.
const (
	leftList = "left-list" // it is done, and can be undone
	moveAsk  = "move-ask"  // to both ends
)

// Stop ends a subscription because of the link in a mail, which may have been
// passed on. So the address hears of it, once, and can undo it for a month. It is
// Unsubscribe in everything else.
func (l *Lists) Stop(ctx context.Context, id string) error {
	at := l.Clock.Now()
	err := l.Store.Write(ctx, func(tx *store.Tx) error {
		sub, err := tx.Subscription(id)
		if err != nil {
			return err
		}
		ended, err := l.end(tx, sub, person, "unsubscribed", at)
		if err != nil || !ended || sub.State != postroom.Confirmed || l.Mails == nil {
			return err
		}
		m := postroom.Message{
			Key: fmt.Sprintf("left:%s:%d", sub.ID, at.UnixMicro()), Template: leftList, Programme: sub.Programme, About: sub.ID, To: sub.Address,
			Locale: sub.Locale, CreatedAt: at, Discreet: l.Discreet != nil && l.Discreet(sub.Programme),
			Data: map[string]string{"again": "yes", postroom.DataLeft: sub.ID},
		}
		if l.Title != nil {
			m.Data["list"] = l.Title(sub.List, sub.Locale)
		}
		_, err = l.Mails.Owe(tx, m)
		return err
	})
	if err != nil {
		return fmt.Errorf("stop news: %w", err)
	}
	return nil
}

// Back undoes leaving a list, for whoever has just done it by mistake. Later, or
// for somebody who never confirmed, it changes nothing and returns Gone.
func (l *Lists) Back(ctx context.Context, id string) error {
	at := l.Clock.Now()
	err := l.Store.Write(ctx, func(tx *store.Tx) error {
		sub, err := tx.Subscription(id)
		if err != nil || sub.State != postroom.Unsubscribed {
			return err
		}
		ended, can, err := tx.CanReturn(id, at)
		if err == nil && !can {
			err = &postroom.Error{Kind: postroom.Gone, Say: postroom.Say("subscription.ended")}
		}
		if err != nil {
			return err
		}
		if _, err := tx.Resubscribe(id, ended, at); err != nil {
			return err
		}
		return tx.Audit(person, "returned", id, at)
	})
	if err != nil {
		return fmt.Errorf("undo leaving: %w", err)
	}
	return nil
}

// Choose keeps what somebody chose of a list. It returns Gone if they have left it.
func (l *Lists) Choose(ctx context.Context, id, locale string, c postroom.Choices) error {
	at := l.Clock.Now()
	err := l.Store.Write(ctx, func(tx *store.Tx) error {
		on, err := tx.SetChoices(id, locale, c)
		if err == nil && !on {
			err = &postroom.Error{Kind: postroom.Gone, Say: postroom.Say("subscription.ended")}
		}
		if err != nil {
			return err
		}
		return tx.Audit(person, "chose", id, at)
	})
	if err != nil {
		return fmt.Errorf("keep choices: %w", err)
	}
	return nil
}

// mostMoves is how many wishes to move one address is mailed about in a day.
const mostMoves = 3

// AskToMove asks both addresses whether the news of one shall go to the other.
// Nothing moves before both have said yes. Asking again mails nothing, and nobody
// is mailed about more than a few such wishes a day.
func (l *Lists) AskToMove(ctx context.Context, from, to, locale string) error {
	at := l.Clock.Now()
	err := l.Store.Write(ctx, func(tx *store.Tx) error {
		move, fresh, err := tx.AddMove(store.Move{From: from, To: to, Locale: locale, AskedAt: at})
		if err != nil || !fresh || from == to {
			return err
		}
		for _, address := range []string{from, to} {
			n, err := tx.Moves(address, at.Add(-24*time.Hour))
			if err != nil {
				return err
			}
			if n > mostMoves {
				_, err := tx.EndMove(move.ID, store.MoveRefused)
				return err
			}
		}
		for end, address := range map[string]string{moveFrom: from, moveTo: to} {
			m := postroom.Message{
				Key: "move:" + move.ID + ":" + end, Template: moveAsk, About: MoveSubject(move.ID, end == moveTo), To: address, Locale: locale, CreatedAt: at,
				Data: map[string]string{},
			}
			if end == moveFrom {
				m.Data["again"] = "yes" // the new address may be a stranger's, who learns nothing of the old one
			}
			if _, err := l.Mails.Owe(tx, m); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("ask to move: %w", err)
	}
	return nil
}

const (
	moveFrom = "from"
	moveTo   = "to"
)

// MoveSubject is what the link to one end's answer is about.
func MoveSubject(id string, newEnd bool) string {
	if newEnd {
		return id + "|" + moveTo
	}
	return id + "|" + moveFrom
}

// AgreeToMove notes that one end agreed, and moves the news when both have. It
// returns Gone when the wish has come to another end.
func (l *Lists) AgreeToMove(ctx context.Context, id string, newEnd bool) error {
	at := l.Clock.Now()
	err := l.Store.Write(ctx, func(tx *store.Tx) error {
		move, err := tx.AgreeToMove(id, newEnd, at)
		if err != nil {
			return err
		}
		if move.State == store.MoveRefused {
			return &postroom.Error{Kind: postroom.Gone, Say: postroom.Say("link.expired")}
		}
		if move.State == store.MoveDone || move.FromAt.IsZero() || move.ToAt.IsZero() {
			return nil
		}
		return l.move(tx, move, at)
	})
	if err != nil {
		return fmt.Errorf("agree to move: %w", err)
	}
	return nil
}

func (l *Lists) move(tx *store.Tx, m store.Move, at time.Time) error {
	ended, err := tx.EndMove(m.ID, store.MoveDone)
	if err != nil || !ended {
		return err
	}
	subs, err := tx.SubscriptionsAt(m.From, nil)
	if err != nil {
		return err
	}
	for _, sub := range subs {
		moved, err := tx.MoveSubscription(sub.ID, m.To, at)
		if err != nil {
			return err
		}
		if moved {
			if err := tx.Audit(person, "moved", sub.ID, at); err != nil {
				return err
			}
		}
	}
	return tx.Revive(m.To, at) // the mail with the button has arrived
}

// RefuseMove ends a wish, for either end. Whatever has moved stays.
func (l *Lists) RefuseMove(ctx context.Context, id string) error {
	err := l.Store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.EndMove(id, store.MoveRefused)
		return err
	})
	if err != nil {
		return fmt.Errorf("refuse to move: %w", err)
	}
	return nil
}
