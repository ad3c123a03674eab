package store

import (
	"database/sql"
	"fmt"
	"time"

	"postroom/internal/postroom"
)

// AlarmCall is that a colleague is to be called about an alarm, together with
// others.
type AlarmCall struct {
	Key     string // of the mail, had it been sent alone
	Alarm   postroom.Alarm
	Address string
	Locale  string
	DueAt   time.Time
}

// CalledAt returns when a colleague was last called about anybody who may be in
// danger; the zero time is never.
func (r Reader) CalledAt(address string) (time.Time, error) {
	var us sql.NullInt64
	err := r.row(`SELECT max(created_at) FROM messages WHERE address = $1 AND template IN ('safeguarding-alert', 'safeguarding-alerts')`, address).Scan(&us)
	if err != nil {
		return time.Time{}, fmt.Errorf("look when a colleague was called: %w", err)
	}
	return moment(us.Int64), nil
}

// Called says whether a colleague was called under a key, alone or with others, or
// will be in a moment.
func (r Reader) Called(key string) (yes bool, err error) {
	err = r.row(`SELECT EXISTS (SELECT 1 FROM messages WHERE key = $1) OR EXISTS (SELECT 1 FROM alarm_calls WHERE key = $1)`, key).Scan(&yes)
	if err != nil {
		return false, fmt.Errorf("look whether somebody was called: %w", err)
	}
	return yes, nil
}

// GatherCall has a colleague called about an alarm together with others, and
// returns when: the moment at which they hear of what was gathered before, or else
// that of the call. The same call is gathered once.
func (tx *Tx) GatherCall(c AlarmCall) (time.Time, error) {
	var us sql.NullInt64
	if err := tx.row(`SELECT min(due_at) FROM alarm_calls WHERE address = $1 AND told_at = 0`, c.Address).Scan(&us); err != nil {
		return time.Time{}, fmt.Errorf("look what is gathered for a colleague: %w", err)
	}
	if us.Valid {
		c.DueAt = moment(us.Int64)
	}
	_, err := tx.exec(`INSERT INTO alarm_calls (key, alarm_id, address, locale, due_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (key) DO NOTHING`,
		c.Key, c.Alarm.ID, c.Address, c.Locale, micros(c.DueAt))
	if err != nil {
		return time.Time{}, fmt.Errorf("gather a call about alarm %s: %w", c.Alarm.ID, err)
	}
	return c.DueAt, nil
}

// TakeCalls takes the calls that are due by a moment, by who is called, what rang
// first before the rest. Those about which somebody has looked meanwhile are left
// out: nobody else is told of them. Taken again there are none.
func (tx *Tx) TakeCalls(now time.Time) (list []AlarmCall, err error) {
	err = tx.each(func(rows *sql.Rows) error {
		var c AlarmCall
		var due, raised int64
		err := rows.Scan(&c.Key, &c.Address, &c.Locale, &due, &c.Alarm.ID, &c.Alarm.Matter, &c.Alarm.Subject, &c.Alarm.Programme, &raised)
		c.DueAt, c.Alarm.RaisedAt = moment(due), moment(raised)
		list = append(list, c)
		return err
	}, `SELECT key, address, locale, due_at, alarms.id, kind, subject, programme, raised_at
		  FROM alarm_calls JOIN alarms ON alarms.id = alarm_id
		 WHERE told_at = 0 AND due_at <= $1 AND opened_at = 0 AND closed_at = 0 ORDER BY address, raised_at, alarms.id, key`, micros(now))
	if err != nil {
		return nil, fmt.Errorf("list calls that are due: %w", err)
	}
	if _, err := tx.exec(`UPDATE alarm_calls SET told_at = $1 WHERE told_at = 0 AND due_at <= $1`, micros(now)); err != nil {
		return nil, fmt.Errorf("take calls that are due: %w", err)
	}
	_, err = tx.exec(`DELETE FROM alarm_calls WHERE told_at > 0 AND alarm_id IN (SELECT id FROM alarms WHERE closed_at > 0)`)
	return list, err
}
