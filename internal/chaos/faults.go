package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

// fault is one thing that goes wrong for a while.
type fault struct {
	kind string
	at   time.Duration // after the beginning
	last time.Duration // how long it is on; what has to come back takes longer
}

// kind is a sort of fault.
type kind struct {
	longest time.Duration // in a long run
	only    string        // the house that has it; "" is every one
	doubt   bool          // the answer to a mail may get lost by it
	do      func(h *house, ctx context.Context, d time.Duration)
}

func kinds() map[string]kind {
	all := map[string]kind{
		"sigkill-after-ready": {longest: 15 * time.Second, doubt: true, do: (*house).killAfterReady},
		"sigterm":             {longest: 10 * time.Second, do: (*house).terminate},
		"redis-flush":         {longest: 6 * time.Second, do: (*house).flush},
		"redis-kill":          {longest: 10 * time.Second, only: postgresHouse, do: forAWhile(func(h *house) { h.redis.Kill() }, func(h *house) { h.redis.Restart() })},
		"redis-stop":          {longest: 20 * time.Second, only: postgresHouse, do: forAWhile(func(h *house) { h.redis.Stop() }, func(h *house) { h.redis.Cont() })},
		"postgres-kill":       {longest: 6 * time.Second, only: postgresHouse, doubt: true, do: forAWhile(func(h *house) { h.postgres.Kill() }, func(h *house) { h.postgres.Restart() })},
		"imap-kill":           {longest: 10 * time.Second, do: forAWhile(func(h *house) { h.imap.Kill() }, func(h *house) { h.imap.Restart() })},
		"imap-stall":          {longest: 20 * time.Second, do: forAWhile(func(h *house) { h.imap.Stall() }, func(h *house) { h.imap.Resume() })},
		"disk-full":           {longest: 5 * time.Second, doubt: true, do: (*house).fillDisk},
		"clock-forward":       {longest: 10 * time.Second, do: clockBy(time.Hour)},
		"clock-back":          {longest: 10 * time.Second, do: clockBy(-time.Hour)},
		"two-holders":         {longest: 15 * time.Second, only: postgresHouse, do: (*house).secondHolder},
		"second-process":      {longest: 5 * time.Second, only: sqliteHouse, do: (*house).secondHolder},
	}
	all["smtp-down"] = kind{longest: 10 * time.Second, doubt: true, do: forAWhile(func(h *house) { h.sink.Down() }, func(h *house) { h.sink.Up() })}
	for _, t := range []trouble{says451, says421, dropBefore, dropAfter, slow} {
		all[string(t)] = kind{longest: 12 * time.Second, doubt: t == dropBefore || t == dropAfter, do: misbehaving(t)}
	}
	return all
}

// editionFaults are what a newsletter is sent through when it is tried by itself.
func editionFaults() []string {
	return []string{"sigkill-after-ready", "sigterm", "redis-flush", string(says451), "smtp-down"}
}

// schedule is the faults of one house in their order.
type schedule []fault

// Between these lengths is a fault with the peace after it.
const (
	leastEach = 7 * time.Second
	usualEach = 32 * time.Second
)

