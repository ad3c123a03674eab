package mailbox

import (
	"cmp"
	"context"
	"fmt"

	"github.com/emersion/go-imap/v2"

	"postroom/internal/config"
	"postroom/internal/store"
)

const (
	// seen marks what is on file with us. What a person has read (\Seen) is
	// for people alone.
	seen = imap.Flag("$PostroomSeen")
	// usualDone is the folder that letters on file are moved to unless the settings
	// name another.
	usualDone = "Postroom"
)

// after does in the mailbox what the settings ask for with letters that are on
// file. A server that refuses has been asked, and they are safe.
func (k *keeper) after(ctx context.Context, f folder, uids []uint32) error {
	if !f.write || len(uids) == 0 {
		return nil
	}
	act := k.conn.mark
	if k.box.After == config.Move {
		act = func(ctx context.Context, uids []uint32) error {
			return k.conn.moveAway(ctx, uids, cmp.Or(k.box.Done, usualDone))
		}
	}
	err := act(ctx, uids)
	if answered(err) {
		k.Log.WarnContext(ctx, "letters on file could not be flagged or moved", "err", err)
		return nil
	}
	return err
}

// mark flags letters and leaves them where they are.
func (c *conn) mark(ctx context.Context, uids []uint32) error {
	return c.flag(ctx, uids, seen)
}

func (c *conn) flag(ctx context.Context, uids []uint32, flag imap.Flag) error {
	err := c.act(ctx, "imap: flag", 0, func() error {
		return c.Store(setOf(uids), &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{flag}}, nil).Close()
	})
	if err != nil {
		return fmt.Errorf("flag letters: %w", err)
	}
	return nil
}

// moveAway moves letters to the folder of what is done: in one command where
// the server has MOVE (RFC 6851), so that whoever dies there leaves each letter
// in one place. The server is asked beforehand, because the library's Move,
// where there is no MOVE, deletes without waiting to hear whether the copy was
// made.
func (c *conn) moveAway(ctx context.Context, uids []uint32, done string) error {
	to, err := c.make(ctx, done)
	if err != nil {
		return err
	}
	if !c.Caps().Has(imap.CapMove) {
		return c.copyAway(ctx, uids, to)
	}
	err = c.act(ctx, "imap: move", 0, func() error {
		_, err := c.Move(setOf(uids), to).Wait()
		return err
	})
	if err != nil {
		return fmt.Errorf("move letters: %w", err)
	}
	return nil
}

// copyAway copies letters and, only when that went well, deletes them here.
// Without UIDPLUS (RFC 4315) they stay behind flagged as deleted: a plain
// EXPUNGE would take away what others have flagged. Whoever dies in between
// leaves a second copy there, or a letter flagged as deleted here.
func (c *conn) copyAway(ctx context.Context, uids []uint32, to string) error {
	err := c.act(ctx, "imap: copy", 0, func() error {
		_, err := c.Copy(setOf(uids), to).Wait()
		return err
	})
	if err != nil {
		return fmt.Errorf("copy letters: %w", err)
	}
	if err := c.flag(ctx, uids, imap.FlagDeleted); err != nil || !c.Caps().Has(imap.CapUIDPlus) {
		return err
	}
	err = c.act(ctx, "imap: expunge", 0, func() error { return c.UIDExpunge(setOf(uids)).Close() })
	if err != nil {
		return fmt.Errorf("expunge letters: %w", err)
	}
	return nil
}

// tidy does what an earlier connection had left to do when it broke between
// filing letters and flagging or moving them.
func (k *keeper) tidy(ctx context.Context, f folder, cursor store.Cursor) error {
	first := uint32(1)
	if cursor.OldImported && k.box.Import == 0 {
		first = max(cursor.OldBelow, 1) // what lies below is none of ours
	}
	if first > cursor.LastUID {
		return nil
	}
	left := &imap.SearchCriteria{UID: between(first, cursor.LastUID), NotFlag: []imap.Flag{imap.FlagDeleted, seen}}
	uids, err := k.conn.search(ctx, left)
	if err != nil || len(uids) == 0 {
		return err
	}
	ours, err := k.Store.Read(ctx).DeliveredUIDs(cursor.Mailbox, cursor.Folder, cursor.UIDValidity, uids[0], uids[len(uids)-1])
	if err != nil {
		return fmt.Errorf("list letters on file: %w", err)
	}
	return k.after(ctx, f, both(uids, ours))
}

// both returns what stands in two lists that are in order.
func both(a, b []uint32) (list []uint32) {
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			a = a[1:]
		case a[0] > b[0]:
			b = b[1:]
		default:
			list = append(list, a[0])
			a, b = a[1:], b[1:]
		}
	}
	return list
}
