package store

import (
	"cmp"
	"database/sql"
	"encoding/base32"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"postroom/internal/postroom"
)

// The copies of a newsletter are many and alike, so they have a ledger of their
// own, are numbered, and are filed, looked at and moved many at a time. Each
// belongs to a part, which one job sends.

// CopyID is the id of a copy: that of its campaign, and its number. It stands in
// Message-ID and in the addresses to which a copy bounces, where room is short, and
// whoever reads it there finds the row by it.
func CopyID(campaign string, n int) string {
	id, err := uuid.Parse(campaign)
	if err != nil { // none of ours
		return campaign + "/" + strconv.Itoa(n)
	}
	return strings.ToLower(short().EncodeToString(id[:])) + copyNumber(n)
}

func copyNumber(n int) string { return strconv.Itoa(1e7 + n)[1:] }

func short() *base32.Encoding { return base32.HexEncoding.WithPadding(base32.NoPadding) }

// Lengths of the parts of CopyID.
const shortUUID, copyDigits = 26, 7

// copyPlace reads what CopyID wrote.
func copyPlace(id string) (campaign string, n int, ok bool) {
	if len(id) != shortUUID+copyDigits {
		return "", 0, false
	}
	bytes, err := short().DecodeString(strings.ToUpper(id[:shortUUID]))
	if err != nil {
		return "", 0, false
	}
	of, err := uuid.FromBytes(bytes)
	if err != nil {
		return "", 0, false
	}
	n, err = strconv.Atoi(id[shortUUID:])
	return of.String(), n, err == nil && n >= 0
}

// placeInTime is where a message with an id stands among all, the copies between
// them: ids begin with a moment, and those of copies with that of their campaign.
func placeInTime(id string) string {
	if campaign, n, ok := copyPlace(id); ok {
		return campaign + copyNumber(n)
	}
	return id
}

// sqlPlace is placeInTime of a copy.
const sqlPlace = `CASE WHEN copies.id <> '' THEN copies.id ELSE copies.campaign_id || substr(CAST(10000000 + copies.n AS TEXT), 2) END`

// blockOfCopies is how many rows one statement files.
const blockOfCopies = 125

// AddCopies files copies of one part of a newsletter, each once for its
// subscription, and says how many were added. They differ in who gets them, and
// carry no words and no bytes of their own. Their Chunk is the part; the caller
// has locked the campaign, because their numbers go on from the last.
func (tx *Tx) AddCopies(copies []postroom.Message) (added int, err error) {
	if len(copies) == 0 {
		return 0, nil
	}
	campaign, part := copies[0].Campaign, copies[0].Chunk
	last, err := tx.lastCopy(campaign)
	if err != nil {
		return 0, fmt.Errorf("number copies of campaign %s: %w", campaign, err)
	}
	first := last + 1
	for some := range slices.Chunk(copies, blockOfCopies) {
		n, err := tx.addCopies(some, last+1)
		if err != nil {
			return added, fmt.Errorf("add copies of campaign %s: %w", campaign, err)
		}
		added, last = added+int(n), last+len(some)
	}
	if added == 0 {
		return 0, nil
	}
	_, err = tx.exec(`INSERT INTO campaign_parts (campaign_id, part, first_n, last_n, copies) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (campaign_id, part) DO UPDATE SET last_n = excluded.last_n, copies = campaign_parts.copies + excluded.copies, waits = excluded.waits`,
		campaign, part, first, last, added)
	if err != nil {
		return added, fmt.Errorf("add part %d of campaign %s: %w", part, campaign, err)
	}
	return added, nil
}

func (r Reader) lastCopy(campaign string) (n int, err error) {
	err = r.row(`SELECT coalesce(max(n), 0) FROM copies WHERE campaign_id = $1`, campaign).Scan(&n)
	return n, err
}

