package store

import (
	"cmp"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"postroom/internal/postroom"
)

// Bound is a part of what is on file that somebody may look at. "" is every
// programme, or every area.
type Bound struct{ Programme, Area string }

// Snoozing says whether what is put off is looked for.
type Snoozing string

// What is looked for.
const (
	AwakeOrAsleep Snoozing = ""
	Awake         Snoozing = "awake"
	Asleep        Snoozing = "asleep"
)

// InboxFilter says what to list of what came in. Zero values narrow nothing.
type InboxFilter struct {
	Within    []Bound  // what submissions who is looking may see; nil is all, and an empty list nothing
	Mailboxes []string // the letters of these only; nil is all, and an empty list nothing

	Matter     postroom.Matter            // submissions or letters; "" is both
	States     []postroom.SubmissionState // of submissions; none is received and held
	Programmes []string                   // these, the kind, form, area and locale are of submissions: asked for one, there are no letters
	Kind       postroom.FormKind
	Form       string
	Area       string
	Locale     string
	AssignedTo string   // name of a colleague
	Unassigned bool     // to nobody by name
	Snoozing   Snoozing // at Now; what is answered or closed is never asleep
	Contacts   []string // what these sent; nil is anybody, and an empty list nobody

	// Awaited says what a person answers in a programme. Where it is set, only who
	// waits for an answer is listed: for that, because they have questions open, or
	// because they wrote again. It is for what was received, and nothing else.
	Awaited func(programme string) []postroom.Awaited

	OldestFirst bool
	After       InboxPlace // where the page before this one ended
	Now         time.Time

	counted bool // rows are counted only: neither their order nor their ids are needed
	whole   bool // a look goes through an index from one end to the other, and through no other
}

// InboxPlace is where a row of the inbox stands.
type InboxPlace struct {
	At time.Time
	ID string
}

// InboxRow is one submission or one letter in triage.
type InboxRow struct {
	Matter       postroom.Matter
	ID           string
	Reference    string
	Programme    string
	Form         string
	FormKind     postroom.FormKind
	Area         string
	Locale       string
	State        string // of the submission or letter
	Reason       string // why a letter needs a person
	ContactID    string // "" for a letter
	ContactName  string // "" of what is held
	Address      string // where an answer goes; whom a letter is from; "" of what is held
	Discreet     bool   // the contact is
	AssignedTo   string
	SnoozedUntil time.Time // zero when it is not put off
	ReceivedAt   time.Time
	Mailbox      string // that it came to; "" when it came by no letter
	Class        postroom.LetterClass
	Open         bool // it came by letter and has questions open
	Held         bool // it is for whoever is called when somebody may be in danger, or a machine may have sent it
}

// Place is where the row stands, for the page after it.
func (row InboxRow) Place() InboxPlace { return InboxPlace{row.ReceivedAt, row.ID} }

// Inbox lists what came in, submissions and letters in triage in one list, at
// most limit, and says whether there is more.
func (r Reader) Inbox(f InboxFilter, limit int) (rows []InboxRow, more bool, err error) {
	looks, err := r.looks(f, limit+1)
	if err != nil {
		return nil, false, fmt.Errorf("list programmes on file: %w", err)
	}
	var keys []inboxKey
	for some := range slices.Chunk(looks, looksAtOnce) {
		var list places
		if err := r.each(func(rows *sql.Rows) error {
			var k inboxKey
			err := rows.Scan(&k.matter, &k.id, &k.at)
			keys = append(keys, k)
			return err
		}, union(some, &list), list.args...); err != nil {
			return nil, false, fmt.Errorf("look through what came in: %w", err)
		}
	}
	slices.SortFunc(keys, f.order)
	keys = slices.Compact(keys)
	more = len(keys) > limit
	keys = keys[:min(len(keys), limit)]
	rows, err = r.inboxRows(keys)
	if err != nil {
		return nil, false, fmt.Errorf("read what came in: %w", err)
	}
	return rows, more, nil
}

// inboxKey is a row of the inbox before it is read.
type inboxKey struct {
	matter postroom.Matter
	id     string
	at     int64
}

func (f InboxFilter) order(a, b inboxKey) int {
	if f.OldestFirst {
		a, b = b, a
	}
	return cmp.Or(cmp.Compare(b.at, a.at), strings.Compare(b.id, a.id))
}

// MostCounted is up to how many InboxCounts counts.
const MostCounted = 1000

// InboxCounts is how much a filter lets through.
type InboxCounts struct {
	Submissions, Letters int  // at most MostCounted of each
	MoreSubmissions      bool // there are more than were counted
	MoreLetters          bool
}

// InboxCounts counts what a filter lets through on all its pages, each of both up
// to MostCounted.
func (r Reader) InboxCounts(f InboxFilter) (c InboxCounts, err error) {
	f.After, f.counted = InboxPlace{}, true
	for _, of := range []struct {
		matter postroom.Matter
		n      *int
		more   *bool
	}{{postroom.AboutSubmission, &c.Submissions, &c.MoreSubmissions}, {postroom.AboutLetter, &c.Letters, &c.MoreLetters}} {
		if f.Matter != "" && f.Matter != of.matter {
			continue
		}
		one := f
		one.Matter = of.matter
		looks, err := r.looks(one, MostCounted+1)
		if err != nil {
			return c, fmt.Errorf("list programmes on file: %w", err)
		}
		for some := range slices.Chunk(looks, looksAtOnce) {
			var list places
			var n int
			query := `SELECT count(*) FROM (` + union(some, &list) + ` LIMIT ` + list.add(MostCounted+1) + `) AS these`
			if err := r.row(query, list.args...).Scan(&n); err != nil {
				return c, fmt.Errorf("count what came in: %w", err)
			}
			if *of.n += n; *of.n > MostCounted {
				*of.n, *of.more = MostCounted, true
				break
			}
		}
	}
	return c, nil
}

// look finds some of the rows of one page by one index, in the page's order, and
// no more of them than the page has. What a page is made of is found by many of
// them: both engines then read as much as they show, however much is on file.
type look func(list *places) string

// looksAtOnce is how many looks are one statement: SQLite allows five hundred.
const looksAtOnce = 60

func union(looks []look, list *places) string {
	parts := make([]string, len(looks))
	for i, look := range looks {
		parts[i] = `SELECT * FROM (` + look(list) + `) AS look` + fmt.Sprint(i)
	}
	return strings.Join(parts, " UNION ALL ")
}

func (r Reader) looks(f InboxFilter, limit int) (looks []look, err error) {
	scopes, err := r.scopes(f)
	if err != nil {
		return nil, err
	}
	if f.Matter != postroom.AboutLetter && len(scopes) > 0 {
		if err := r.kindsWaiting(f, scopes); err != nil {
			return nil, err
		}
		looks = f.submissionLooks(scopes, limit)
	}
	letters := f.Matter != postroom.AboutSubmission && len(f.Programmes) == 0 && f.Kind == "" && f.Form+f.Area+f.Locale == ""
	if letters && !none(f.Mailboxes) && !none(f.Contacts) {
		looks = append(looks, f.letterLook(limit))
	}
	return looks, nil
}

// none says whether a list that may be left out is there and empty.
func none[T any](list []T) bool { return list != nil && len(list) == 0 }

// scope is what somebody may see of one programme.
type scope struct {
	programme string
	areas     []string // nil is all
	kinds     []string // of what waits there

	awaited []postroom.Awaited // only these, and who waits for another reason
}

// openQuestions and wroteAgain are why somebody waits for an answer whatever they
// sent. The summaries and Today ask for the same.
const (
	openQuestions = `(open_fields <> '' AND submissions.letter_id <> '')`
	wroteAgain    = `reason = 'added' AND state = 'done'`
)

// awaits is that a submission of the scope is what a person answers.
func (s scope) awaits(list *places) string {
	parts := make([]string, len(s.awaited))
	for i, a := range s.awaited {
		parts[i] = `kind = ` + list.add(a.Kind)
		if a.Form != "" {
			parts[i] += ` AND form = ` + list.add(a.Form)
		}
	}
	return `(` + strings.Join(parts, " OR ") + `)`
}

// scopes works out of which programmes, and of which of their areas, submissions
// are to be looked for.
func (r Reader) scopes(f InboxFilter) (list []scope, err error) {
	bounds := f.Within
	if bounds == nil {
		bounds = []Bound{{}}
	}
	var onFile []string
	if slices.ContainsFunc(bounds, func(b Bound) bool { return b.Programme == "" }) {
		if onFile, err = r.ProgrammesOnFile(); err != nil {
			return nil, err
		}
	}
	areas, whole := make(map[string][]string), make(map[string]bool)
	for _, bound := range bounds {
		programmes := []string{bound.Programme}
		if bound.Programme == "" {
			programmes = onFile
		}
		for _, programme := range programmes {
			areas[programme] = append(areas[programme], bound.Area)
			whole[programme] = whole[programme] || bound.Area == ""
		}
	}
	for programme, some := range areas {
		if len(f.Programmes) > 0 && !slices.Contains(f.Programmes, programme) {
			continue
		}
		if whole[programme] {
			some = nil
		}
		s := scope{programme: programme, areas: some}
		if f.Awaited != nil {
			s.awaited = f.Awaited(programme)
		}
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b scope) int { return strings.Compare(a.programme, b.programme) })
	return list, nil
}

// ProgrammesOnFile lists the programmes that have submissions. It goes from one
// to the next in the indexes of each state: there are few of them, and many
// submissions.
func (r Reader) ProgrammesOnFile() (list []string, err error) {
	first := func(after string) string {
		var parts []string
		for _, state := range []postroom.SubmissionState{postroom.SubmissionReceived, postroom.SubmissionHeld, postroom.SubmissionAnswered, postroom.SubmissionClosed} {
			parts = append(parts, `SELECT min(submissions.programme) AS one FROM submissions WHERE `+ofState(state)+after)
		}
		return `(SELECT min(one) FROM (` + strings.Join(parts, " UNION ALL ") + `) AS firsts)`
	}
	err = r.each(func(rows *sql.Rows) error {
		var programme string
		err := rows.Scan(&programme)
		list = append(list, programme)
		return err
	}, `WITH RECURSIVE next (programme) AS (SELECT `+first("")+`
		 UNION ALL SELECT `+first(" AND submissions.programme > next.programme")+` FROM next WHERE next.programme IS NOT NULL)
		SELECT programme FROM next WHERE programme IS NOT NULL`)
	return list, err
}

// kindsWaiting fills in which kinds of submissions wait in each programme. It goes
// from one to the next in the index, by kind within programme: many sign-ups, which
// nobody answers, are in nobody's way there.
func (r Reader) kindsWaiting(f InboxFilter, scopes []scope) error {
	if f.Contacts != nil || !slices.Contains(f.states(), postroom.SubmissionReceived) {
		return nil
	}
	var list places
	known := make([]string, len(scopes))
	for i, scope := range scopes {
		known[i] = `(` + list.add(scope.programme) + `)`
	}
	const first = `(SELECT min(kind) FROM submissions WHERE state = 'received' AND programme = `
	return r.each(func(rows *sql.Rows) error {
		var programme, kind string
		err := rows.Scan(&programme, &kind)
		i := slices.IndexFunc(scopes, func(s scope) bool { return s.programme == programme })
		if f.Kind == "" || string(f.Kind) == kind {
			scopes[i].kinds = append(scopes[i].kinds, kind)
		}
		return err
	}, `WITH RECURSIVE known (name) AS (VALUES `+strings.Join(known, ", ")+`), next (name, kind) AS (
		SELECT name, `+first+`known.name) FROM known
		 UNION ALL SELECT name, `+first+`next.name AND submissions.kind > next.kind) FROM next WHERE kind IS NOT NULL)
		SELECT name, kind FROM next WHERE kind IS NOT NULL`, list.args...)
}

