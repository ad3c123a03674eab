package store

import (
	"database/sql"
	"fmt"
	"time"
)

// Hold is one brake that was put on a submission.
type Hold struct {
	Reason     string
	PlacedAt   time.Time
	ReleasedAt time.Time // zero while it is on
	ReleasedBy string
}

// Holds lists the brakes that were ever put on a submission, the oldest first.
func (r Reader) Holds(submission string) (list []Hold, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var h Hold
		var placed, released int64
		err := rows.Scan(&h.Reason, &placed, &released, &h.ReleasedBy)
		h.PlacedAt = moment(placed)
		if released != 0 {
			h.ReleasedAt = moment(released)
		}
		list = append(list, h)
		return err
	}, `SELECT reason, placed_at, released_at, released_by FROM holds WHERE submission_id = $1 ORDER BY placed_at, id`, submission)
	if err != nil {
		return nil, fmt.Errorf("list holds on submission %s: %w", submission, err)
	}
	return list, nil
}
