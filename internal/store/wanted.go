package store

import (
	"database/sql"
	"fmt"
	"time"

	"postroom/internal/postroom"
)

// A letter of which only a part is on file (it was too large, or the server
// would not hand it out) may be wanted whole by a person. The wish stands at the
// places it lay in, where the mailbox room finds it.

// Want has the mailbox room fetch a letter once more from each place it lay in,
// because only a part of it is on file, and says whether there is such a place.
func (tx *Tx) Want(letter string) (bool, error) {
	n, err := tx.exec(`UPDATE deliveries SET wanted = TRUE WHERE letter_id = $1`, letter)
	return n > 0, err
}

// Wanted lists the UIDs of a folder that are to be fetched once more, with the
// letter that is on file for each, at most limit.
func (r Reader) Wanted(mailbox string, folder postroom.Folder, uidvalidity uint32, limit int) (letters map[uint32]string, err error) {
	letters = make(map[uint32]string)
	err = r.each(func(rows *sql.Rows) error {
		var uid int64
		var letter string
		err := rows.Scan(&uid, &letter)
		letters[uint32(uid)] = letter
		return err
	}, `SELECT uid, letter_id FROM deliveries WHERE wanted AND mailbox = $1 AND folder = $2 AND uidvalidity = $3 ORDER BY uid LIMIT $4`,
		mailbox, folder, int64(uidvalidity), limit)
	return letters, err
}

// Unwant ends the wish for a letter at a place, whatever came of it.
func (tx *Tx) Unwant(mailbox string, folder postroom.Folder, uidvalidity, uid uint32) error {
	_, err := tx.exec(`UPDATE deliveries SET wanted = FALSE WHERE mailbox = $1 AND folder = $2 AND uidvalidity = $3 AND uid = $4`,
		mailbox, folder, int64(uidvalidity), int64(uid))
	return err
}

// FileWhole files the whole of a letter at a place where a part of it was taken
// from, and ends the part if it still waits for a person. It says whether the
// letter is new: it is not if it was erased, or is nothing but the part again.
func (tx *Tx) FileWhole(from Cursor, f Filing, part string, at time.Time) (fresh bool, err error) {
	ids, added, err := tx.addLetters([]Filing{f})
	if err != nil || len(added) == 0 {
		return false, err
	}
	if _, err := tx.exec(`UPDATE deliveries SET letter_id = $5 WHERE mailbox = $1 AND folder = $2 AND uidvalidity = $3 AND uid = $4`,
		from.Mailbox, from.Folder, int64(from.UIDValidity), int64(f.UID), ids[0]); err != nil {
		return false, fmt.Errorf("file the whole of letter %s: %w", part, err)
	}
	_, err = tx.exec(`UPDATE letters SET state = 'done', reason = $2, settled_at = $3 WHERE id = $1 AND state IN ('triage', 'ignored', 'received')`,
		part, FetchedWhole, micros(at))
	return true, err
}

// FetchedWhole is the reason of a part of a letter of which the whole is on file
// now.
const FetchedWhole = "fetched_whole"
