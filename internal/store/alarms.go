package store

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"postroom/internal/postroom"
)

const alarmColumns = `id, kind, subject, programme, raised_by, raised_at, stage, next_at, opened_at, opened_by, closed_at, closed_by, reason_sealed, keep_until, risen`

func (r Reader) scanAlarm(scan func(...any) error) (postroom.Alarm, error) {
	var a postroom.Alarm
	var raised, next, opened, closed, keep int64
	var reason []byte
	err := scan(&a.ID, &a.Matter, &a.Subject, &a.Programme, &a.RaisedBy, &raised, &a.Stage, &next, &opened, &a.OpenedBy, &closed, &a.ClosedBy, &reason, &keep, &a.Risen)
	a.Risen = max(a.Risen, a.Stage)
	a.RaisedAt, a.NextAt, a.OpenedAt, a.ClosedAt, a.KeepUntil = moment(raised), moment(next), moment(opened), moment(closed), moment(keep)
	if err != nil || len(reason) == 0 {
		return a, err
	}
	reason, err = r.openBytes(alarmReason(a.ID), reason)
	a.Reason = string(reason)
	return a, err
}

// alarmReason is where the reason of an alarm is sealed for.
func alarmReason(id string) string { return "alarms.reason:" + id }

// RaiseAlarm puts an alarm on file, once for what it is about, and says whether
// it rings anew: one that is open stays as it is, one that was closed is opened
// once more with all that was said of it before. Each time it rings RaisedAt is
// another moment, whatever the clock says.
func (tx *Tx) RaiseAlarm(a postroom.Alarm) (postroom.Alarm, bool, error) {
	var id string
	err := tx.row(`
		INSERT INTO alarms (id, kind, subject, programme, raised_by, raised_at, stage, next_at, risen) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $7)
		ON CONFLICT (kind, subject) DO UPDATE SET programme = excluded.programme, raised_by = excluded.raised_by,
			raised_at = CASE WHEN excluded.raised_at > alarms.raised_at THEN excluded.raised_at ELSE alarms.raised_at + 1 END,
			stage = excluded.stage, risen = excluded.risen, next_at = excluded.next_at, opened_at = 0, opened_by = '', closed_at = 0, closed_by = ''
		 WHERE alarms.closed_at > 0
		RETURNING id`,
		newID(), a.Matter, a.Subject, a.Programme, a.RaisedBy, micros(a.RaisedAt), a.Stage, micros(a.NextAt)).Scan(&id)
	rings := err == nil
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return a, false, fmt.Errorf("raise alarm about %s %s: %w", a.Matter, a.Subject, err)
	}
	a, _, err = tx.AlarmOf(a.Matter, a.Subject)
	return a, rings, err
}

// RingAgain has an alarm that somebody has opened, and nobody closed, ring as if
// it were new, and says whether it was one: there is more to look at. Whoever was
// called before may still look. Like
// RaiseAlarm it gives RaisedAt another moment, whatever the clock says.
func (tx *Tx) RingAgain(a postroom.Alarm) (postroom.Alarm, bool, error) {
	n, err := tx.exec(`
		UPDATE alarms SET raised_at = CASE WHEN $3 > raised_at THEN $3 ELSE raised_at + 1 END,
			risen = CASE WHEN stage > risen THEN stage ELSE risen END, stage = $4, next_at = $5, opened_at = 0, opened_by = ''
		 WHERE kind = $1 AND subject = $2 AND opened_at > 0 AND closed_at = 0`,
		a.Matter, a.Subject, micros(a.RaisedAt), a.Stage, micros(a.NextAt))
	if err != nil {
		return a, false, fmt.Errorf("ring again about %s %s: %w", a.Matter, a.Subject, err)
	}
	if n == 0 {
		return a, false, nil
	}
	a, _, err = tx.AlarmOf(a.Matter, a.Subject)
	return a, true, err
}

// EscalateAlarm notes that the next were told of an alarm, and when it is the
// turn of those after them (the zero time is never). It says false if the alarm
// is no longer as it was read: somebody has looked, or another process was first.
func (tx *Tx) EscalateAlarm(was postroom.Alarm, stage int, next time.Time) (bool, error) {
	n, err := tx.exec(`UPDATE alarms SET stage = $2, next_at = $3, risen = CASE WHEN risen > $2 THEN risen ELSE $2 END
		 WHERE id = $1 AND stage = $4 AND next_at = $5 AND raised_at = $6 AND opened_at = 0 AND closed_at = 0`,
		was.ID, stage, micros(next), was.Stage, micros(was.NextAt), micros(was.RaisedAt))
	if err != nil {
		return false, fmt.Errorf("escalate alarm %s: %w", was.ID, err)
	}
	return n > 0, nil
}

// PostponeAlarm puts off an alarm that could not be told of.
func (tx *Tx) PostponeAlarm(was postroom.Alarm, until time.Time) (bool, error) {
	return tx.EscalateAlarm(was, was.Stage, until)
}

