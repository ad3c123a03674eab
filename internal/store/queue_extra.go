package store

import "time"

// WorkLeft says whether any job is due by now, handed over or running. It is
// one statement, so that no job is missed on its way from one state to the
// next.
func (r Reader) WorkLeft(now time.Time) (left bool, err error) {
	err = r.row(`
		SELECT EXISTS (SELECT 1 FROM jobs WHERE state IN ('handed', 'running'))
		    OR EXISTS (SELECT 1 FROM jobs WHERE state = 'due' AND due_at <= $1)`, micros(now)).Scan(&left)
	return left, err
}
