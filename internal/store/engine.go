package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"postroom/internal/postroom"
)

// CountedTo is where the counts of this file stop: whoever looks after the post
// room needs to know that it is many, not how many, and counting a million rows
// takes longer than a page may.
const CountedTo = 10_000

// Dropped is how the reason of a job begins that a person gave up.
const Dropped = "dropped "

// LaneLoad is how much work a lane has. No number is larger than CountedTo.
type LaneLoad struct {
	Lane    postroom.Lane
	Due     int       // that may be begun now
	Late    int       // of these, due before a given moment
	Ahead   int       // due later
	Running int       // handed over or being done
	Dead    int       // of the CountedTo that were given up last, those that no person gave up
	Oldest  time.Time // when the most overdue fell due; zero if none is due
}

// LaneLoads says how much work each lane has, most urgent lane first. Work that
// fell due before late is late.
func (r Reader) LaneLoads(now, late time.Time) (list []LaneLoad, err error) {
	const some = `(SELECT count(*) FROM (SELECT 1 FROM jobs WHERE jobs.lane = lanes.lane AND `
	const end = ` LIMIT $3) AS counted)`
	err = r.each(func(rows *sql.Rows) error {
		var l LaneLoad
		var oldest sql.NullInt64
		err := rows.Scan(&l.Lane, &l.Due, &l.Late, &l.Ahead, &l.Running, &l.Dead, &oldest)
		if oldest.Int64 <= micros(now) {
			l.Oldest = moment(oldest.Int64)
		}
		list = append(list, l)
		return err
	}, `WITH lanes (place, lane) AS (VALUES (1, 'urgent'), (2, 'confirm'), (3, 'followup'), (4, 'digest'), (5, 'bulk'), (6, 'inbound')),
		     dead (lane, reason) AS MATERIALIZED (SELECT lane, reason FROM jobs WHERE state = 'dead' ORDER BY settled_at DESC LIMIT $3)
		SELECT lane,
		       `+some+`state = 'due' AND due_at <= $1`+end+`,
		       `+some+`state = 'due' AND due_at <= $2`+end+`,
		       `+some+`state = 'due' AND due_at > $1`+end+`,
		       `+some+`state = 'handed'`+end+` + `+some+`state = 'running'`+end+`,
		       (SELECT count(*) FROM dead WHERE dead.lane = lanes.lane AND reason NOT LIKE '`+Dropped+`%'),
		       (SELECT min(due_at) FROM jobs WHERE jobs.lane = lanes.lane AND state = 'due')
		  FROM lanes ORDER BY place`, micros(now), micros(late), CountedTo)
	if err != nil {
		return nil, fmt.Errorf("count the work of each lane: %w", err)
	}
	return list, nil
}

// LateJobs lists jobs of a lane that fell due before a moment and have not been
// begun, the most overdue first.
func (r Reader) LateJobs(lane postroom.Lane, before time.Time, limit int) (list []postroom.Job, err error) {
	err = r.each(func(rows *sql.Rows) error {
		j, err := scanJob(rows.Scan)
		list = append(list, j)
		return err
	}, `SELECT `+jobColumns+` FROM jobs WHERE lane = $1 AND state = 'due' AND due_at <= $2 ORDER BY due_at, id LIMIT $3`, lane, micros(before), limit)
	return list, err
}

// DeadJob is a job that was given up, and the letter that it would have sent.
type DeadJob struct {
	postroom.Job
	Template string // "" where it sends none
	Held     bool   // it is about a submission that is held
}