// newSchedule orders the faults by chance: each kind once, and in a long run
// all of them again. In a run that is too short for all, some are left out.
func newSchedule(house string, p plan, length time.Duration) (schedule, error) {
	all, names := kinds(), p.faults
	if len(names) == 0 {
		names = slices.Sorted(maps.Keys(all))
	}
	names = slices.Clone(names)
	for _, name := range names {
		if _, known := all[name]; !known {
			return nil, fmt.Errorf("there is no fault %q; write some of %s", name, strings.Join(slices.Sorted(maps.Keys(all)), ", "))
		}
	}
	names = slices.DeleteFunc(names, func(name string) bool { return all[name].only != "" && all[name].only != house })
	if len(names) == 0 {
		return nil, nil
	}
	dice := rand.New(rand.NewPCG(p.seed, 3))
	n := int(length / leastEach)
	if each := length / time.Duration(len(names)); each >= leastEach && len(p.faults) == 0 {
		n = max(len(names), int(length/usualEach))
	}
	each := time.Duration(0.94 * float64(length) / float64(max(n, 1)))
	var s schedule
	for i := range max(n, 1) {
		if i%len(names) == 0 && len(p.faults) == 0 {
			dice.Shuffle(len(names), func(a, b int) { names[a], names[b] = names[b], names[a] })
		}
		name := names[i%len(names)]
		last := min(all[name].longest, time.Duration(0.7*float64(each)))
		spare := time.Duration(dice.Float64() * 0.25 * float64(each))
		at := time.Duration(0.04*float64(length)) + time.Duration(i)*each + spare
		s = append(s, fault{name, at.Round(100 * time.Millisecond), last.Round(100 * time.Millisecond)})
	}
	return s, nil
}

// String writes the plan, a line a fault.
func (s schedule) String() string {
	var b strings.Builder
	for _, f := range s {
		fmt.Fprintf(&b, "  +%-7s %s for %s\n", f.at, f.kind, f.last)
	}
	return b.String()
}

// fails notes that a fault could not be made, which is no finding about the post
// room: the run is worth nothing.
func (h *house) fails(err error) {
	if err != nil {
		h.failed = errors.Join(h.failed, err)
	}
}

// misbehave does the faults at their time.
func (h *house) misbehave(ctx context.Context, s schedule, begun time.Time) {
	all := kinds()
	for _, f := range s {
		if !at(ctx, begun.Add(f.at)) {
			return
		}
		over := h.diary.begin(f.kind)
		all[f.kind].do(h, ctx, f.last)
		over()
	}
}

// rest waits as long as a fault lasts, or until all is to end.
func rest(ctx context.Context, d time.Duration) { at(ctx, time.Now().Add(d)) }

// allReady waits until every process is there again.
func (h *house) allReady() {
	for _, s := range h.slots {
		s.waitReady(readyWithin)
	}
}

// killAfterReady kills every process two seconds after it was ready, again and
// again.
func (h *house) killAfterReady(ctx context.Context, d time.Duration) {
	const fuse = 2 * time.Second
	for _, s := range h.slots {
		s.fuse.Store(int64(fuse))
		s.signal(syscall.SIGKILL)
	}
	rest(ctx, d)
	for _, s := range h.slots {
		s.fuse.Store(0)
	}
	rest(ctx, fuse) // the last ones that were lit
	h.allReady()
}

// terminate stops every process in order, one after the other.
func (h *house) terminate(ctx context.Context, d time.Duration) {
	for _, s := range h.slots {
		s.signal(syscall.SIGTERM)
		rest(ctx, d/time.Duration(len(h.slots)))
	}
	h.allReady()
}

func (h *house) flush(ctx context.Context, d time.Duration) {
	const times = 3
	for range times {
		if h.redis == nil {
			for _, s := range h.slots {
				s.tell("flush")
			}
		} else {
			client := redis.NewClient(&redis.Options{Addr: h.redis.Addr})
			h.fails(client.FlushAll(ctx).Err())
			_ = client.Close()
		}
		rest(ctx, d/times)
	}
}

// forAWhile puts a server in trouble and brings it back. Both are asked of the
// house when the time has come, because not every house has every server.
func forAWhile(trouble, back func(h *house)) func(h *house, ctx context.Context, d time.Duration) {
	return func(h *house, ctx context.Context, d time.Duration) {
		trouble(h)
		rest(ctx, d)
		back(h)
	}
}

func misbehaving(t trouble) func(h *house, ctx context.Context, d time.Duration) {
	return forAWhile(func(h *house) { h.sink.trouble.Store(t) }, func(h *house) { h.sink.trouble.Store(noTrouble) })
}

