// Command chaos breaks everything a post room stands on, while people send it
// forms and letters, a newsletter goes out and steps fall due, and then counts
// whether anybody was lost or told twice.
//
// The idea a newcomer needs: nothing here believes the post room. What was
// promised is written down by those it was promised to: the load (load.go)
// keeps each form to which a page said yes, and each letter that lies in a
// mailbox; the mail server (sink.go) counts what it has taken, and decides when
// an answer is lost. When the faults are over, everything is put right and left
// alone until no work is open (settle.go). Then the auditor (audit.go) reads the
// database by plain SQL, which is not the post room's own, and holds the three
// against each other. A message that the rows call sent and the mail server
// never had is lost; a form with two submissions is a repetition; a mail that
// came twice is allowed once, for a service mail in doubt, under one
// Message-ID, and only where something had happened by which an answer can get
// lost. Every mail about which nobody can say is listed.
//
// The post room is this very binary, started once more as a process of its own
// (child.go) with the real rooms and the roles it is told. It is broken from
// outside, by signals, limits and the servers it needs; only its clock and the
// Redis inside it are reached by commands on its standard input. Two houses are
// tried, one after the other: SQLite with the embedded Redis in one process,
// and PostgreSQL with Redis in six (house.go).
//
//	go run ./internal/chaos -minutes 20 -seed 7
//
// The seed decides the order of the faults, their moments, and when each form
// and letter is sent; the same seed and length make the same plan, which is
// printed. What the faults then meet is up to the machine. The last line is
//
//	chaos: accepted=N lost=N repeated=N uncertain=N held=N
//
// and the exit code is 1 when a requirement is broken, and 2 when the harness
// itself could not go on. Its servers are real, so it needs root (see
// internal/testserver).
//
// Whether the auditor would notice is shown by taking a defence away:
//
//	go run ./internal/chaos -mutate turn
//
// builds the same program with a few words of the product replaced, runs it,
// and succeeds if the auditor finds the requirement broken (mutate.go).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"postroom/internal/testserver"
)

// plan is what a run is asked to do.
type plan struct {
	minutes float64 // for all houses together
	seed    uint64
	only    string   // houses whose name contains this
	faults  []string // kinds to use, in this order over and over; none is all, shuffled
	load    float64  // times as many forms, letters and readers as belong to the length
	edition int      // readers of a newsletter that is tried by itself; 0 is everything
	verbose bool     // show what the post rooms log
}

func main() {
	if settings := os.Getenv(settingsFile); settings != "" {
		if err := postRoom(settings, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "post room:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(command())
}

// command reads the flags and returns the exit code.
func command() int {
	p := plan{}
	faults, mutation := "", ""
	flag.Float64Var(&p.minutes, "minutes", 0, "how long faults go on, in all (default: 20, and 1 for a mutation)")
	flag.Float64Var(&p.load, "load", 1, "send so many `times` what belongs to the length")
	flag.Uint64Var(&p.seed, "seed", 0, "makes the same plan again (default: by chance)")
	flag.StringVar(&p.only, "only", "", "only the houses whose name contains `text`: sqlite, postgres")
	flag.StringVar(&faults, "faults", "", "only these `kinds`, with commas between, over and over")
	flag.IntVar(&p.edition, "edition", 0, "try a newsletter to so many `readers`, and next to nothing else")
	flag.StringVar(&mutation, "mutate", "", "take a defence away and expect to be caught: a `name`, or all")
	flag.BoolVar(&p.verbose, "v", false, "show what the post rooms log")
	flag.Parse()
	if p.seed == 0 {
		p.seed = rand.Uint64N(1_000_000) + 1
	}
	switch {
	case p.minutes > 0:
	case mutation != "":
		p.minutes = 1
	default:
		p.minutes = 20
	}
	if p.edition > 0 {
		p.faults = editionFaults()
	}
	if faults != "" {
		p.faults = strings.Split(faults, ",")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if mutation != "" {
		return exitCode(mutate(ctx, mutation, p, os.Stdout))
	}
	var err error
	outside := testserver.Outside(ctx, func(t testing.TB) { err = p.run(t, os.Stdout) })
	return exitCode(errors.Join(outside, err))
}

// errBroken is the error of a run in which a requirement was broken.
var errBroken = errors.New("a requirement is broken")

func exitCode(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errBroken):
		fmt.Fprintln(os.Stderr, "chaos:", err)
		return 1
	}
	fmt.Fprintln(os.Stderr, "chaos: could not go on:", err)
	return 2
}

// run tries each house for its share of the time and prints what was found.
func (p plan) run(t testing.TB, out io.Writer) error {
	names := p.houses()
	if len(names) == 0 {
		return fmt.Errorf("there is no house %q", p.only)
	}
	fmt.Fprintf(out, "seed %d, %g minutes: again with make chaos MINUTES=%g SEED=%d\n", p.seed, p.minutes, p.minutes, p.seed)
	share := time.Duration(p.minutes * float64(time.Minute) / float64(len(names)))
	var all verdict
	for _, name := range names {
		v, err := p.try(t, name, share, out)
		if err != nil {
			return fmt.Errorf("house %s: %w", name, err)
		}
		all.add(v)
	}
	fmt.Fprintln(out, all.lastLine())
	if len(all.broken) > 0 {
		return fmt.Errorf("%w: %d findings, the first: %s", errBroken, len(all.broken), all.broken[0])
	}
	return nil
}

// kills is how often a process of the house was killed.
func (h *house) kills() (n int) {
	for _, s := range h.slots {
		n += int(s.kills.Load())
	}
	return n
}

func (p plan) houses() (names []string) {
	for _, name := range []string{sqliteHouse, postgresHouse} {
		if strings.Contains(name, p.only) {
			names = append(names, name)
		}
	}
	return names
}

// try builds a house, puts it under load and faults, puts everything right and
// has it audited.
func (p plan) try(t testing.TB, name string, length time.Duration, out io.Writer) (verdict, error) {
	ctx := t.Context()
	w := newWork(p.seed, p.load, length)
	if p.edition > 0 {
		w.onlyNews(p.edition)
	}
	schedule, err := newSchedule(name, p, length)
	if err != nil {
		return verdict{}, err
	}
	fmt.Fprintf(out, "\n%s: %d forms, %d letters, %d readers of a newsletter and %d steps in %s\n%s",
		name, len(w.forms), len(w.letters), len(w.readers), w.steps(), length, schedule)
	h, err := build(t, name, w, p)
	if err != nil {
		return verdict{}, err
	}
	defer h.leave()
	if err := h.ready(ctx); err != nil {
		return verdict{}, err
	}
	fmt.Fprintln(out, "every process is ready, and every mailbox was read")
	begun := time.Now()
	loading := h.load(ctx, w, begun.Add(length))
	h.misbehave(ctx, schedule, begun)
	h.putRight()
	<-loading
	fmt.Fprintf(out, "the faults are over after %s; waiting until no work is open\n", time.Since(begun).Round(time.Second))
	open := h.settle(ctx, w)
	h.leave()
	books, err := readBooks(ctx, h.database)
	if err != nil {
		return verdict{}, err
	}
	v := audit(w, h.sink, books, h.diary)
	for _, each := range open {
		v.breaks("work is open that nobody does: %s", each)
	}
	if p.edition > 0 && len(v.byWork) > 0 {
		v.bounded(h.kills(), h.diary.times("smtp-down"))
	}
	v.write(out, name, h)
	return v, errors.Join(h.failed, ctx.Err())
}
