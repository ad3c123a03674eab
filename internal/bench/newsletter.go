package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"postroom/internal/campaign"
	"postroom/internal/postroom"
)

// readersAtOnce is how many readers a newsletter has that is sent again and
// again; so many connections the bare sender has, as many as the post room.
const (
	readersAtOnce = 10_000
	senders       = 4
)

// newsletter measures a newsletter from the moment the post room starts, with
// its order on file, until the mail server has taken the last copy: choosing,
// writing, sending, and settling each copy. The bare limit is net/smtp: the
// same number of messages of the same size to the same server over as many
// connections, the bytes made beforehand and nothing remembered. How much
// memory a large one takes is measured once, with SQLite.
func newsletter(t testing.TB, b *bench) {
	for _, e := range engines(t) {
		b.each(t, "newsletter "+e.name, func(t testing.TB) {
			sink := startChild(t, sinkRole)
			ours := b.edition(t, e, sink, readersAtOnce)
			bare, err := blast(t, sink, readersAtOnce, ours.size)
			if err != nil {
				t.Fatal(err)
			}
			name := "newsletter_" + e.name
			b.compare(name, "messages/s", atLeast(0.7), ours.rate, bare.rate)
			b.add(name+"_cpu", "s/1000", goal{}, ours.cpu)
			b.add(name+"_cpu_bare", "s/1000", goal{}, bare.cpu)
		})
	}
	var rss []float64
	for _, n := range []int{b.readers / 4, b.readers} {
		scope(t, func(t testing.TB) {
			fmt.Fprintf(os.Stderr, "  newsletter to %d readers, once\n", n)
			ours := b.edition(t, engine{name: fmt.Sprint("embedded_", n)}, startChild(t, sinkRole), n)
			rss = append(rss, ours.memory)
			b.add(fmt.Sprint("newsletter_", n, "_rss"), "MB", goal{}, ours.memory)
			b.add(fmt.Sprint("newsletter_", n, "_rate"), "messages/s", goal{}, ours.rate)
			b.add(fmt.Sprint("newsletter_", n, "_cpu"), "s/1000", goal{}, ours.cpu)
		})
	}
	b.add("newsletter_rss_growth", "x", atMost(1.2), rss[1]/rss[0])
}

// mailing is what sending so many messages took.
type mailing struct {
	rate   float64 // a second
	cpu    float64 // seconds of a core for a thousand
	memory float64 // megabytes at most
	size   int     // of a message
	first  float64 // seconds until the first was taken
}

// edition sends a newsletter from a new post room.
func (b *bench) edition(t testing.TB, e engine, sink *child, readers int) mailing {
	place := e.site(t, sink.said["smtp"])
	if err := subscribe(t.Context(), place, place.sql(t), readers); err != nil {
		t.Fatalf("put readers on the list: %v", err)
	}
	db := place.open(t)
	if _, err := db.FindMissing(t.Context()); err != nil { // as intake does with each reader: the post room would do it now, beside the newsletter
		t.Fatalf("have readers found by their names: %v", err)
	}
	rooms := campaign.NewEditions(campaign.EditionOptions{Store: db, Clock: wall{}})
	c, _, err := rooms.Start(t.Context(), postroom.Campaign{List: "newsletter", Programme: "newsletter", Locale: "en", Subject: "What is on in May", Markdown: news()}, false)
	if err != nil {
		t.Fatal(err)
	}
	askSink(t, sink, http.MethodPost)
	room := place.room(t, b.profileAt("newsletter_"+e.name))
	begun := time.Now()
	before, servers := room.ticks(t), databaseTicks()
	until(t, "the newsletter to be sent", 100*time.Millisecond, 30*time.Minute, func() bool {
		return askSink(t, sink, http.MethodGet).Messages >= readers
	})
	until(t, "the newsletter to end", 100*time.Millisecond, time.Minute, func() bool {
		a, err := campaign.AccountOf(db.Read(t.Context()), c.ID)
		return err == nil && a.Ended() && a.Sent == readers
	})
	used := room.ticks(t) - before
	if e.servers != nil {
		used += databaseTicks() - servers
	}
	m := mailing{cpu: float64(used) / 100 / float64(readers) * 1000}
	if m.memory, err = memory(room.pid, "VmHWM"); err != nil {
		t.Fatal(err)
	}
	room.stop()
	got := askSink(t, sink, http.MethodPost)
	if got.Messages != readers || got.Readers != readers {
		t.Fatalf("%d copies went to %d of %d readers", got.Messages, got.Readers, readers)
	}
	m.rate = float64(readers) / got.Last.Sub(begun).Seconds()
	m.first = max(0, got.First.Sub(begun).Seconds())
	m.size = int(got.Bytes) / readers
	return m
}

// news is a newsletter of the usual length.
func news() string {
	var b strings.Builder
	for i := range 8 {
		fmt.Fprintf(&b, "## News number %d\n\nThe allotment society meets on Thursday evening, and everyone is welcome. Bring seeds, questions and [a friend](https://riverside.example/news/%d).\n\n- tea at six\n- talk at seven\n- home by nine\n\n", i+1, i+1)
	}
	return b.String()
}

// subscribe puts people on the list, straight into the tables. Subscriptions have ids of
// the length of ours: others have links that do not fit the mould of an edition.
func subscribe(ctx context.Context, place *site, db *sql.DB, readers int) error {
	numbers := fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT`, readers)
	var all []string
	for _, insert := range []string{
		`INSERT INTO contacts (id, name, name_key, created_at) SELECT 'c' || i, 'Ann Reader', 'ann reader', 1 FROM n`,
		`INSERT INTO addresses (address) SELECT 'reader' || i || '@example.org' FROM n`,
		`INSERT INTO contact_addresses (contact_id, address, added_at) SELECT 'c' || i, 'reader' || i || '@example.org', 1 FROM n`,
		`INSERT INTO form_versions (version, programme, form, snapshot, first_seen) SELECT 'v', 'newsletter', 'newsletter', '{}', 1 FROM n WHERE i = 1`,
		`INSERT INTO submissions (id, reference, idempotency_key, natural_key, programme, form, form_version, kind, channel, contact_id, locale, answers_sealed, received_at)
			SELECT 's' || i, 's' || i, 's' || i, 's' || i, 'newsletter', 'newsletter', 'v', 'sign_up', 'web', 'c' || i, 'en', '', 1 FROM n`,
		`INSERT INTO subscriptions (id, list, programme, contact_id, address, locale, submission_id, state, asked_at, confirmed_at)
			SELECT '00000000-0000-7000-8000-' || substr(CAST(1000000000000 + i AS TEXT), 2), 'newsletter', 'newsletter', 'c' || i, 'reader' || i || '@example.org', 'en', 's' || i, 'confirmed', 1, 1 FROM n`,
	} {
		all = append(all, strings.Replace(insert, "SELECT", numbers, 1))
	}
	if place.cfg.Database.Postgres() { // which does so by itself after a while; SQLite never does
		all = append(all, `ANALYZE`)
	}
	return do(ctx, db, all...)
}

// wall is the wall clock.
type wall struct{}

// Now returns the time.
func (wall) Now() time.Time { return time.Now() }

// Until is not asked for by what starts a newsletter.
func (wall) Until(time.Time) <-chan struct{} { return nil }
