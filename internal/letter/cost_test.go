//go:build !race

package letter_test

import (
	"runtime"
	"testing"

	"postroom/internal/letter"
)

// costs is what reading a letter allocates in all, which is never less than
// what it holds at any moment.
func costs(raw []byte) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	letter.Read(raw)
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// No letter takes more memory than 8 MB and ten times its size. This test is
// not parallel, because all that is allocated counts, and not built for the race
// detector, which throws away what would be used again.
func TestNoLetterTakesMoreMemoryThanItsSizeAllows(t *testing.T) {
	for name, raw := range heavy() {
		used, most := costs(raw), uint64(8<<20+10*len(raw))
		t.Logf("%-42s %9d bytes, %9d of %9d allocated", name, len(raw), used, most)
		if used > most {
			t.Errorf("%s: a letter of %d bytes allocated %d, want no more than %d", name, len(raw), used, most)
		}
	}
}
