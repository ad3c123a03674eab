package main

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// A desk that has seen years of work: how much of each is on file.
const (
	deskContacts    = 100_000
	deskSubmissions = 300_000
	deskLetters     = 100_000
	deskReaders     = 20_000 // of newsletters
	deskEditions    = 200
	deskCopies      = 1_000_000 - 2*deskSubmissions // with the mails about submissions, a million
	deskGroups      = 5_000
	deskProgrammes  = 12
)

// deskFilling is what stands on file, as filling is. One submission in a hundred
// waits, one letter in a hundred is for a person; who is called what is made of
// syllables, so that beginnings of names are shared as they are in life.
var deskFilling = []heap{
	{deskContacts, `INSERT INTO contacts (id, name, name_key, phone, locale, created_at)
		SELECT ID(c), NAME, lower(NAME), CASE WHEN i % 3 = 0 THEN '+441908' || substr(CAST(1000000 + i AS TEXT), 2) ELSE '' END, 'en', i FROM n`},
	{deskContacts, `INSERT INTO addresses (address) SELECT ADDRESS FROM n`},
	{deskContacts, `INSERT INTO contact_addresses (contact_id, address, added_at) SELECT ID(c), ADDRESS, i FROM n`},
	{deskGroups, `INSERT INTO organisations (id, name, name_key, created_at) SELECT ID(d), 'Group ' || NAME || ' ' || i, 'group ' || i, i FROM n`},
	{deskContacts / 2, `INSERT INTO contact_organisations (contact_id, organisation_id, added_at) SELECT ID(c), ID(d, i % 5000 + 1), i FROM n`},
	{1, `INSERT INTO form_versions (version, programme, form, snapshot, first_seen) SELECT 'old', 'enquiries', 'ask', '{}', 1 FROM n`},
	{deskSubmissions, `INSERT INTO submissions (id, reference, idempotency_key, natural_key, programme, form, form_version, kind, channel, contact_id, address, locale, area,
			answers_sealed, state, assigned_to, received_at, answered_at)
		SELECT ID(5), REFERENCE, RANDOM, RANDOM, 'programme-' || (i % 12), CASE WHEN i % 5 = 0 THEN 'ask' ELSE 'join' END, 'old', CASE WHEN i % 5 = 0 THEN 'enquiry' ELSE 'sign_up' END,
			'web', ID(c, i % 100000 + 1), '', CASE WHEN i % 1000 = 7 THEN 'ps' WHEN i % 10 = 1 THEN 'uk' ELSE 'en' END, 'area-' || (i % 7), RANDOM || RANDOM || RANDOM,
			CASE WHEN i % 100 = 0 THEN 'received' WHEN i % 3000 = 1 THEN 'held' WHEN i % 900 = 2 THEN 'closed' ELSE 'answered' END,
			CASE WHEN i % 4 = 0 THEN 'colleague-' || (i % 20) ELSE '' END, 1000000 * CAST(i AS BIGINT), i FROM n`},
	{deskLetters, `INSERT INTO letters (id, raw_hash, size, message_id, address, submission_id, state, reason, class, mailbox, reference, received_at, settled_at)
		SELECT ID(1), RANDOM, 4000, ID(1) || '@example.org', ADDRESS, CASE WHEN i % 100 = 0 THEN NULL ELSE ID(5, i * 3) END, CASE WHEN i % 100 = 0 THEN 'triage' ELSE 'done' END,
			'filed', 'submission', 'support@communityaction.example', CASE WHEN i % 100 = 0 THEN 'L' || i ELSE '' END, 3000000 * CAST(i AS BIGINT) + 1, i FROM n`},
	{2 * deskSubmissions, `INSERT INTO messages (id, key, message_id, programme, form, submission_id, contact_id, address, template, locale, class, lane, state, created_at, sending_at, settled_at)
		SELECT ID(a), 'step:' || ID(7, i), ID(a) || '@riverside.example', 'programme-' || (i % 12), 'ask', ID(5, i % 300000 + 1), ID(c, (i + 1) % 100000 + 1),
			'', 'we-have-your-message', 'en', 'service', 'confirm', 'sent', i, i, i FROM n`},
	{deskEditions, `INSERT INTO campaigns (id, key, list, programme, subject, markdown, locale, state, created_at) SELECT ID(e), ID(e), 'news', 'programme-1', 's', RANDOM || '', 'en', 'sent', i FROM n`},
	{deskReaders, `INSERT INTO subscriptions (id, list, programme, contact_id, address, locale, submission_id, state, asked_at)
		SELECT ID(6), 'news', 'programme-1', ID(c, i + 1), ADDRESS, 'en', ID(5), 'confirmed', i FROM n`},
	{deskCopies, `INSERT INTO messages (id, key, message_id, contact_id, about, locale, class, lane, state, campaign_id, chunk, created_at)
		SELECT ID(b), 'campaign:' || ID(e, i % 200 + 1) || ':' || ID(6, i / 200 + 1), ID(b), ID(c, i / 200 + 2), '', 'en', 'marketing', 'bulk', 'sent', ID(e, i % 200 + 1), 1, i FROM n`},
	{deskSubmissions, `INSERT INTO runs (id, programme, form, submission_id, contact_id, created_at) SELECT ID(9), 'programme-' || (i % 12), 'ask', ID(5), ID(c, i % 100000 + 1), i FROM n`},
	{2 * deskSubmissions, `INSERT INTO steps (id, run_id, name, state, due_at, settled_at)
		SELECT ID(7), ID(9, i % 300000 + 1), 'step-' || (i / 300001), CASE WHEN i % 100 = 0 THEN 'planned' ELSE 'done' END, 4000000000000000 + i, i FROM n`},
}

