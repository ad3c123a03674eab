package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// mostShown is how many findings of one house are printed.
const mostShown = 20

// write prints what was found in one house.
func (v *verdict) write(to io.Writer, name string, h *house) {
	out := new(strings.Builder)
	defer func() { fmt.Fprint(to, out) }()
	fmt.Fprintf(out, "\n%s\n", name)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\taccepted\ton file\tconfirmed\trefused\tlost\trepeated\ttwice in doubt\tuncertain\theld\t")
	for _, work := range slices.Sorted(maps.Keys(v.byWork)) {
		row(table, work, v.byWork[work])
	}
	fmt.Fprintln(table, "\t\t\t\t\t\t\t\t\t\t")
	for _, fault := range slices.Sorted(maps.Keys(v.byFault)) {
		row(table, "during "+fault, v.byFault[fault])
	}
	_ = table.Flush() // as for any print
	for _, account := range v.accounts {
		fmt.Fprintln(out, account)
	}
	for _, reason := range v.untold {
		fmt.Fprintln(out, "not delivered,", reason)
	}
	for _, each := range v.uncertain {
		fmt.Fprintln(out, "uncertain:", each)
	}
	var starts []string
	for _, s := range h.slots {
		starts = append(starts, fmt.Sprintf("%s %d (%d ended by themselves)", s.name, s.starts.Load(), s.badEnds.Load()))
	}
	slices.Sort(starts)
	fmt.Fprintln(out, "processes started:", strings.Join(starts, ", "))
	for _, each := range v.broken[:min(mostShown, len(v.broken))] {
		fmt.Fprintln(out, "BROKEN:", each)
	}
	if more := len(v.broken) - mostShown; more > 0 {
		fmt.Fprintf(out, "BROKEN: %d more\n", more)
	}
}

func row(out io.Writer, name string, t *tally) {
	fmt.Fprintf(out, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", name, t.accepted, t.onFile, t.confirmed, t.refused, t.lost, t.repeated, t.twice, t.uncertain, t.held)
}
