// Command bench measures what the post room costs, and says for each figure
// whether it is as good as it should be.
//
// The idea a newcomer needs: machines are noisy, so a figure is the median of
// several runs, and a figure that depends on the machine is compared with a
// bare limit: the least program that does the same, measured in the same run,
// in turn. Each figure is printed twice: in a table, and as a line "bench NAME
// VALUE UNIT goal GOAL ok|short" for programs. A figure whose goal is "-" is
// there to be compared with.
//
// The post room that is measured is a process of its own: this command, started
// once more as a post room, which does what serve does and can write down where
// its processor time went. The mail server that takes everything is one, too,
// so that its time is not counted.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"testing"
	"time"

	"postroom/internal/testserver"
)

// part is a group of figures that are measured together; ONLY names it.
type part struct {
	name    string
	measure func(t testing.TB, b *bench)
	alone   bool // it takes long, and is measured only when it is named
}

func parts() []part {
	return []part{
		{name: "form", measure: form}, {name: "answer", measure: answer}, {name: "letter", measure: letterAnswered}, {name: "letters", measure: letters},
		{name: "newsletter", measure: newsletter}, {name: "jobs", measure: jobs}, {name: "demo", measure: demo}, {name: "growth", measure: growth}, {name: "desk", measure: desk}, {name: "attack", measure: attack},
		{name: "campaign", measure: campaigns, alone: true},
	}
}

// bench is one run of the command: how it is to measure, and what it found.
type bench struct {
	runs    int
	profile string        // folder for profiles; "" is none
	rows    int           // to which the tables grow
	readers int           // of the largest newsletter
	edited  int           // readers of an edition in part campaign
	siege   time.Duration // how long an attack lasts
	figures []*figure
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := start(ctx, os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// start does what the command line asks for; the first word says so when this
// process is one of those that are measured.
func start(ctx context.Context, args []string) error {
	switch role := cmp.Or(strings.Join(args[:min(1, len(args))], ""), "bench"); role {
	case roomRole:
		return beRoom(ctx, args[1:])
	case sinkRole:
		return beSink(ctx, args[1:])
	}
	var b bench
	only := flag.String("only", "", "measure only these `parts`, with commas between")
	flag.IntVar(&b.runs, "runs", 5, "runs of each measurement; the median counts")
	flag.StringVar(&b.profile, "profile", "", "write processor profiles of what is measured into this `folder`")
	flag.IntVar(&b.rows, "rows", 1_000_000, "rows to which the tables grow in part growth")
	flag.IntVar(&b.readers, "readers", 200_000, "readers of the largest newsletter in part newsletter")
	flag.IntVar(&b.edited, "edition", 50_000, "readers of an edition in part campaign; once it goes to four times as many")
	flag.DurationVar(&b.siege, "siege", time.Minute, "how long the attack lasts in part attack")
	flag.Parse()
	chosen, err := choose(*only)
	if err != nil {
		return err
	}
	if b.profile != "" {
		if err := os.MkdirAll(b.profile, 0o755); err != nil {
			return err
		}
	}
	return b.run(ctx, chosen)
}

// choose returns the parts that are named, or all that do not take long.
func choose(only string) ([]part, error) {
	if only == "" {
		return slices.DeleteFunc(parts(), func(p part) bool { return p.alone }), nil
	}
	var chosen []part
	for name := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(parts(), func(p part) bool { return p.name == name })
		if i < 0 {
			var names []string
			for _, p := range parts() {
				names = append(names, p.name)
			}
			return nil, fmt.Errorf("there is no part %q; there are %s", name, strings.Join(names, ", "))
		}
		chosen = append(chosen, parts()[i])
	}
	return chosen, nil
}

// run measures the parts one after the other and shows what was found, also
// when one of them fails.
func (b *bench) run(ctx context.Context, parts []part) error {
	var failed error
	for _, p := range parts {
		fmt.Fprintf(os.Stderr, "measuring %s, %d runs\n", p.name, b.runs)
		if err := testserver.Outside(ctx, func(t testing.TB) { p.measure(t, b) }); err != nil {
			failed = errors.Join(failed, fmt.Errorf("measure %s: %w", p.name, err))
		}
	}
	return errors.Join(failed, show(b.figures))
}

// each measures so many times. What a run starts is stopped before the next.
func (b *bench) each(t testing.TB, what string, run func(t testing.TB)) {
	for n := range b.runs {
		fmt.Fprintf(os.Stderr, "  %s, run %d\n", what, n+1)
		scope(t, run)
	}
}

// scope runs fn and stops what it started.
func scope(t testing.TB, fn func(t testing.TB)) {
	if err := testserver.Outside(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}
