package mailbox

import (
	"bytes"
	"context"
	"fmt"

	"github.com/emersion/go-imap/v2"

	"postroom/internal/config"
)

// Draft puts a mail into the mailbox's folder of drafts, where staff find it,
// unless one with its Message-ID (without angle brackets) is there already. It
// returns NotFound if there is no such mailbox.
func (m *Mailboxes) Draft(ctx context.Context, mailbox string, raw []byte, messageID string) error {
	box, err := m.find(mailbox)
	if err != nil {
		return err
	}
	c, err := connect(ctx, box, m.options)
	if err == nil {
		defer c.leave(ctx)
		err = c.draft(ctx, raw, messageID)
	}
	if err != nil {
		return fmt.Errorf("leave a draft in mailbox %s: %w", mailbox, err)
	}
	return nil
}

func (c *conn) draft(ctx context.Context, raw []byte, messageID string) error {
	all, err := c.list(ctx)
	if err != nil {
		return err
	}
	drafts := all.drafts()
	if drafts == "" {
		if drafts, err = c.make(ctx, "Drafts"); err != nil {
			return err
		}
	}
	if _, err := c.open(ctx, folder{name: drafts}); err != nil {
		return err
	}
	there, err := c.search(ctx, &imap.SearchCriteria{
		Header:  []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: "<" + messageID + ">"}},
		NotFlag: []imap.Flag{imap.FlagDeleted},
	})
	if err != nil || len(there) > 0 {
		return err
	}
	return c.append(ctx, drafts, crlf(raw), imap.FlagDraft)
}

func (c *conn) append(ctx context.Context, to string, raw []byte, flags ...imap.Flag) error {
	err := c.act(ctx, "imap: append", int64(len(raw)), func() error {
		command := c.Append(to, int64(len(raw)), &imap.AppendOptions{Flags: flags})
		_, writeErr := command.Write(raw)
		closeErr := command.Close()
		if _, err := command.Wait(); err != nil {
			return err // the server's reason tells more than a pipe that broke
		}
		if writeErr != nil {
			return writeErr
		}
		return closeErr
	})
	if err != nil {
		return fmt.Errorf("append: %w", err)
	}
	return nil
}

// crlf ends every line as mail demands (RFC 5322, section 2.3).
func crlf(raw []byte) []byte {
	raw = bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(raw, []byte("\n"), []byte("\r\n"))
}

// Found is what a mailbox was found to have.
type Found struct {
	Letters uint32 // in the inbox
	Sent    string // name of the folder of sent letters, or ""
	Drafts  string // name of the folder of drafts, or ""
}

// Try logs in to a mailbox as Run would, and looks for its folders. It changes
// nothing there.
func Try(ctx context.Context, box config.Mailbox, o Options) (Found, error) {
	c, err := connect(ctx, box, o.filled())
	if err != nil {
		return Found{}, err
	}
	defer c.leave(ctx)
	all, err := c.list(ctx)
	if err != nil {
		return Found{}, err
	}
	inbox, err := c.open(ctx, folder{name: all.inbox(box.Inbox)})
	if err != nil {
		return Found{}, err
	}
	found := Found{Letters: inbox.NumMessages, Sent: all.sent(box.Sent), Drafts: all.drafts()}
	if box.Sent != "" && found.Sent == "" {
		return found, fmt.Errorf("there is no folder %s, which sent: names", box.Sent)
	}
	return found, nil
}
