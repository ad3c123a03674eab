package store

import (
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"

	"postroom/internal/postroom"
)

// The copies of a newsletter are many and alike, so they are filed, looked at
// and moved by statements that name several.

// AddCopies files copies of one part of a newsletter, each once per key, and
// says how many were added. They differ in who gets them, and carry no words
// and no bytes of their own.
func (tx *Tx) AddCopies(copies []postroom.Message) (added int, err error) {
	for some := range blocks(copies) {
		n, err := tx.addCopies(some)
		if err != nil {
			return added, fmt.Errorf("add copies of campaign %s: %w", some[0].Campaign, err)
		}
		added += int(n)
	}
	return added, nil
}

// block is how many of n rows one statement takes: a power of two, so that
// there are few statements to keep prepared.
func block(n int) int {
	size := 64
	for size > n {
		size /= 2
	}
	return size
}

func (tx *Tx) addCopies(copies []postroom.Message) (int64, error) {
	var list places
	all := copies[0]
	shared := list.add(all.Programme, all.Template, all.Class, all.Lane, all.Campaign, all.Chunk, micros(all.CreatedAt))
	rows := make([]string, len(copies))
	for i, m := range copies {
		rows[i] = "(" + shared + ", " + list.add(m.ID, m.Key, m.MessageID, m.Contact, m.About, m.To, m.Locale, m.Discreet) + ")"
	}
	return tx.exec(`
		INSERT INTO messages (programme, template, class, lane, campaign_id, chunk, created_at,
			id, key, message_id, contact_id, about, address, locale, discreet)
		VALUES `+strings.Join(rows, ", ")+` ON CONFLICT (key) DO NOTHING`, list.args...)
}

// places numbers the arguments of a statement whose length is not fixed.
type places struct{ args []any }

// add takes arguments and returns the marks that stand for them.
func (p *places) add(args ...any) string {
	marks := make([]string, len(args))
	for i, arg := range args {
		p.args = append(p.args, arg)
		marks[i] = "$" + strconv.Itoa(len(p.args))
	}
	return strings.Join(marks, ", ")
}

// each is add for a list of ids.
func (p *places) each(ids []string) string {
	list := make([]any, len(ids))
	for i, id := range ids {
		list[i] = id
	}
	return p.add(list...)
}

// Copy is one copy of a newsletter and what there is to know of its reader at
// the same moment, which its methods tell as those of Reader do.
type Copy struct {
	postroom.Message
	dead       bool
	reach      postroom.Reach
	suppressed string
	sub        postroom.Subscription
}

// Copies returns messages that are copies of a newsletter, the oldest first,
// with what there is to know of their readers.
func (r Reader) Copies(ids []string) (copies []Copy, err error) {
	var list places
	err = r.each(func(rows *sql.Rows) error {
		var c Copy
		c.Message, err = r.scanMessage(func(into ...any) error {
			return rows.Scan(append(into, &c.dead, &c.reach, &c.suppressed, &c.sub.State, &c.sub.Address)...)
		})
		c.sub.ID = c.About
		copies = append(copies, c)
		return err
	}, `SELECT `+messageColumns+`,
			EXISTS (SELECT 1 FROM addresses a WHERE a.address = messages.address AND a.state = 'dead'),
			coalesce((SELECT c.reach FROM contacts c WHERE c.id = messages.contact_id), ''),
			coalesce((SELECT p.reason FROM suppressions p WHERE p.address = messages.address AND p.lifted_at = 0
				AND (p.scope = 'all' OR messages.class = 'marketing') ORDER BY CASE WHEN p.reason = '`+RestReason+`' THEN 1 ELSE 0 END, p.placed_at LIMIT 1), ''),
			coalesce((SELECT s.state FROM subscriptions s WHERE s.id = messages.about), ''),
			coalesce((SELECT s.address FROM subscriptions s WHERE s.id = messages.about), '')
		  FROM messages WHERE id IN (`+list.each(ids)+`) ORDER BY id`, list.args...)
	if err != nil {
		return nil, fmt.Errorf("read %d copies: %w", len(ids), err)
	}
	return copies, nil
}

// AddressDead says whether mail to the copy's address is known not to arrive.
func (c Copy) AddressDead(string) (bool, error) { return c.dead, nil }

// Suppression returns why no copy may go to its address, or "".
func (c Copy) Suppression(string, postroom.Class) (string, error) { return c.suppressed, nil }

// Contact returns how the copy's reader can be reached, or NotFound.
func (c Copy) Contact(id string) (postroom.Contact, error) {
	if c.reach == "" {
		return postroom.Contact{}, absent(sql.ErrNoRows, "contact", id)
	}
	return postroom.Contact{ID: id, Reach: c.reach}, nil
}

// Subscription returns the state and the address of the subscription that the
// copy is sent for, or NotFound.
func (c Copy) Subscription(id string) (postroom.Subscription, error) {
	if c.sub.State == "" {
		return postroom.Subscription{}, absent(sql.ErrNoRows, "subscription", id)
	}
	return c.sub, nil
}

// StartCopies moves copies to sending for this turn of their part's job and
// returns the ids of those that it moved; the rest do not wait any more. It
// must be committed before MAIL FROM.
func (tx *Tx) StartCopies(ids []string, turn int, at time.Time) (map[string]bool, error) {
	started := make(map[string]bool, len(ids))
	if len(ids) == 0 {
		return started, nil
	}
	list := places{args: []any{turn, micros(at)}}
	err := tx.each(func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		started[id] = true
		return err
	}, `UPDATE messages SET state = 'sending', turn = $1, sending_at = $2, reason = ''
		 WHERE id IN (`+list.each(ids)+`) AND state IN ('queued', 'deferred') RETURNING id`, list.args...)
	if err != nil {
		return nil, fmt.Errorf("start %d copies: %w", len(ids), err)
	}
	return started, nil
}

// EndCopies settles copies that this turn was sending as sent. It returns
// Gone, and the transaction must not be committed, if another turn has any of
// them.
func (tx *Tx) EndCopies(ids []string, turn int, at time.Time) error {
	if len(ids) == 0 {
		return nil
	}
	list := places{args: []any{turn, micros(at)}}
	n, err := tx.exec(`UPDATE messages SET state = 'sent', reason = '', settled_at = $2
		 WHERE id IN (`+list.each(ids)+`) AND state = 'sending' AND turn = $1`, list.args...)
	if err != nil {
		return fmt.Errorf("end %d copies: %w", len(ids), err)
	}
	if int(n) < len(ids) {
		return movedOn(sql.ErrNoRows, "end copies of turn", strconv.Itoa(turn))
	}
	return nil
}
