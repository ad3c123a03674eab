// Package proof reads YAML files that people write, and tells them every
// mistake at once: where it is, what is wrong, and what to write instead.
//
// The idea a newcomer needs: a file is read through a Map, a cursor that is
// asked for one key after another ("m.Text("name")"). A wrong value is noted
// on the Sheet and reads as if it had been left out, so reading always goes
// on to the end. Keys nobody asked for are unknown keys; there is no list of
// allowed keys to keep in step with the code.
package proof

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Mistake is one thing wrong in a file. Say is a clause ("organisation has no
// name"); Instead is what to write ("name: Your charity"), or empty when Say
// leaves no doubt.
type Mistake struct {
	File         string
	Line, Column int
	Say, Instead string
}

// String returns the mistake on one line, in the form editors can jump to.
func (m Mistake) String() string {
	where := fmt.Sprintf("%s:%d:%d: %s", m.File, m.Line, m.Column, m.Say)
	if m.Instead == "" {
		return where
	}
	return where + "; write " + m.Instead
}

// Mistakes is every mistake found, as one error of one line each.
type Mistakes []Mistake

// Error lists the mistakes, one a line.
func (ms Mistakes) Error() string {
	lines := make([]string, len(ms))
	for i, m := range ms {
		lines[i] = m.String()
	}
	return strings.Join(lines, "\n")
}

// Sorted returns the mistakes ordered by place, each once.
func (ms Mistakes) Sorted() Mistakes {
	sorted := slices.SortedFunc(slices.Values(ms), compare)
	return slices.Compact(sorted)
}

// AsError returns the sorted mistakes, or nil when there are none.
func (ms Mistakes) AsError() error {
	if len(ms) == 0 {
		return nil
	}
	return ms.Sorted()
}

func compare(a, b Mistake) int {
	return cmp.Or(
		cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
		cmp.Compare(a.Say, b.Say), cmp.Compare(a.Instead, b.Instead),
	)
}
