package app

import (
	"cmp"
	"context"
	"errors"
	"time"

	"postroom/internal/arrivals"
	"postroom/internal/casework"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// makeCasework makes the room in which colleagues act.
func (r *Room) makeCasework() {
	r.Casework = casework.New(casework.Options{
		Store: r.Store, Programmes: r.Programmes, Team: r.Team, Workflow: r.Workflow, Outbox: r.Outbox,
		Letters: filing{r}, Places: r.Events, Alarms: r.alarms(), AskGuardian: r.Intake.AskGuardianNow, Clock: r.Clock, ReplyTo: r.repliesTo, Log: r.Log,
	})
}

// repliesTo is the address to which people reply to what a colleague wrote: the
// signed one of the mailbox they wrote to, or of the one that we write from; ""
// where neither gets mail for it.
func (r *Room) repliesTo(mailbox, reference string) string {
	return r.replyTo(cmp.Or(mailbox, r.Config.Organisation.From.Address), reference)
}

// filing is the room that reads letters, as casework needs it.
type filing struct{ room *Room }

// File files a letter in triage, and says in words what keeps it from that.
func (f filing) File(ctx context.Context, id string, as casework.FileAs, by string) (string, error) {
	l, err := f.room.Store.Read(ctx).Letter(id)
	if err != nil {
		return "", err
	}
	receipt, err := f.room.Arrivals.File(ctx, l, arrivals.As{Person: as.Person, Name: as.Name, Form: as.Form}, by)
	if err != nil {
		return "", inWords(err)
	}
	return receipt.Submission.Reference, nil
}

// inWords classifies why a letter was not filed.
func inWords(err error) error {
	for _, known := range []struct {
		err  error
		kind postroom.Kind
		say  string
	}{
		{arrivals.ErrNotWaiting, postroom.Gone, "desk.settled"},
		{arrivals.ErrOurs, postroom.Invalid, "desk.file_ours"},
		{arrivals.ErrNobody, postroom.Invalid, "desk.file_nobody"},
		{arrivals.ErrNoForm, postroom.Invalid, "desk.file_no_form"},
	} {
		if errors.Is(err, known.err) {
			return &postroom.Error{Kind: known.kind, Say: postroom.Say(known.say), Cause: err}
		}
	}
	return err
}

// alarms is how casework says that somebody may be in danger, and that a person
// has looked.
func (r *Room) alarms() casework.Alarms {
	return casework.Alarms{
		Raise: r.Workflow.Raise,
		Opened: func(tx *store.Tx, about casework.Ref, by string, at time.Time) error {
			return r.Workflow.Opened(tx, about.Matter, about.ID, by, at)
		},
		Closed: func(tx *store.Tx, about casework.Ref, by, reason string, at time.Time) error {
			return r.Workflow.CloseAlarm(tx, about.Matter, about.ID, by, reason, at)
		},
	}
}
