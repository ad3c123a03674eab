package campaign

import (
	"context"
	"errors"
	"fmt"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// atOnce is how many editions one look of the scheduler takes on.
const atOnce = 20

// Look tells the authors of editions that have ended what became of them, and says
// aloud of one that should be sent and is not. It is for the scheduler, now and
// then; each is its own transaction, so that one that goes wrong does not keep the
// others waiting.
func (l *Life) Look(ctx context.Context, now time.Time) error {
	return errors.Join(l.report(ctx, now), l.watch(ctx, now))
}

// Due says whether an edition's time has come.
func (l *Life) Due(ctx context.Context, now time.Time) (bool, error) {
	ids, err := l.Store.Read(ctx).DueCampaigns(now, 1)
	return len(ids) > 0, err
}

// Next is when the next edition is to begin; zero is never.
func (l *Life) Next(ctx context.Context) (time.Time, error) {
	return l.Store.Read(ctx).NextCampaign()
}

// Begin begins the editions whose time has come. It is for the scheduler; each is
// its own transaction.
func (l *Life) Begin(ctx context.Context, now time.Time) error {
	ids, err := l.Store.Read(ctx).DueCampaigns(now, atOnce)
	if err != nil {
		return err
	}
	var wrong []error
	for _, id := range ids {
		wrong = append(wrong, l.begin(ctx, id, now))
	}
	return errors.Join(wrong...)
}

// begin begins an edition, or, where nothing ran when it should have begun and it
// is too late for that now, or where it passes the check no longer, asks its author. Two that begin it begin it once.
func (l *Life) begin(ctx context.Context, id string, now time.Time) error {
	_, wrong := l.sendable(ctx, id)
	if wrong != nil && postroom.KindOf(wrong) != postroom.Conflict {
		return fmt.Errorf("begin campaign %s: %w", id, wrong)
	}
	err := l.Store.Write(ctx, func(tx *store.Tx) error {
		m, err := lock(tx, id)
		if err != nil || m.State != postroom.CampaignScheduled || m.Life.StartsAt.After(now) {
			return err
		}
		if wrong != nil {
			return l.keepBack(tx, m, now, reasonCheckFailed)
		}
		if late := m.Life.NotLaterThan; !late.IsZero() && now.After(late) {
			return l.keepBack(tx, m, now, "")
		}
		m.Life.BeganAt, m.Life.MovedAt = now, now
		if err := tx.PutCampaignLife(m.Life); err != nil {
			return err
		}
		if err := tx.SetCampaignState(id, postroom.CampaignSending, time.Time{}); err != nil {
			return err
		}
		kind := postroom.JobCampaign
		if m.Life.LeftOf != "" {
			kind = postroom.JobCampaignLeft
		}
		if err := tx.Audit("postroom", "began newsletter", id, now); err != nil {
			return err
		}
		_, err = tx.AddJob(kind, id, postroom.Bulk, now, now)
		return err
	})
	if err != nil {
		return fmt.Errorf("begin campaign %s: %w", id, err)
	}
	return nil
}

// reasonCheckFailed is why an edition is kept back that must be mended first.
const reasonCheckFailed = "reason.check_failed"

// keepBack keeps an edition back, because it is too late or for a reason, and asks what
// to do with it.
func (l *Life) keepBack(tx *store.Tx, m Matter, now time.Time, reason string) error {
	was := m.Life.StartsAt
	m.unschedule()
	if reason == "" {
		m.Life.LateAt = now
	}
	if err := tx.PutCampaignLife(m.Life); err != nil {
		return err
	}
	if err := tx.SetCampaignState(m.ID, m.State, time.Time{}); err != nil {
		return err
	}
	if err := tx.Audit("postroom", "kept newsletter back", m.ID, now); err != nil {
		return err
	}
	data := map[string]string{"starts": was.UTC().Format(time.RFC3339)}
	if reason != "" {
		data["reason"] = reason
	}
	return l.tell(tx, m, mailLate, fmt.Sprintf("%s:%d", m.ID, was.Unix()), data)
}

// The mails about an edition.
const (
	mailLate  = "newsletter-late"
	mailStuck = "newsletter-stuck"
	mailDone  = "newsletter-done"
)

// tell owes those who are to know of an edition a mail, once for a key.
func (l *Life) tell(tx *store.Tx, m Matter, template, key string, data map[string]string) error {
	if l.Mails == nil {
		return nil
	}
	if !l.Discreet(m.Programme) {
		data["subject"] = m.Subject
	}
	people, err := l.told(tx, m)
	if err != nil || template == mailDone && m.Life.Author == "" { // whoever gave the command sees it there
		return err
	}
	for _, who := range people {
		_, err := l.Mails.Owe(tx, postroom.Message{
			Key: template + ":" + key + ":" + who.Name, Template: template, To: who.Address, Locale: who.Locale, Programme: m.Programme,
			Discreet: l.Discreet(m.Programme), Data: data, CreatedAt: l.Clock.Now(),
		})
		if err != nil {
			return fmt.Errorf("owe %s: %w", template, err)
		}
	}
	return nil
}

// told lists who hears of an edition: its author, if they are here, or else those
// who look after its programme.
func (l *Life) told(tx *store.Tx, m Matter) ([]postroom.Colleague, error) {
	all, err := tx.Colleagues()
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		if m.Life.Author != "" && c.Name == m.Life.Author && c.Here() {
			return []postroom.Colleague{c}, nil
		}
	}
	return l.Staff(m.Programme), nil
}

