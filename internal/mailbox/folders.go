package mailbox

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"

	"postroom/internal/postroom"
)

// folder is one folder that is read.
type folder struct {
	postroom.Folder
	name  string // as the server calls it
	write bool   // letters there are flagged or moved
}

// folders are all folders of a mailbox.
type folders []*imap.ListData

// list asks for the folders, with what each is for (RFC 6154) where the server
// wants to be asked for that; others say so unasked.
func (c *conn) list(ctx context.Context) (all folders, err error) {
	err = c.do(ctx, 0, func() (err error) {
		var options *imap.ListOptions
		if caps := c.Caps(); caps.Has(imap.CapSpecialUse) && caps.Has(imap.CapListExtended) {
			options = &imap.ListOptions{ReturnSpecialUse: true}
		}
		all, err = c.List("", "*", options).Collect()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list folders: %w", err)
	}
	return all, nil
}

// named returns the folder of this name, for a person may have written it in
// small letters, or "".
func (all folders) named(name string) string {
	for _, f := range all {
		if f.Mailbox == name {
			return name
		}
	}
	for _, f := range all {
		if strings.EqualFold(f.Mailbox, name) {
			return f.Mailbox
		}
	}
	return ""
}

// role returns the folder that the server says is for something, else the
// first whose last name is one of the usual ones, or "".
func (all folders) role(attr imap.MailboxAttr, usual ...string) string {
	for _, f := range all {
		if slices.ContainsFunc(f.Attrs, func(a imap.MailboxAttr) bool { return strings.EqualFold(string(a), string(attr)) }) {
			return f.Mailbox
		}
	}
	for _, want := range usual {
		for _, f := range all {
			if strings.EqualFold(last(f), want) && !slices.Contains(f.Attrs, imap.MailboxAttrNoSelect) {
				return f.Mailbox
			}
		}
	}
	return ""
}

// usualInbox is the one name that every server knows (RFC 9051, section 5.1).
const usualInbox = "INBOX"

// inbox finds where letters come to. One that is not there is asked for all the
// same, so that the server says so.
func (all folders) inbox(name string) string {
	if name == "" {
		return usualInbox
	}
	return cmp.Or(all.named(name), name)
}

// sent finds what staff sent. A name in the settings counts alone.
func (all folders) sent(name string) string {
	if name != "" {
		return all.named(name)
	}
	return all.role(imap.MailboxAttrSent, "Sent", "Sent Items", "Sent Mail", "Sent Messages")
}

func (all folders) drafts() string { return all.role(imap.MailboxAttrDrafts, "Drafts", "Draft") }

// delimiter returns what stands between the names of a path.
func (all folders) delimiter() string {
	for _, f := range all {
		if f.Delim != 0 {
			return string(f.Delim)
		}
	}
	return "/"
}

// open makes a folder the one that commands are about. It is only looked at
// (EXAMINE) unless something will be changed there: SELECT alone takes the
// mark "recent" from letters.
func (c *conn) open(ctx context.Context, f folder) (*imap.SelectData, error) {
	select {
	case <-c.changed: // what changed before is seen now
	default:
	}
	var data *imap.SelectData
	err := c.do(ctx, 0, func() (err error) {
		data, err = c.Select(f.name, &imap.SelectOptions{ReadOnly: !f.write}).Wait()
		return err
	})
	if answered(err) {
		return nil, fmt.Errorf("%w: %w", errNoFolder, err)
	}
	return data, err
}

// make makes a folder if it is not there, and returns what it is called: some
// servers keep every folder below the inbox.
func (c *conn) make(ctx context.Context, name string) (string, error) {
	all, err := c.list(ctx)
	if err != nil {
		return "", err
	}
	below := "INBOX" + all.delimiter() + name
	for _, path := range []string{name, below} {
		if found := all.named(path); found != "" {
			return found, nil
		}
	}
	for _, path := range []string{name, below} {
		err = c.act(ctx, "imap: create", 0, func() error { return c.Create(path, nil).Wait() })
		if err == nil || !answered(err) {
			return path, err
		}
	}
	return "", fmt.Errorf("make folder %s: %w", name, err)
}

// last returns the last name of a folder's path.
func last(f *imap.ListData) string {
	if f.Delim == 0 {
		return f.Mailbox
	}
	return f.Mailbox[strings.LastIndex(f.Mailbox, string(f.Delim))+1:]
}
