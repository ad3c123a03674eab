package campaign

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// LifeOptions are what a Life needs. Without Mails nobody is told anything: neither
// a test nor the figures leave.
type LifeOptions struct {
	Store *store.Store
	Mails Mails
	Clock postroom.Clock
	Zone  *time.Location // in which a local time without a zone is meant; nil is UTC
	// Alone says whether whoever wrote an edition of a list may approve it
	// themselves; nil is never.
	Alone func(list string) bool
	// Check says what keeps an edition from being sent; nil is nothing. It is asked
	// whenever somebody approves or sends one, and once more when it begins.
	Check func(c postroom.Campaign) error
	// Staff lists who is told about a list's programme when an edition has no
	// author who works here; nil is nobody.
	Staff func(programme string) []postroom.Colleague
	// Discreet says whether nobody may learn of a programme from a subject; nil is none.
	Discreet func(programme string) bool
	// ReplyTo is the address at which a colleague's commands are read; nil has none.
	ReplyTo func(colleague string) string
	// Leaves says when the nth message from now may leave by what the mail servers
	// allow; nil knows no limits.
	Leaves func(ctx context.Context, n int) (time.Time, error)
}

// Mails owes somebody a mail.
type Mails interface {
	Owe(tx *store.Tx, m postroom.Message) (postroom.Message, error)
}

// Life is how editions come to be sent, and everything by which people steer
// that: draft, approved, scheduled, sending, sent. Each act is one transaction
// under the lock of the campaign's row. Doing it again changes nothing, and doing
// what the state does not allow returns Conflict.
//
// The copies are not its business: Choose and the chunks obey the state.
type Life struct{ LifeOptions }

// NewLife returns a Life.
func NewLife(o LifeOptions) *Life {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Alone == nil {
		o.Alone = func(string) bool { return false }
	}
	if o.Staff == nil {
		o.Staff = func(string) []postroom.Colleague { return nil }
	}
	if o.Discreet == nil {
		o.Discreet = func(string) bool { return false }
	}
	if o.ReplyTo == nil {
		o.ReplyTo = func(string) string { return "" }
	}
	if o.Check == nil {
		o.Check = func(postroom.Campaign) error { return nil }
	}
	return &Life{o}
}

// sendable returns Conflict, with what is wrong, if an edition may not be sent as it
// stands, and a code of the words that were looked at. It is asked before a
// transaction, because it writes the whole edition to look at it.
func (l *Life) sendable(ctx context.Context, id string) (words string, err error) {
	m, err := MatterOf(l.Store.Read(ctx), id)
	if err != nil {
		return "", err
	}
	if err := l.Check(m.Campaign); err != nil {
		return "", &postroom.Error{Kind: postroom.Conflict, Say: postroom.Say("desk.news.check_failed", "say", err.Error()), Cause: fmt.Errorf("campaign %s does not pass the check: %w", id, err)}
	}
	return m.Life.Digest, nil
}

// UndoFor is how long a sending can be taken back after it was asked for.
const UndoFor = 5 * time.Minute

// lateAfter is when somebody is asked instead of sending late, where they did not
// say themselves.
const lateAfter = time.Hour

// Matter is one edition with how it comes to be sent.
type Matter struct {
	postroom.Campaign
	Life postroom.CampaignLife
}

// MatterOf reads an edition, or returns NotFound.
func MatterOf(read store.Reader, id string) (m Matter, err error) {
	if m.Campaign, err = read.Campaign(id); err != nil {
		return m, err
	}
	m.Life, err = read.CampaignLife(id)
	return m, err
}

// CommandLine is who acts where nobody has signed in.
const CommandLine = "command line"

// Draft files an edition that somebody wrote, and says whether it is new: the same
// words to the same list are one draft, until they are changed or have been sent.
func (l *Life) Draft(ctx context.Context, c postroom.Campaign, source, by string) (postroom.Campaign, bool, error) {
	now, added := l.Clock.Now(), false
	wanted := c
	wanted.State, wanted.CreatedAt = postroom.CampaignDraft, now
	err := l.Store.Write(ctx, func(tx *store.Tx) (err error) {
		wanted.Key = "draft/" + wanted.Digest()
		for {
			if c, added, err = tx.AddCampaign(wanted); err != nil {
				return err
			}
			if added || c.State != postroom.CampaignSent && c.State != postroom.CampaignCancelled {
				break
			}
			wanted.Key = "draft/" + wanted.Digest() + "/" + c.ID // that one is over: this is the next
		}
		if !added {
			return nil
		}
		life := postroom.CampaignLife{Campaign: c.ID, Source: source, Author: author(by), Digest: c.Digest()}
		return errors.Join(tx.PutCampaignLife(life), tx.Audit(by, "wrote newsletter", c.ID, now))
	})
	if err != nil {
		return c, false, fmt.Errorf("file draft: %w", err)
	}
	return c, added, nil
}

// author is whose an edition is: the command line writes none.
func author(by string) string {
	if by == CommandLine {
		return ""
	}
	return by
}

