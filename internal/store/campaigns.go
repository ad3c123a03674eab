package store

import (
	"cmp"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"postroom/internal/postroom"
)

const campaignColumns = `id, key, list, programme, subject, markdown, locale, state, chosen, chunks, created_at, settled_at, round_up`

func scanCampaign(scan func(...any) error) (postroom.Campaign, error) {
	var c postroom.Campaign
	var created, settled int64
	err := scan(&c.ID, &c.Key, &c.List, &c.Programme, &c.Subject, &c.Markdown, &c.Locale, &c.State, &c.Chosen, &c.Chunks, &created, &settled, &c.RoundUp)
	c.CreatedAt, c.SettledAt = moment(created), moment(settled)
	return c, err
}

// AddCampaign files a campaign, once per key, and says whether it was added.
// If not, the one on file comes back.
func (tx *Tx) AddCampaign(c postroom.Campaign) (postroom.Campaign, bool, error) {
	n, err := tx.exec(`
		INSERT INTO campaigns (id, key, list, programme, subject, markdown, locale, state, created_at, round_up)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (key) DO NOTHING`,
		newID(), c.Key, c.List, c.Programme, c.Subject, c.Markdown, c.Locale, c.State, micros(c.CreatedAt), c.RoundUp)
	if err != nil {
		return c, false, fmt.Errorf("add campaign: %w", err)
	}
	filed, err := scanCampaign(tx.row(`SELECT `+campaignColumns+` FROM campaigns WHERE key = $1`, c.Key).Scan)
	if err == nil && n > 0 {
		err = tx.addEdition(filed.ID, c)
	}
	filed.Others, filed.Audience, filed.Pictures = c.Others, c.Audience, c.Pictures // the key is made of them
	return filed, n > 0, absent(err, "campaign with key", c.Key)
}

// Campaign returns one campaign, or NotFound.
func (r Reader) Campaign(id string) (postroom.Campaign, error) {
	c, err := scanCampaign(r.row(`SELECT `+campaignColumns+` FROM campaigns WHERE id = $1`, id).Scan)
	if err == nil {
		err = r.edition(&c)
	}
	return c, absent(err, "campaign", id)
}

// Campaigns lists campaigns, the newest first, at most limit.
func (r Reader) Campaigns(limit int) (list []postroom.Campaign, err error) {
	err = r.each(func(rows *sql.Rows) error {
		c, err := scanCampaign(rows.Scan)
		list = append(list, c)
		return err
	}, `SELECT `+campaignColumns+` FROM campaigns ORDER BY id DESC LIMIT $1`, limit)
	return list, err
}

// CampaignsBefore lists campaigns of a list, or of every list where it is "", the
// newest first, at most limit; those that are older than one where that is not "".
func (r Reader) CampaignsBefore(list, before string, limit int) (found []postroom.Campaign, err error) {
	err = r.each(func(rows *sql.Rows) error {
		c, err := scanCampaign(rows.Scan)
		found = append(found, c)
		return err
	}, `SELECT `+campaignColumns+` FROM campaigns WHERE ($1 = '' OR list = $1) AND ($2 = '' OR id < $2) ORDER BY id DESC LIMIT $3`, list, before, limit)
	return found, err
}

// LockCampaign returns a campaign that no other transaction can change until
// this one ends. It comes first, so that what is read after it is what the
// last one wrote. It returns NotFound.
func (tx *Tx) LockCampaign(id string) (postroom.Campaign, error) {
	if _, err := tx.exec(`UPDATE campaigns SET state = state WHERE id = $1`, id); err != nil {
		return postroom.Campaign{}, fmt.Errorf("lock campaign %s: %w", id, err)
	}
	return tx.Campaign(id)
}

// ChosenSoFar returns how far the choosing of a campaign's recipients had
// come: its last part, and the last subscription in it.
func (r Reader) ChosenSoFar(campaign string) (chunk int, last string, err error) {
	err = r.row(`SELECT coalesce(max(part), 0) FROM campaign_parts WHERE campaign_id = $1`, campaign).Scan(&chunk)
	if err != nil || chunk == 0 {
		return 0, "", err
	}
	err = r.row(`SELECT coalesce(max(subscription_id), '') FROM copies WHERE campaign_id = $1`, campaign).Scan(&last)
	return chunk, last, err
}

// Recipient is somebody who wants what is sent to a list.
type Recipient struct {
	postroom.Subscription
	Discreet bool // nobody who sees a subject may learn of it
}

// Audience is whom an edition is for.
type Audience struct {
	List    string
	At      time.Time // whoever pauses beyond then gets none
	RoundUp bool      // those who asked for one mail a month; else everybody but them
}

