package workers

import (
	"context"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/queue"
	"postroom/internal/store"
)

// looksAgain is how soon choosing looks again whether a newsletter that was paused
// goes on. Whoever resumes it makes the job due at once.
const looksAgain = time.Minute

// campaign chooses who gets a newsletter. What is chosen is sent by chunk,
// part by part, while the rest is still being chosen.
func (w *Workers) campaign(ctx context.Context, job postroom.Job) queue.Outcome {
	return w.choose(ctx, job, w.Campaigns.Choose)
}

// campaignLeft chooses those whom another newsletter did not reach.
func (w *Workers) campaignLeft(ctx context.Context, job postroom.Job) queue.Outcome {
	return w.choose(ctx, job, w.Campaigns.ChooseLeft)
}

// choose chooses, unless the newsletter is paused before all are: then the job
// waits, because nobody else would go on with it.
func (w *Workers) choose(ctx context.Context, job postroom.Job, choose func(context.Context, string) error) queue.Outcome {
	err := choose(ctx, job.Subject)
	var unchosen, paused bool
	if err == nil {
		unchosen, paused, err = w.Campaigns.Unchosen(ctx, job.Subject)
	}
	switch {
	case err != nil:
		w.Log.WarnContext(ctx, "recipients not chosen", "campaign", job.Subject, "job", job.ID, "err", err)
		return queue.Again(err)
	case paused && unchosen:
		return store.Outcome{Verdict: store.Wait, At: w.Clock.Now().Add(looksAgain)}
	case unchosen: // it was resumed a moment ago
		return store.Outcome{Verdict: store.Wait, At: w.Clock.Now()}
	}
	return queue.Done
}

// chunk sends one part of a newsletter's copies. What left is in the sending journal at
// once, and is settled many copies at a time, by the turn of this job.
func (w *Workers) chunk(ctx context.Context, job postroom.Job) queue.Outcome {
	return w.Outbox.DeliverChunk(ctx, job)
}
