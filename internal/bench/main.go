// Command bench measures what the post room costs, and says for each figure
// whether it is as good as it should be.
//
// The idea a newcomer needs: machines are noisy, so a figure is the median of
// several runs, and a figure that depends on the machine is compared with a
// bare limit measured in the same run. Each figure is printed twice: in a
// table, and as a line "bench NAME VALUE UNIT goal GOAL ok|short" for programs.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"text/tabwriter"
)

// figure is one thing measured. Less is better, unless more is set.
type figure struct {
	name  string
	value float64
	unit  string
	goal  float64
	more  bool
}

func (f figure) verdict() string {
	if f.more == (f.value >= f.goal) || f.value == f.goal {
		return "ok"
	}
	return "short"
}

// part is a group of figures that are measured together; ONLY names it.
type part struct {
	name    string
	measure func(ctx context.Context, runs int) ([]figure, error)
}

func main() {
	only := flag.String("only", "", "measure only the parts whose names contain `text`")
	runs := flag.Int("runs", 5, "runs of each measurement; the median counts")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *only, *runs); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, only string, runs int) error {
	var all []figure
	for _, p := range []part{{"demo", demo}} {
		if !strings.Contains(p.name, only) {
			continue
		}
		fmt.Fprintf(os.Stderr, "measuring %s, %d runs\n", p.name, runs)
		figures, err := p.measure(ctx, runs)
		if err != nil {
			return fmt.Errorf("measure %s: %w", p.name, err)
		}
		all = append(all, figures...)
	}
	return show(all)
}

func show(figures []figure) error {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "FIGURE\tVALUE\tGOAL\t")
	for _, f := range figures {
		fmt.Fprintf(table, "%s\t%.4g %s\t%.4g %s\t%s\n", f.name, f.value, f.unit, f.goal, f.unit, f.verdict())
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Println()
	for _, f := range figures {
		fmt.Printf("bench %s %.4g %s goal %.4g %s\n", f.name, f.value, f.unit, f.goal, f.verdict())
	}
	return nil
}

// median returns the middle of some values, which it sorts.
func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