// DeadJobs lists jobs that were given up, by a person or without one, the latest
// first.
func (r Reader) DeadJobs(byPerson bool, limit int) (list []DeadJob, err error) {
	is := `NOT LIKE`
	if byPerson {
		is = `LIKE`
	}
	err = r.each(func(rows *sql.Rows) error {
		var j DeadJob
		var settled int64
		err := rows.Scan(&j.ID, &j.Kind, &j.Subject, &j.Lane, &j.Tries, &j.Reason, &settled, &j.Template, &j.Held)
		j.State, j.SettledAt = postroom.JobDead, moment(settled)
		list = append(list, j)
		return err
	}, `SELECT id, kind, subject, lane, tries, reason, settled_at,
		       coalesce((SELECT template FROM messages WHERE jobs.kind = 'deliver' AND messages.id = jobs.subject), ''),
		       EXISTS (SELECT 1 FROM messages, holds WHERE jobs.kind = 'deliver' AND messages.id = jobs.subject AND holds.submission_id = messages.submission_id AND released_at = 0)
		  FROM jobs WHERE state = 'dead' AND reason `+is+` '`+Dropped+`%' ORDER BY settled_at DESC LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("list jobs that were given up: %w", err)
	}
	return list, nil
}

// MailsLately counts the messages of the last days by state; what waits it counts
// whatever its age. Ids tell when a message was filed, by the clock of the machine
// that filed it, and each state's messages stand in the order of their ids. No
// number is larger than CountedTo.
func (r Reader) MailsLately(days int) (map[postroom.MessageState]int, error) {
	first := firstID(time.Now().AddDate(0, 0, -days))
	counts, err := r.copyTallies(first)
	if err != nil {
		return nil, err
	}
	ever, err := r.copyTallies("")
	if err != nil {
		return nil, err
	}
	counts[postroom.Queued], counts[postroom.Deferred] = ever[postroom.Queued], ever[postroom.Deferred]
	for _, state := range []postroom.MessageState{postroom.Queued, postroom.Deferred, postroom.Sending, postroom.Sent,
		postroom.Failed, postroom.Suppressed, postroom.Held, postroom.Uncertain} {
		from := first
		if state == postroom.Queued || state == postroom.Deferred || state == postroom.Sending {
			from = ""
		}
		var n int
		err := r.row(`SELECT count(*) FROM (SELECT 1 FROM messages WHERE state = $1 AND id >= $2 LIMIT $3) AS counted`, state, from, CountedTo).Scan(&n)
		if err != nil {
			return nil, fmt.Errorf("count messages that are %s: %w", state, err)
		}
		counts[state] = min(counts[state]+n, CountedTo)
	}
	return counts, nil
}

// firstID is before every UUIDv7 that is made at a moment or later (RFC 9562,
// section 5.7: it begins with the milliseconds since 1970).
func firstID(at time.Time) string {
	ms := fmt.Sprintf("%012x", max(at.UnixMilli(), 0))
	return ms[:8] + "-" + ms[8:]
}

// Pile is how many messages wait or are kept back for the same reason.
type Pile struct {
	State  postroom.MessageState
	Reason string
	N      int
	Oldest time.Time // when the first of them was filed
}

// Piles counts what is put off or held, by reason, largest first. Of each state
// it looks at the first CountedTo.
func (r Reader) Piles() (list []Pile, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var p Pile
		var oldest int64
		err := rows.Scan(&p.State, &p.Reason, &p.N, &oldest)
		p.Oldest = moment(oldest)
		list = append(list, p)
		return err
	}, `SELECT state, reason, count(*), min(created_at) FROM (
			SELECT * FROM (SELECT state, reason, created_at FROM messages WHERE state = 'deferred' ORDER BY id LIMIT $1) AS deferred UNION ALL
			SELECT * FROM (SELECT state, reason, created_at FROM messages WHERE state = 'held' ORDER BY id LIMIT $1) AS held UNION ALL
			SELECT * FROM (SELECT state, reason, created_at FROM copies WHERE `+apart+` AND state IN ('deferred', 'held') LIMIT $1) AS of_newsletters) AS both_states
		 GROUP BY state, reason ORDER BY count(*) DESC, state, reason`, CountedTo)
	if err != nil {
		return nil, fmt.Errorf("count what waits by reason: %w", err)
	}
	return list, nil
}

// NextTry returns when the first job that waits for a reason is due, or the zero
// time if none waits for it until that moment.
func (r Reader) NextTry(reason string, until time.Time) (time.Time, error) {
	var due sql.NullInt64
	err := r.row(`SELECT min(due_at) FROM jobs WHERE state = 'due' AND due_at <= $1 AND reason = $2`, micros(until), reason).Scan(&due)
	if err != nil {
		return time.Time{}, fmt.Errorf("find the next try: %w", err)
	}
	return moment(due.Int64), nil
}

// MailRow is one message as whoever looks after the post room sees it: nothing of
// what it says.
type MailRow struct {
	ID, Address, Template, Reference, Reason string
	State                                    postroom.MessageState
	At                                       time.Time // when it came to this state
	Held                                     bool      // its submission is held: whom it is about is not for everybody
}

const mailRow = `SELECT m.id, m.address, m.template, coalesce(submissions.reference, ''), m.reason, m.state, m.settled_at,
		EXISTS (SELECT 1 FROM holds WHERE holds.submission_id = m.submission_id AND released_at = 0)`

func (r Reader) mailRows(query string, args ...any) (list []MailRow, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var m MailRow
		var at int64
		err := rows.Scan(&m.ID, &m.Address, &m.Template, &m.Reference, &m.Reason, &m.State, &at, &m.Held)
		m.At = moment(at)
		list = append(list, m)
		return err
	}, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list mails: %w", err)
	}
	return list, nil
}

// MailsGoneWrong lists messages that failed, or of which nobody knows, the latest
// first. It asks for each state by itself, because for both at once SQLite sorts
// everything that ever went wrong; both are named all the same, or it does not see
// that their index will do.
func (r Reader) MailsGoneWrong(limit int) (list []MailRow, err error) {
	for _, state := range []string{`'failed'`, `'uncertain'`} {
		some, err := r.mailRows(mailRow+` FROM messages AS m LEFT JOIN submissions ON submissions.id = m.submission_id
			 WHERE m.state IN ('failed', 'uncertain') AND m.state = `+state+` ORDER BY m.settled_at DESC LIMIT $1`, limit)
		if err != nil {
			return nil, err
		}
		copies, err := r.copiesGoneWrong(state, limit)
		if err != nil {
			return nil, err
		}
		list = append(append(list, some...), copies...)
	}
	slices.SortStableFunc(list, func(a, b MailRow) int { return b.At.Compare(a.At) })
	return list[:min(len(list), limit)], nil
}

// copiesGoneWrong is MailsGoneWrong for copies of newsletters in one state.
func (r Reader) copiesGoneWrong(state string, limit int) (list []MailRow, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var c Copy
		var at int64
		err := c.scan(rows.Scan, &at)
		list = append(list, MailRow{ID: c.ID, Address: c.To, Template: c.Template, Reason: c.Reason, State: c.State, At: moment(at)})
		return err
	}, `SELECT `+copyColumns+`, copies.settled_at`+fromCopies+`WHERE `+apart+` AND copies.state = `+state+` ORDER BY copies.settled_at DESC LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("list copies that went wrong: %w", err)
	}
	return list, nil
}

