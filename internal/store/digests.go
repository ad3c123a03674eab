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
	Waiting     int    // how much of what waits was in it
	Unheard     bool   // with it others were told that the coordinator does not act
	MadeAt      time.Time
}

// AddDigest notes what became of a summary, once for each coordinator and day,
// and says whether this was the first time.
func (tx *Tx) AddDigest(d Digest) (bool, error) {
	n, err := tx.exec(`
		INSERT INTO digests (coordinator, day, outcome, message_id, waiting, unheard, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (coordinator, day) DO NOTHING`, d.Coordinator, d.Day, d.Outcome, d.Message, d.Waiting, d.Unheard, micros(d.MadeAt))
	if err != nil {
		return false, fmt.Errorf("add summary of %s: %w", d.Day, err)
	}
	return n > 0, nil
}

// LastDigest returns a coordinator's newest summary up to a day, that day
// itself included, and whether there is one.
func (r Reader) LastDigest(coordinator, day string) (Digest, bool, error) {
	list, err := r.Digests(coordinator, day, 1)
	if err != nil || len(list) == 0 {
		return Digest{Coordinator: coordinator}, false, err
	}
	return list[0], true, nil
}

// Digests lists a coordinator's summaries up to a day, that day itself included,
// the newest first, at most limit.
func (r Reader) Digests(coordinator, day string, limit int) (list []Digest, err error) {
	err = r.each(func(rows *sql.Rows) error {
		d := Digest{Coordinator: coordinator}
		var made int64
		err := rows.Scan(&d.Day, &d.Outcome, &d.Message, &d.Waiting, &made)
		d.MadeAt = moment(made)
		list = append(list, d)
		return err
	}, `SELECT day, outcome, message_id, waiting, made_at FROM digests
		 WHERE coordinator = $1 AND day <= $2 ORDER BY day DESC LIMIT $3`, coordinator, day, limit)
	if err != nil {
		return nil, fmt.Errorf("list summaries: %w", err)
	}
	return list, nil
}

// DigestOf returns the summary that a message carries, and whether it is one.
func (r Reader) DigestOf(message string) (d Digest, found bool, err error) {
	var made int64
	err = r.row(`SELECT coordinator, day, outcome, message_id, waiting, made_at FROM digests WHERE message_id = $1 AND message_id <> ''`,
		message).Scan(&d.Coordinator, &d.Day, &d.Outcome, &d.Message, &d.Waiting, &made)
	d.MadeAt = moment(made)
	if errors.Is(err, sql.ErrNoRows) {
		return d, false, nil
	}
	return d, err == nil, err
}

// LastUnheard returns the newest of a coordinator's summaries with which others
// were told that they do not act, and whether there is one.
func (r Reader) LastUnheard(coordinator string) (d Digest, found bool, err error) {
	var made int64
	d.Coordinator, d.Unheard = coordinator, true
	err = r.row(`SELECT day, made_at FROM digests WHERE coordinator = $1 AND unheard ORDER BY day DESC LIMIT 1`, coordinator).Scan(&d.Day, &made)
	d.MadeAt = moment(made)
	if errors.Is(err, sql.ErrNoRows) {
		return d, false, nil
	}
	return d, err == nil, err
}

// ProposeAbsence notes that a colleague seems to be away, unless they are, or
// will be, by what is on file, and says whether it did.
func (tx *Tx) ProposeAbsence(name string, a postroom.Absence, at time.Time) (bool, error) {
	n, err := tx.exec(`UPDATE colleagues SET away_from = $2, away_until = $3, proposed = TRUE
		WHERE name = $1 AND left_at = 0 AND (away_from = 0 OR proposed OR (away_until <> 0 AND away_until <= $4))`,
		name, micros(a.From), micros(a.Until), micros(at))
	if err != nil {
		return false, fmt.Errorf("propose that %s is away: %w", name, err)
	}
	if n == 0 {
		return false, nil
	}
	return true, tx.Raise(TeamRevision)
}

