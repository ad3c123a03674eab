package store

import (
	"database/sql"
	"fmt"
	"strings"
	"time"

	"postroom/internal/postroom"
)

// Sent is a message that a mail server has got, or may have.
type Sent struct {
	ID    string
	From  string    // domain of its sender; "" where that is the organisation's own address
	To    string    // domain of its reader
	Ended time.Time // when the server's answer was there, at the latest; zero while it is being sent
}

// longestSend is how long a message can be on its way to a mail server. What
// befalls it later, such as a bounce, is not when it left.
const longestSend = 15 * time.Minute

// SentSince lists what was on its way to a mail server after a moment, or came to
// an end after it. It is the one place that says what has left, wherever such
// rows are kept; of a message that was tried more than once it knows the last try.
func (r Reader) SentSince(since time.Time) (list []Sent, err error) {
	if list, err = r.copiesSince(since); err != nil {
		return nil, err
	}
	err = r.each(func(rows *sql.Rows) error {
		var m Sent
		var sender, address string
		var state postroom.MessageState
		var began, settled int64
		err := rows.Scan(&m.ID, &sender, &address, &state, &began, &settled)
		m.From, m.To = domainOf(sender), domainOf(address)
		if state != postroom.Sending {
			m.Ended = moment(min(settled, began+longestSend.Microseconds()))
		}
		if m.Ended.IsZero() || m.Ended.After(since) {
			list = append(list, m)
		}
		return err
	}, `SELECT id, sender, address, state, sending_at, settled_at FROM messages WHERE sending_at > 0 AND sending_at > $1`, micros(since.Add(-longestSend)))
	return list, err
}

// copiesSince lists the copies of newsletters of which that is settled. A turn settles
// what was answered within a second or two, so that the moment is not too early.
func (r Reader) copiesSince(since time.Time) (list []Sent, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var m Sent
		var campaign, address string
		var n int
		var settled int64
		err := rows.Scan(&campaign, &n, &address, &settled)
		m.ID, m.To, m.Ended = CopyID(campaign, n), domainOf(address), moment(settled)
		list = append(list, m)
		return err
	}, `SELECT copies.campaign_id, copies.n, copies.address, copies.settled_at FROM campaigns JOIN copies ON copies.campaign_id = campaigns.id
		 WHERE (campaigns.state IN ('sending', 'paused', 'cancelled') OR campaigns.settled_at > $1)
		   AND copies.settled_at > $1 AND copies.state IN ('sent', 'deferred', 'failed', 'uncertain')`, micros(since))
	if err != nil {
		return nil, fmt.Errorf("list copies that have left: %w", err)
	}
	return list, nil
}

func domainOf(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }
