package store

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"postroom/internal/postroom"
)

// NewDeedID makes the id of a deed before its row, so that what it causes can
// name it.
func NewDeedID() string { return newID() }

// AddDeed puts on file what a colleague did. Before holds states, names and ids,
// never what somebody wrote.
func (tx *Tx) AddDeed(d postroom.Deed) error {
	before, err := json.Marshal(d.Before)
	if err != nil {
		return fmt.Errorf("encode what was before deed %s: %w", d.ID, err)
	}
	_, err = tx.exec(`INSERT INTO deeds (id, at, actor, act, kind, subject, before) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		d.ID, micros(d.At), d.Actor, d.Act, d.Matter, d.Subject, string(before))
	if err != nil {
		return fmt.Errorf("add deed %s: %w", d.Act, err)
	}
	return nil
}

const deedColumns = `id, at, actor, act, kind, subject, before, undone_at`

func scanDeed(scan func(...any) error) (postroom.Deed, error) {
	var d postroom.Deed
	var before string
	var at, undone int64
	if err := scan(&d.ID, &at, &d.Actor, &d.Act, &d.Matter, &d.Subject, &before, &undone); err != nil {
		return d, err
	}
	d.At, d.UndoneAt = moment(at), moment(undone)
	return d, json.Unmarshal([]byte(before), &d.Before)
}

// Deed returns one deed, or NotFound.
func (r Reader) Deed(id string) (postroom.Deed, error) {
	d, err := scanDeed(r.row(`SELECT `+deedColumns+` FROM deeds WHERE id = $1`, id).Scan)
	return d, absent(err, "deed", id)
}

// Deeds lists what colleagues did to a matter, also what was undone, the newest
// first.
func (r Reader) Deeds(matter postroom.Matter, subject string) (list []postroom.Deed, err error) {
	err = r.each(func(rows *sql.Rows) error {
		d, err := scanDeed(rows.Scan)
		list = append(list, d)
		return err
	}, `SELECT `+deedColumns+` FROM deeds WHERE kind = $1 AND subject = $2 ORDER BY at DESC, id DESC`, matter, subject)
	return list, err
}

// MarkUndone notes that a deed was undone, and says whether it stood.
func (tx *Tx) MarkUndone(deed string, at time.Time) (bool, error) {
	n, err := tx.exec(`UPDATE deeds SET undone_at = $2 WHERE id = $1 AND undone_at = 0`, deed, micros(at))
	return n > 0, err
}

// noteText is where the text of a note is sealed for.
func noteText(id string) string { return "notes.text:" + id }

// AddNote puts a colleague's note beside a matter and returns it with its id.
func (tx *Tx) AddNote(n postroom.Note) (postroom.Note, error) {
	n.ID = newID()
	text, err := tx.sealBytes(noteText(n.ID), []byte(n.Text))
	if err != nil {
		return n, fmt.Errorf("seal note: %w", err)
	}
	_, err = tx.exec(`INSERT INTO notes (id, kind, subject, text_sealed, made_by, made_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		n.ID, n.Matter, n.Subject, text, n.By, micros(n.At))
	if err != nil {
		return n, fmt.Errorf("add note: %w", err)
	}
	return n, nil
}

// Notes lists the notes beside a matter, the oldest first.
func (r Reader) Notes(matter postroom.Matter, subject string) (list []postroom.Note, err error) {
	err = r.each(func(rows *sql.Rows) error {
		n := postroom.Note{Matter: matter, Subject: subject}
		var text []byte
		var at int64
		if err := rows.Scan(&n.ID, &text, &n.By, &at); err != nil {
			return err
		}
		n.At = moment(at)
		text, err := r.openBytes(noteText(n.ID), text)
		n.Text = string(text)
		list = append(list, n)
		return err
	}, `SELECT id, text_sealed, made_by, made_at FROM notes WHERE kind = $1 AND subject = $2 AND removed_at = 0 ORDER BY made_at, id`, matter, subject)
	return list, err
}

// RemoveNote takes a note away, once, and says whether it was there. Who made it
// and when stays; what it said is forgotten.
func (tx *Tx) RemoveNote(id string, at time.Time) (bool, error) {
	nothing, err := tx.sealBytes(noteText(id), []byte{})
	if err != nil {
		return false, fmt.Errorf("empty note %s: %w", id, err)
	}
	n, err := tx.exec(`UPDATE notes SET removed_at = $2, text_sealed = $3 WHERE id = $1 AND removed_at = 0`, id, micros(at), nothing)
	return n > 0, err
}

// ItemWith returns what a number stands for, or NotFound.
func (r Reader) ItemWith(number int) (postroom.Item, error) {
	item := postroom.Item{Number: number}
	err := r.row(`SELECT kind, subject FROM items WHERE number = $1`, number).Scan(&item.Matter, &item.Subject)
	return item, absent(err, "item", strconv.Itoa(number))
}

// Call returns one call, open or done, with what it is about, or NotFound.
func (r Reader) Call(id string) (CallToMake, error) {
	c := CallToMake{Call: postroom.Call{ID: id}}
	var at, snoozed int64
	err := r.row(`
		SELECT calls.message_id, calls.contact_id, calls.submission_id, calls.reason, calls.state = 'done', calls.created_at, calls.assigned_to, calls.snoozed_until,
		       messages.programme, coalesce(submissions.reference, '')
		  FROM calls JOIN messages ON messages.id = calls.message_id LEFT JOIN submissions ON submissions.id = calls.submission_id
		 WHERE calls.id = $1`, id).Scan(&c.Message, &c.Contact, &c.Submission, &c.Reason, &c.Done, &at, &c.AssignedTo, &snoozed, &c.Programme, &c.Reference)
	c.At, c.SnoozedUntil = moment(at), moment(snoozed)
	return c, absent(err, "call", id)
}

// AssignCall gives a call to a colleague ("" is whoever looks after what it is
// about).
func (tx *Tx) AssignCall(id, name string) error {
	_, err := tx.exec(`UPDATE calls SET assigned_to = $2 WHERE id = $1`, id, name)
	return err
}

// SnoozeCall puts a call off until a moment; the zero time ends that.
func (tx *Tx) SnoozeCall(id string, until time.Time) error {
	_, err := tx.exec(`UPDATE calls SET snoozed_until = $2 WHERE id = $1`, id, micros(until))
	return err
}

// stands names the columns that say where a matter stands: texts, and numbers.
func stands(matter postroom.Matter) (table string, texts, numbers []string) {
	switch matter {
	case postroom.AboutSubmission:
		return "submissions", []string{"state", "assigned_to", "form", "form_version"}, []string{"answered_at", "snoozed_until"}
	case postroom.AboutLetter:
		return "letters", []string{"state", "reason", "assigned_to"}, []string{"settled_at", "snoozed_until"}
	case postroom.AboutCall:
		return "calls", []string{"state", "assigned_to"}, []string{"done_at", "snoozed_until"}
	case postroom.AboutStep:
		return "steps", []string{"state", "reason"}, []string{"due_at", "promised_for", "settled_at"}
	case postroom.AboutContact:
		return "contacts", []string{"merged_into"}, nil
	case postroom.AboutOrganisation:
		return "organisations", []string{"merged_into"}, nil
	}
	return "", nil, nil
}

// Stand returns where a matter stands, by the names of its columns, and locks
// it until the transaction ends, so that of two colleagues who act at the same
// moment one sees what the other did. It returns NotFound if there is none.
func (tx *Tx) Stand(matter postroom.Matter, id string) (map[string]string, error) {
	table, texts, numbers := stands(matter)
	if table == "" {
		return nil, fmt.Errorf("nothing stands at %s %s", matter, id)
	}
	columns := append(append([]string{}, texts...), numbers...)
	values, into := make([]string, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	err := tx.row(`UPDATE `+table+` SET `+columns[0]+` = `+columns[0]+` WHERE id = $1 RETURNING `+strings.Join(columns, ", "), id).Scan(into...)
	if err != nil {
		return nil, absent(err, string(matter), id)
	}
	stand := make(map[string]string, len(columns))
	for i, name := range columns {
		stand[name] = values[i]
	}
	return stand, nil
}

// PutBack makes a matter stand as it did, by columns that Stand has named.
// Repeats of a submission are found by its key only, from then on: the same
// words may have come again while it was answered.
func (tx *Tx) PutBack(matter postroom.Matter, id string, stand map[string]string) error {
	table, texts, numbers := stands(matter)
	var list places
	var set []string
	for _, name := range texts {
		if value, given := stand[name]; given {
			set = append(set, name+" = "+list.add(value))
		}
	}
	for _, name := range numbers {
		if value, given := stand[name]; given {
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				return fmt.Errorf("put %s %s back: %s: %w", matter, id, name, err)
			}
			set = append(set, name+" = "+list.add(n))
		}
	}
	if len(set) == 0 {
		return nil
	}
	if _, given := stand["state"]; given && matter == postroom.AboutSubmission {
		set = append(set, "natural_key = id")
	}
	if _, err := tx.exec(`UPDATE `+table+` SET `+strings.Join(set, ", ")+` WHERE id = `+list.add(id), list.args...); err != nil {
		return fmt.Errorf("put %s %s back: %w", matter, id, err)
	}
	return nil
}

// CloseSubmission notes that a submission needs no answer, and says whether it
// waited for one.
func (tx *Tx) CloseSubmission(id string) (bool, error) {
	n, err := tx.exec(`UPDATE submissions SET state = 'closed' WHERE id = $1 AND state IN ('received', 'held')`, id)
	return n > 0, err
}

// IgnoreLetter puts a letter aside that needed a person, and says whether it
// did.
func (tx *Tx) IgnoreLetter(id, reason string, at time.Time) (bool, error) {
	n, err := tx.exec(`UPDATE letters SET state = 'ignored', reason = $2, settled_at = $3 WHERE id = $1 AND state = 'triage'`, id, reason, micros(at))
	return n > 0, err
}

// Resume makes a message that was kept back for a reason wait to be sent again,
// and says whether it was kept back for that.
func (tx *Tx) Resume(message, reason string) (bool, error) {
	n, err := tx.exec(`UPDATE messages SET state = 'queued', reason = '', settled_at = 0 WHERE id = $1 AND state = 'suppressed' AND reason = $2`, message, reason)
	return n > 0, err
}

// RestoreSteps plans those steps of a run again that were left out or cancelled
// for a reason since a moment.
func (tx *Tx) RestoreSteps(run, reason string, since time.Time) error {
	_, err := tx.exec(`UPDATE steps SET state = 'planned', reason = '', settled_at = 0
		WHERE run_id = $1 AND reason = $2 AND state IN ('skipped', 'cancelled') AND settled_at >= $3`, run, reason, micros(since))
	return err
}

// ForgetStep takes a promise back as if it had never been made, so that it can
// be made again. What was done because of it stays.
func (tx *Tx) ForgetStep(id string) error {
	_, err := tx.exec(`DELETE FROM steps WHERE id = $1`, id)
	return err
}

// Seen says whether somebody did something to what has an id since a moment, as
// the audit knows it.
func (r Reader) Seen(actor, action, subject string, since time.Time) (bool, error) {
	var n int
	err := r.row(`SELECT count(*) FROM audit WHERE subject = $1 AND at > $4 AND actor = $2 AND action = $3`, subject, actor, action, micros(since)).Scan(&n)
	return n > 0, err
}

// AlarmStage returns how far an alarm about a matter has risen that is not
// closed (0 the lead was told, 1 the deputy, 2 the admins), and whether there is
// one.
func (r Reader) AlarmStage(matter postroom.Matter, subject string) (stage int, open bool, err error) {
	err = r.row(`SELECT stage FROM alarms WHERE kind = $1 AND subject = $2 AND closed_at = 0`, matter, subject).Scan(&stage)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return stage, err == nil, err
}

// SubmissionIDsOf lists the ids of what a contact sent, the oldest first.
func (r Reader) SubmissionIDsOf(contact string) (ids []string, err error) {
	return r.ids(`SELECT id FROM submissions WHERE contact_id = $1 ORDER BY received_at, id`, contact)
}

// ids reads one column of text.
func (r Reader) ids(query string, args ...any) (ids []string, err error) {
	err = r.each(func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	}, query, args...)
	return ids, err
}

// MoveToForm makes a submission one of another form, as it is asked now, and its
// run one of that form's.
func (tx *Tx) MoveToForm(submission, form, version string) error {
	if _, err := tx.exec(`UPDATE submissions SET form = $2, form_version = $3, natural_key = id WHERE id = $1`, submission, form, version); err != nil {
		return fmt.Errorf("move submission %s to form %s: %w", submission, form, err)
	}
	return tx.SetRunForm(submission, form)
}

// SetRunForm makes the run of a submission one of another form.
func (tx *Tx) SetRunForm(submission, form string) error {
	_, err := tx.exec(`UPDATE runs SET form = $2 WHERE submission_id = $1`, submission, form)
	return err
}
