package queue

import (
	"fmt"
	"math/rand/v2"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// Outcome says how a job ended, and what is settled with it.
type Outcome = store.Outcome

// Done is the outcome of a job that has nothing left to do.
var Done = Outcome{Verdict: store.Done}

// Again says that the work failed and is to be tried again after a back-off,
// or given up after the last try. A handler that sets At decides both itself.
func Again(err error) Outcome {
	return Outcome{Verdict: store.Again, Reason: shorten(err.Error())}
}

// Wait says that something outside is away (a server, a permit), so that the
// job is due again at the given moment and no try is used.
func Wait(at time.Time, reason string) Outcome {
	return Outcome{Verdict: store.Wait, At: at, Reason: shorten(reason)}
}

// Dead says that trying again is of no use and a person must look.
func Dead(reason string) Outcome {
	return Outcome{Verdict: store.Dead, Reason: shorten(reason)}
}

const maxReason = 500 // bytes; enough for a person, too little for a letter

func shorten(reason string) string {
	if len(reason) <= maxReason {
		return reason
	}
	cut := maxReason
	for cut > 0 && reason[cut]&0xC0 == 0x80 { // within a character
		cut--
	}
	return reason[:cut] + "…"
}

// backoffs is how long a job waits after its first, second … failed try. They
// add up to a little over two days: a long weekend of somebody else's outage.
func backoffs() []time.Duration {
	return []time.Duration{
		10 * time.Second, 40 * time.Second, 3 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour,
		2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 12 * time.Hour, 24 * time.Hour,
	}
}

// LastTry says whether Again, with no At, would be this job's death.
func LastTry(job postroom.Job) bool { return job.Tries >= len(backoffs()) }

// Backoff returns how long a job that fails now should wait: longer each time,
// and never quite the same, so that jobs which failed together do not return
// together.
func Backoff(job postroom.Job) time.Duration {
	steps := backoffs()
	d := steps[min(max(job.Tries, 0), len(steps)-1)]
	return d + time.Duration((rand.Float64()-0.5)*0.4*float64(d))
}

// decide fills in what a handler left open.
func decide(job postroom.Job, o Outcome, now time.Time) Outcome {
	switch {
	case o.Verdict == store.Wait && o.At.IsZero():
		o.At = now.Add(backoffs()[0])
	case o.Verdict == store.Again && o.At.IsZero() && LastTry(job):
		o.Verdict, o.Reason = store.Dead, shorten(fmt.Sprintf("given up after %d tries: %s", job.Tries+1, o.Reason))
	case o.Verdict == store.Again && o.At.IsZero():
		o.At = now.Add(Backoff(job))
	}
	return o
}
