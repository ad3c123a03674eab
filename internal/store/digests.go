package store

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"postroom/internal/postroom"
)

// DigestOutcome is what became of one coordinator's summary of one day.
type DigestOutcome string

// The outcomes of a summary.
const (
	DigestSent  DigestOutcome = "sent"
	DigestQuiet DigestOutcome = "quiet" // there was nothing to say, so nothing was said
	DigestCalm  DigestOutcome = "calm"  // there was nothing to say, and once a week that is said
)

// Digest is one coordinator's summary of one day, as it was made.
type Digest struct {
	Coordinator string
	Day         string // 2026-11-27, in the organisation's zone
	Outcome     DigestOutcome
	Message     string // id; "" when it was quiet
	MadeAt      time.Time
}

// AddDigest notes what became of a summary, once for each coordinator and day,
// and says whether this was the first time.
func (tx *Tx) AddDigest(d Digest) (bool, error) {
	n, err := tx.exec(`
		INSERT INTO digests (coordinator, day, outcome, message_id, made_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (coordinator, day) DO NOTHING`, d.Coordinator, d.Day, d.Outcome, d.Message, micros(d.MadeAt))
	if err != nil {
		return false, fmt.Errorf("add summary of %s: %w", d.Day, err)
	}
	return n > 0, nil
}

// LastDigest returns a coordinator's newest summary up to a day, that day
// itself included, and whether there is one.
func (r Reader) LastDigest(coordinator, day string) (Digest, bool, error) {
	d := Digest{Coordinator: coordinator}
	var made int64
	err := r.row(`
		SELECT day, outcome, message_id, made_at FROM digests
		 WHERE coordinator = $1 AND day <= $2 ORDER BY day DESC LIMIT 1`, coordinator, day).Scan(&d.Day, &d.Outcome, &d.Message, &made)
	d.MadeAt = moment(made)
	if errors.Is(err, sql.ErrNoRows) {
		return d, false, nil
	}
	return d, err == nil, err
}

// FirstFiled returns when the first thing on file arrived, or the zero time
// while nothing has.
func (r Reader) FirstFiled() (time.Time, error) {
	var first time.Time
	for _, query := range []string{
		`SELECT received_at FROM submissions ORDER BY id LIMIT 1`,
		`SELECT received_at FROM letters ORDER BY id LIMIT 1`,
	} {
		var us int64
		err := r.row(query).Scan(&us)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return first, err
		}
		if t := moment(us); first.IsZero() || t.Before(first) {
			first = t
		}
	}
	return first, nil
}

// Awaiting is one submission that a person has to do something about, with as
// much of the contact as that person may need.
type Awaiting struct {
	Reference string
	Programme string
	Form      string
	Name      string // of the contact
	Discreet  bool   // the contact is
	Address   string // where an answer goes; "" when there is no email
	Locale    string
	Mailbox   string // that it came to; "" when it came by no letter
	Open      bool   // it came by letter and has questions open
	Since     time.Time
}

const awaitingColumns = `submissions.reference, programme, form, contacts.name, contacts.discreet, submissions.address, submissions.locale,
	submissions.mailbox, open_fields <> '' AND submissions.letter_id <> ''`

// into are the places that a row of awaitingColumns is scanned into.
func (a *Awaiting) into() []any {
	return []any{&a.Reference, &a.Programme, &a.Form, &a.Name, &a.Discreet, &a.Address, &a.Locale, &a.Mailbox, &a.Open}
}

func (r Reader) awaiting(query string, args ...any) (list []Awaiting, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var a Awaiting
		var since int64
		err := rows.Scan(append(a.into(), &since)...)
		a.Since = moment(since)
		list = append(list, a)
		return err
	}, query, args...)
	return list, err
}

