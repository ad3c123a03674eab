package arrivals

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"postroom/internal/letter"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// Take puts a letter on file that did not come by IMAP, such as a file that
// somebody has kept, with the job that reads it. A letter that is on file
// already is not filed again.
func Take(tx *store.Tx, mailbox string, folder postroom.Folder, raw []byte, at time.Time) (id string, added bool, err error) {
	batch := store.NewBatch()
	messageID, refs := letter.IDs(raw)
	sum := sha256.Sum256(raw)
	id, added, err = tx.AddLetter(postroom.Letter{
		Hash: hex.EncodeToString(sum[:]), MessageID: messageID, Mailbox: mailbox, Folder: folder, Batch: batch, ReceivedAt: at,
	}, refs, raw)
	if err != nil || !added {
		return id, added, err
	}
	if _, err = tx.AddJob(postroom.JobInboundRead, batch, postroom.Inbound, at, at); err != nil {
		return id, added, fmt.Errorf("add job for letter %s: %w", id, err)
	}
	return id, true, nil
}

// Again has a letter read once more, with all that follows from it.
func Again(tx *store.Tx, l postroom.Letter, at time.Time) error {
	batch := store.NewBatch()
	if err := tx.MoveToBatch(l.ID, batch); err != nil {
		return fmt.Errorf("move letter %s to a batch of its own: %w", l.ID, err)
	}
	_, err := tx.AddJob(postroom.JobInboundRead, batch, postroom.Inbound, at, at)
	return err
}