func (f InboxFilter) submissionLooks(scopes []scope, limit int) (looks []look) {
	if f.Contacts != nil {
		if len(f.Contacts) == 0 || len(f.states()) == 0 {
			return nil
		}
		return []look{f.contactsLook(scopes, limit)}
	}
	if f.Awaited != nil {
		return f.awaitedLooks(scopes, limit)
	}
	for _, state := range f.states() {
		for _, scope := range scopes {
			for _, kind := range f.looked(scope, state) {
				looks = append(looks, func(list *places) string {
					which := `programme = ` + list.add(scope.programme) + within(list, scope) + ` AND ` + ofState(state)
					if kind != "" {
						which += ` AND kind = ` + list.add(kind)
					}
					return f.submissions(list, which+f.few(), settled(state), limit)
				})
			}
		}
	}
	return looks
}

// awaitedLooks find who waits for an answer, each of them by one look alone: those
// who sent what a person answers, by kind; then who has questions open; then who
// wrote again and is neither.
func (f InboxFilter) awaitedLooks(scopes []scope, limit int) (looks []look) {
	for _, scope := range scopes {
		for _, a := range scope.awaited {
			if !slices.Contains(scope.kinds, string(a.Kind)) {
				continue
			}
			looks = append(looks, func(list *places) string {
				which := `programme = ` + list.add(scope.programme) + within(list, scope) + ` AND ` + ofState(postroom.SubmissionReceived) + ` AND kind = ` + list.add(a.Kind)
				if a.Form != "" {
					which += ` AND form = ` + list.add(a.Form)
				}
				return f.submissions(list, which+f.few(), false, limit)
			})
		}
		looks = append(looks, func(list *places) string { // asked for a state as it stands, SQLite would read all that waits
			which := `programme = ` + list.add(scope.programme) + within(list, scope) + ` AND state || '' = 'received' AND ` + openQuestions + ` AND NOT ` + scope.awaits(list)
			return f.submissions(list, which, false, limit)
		})
	}
	return append(looks, f.againLook(scopes, limit))
}

// againLook finds who wrote again and waits for nothing else, from the few who did:
// the indexes of all that waits are kept from being used instead.
func (f InboxFilter) againLook(scopes []scope, limit int) look {
	f.whole = true
	return func(list *places) string {
		parts := make([]string, len(scopes))
		for i, scope := range scopes {
			parts[i] = `(programme || '' = ` + list.add(scope.programme) + within(list, scope) + ` AND NOT ` + scope.awaits(list) + `)`
		}
		which := `wrote_again AND state || '' = 'received' AND EXISTS (SELECT 1 FROM letters WHERE submission_id = submissions.id AND ` + wroteAgain + `) AND NOT ` + openQuestions + ` AND (` + strings.Join(parts, " OR ") + `)`
		return f.submissions(list, which, false, limit)
	}
}

// few writes out that a look is for some of the few that are in another language than
// English or were given to somebody, so that SQLite sees that the index of those may be
// used.
func (f InboxFilter) few() (which string) {
	if f.Locale != "" && f.Locale != "en" {
		which += ` AND locale <> 'en'`
	}
	if f.given() {
		which += ` AND assigned_to <> ''`
	}
	return which
}

// looked are the kinds that are looked for one by one; "" is all at once, as what
// was given to somebody has an index of its own.
func (f InboxFilter) looked(s scope, state postroom.SubmissionState) []string {
	if state == postroom.SubmissionReceived && !f.given() {
		return s.kinds
	}
	return []string{""}
}

// given says whether only what was given to one colleague is looked for.
func (f InboxFilter) given() bool { return f.AssignedTo != "" && !f.Unassigned }

// contactsLook finds what a few people sent, by the index of contacts: the ones of
// programmes are kept from being used instead.
func (f InboxFilter) contactsLook(scopes []scope, limit int) look {
	return func(list *places) string {
		parts := make([]string, len(scopes))
		for i, scope := range scopes {
			parts[i] = `(programme || '' = ` + list.add(scope.programme) + within(list, scope)
			if f.Awaited != nil {
				parts[i] += ` AND (` + scope.awaits(list) + ` OR ` + openQuestions + ` OR EXISTS (SELECT 1 FROM letters WHERE letters.submission_id = submissions.id AND ` + wroteAgain + `))`
			}
			parts[i] += `)`
		}
		states := f.states()
		names := make([]string, len(states))
		for i, state := range states {
			names[i] = string(state)
		}
		which := `contact_id IN (` + list.each(f.Contacts) + `) AND state || '' IN (` + list.each(names) + `) AND (` + strings.Join(parts, " OR ") + `)`
		return f.submissions(list, which, false, limit)
	}
}

