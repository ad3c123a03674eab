package intake_test

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testserver"
)

// BenchmarkAccept measures 64 people at once, each new and with a question of
// their own, beside the least that such a write could cost: one INSERT, and as
// many in one transaction as an accepted question is (a contact and address, a
// submission, a run, two steps, two messages, three jobs), by the same store.
func BenchmarkAccept(b *testing.B) {
	for name, url := range map[string]func() string{
		"sqlite":   func() string { return filepath.Join(b.TempDir(), "postroom.db") },
		"postgres": func() string { return testserver.PostgresWith(b, store.Prepare) },
	} {
		b.Run(name, func(b *testing.B) {
			r := open(b, url())
			var n atomic.Int64
			for _, rows := range []int{1, 12} {
				b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
					crowd(b, func(ctx context.Context) error { return insert(ctx, r.store, n.Add(1), rows) })
				})
			}
			for _, form := range []string{"ask", "news"} {
				b.Run(form, func(b *testing.B) {
					crowd(b, func(ctx context.Context) error {
						id := strconv.FormatInt(n.Add(1), 10)
						_, err := r.Accept(ctx, entry(form+id, form, "name", "Ann "+id, "email", "ann"+id+"@example.org", "question", "Are you open on day "+id+"?"))
						return err
					})
				})
			}
		})
	}
}

func insert(ctx context.Context, s *store.Store, id int64, rows int) error {
	return s.Write(ctx, func(tx *store.Tx) error {
		for i := range rows {
			if _, err := tx.AddJob("bare", fmt.Sprintf("%d/%d", id, i), postroom.Bulk, monday, monday); err != nil {
				return err
			}
		}
		return nil
	})
}

func crowd(b *testing.B, one func(context.Context) error) {
	before := processTime()
	b.SetParallelism(64 / runtime.GOMAXPROCS(0))
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := one(context.Background()); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
	b.ReportMetric(float64((processTime()-before).Microseconds())/float64(b.N), "cpu-µs/write")
}

// processTime is how long this process has used a processor. Beside it, how
// many writes a second there are depends on who else is on the machine.
func processTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // cannot fail for ourselves
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
