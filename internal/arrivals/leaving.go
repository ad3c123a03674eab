package arrivals

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"postroom/internal/inbound"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// Lists are what letters do to subscriptions. Doing any of it a second time
// changes nothing.
type Lists interface {
	// Leave ends subscriptions and returns those that had not ended before.
	Leave(tx *store.Tx, subs []postroom.Subscription, letter string, at time.Time) ([]postroom.Subscription, error)
	// ConfirmBy confirms a pending subscription.
	ConfirmBy(tx *store.Tx, subscription, letter string, at time.Time) error
}

// The mails about leaving a list.
const (
	leftList   = "left-list"   // it is done, and can be undone
	leaveAsked = "leave-asked" // somebody asked, and nobody knows whether it was them
)

// asksEvery is how often an address hears at most that somebody asked to stop
// its news: whoever asks may be a stranger, or a robot.
const asksEvery = 7 * 24 * time.Hour

// byAddress acts on a letter to the signed address that ends one subscription,
// as mail programs send it when somebody presses their button: whoever has the
// address has had the newsletter, as with its link. What else the letter says is
// for a person.
func (in *Arrivals) byAddress(ctx context.Context, a arrival) error {
	if in.worrying(a) {
		return in.triage(ctx, a, reasonWorrying)
	}
	old := a.Imported && a.Reason != store.ReadAgain // they may have signed up again since
	sub, err := in.Store.Read(ctx).Subscription(a.verdict.Leaves)
	if old || err != nil && postroom.KindOf(err) == postroom.NotFound {
		return in.triage(ctx, a, reasonUnsubscribes)
	}
	if err != nil {
		return fmt.Errorf("find subscription of letter %s: %w", a.ID, err)
	}
	return in.leave(ctx, a, leaver{subs: []postroom.Subscription{sub}, more: inbound.SaysMore(a.read, a.verdict)})
}

// leaver is somebody who asks to get no more news, and what they are on.
type leaver struct {
	subs []postroom.Subscription
	sure bool // it is them
	more bool // there is something in the letter that a person has to read
}

func (w leaver) any(state postroom.SubscriptionState) bool {
	return slices.ContainsFunc(w.subs, func(s postroom.Subscription) bool { return s.State == state })
}

func (w leaver) all(state postroom.SubscriptionState) bool {
	return !slices.ContainsFunc(w.subs, func(s postroom.Subscription) bool { return s.State != state })
}

// leaving acts on a letter whose whole wording asks to get no more news. What
// it answers says which list is meant; a letter that answers none means all.
// Nothing but news stops: a letter that answers something else, such as a
// reminder of a booking, also goes to a person, who asks what was meant.
func (in *Arrivals) leaving(ctx context.Context, a arrival) error {
	if !inbound.OnlyLeaves(a.read, a.verdict) || !a.mayAnswer() || in.worrying(a) {
		return in.triage(ctx, a, reasonUnsubscribes)
	}
	w, err := in.leaver(ctx, a)
	if err != nil {
		return fmt.Errorf("look for what letter %s leaves: %w", a.ID, err)
	}
	switch {
	case len(w.subs) == 0:
		return in.triage(ctx, a, reasonUnsubscribes)
	case w.sure, w.all(postroom.Unsubscribed): // who has left need not prove it
		return in.leave(ctx, a, w)
	case !w.any(postroom.Confirmed):
		return in.triage(ctx, a, reasonUnsubscribes) // somebody else's sign-up, perhaps, that waits for a yes
	}
	return in.askWhether(ctx, a, w)
}

// leaver finds what somebody is on who asks to leave. They are believed where
// our mail provider vouches for them, or where they answer a mail about that
// very subscription from where it went: its Message-ID is signed, and nobody
// else has it.
func (in *Arrivals) leaver(ctx context.Context, a arrival) (w leaver, err error) {
	r := in.Store.Read(ctx)
	if w.subs, err = r.SubscriptionsAt(a.Address, in.lists()); err != nil || len(w.subs) == 0 {
		return w, err
	}
	w.sure = a.verdict.Verified
	if a.verdict.Answers == "" {
		return w, nil
	}
	m, err := r.Message(a.verdict.Answers)
	if err != nil {
		w.more = true // it answers what was erased
		return w, ignoreNotFound(err)
	}
	about := func(s postroom.Subscription) bool {
		return s.ID == m.About && strings.EqualFold(m.To, a.Address) && in.answersItself(a)
	}
	switch i := slices.IndexFunc(w.subs, about); {
	case i < 0:
	case m.Template == leaveAsked: // that asks about every list
		return leaver{subs: w.subs, sure: true}, nil
	default:
		return leaver{subs: w.subs[i : i+1], sure: true}, nil
	}
	w.more = true
	return w, nil
}

