package main

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"postroom/internal/app"
	"postroom/internal/arrivals"
	"postroom/internal/intake"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testkit"
)

const (
	fewRows   = 10_000
	inOneGo   = 200 // forms or letters, before the other post room has its turn
	handsFull = 16  // of them at a time
)

// growth measures what a form and a letter cost from beginning to end (filed,
// read, accepted, answered by two mails, all jobs settled) in a post room with
// few rows in each table that grows, and in one with many. The two take turns,
// and the ratio of each pair is the figure: how much dearer many rows make it.
// Every other form is from somebody who is on file, and every fifth letter is
// for a person to see. The rooms are in this
// process and are asked without HTTP and IMAP, which no row makes slower.
func growth(t testing.TB, b *bench) {
	sink := startChild(t, sinkRole)
	both := engines(t)
	places := b.filled(t, both, sink)
	for i, e := range both {
		scope(t, func(t testing.TB) {
			few, many := work(t, places[2*i]), work(t, places[2*i+1])
			for _, each := range []*grown{few, many} { // to warm up
				each.forms(t)
				each.letters(t)
			}
			b.recordHere(t, "growth_"+e.name)
			b.each(t, "growth "+e.name, func(t testing.TB) {
				b.pair("growth_form_"+e.name, few.forms(t), many.forms(t))
				b.pair("growth_letter_"+e.name, few.letters(t), many.letters(t))
			})
		})
	}
}

// filled makes the places of post rooms with few rows and with many, for each
// engine, all at once.
func (b *bench) filled(t testing.TB, engines []engine, sink *child) (places []*site) {
	var all errgroup.Group
	for _, e := range engines {
		for _, rows := range []int{fewRows, b.rows} {
			place, begun := e.site(t, sink.said["smtp"]), time.Now()
			places = append(places, place)
			all.Go(func() error {
				err := fill(t, place, rows)
				fmt.Fprintf(os.Stderr, "  %d rows a table, %s, in %.0f s\n", rows, e.name, time.Since(begun).Seconds())
				return err
			})
		}
	}
	if err := all.Wait(); err != nil {
		t.Fatalf("fill tables: %v", err)
	}
	return places
}

// cost is what one form or letter takes, in milliseconds: of time, and of a
// core in this process.
type cost struct{ time, cpu float64 }

func (b *bench) pair(name string, few, many cost) {
	b.add(name+"_ratio", "x", atMost(1.2), many.time/few.time)
	b.add(name+"_cpu_ratio", "x", goal{}, many.cpu/few.cpu)
	b.add(fmt.Sprint(name, "_", fewRows), "ms", goal{}, few.time)
	b.add(fmt.Sprint(name, "_", b.rows), "ms", goal{}, many.time)
}

// grown is a post room at work whose tables have grown.
type grown struct {
	*app.Room
	db   *sql.DB
	next atomic.Int64
}

// work starts a post room that is asked without HTTP.
func work(t testing.TB, place *site) *grown {
	room := openHere(t, place)
	room.serve(t, nil)
	return &grown{Room: room.Room, db: place.sql(t)}
}

// forms returns what a form costs when all hands are full.
func (g *grown) forms(t testing.TB) cost {
	return g.each(t, func(n int64) error {
		fields := askFields("new", n)
		if n%2 == 0 {
			fields.Set("email", knownAddress(n%fewRows+1))
		}
		entry := postroom.Entry{Channel: postroom.Web, Form: "ask", Locale: "en", Answers: postroom.Answers(fields), Key: newID(), At: g.Clock.Now()}
		_, err := g.Intake.Accept(t.Context(), entry)
		if refused, ok := errors.AsType[*intake.Refused](err); ok {
			return fmt.Errorf("%w: %+v", err, refused.Fields)
		}
		return err
	})
}

// letters returns what a letter costs.
func (g *grown) letters(t testing.TB) cost {
	return g.each(t, func(n int64) error {
		who := fmt.Sprintf("ann@p%d.example.org", n)
		subject := "The hall"
		if n%5 == 0 { // which is for a person to see
			subject = "Unsubscribe"
		}
		letter := testkit.Mail{From: who, To: testkit.Support, Subject: subject, Text: fmt.Sprintf("Is the hall free on day %d?", n), ID: newID() + "@example.org", At: time.Now()}
		return g.Store.Write(t.Context(), func(tx *store.Tx) error {
			id, _, err := arrivals.Take(tx, testkit.Support, postroom.Inbox, letter.Bytes(), g.Clock.Now())
			if err != nil {
				return err
			}
			return tx.AddDelivery(testkit.Support, postroom.Inbox, 1, uint32(n), id, g.Clock.Now())
		})
	})
}

// each does something so many times and waits until all that follows from it is
// done.
func (g *grown) each(t testing.TB, one func(n int64) error) cost {
	errs := make([]error, handsFull)
	var all sync.WaitGroup
	first := g.next.Load()
	begun, used := time.Now(), processorTime()
	for i := range errs {
		all.Go(func() {
			for n := g.next.Add(1); n <= first+inOneGo && errs[i] == nil; n = g.next.Add(1) {
				errs[i] = one(n)
			}
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	until(t, "jobs to be done", 10*time.Millisecond, 10*time.Minute, func() bool {
		return count(t, g.db, `SELECT (SELECT count(*) FROM jobs WHERE state = 'due' AND due_at <= $1)
			+ (SELECT count(*) FROM jobs WHERE state = 'handed') + (SELECT count(*) FROM jobs WHERE state = 'running')`, time.Now().UnixMicro()) == 0
	})
	return cost{milliseconds(time.Since(begun)) / inOneGo, milliseconds(processorTime()-used) / inOneGo}
}
