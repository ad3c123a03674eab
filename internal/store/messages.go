package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"postroom/internal/postroom"
)

// NewMessageID makes the id of a message before its row, so that its
// Message-ID can be signed.
func NewMessageID() string { return newID() }

// AddMessage files a message that is owed, once per key. It says whether it
// was added; if not, the message owed before stands.
func (tx *Tx) AddMessage(m postroom.Message) (bool, error) {
	args, err := tx.messageRow(m)
	if err != nil {
		return false, err
	}
	n, err := tx.exec(insertMessage, args...)
	if err != nil {
		return false, fmt.Errorf("add message %s: %w", m.ID, err)
	}
	return n > 0, nil
}

// OweMessage is AddMessage with the job that delivers it, for whoever need not
// hear whether it was owed before. Then both stand as they were.
func (tx *Tx) OweMessage(m postroom.Message, now time.Time) error {
	args, err := tx.messageRow(m)
	if err != nil {
		return err
	}
	if err := tx.later(insertMessage, args...); err != nil {
		return fmt.Errorf("owe message %s: %w", m.ID, err)
	}
	tx.woken[m.Lane] = true
	err = tx.later(`
		INSERT INTO jobs (id, kind, subject, lane, due_at, created_at)
		SELECT $1, $2, id, lane, CAST($4 AS BIGINT), CAST($4 AS BIGINT) FROM messages WHERE id = $3
		ON CONFLICT (kind, subject) DO NOTHING`, newID(), string(postroom.JobDeliver), m.ID, micros(now))
	if err != nil {
		return fmt.Errorf("owe message %s: %w", m.ID, err)
	}
	return nil
}

const insertMessage = `
		INSERT INTO messages (id, key, message_id, programme, form, submission_id, contact_id, about, address, template,
			data_sealed, raw_sealed, locale, class, lane, discreet, in_reply_to, refs, sender, letter_id, campaign_id, chunk, state, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, 'queued', $23)
		ON CONFLICT (key) DO NOTHING`

func (tx *Tx) messageRow(m postroom.Message) ([]any, error) {
	data, err := tx.sealJSON("messages.data:"+m.ID, m.Data)
	if err != nil {
		return nil, err
	}
	raw, err := tx.sealBytes("messages.raw:"+m.ID, m.Raw)
	if err != nil {
		return nil, err
	}
	return []any{
		m.ID, m.Key, m.MessageID, m.Programme, m.Form, m.Submission, m.Contact, m.About, m.To, m.Template,
		data, raw, m.Locale, m.Class, m.Lane, m.Discreet, m.InReplyTo, m.References, m.Sender, m.Letter, m.Campaign, m.Chunk, micros(m.CreatedAt),
	}, nil
}

// StartSending moves a message to sending for this turn of its job. It must be
// committed before MAIL FROM. It returns Gone if the message is not waiting.
func (tx *Tx) StartSending(id string, turn int, at time.Time) error {
	return tx.moveMessage(id, `UPDATE messages SET state = 'sending', turn = $2, sending_at = $3, reason = ''
		WHERE id = $1 AND state IN ('queued', 'deferred') RETURNING id`, turn, micros(at))
}

// DoubtSending notes that an earlier turn died between MAIL FROM and the
// answer to the final dot, and starts the one repetition a service message may
// have. It returns Gone if the message is not in doubt or was repeated before.
func (tx *Tx) DoubtSending(id string, turn int, at time.Time) error {
	return tx.moveMessage(id, `UPDATE messages SET turn = $2, sending_at = $3, doubts = doubts + 1
		WHERE id = $1 AND state = 'sending' AND turn < $2 AND doubts = 0 AND class = 'service' RETURNING id`, turn, micros(at))
}

// EndSending settles a message that this turn was sending: sent, deferred,
// failed or uncertain. doubts is added to the count of lost answers. It
// returns Gone if another turn has it.
func (tx *Tx) EndSending(id string, turn int, to postroom.MessageState, reason string, doubts int, at time.Time) error {
	switch to {
	case postroom.Sent, postroom.Deferred, postroom.Failed, postroom.Uncertain:
	default:
		return fmt.Errorf("end sending of message %s: it cannot become %s", id, to)
	}
	return tx.moveMessage(id, `UPDATE messages SET state = $3, reason = $4, doubts = doubts + $5, settled_at = $6
		WHERE id = $1 AND state = 'sending' AND turn = $2 RETURNING id`, turn, to, reason, doubts, micros(at))
}

// Withhold settles a message that waits without sending it: suppressed, held,
// failed or deferred, with the reason. A message in doubt becomes uncertain
// whatever the reason, because it may have left. It returns Gone if the
// message is settled already, or waits and cannot be uncertain.
func (tx *Tx) Withhold(id string, to postroom.MessageState, reason string, at time.Time) error {
	switch to {
	case postroom.Suppressed, postroom.Held, postroom.Failed, postroom.Deferred, postroom.Uncertain:
	default:
		return fmt.Errorf("withhold message %s: it cannot become %s", id, to)
	}
	if _, _, is := copyPlace(id); is {
		return tx.moveCopy(id, `'queued', 'deferred'`, to, reason, at)
	}
	return tx.moveMessage(id, `UPDATE messages SET reason = $3, settled_at = $4,
			state = CASE WHEN state = 'sending' THEN 'uncertain' ELSE $2 END
		WHERE id = $1 AND (state = 'sending' OR (state IN ('queued', 'deferred') AND $2 <> 'uncertain')) RETURNING id`,
		to, reason, micros(at))
}