func clockBy(by time.Duration) func(h *house, ctx context.Context, d time.Duration) {
	return forAWhile(func(h *house) { h.setClock(by) }, func(h *house) { h.setClock(0) })
}

// secondHolder starts one more process for the work that only one may do. On
// servers its clock is an hour ahead, so that every lease seems to be over and
// it takes the duties while the first still believes to have them. On SQLite it
// must refuse to start: then the slot never gets ready.
func (h *house) secondHolder(ctx context.Context, d time.Duration) {
	roles, ahead := "scheduler,mailbox", time.Hour
	if h.postgres == nil {
		roles, ahead = "", 0
	}
	second := newSlot("second", h.settings, roles, ahead, h.verbose)
	rest(ctx, d)
	second.leave()
	if h.postgres == nil && second.starts.Load() > 0 {
		h.diary.wrong("a second process works on the same SQLite database")
	}
}

// fillDisk makes every write to a file fail for whoever keeps the database.
func (h *house) fillDisk(ctx context.Context, d time.Duration) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	limited := map[int]bool{}
	for end := time.Now().Add(d); time.Now().Before(end) && ctx.Err() == nil; <-tick.C {
		for _, pid := range h.databasePIDs() {
			if !limited[pid] {
				h.fails(limitFiles(pid, "0"))
				limited[pid] = true
			}
		}
	}
	for pid := range limited {
		h.fails(limitFiles(pid, "unlimited"))
	}
	if h.postgres != nil && !h.answers(10*time.Second) {
		h.postgres.Restart() // it ended rather than to go on without a log
	}
}

func (h *house) answers(within time.Duration) bool {
	db, err := h.database.open()
	if err != nil {
		return false
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	return until(ctx, within, "no answer", func() (bool, error) { return true, db.PingContext(ctx) }) == nil
}

// databasePIDs lists the processes that write the database: the post room
// itself, or PostgreSQL's backends.
func (h *house) databasePIDs() (list []int) {
	if h.postgres == nil {
		if _, pid, _ := h.slots[0].look(); pid != 0 {
			list = append(list, pid)
		}
		return list
	}
	return backends(h.postgres.PID())
}

// backends lists the children of PostgreSQL that serve clients.
func backends(postmaster int) (list []int) {
	statuses, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return nil
	}
	for _, path := range statuses {
		line, err := os.ReadFile(path)
		if err != nil || !bytes.HasPrefix(line, []byte("postgres: postroom ")) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err == nil && parent(pid) == postmaster {
			list = append(list, pid)
		}
	}
	return list
}

func parent(pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:])) // state, parent, …
	if len(fields) < 2 {
		return 0
	}
	n, _ := strconv.Atoi(fields[1])
	return n
}

// limitFiles bounds how far a process may write into a file. The tool runs as
// whoever the process belongs to: in a container even root may limit no others.
func limitFiles(pid int, to string) error {
	info, err := os.Stat(fmt.Sprintf("/proc/%d", pid))
	if err != nil {
		return nil // it has ended
	}
	owner, is := info.Sys().(*syscall.Stat_t)
	if !is {
		return fmt.Errorf("the owner of process %d is not known", pid)
	}
	cmd := exec.Command("prlimit", "--pid", strconv.Itoa(pid), "--fsize="+to+":unlimited")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: owner.Uid, Gid: owner.Gid}}
	said, err := cmd.CombinedOutput()
	if _, gone := os.Stat(fmt.Sprintf("/proc/%d", pid)); gone != nil || err == nil {
		return nil
	}
	return fmt.Errorf("limit the files of process %d: %w: %s", pid, err, bytes.TrimSpace(said))
}

// putRight ends whatever is still wrong.
func (h *house) putRight() {
	h.sink.trouble.Store(noTrouble)
	for _, s := range h.slots {
		s.fuse.Store(0)
	}
	h.setClock(0)
	h.allReady()
}
