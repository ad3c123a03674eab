package mailbox

import (
	"context"

	"github.com/emersion/go-imap/v2"

	"postroom/internal/config"
	"postroom/internal/letter"
)

// Arrivals are the letters that come into an inbox from now on, by their
// headers. Nothing is marked or filed: they are looked at for a test, beside
// whoever reads the mailbox.
type Arrivals struct {
	conn  *conn
	inbox string // its name
	next  uint32
}

// Watch begins to look at what comes into a mailbox. Close it.
func Watch(ctx context.Context, box config.Mailbox, o Options) (*Arrivals, error) {
	c, err := connect(ctx, box, o.filled())
	if err != nil {
		return nil, err
	}
	a := &Arrivals{conn: c}
	if err := a.begin(ctx, box); err != nil {
		c.leave(ctx)
		return nil, err
	}
	return a, nil
}

// begin finds the inbox and how far it goes.
func (a *Arrivals) begin(ctx context.Context, box config.Mailbox) error {
	all, err := a.conn.list(ctx)
	if err != nil {
		return err
	}
	a.inbox = all.inbox(box.Inbox)
	data, err := a.conn.open(ctx, folder{name: a.inbox})
	if err == nil {
		a.next, err = a.conn.next(ctx, data)
	}
	return err
}

// Look returns the headers of what has come since the last look.
func (a *Arrivals) Look(ctx context.Context) (headers []letter.Header, err error) {
	if _, err := a.conn.open(ctx, folder{name: a.inbox}); err != nil {
		return nil, err // a server may tell of new letters only to who opens the folder again
	}
	uids, err := a.conn.search(ctx, &imap.SearchCriteria{UID: from(a.next)})
	if err != nil {
		return nil, err
	}
	for _, uid := range uids {
		if uid < a.next {
			continue // "n:*" is answered with the last letter, however old
		}
		found, err := a.conn.start(ctx, meta{uid: uid}, false)
		if err != nil {
			return headers, err
		}
		for _, f := range found {
			h, _ := letter.ReadHeader(f.raw)
			headers = append(headers, h)
		}
		a.next = uid + 1
	}
	return headers, nil
}

// Close says goodbye to the server.
func (a *Arrivals) Close(ctx context.Context) { a.conn.leave(ctx) }