// OpenAlarm notes who was the first to look, and says whether that is they: an
// alarm that was opened or closed stays as it is.
func (tx *Tx) OpenAlarm(matter postroom.Matter, subject, by string, at time.Time) (bool, error) {
	n, err := tx.exec(`UPDATE alarms SET opened_at = $3, opened_by = $4 WHERE kind = $1 AND subject = $2 AND opened_at = 0 AND closed_at = 0`,
		matter, subject, micros(at), by)
	if err != nil {
		return false, fmt.Errorf("open alarm about %s %s: %w", matter, subject, err)
	}
	return n > 0, nil
}

// CloseAlarm ends an alarm that was read as it is, and notes who did so, all of
// the reason, and until when what it is about is kept. It says false if it is
// closed already.
func (tx *Tx) CloseAlarm(a postroom.Alarm, by, reason string, at, keep time.Time) (bool, error) {
	sealed, err := tx.sealBytes(alarmReason(a.ID), []byte(reason))
	if err != nil {
		return false, fmt.Errorf("seal reason of alarm %s: %w", a.ID, err)
	}
	n, err := tx.exec(`UPDATE alarms SET closed_at = $2, closed_by = $3, reason_sealed = $4, keep_until = CASE WHEN keep_until > $5 THEN keep_until ELSE $5 END
		 WHERE id = $1 AND closed_at = 0`, a.ID, micros(at), by, sealed, micros(keep))
	if err != nil {
		return false, fmt.Errorf("close alarm %s: %w", a.ID, err)
	}
	return n > 0, nil
}

// AlarmOf returns the alarm about something, open or closed, and whether there
// ever was one.
func (r Reader) AlarmOf(matter postroom.Matter, subject string) (postroom.Alarm, bool, error) {
	a, err := r.scanAlarm(r.row(`SELECT `+alarmColumns+` FROM alarms WHERE kind = $1 AND subject = $2`, matter, subject).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return postroom.Alarm{}, false, nil
	}
	if err != nil {
		return a, false, fmt.Errorf("find alarm about %s %s: %w", matter, subject, err)
	}
	return a, true, nil
}

func (r Reader) alarms(query string, args ...any) (list []postroom.Alarm, err error) {
	err = r.each(func(rows *sql.Rows) error {
		a, err := r.scanAlarm(rows.Scan)
		list = append(list, a)
		return err
	}, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list alarms: %w", err)
	}
	return list, nil
}

// OpenAlarms lists the alarms that nobody has closed, the oldest first, at most
// limit.
func (r Reader) OpenAlarms(limit int) ([]postroom.Alarm, error) {
	return r.alarms(`SELECT `+alarmColumns+` FROM alarms WHERE closed_at = 0 ORDER BY raised_at, id LIMIT $1`, limit)
}

// DueAlarms lists the alarms that nobody has opened for so long that the next
// have to be told, who has waited longest first, at most limit.
func (r Reader) DueAlarms(now time.Time, limit int) ([]postroom.Alarm, error) {
	return r.alarms(`SELECT `+alarmColumns+` FROM alarms WHERE opened_at = 0 AND closed_at = 0 AND next_at > 0 AND next_at <= $1
		 ORDER BY next_at, id LIMIT $2`, micros(now), limit)
}

// NextAlarm returns when the next have to be told of an alarm, unless somebody
// looks first; the zero time is never.
func (r Reader) NextAlarm() (time.Time, error) {
	var us sql.NullInt64
	err := r.row(`SELECT min(next_at) FROM alarms WHERE opened_at = 0 AND closed_at = 0 AND next_at > 0`).Scan(&us)
	return moment(us.Int64), err
}

// KeptApart says whether something must not be removed when the time of its
// kind is over, nor without a word when somebody asks: somebody may have been in
// danger, and the alarm is open or its own time has not passed. A letter is kept
// with the submission that it belongs to, and a submission with its letters.
func (r Reader) KeptApart(matter postroom.Matter, subject string, now time.Time) (kept bool, err error) {
	other, also := postroom.AboutSubmission, `SELECT submission_id FROM letters WHERE id = $2`
	if matter == postroom.AboutSubmission {
		other, also = postroom.AboutLetter, `SELECT id FROM letters WHERE submission_id = $2`
	}
	err = r.row(`SELECT EXISTS (SELECT 1 FROM alarms WHERE kind = $1 AND subject = $2 AND (closed_at = 0 OR keep_until > $3))
		OR EXISTS (SELECT 1 FROM alarms WHERE kind = $4 AND subject IN (`+also+`) AND (closed_at = 0 OR keep_until > $3))`,
		matter, subject, micros(now), other).Scan(&kept)
	if err != nil {
		return false, fmt.Errorf("look whether %s %s is kept apart: %w", matter, subject, err)
	}
	return kept, nil
}
