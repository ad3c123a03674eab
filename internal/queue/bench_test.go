package queue

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"syscall"
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testserver"
)

// benchRoom is a room on the real clock that says nothing.
func benchRoom(b *testing.B, redis, sql string) *room {
	b.Helper()
	return newRoom(b, func(o *Options) {
		o.Clock, o.Log = wall{}, slog.New(slog.DiscardHandler)
		if redis == "server" {
			o.Redis = realRedis(b, testserver.Redis(b))
		}
		if sql == "postgres" {
			o.Store = openStore(b, testserver.PostgresWith(b, store.Prepare))
		}
	})
}

func eachKind(b *testing.B, run func(b *testing.B, redis, sql string)) {
	for _, sql := range []string{"sqlite", "postgres"} {
		for _, redis := range []string{"embedded", "server"} {
			b.Run(redis+"+"+sql, func(b *testing.B) { run(b, redis, sql) })
		}
	}
}

// BenchmarkStart measures how long a job that is added to an idle room waits
// for its handler, from the commit on.
func BenchmarkStart(b *testing.B) {
	eachKind(b, func(b *testing.B, redis, sql string) {
		r := benchRoom(b, redis, sql)
		begun := make(chan time.Time, 1)
		r.handle(func(context.Context, postroom.Job) Outcome { begun <- time.Now(); return Done })
		r.run(b)
		r.idle(b)
		var took []time.Duration
		for i := 0; b.Loop(); i++ {
			r.add(b, postroom.Confirm, fmt.Sprint(i), time.Now())
			committed := time.Now()
			took = append(took, (<-begun).Sub(committed))
			r.idle(b)
		}
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
		b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	})
}

// BenchmarkJobs measures how fast jobs that do nothing get through relay,
// asynq, claim and settle.
func BenchmarkJobs(b *testing.B) {
	eachKind(b, func(b *testing.B, redis, sql string) {
		r := benchRoom(b, redis, sql)
		r.handle(func(context.Context, postroom.Job) Outcome { return Done })
		b.StopTimer()
		n := 3000
		for batch := range n / 500 {
			if err := r.db.Write(b.Context(), func(tx *store.Tx) error {
				for i := range 500 {
					lane := postroom.Lanes()[i%len(postroom.Lanes())]
					if _, err := tx.AddJob(postroom.JobEnquiry, fmt.Sprint(batch, i), lane, time.Now(), time.Now()); err != nil {
						return err
					}
				}
				return nil
			}); err != nil {
				b.Fatal(err)
			}
		}
		b.StartTimer()
		r.run(b)
		r.idle(b)
		b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "jobs/s")
		b.ReportMetric(0, "ns/op")
	})
}

// BenchmarkIdle measures the processor time of a room that has nothing to do.
func BenchmarkIdle(b *testing.B) {
	for _, redis := range []string{"embedded", "server"} {
		b.Run(redis, func(b *testing.B) {
			r := benchRoom(b, redis, "sqlite")
			r.handle(new(tally).done)
			r.run(b)
			r.idle(b)
			before := processorTime(b)
			tick(b.Context(), 5*time.Second)
			b.ReportMetric(100*(processorTime(b)-before).Seconds()/5, "%core")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
