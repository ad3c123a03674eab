// Package workers holds what is done when a job or a step is due: a file a
// kind of job, and the scheduler.
//
// The idea a newcomer needs: a worker runs at least once, never exactly once.
// The queue claims the job's row before it calls and settles the row after,
// but a process may die in between, so each worker here must be able to run
// again after any half of its work: what it writes is one transaction, and
// what that transaction promises is unique in the database.
package workers

import (
	"context"
	"log/slog"
	"time"

	"github.com/hibiken/asynq"

	"postroom/internal/postroom"
	"postroom/internal/queue"
	"postroom/internal/store"
)

// Jobs claims the job that a task is about, calls work, and settles the job by
// what it returns. It returns nil whatever happened: the row knows.
type Jobs interface {
	Do(ctx context.Context, task *asynq.Task, work func(context.Context, postroom.Job) queue.Outcome) error
}

// Runs does what may take longer than somebody waits at the door, and tells the
// coordinators of a programme what needs one of them.
type Runs interface {
	Accepted(tx *store.Tx, run postroom.Run, at time.Time) error
	Show(tx *store.Tx, m postroom.Message, at time.Time) error
	TellSuspects(tx *store.Tx, subject string, at time.Time) error
	TellAlarms(tx *store.Tx, at time.Time) error
}

// Outbox sends the message of a deliver job, and the copies of a campaign_chunk
// job.
type Outbox interface {
	Deliver(ctx context.Context, job postroom.Job) queue.Outcome
	DeliverChunk(ctx context.Context, job postroom.Job) queue.Outcome
}

// Campaigns chooses who gets a newsletter.
type Campaigns interface {
	Choose(ctx context.Context, campaign string) error
	// ChooseLeft does so for one that goes to those whom another did not reach.
	ChooseLeft(ctx context.Context, campaign string) error
	// Unchosen says whether there is still somebody to be chosen, and whether that
	// waits because the newsletter is paused.
	Unchosen(ctx context.Context, campaign string) (unchosen, paused bool, err error)
}

// Arrivals reads the letters of an inbound_read job.
type Arrivals interface {
	ReadBatch(ctx context.Context, job postroom.Job) queue.Outcome
}

// MyLinks sends the link to all that an address has with us.
type MyLinks interface {
	SendLink(ctx context.Context, request string) error
}

// Options are what workers need.
type Options struct {
	Store     *store.Store
	Queue     Jobs
	Workflow  Runs
	Outbox    Outbox
	Arrivals  Arrivals
	Digests   Summaries
	Clock     postroom.Clock
	Log       *slog.Logger
	Campaigns Campaigns
	MyLinks   MyLinks
}

// Workers do jobs.
type Workers struct{ Options }

// New returns Workers.
func New(o Options) *Workers {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Workers{o}
}

// Handlers returns who does which kind of job.
func (w *Workers) Handlers() map[postroom.JobKind]asynq.Handler {
	work := map[postroom.JobKind]func(context.Context, postroom.Job) queue.Outcome{
		postroom.JobSignUp:            w.signUp,
		postroom.JobVolunteerOffer:    w.volunteerOffer,
		postroom.JobEventRegistration: w.eventRegistration,
		postroom.JobEnquiry:           w.enquiry,
		postroom.JobDeliver:           w.deliver,
		postroom.JobTell:              w.tell,
		postroom.JobAlarms:            w.alarms,
		postroom.JobSuspects:          w.suspects,
		postroom.JobInboundRead:       w.inboundRead,
		postroom.JobDigest:            w.digest,
		postroom.JobSlack:             w.slack,
		postroom.JobMyLink:            w.myLink,
		postroom.JobCampaign:          w.campaign,
		postroom.JobCampaignLeft:      w.campaignLeft,
		postroom.JobCampaignChunk:     w.chunk,
	}
	handlers := make(map[postroom.JobKind]asynq.Handler, len(work))
	for kind, do := range work {
		handlers[kind] = asynq.HandlerFunc(func(ctx context.Context, t *asynq.Task) error { return w.Queue.Do(ctx, t, do) })
	}
	return handlers
}

// accept tells the run of a submission that it stands, and so plans what the
// programme promises next. The second time it promises nothing.
func (w *Workers) accept(ctx context.Context, submission string) queue.Outcome {
	err := w.Store.Write(ctx, func(tx *store.Tx) error {
		run, begun, err := tx.RunOf(submission)
		if err != nil || !begun {
			return err
		}
		return w.Workflow.Accepted(tx, run, w.Clock.Now())
	})
	if err != nil {
		w.Log.WarnContext(ctx, "follow-up failed", "submission", submission, "err", err)
		return queue.Again(err)
	}
	return queue.Done
}