func ignoreNotFound(err error) error {
	if postroom.KindOf(err) == postroom.NotFound {
		return nil
	}
	return err
}

// lists names every list there is.
func (in *Arrivals) lists() (names []string) {
	for _, p := range in.Programmes.Programmes() {
		for _, l := range p.Lists {
			names = append(names, l.Name)
		}
	}
	return names
}

// leave ends what is not over yet and tells the address so, once: saying it
// again is on file and answered by nothing.
func (in *Arrivals) leave(ctx context.Context, a arrival, w leaver) error {
	return in.Store.Write(ctx, func(tx *store.Tx) error {
		if err := a.settle(tx, w.ends(), w.reason(reasonLeft)); err != nil {
			return err
		}
		left, err := in.Lists.Leave(tx, w.subs, a.ID, a.at)
		if err != nil || len(left) == 0 {
			return err
		}
		m := in.aboutLists(a, left)
		m.Key, m.Template = "left:"+a.ID, leftList
		if back := confirmedIDs(left); back != "" {
			m.Data["again"], m.Data[postroom.DataLeft] = "yes", back
		}
		return in.owe(tx, m)
	})
}

// askWhether changes nothing, and asks the address.
func (in *Arrivals) askWhether(ctx context.Context, a arrival, w leaver) error {
	live := slices.DeleteFunc(slices.Clone(w.subs), func(s postroom.Subscription) bool { return s.State != postroom.Confirmed })
	return in.Store.Write(ctx, func(tx *store.Tx) error {
		if err := a.settle(tx, w.ends(), w.reason(reasonLeaveAsked)); err != nil {
			return err
		}
		key, asked, err := askKey(tx, live[0], a.at)
		if err != nil || asked {
			return err
		}
		m := in.aboutLists(a, live)
		m.Key, m.Template = key, leaveAsked
		return in.owe(tx, m)
	})
}

// askKey is the key under which an address is asked, one for each while, and
// whether it was asked within a while before.
func askKey(tx *store.Tx, s postroom.Subscription, at time.Time) (key string, asked bool, err error) {
	keyAt := func(at time.Time) string {
		return fmt.Sprintf("leave-asked:%s:%d", s.ID, at.Unix()/int64(asksEvery.Seconds()))
	}
	before, found, err := tx.MessageWithKey(keyAt(at.Add(-asksEvery)))
	return keyAt(at), found && at.Sub(before.CreatedAt) < asksEvery, err
}

func (w leaver) ends() postroom.LetterState {
	if w.more {
		return postroom.LetterTriage
	}
	return postroom.LetterDone
}

func (w leaver) reason(done string) string {
	if w.more {
		return reasonUnsubscribes
	}
	return done
}

// aboutLists is a mail to the address of some subscriptions, in their language.
// It goes where the news went, whoever wrote the letter.
func (in *Arrivals) aboutLists(a arrival, subs []postroom.Subscription) postroom.Message {
	first := subs[0]
	var titles []string
	for _, s := range subs {
		titles = append(titles, in.listTitle(s.List, first.Locale))
	}
	p, known := in.Programmes.Programme(first.Programme)
	m := postroom.Message{
		Programme: first.Programme, About: first.ID, To: first.Address, Locale: first.Locale, CreatedAt: a.at,
		Sender: a.Mailbox, Letter: a.ID, Discreet: known && p.Discreet,
		Data: map[string]string{"list": strings.Join(titles, ", ")},
	}
	if a.Address == first.Address {
		m.InReplyTo, m.References = a.MessageID, a.MessageID
	}
	return m
}

func (in *Arrivals) listTitle(name, locale string) string {
	for _, p := range in.Programmes.Programmes() {
		for _, l := range p.Lists {
			if l.Name == name {
				return cmp.Or(l.Title.In(locale), name)
			}
		}
	}
	return name
}

// confirmedIDs are those of some subscriptions that can be put back: they were
// confirmed.
func confirmedIDs(subs []postroom.Subscription) string {
	var ids []string
	for _, s := range subs {
		if s.State == postroom.Confirmed {
			ids = append(ids, s.ID)
		}
	}
	return strings.Join(ids, " ")
}

func (in *Arrivals) owe(tx *store.Tx, m postroom.Message) error {
	if _, err := in.Outbox.Owe(tx, m); err != nil {
		return fmt.Errorf("owe %s: %w", m.Template, err)
	}
	return nil
}
