package campaign

import (
	"context"
	"errors"
	"fmt"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// mostLeft is how many copies are sent once more at a time.
const mostLeft = 100_000

// Left files an edition with the same words for exactly those whose copy of another
// is in one of some states, failed or uncertain, and who still want it; it says for
// how many. A person chooses that: a copy in doubt may have arrived. What came back
// is left out: it would again. The words were approved before. Asking twice files
// one.
func (l *Life) Left(ctx context.Context, id, by string, states ...postroom.MessageState) (next postroom.Campaign, n int, err error) {
	err = l.Store.Write(ctx, func(tx *store.Tx) (err error) {
		next, n, err = l.left(tx, id, by, states)
		return err
	})
	if err != nil {
		return next, 0, fmt.Errorf("send campaign %s to those left: %w", id, err)
	}
	return next, n, nil
}

func (l *Life) left(tx *store.Tx, id, by string, states []postroom.MessageState) (next postroom.Campaign, n int, err error) {
	m, err := lock(tx, id)
	if err != nil {
		return next, 0, err
	}
	if m.State != postroom.CampaignSent && m.State != postroom.CampaignCancelled {
		return next, 0, cannot(&m, "sent to those left")
	}
	subscriptions, mark, err := notReached(tx, id, states)
	if err != nil {
		return next, 0, err
	}
	if len(subscriptions) == 0 {
		return next, 0, refused(postroom.Conflict, "desk.news.none_left", "campaign %s reached everybody it could", id)
	}
	now := l.Clock.Now()
	next = m.Campaign
	next.Key, next.State, next.CreatedAt = "left/"+id+"/"+mark, postroom.CampaignApproved, now
	next, added, err := tx.AddCampaign(next)
	if err != nil || !added {
		return next, len(subscriptions), err
	}
	for _, s := range subscriptions {
		if err := tx.AddLeft(next.ID, s); err != nil {
			return next, 0, err
		}
	}
	life := postroom.CampaignLife{
		Campaign: next.ID, Source: m.Life.Source, Author: author(by), Digest: m.Life.Digest, ApprovedBy: m.Life.ApprovedBy, ApprovedAt: m.Life.ApprovedAt, LeftOf: id,
	}
	if life.ApprovedBy == "" { // it was started on the command line
		life.ApprovedBy, life.ApprovedAt = by, now
	}
	return next, len(subscriptions), errors.Join(tx.PutCampaignLife(life), tx.Audit(by, "sends newsletter to those left", id, now))
}

// notReached lists the subscriptions whose copy is in one of some states, and makes
// a mark of them: once more of them have failed, that is another edition.
func notReached(tx *store.Tx, id string, states []postroom.MessageState) (list []string, mark string, err error) {
	for _, state := range states {
		if state != postroom.Failed && state != postroom.Uncertain {
			return nil, "", refused(postroom.Invalid, "desk.news.not_left", "a copy that is %s is not sent again; choose failed or uncertain", state)
		}
		copies, err := tx.CopiesIn(id, state, mostLeft)
		if err != nil {
			return nil, "", fmt.Errorf("list copies: %w", err)
		}
		for _, c := range copies {
			if c.About != "" && c.Reason != reasonBounced {
				list = append(list, c.About)
			}
		}
		mark += string(state) + fmt.Sprint(len(list))
	}
	return list, mark, nil
}

// ChooseLeft does for an edition to those left what Choose does for any other: it
// files their copies, a part at a time. After a crash it goes on where it stopped.
func (e *Editions) ChooseLeft(ctx context.Context, id string) error {
	for more := true; more; {
		err := e.Store.Write(ctx, func(tx *store.Tx) (err error) {
			more, err = e.chooseLeft(tx, id)
			return err
		})
		if err != nil {
			return fmt.Errorf("choose who is left of campaign %s: %w", id, err)
		}
	}
	return nil
}

func (e *Editions) chooseLeft(tx *store.Tx, id string) (more bool, err error) {
	c, err := tx.LockCampaign(id)
	if err != nil || c.State != postroom.CampaignSending || c.Chosen > 0 {
		return false, err
	}
	chunk, _, err := tx.ChosenSoFar(id)
	if err != nil {
		return false, err
	}
	people, err := tx.Left(id, chunkSize)
	if err != nil {
		return false, err
	}
	if len(people) == 0 {
		return false, e.chosen(tx, id, chunk)
	}
	for _, p := range people {
		if err := tx.LeftIn(id, p.ID, chunk+1); err != nil {
			return false, err
		}
	}
	return true, e.fileChunk(tx, c, chunk+1, people)
}

// Unchosen says whether there is still somebody to be chosen for an edition, and
// whether that has to wait because it is paused.
func (e *Editions) Unchosen(ctx context.Context, id string) (unchosen, paused bool, err error) {
	c, err := e.Store.Read(ctx).Campaign(id)
	paused = c.State == postroom.CampaignPaused
	return c.Chosen == 0 && (paused || c.State == postroom.CampaignSending), paused, err
}
