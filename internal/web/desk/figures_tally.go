package desk

import (
	"slices"
	"sync"
	"time"

	"postroom/internal/store"
)

// tallies remembers how much came in during the months that are over. To count a year
// anew is to read everything of that year, and what is over hardly changes: a late
// import or an erasure is seen tallyFor later.
type tallies struct {
	mu      sync.Mutex
	counted time.Time
	bounds  []time.Time // between which it was counted
	sent    []store.Figure
}

// tallyFor is how long a tally of months that are over is good for.
const tallyFor = 10 * time.Minute

// sentIn counts what came in between some bounds, the last two of which are those
// of the month that is not over. One look counts for all who look at the same time.
func (t *tallies) sentIn(read store.Reader, bounds []time.Time, now time.Time) ([]store.Figure, error) {
	this := len(bounds) - 2
	t.mu.Lock()
	defer t.mu.Unlock()
	if age := now.Sub(t.counted); !slices.EqualFunc(t.bounds, bounds[:this+1], time.Time.Equal) || age < 0 || age >= tallyFor {
		sent, err := read.SentFigures(bounds[:this+1])
		if err != nil {
			return nil, err
		}
		t.counted, t.bounds, t.sent = now, slices.Clone(bounds[:this+1]), sent
	}
	latest, err := read.SentFigures(bounds[this:])
	if err != nil {
		return nil, err
	}
	for i := range latest {
		latest[i].Stretch = this
	}
	return append(slices.Clone(t.sent), latest...), nil
}