// states are the states asked for, each of them once.
func (f InboxFilter) states() (states []postroom.SubmissionState) {
	for _, state := range f.States {
		if !slices.Contains(states, state) && (!settled(state) || f.Snoozing != Asleep) {
			states = append(states, state)
		}
	}
	if f.Awaited != nil {
		return []postroom.SubmissionState{postroom.SubmissionReceived}
	}
	if len(f.States) == 0 {
		return []postroom.SubmissionState{postroom.SubmissionReceived, postroom.SubmissionHeld}
	}
	return states
}

func settled(state postroom.SubmissionState) bool {
	return state == postroom.SubmissionAnswered || state == postroom.SubmissionClosed
}

// ofState writes the state out, so that SQLite sees that the index of that state
// may be used.
func ofState(state postroom.SubmissionState) string {
	switch state {
	case postroom.SubmissionReceived:
		return `state = 'received'`
	case postroom.SubmissionHeld:
		return `state = 'held'`
	case postroom.SubmissionAnswered:
		return `state = 'answered'`
	default:
		return `state = 'closed'`
	}
}

func within(list *places, s scope) string {
	if s.areas == nil {
		return ""
	}
	return ` AND area IN (` + list.each(s.areas) + `)`
}

// submissions is a look for submissions. awake says that they cannot be asleep.
func (f InboxFilter) submissions(list *places, which string, awake bool, limit int) string {
	for _, narrow := range []struct{ column, to string }{{"kind", string(f.Kind)}, {"form", f.Form}, {"area", f.Area}, {"locale", f.Locale}} {
		if narrow.to != "" {
			which += ` AND ` + narrow.column + ` = ` + list.add(narrow.to)
		}
	}
	if !awake {
		which += f.snoozed(list)
	}
	return `SELECT ` + f.columns("submission") + ` FROM submissions WHERE ` + which + f.rest(list, limit)
}

func (f InboxFilter) columns(matter string) string {
	if f.counted {
		return `1 AS one`
	}
	return `'` + matter + `' AS matter, id, received_at`
}

func (f InboxFilter) letterLook(limit int) look {
	return func(list *places) string {
		which := `state = 'triage'`
		if f.Mailboxes != nil {
			which += ` AND mailbox IN (` + list.each(f.Mailboxes) + `)`
		}
		if f.Contacts != nil {
			which = `folder = 'inbox' AND state || '' = 'triage' AND address IN (SELECT address FROM contact_addresses WHERE contact_id IN (` + list.each(f.Contacts) + `))` +
				strings.TrimPrefix(which, `state = 'triage'`)
		}
		return `SELECT ` + f.columns("letter") + ` FROM letters WHERE ` + which + f.snoozed(list) + f.rest(list, limit)
	}
}

func (f InboxFilter) snoozed(list *places) string {
	switch f.Snoozing {
	case Awake:
		return ` AND snoozed_until <= ` + list.add(micros(f.Now))
	case Asleep:
		return ` AND snoozed_until > ` + list.add(micros(f.Now))
	}
	return ""
}

// rest is the end of each look: who looks after it, and which page it is.
func (f InboxFilter) rest(list *places, limit int) (end string) {
	if f.Unassigned {
		end += ` AND assigned_to = ''`
	} else if f.given() {
		end += ` AND assigned_to = ` + list.add(f.AssignedTo)
	}
	if f.counted {
		return end + ` LIMIT ` + list.add(limit)
	}
	before, direction := "<", " DESC"
	if f.OldestFirst {
		before, direction = ">", ""
	}
	if f.After.ID != "" {
		at, column := list.add(micros(f.After.At)), `received_at`
		if f.whole {
			column = `received_at + 0`
		}
		end += ` AND ` + column + ` ` + before + `= ` + at + ` AND (received_at ` + before + ` ` + at + ` OR id ` + before + ` ` + list.add(f.After.ID) + `)`
	}
	return end + ` ORDER BY received_at` + direction + `, id` + direction + ` LIMIT ` + list.add(limit)
}

