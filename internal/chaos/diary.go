package main

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// episode is a fault as it really happened.
type episode struct {
	kind     string
	from, to time.Time
}

// diary is when each fault was on.
type diary struct {
	mu       sync.Mutex
	episodes []episode
	wrongs   []string // requirements that were seen to be broken while it happened
}

func (d *diary) wrong(what string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.wrongs = append(d.wrongs, what)
}

// calm is the kind of fault while there is none.
const calm = "calm"

// kindAt returns what was wrong at a moment.
func (d *diary) kindAt(t time.Time) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range d.episodes {
		if !t.Before(e.from) && t.Before(e.to) {
			return e.kind
		}
	}
	return calm
}

func (d *diary) begin(kind string) (end func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := len(d.episodes)
	d.episodes = append(d.episodes, episode{kind, time.Now(), time.Now().Add(24 * time.Hour)})
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.episodes[i].to = time.Now()
	}
}

// times says how often a fault was on.
func (d *diary) times(kind string) (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range d.episodes {
		if e.kind == kind {
			n++
		}
	}
	return n
}

// kinds lists the faults that were on, in the order of their names.
func (d *diary) kinds() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []string
	for _, e := range d.episodes {
		list = append(list, e.kind)
	}
	slices.SortFunc(list, cmp.Compare[string])
	return slices.Compact(list)
}

// afterwards is how long after a fault an answer may still get lost by it: a
// process that was killed is started again and finds what it was sending.
const afterwards = 15 * time.Second

// explains says whether something was on at a moment, or just after, by which
// the answer to a mail gets lost.
func (d *diary) explains(t time.Time) bool {
	all := kinds()
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.ContainsFunc(d.episodes, func(e episode) bool {
		return all[e.kind].doubt && t.After(e.from.Add(-time.Second)) && t.Before(e.to.Add(afterwards))
	})
}
