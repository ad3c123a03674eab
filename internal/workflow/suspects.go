package workflow

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// The templates of what coordinators are told of what strangers send.
const (
	suspects = "looks-automatic" // so many entries are held
	surging  = "form-busy"       // far more comes in by a form than is usual
)

// suspectsEvery is for how long entries that look automatic are gathered before
// coordinators hear of them, in one mail: a flood must not become one of mails to
// them. Within two hours of the first they know.
const suspectsEvery = 90 * time.Minute

// OweSuspects owes the coordinators of a case a word about what looks automatic,
// together with whatever else of the programme is held in the same hour and a half.
// The promise is a job, made once for that time.
func (w *Workflow) OweSuspects(tx *store.Tx, c *Case, at time.Time) error {
	c.suspected = true
	from := at.Truncate(suspectsEvery)
	subject := c.Run.Programme + "/" + strconv.FormatInt(from.Unix(), 10)
	return tx.OweJob(postroom.JobSuspects, subject, postroom.Followup, from.Add(suspectsEvery+time.Minute), at) // what is being filed has a minute to be there
}

// TellSuspects tells the coordinators of a programme how much of what came in looks
// automatic and is still held. subject is that of the job. Where somebody has seen
// to all of it, it tells nothing.
func (w *Workflow) TellSuspects(tx *store.Tx, subject string, at time.Time) error {
	name, began, found := strings.Cut(subject, "/")
	seconds, err := strconv.ParseInt(began, 10, 64)
	if !found || err != nil {
		return &postroom.Error{Kind: postroom.NotFound, Cause: fmt.Errorf("job about %q: it names no programme and time", subject)}
	}
	from := time.Unix(seconds, 0)
	n, err := tx.Suspects(name, [2]string{HeldForSafety, HeldForGuardian}, from, from.Add(suspectsEvery))
	if err != nil || n == 0 {
		return err
	}
	c := w.CaseOf(postroom.Run{Programme: name}, postroom.Submission{Programme: name, ReceivedAt: from}, postroom.Contact{})
	return w.tell(tx, c, news{key: "suspects:" + subject, template: suspects, data: map[string]string{"waiting": strconv.Itoa(n), "starts": stamp(from)}}, at)
}

// surgeToldEvery is how often coordinators hear that the same form is shut softly.
const surgeToldEvery = 6 * time.Hour

// TellSurge tells the coordinators of a case that its form was shut softly, once in
// six hours however often that happens.
func (w *Workflow) TellSurge(tx *store.Tx, c *Case, at time.Time) error {
	slot := strconv.FormatInt(at.Truncate(surgeToldEvery).Unix(), 10)
	told := w.CaseOf(c.Run, postroom.Submission{Programme: c.Run.Programme, Form: c.Run.Form, ReceivedAt: at}, postroom.Contact{})
	told.Run.Submission = ""
	return w.tell(tx, told, news{key: "surge:" + c.Run.Form + ":" + slot, template: surging}, at)
}
