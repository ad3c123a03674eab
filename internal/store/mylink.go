package store

import (
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"postroom/internal/postroom"
)

// LinkRequest is somebody who asked for the link to all that an address has with
// us.
type LinkRequest struct {
	ID      string
	Address string // "" once it was looked at
	Locale  string // of the page
	AskedAt time.Time
}

// The limits on asking for a link: what is asked twice within linkApart is asked
// once, and what was asked is forgotten after linkKept.
const (
	linkApart = 10 * time.Minute
	linkKept  = 2 * 24 * time.Hour
)

// AskForLink notes that somebody asked for the link of an address, and returns
// under which id. It does the same whether or not the address is known.
func (tx *Tx) AskForLink(r LinkRequest) (id string, err error) {
	slot := strconv.FormatInt(r.AskedAt.UnixMicro()/linkApart.Microseconds(), 10)
	id = tx.box.Blind("link_requests.id", []byte(slot+"|"+r.Address))
	sealed, err := tx.box.Seal(linkPlace+id, []byte(r.Address))
	if err != nil {
		return "", err
	}
	if _, err := tx.exec(`DELETE FROM link_requests WHERE asked_at < $1`, micros(r.AskedAt.Add(-linkKept))); err != nil {
		return "", fmt.Errorf("forget old requests for a link: %w", err)
	}
	_, err = tx.exec(`INSERT INTO link_requests (id, who, address_sealed, locale, asked_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING`,
		id, tx.linkWho(r.Address), sealed, r.Locale, micros(r.AskedAt))
	if err != nil {
		return "", fmt.Errorf("note request for a link: %w", err)
	}
	return id, nil
}

const linkPlace = "link_requests.address:"

// linkMail begins the key of the message with a link: what follows is the request.
const linkMail = "my-link:"

// MailKey is the key of the message that has the link. By it the mail is counted
// among what anybody can have sent to the address (RoomToAsk).
func (q LinkRequest) MailKey() string { return linkMail + q.ID }

func (r Reader) linkWho(address string) string {
	return r.box.Blind("link_requests.who", []byte(address))
}

// LinkRequest returns a request, or NotFound. Its address is "" once it was looked
// at.
func (r Reader) LinkRequest(id string) (q LinkRequest, err error) {
	q.ID = id
	var sealed []byte
	var at int64
	err = r.row(`SELECT address_sealed, locale, asked_at FROM link_requests WHERE id = $1`, id).Scan(&sealed, &q.Locale, &at)
	q.AskedAt = moment(at)
	if err != nil || len(sealed) == 0 {
		return q, absent(err, "request for a link", id)
	}
	plain, err := r.box.Open(linkPlace+id, sealed)
	q.Address = string(plain)
	return q, err
}

// LookedAt takes the address from a request, and notes whether a mail was owed.
func (tx *Tx) LookedAt(id string, mailed bool) error {
	_, err := tx.exec(`UPDATE link_requests SET address_sealed = NULL, mailed = $2 WHERE id = $1`, id, mailed)
	return err
}

// mostAtAddress is how much one page shows of an address. A group's info@ may have
// sent a great deal; what is shown is the newest.
const mostAtAddress = 50

// SubmissionsAt lists what came in from an address, or is answered there, since a
// moment, the newest first, at most mostAtAddress. What gave cause to fear for
// somebody is not among it: whoever they fear may read their mail.
func (r Reader) SubmissionsAt(address string, since time.Time) (list []postroom.Submission, err error) {
	err = r.each(func(rows *sql.Rows) error {
		s, err := r.scanSubmission(rows.Scan)
		list = append(list, s)
		return err
	}, `SELECT `+submissionColumns+` FROM submissions
		 WHERE address = $1 AND received_at >= $2 AND state <> 'held'
		   AND NOT EXISTS (SELECT 1 FROM alarms WHERE kind = 'submission' AND subject = submissions.id)
		   AND contact_id IN (SELECT contact_id FROM contact_addresses WHERE address = $1)
		 ORDER BY received_at DESC, id DESC LIMIT $3`, address, micros(since), mostAtAddress)
	return list, err
}

// ListsAt lists every subscription of an address that has not ended.
func (r Reader) ListsAt(address string) ([]postroom.Subscription, error) {
	return r.subscriptions(`SELECT `+subscriptionColumns+` FROM subscriptions WHERE address = $1 AND state <> 'unsubscribed' ORDER BY list, id`, address)
}

// KnownAs returns the language in which an address was last spoken with, and
// whether anything of it is on file.
func (r Reader) KnownAs(address string) (locale string, known bool, err error) {
	err = r.row(`SELECT contacts.locale FROM contact_addresses JOIN contacts ON contacts.id = contact_id
		 WHERE address = $1 ORDER BY added_at DESC, contacts.id DESC LIMIT 1`, address).Scan(&locale)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return locale, err == nil, err
}
