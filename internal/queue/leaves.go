package queue

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"postroom/internal/postroom"
)

// When says when the last of n messages would leave if they were asked for from
// now on, one like the other, and after what waits already. It is a forecast: it
// knows of no message that is still to come, and not how long sending takes.
func (p *Permits) When(ctx context.Context, ask postroom.Ask, n int) (time.Time, error) {
	now := p.clock.Now()
	subjects := p.subjects(ask)
	if len(subjects) == 0 || n < 1 {
		return now, nil
	}
	loads, err := p.look(ctx, subjects)
	if err != nil {
		return time.Time{}, fmt.Errorf("look at what has left: %w", err)
	}
	ahead := 0
	for _, l := range loads {
		ahead = max(ahead, l.urgent)
		if !ask.Urgent {
			ahead = max(ahead, l.urgent+l.other)
		}
	}
	return now.Add(leaves(loads, ask.Urgent, ahead+n)), nil
}

// load is what counts against one subject.
type load struct {
	subject
	ages          []time.Duration // how long ago what counts left, the oldest first; 0 is now
	urgent, other int             // messages that wait by themselves
}

// leaves says in how long the last of n messages leaves.
func leaves(loads []load, urgent bool, n int) (at time.Duration) {
	logs := make([][]time.Duration, len(loads))
	for i, l := range loads {
		for _, age := range l.ages {
			logs[i] = append(logs[i], -age)
		}
	}
	for range n {
		for i, l := range loads {
			for _, limit := range l.limits {
				most := limit.Most
				if !urgent {
					most -= keptFree(most)
				}
				if log := logs[i]; len(log) >= most {
					at = max(at, log[len(log)-most]+long(limit))
				}
			}
		}
		for i := range logs {
			logs[i] = append(logs[i], at)
		}
	}
	return at
}

func (p *Permits) look(ctx context.Context, subjects []subject) ([]load, error) {
	var keys []string
	var args []any
	for _, s := range subjects {
		most := 0
		for _, l := range s.limits {
			most = max(most, l.Most)
		}
		keys, args = append(keys, s.keys()...), append(args, most)
	}
	answer, err := p.run(ctx, lookLua, keys, args...).Slice()
	if err != nil {
		return nil, err
	}
	if len(answer) != 2+3*len(subjects) {
		return nil, fmt.Errorf("redis answered %d values for %d subjects", len(answer), len(subjects))
	}
	seconds, rest := numberOf(answer[0]), numberOf(answer[1])
	now := seconds*1_000_000 + rest
	loads := make([]load, len(subjects))
	for i, s := range subjects {
		got := answer[2+3*i:]
		loads[i] = load{subject: s, urgent: int(numberOf(got[0])), other: int(numberOf(got[1]))}
		moments, _ := got[2].([]any)
		for _, m := range slices.Backward(moments) {
			loads[i].ages = append(loads[i].ages, time.Duration(max(0, now-numberOf(m)))*time.Microsecond)
		}
	}
	return loads, nil
}

// numberOf reads a number that a script returned: as such or in digits, which may
// have an exponent.
func numberOf(v any) int64 {
	switch v := v.(type) {
	case int64:
		return v
	case string:
		f, err := strconv.ParseFloat(v, 64)
		if err == nil {
			return int64(f)
		}
	}
	return 0
}
