package workers

import (
	"fmt"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// Retry makes a job due again that was given up, or done, and with it the message
// that it delivers, if that was given up too. A message that the gate settled
// stays as it is, and Conflict says so: sending it again would pass no gate.
// Retrying what is due already returns NotFound and changes nothing.
func Retry(tx *store.Tx, id, by string, now time.Time) error {
	job, err := tx.Job(id)
	if err != nil {
		return err
	}
	if err := tx.ReopenJob(id, now); err != nil {
		return err
	}
	if job.Kind == postroom.JobDeliver {
		if err := again(tx, job.Subject); err != nil {
			return err
		}
	}
	return tx.Audit(by, "retry job", id, now)
}

func again(tx *store.Tx, message string) error {
	m, err := tx.Message(message)
	if err != nil {
		return err
	}
	switch m.State {
	case postroom.Failed, postroom.Uncertain:
		return tx.RequeueMessage(message)
	case postroom.Queued, postroom.Deferred, postroom.Sending:
		return nil
	}
	return &postroom.Error{Kind: postroom.Conflict, Cause: fmt.Errorf("message %s is %s (%s), so there is nothing to send again", message, m.State, m.Reason)}
}

// Drop gives a job up, and with it the message that it would have delivered: that
// failed, and somebody who waits for it is owed a call. where says from where a
// person did that. Retry takes it back, but not the call.
func Drop(tx *store.Tx, id, by, where string, now time.Time) error {
	reason := store.Dropped + where
	job, err := tx.Job(id)
	if err != nil {
		return err
	}
	if err := tx.DropJob(id, reason, now); err != nil {
		return err
	}
	switch job.Kind {
	case postroom.JobDeliver:
		err = dropMessage(tx, job.Subject, reason, now)
	case postroom.JobCampaignChunk:
		err = dropChunk(tx, job.Subject, reason, now)
	}
	if err != nil {
		return err
	}
	return tx.Audit(by, "drop job", id, now)
}

func dropMessage(tx *store.Tx, id, reason string, now time.Time) error {
	m, err := tx.Message(id)
	if err != nil {
		return err
	}
	if m.State != postroom.Queued && m.State != postroom.Deferred {
		return nil
	}
	if err := tx.Withhold(id, postroom.Failed, reason, now); err != nil {
		return err
	}
	if m.Contact == "" {
		return nil
	}
	if err := tx.OweCall(m, reason, now); err != nil {
		return err
	}
	_, err = tx.AddJob(postroom.JobTell, m.ID, postroom.Followup, now, now)
	return err
}

// dropChunk fails what waits of a part that nobody will send, and ends the
// campaign if it was the last.
func dropChunk(tx *store.Tx, subject, reason string, now time.Time) error {
	id, chunk, err := postroom.ParseChunk(subject)
	if err != nil {
		return err
	}
	if _, err := tx.LockCampaign(id); err != nil {
		return err
	}
	if _, err := tx.DropChunk(id, chunk, reason, now); err != nil {
		return err
	}
	return tx.EndCampaign(id, now)
}