// Recipients lists the confirmed subscriptions of a list that come after
// one, in the order of their ids, at most limit; not of those who chose to
// get other editions, or none for a while. An address is on a list once.
func (r Reader) Recipients(to Audience, after string, limit int) (found []Recipient, err error) {
	often := postroom.EveryEdition
	if to.RoundUp {
		often = postroom.RoundUp
	}
	err = r.each(func(rows *sql.Rows) error {
		s := Recipient{Subscription: postroom.Subscription{List: to.List, State: postroom.Confirmed}}
		s.Often = often
		err := rows.Scan(&s.ID, &s.Programme, &s.Contact, &s.Address, &s.Locale, &s.Basis, &s.Topics, &s.Areas, &s.Look, &s.Discreet)
		found = append(found, s)
		return err
	}, `SELECT s.id, s.programme, s.contact_id, s.address, s.locale, s.basis, s.topics, s.areas, s.look, c.discreet
		  FROM subscriptions s JOIN contacts c ON c.id = s.contact_id
		 WHERE s.list = $1 AND s.id > $2 AND s.state = 'confirmed' AND s.basis <> 'unknown' AND s.often = $4 AND s.paused_until <= $5
		 ORDER BY s.id LIMIT $3`, to.List, after, limit, string(often), micros(to.At))
	return found, err
}

// EndChoosing notes how many copies there are, in how many parts. A campaign
// is chosen once: from then on nobody is added.
func (tx *Tx) EndChoosing(campaign string, chunks int) error {
	_, err := tx.exec(`UPDATE campaigns SET chunks = $2,
			chosen = (SELECT coalesce(sum(copies), 0) FROM campaign_parts WHERE campaign_id = $1)
		WHERE id = $1`, campaign, chunks)
	return err
}

// EndCampaign makes a campaign sent when its recipients are chosen and none of
// its copies waits any more. The caller has locked it.
func (tx *Tx) EndCampaign(campaign string, at time.Time) error {
	_, err := tx.exec(`
		UPDATE campaigns SET state = 'sent', settled_at = $2
		 WHERE id = $1 AND state = 'sending'
		   AND (chosen > 0 OR NOT EXISTS (SELECT 1 FROM campaign_parts WHERE campaign_id = $1))
		   AND NOT EXISTS (SELECT 1 FROM campaign_parts WHERE campaign_id = $1 AND waits)`,
		campaign, micros(at))
	if err != nil {
		return fmt.Errorf("end campaign %s: %w", campaign, err)
	}
	return nil
}

// CopyCount is how many copies of a campaign are in a state for one reason.
type CopyCount struct {
	State  postroom.MessageState
	Reason string
	N      int
}

// apart are the states of the few copies that are neither waiting for their first
// try nor sent. SQLite uses their index only where a query names them all.
const apart = `copies.state IN ('deferred', 'failed', 'held', 'suppressed', 'uncertain')`

// CopyCounts counts the copies of a campaign, all in one look, so that they
// add up.
func (r Reader) CopyCounts(campaign string) (counts []CopyCount, err error) {
	rest := 0
	err = r.each(func(rows *sql.Rows) error {
		var c CopyCount
		if err := rows.Scan(&c.State, &c.Reason, &c.N); err != nil {
			return err
		}
		if c.State == postroom.Queued { // all of them
			rest += c.N
			return nil
		}
		rest -= c.N
		if c.N > 0 {
			counts = append(counts, c)
		}
		return nil
	}, `SELECT state, reason, count(*) FROM copies WHERE `+apart+` AND campaign_id = $1 GROUP BY state, reason
		UNION ALL SELECT 'sent', '', coalesce(sum(sent), 0) FROM campaign_parts WHERE campaign_id = $1
		UNION ALL SELECT 'queued', '', coalesce(sum(copies), 0) FROM campaign_parts WHERE campaign_id = $1`, campaign)
	if rest > 0 {
		counts = append(counts, CopyCount{State: postroom.Queued, N: rest})
	}
	slices.SortFunc(counts, func(a, b CopyCount) int {
		return cmp.Or(cmp.Compare(a.State, b.State), cmp.Compare(b.N, a.N), cmp.Compare(a.Reason, b.Reason))
	})
	return counts, err
}

// CopiesIn lists the copies of a campaign in a state, at most limit.
func (r Reader) CopiesIn(campaign string, state postroom.MessageState, limit int) ([]postroom.Message, error) {
	which := `copies.state = $2`
	if state != postroom.Queued && state != postroom.Sent {
		which += ` AND ` + apart
	}
	return r.copies(`SELECT `+copyColumns+fromCopies+`WHERE copies.campaign_id = $1 AND `+which+` ORDER BY copies.n LIMIT $3`, campaign, state, limit)
}

// copyTallies counts the copies of all campaigns whose ids are not before one, by
// state.
func (r Reader) copyTallies(from string) (map[postroom.MessageState]int, error) {
	counts := make(map[postroom.MessageState]int)
	err := r.each(func(rows *sql.Rows) error {
		var state postroom.MessageState
		var n int
		err := rows.Scan(&state, &n)
		counts[state] += n
		if state != postroom.Queued {
			counts[postroom.Queued] -= n
		}
		return err
	}, `SELECT state, count(*) FROM copies WHERE `+apart+` AND campaign_id >= $1 GROUP BY state
		UNION ALL SELECT 'sent', coalesce(sum(sent), 0) FROM campaign_parts WHERE campaign_id >= $1
		UNION ALL SELECT 'queued', coalesce(sum(copies), 0) FROM campaign_parts WHERE campaign_id >= $1`, from)
	if err != nil {
		return nil, fmt.Errorf("count copies: %w", err)
	}
	return counts, nil
}
