package testkit_test

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"postroom/internal/testkit"
)

// walk is one way through a post room, from something that arrives to its end.
// The first room goes it unharmed and tells each point on it: every statement,
// every commit, and every effect on another machine, ahead of it and after.
// Then one room after the other dies, each at another of these points, and the
// next one makes good what it left behind.
type walk struct {
	*death
	begin func(room *child, n int) // lights the fuse and lets the n-th thing arrive
	again func(room *child, n int) // what the sender does once more after a death; nil is nothing
	done  func(n int) bool         // nothing is left to do for the n-th thing
	judge func(n int, at string)   // that it was done, and not twice
	pause time.Duration            // by which the clock has moved from one room to the next
	ahead time.Duration            // of the clock, at the room that lives
	at    string                   // where the last room was to die
}

// run walks all points, or one in so many unless POSTROOM_LONG is set, and
// tells which.
func (w *walk) run(oneIn int) {
	w.t.Helper()
	points, n := w.record(), 1
	var walked, missed []string
	for _, at := range sampled(points, oneIn) {
		died := false
		for try := 0; try < 2 && !died; try++ { // a room with much to make good has its connections already
			n++
			died = w.die(n, at)
		}
		if died {
			walked = append(walked, at)
		} else {
			missed = append(missed, at)
		}
	}
	room := w.room(never)
	defer room.kill()
	w.makeGood(room, n)
	w.t.Logf("killed at %d of %d points, each once:\n%s", len(walked), len(points), strings.Join(walked, "\n"))
	if len(missed) > 0 {
		w.t.Logf("%d points were not come by again, so nobody died there:\n%s", len(missed), strings.Join(missed, "\n"))
	}
	if len(walked) == 0 || len(missed) > len(walked) {
		w.t.Errorf("of %d points %d were come by again", len(walked)+len(missed), len(walked))
	}
}

// sampled says at which points a post room is killed: at each when
// POSTROOM_LONG is set, as make test-long does, at those whose name holds
// POSTROOM_POINTS when that is set (": " holds for every effect on another
// machine), and else at one in so many, beginning with another each time.
func sampled(points []string, oneIn int) (some []string) {
	first, part := rand.IntN(oneIn), os.Getenv("POSTROOM_POINTS")
	for i, p := range points {
		if long() || part != "" && strings.Contains(p, part) || part == "" && i%oneIn == first {
			some = append(some, p)
		}
	}
	return some
}

// long says whether every point is walked.
func long() bool { return os.Getenv("POSTROOM_LONG") != "" }

// engines runs a walk on both engines when it was asked for, and in make test
// on one of them, another each time: what the ways have in common, the walk of
// forms shows on both.
func engines(t *testing.T, test func(t *testing.T, engine testkit.Option)) {
	if long() || os.Getenv("POSTROOM_POINTS") != "" {
		testkit.Engines(t, test)
		return
	}
	if rand.IntN(2) == 0 {
		t.Log("on PostgreSQL and Redis")
		test(t, testkit.OnServers)
		return
	}
	t.Log("on SQLite and the embedded Redis")
	test(t, testkit.In(""))
}

func (w *walk) room(at string) *child {
	w.t.Helper()
	w.ahead += w.pause
	return startChild(w.t, w.settings, at, w.ahead)
}

// now is the time by the clock of the room that lives.
func (w *walk) now() time.Time { return time.Now().Add(w.ahead) }

// record goes the way unharmed and returns the points on it, without those of
// getting ready.
func (w *walk) record() (points []string) {
	w.t.Helper()
	room := w.room(everyPoint)
	defer room.kill()
	ready := len(w.quiet(room))
	w.begin(room, 1)
	w.until(room.died, func() bool { return w.done(1) })
	return w.quiet(room)[ready:]
}

// quiet waits until a room tells no more points for a while and returns all
// that it told.
func (w *walk) quiet(room *child) (points []string) {
	w.t.Helper()
	last := time.Now()
	w.until(room.died, func() bool {
		if told := room.told(); len(told) > len(points) {
			points, last = told, time.Now()
		}
		return time.Since(last) > trailing
	})
	return points
}

// trailing is how long after the end of a way its last points may be come by.
const trailing = 700 * time.Millisecond

// die has a room make good what the last one left behind, lets the n-th thing
// arrive, and says whether the room died of it.
func (w *walk) die(n int, at string) bool {
	w.t.Helper()
	room := w.room(at)
	defer room.kill()
	w.makeGood(room, n-1)
	w.at = at
	w.begin(room, n)
	if !w.until(room.died, func() bool { return w.done(n) }) {
		return true
	}
	end := time.Now()
	return !w.until(room.died, func() bool { return time.Since(end) > trailing })
}

func (w *walk) makeGood(room *child, n int) {
	w.t.Helper()
	if w.again != nil {
		w.again(room, n)
	}
	if !w.until(room.died, func() bool { return w.done(n) }) {
		w.t.Fatalf("the room that makes good died; the one before at %q", w.at)
	}
	w.judge(n, w.at)
}

// visitor is one person's form, and whether the page said that it was taken.
type visitor struct {
	fields   url.Values
	accepted bool
}

func personN(n int) string { return fmt.Sprintf("person-%d@example.org", n) }

func TestKilledAtAnyPointAFormIsAnswered(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a process for each point between a form and its answer; run without -short")
	}
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		visitors := map[int]*visitor{}
		w := &walk{death: newDeath(t, []testkit.Option{engine}), pause: 10 * time.Minute}
		w.begin = func(room *child, n int) {
			v := &visitor{fields: room.page(t, personN(n))}
			v.accepted = room.send(t, v.fields, true)
			visitors[n] = v
		}
		w.again = func(room *child, n int) {
			if v := visitors[n]; !v.accepted {
				v.accepted = room.send(t, v.fields, false)
			}
		}
		w.done = w.settled
		w.judge = func(n int, at string) { w.death.judge(n, personN(n), at, 1) }
		w.run(30)
	})
}
