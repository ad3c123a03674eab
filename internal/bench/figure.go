package main

import (
	"fmt"
	"os"
	"slices"
	"text/tabwriter"
)

// figure is one thing measured, once in each run; the median counts.
type figure struct {
	name   string
	unit   string
	goal   goal
	values []float64
}

// goal is what a figure should be. The zero value asks for nothing.
type goal struct {
	set   bool
	more  bool // more is better
	value float64
}

func atMost(v float64) goal  { return goal{set: true, value: v} }
func atLeast(v float64) goal { return goal{set: true, more: true, value: v} }

// add notes the value of a figure in one run. A goal that depends on the run
// is that of the last.
func (b *bench) add(name, unit string, g goal, value float64) {
	i := slices.IndexFunc(b.figures, func(f *figure) bool { return f.name == name })
	if i < 0 {
		i, b.figures = len(b.figures), append(b.figures, &figure{name: name, unit: unit})
	}
	b.figures[i].goal = g
	b.figures[i].values = append(b.figures[i].values, value)
}

// compare adds a ratio to the bare limit, and both sides of it.
func (b *bench) compare(name, unit string, g goal, ours, bare float64) {
	b.add(name+"_ratio", "x", g, ours/bare)
	b.add(name, unit, goal{}, ours)
	b.add(name+"_bare", unit, goal{}, bare)
}

func (f *figure) verdict() string {
	v := median(f.values)
	switch {
	case !f.goal.set:
		return "-"
	case f.goal.more == (v >= f.goal.value) || v == f.goal.value:
		return "ok"
	}
	return "short"
}

func (g goal) String() string {
	if !g.set {
		return "-"
	}
	return fmt.Sprintf("%.4g", g.value)
}

func show(figures []*figure) error {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "FIGURE\tMEDIAN\tUNIT\tLOWEST\tHIGHEST\tGOAL\t\t")
	for _, f := range figures {
		fmt.Fprintf(table, "%s\t%.4g\t%s\t%.4g\t%.4g\t%s\t%s\t\n",
			f.name, median(f.values), f.unit, slices.Min(f.values), slices.Max(f.values), f.goal, f.verdict())
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Println()
	for _, f := range figures {
		fmt.Printf("bench %s %.4g %s goal %s %s\n", f.name, median(f.values), f.unit, f.goal, f.verdict())
	}
	return nil
}

// median returns the middle of some values.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// quantile returns the value below which a part of all lie.
func quantile(values []float64, part float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(int(part*float64(len(sorted))), len(sorted)-1)]
}
