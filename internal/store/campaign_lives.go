package store

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"postroom/internal/postroom"
)

const lifeColumns = `campaign_id, source, author, digest, approved_by, approved_at, starts_local, zone, starts_at, not_later_than, late_at,
	began_at, rests_since, rested_us, settled, moved_at, stuck_at, reported_at, left_of`

// CampaignLife returns how a campaign comes to be sent: the zero value, but for
// its id, of one that an older version started.
func (r Reader) CampaignLife(campaign string) (postroom.CampaignLife, error) {
	l := postroom.CampaignLife{Campaign: campaign}
	var approved, starts, notLater, late, began, rests, rested, moved, stuck, reported int64
	err := r.row(`SELECT `+lifeColumns+` FROM campaign_lives WHERE campaign_id = $1`, campaign).Scan(
		&l.Campaign, &l.Source, &l.Author, &l.Digest, &l.ApprovedBy, &approved, &l.StartsLocal, &l.Zone, &starts, &notLater, &late,
		&began, &rests, &rested, &l.Settled, &moved, &stuck, &reported, &l.LeftOf)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return l, fmt.Errorf("read the life of campaign %s: %w", campaign, err)
	}
	l.ApprovedAt, l.StartsAt, l.NotLaterThan, l.LateAt = moment(approved), moment(starts), moment(notLater), moment(late)
	l.BeganAt, l.RestsSince, l.Rested = moment(began), moment(rests), time.Duration(rested)*time.Microsecond
	l.MovedAt, l.StuckAt, l.ReportedAt = moment(moved), moment(stuck), moment(reported)
	return l, nil
}