// reportedFor is for how long after its end an edition's author is told the
// figures, where nothing ran to tell them before.
const reportedFor = 30 * 24 * time.Hour

// report tells of the editions that have ended.
func (l *Life) report(ctx context.Context, now time.Time) error {
	var wrong []error
	for _, state := range []postroom.CampaignState{postroom.CampaignSent, postroom.CampaignCancelled} {
		ids, err := l.Store.Read(ctx).UnreportedCampaigns(state, now.Add(-reportedFor), atOnce)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := l.reportOne(ctx, id, now); err != nil {
				wrong = append(wrong, fmt.Errorf("report campaign %s: %w", id, err))
			}
		}
	}
	return errors.Join(wrong...)
}

func (l *Life) reportOne(ctx context.Context, id string, now time.Time) error {
	return l.Store.Write(ctx, func(tx *store.Tx) error {
		m, err := lock(tx, id)
		if err != nil || !m.Life.ReportedAt.IsZero() {
			return err
		}
		a, err := AccountOf(tx.Reader, id)
		if err != nil || a.Waiting > 0 { // of a cancelled one, what is on its way is not settled yet
			return err
		}
		m.Life.ReportedAt = now
		if err := tx.PutCampaignLife(m.Life); err != nil {
			return err
		}
		return l.tell(tx, m, mailDone, id, a.figures())
	})
}

// figures are an account as a mail prints it.
func (a Account) figures() map[string]string {
	data := map[string]string{"chosen": fmt.Sprint(a.Chosen)}
	for key, n := range map[string]int{"sent": a.Sent, "suppressed": a.Suppressed, "held": a.Held, "failed": a.Failed, "uncertain": a.Uncertain} {
		if n > 0 {
			data[key] = fmt.Sprint(n)
		}
	}
	return data
}

// LastAt is when the last person will have an edition: at the rate so far, and not
// before the mail servers allow it. It is zero where nothing is known.
func (l *Life) LastAt(ctx context.Context, a Account) time.Time {
	at := a.LastAt(l.Clock.Now())
	if l.Leaves == nil || a.State != postroom.CampaignSending || a.Choosing || a.Waiting == 0 {
		return at
	}
	if allowed, err := l.Leaves(ctx, a.Waiting); err == nil && allowed.After(at) {
		return allowed
	}
	return at
}

// stuckAfter is how long no copy may be settled before somebody is told.
const stuckAfter = 15 * time.Minute

// watch looks whether the editions that are being sent move.
func (l *Life) watch(ctx context.Context, now time.Time) error {
	ids, err := l.Store.Read(ctx).CampaignsIn(postroom.CampaignSending)
	if err != nil {
		return err
	}
	var wrong []error
	for _, id := range ids {
		if err := l.watchOne(ctx, id, now); err != nil {
			wrong = append(wrong, fmt.Errorf("watch campaign %s: %w", id, err))
		}
	}
	return errors.Join(wrong...)
}

// lookEach is how often an edition that is being sent is looked at: its copies are
// counted for that.
const lookEach = time.Minute

func (l *Life) watchOne(ctx context.Context, id string, now time.Time) error {
	read := l.Store.Read(ctx)
	m, err := MatterOf(read, id)
	if err != nil || now.Sub(m.Life.MovedAt) < lookEach {
		return err
	}
	a, err := AccountOf(read, id)
	if err != nil {
		return err
	}
	moved := a.Chosen - a.Waiting
	if moved == m.Life.Settled && !m.Life.MovedAt.IsZero() && (now.Sub(m.Life.MovedAt) < stuckAfter || !m.Life.StuckAt.IsZero()) {
		return nil
	}
	why, err := read.CampaignWaits(id)
	if err != nil {
		return err
	}
	return l.Store.Write(ctx, func(tx *store.Tx) error {
		m, err := lock(tx, id)
		if err != nil || m.State != postroom.CampaignSending {
			return err
		}
		if moved != m.Life.Settled || m.Life.MovedAt.IsZero() {
			m.Life.Settled, m.Life.MovedAt, m.Life.StuckAt = moved, now, time.Time{}
			return tx.PutCampaignLife(m.Life)
		}
		if !m.Life.StuckAt.IsZero() {
			return nil
		}
		m.Life.StuckAt = now
		if err := tx.PutCampaignLife(m.Life); err != nil {
			return err
		}
		data := map[string]string{"since": m.Life.MovedAt.UTC().Format(time.RFC3339), "waiting": fmt.Sprint(a.Waiting)}
		if why != "" {
			data["reason"] = why
		}
		return l.tell(tx, m, mailStuck, fmt.Sprintf("%s:%d", id, m.Life.MovedAt.Unix()), data)
	})
}