// LastCleared returns the newest day before another on which a coordinator's
// summary held nothing that waits; "" is never.
func (r Reader) LastCleared(coordinator, before string) (day string, err error) {
	err = r.row(`SELECT coalesce(max(day), '') FROM digests WHERE coordinator = $1 AND day < $2 AND waiting = 0`, coordinator, before).Scan(&day)
	return day, err
}

// LastActed returns when a colleague last did something that is on file: at the
// desk, by a command or in the terminal. The zero time is never.
func (r Reader) LastActed(colleague string) (last time.Time, err error) {
	for _, query := range []string{
		`SELECT coalesce(max(at), 0) FROM deeds WHERE actor = $1`,
		`SELECT coalesce(max(seen_at), 0) FROM sign_ins WHERE colleague = $1`,
		`SELECT coalesce(max(at), 0) FROM audit WHERE actor = $1`,
	} {
		var us int64
		if err := r.row(query, colleague).Scan(&us); err != nil {
			return last, fmt.Errorf("look when a colleague last acted: %w", err)
		}
		if t := moment(us); t.After(last) {
			last = t
		}
	}
	return last, nil
}

// StaffAnswer is an answer of our people that was found in a mailbox, with what
// tells whose list it was for.
type StaffAnswer struct {
	From      string // address
	Mailbox   string
	Programme string // of the submission; "" when it answered none
	Area      string
	Assigned  string
	At        time.Time
}

// StaffAnswers lists the answers that came to be known after a moment, the newest
// first, at most limit.
func (r Reader) StaffAnswers(since time.Time, limit int) (list []StaffAnswer, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var a StaffAnswer
		var at int64
		err := rows.Scan(&a.From, &a.Mailbox, &a.Programme, &a.Area, &a.Assigned, &at)
		a.At = moment(at)
		list = append(list, a)
		return err
	}, `SELECT letters.address, letters.mailbox, coalesce(programme, ''), coalesce(area, ''), coalesce(submissions.assigned_to, ''), letters.settled_at
		  FROM letters LEFT JOIN submissions ON submissions.id = letters.submission_id
		 WHERE letters.reason = 'staff_answer' AND letters.settled_at > $1 ORDER BY letters.settled_at DESC LIMIT $2`, micros(since), limit)
	if err != nil {
		return nil, fmt.Errorf("list answers of staff: %w", err)
	}
	return list, nil
}

// Triaged is as much of a letter in triage as tells whose it is and why.
type Triaged struct {
	ID        string
	Reference string
	Mailbox   string
	Assigned  string // name of a colleague; "" is whoever looks after the mailbox
	Reason    string
	Since     time.Time
	Snoozed   time.Time
}

// Triages lists every letter in triage, the longest first. It reads an index
// alone, because there may be thousands.
func (r Reader) Triages() (list []Triaged, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var l Triaged
		var since, snoozed int64
		err := rows.Scan(&l.ID, &l.Reference, &l.Mailbox, &l.Assigned, &l.Reason, &since, &snoozed)
		l.Since, l.Snoozed = moment(since), moment(snoozed)
		list = append(list, l)
		return err
	}, `SELECT id, reference, mailbox, assigned_to, reason, received_at, snoozed_until FROM letters WHERE state = 'triage' ORDER BY received_at, id`)
	if err != nil {
		return nil, fmt.Errorf("list letters in triage: %w", err)
	}
	return list, nil
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
	ID        string
	Reference string
	Programme string
	Form      string
	Kind      postroom.FormKind
	Area      string
	Assigned  string // name of a colleague; "" is whoever looks after the programme
	Name      string // of the contact
	Discreet  bool   // the contact is
	Address   string // where an answer goes; "" when there is no email
	Locale    string
	Mailbox   string // that it came to; "" when it came by no letter
	Open      bool   // it came by letter and has questions open
	Snoozed   time.Time
	Since     time.Time
}

const awaitingColumns = `submissions.id, submissions.reference, programme, form, kind, area, assigned_to, contacts.name, contacts.discreet, submissions.address,
	submissions.locale, submissions.mailbox, open_fields <> '' AND submissions.letter_id <> '', snoozed_until`