// PutCampaignLife writes down how a campaign comes to be sent. The caller has
// locked the campaign, or just added it.
func (tx *Tx) PutCampaignLife(l postroom.CampaignLife) error {
	_, err := tx.exec(`
		INSERT INTO campaign_lives (`+lifeColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
		ON CONFLICT (campaign_id) DO UPDATE SET
			source = excluded.source, author = excluded.author, digest = excluded.digest, approved_by = excluded.approved_by,
			approved_at = excluded.approved_at, starts_local = excluded.starts_local, zone = excluded.zone, starts_at = excluded.starts_at,
			not_later_than = excluded.not_later_than, late_at = excluded.late_at, began_at = excluded.began_at, rests_since = excluded.rests_since,
			rested_us = excluded.rested_us, settled = excluded.settled, moved_at = excluded.moved_at, stuck_at = excluded.stuck_at,
			reported_at = excluded.reported_at, left_of = excluded.left_of`,
		l.Campaign, l.Source, l.Author, l.Digest, l.ApprovedBy, micros(l.ApprovedAt), l.StartsLocal, l.Zone, micros(l.StartsAt), micros(l.NotLaterThan),
		micros(l.LateAt), micros(l.BeganAt), micros(l.RestsSince), l.Rested.Microseconds(), l.Settled, micros(l.MovedAt), micros(l.StuckAt),
		micros(l.ReportedAt), l.LeftOf)
	if err != nil {
		return fmt.Errorf("write the life of campaign %s: %w", l.Campaign, err)
	}
	return nil
}

// SetCampaignState moves a campaign that the caller has locked. settled is when it
// came to its end, or zero.
func (tx *Tx) SetCampaignState(campaign string, to postroom.CampaignState, settled time.Time) error {
	if _, err := tx.exec(`UPDATE campaigns SET state = $2, settled_at = $3 WHERE id = $1`, campaign, to, micros(settled)); err != nil {
		return fmt.Errorf("make campaign %s %s: %w", campaign, to, err)
	}
	return nil
}

// RewordCampaign gives a campaign that the caller has locked other words. Of one
// that has begun, nothing is changed.
func (tx *Tx) RewordCampaign(c postroom.Campaign) error {
	n, err := tx.exec(`
		UPDATE campaigns SET key = $2, list = $3, programme = $4, subject = $5, markdown = $6, locale = $7
		 WHERE id = $1 AND state IN ('draft', 'approved')`, c.ID, c.Key, c.List, c.Programme, c.Subject, c.Markdown, c.Locale)
	if err != nil {
		return fmt.Errorf("reword campaign %s: %w", c.ID, err)
	}
	if n == 0 {
		return nil
	}
	return tx.replaceEdition(c)
}

// CampaignsIn lists the ids of the campaigns in a state, the oldest first.
func (r Reader) CampaignsIn(state postroom.CampaignState) ([]string, error) {
	return r.campaignIDs(`SELECT id FROM campaigns WHERE state = $1 ORDER BY id`, state)
}

// DueCampaigns lists the ids of campaigns whose time to begin has come, at most
// limit.
func (r Reader) DueCampaigns(now time.Time, limit int) ([]string, error) {
	return r.campaignIDs(`
		SELECT c.id FROM campaigns c JOIN campaign_lives l ON l.campaign_id = c.id
		 WHERE c.state = 'scheduled' AND l.starts_at <= $1 ORDER BY c.id LIMIT $2`, micros(now), limit)
}

// NextCampaign is when the next campaign is to begin; zero is never.
func (r Reader) NextCampaign() (time.Time, error) {
	var at int64
	err := r.row(`
		SELECT coalesce(min(l.starts_at), 0) FROM campaigns c JOIN campaign_lives l ON l.campaign_id = c.id
		 WHERE c.state = 'scheduled'`).Scan(&at)
	return moment(at), err
}

// UnreportedCampaigns lists the ids of campaigns that have ended and of which
// nobody was told the figures, at most limit.
func (r Reader) UnreportedCampaigns(state postroom.CampaignState, since time.Time, limit int) ([]string, error) {
	return r.campaignIDs(`
		SELECT c.id FROM campaigns c JOIN campaign_lives l ON l.campaign_id = c.id
		 WHERE c.state = $1 AND c.settled_at > $2 AND l.reported_at = 0 AND l.began_at > 0 ORDER BY c.id LIMIT $3`, state, micros(since), limit)
}

func (r Reader) campaignIDs(query string, args ...any) (ids []string, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	}, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list campaigns: %w", err)
	}
	return ids, nil
}

// SentCampaigns lists the editions of a list that all of their readers have, the
// newest first, at most limit. One that went to some of them once more is not
// among them.
func (r Reader) SentCampaigns(list string, limit int) (sent []postroom.Campaign, err error) {
	err = r.each(func(rows *sql.Rows) error {
		c, err := scanCampaign(rows.Scan)
		sent = append(sent, c)
		return err
	}, `SELECT `+campaignColumns+` FROM campaigns
		 WHERE list = $1 AND state = 'sent'
		   AND NOT EXISTS (SELECT 1 FROM campaign_lives l WHERE l.campaign_id = campaigns.id AND l.left_of <> '')
		 ORDER BY id DESC LIMIT $2`, list, limit)
	for i := range sent {
		err = errors.Join(err, r.edition(&sent[i]))
	}
	return sent, err
}

// AddLeft notes that a campaign is for one subscription, among others.
func (tx *Tx) AddLeft(campaign, subscription string) error {
	return tx.later(`INSERT INTO campaign_left (campaign_id, subscription_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, campaign, subscription)
}

// Left lists those a campaign is for who have no copy yet and still want one, at
// most limit.
func (r Reader) Left(campaign string, limit int) (found []Recipient, err error) {
	err = r.each(func(rows *sql.Rows) error {
		s := Recipient{Subscription: postroom.Subscription{State: postroom.Confirmed}}
		err := rows.Scan(&s.ID, &s.List, &s.Programme, &s.Contact, &s.Address, &s.Locale, &s.Discreet)
		found = append(found, s)
		return err
	}, `SELECT s.id, s.list, s.programme, s.contact_id, s.address, s.locale, c.discreet
		  FROM campaign_left f JOIN subscriptions s ON s.id = f.subscription_id JOIN contacts c ON c.id = s.contact_id
		 WHERE f.campaign_id = $1 AND f.chunk = 0 AND s.state = 'confirmed'
		 ORDER BY f.subscription_id LIMIT $2`, campaign, limit)
	return found, err
}

// LeftIn notes in which part of a campaign somebody's copy is.
func (tx *Tx) LeftIn(campaign, subscription string, chunk int) error {
	return tx.later(`UPDATE campaign_left SET chunk = $3 WHERE campaign_id = $1 AND subscription_id = $2`, campaign, subscription, chunk)
}

// CampaignWaits returns what the work on a campaign waits for, as most of its jobs
// give it, and "" if none gives any. Only jobs that wait are read.
func (r Reader) CampaignWaits(campaign string) (reason string, err error) {
	err = r.row(`
		SELECT reason FROM jobs
		 WHERE lane = 'bulk' AND state = 'due' AND kind IN ('campaign_chunk', 'campaign', 'campaign_left')
		   AND substr(subject, 1, length($1)) = $1 AND reason <> ''
		 GROUP BY reason ORDER BY count(*) DESC, reason LIMIT 1`, campaign).Scan(&reason)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return reason, err
}

// HastenCampaign makes the work on a campaign due at once that waits: it was paused,
// and goes on.
func (tx *Tx) HastenCampaign(campaign string, at time.Time) error {
	n, err := tx.exec(`
		UPDATE jobs SET due_at = $2
		 WHERE lane = 'bulk' AND state = 'due' AND due_at > $2 AND kind IN ('campaign_chunk', 'campaign', 'campaign_left')
		   AND substr(subject, 1, length($1)) = $1`, campaign, micros(at))
	if n > 0 {
		tx.woken[postroom.Bulk] = true
	}
	return err
}

// NoteComplaint notes that somebody called a copy of a campaign junk, once.
func (tx *Tx) NoteComplaint(campaign, message string, at time.Time) error {
	_, err := tx.exec(`INSERT INTO campaign_complaints (campaign_id, message_id, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, campaign, message, micros(at))
	return err
}

// Complaints counts the copies of a campaign that somebody called junk.
func (r Reader) Complaints(campaign string) (n int, err error) {
	err = r.row(`SELECT count(*) FROM campaign_complaints WHERE campaign_id = $1`, campaign).Scan(&n)
	return n, err
}