// fillDesk puts a desk that has seen years of work on file. What fill puts there
// can stand beside it; two of them cannot.
func fillDesk(t testing.TB, place *site) error {
	syllable := func(of string) string { return "substr('BaKeMoTiSuRaLeNoPiVu', 1 + 2 * (" + of + " % 10), 2)" }
	sign := func(of string) string { return "substr('23456789BCDFGHJKMNPQRTVWXZ', 1 + " + of + " % 26, 1)" }
	name := strings.Join([]string{syllable("i"), "lower(" + syllable("i / 10") + ")", "'n '", syllable("i / 100"), "lower(" + syllable("i / 7") + ")", "lower(" + syllable("i / 31") + ")"}, " || ")
	words := strings.NewReplacer("NAME", name, "ADDRESS", "lower(replace("+name+", ' ', '.')) || i || '@' || CASE WHEN i % 2 = 0 THEN 'example.org' ELSE 'post' || (i % 100) || '.example' END",
		"REFERENCE", strings.Join([]string{sign("i"), sign("i / 26"), sign("i / 676"), "'-'", sign("i / 17576"), "'22'"}, " || "))
	heaps := make([]heap, len(deskFilling))
	for i, h := range deskFilling {
		heaps[i] = heap{h.rows, words.Replace(h.insert)}
	}
	db := place.sql(t)
	defer db.Close()
	if err := fillHeaps(t, place, heaps); err != nil {
		return err
	}
	if err := place.open(t).FindEverybody(t.Context()); err != nil {
		return err
	}
	if place.cfg.Database.Postgres() {
		return do(t.Context(), db, `VACUUM ANALYZE finds`)
	}
	return do(t.Context(), db, `PRAGMA wal_checkpoint(TRUNCATE)`)
}

// desk measures what the desk's pages ask the database for, all of one page
// together, when much is on file.
func desk(t testing.TB, b *bench) {
	sink := startChild(t, sinkRole)
	for _, e := range engines(t) {
		place, begun := e.site(t, sink.said["smtp"]), time.Now()
		if err := fillDesk(t, place); err != nil {
			t.Fatalf("fill the desk: %v", err)
		}
		fmt.Fprintf(os.Stderr, "  a desk, %s, in %.0f s\n", e.name, time.Since(begun).Seconds())
		read := place.open(t).Read(context.WithoutCancel(t.Context()))
		b.each(t, "desk "+e.name, func(t testing.TB) {
			r := rand.New(rand.NewPCG(1, 2))
			b.pages(t, "desk_search_"+e.name, atMost(300), func() error { return searched(read, r) })
			b.pages(t, "desk_inbox_"+e.name, atMost(100), func() error { return inboxed(read, r) })
			b.pages(t, "desk_person_"+e.name, atMost(100), func() error {
				return personed(read, fmt.Sprintf("01900000-0000-7000-8c00-%012d", r.IntN(deskContacts)+1))
			})
			b.pages(t, "desk_group_"+e.name, atMost(100), func() error { return grouped(read, fmt.Sprintf("01900000-0000-7000-8d00-%012d", r.IntN(deskGroups)+1)) })
		})
	}
}