// addCopies files a few copies with their numbers from n on.
func (tx *Tx) addCopies(copies []postroom.Message, n int) (int64, error) {
	var list places
	all := copies[0]
	shared := list.add(all.Campaign, all.Chunk, micros(all.CreatedAt))
	rows := make([]string, len(copies))
	for i, m := range copies {
		rows[i] = "(" + shared + ", " + list.add(n+i, cmp.Or(m.About, m.Key), m.To, m.Locale, m.Discreet) + ")"
	}
	return tx.exec(`
		INSERT INTO copies (campaign_id, part, created_at, n, subscription_id, address, locale, discreet)
		VALUES `+strings.Join(rows, ", ")+` ON CONFLICT (campaign_id, subscription_id) DO NOTHING`, list.args...)
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

// block is how many of n rows one statement takes: a power of two, so that
// there are few statements to keep prepared.
func block(n int) int {
	size := 64
	for size > n {
		size /= 2
	}
	return size
}

// Copy is one copy of a newsletter and what there is to know of its reader at
// the same moment, which its methods tell as those of Reader do.
type Copy struct {
	postroom.Message
	N          int
	Tries      int
	dead       bool
	reach      postroom.Reach
	suppressed string
	sub        postroom.Subscription
}

// WaitingCopies returns the copies of a part that wait and may leave by now, with
// what there is to know of their readers, in the order of their numbers from one
// on.
func (r Reader) WaitingCopies(p Part, from int, now time.Time, limit int) (copies []Copy, err error) {
	p.First = max(p.First, from)
	err = r.each(func(rows *sql.Rows) error {
		var c Copy
		err := c.scan(rows.Scan, &c.Tries, &c.dead, &c.reach, &c.suppressed, &c.sub.State, &c.sub.Address, &c.sub.Topics)
		c.sub.ID = c.About
		copies = append(copies, c)
		return err
	}, `SELECT `+copyColumns+`, copies.tries,
			EXISTS (SELECT 1 FROM addresses a WHERE a.address = copies.address AND a.state = 'dead'),
			coalesce(k.reach, ''),
			coalesce((SELECT p.reason FROM suppressions p WHERE p.address = copies.address AND p.lifted_at = 0
				ORDER BY CASE WHEN p.reason = '`+RestReason+`' THEN 1 ELSE 0 END, p.placed_at LIMIT 1), ''),
			coalesce(s.state, ''), coalesce(s.address, ''), coalesce(s.topics, '')
		  FROM copies LEFT JOIN campaigns ON campaigns.id = campaign_id
		       LEFT JOIN subscriptions s ON s.id = subscription_id LEFT JOIN contacts k ON k.id = s.contact_id
		 WHERE`+ofPart+`AND copies.state IN ('queued', 'deferred') AND due_at <= $5 ORDER BY n LIMIT $6`, p.args(micros(now), limit)...)
	if err != nil {
		return nil, fmt.Errorf("read copies that wait: %w", err)
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

// Topics are what the copy's reader chose to read about, with spaces between; "" is all.
func (c Copy) Topics() string { return c.sub.Topics }

// Subscription returns the state and the address of the subscription that the
// copy is sent for, or NotFound.
func (c Copy) Subscription(id string) (postroom.Subscription, error) {
	if c.sub.State == "" {
		return postroom.Subscription{}, absent(sql.ErrNoRows, "subscription", id)
	}
	return c.sub, nil
}

// copyColumns are what a copy has of a message. Whose it is follows from the
// subscription, which is moved when two contacts turn out to be one person.
const copyColumns = `copies.campaign_id, copies.n, copies.part, copies.subscription_id, coalesce(s.contact_id, ''), copies.address, copies.locale, copies.discreet,
	copies.state, copies.reason, copies.created_at, copies.settled_at, copies.id, copies.message_id, coalesce(campaigns.programme, ''), coalesce(s.look, '')`

const fromCopies = ` FROM copies LEFT JOIN campaigns ON campaigns.id = campaign_id LEFT JOIN subscriptions s ON s.id = subscription_id `

// newsletterTemplate is the letter that all copies are written with.
const newsletterTemplate = "newsletter"

func (c *Copy) scan(scan func(...any) error, more ...any) error {
	m := &c.Message
	var created, settled int64
	err := scan(append([]any{&m.Campaign, &c.N, &m.Chunk, &m.About, &m.Contact, &m.To, &m.Locale, &m.Discreet,
		&m.State, &m.Reason, &created, &settled, &m.ID, &m.MessageID, &m.Programme, &m.Look}, more...)...)
	m.ID = cmp.Or(m.ID, CopyID(m.Campaign, c.N))
	m.Key, m.Template, m.Class, m.Lane = "campaign:"+m.Campaign+":"+m.About, newsletterTemplate, postroom.Marketing, postroom.Bulk
	m.CreatedAt = moment(created)
	if m.State == postroom.Sent {
		m.SentAt = moment(settled)
	}
	return err
}

// copy returns a copy as a message, or sql.ErrNoRows.
func (r Reader) copyMessage(id string) (postroom.Message, error) {
	var c Copy
	campaign, n, ok := copyPlace(id)
	if ok {
		err := c.scan(r.row(`SELECT `+copyColumns+fromCopies+`WHERE copies.campaign_id = $1 AND copies.n = $2`, campaign, n).Scan)
		if !errors.Is(err, sql.ErrNoRows) {
			return c.Message, err
		}
	}
	err := c.scan(r.row(`SELECT `+copyColumns+fromCopies+`WHERE copies.id = $1 AND copies.id <> ''`, id).Scan)
	return c.Message, err
}

func (r Reader) copies(query string, args ...any) (list []postroom.Message, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var c Copy
		err := c.scan(rows.Scan)
		list = append(list, c.Message)
		return err
	}, query, args...)
	return list, err
}

// moveCopy moves one copy between states, as moveMessage moves a message. It
// returns Gone if the copy is in none of those states.
func (tx *Tx) moveCopy(id, from string, to postroom.MessageState, reason string, at time.Time) error {
	campaign, n, ok := copyPlace(id)
	which, args := `campaign_id = $1 AND n = $2`, []any{campaign, n}
	if !ok {
		which, args = `id = $1 AND id <> '' AND $2 = 0`, []any{id, 0}
	}
	var part int
	err := tx.row(`UPDATE copies SET state = $3, reason = $4, settled_at = $5, tries = 0, due_at = 0
		 WHERE `+which+` AND state IN (`+from+`) RETURNING campaign_id, part`, append(args, to, reason, micros(at))...).Scan(&campaign, &part)
	if err != nil {
		return movedOn(err, "move copy", id)
	}
	p, err := tx.Part(campaign, part)
	if err != nil {
		return err
	}
	return tx.recount(p)
}