// Unanswered lists the submissions of a kind, or of one form of that kind, that
// came in by a moment and that nobody has answered, who has waited longest
// first, at most limit, and says how many there are in all.
func (r Reader) Unanswered(programme string, kind postroom.FormKind, form string, by time.Time, limit int) (list []Awaiting, all int, err error) {
	const which = ` WHERE programme = $1 AND kind = $2 AND state = 'received' AND received_at <= $3 AND ($4 = '' OR form = $4)`
	list, err = r.awaiting(`SELECT `+awaitingColumns+`, received_at
		  FROM submissions JOIN contacts ON contacts.id = contact_id`+which+`
		 ORDER BY received_at LIMIT $5`, programme, kind, micros(by), form, limit)
	if err != nil {
		return nil, 0, fmt.Errorf("list who waits for an answer: %w", err)
	}
	err = r.row(`SELECT count(*) FROM submissions`+which, programme, kind, micros(by), form).Scan(&all)
	return list, all, err
}

// Unfinished lists the submissions that came in by letter by a moment, have
// questions open and wait, who has waited longest first, at most limit, and
// says how many there are in all.
func (r Reader) Unfinished(programme string, by time.Time, limit int) (list []Awaiting, all int, err error) {
	// Asked for a state as it stands, SQLite would read all that waits.
	const which = ` WHERE programme = $1 AND open_fields <> '' AND submissions.letter_id <> '' AND state || '' = 'received' AND received_at <= $2`
	list, err = r.awaiting(`SELECT `+awaitingColumns+`, received_at
		  FROM submissions JOIN contacts ON contacts.id = contact_id`+which+`
		 ORDER BY received_at LIMIT $3`, programme, micros(by), limit)
	if err != nil {
		return nil, 0, fmt.Errorf("list who has questions open: %w", err)
	}
	err = r.row(`SELECT count(*) FROM submissions`+which, programme, micros(by)).Scan(&all)
	return list, all, err
}

// AwaitingAgain is a submission to which the person wrote once more.
type AwaitingAgain struct {
	Awaiting      // Since is when the newest of their letters came
	Answered bool // our people had answered before
}

// WroteAgain lists the submissions that wait and to which the person wrote
// again by a moment, the longest ago first, at most limit, and says how many
// there are in all.
func (r Reader) WroteAgain(programme string, by time.Time, limit int) (list []AwaitingAgain, all int, err error) {
	// SQLite keeps the order of a CROSS JOIN: from the few who wrote again, not
	// from the many whose sign-up nobody has to answer.
	const which = `
		  FROM (SELECT submission_id, max(received_at) AS wrote_at FROM letters
		         WHERE reason = 'added' AND state = 'done' AND received_at <= $2 GROUP BY submission_id) AS again
		 CROSS JOIN submissions JOIN contacts ON contacts.id = contact_id
		 WHERE submissions.id = again.submission_id AND programme = $1 AND submissions.state = 'received'`
	scan := func(rows *sql.Rows) error {
		var a AwaitingAgain
		var since int64
		err := rows.Scan(append(a.into(), &a.Answered, &since)...)
		a.Since = moment(since)
		list = append(list, a)
		return err
	}
	err = r.each(scan, `SELECT `+awaitingColumns+`,
		       EXISTS (SELECT 1 FROM letters WHERE letters.submission_id = submissions.id AND letters.reason = 'staff_answer'), wrote_at`+which+`
		 ORDER BY wrote_at LIMIT $3`, programme, micros(by), limit)
	if err != nil {
		return nil, 0, fmt.Errorf("list who wrote again: %w", err)
	}
	err = r.row(`SELECT count(*)`+which, programme, micros(by)).Scan(&all)
	return list, all, err
}

// OnHold lists the submissions that are held, the longest first, at most limit.
// Since is when the brake was put on.
func (r Reader) OnHold(limit int) ([]Awaiting, error) {
	return r.awaiting(`SELECT `+awaitingColumns+`, placed_at
		  FROM (SELECT submission_id, min(placed_at) AS placed_at FROM holds WHERE released_at = 0 GROUP BY submission_id) AS held
		  JOIN submissions ON submissions.id = held.submission_id JOIN contacts ON contacts.id = contact_id
		 ORDER BY placed_at LIMIT $1`, limit)
}