// inARow is how many pages are asked for in one run.
const inARow = 100

// pages measures how long one page takes.
func (b *bench) pages(t testing.TB, name string, g goal, page func() error) {
	times := make([]float64, inARow)
	for n := range times {
		begun := time.Now()
		if err := page(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		times[n] = time.Since(begun).Seconds() * 1000
	}
	b.add(name+"_p50", "ms", goal{}, quantile(times, 0.5))
	b.add(name+"_p99", "ms", g, quantile(times, 0.99))
}

// searched looks for what people type: names, beginnings of them, addresses,
// numbers, references, and what nobody is called.
func searched(read store.Reader, r *rand.Rand) error {
	syllable := func() string { n := r.IntN(10); return strings.ToLower("BaKeMoTiSuRaLeNoPiVu"[2*n : 2*n+2]) }
	queries := []string{
		syllable() + syllable() + "n " + syllable() + syllable(), syllable() + syllable(), syllable(), syllable()[:1], syllable()[:1] + " e", "example", "example org " + syllable(),
		fmt.Sprintf("%s%sn.%s", syllable(), syllable(), syllable()), fmt.Sprintf("01908 0%02d", r.IntN(100)), fmt.Sprintf("K%dM-%d", r.IntN(8)+2, r.IntN(8)+2), "group " + syllable(), "nobody at all",
	}
	_, err := read.Search(queries[r.IntN(len(queries))], 20)
	return err
}

// inboxed turns to a page of the inbox, with the counts of four filters beside it.
func inboxed(read store.Reader, r *rand.Rand) error {
	now := time.Now()
	mine := []store.Bound{{Programme: "programme-1"}, {Programme: "programme-2", Area: "area-3"}}
	far := store.InboxPlace{At: time.UnixMicro(int64(r.IntN(deskSubmissions)) * 1_000_000), ID: "01900000"}
	settled := []postroom.SubmissionState{postroom.SubmissionAnswered, postroom.SubmissionClosed}
	filters := []store.InboxFilter{
		{}, {Within: mine}, {OldestFirst: true}, {Within: mine, OldestFirst: true, Snoozing: store.Awake, Now: now}, {After: far}, {Within: mine, After: far},
		{AssignedTo: "colleague-4"}, {Unassigned: true, Kind: postroom.Enquiry}, {States: settled}, {States: settled, After: far}, {States: settled, Within: mine, Locale: "ps"},
		{States: settled, Locale: "ps", Area: "area-2", OldestFirst: true}, {Locale: "ps"}, {States: settled[1:]}, {Matter: postroom.AboutLetter, After: far},
	}
	f := filters[r.IntN(len(filters))]
	if _, _, err := read.Inbox(f, 50); err != nil {
		return err
	}
	for _, tab := range []store.InboxFilter{{Within: f.Within}, {Within: f.Within, AssignedTo: "colleague-4"}, {Within: f.Within, Snoozing: store.Asleep, Now: now}, f} {
		if _, err := read.InboxCounts(tab); err != nil {
			return err
		}
	}
	return nil
}

func personed(read store.Reader, id string) error {
	_, err := read.Person(id)
	for _, list := range []func() error{
		func() error { _, _, err := read.SubmissionsOf(id, store.InboxPlace{}); return err },
		func() error { _, _, err := read.LettersOf(id, store.InboxPlace{}); return err },
		func() error { _, _, err := read.MessagesTo(id, ""); return err },
		func() error { _, err := read.PromisesTo(id); return err },
		func() error { _, _, err := read.ConsentsOf(id, store.InboxPlace{}); return err },
		func() error { _, _, err := read.SubscriptionsOf(id, store.InboxPlace{}); return err },
		func() error { _, _, err := read.BookingsOf(id, store.InboxPlace{}); return err },
		func() error { _, _, err := read.CallsTo(id, store.InboxPlace{}); return err },
		func() error { _, err := read.NoteIDs(postroom.AboutContact, id); return err },
	} {
		err = cmp.Or(err, list())
	}
	return err
}

func grouped(read store.Reader, id string) error {
	_, err := read.Organisation(id)
	if err != nil {
		return err
	}
	if _, _, err = read.Members(id, store.Member{}); err != nil {
		return err
	}
	_, _, err = read.SubmissionsOfMembers(id, store.InboxPlace{})
	return err
}
