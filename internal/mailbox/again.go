package mailbox

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

const (
	// mostWanted is how many letters are fetched once more in one round.
	mostWanted = 20
	// mostWhole is how large a letter may be that a person wants to have whole:
	// as large as mail providers let through.
	mostWhole = 50 << 20
)

// again fetches letters once more of which only a part is on file, because a
// person asked for them. Each wish is tried once and ends beforehand: a letter
// that breaks the connection must not do so for ever.
func (k *keeper) again(ctx context.Context, f folder, cursor store.Cursor) error {
	wanted, err := k.Store.Read(ctx).Wanted(cursor.Mailbox, cursor.Folder, cursor.UIDValidity, mostWanted)
	if err != nil || len(wanted) == 0 {
		return err
	}
	for _, uid := range slices.Sorted(maps.Keys(wanted)) {
		if err := k.write(ctx, func(tx *store.Tx, _ time.Time) error {
			return tx.Unwant(cursor.Mailbox, cursor.Folder, cursor.UIDValidity, uid)
		}); err != nil {
			return fmt.Errorf("end the wish for a letter: %w", err)
		}
		err := k.fetchAgain(ctx, cursor, uid, wanted[uid])
		if withheld(err) {
			k.Log.WarnContext(ctx, "a letter could not be fetched again", "letter", wanted[uid], "err", err)
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// fetchAgain fetches one letter whole and puts it on file instead of the part
// that was there.
func (k *keeper) fetchAgain(ctx context.Context, cursor store.Cursor, uid uint32, part string) error {
	metas, err := k.conn.metas(ctx, []uint32{uid})
	if err != nil {
		return err
	}
	if len(metas) == 0 {
		return fmt.Errorf("%w: %d is not there any more", errWithheld, uid)
	}
	if metas[0].size > mostWhole {
		return fmt.Errorf("%w: %d has %d bytes", errWithheld, uid, metas[0].size)
	}
	letters, err := k.conn.whole(ctx, metas, mostWhole)
	if err != nil {
		return err
	}
	if len(letters) == 0 {
		return fmt.Errorf("%w: %d", errWithheld, uid)
	}
	return k.fileAgain(ctx, cursor, letters[0], part)
}

func (k *keeper) fileAgain(ctx context.Context, cursor store.Cursor, whole fetched, part string) error {
	batch := store.NewBatch()
	filing := k.filing(cursor, whole, batch)
	err := k.write(ctx, func(tx *store.Tx, now time.Time) error {
		fresh, err := tx.FileWhole(cursor, arrived([]store.Filing{filing}, now)[0], part, now)
		if err != nil || !fresh {
			return err
		}
		_, err = tx.AddJob(postroom.JobInboundRead, batch, postroom.Inbound, now, now)
		return err
	})
	if err != nil {
		return fmt.Errorf("file letter again: %w", err)
	}
	return nil
}
