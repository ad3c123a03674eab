package workflow

import (
	"time"

	"postroom/internal/store"
)

// answersChanged is the template that says that the person changed what is on
// file.
const answersChanged = "answers-changed"

// Changed tells the coordinators of a case that the person has changed something
// of it, once an hour: whoever looks sees what stands then.
func (w *Workflow) Changed(tx *store.Tx, c *Case, at time.Time) error {
	return w.tell(tx, c, news{key: "changed:" + c.Submission.ID + ":" + at.UTC().Format("2006-01-02T15"), template: answersChanged}, at)
}