// Edit gives an edition other words. Whoever changes them is its author from then
// on, and what was approved is a draft again.
func (l *Life) Edit(ctx context.Context, id, by string, to postroom.Campaign, source string) error {
	return l.change(ctx, id, by, "changed newsletter", func(tx *store.Tx, m *Matter) (bool, error) {
		if m.State != postroom.CampaignDraft && m.State != postroom.CampaignApproved {
			return false, cannot(m, "changed")
		}
		if m.Life.LeftOf != "" {
			return false, refused(postroom.Conflict, "desk.news.left_words", "campaign %s repeats another to those it did not reach, with the same words", id)
		}
		is := to.Digest()
		if is == m.Life.Digest && source == m.Life.Source {
			return false, nil
		}
		if is != m.Life.Digest {
			m.Life.Author, m.Life.ApprovedBy, m.Life.ApprovedAt, m.State = author(by), "", time.Time{}, postroom.CampaignDraft
		}
		m.Life.Digest, m.Life.Source = is, source
		to.ID, to.Key = id, "draft/"+rand.Text() // whoever files the first words again, files another draft
		return true, tx.RewordCampaign(to)
	})
}

// Approve agrees that an edition may be sent. words is the digest of what was
// looked at; "" is what there is now. It returns Forbidden to its author, unless
// the list lets them, and Conflict if the words have changed since or do not pass the
// check.
func (l *Life) Approve(ctx context.Context, id, by, words string) error {
	checked, err := l.sendable(ctx, id)
	if err != nil {
		return fmt.Errorf("approve newsletter: %w", err)
	}
	words = cmp.Or(words, checked)
	return l.change(ctx, id, by, "approved newsletter", func(_ *store.Tx, m *Matter) (bool, error) {
		if words != "" && words != m.Life.Digest {
			return false, refused(postroom.Conflict, "desk.news.changed", "campaign %s has been changed since", id)
		}
		if m.State == postroom.CampaignApproved {
			return false, nil
		}
		if m.State != postroom.CampaignDraft {
			return false, cannot(m, "approved")
		}
		if strings.EqualFold(by, m.Life.Author) && !l.Alone(m.List) {
			return false, refused(postroom.Forbidden, "desk.news.own", "%s wrote campaign %s, so somebody else has to approve it", by, id)
		}
		m.State, m.Life.ApprovedBy, m.Life.ApprovedAt = postroom.CampaignApproved, by, l.Clock.Now()
		return true, nil
	})
}

// When says when an edition is to begin. The zero When is now, with the time to
// take it back.
type When struct {
	Local        string         // what the clock on the wall shows, as postroom.ClockLayout; "" is now
	Zone         *time.Location // of that clock; nil is the organisation's
	NotLaterThan time.Duration  // how late it may begin; 0 is an hour
	AtOnce       bool           // without the time to take it back
}

// Send schedules an edition that was approved, for a time or, without one, for when
// it can no longer be taken back. It returns when that is.
func (l *Life) Send(ctx context.Context, id, by string, w When) (at time.Time, err error) {
	at, zone, err := l.moment(w)
	if err != nil {
		return at, err
	}
	if _, err := l.sendable(ctx, id); err != nil {
		return at, fmt.Errorf("schedule newsletter: %w", err)
	}
	err = l.change(ctx, id, by, "scheduled newsletter", func(tx *store.Tx, m *Matter) (bool, error) {
		if m.State != postroom.CampaignApproved && m.State != postroom.CampaignScheduled {
			return false, cannot(m, "sent")
		}
		if w.Local == "" && !w.AtOnce && m.State == postroom.CampaignScheduled && m.Life.StartsLocal == "" {
			at = m.Life.StartsAt // it was asked for already
			return false, nil
		}
		if err := somebody(tx, m, at); err != nil {
			return false, err
		}
		late := w.NotLaterThan
		if late <= 0 {
			late = lateAfter
		}
		m.State = postroom.CampaignScheduled
		m.Life.StartsAt, m.Life.StartsLocal, m.Life.Zone, m.Life.NotLaterThan, m.Life.LateAt = at, w.Local, zone, at.Add(late), time.Time{}
		return true, nil
	})
	return at, err
}

// somebody returns Conflict if an edition would reach nobody.
func somebody(tx *store.Tx, m *Matter, at time.Time) error {
	people, err := tx.Recipients(store.Audience{List: m.List, At: at, RoundUp: m.RoundUp}, "", 1)
	if m.Life.LeftOf != "" {
		people, err = tx.Left(m.ID, 1)
	}
	if err != nil {
		return fmt.Errorf("look at list %s: %w", m.List, err)
	}
	if len(people) == 0 {
		return refused(postroom.Conflict, "desk.news.nobody", "nobody has confirmed this list; nothing was sent")
	}
	return nil
}

