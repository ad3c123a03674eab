package campaign

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// Copies files copies of one part of a newsletter, each for one person, and
// says how many: not those that were filed before.
type Copies interface {
	OweCopies(tx *store.Tx, copies []postroom.Message) (int, error)
}

// EditionOptions are what Editions need. Starting one needs no Copies and no
// Discreet, choosing its recipients does.
type EditionOptions struct {
	Store    *store.Store
	Copies   Copies
	Discreet func(programme string) bool // nobody who sees a subject may learn of this programme
	Segment  Segment                     // nil is that every campaign is for its whole list
	Clock    postroom.Clock
	Part     int // how many copies one job sends; 0 is the usual
}

// Editions starts campaigns and chooses who gets them.
type Editions struct{ EditionOptions }

// NewEditions returns Editions.
func NewEditions(o EditionOptions) *Editions { return &Editions{o} }

// chunkSize is how many copies one job sends, unless the options say otherwise. It
// bounds the transaction that files them, and how much one worker keeps from the
// others.
const chunkSize = 500

// Start files a campaign and the job that chooses its recipients, in one
// transaction, and says whether it was started now. The same words to the same
// list are the same campaign, however often they are started, unless again
// says that they are meant once more.
func (e *Editions) Start(ctx context.Context, c postroom.Campaign, again bool) (postroom.Campaign, bool, error) {
	c.Key, c.State, c.CreatedAt = c.Digest(), postroom.CampaignSending, e.Clock.Now()
	if again {
		c.Key += "/" + rand.Text()
	}
	started := false
	err := e.Store.Write(ctx, func(tx *store.Tx) (err error) {
		if c, started, err = tx.AddCampaign(c); err != nil || !started {
			return err
		}
		if err := tx.Audit(CommandLine, "started campaign", c.ID, c.CreatedAt); err != nil {
			return err
		}
		if err := tx.PutCampaignLife(postroom.CampaignLife{Campaign: c.ID, Digest: c.Digest(), BeganAt: c.CreatedAt, MovedAt: c.CreatedAt}); err != nil {
			return err
		}
		_, err = tx.AddJob(postroom.JobCampaign, c.ID, postroom.Bulk, c.CreatedAt, c.CreatedAt)
		return err
	})
	if err != nil {
		return c, false, fmt.Errorf("start campaign: %w", err)
	}
	return c, started, nil
}

// Choose files a copy for everybody who is on a campaign's list at this
// moment, a part at a time, each part with its job in a transaction of its
// own. After a crash it goes on where it stopped; when all are chosen, doing it
// again changes nothing, so that nobody is added to a newsletter that has left.
func (e *Editions) Choose(ctx context.Context, id string) error {
	for after, more := "", true; more; {
		end := after
		err := e.Store.Write(ctx, func(tx *store.Tx) (err error) {
			end, more, err = e.choosePart(tx, id, after)
			return err
		})
		if err != nil {
			return fmt.Errorf("choose recipients of campaign %s: %w", id, err)
		}
		after = end
	}
	return nil
}

// choosePart files the next part and says where it ended and whether there may
// be more. The campaign is locked: two workers who both believe that the
// choosing is theirs make one part after the other.
func (e *Editions) choosePart(tx *store.Tx, id, after string) (string, bool, error) {
	c, err := tx.LockCampaign(id)
	if err != nil || c.State != postroom.CampaignSending || c.Chosen > 0 {
		return after, false, err
	}
	chunk, last, err := tx.ChosenSoFar(id)
	if err != nil {
		return after, false, err
	}
	if after == "" {
		after = last
	}
	people, err := tx.Recipients(store.Audience{List: c.List, At: c.CreatedAt, RoundUp: c.RoundUp}, after, cmp.Or(e.Part, chunkSize))
	if err != nil {
		return after, false, err
	}
	if len(people) == 0 {
		return after, false, e.chosen(tx, id, chunk)
	}
	last = people[len(people)-1].ID
	if people, err = e.meant(tx, c, people); err != nil || len(people) == 0 {
		return last, err == nil, err
	}
	return last, true, e.fileChunk(tx, c, chunk+1, people)
}

// fileChunk files one part's copies and the job that sends them.
func (e *Editions) fileChunk(tx *store.Tx, c postroom.Campaign, chunk int, people []store.Recipient) error {
	now := e.Clock.Now()
	copies := make([]postroom.Message, len(people))
	for i, p := range people {
		copies[i] = postroom.Message{
			Key: "campaign:" + c.ID + ":" + p.ID, Programme: c.Programme, Contact: p.Contact, About: p.ID, To: p.Address, Locale: p.Locale,
			Discreet: p.Discreet || e.Discreet(c.Programme), Campaign: c.ID, Chunk: chunk, CreatedAt: now,
		}
	}
	filed, err := e.Copies.OweCopies(tx, copies)
	if err != nil || filed == 0 {
		return err
	}
	_, err = tx.AddJob(postroom.JobCampaignChunk, postroom.ChunkSubject(c.ID, chunk), postroom.Bulk, now, now)
	return err
}

// chosen notes that everybody is chosen. It ends the campaign when nobody was,
// or when every copy has left already.
func (e *Editions) chosen(tx *store.Tx, id string, chunks int) error {
	return errors.Join(tx.EndChoosing(id, chunks), tx.EndCampaign(id, e.Clock.Now()))
}