// watchedFrom are the mails that would have been sent, if their mailbox were not
// only watched, each with its mailbox; the latest CountedTo of them.
const watchedFrom = ` FROM (SELECT * FROM messages WHERE reason = 'reason.watch' ORDER BY settled_at DESC LIMIT $1) AS m
		LEFT JOIN submissions ON submissions.id = m.submission_id
		LEFT JOIN letters ON letters.id = coalesce(nullif(m.letter_id, ''), submissions.letter_id)`

const watchedBox = `coalesce(letters.mailbox, nullif(submissions.mailbox, ''), m.sender)`

// WatchedMails lists what would have been sent for letters to a mailbox that is
// only watched, the latest first.
func (r Reader) WatchedMails(mailbox string, limit int) ([]MailRow, error) {
	return r.mailRows(mailRow+watchedFrom+` WHERE `+watchedBox+` = $2 ORDER BY m.settled_at DESC LIMIT $3`, CountedTo, mailbox, limit)
}

// WatchedCount is how many mails of one kind would have been sent for a mailbox.
type WatchedCount struct {
	Mailbox, Template string
	N                 int
}

// WatchedCounts counts what would have been sent, by mailbox and letter.
func (r Reader) WatchedCounts() (list []WatchedCount, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var c WatchedCount
		err := rows.Scan(&c.Mailbox, &c.Template, &c.N)
		list = append(list, c)
		return err
	}, `SELECT `+watchedBox+`, m.template, count(*)`+watchedFrom+` GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2`, CountedTo)
	if err != nil {
		return nil, fmt.Errorf("count what would have been sent: %w", err)
	}
	return list, nil
}