// scan reads a row of awaitingColumns, with more columns before the last, which
// is since when somebody waits.
func (a *Awaiting) scan(rows *sql.Rows, more ...any) error {
	var snoozed, since int64
	into := []any{
		&a.ID, &a.Reference, &a.Programme, &a.Form, &a.Kind, &a.Area, &a.Assigned, &a.Name, &a.Discreet, &a.Address,
		&a.Locale, &a.Mailbox, &a.Open, &snoozed,
	}
	err := rows.Scan(append(append(into, more...), &since)...)
	a.Snoozed, a.Since = moment(snoozed), moment(since)
	return err
}

func (r Reader) awaiting(query string, args ...any) (list []Awaiting, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var a Awaiting
		err := a.scan(rows)
		list = append(list, a)
		return err
	}, query, args...)
	return list, err
}

// WaitingProgrammes lists the programmes, also those of which there is no file
// any more, in which a submission waits.
func (r Reader) WaitingProgrammes() (list []string, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var name string
		err := rows.Scan(&name)
		list = append(list, name)
		return err
	}, `WITH RECURSIVE known (name) AS (
		SELECT min(programme) FROM submissions WHERE state = 'received'
		 UNION ALL
		SELECT (SELECT min(programme) FROM submissions WHERE state = 'received' AND programme > known.name) FROM known WHERE known.name IS NOT NULL
		) SELECT name FROM known WHERE name IS NOT NULL`)
	if err != nil {
		return nil, fmt.Errorf("list programmes in which somebody waits: %w", err)
	}
	return list, nil
}

// Share is how many submissions of an area wait that are assigned to the same
// colleague, or to nobody: what has one owner, whoever that is.
type Share struct {
	Area     string
	Assigned string
	N        int // without those that are put off
	PutOff   int
}

// Shares counts the submissions of a kind, or of one form of that kind, that
// came in by a moment and that nobody has answered.
func (r Reader) Shares(programme string, kind postroom.FormKind, form string, by time.Time) (list []Share, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var s Share
		var all int
		err := rows.Scan(&s.Area, &s.Assigned, &all, &s.PutOff)
		s.N = all - s.PutOff
		list = append(list, s)
		return err
	}, `SELECT area, assigned_to, count(*), sum(CASE WHEN snoozed_until > $3 THEN 1 ELSE 0 END)
		  FROM submissions WHERE programme = $1 AND kind = $2 AND state = 'received' AND received_at <= $3 AND ($4 = '' OR form = $4)
		 GROUP BY assigned_to, area`, programme, kind, micros(by), form)
	if err != nil {
		return nil, fmt.Errorf("count who waits for an answer: %w", err)
	}
	return list, nil
}

// Unanswered lists the submissions of one share of a kind, or of one form of that
// kind, that came in by a moment, that nobody has answered and that are not put
// off, who has waited longest first, at most limit.
func (r Reader) Unanswered(programme string, kind postroom.FormKind, form string, of Share, by time.Time, limit int) ([]Awaiting, error) {
	list, err := r.awaiting(`SELECT `+awaitingColumns+`, received_at
		  FROM submissions JOIN contacts ON contacts.id = contact_id
		 WHERE programme = $1 AND kind = $2 AND state = 'received' AND assigned_to = $3 AND area = $4
		   AND received_at <= $5 AND snoozed_until <= $5 AND ($6 = '' OR form = $6)
		 ORDER BY received_at LIMIT $7`, programme, kind, of.Assigned, of.Area, micros(by), form, limit)
	if err != nil {
		return nil, fmt.Errorf("list who waits for an answer: %w", err)
	}
	return list, nil
}

// Unfinished lists the submissions of a programme that came in by letter by a
// moment, have questions open and wait, who has waited longest first.
func (r Reader) Unfinished(programme string, by time.Time) ([]Awaiting, error) {
	// Asked for a state as it stands, SQLite would read all that waits.
	list, err := r.awaiting(`SELECT `+awaitingColumns+`, received_at
		  FROM submissions JOIN contacts ON contacts.id = contact_id
		 WHERE programme = $1 AND `+openQuestions+` AND state || '' = 'received' AND received_at <= $2
		 ORDER BY received_at`, programme, micros(by))
	if err != nil {
		return nil, fmt.Errorf("list who has questions open: %w", err)
	}
	return list, nil
}