// Arrivals counts what came in for a programme between two moments, and how
// much of that has questions open.
func (r Reader) Arrivals(programme string, since, by time.Time) (n, unfinished int, err error) {
	err = r.row(`SELECT count(*), coalesce(sum(CASE WHEN open_fields <> '' THEN 1 ELSE 0 END), 0)
		  FROM submissions WHERE programme = $1 AND received_at > $2 AND received_at <= $3`,
		programme, micros(since), micros(by)).Scan(&n, &unfinished)
	return n, unfinished, err
}

// SessionArrivals is how many of the bookings of one session are new.
type SessionArrivals struct {
	Session   string // id
	Confirmed int    // with a place, or with one held for them
	Waiting   int
}

// BookingArrivals counts, by session, the bookings that came in for a
// programme between two moments and have not ended.
func (r Reader) BookingArrivals(programme string, since, by time.Time) (list []SessionArrivals, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var s SessionArrivals
		err := rows.Scan(&s.Session, &s.Confirmed, &s.Waiting)
		list = append(list, s)
		return err
	}, `SELECT session_id, sum(CASE WHEN bookings.state = 'waiting' THEN 0 ELSE 1 END), sum(CASE WHEN bookings.state = 'waiting' THEN 1 ELSE 0 END)
		  FROM submissions JOIN bookings ON bookings.submission_id = submissions.id
		 WHERE programme = $1 AND received_at > $2 AND received_at <= $3 AND bookings.state IN ('confirmed', 'held', 'waiting', 'attended')
		 GROUP BY session_id`, programme, micros(since), micros(by))
	return list, err
}

// StepCount is how many steps of one name are planned.
type StepCount struct {
	Programme string
	Form      string
	Step      string
	Answered  bool // the submission has been answered or closed
	N         int
}

// StepsBetween counts the planned steps that fall due after one moment and
// before another, at most limit kinds of them. What fell due earlier is being
// done already.
func (r Reader) StepsBetween(after, until time.Time, limit int) (list []StepCount, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var c StepCount
		err := rows.Scan(&c.Programme, &c.Form, &c.Step, &c.Answered, &c.N)
		list = append(list, c)
		return err
	}, `SELECT runs.programme, runs.form, steps.name, submissions.state IN ('answered', 'closed'), count(*)
		  FROM steps JOIN runs ON runs.id = run_id JOIN submissions ON submissions.id = runs.submission_id
		 WHERE steps.state = 'planned' AND due_at > $1 AND due_at < $2
		 GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4 LIMIT $3`, micros(after), micros(until), limit)
	return list, err
}

// DatedSession is a session with the event it is a date of.
type DatedSession struct {
	postroom.Session
	Programme string
	EventName string // the key in the programme file
}

// SessionsBetween lists the sessions that begin in a stretch of time, the
// earliest first, at most limit.
func (r Reader) SessionsBetween(from, until time.Time, limit int) (list []DatedSession, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var d DatedSession
		s, err := scanSession(func(into ...any) error { return rows.Scan(append(into, &d.Programme, &d.EventName)...) })
		d.Session = s
		list = append(list, d)
		return err
	}, `SELECT `+sessionColumns+`, programme, events.name FROM sessions JOIN events ON events.id = event_id
		 WHERE starts_at >= $1 AND starts_at < $2 ORDER BY starts_at, sessions.name LIMIT $3`, micros(from), micros(until), limit)
	return list, err
}

// CallToMake is a call with what it is about.
type CallToMake struct {
	postroom.Call
	Programme string
	Reference string // of the submission; "" when it is about none
}

