package intake_test

import (
	"context"
	"path/filepath"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"

	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testserver"
)

// BenchmarkAccept measures 64 people at once, each new and with a question of
// their own, beside the least that any such write could cost: one INSERT,
// committed by the same store.
func BenchmarkAccept(b *testing.B) {
	for name, url := range map[string]func() string{
		"sqlite":   func() string { return filepath.Join(b.TempDir(), "postroom.db") },
		"postgres": func() string { return testserver.Postgres(b) },
	} {
		b.Run(name, func(b *testing.B) {
			r := open(b, url())
			var n atomic.Int64
			b.Run("insert", func(b *testing.B) {
				crowd(b, func(ctx context.Context) error {
					id := strconv.FormatInt(n.Add(1), 10)
					return r.store.Write(ctx, func(tx *store.Tx) error {
						_, err := tx.AddJob("bare", id, postroom.Bulk, monday, monday)
						return err
					})
				})
			})
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

func crowd(b *testing.B, one func(context.Context) error) {
	b.SetParallelism(64 / runtime.GOMAXPROCS(0))
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := one(context.Background()); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
}