// AwaitingAgain is a submission to which the person wrote once more.
type AwaitingAgain struct {
	Awaiting      // Since is when the newest of their letters came
	Answered bool // our people had answered before
}

// WroteAgain lists the submissions that wait and to which the person wrote
// again by a moment, the longest ago first. Asked for a state as it stands, SQLite
// would read all that waits, and without CROSS JOIN begin with all contacts.
func (r Reader) WroteAgain(by time.Time) (list []AwaitingAgain, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var a AwaitingAgain
		err := a.scan(rows, &a.Answered)
		list = append(list, a)
		return err
	}, `SELECT `+awaitingColumns+`,
		       EXISTS (SELECT 1 FROM letters WHERE letters.submission_id = submissions.id AND letters.reason = 'staff_answer'), wrote_at
		  FROM (SELECT id AS of, (SELECT max(received_at) FROM letters WHERE submission_id = submissions.id AND `+wroteAgain+` AND received_at <= $1) AS wrote_at
		          FROM submissions WHERE wrote_again AND state || '' = 'received') AS again
		 CROSS JOIN submissions CROSS JOIN contacts
		 WHERE submissions.id = again.of AND contacts.id = contact_id AND wrote_at IS NOT NULL
		 ORDER BY wrote_at`, micros(by))
	if err != nil {
		return nil, fmt.Errorf("list who wrote again: %w", err)
	}
	return list, nil
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
	Area      string // of the submission
	Assigned  string // the submission is: name of a colleague, or ""
	Name      string // of the contact
	Phone     string
	Discreet  bool // the contact is
}

// CallsToMake lists the calls that are open, the oldest first, at most limit.
func (r Reader) CallsToMake(limit int) (list []CallToMake, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var c CallToMake
		var at, snoozed int64
		err := rows.Scan(&c.ID, &c.Message, &c.Contact, &c.Submission, &c.Reason, &at, &c.AssignedTo, &snoozed, &c.Programme, &c.Reference, &c.Area, &c.Assigned, &c.Name, &c.Phone, &c.Discreet)
		c.At, c.SnoozedUntil = moment(at), moment(snoozed)
		list = append(list, c)
		return err
	}, `SELECT calls.id, calls.message_id, calls.contact_id, calls.submission_id, calls.reason, calls.created_at, calls.assigned_to, calls.snoozed_until,
		       messages.programme, coalesce(submissions.reference, ''), coalesce(submissions.area, ''), coalesce(submissions.assigned_to, ''),
		       coalesce(contacts.name, ''), coalesce(contacts.phone, ''), coalesce(contacts.discreet, FALSE)
		  FROM calls JOIN messages ON messages.id = calls.message_id LEFT JOIN submissions ON submissions.id = calls.submission_id
		       LEFT JOIN contacts ON contacts.id = calls.contact_id
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
		 WHERE messages.state IN ('failed', 'uncertain') AND settled_at > $1 AND settled_at <= $2
		 ORDER BY settled_at, messages.id LIMIT $3`, micros(since), micros(by), limit)
	if err != nil {
		return nil, fmt.Errorf("list mail that went wrong: %w", err)
	}
	err = r.each(scan, `
		SELECT programme, '', state, '', count(*) FROM (
			SELECT programme, state FROM messages
			 WHERE state IN ('failed', 'uncertain') AND settled_at > $1 AND settled_at <= $2 AND submission_id = ''
			UNION ALL
			SELECT coalesce(campaigns.programme, ''), copies.state FROM copies LEFT JOIN campaigns ON campaigns.id = campaign_id
			 WHERE `+apart+` AND copies.state IN ('failed', 'uncertain') AND copies.settled_at > $1 AND copies.settled_at <= $2) AS wrong
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