// SetMessageData changes what a message that is held will say.
func (tx *Tx) SetMessageData(id string, data map[string]string) error {
	sealed, err := tx.sealJSON("messages.data:"+id, data)
	if err != nil {
		return err
	}
	_, err = tx.exec(`UPDATE messages SET data_sealed = $2 WHERE id = $1 AND state = 'held'`, id, sealed)
	return err
}

// Forgo settles a message that waits or is held: nobody is to have it any more.
// It returns Gone if it has left or is settled.
func (tx *Tx) Forgo(id, reason string, at time.Time) error {
	return tx.moveMessage(id, `UPDATE messages SET state = 'suppressed', reason = $2, settled_at = $3
		WHERE id = $1 AND state IN ('queued', 'deferred', 'held') RETURNING id`, reason, micros(at))
}

// ReleaseMessages makes the held messages about a submission wait to be sent
// again and returns their ids.
func (tx *Tx) ReleaseMessages(submission string) (ids []string, err error) {
	err = tx.each(func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	}, `UPDATE messages SET state = 'queued', reason = '' WHERE submission_id = $1 AND submission_id <> '' AND state = 'held' RETURNING id`, submission)
	return ids, err
}

// RequeueMessage makes a failed, held or uncertain message wait to be sent
// again, because a person said so. It returns Gone if it is in another state.
func (tx *Tx) RequeueMessage(id string) error {
	err := tx.moveMessage(id, `UPDATE messages SET state = 'queued', reason = '', doubts = 0
		WHERE id = $1 AND state IN ('failed', 'held', 'uncertain') RETURNING id`)
	if postroom.KindOf(err) == postroom.Gone {
		return tx.moveCopy(id, `'failed', 'held', 'uncertain'`, postroom.Queued, "", time.Time{})
	}
	return err
}

// Readdress sends messages about a submission that have not left yet to
// another address, because the person corrected it. One about a subscription
// that another submission asked for stays its owner's.
func (tx *Tx) Readdress(submission, address string) error {
	_, err := tx.exec(`UPDATE messages SET address = $2 WHERE submission_id = $1 AND submission_id <> '' AND contact_id <> '' AND state IN ('queued', 'deferred', 'held')
		AND (about IN ('', $1) OR about IN (SELECT id FROM subscriptions WHERE submission_id = $1))`, submission, address)
	return err
}

func (tx *Tx) moveMessage(id, query string, args ...any) error {
	var moved string
	err := tx.row(query, append([]any{id}, args...)...).Scan(&moved)
	if errors.Is(err, sql.ErrNoRows) {
		return &postroom.Error{Kind: postroom.Gone, Say: postroom.Say("error.moved_on"), Cause: fmt.Errorf("move message %s: %w", id, err)}
	}
	return err
}

const messageColumns = `id, key, message_id, programme, form, submission_id, contact_id, about, address, template, data_sealed, raw_sealed,
	locale, class, lane, discreet, in_reply_to, refs, sender, letter_id, campaign_id, chunk, state, reason, doubts, created_at, settled_at`

func (r Reader) scanMessage(scan func(...any) error) (postroom.Message, error) {
	var m postroom.Message
	var data, raw []byte
	var created, settled int64
	err := scan(&m.ID, &m.Key, &m.MessageID, &m.Programme, &m.Form, &m.Submission, &m.Contact, &m.About, &m.To, &m.Template, &data, &raw,
		&m.Locale, &m.Class, &m.Lane, &m.Discreet, &m.InReplyTo, &m.References,
		&m.Sender, &m.Letter, &m.Campaign, &m.Chunk, &m.State, &m.Reason, &m.Doubts, &created, &settled)
	if err != nil {
		return m, err
	}
	m.CreatedAt = moment(created)
	if m.State == postroom.Sent {
		m.SentAt = moment(settled)
	}
	if err := r.openJSON("messages.data:"+m.ID, data, &m.Data); err != nil {
		return m, err
	}
	m.Raw, err = r.openBytes("messages.raw:"+m.ID, raw)
	return m, err
}