// NoteLook notes that somebody looked at something, unless it is noted already
// that they did since a moment.
func (tx *Tx) NoteLook(actor, action, subject string, at, since time.Time) error {
	_, err := tx.exec(`INSERT INTO audit (id, at, actor, action, subject)
		SELECT $1, $2, $3, $4, $5
		 WHERE NOT EXISTS (SELECT 1 FROM audit WHERE subject = $5 AND at > $6 AND actor = $3 AND action = $4)`,
		newID(), micros(at), actor, action, subject, micros(since))
	return err
}

// Duty is something that one process at a time does for all.
type Duty struct {
	Name   string
	HeldBy string
	Until  time.Time
}

// Duties lists every duty that a process has ever had.
func (r Reader) Duties() (list []Duty, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var d Duty
		var until int64
		err := rows.Scan(&d.Name, &d.HeldBy, &until)
		d.Until = moment(until)
		list = append(list, d)
		return err
	}, `SELECT name, held_by, leased_until FROM leases ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("list duties: %w", err)
	}
	return list, nil
}

// Size returns how many bytes the database takes on the disk. Neither engine can
// be asked as the other: SQLite counts its pages, PostgreSQL its files.
func (s *Store) Size(ctx context.Context) (n int64, err error) {
	query := `SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()`
	if s.name == "postgres" {
		query = `SELECT pg_database_size(current_database())`
	}
	if err := s.read.QueryRowContext(ctx, query).Scan(&n); err != nil {
		return 0, fmt.Errorf("ask for the size of the database: %w", err)
	}
	return n, nil
}

// Amounts is about how much is on file. What is more than CountedTo is estimated.
type Amounts struct{ Submissions, Letters, Messages int64 }

// Amounts says about how much is on file, without counting large tables.
func (s *Store) Amounts(ctx context.Context) (a Amounts, err error) {
	for table, n := range map[string]*int64{"submissions": &a.Submissions, "letters": &a.Letters, "messages": &a.Messages} {
		if *n, err = s.amount(ctx, table); err != nil {
			return Amounts{}, fmt.Errorf("estimate how many %s there are: %w", table, err)
		}
	}
	return a, nil
}

// amount counts the rows of a table up to CountedTo. Beyond, SQLite knows the last
// number that it gave to a row, which is a little more than there are when some
// were erased; PostgreSQL knows how many there were when it last looked.
func (s *Store) amount(ctx context.Context, table string) (n int64, err error) {
	some := `SELECT count(*) FROM (SELECT 1 FROM ` + table + ` LIMIT $1) AS counted`
	if err := s.read.QueryRowContext(ctx, some, CountedTo).Scan(&n); err != nil || n < CountedTo {
		return n, err
	}
	estimate := `SELECT max(rowid) FROM ` + table
	if s.name == "postgres" {
		estimate = `SELECT CAST(reltuples AS BIGINT) FROM pg_class WHERE oid = CAST('` + table + `' AS regclass)`
	}
	var about int64
	err = s.read.QueryRowContext(ctx, estimate).Scan(&about)
	return max(n, about), err
}