// moment is when an edition begins. A time that a clock shows twice is the first
// of the two, and one that it leaves out is as much later.
func (l *Life) moment(w When) (at time.Time, zone string, err error) {
	now := l.Clock.Now()
	switch {
	case w.Local == "" && w.AtOnce:
		return now, "", nil
	case w.Local == "":
		return now.Add(UndoFor), "", nil
	}
	in := w.Zone
	if in == nil {
		in = l.Zone
	}
	if at, err = time.ParseInLocation(postroom.ClockLayout, w.Local, in); err != nil {
		return at, "", refused(postroom.Invalid, "desk.news.no_time", "%q is no time; write it as 2026-12-24T09:00", w.Local)
	}
	if !at.After(now) {
		return at, "", refused(postroom.Invalid, "desk.news.past", "%s has passed already", w.Local)
	}
	if at.After(now.AddDate(1, 0, 0)) {
		return at, "", refused(postroom.Invalid, "desk.news.far", "%s is more than a year away", w.Local)
	}
	return at, in.String(), nil
}

// TakeBack stops an edition that has not begun: it stays approved.
func (l *Life) TakeBack(ctx context.Context, id, by string) error {
	return l.change(ctx, id, by, "took newsletter back", func(_ *store.Tx, m *Matter) (bool, error) {
		if m.State == postroom.CampaignApproved {
			return false, nil
		}
		if m.State != postroom.CampaignScheduled {
			return false, cannot(m, "taken back")
		}
		m.unschedule()
		return true, nil
	})
}

func (m *Matter) unschedule() {
	m.State = postroom.CampaignApproved
	m.Life.StartsAt, m.Life.StartsLocal, m.Life.Zone, m.Life.NotLaterThan = time.Time{}, "", "", time.Time{}
}

// Pause stops an edition that is being sent. What is on its way at this moment
// arrives.
func (l *Life) Pause(ctx context.Context, id, by string) error {
	return l.change(ctx, id, by, "paused newsletter", func(_ *store.Tx, m *Matter) (bool, error) {
		if m.State == postroom.CampaignPaused {
			return false, nil
		}
		if m.State != postroom.CampaignSending {
			return false, cannot(m, "paused")
		}
		m.State, m.Life.RestsSince = postroom.CampaignPaused, l.Clock.Now()
		return true, nil
	})
}

// Resume goes on with an edition that was paused, at once.
func (l *Life) Resume(ctx context.Context, id, by string) error {
	return l.change(ctx, id, by, "resumed newsletter", func(tx *store.Tx, m *Matter) (bool, error) {
		if m.State == postroom.CampaignSending {
			return false, nil
		}
		if m.State != postroom.CampaignPaused {
			return false, cannot(m, "resumed")
		}
		now := l.Clock.Now()
		if since := m.Life.RestsSince; !since.IsZero() && now.After(since) {
			m.Life.Rested += now.Sub(since)
		}
		m.State, m.Life.RestsSince, m.Life.MovedAt, m.Life.StuckAt = postroom.CampaignSending, time.Time{}, now, time.Time{}
		return true, tx.HastenCampaign(id, now)
	})
}

// Cancel ends an edition for good, whatever it was doing. What is on its way at
// this moment arrives; nothing else leaves.
func (l *Life) Cancel(ctx context.Context, id, by string) error {
	return l.change(ctx, id, by, "cancelled newsletter", func(tx *store.Tx, m *Matter) (bool, error) {
		switch m.State {
		case postroom.CampaignCancelled:
			return false, nil
		case postroom.CampaignSent:
			return false, cannot(m, "cancelled")
		}
		m.State, m.SettledAt, m.Life.RestsSince = postroom.CampaignCancelled, l.Clock.Now(), time.Time{}
		return true, tx.HastenCampaign(id, m.SettledAt)
	})
}

// change does one act, and writes down who did it. do says whether it changed
// anything.
func (l *Life) change(ctx context.Context, id, by, act string, do func(*store.Tx, *Matter) (bool, error)) error {
	err := l.Store.Write(ctx, func(tx *store.Tx) error {
		m, err := lock(tx, id)
		if err != nil {
			return err
		}
		was := m.State
		changed, err := do(tx, &m)
		if err != nil || !changed {
			return err
		}
		if err := tx.PutCampaignLife(m.Life); err != nil {
			return err
		}
		if m.State != was {
			if err := tx.SetCampaignState(id, m.State, m.SettledAt); err != nil {
				return err
			}
		}
		if was == postroom.CampaignPaused && m.Chosen > 0 { // its last copy may have been settled meanwhile
			if err := tx.EndCampaign(id, l.Clock.Now()); err != nil {
				return err
			}
		}
		return tx.Audit(by, act, id, l.Clock.Now())
	})
	if err != nil {
		return fmt.Errorf("%s: %w", act, err)
	}
	return nil
}

// lock reads an edition that nobody else changes until this transaction ends.
func lock(tx *store.Tx, id string) (m Matter, err error) {
	if m.Campaign, err = tx.LockCampaign(id); err != nil {
		return m, err
	}
	m.Life, err = tx.CampaignLife(id)
	return m, err
}

func cannot(m *Matter, done string) error {
	return refused(postroom.Conflict, "desk.news.cannot", "campaign %s is %s, so it cannot be %s", m.ID, m.State, done)
}

func refused(kind postroom.Kind, say, format string, args ...any) error {
	return &postroom.Error{Kind: kind, Say: postroom.Say(say), Cause: fmt.Errorf(format, args...)}
}