// Message returns one message, or copy of a newsletter, or NotFound. Of a copy, the
// sender's domain decides on the Message-ID, which only its id is on file for.
func (r Reader) Message(id string) (postroom.Message, error) {
	m, err := r.scanMessage(r.row(`SELECT `+messageColumns+` FROM messages WHERE id = $1`, id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		m, err = r.copyMessage(id)
	}
	return m, absent(err, "message", id)
}

// MessagesAbout lists the messages about a submission, oldest first.
func (r Reader) MessagesAbout(submission string) ([]postroom.Message, error) {
	return r.messages(`SELECT `+messageColumns+` FROM messages WHERE submission_id = $1 AND submission_id <> '' ORDER BY id`, submission)
}

// Messages lists messages in a state, oldest first, at most limit.
func (r Reader) Messages(state postroom.MessageState, limit int) ([]postroom.Message, error) {
	return r.messages(`SELECT `+messageColumns+` FROM messages WHERE state = $1 ORDER BY id LIMIT $2`, state, limit)
}

func (r Reader) messages(query string, args ...any) (list []postroom.Message, err error) {
	err = r.each(func(rows *sql.Rows) error {
		m, err := r.scanMessage(rows.Scan)
		list = append(list, m)
		return err
	}, query, args...)
	return list, err
}

// MessageCounts counts messages, and copies of newsletters, by state.
func (r Reader) MessageCounts() (map[postroom.MessageState]int, error) {
	counts, err := r.copyTallies("")
	if err != nil {
		return nil, err
	}
	err = r.each(func(rows *sql.Rows) error {
		var state postroom.MessageState
		var n int
		err := rows.Scan(&state, &n)
		counts[state] += n
		return err
	}, `SELECT state, count(*) FROM messages GROUP BY state`)
	return counts, err
}

// FormMail says when mail that one form caused went to an address since a
// moment: a time for each submission, the latest first. The submission named
// is left out: what it causes beside its first mail is no second one. The
// caller has locked the address with TouchAddress, so that two workers cannot
// both see room.
func (r Reader) FormMail(address, form, but string, since time.Time) (times []time.Time, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var us int64
		err := rows.Scan(&us)
		times = append(times, moment(us))
		return err
	}, `
		SELECT max(sending_at) AS latest FROM messages
		 WHERE address = $1 AND form = $2 AND form <> '' AND contact_id <> '' AND state IN ('sending', 'sent', 'uncertain') AND sending_at > $3
		   AND (submission_id <> $4 OR $4 = '')
		 GROUP BY CASE WHEN submission_id = '' THEN id ELSE submission_id END ORDER BY latest DESC`,
		address, form, micros(since), but)
	return times, err
}

// Answer is one message that answered a letter.
type Answer struct{ Address, Form, Template string }

// Answers are the messages that have answered letters since a moment.
type Answers struct {
	ToDomain []Answer // to the domain of one address
	InAll    int
}

// Answers returns what has answered letters since a moment, to the domain of an
// address and in all. The caller has locked the address with TouchAddress.
func (r Reader) Answers(address string, since time.Time) (Answers, error) {
	_, domain, _ := strings.Cut(address, "@")
	var a Answers
	err := r.each(func(rows *sql.Rows) error {
		var one Answer
		var state postroom.MessageState
		err := rows.Scan(&one.Address, &one.Form, &one.Template, &state)
		if state != postroom.Sending && state != postroom.Sent && state != postroom.Uncertain {
			return err
		}
		a.InAll++
		if strings.HasSuffix(one.Address, "@"+domain) {
			a.ToDomain = append(a.ToDomain, one)
		}
		return err
	}, `SELECT address, form, template, state FROM messages WHERE letter_id <> '' AND sending_at > $1 LIMIT 4000`, micros(since)) // asked for states, SQLite would read all that was ever sent
	return a, err
}

// MessageWithKey returns the message owed under a key, and whether there is one.
func (r Reader) MessageWithKey(key string) (postroom.Message, bool, error) {
	m, err := r.scanMessage(r.row(`SELECT `+messageColumns+` FROM messages WHERE key = $1`, key).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return m, false, nil
	}
	return m, err == nil, err
}

// BounceMessage notes that a message which was sent has come back, and says
// whether that was not known yet.
func (tx *Tx) BounceMessage(id, reason string, at time.Time) (bool, error) {
	n, err := tx.exec(`UPDATE messages SET state = 'failed', reason = $2, settled_at = $3 WHERE id = $1 AND state IN ('sent', 'uncertain')`, id, reason, micros(at))
	if err != nil || n > 0 {
		return n > 0, err
	}
	err = tx.moveCopy(id, `'sent', 'uncertain'`, postroom.Failed, reason, at)
	if postroom.KindOf(err) == postroom.Gone {
		return false, nil
	}
	return err == nil, err
}

func (r Reader) sealJSON(place string, v any) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", place, err)
	}
	return r.box.Seal(place, plain)
}

func (r Reader) openJSON(place string, sealed []byte, v any) error {
	if len(sealed) == 0 {
		return nil
	}
	plain, err := r.box.Open(place, sealed)
	if err != nil {
		return err
	}
	return json.Unmarshal(plain, v)
}

func (r Reader) sealBytes(place string, plain []byte) ([]byte, error) {
	if plain == nil {
		return nil, nil
	}
	return r.box.Seal(place, plain)
}

func (r Reader) openBytes(place string, sealed []byte) ([]byte, error) {
	if len(sealed) == 0 {
		return nil, nil
	}
	return r.box.Open(place, sealed)
}