// inboxRows reads rows by their keys, in the same order. One that is gone by now
// is left out.
func (r Reader) inboxRows(keys []inboxKey) (rows []InboxRow, err error) {
	ids := map[postroom.Matter][]string{}
	for _, k := range keys {
		ids[k.matter] = append(ids[k.matter], k.id)
	}
	read := make(map[string]InboxRow, len(keys))
	for matter, query := range map[postroom.Matter]string{postroom.AboutSubmission: inboxSubmissions, postroom.AboutLetter: inboxLetters} {
		if len(ids[matter]) == 0 {
			continue
		}
		var list places
		if err := r.each(func(rows *sql.Rows) error {
			row, err := scanInboxRow(rows, matter)
			read[row.ID] = row
			return err
		}, query+`(`+list.each(ids[matter])+`)`, list.args...); err != nil {
			return nil, err
		}
	}
	for _, k := range keys {
		if row, there := read[k.id]; there {
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// isHeld is that somebody has to look at a submission first, and rings that a letter
// may be about somebody in danger. Whoever may open it is asked for by Sender: a list
// reads neither name nor address of it.
const (
	isHeld = `(state = 'held' OR EXISTS (SELECT 1 FROM holds WHERE submission_id = submissions.id AND released_at = 0))`
	rings  = `EXISTS (SELECT 1 FROM alarms WHERE kind = 'letter' AND subject = letters.id AND closed_at = 0)`
)

const (
	inboxSubmissions = `SELECT submissions.id, reference, programme, form, kind, area, submissions.locale, state, '', contact_id,
		CASE WHEN ` + isHeld + ` THEN '' ELSE contacts.name END, CASE WHEN ` + isHeld + ` THEN '' ELSE address END, contacts.discreet,
		assigned_to, snoozed_until, received_at, mailbox, '', open_fields <> '' AND letter_id <> '', ` + isHeld + `
		FROM submissions JOIN contacts ON contacts.id = contact_id WHERE submissions.id IN `
	inboxLetters = `SELECT id, reference, '', '', '', '', '', state, reason, '', '', CASE WHEN ` + rings + ` THEN '' ELSE address END, FALSE,
		assigned_to, snoozed_until, received_at, mailbox, class, FALSE, ` + rings + ` FROM letters WHERE id IN `
)

func scanInboxRow(rows *sql.Rows, matter postroom.Matter) (InboxRow, error) {
	row := InboxRow{Matter: matter}
	var snoozed, received int64
	err := rows.Scan(&row.ID, &row.Reference, &row.Programme, &row.Form, &row.FormKind, &row.Area, &row.Locale, &row.State, &row.Reason,
		&row.ContactID, &row.ContactName, &row.Address, &row.Discreet,
		&row.AssignedTo, &snoozed, &received, &row.Mailbox, &row.Class, &row.Open, &row.Held)
	row.SnoozedUntil, row.ReceivedAt = moment(snoozed), moment(received)
	return row, err
}

// Sender returns the name and the address that a row does not say because it is held,
// for whoever may open it.
func (r Reader) Sender(row InboxRow) (name, address string, err error) {
	query := `SELECT contacts.name, address FROM submissions JOIN contacts ON contacts.id = contact_id WHERE submissions.id = $1`
	if row.Matter == postroom.AboutLetter {
		query = `SELECT '', address FROM letters WHERE id = $1`
	}
	err = r.row(query, row.ID).Scan(&name, &address)
	return name, address, absent(err, string(row.Matter), row.ID)
}

// AgainAmong returns those of some submissions to which the person wrote more
// than once.
func (r Reader) AgainAmong(ids []string) (map[string]bool, error) {
	again := make(map[string]bool)
	if len(ids) == 0 {
		return again, nil
	}
	var list places
	err := r.each(func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		again[id] = true
		return err
	}, `SELECT DISTINCT submission_id FROM letters WHERE submission_id IN (`+list.each(ids)+`) AND `+wroteAgain, list.args...)
	if err != nil {
		return nil, fmt.Errorf("look who wrote again: %w", err)
	}
	return again, nil
}
