package main

import (
	"context"
	"database/sql"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"postroom/internal/app"
)

// How long forms are sent, and how long rows are inserted beside it.
const (
	formsFor = 5 * time.Second
	bareFor  = 2 * time.Second
	atOnce   = 64 // connections
)

// form measures forms sent over HTTP until they are answered, which is when
// they are on the disk: by the whole post room, which meanwhile also does what
// follows from them, and by a process that has the pages alone. The bare limit
// is one row a form, inserted as cheaply as can be with the same promise: on
// SQLite by 64 in one transaction, on PostgreSQL by 64 connections that each
// commit one.
func form(t testing.TB, b *bench) {
	for _, e := range engines(t) {
		b.each(t, "form "+e.name, func(t testing.TB) {
			sink := startChild(t, sinkRole)
			bare := insertAlone(t, e.site(t, sink.said["smtp"]))
			whole := b.forms(t, e, sink, "form_"+e.name)
			b.compare("form_"+e.name, "forms/s", atLeast(0.4), whole.rate(), bare)
			b.add("form_"+e.name+"_p50", "ms", goal{}, quantile(whole.took, 0.50))
			b.add("form_"+e.name+"_p99", "ms", goal{}, quantile(whole.took, 0.99))
			b.add("form_"+e.name+"_cpu", "ms/form", goal{}, whole.cpu)
			pages := b.forms(t, e, sink, "form_"+e.name+"_pages", app.RoleWeb)
			b.add("form_"+e.name+"_pages_ratio", "x", goal{}, pages.rate()/bare)
			b.add("form_"+e.name+"_pages", "forms/s", goal{}, pages.rate())
			b.add("form_"+e.name+"_pages_cpu", "ms/form", goal{}, pages.cpu)
			b.add("form_"+e.name+"_pages_p99", "ms", goal{}, quantile(pages.took, 0.99))
		})
	}
}

// forms sends forms to a new post room and checks that what was answered is on
// file.
func (b *bench) forms(t testing.TB, e engine, sink *child, name string, roles ...app.Role) (s sent) {
	scope(t, func(t testing.TB) {
		place := e.site(t, sink.said["smtp"])
		room := place.room(t, b.profileAt(name), roles...)
		people := &crowd{url: room.said["http"], conns: atOnce, prefix: "p"}
		warm := people.send(t, time.Second/2)
		before := room.ticks(t)
		s = people.send(t, formsFor)
		s.cpu = float64(room.ticks(t)-before) * 10 / float64(len(s.took))
		room.stop()
		on := count(t, place.sql(t), `SELECT count(*) FROM submissions`)
		if want := len(warm.took) + len(s.took); on != want {
			t.Fatalf("%d forms were accepted and %d are on file", want, on)
		}
	})
	return s
}

const insert = `INSERT INTO audit (id, at, actor, action, subject) VALUES ($1, 1, 'bench', 'wrote', '1')`

// insertAlone returns how many rows a second are durable.
func insertAlone(t testing.TB, place *site) float64 {
	db := place.sql(t)
	if place.cfg.Database.Postgres() {
		return insertTogether(t, db)
	}
	n, begun := 0, time.Now()
	for ; time.Since(begun) < bareFor; n += atOnce {
		if err := insertGroup(t.Context(), db); err != nil {
			t.Fatalf("insert rows: %v", err)
		}
	}
	return float64(n) / time.Since(begun).Seconds()
}

// insertGroup commits 64 rows at once.
func insertGroup(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // nothing, once it is committed
	statement, err := tx.PrepareContext(ctx, insert)
	if err != nil {
		return err
	}
	defer statement.Close()
	for range atOnce {
		if _, err := statement.ExecContext(ctx, newID()); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// insertTogether commits rows one by one over 64 connections.
func insertTogether(t testing.TB, db *sql.DB) float64 {
	db.SetMaxOpenConns(atOnce)
	db.SetMaxIdleConns(atOnce)
	counts, errs := make([]int, atOnce), make([]error, atOnce)
	var all sync.WaitGroup
	begun := time.Now()
	for i := range atOnce {
		all.Go(func() {
			for errs[i] == nil && time.Since(begun) < bareFor {
				_, errs[i] = db.ExecContext(t.Context(), insert, newID())
				counts[i]++
			}
		})
	}
	all.Wait()
	n := 0
	for i := range atOnce {
		n += counts[i]
		if errs[i] != nil {
			t.Fatalf("insert rows: %v", errs[i])
		}
	}
	return float64(n) / time.Since(begun).Seconds()
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }
