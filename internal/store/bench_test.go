package store

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/testserver"
)

// benchBoth measures one thing on both engines. PostgreSQL does not wait for
// the disk here, SQLite does.
func benchBoth(b *testing.B, bench func(b *testing.B, s *Store)) {
	b.Helper()
	b.Run("sqlite", func(b *testing.B) { bench(b, open(b, filepath.Join(b.TempDir(), "x.db"))) })
	b.Run("postgres", func(b *testing.B) { bench(b, open(b, testserver.PostgresWith(b, Prepare))) })
}

// spread runs fn b.N times on so many goroutines and reports how often a
// second it ran.
func spread(b *testing.B, goroutines int, fn func() error) {
	b.Helper()
	var next atomic.Int64
	b.ResetTimer()
	noErrors(b, together(goroutines, func(int) error {
		for next.Add(1) <= int64(b.N) {
			if err := fn(); err != nil {
				return err
			}
		}
		return nil
	}))
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "op/s")
}

func BenchmarkWrite(b *testing.B) {
	for _, goroutines := range []int{1, 64} {
		b.Run(fmt.Sprint(goroutines), func(b *testing.B) {
			benchBoth(b, func(b *testing.B, s *Store) {
				spread(b, goroutines, func() error { return s.Write(context.Background(), note(1)) })
			})
		})
	}
}

// BenchmarkBareInsert is what Write is measured against: the same row, nothing
// else. On SQLite the group of each commit is made by hand; on PostgreSQL each
// insert commits itself.
func BenchmarkBareInsert(b *testing.B) {
	const insert = `INSERT INTO audit (id, at, actor, action, subject) VALUES ($1, 1, 'test', 'wrote', '1')`
	for _, group := range []int{1, 64} {
		b.Run(fmt.Sprint(group, "/sqlite"), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "x.db")
			open(b, path)
			db, err := sql.Open("sqlite", sqliteDSN(path, writerCache, url.Values{"_txlock": {"immediate"}}))
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			b.ResetTimer()
			for done := 0; done < b.N; done += group {
				insertGroup(b, db, insert, min(group, b.N-done))
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "op/s")
		})
		b.Run(fmt.Sprint(group, "/postgres"), func(b *testing.B) {
			s := open(b, testserver.PostgresWith(b, Prepare))
			spread(b, group, func() error { _, err := s.read.ExecContext(context.Background(), insert, newID()); return err })
		})
	}
}

func insertGroup(b *testing.B, db *sql.DB, insert string, n int) {
	b.Helper()
	tx, err := db.BeginTx(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	stmt, err := tx.PrepareContext(b.Context(), insert)
	if err != nil {
		b.Fatal(err)
	}
	defer stmt.Close()
	for range n {
		if _, err := stmt.ExecContext(b.Context(), newID()); err != nil {
			b.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkJobLife hands over in windows of a hundred, as the relay does, and
// claims and settles each job in a transaction of its own, as workers do.
func BenchmarkJobLife(b *testing.B) {
	benchBoth(b, func(b *testing.B, s *Store) {
		const workers, window = 32, 100
		addJobs(b, s, b.N)
		b.ResetTimer()
		for left := b.N; left > 0; {
			jobs := handOver(b, s, "relay", window, monday)
			left -= len(jobs)
			var next atomic.Int64
			noErrors(b, together(workers, func(int) error {
				for i := next.Add(1) - 1; i < int64(len(jobs)); i = next.Add(1) - 1 {
					if err := claimAndSettle(s, jobs[i]); err != nil {
						return err
					}
				}
				return nil
			}))
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "job/s")
	})
}

func addJobs(b *testing.B, s *Store, n int) {
	b.Helper()
	write(b, s, func(tx *Tx) error {
		for i := range n {
			if _, err := tx.AddJob(postroom.JobDeliver, fmt.Sprint(i), postroom.Confirm, monday, monday); err != nil {
				return err
			}
		}
		return nil
	})
}

func claimAndSettle(s *Store, job postroom.Job) error {
	if err := s.Write(context.Background(), func(tx *Tx) error {
		_, err := tx.Claim(job.ID, job.Turn, "worker", monday.Add(time.Hour))
		return err
	}); err != nil {
		return err
	}
	return s.Write(context.Background(), func(tx *Tx) error { return tx.Settle(job, Outcome{}, monday) })
}

func BenchmarkAddSubmission(b *testing.B) {
	for _, goroutines := range []int{1, 64} {
		b.Run(fmt.Sprint(goroutines), func(b *testing.B) {
			benchBoth(b, func(b *testing.B, s *Store) {
				c := contactFor(b, s, "ann")
				spread(b, goroutines, func() error {
					return s.Write(context.Background(), func(tx *Tx) error { _, _, err := tx.AddSubmission(entry(c)); return err })
				})
			})
		})
	}
}

// BenchmarkCrowded runs the hot queries with a hundred thousand rows in every
// table that grows.
func BenchmarkCrowded(b *testing.B) {
	benchBoth(b, func(b *testing.B, s *Store) {
		fill(b, s, 100_000)
		for name, run := range hot(time.Now()) {
			b.Run(name, func(b *testing.B) {
				for b.Loop() {
					write(b, s, run)
				}
			})
		}
	})
}