// CallsToMake lists the calls that are open, the oldest first, at most limit.
func (r Reader) CallsToMake(limit int) (list []CallToMake, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var c CallToMake
		var at, snoozed int64
		err := rows.Scan(&c.ID, &c.Message, &c.Contact, &c.Submission, &c.Reason, &at, &c.AssignedTo, &snoozed, &c.Programme, &c.Reference)
		c.At, c.SnoozedUntil = moment(at), moment(snoozed)
		list = append(list, c)
		return err
	}, `SELECT calls.id, calls.message_id, calls.contact_id, calls.submission_id, calls.reason, calls.created_at, calls.assigned_to, calls.snoozed_until,
		       messages.programme, coalesce(submissions.reference, '')
		  FROM calls JOIN messages ON messages.id = calls.message_id LEFT JOIN submissions ON submissions.id = calls.submission_id
		 WHERE calls.state = 'open' ORDER BY calls.created_at, calls.id LIMIT $1`, limit)
	return list, err
}

// Trouble is mail that went wrong: one message about a submission, or so many
// that are about none.
type Trouble struct {
	Programme string
	Reference string // "" for messages about no submission, and for newsletters
	State     postroom.MessageState
	Reason    string // of the one message
	N         int
}

// Troubles lists the messages that failed or became uncertain between two
// moments: one by one, the earliest first and at most limit, where they are
// about a submission, and else by programme.
func (r Reader) Troubles(since, by time.Time, limit int) (list []Trouble, err error) {
	scan := func(rows *sql.Rows) error {
		var t Trouble
		err := rows.Scan(&t.Programme, &t.Reference, &t.State, &t.Reason, &t.N)
		list = append(list, t)
		return err
	}
	err = r.each(scan, `
		SELECT messages.programme, reference, messages.state, messages.reason, 1
		  FROM messages JOIN submissions ON submissions.id = messages.submission_id
		 WHERE messages.state IN ('failed', 'uncertain') AND settled_at > $1 AND settled_at <= $2 AND campaign_id = ''
		 ORDER BY settled_at, messages.id LIMIT $3`, micros(since), micros(by), limit)
	if err != nil {
		return nil, fmt.Errorf("list mail that went wrong: %w", err)
	}
	err = r.each(scan, `
		SELECT programme, '', state, '', count(*) FROM messages
		 WHERE state IN ('failed', 'uncertain') AND settled_at > $1 AND settled_at <= $2 AND (campaign_id <> '' OR submission_id = '')
		 GROUP BY programme, state ORDER BY programme, state LIMIT $3`, micros(since), micros(by), limit)
	return list, err
}

// JobsGivenUp counts the jobs that died between two moments. Deliveries are
// left out: their messages are what went wrong.
func (r Reader) JobsGivenUp(since, by time.Time) (n int, err error) {
	err = r.row(`SELECT count(*) FROM jobs WHERE state = 'dead' AND settled_at > $1 AND settled_at <= $2 AND kind <> 'deliver'`,
		micros(since), micros(by)).Scan(&n)
	return n, err
}

// MailboxCount is how many letters of a mailbox there are of some kind.
type MailboxCount struct {
	Mailbox string
	N       int
}

// Watched counts, by mailbox, what would have been answered between two
// moments if the mailbox were not only watched.
func (r Reader) Watched(since, by time.Time) (list []MailboxCount, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var c MailboxCount
		err := rows.Scan(&c.Mailbox, &c.N)
		list = append(list, c)
		return err
	}, `SELECT coalesce(letters.mailbox, submissions.mailbox, ''), count(DISTINCT coalesce(letters.id, submissions.id, messages.id))
		  FROM messages LEFT JOIN submissions ON submissions.id = messages.submission_id
		       LEFT JOIN letters ON letters.id = coalesce(nullif(messages.letter_id, ''), submissions.letter_id)
		 WHERE messages.reason = 'reason.watch' AND messages.settled_at > $1 AND messages.settled_at <= $2
		 GROUP BY 1 ORDER BY 1`, micros(since), micros(by))
	return list, err
}
