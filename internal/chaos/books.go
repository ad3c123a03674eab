package main

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"postroom/internal/store"
)

// books are the rows of the post room, as the auditor reads them.
type books struct {
	submissions map[string][]submissionRow // by address
	letters     map[string][]letterRow     // by Message-ID
	messages    []messageRow
	about       map[string][]messageRow // by submission
	copies      map[string][]messageRow // of newsletters, by address
	steps       map[string][]stepRow    // by submission
	campaigns   []campaignRow
	deadJobs    []string // but for those of mails, which have an outcome of their own
}

type submissionRow struct{ id, reference, channel, letter, state string }

type letterRow struct{ id, submission, state, reason string }

type messageRow struct {
	id, key, messageID, submission, contact, address, template, class, state, reason, letter, campaign string
	doubts                                                                                             int
}

type stepRow struct{ id, name, state, reason string }

type campaignRow struct {
	id, state string
	chosen    int
}

func readBooks(ctx context.Context, from database) (*books, error) {
	db, err := from.open()
	if err != nil {
		return nil, err
	}
	defer db.Close()
	b := &books{
		submissions: make(map[string][]submissionRow), letters: make(map[string][]letterRow), about: make(map[string][]messageRow),
		copies: make(map[string][]messageRow), steps: make(map[string][]stepRow),
	}
	for what, read := range map[string]func(context.Context, *sql.DB) error{
		"submissions": b.readSubmissions, "letters": b.readLetters, "messages": b.readMessages,
		"steps": b.readSteps, "campaigns": b.readCampaigns, "jobs": b.readJobs,
	} {
		if err := read(ctx, db); err != nil {
			return nil, fmt.Errorf("audit: read %s: %w", what, err)
		}
	}
	return b, nil
}

// name gives the copies of newsletters the Message-IDs under which the mail server
// took them: each begins with the copy's id.
func (b *books) name(taken map[string][]receipt) {
	under := make(map[string]string, len(taken))
	for id := range taken {
		copyID, _, _ := strings.Cut(id, ".")
		under[copyID] = id
	}
	for i, m := range b.messages {
		if m.messageID == "" {
			b.messages[i].messageID = under[m.id]
		}
	}
	for _, copies := range b.copies {
		for i, m := range copies {
			if m.messageID == "" {
				copies[i].messageID = under[m.id]
			}
		}
	}
}

// each calls scan for every row of a query.
func each(ctx context.Context, db *sql.DB, query string, scan func(scan func(...any) error) error) error {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (b *books) readSubmissions(ctx context.Context, db *sql.DB) error {
	return each(ctx, db, `SELECT address, id, reference, channel, letter_id, state FROM submissions WHERE channel <> 'import'`, func(scan func(...any) error) error {
		var s submissionRow
		var address string
		err := scan(&address, &s.id, &s.reference, &s.channel, &s.letter, &s.state)
		b.submissions[address] = append(b.submissions[address], s)
		return err
	})
}

func (b *books) readLetters(ctx context.Context, db *sql.DB) error {
	return each(ctx, db, `SELECT message_id, id, coalesce(submission_id, ''), state, reason FROM letters WHERE folder = 'inbox'`, func(scan func(...any) error) error {
		var l letterRow
		var messageID string
		err := scan(&messageID, &l.id, &l.submission, &l.state, &l.reason)
		b.letters[messageID] = append(b.letters[messageID], l)
		return err
	})
}

func (b *books) readMessages(ctx context.Context, db *sql.DB) error {
	return each(ctx, db, `SELECT id, key, message_id, submission_id, contact_id, address, template, class, state, reason, letter_id, '', 0, doubts FROM messages
		UNION ALL SELECT '', 'campaign:' || copies.campaign_id || ':' || subscription_id, message_id,
			'', coalesce((SELECT contact_id FROM subscriptions WHERE subscriptions.id = subscription_id), ''), address, 'newsletter', 'marketing', state, reason, '', campaign_id, n, 0
		FROM copies`, func(scan func(...any) error) error {
		var m messageRow
		var n int
		err := scan(&m.id, &m.key, &m.messageID, &m.submission, &m.contact, &m.address, &m.template, &m.class, &m.state, &m.reason, &m.letter, &m.campaign, &n, &m.doubts)
		if m.campaign != "" {
			m.id = store.CopyID(m.campaign, n)
			b.copies[m.address] = append(b.copies[m.address], m)
		} else {
			b.about[m.submission] = append(b.about[m.submission], m)
		}
		b.messages = append(b.messages, m)
		return err
	})
}

func (b *books) readSteps(ctx context.Context, db *sql.DB) error {
	return each(ctx, db, `SELECT runs.submission_id, steps.id, steps.name, steps.state, steps.reason FROM steps JOIN runs ON runs.id = steps.run_id`, func(scan func(...any) error) error {
		var s stepRow
		var submission string
		err := scan(&submission, &s.id, &s.name, &s.state, &s.reason)
		b.steps[submission] = append(b.steps[submission], s)
		return err
	})
}

func (b *books) readCampaigns(ctx context.Context, db *sql.DB) error {
	return each(ctx, db, `SELECT id, state, chosen FROM campaigns`, func(scan func(...any) error) error {
		var c campaignRow
		err := scan(&c.id, &c.state, &c.chosen)
		b.campaigns = append(b.campaigns, c)
		return err
	})
}

func (b *books) readJobs(ctx context.Context, db *sql.DB) error {
	return each(ctx, db, `SELECT kind, reason FROM jobs WHERE state = 'dead' AND kind NOT IN ('deliver', 'campaign_chunk')`, func(scan func(...any) error) error {
		var kind, reason string
		err := scan(&kind, &reason)
		b.deadJobs = append(b.deadJobs, kind+": "+reason)
		return err
	})
}
