package store

import (
	"time"
)

// PlaceLetter ends the triage of a letter because a person has said which
// submission it is, and says whether it did.
func (tx *Tx) PlaceLetter(id, submission, reason string, at time.Time) (bool, error) {
	n, err := tx.exec(`UPDATE letters SET state = 'done', reason = $3, submission_id = $2, settled_at = $4 WHERE id = $1 AND state = 'triage'`,
		id, submission, reason, micros(at))
	return n > 0, err
}
