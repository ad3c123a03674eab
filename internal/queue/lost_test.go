package queue

import (
	"context"
	"testing"
	"time"

	"postroom/internal/postroom"
)

func TestLostAnswerToACommitCostsNoTimeAndNoJob(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		statement string
		end       func(now time.Time) Outcome
	}{
		"claim":       {"held_by = $3, leased_until", func(time.Time) Outcome { return Done }},
		"settle done": {"settled_at = $6, reason", func(time.Time) Outcome { return Done }},
		"settle wait": {"settled_at = $6, reason", func(now time.Time) Outcome { return Wait(now.Add(time.Hour), "no permit") }},
		"settle dead": {"settled_at = $6, reason", func(time.Time) Outcome { return Dead("no such street") }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProxy(t)
			r := newRoom(t, func(o *Options) { o.Store = openStore(t, p.url) })
			r.add(t, postroom.Confirm, "a", r.clock.Now())
			task := handOver(t, r, "a", "somebody")
			var seen tally
			lost := p.loseAnswer(c.statement)
			_ = r.Do(t.Context(), task, func(_ context.Context, job postroom.Job) Outcome {
				seen.count(job)
				return c.end(r.clock.Now())
			})
			select {
			case <-lost:
			default:
				t.Fatal("no answer was lost")
			}
			seen.wantOnce(t, 1)
			if s := r.Stats(); s.Claimed != 1 || s.Gone != 0 || s.Lost != 0 || s.Done+s.Waited+s.Dead != 1 {
				t.Errorf("stats %+v, want one job claimed and settled", s)
			}
			if job := r.job(t, "a"); job.State == postroom.JobRunning {
				t.Errorf("the job is %+v, want it settled", job)
			}
		})
	}
}
