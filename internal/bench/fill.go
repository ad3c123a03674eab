package main

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// filling is what years of work leave in the tables that grow without end:
// nearly all of it done, a little of it waiting for a person or for its day.
// ID(x) is an id as the post room makes them, in order of time, and ID(x, n) that
// of another row; RANDOM is one that has no order.
var filling = []string{
	`INSERT INTO contacts (id, name, name_key, created_at) SELECT ID(c), 'Ann Old', 'ann old', i FROM n`,
	`INSERT INTO addresses (address) SELECT 'old' || i || '@example.org' FROM n`,
	`INSERT INTO contact_addresses (contact_id, address, added_at) SELECT ID(c), 'old' || i || '@example.org', i FROM n`,
	`INSERT INTO form_versions (version, programme, form, snapshot, first_seen) SELECT 'old', 'enquiries', 'ask', '{}', 1 FROM n WHERE i = 1`,
	`INSERT INTO submissions (id, reference, idempotency_key, natural_key, programme, form, form_version, kind, channel, contact_id, address, locale, answers_sealed, state, received_at, answered_at)
		SELECT ID(5), 'old' || i, RANDOM, RANDOM, 'enquiries', 'ask', 'old', 'enquiry', 'web', ID(c), 'old' || i || '@example.org', 'en', RANDOM || RANDOM || RANDOM, CASE WHEN i % 100 = 0 THEN 'received' ELSE 'answered' END, i, i FROM n`,
	`INSERT INTO letters (id, raw_hash, size, message_id, submission_id, state, reason, class, mailbox, batch, reference, received_at, settled_at)
		SELECT ID(1), RANDOM, 4000, ID(1) || '@example.org', ID(5), CASE WHEN i % 100 = 0 THEN 'triage' ELSE 'done' END, 'filed', 'submission', 'support@communityaction.example', ID(b), CASE WHEN i % 100 = 0 THEN 'OLD' || i ELSE '' END, i, i FROM n`,
	`INSERT INTO letter_bytes (letter_id, sealed) SELECT ID(1), LETTER FROM n`,
	`INSERT INTO letter_refs (letter_id, message_id) SELECT ID(1), ID(e) || '@example.org' FROM n WHERE i % 3 = 0`,
	`INSERT INTO deliveries (mailbox, folder, uidvalidity, uid, letter_id, seen_at) SELECT 'support@communityaction.example', 'inbox', 0, i, ID(1), i FROM n`,
	`INSERT INTO messages (id, key, message_id, programme, form, submission_id, contact_id, address, template, locale, class, lane, state, created_at, sending_at, settled_at)
		SELECT ID(a), ID(a), ID(a) || '.' || RANDOM || '@riverside.example', 'enquiries', 'ask', ID(5), ID(c), 'old' || i || '@example.org', 'we-have-your-message', 'en', 'service', 'confirm', 'sent', i, i, i FROM n`,
	`INSERT INTO jobs (id, kind, subject, lane, state, turn, due_at, created_at, settled_at) SELECT ID(f), 'deliver', ID(a), 'confirm', 'done', 1, i, i, i FROM n`,
	`INSERT INTO runs (id, programme, form, submission_id, contact_id, created_at) SELECT ID(9), 'enquiries', 'ask', ID(5), ID(c), i FROM n`,
	`INSERT INTO steps (id, run_id, name, state, due_at, settled_at) SELECT ID(7), ID(9), 'chase', CASE WHEN i % 100 = 0 THEN 'planned' ELSE 'done' END, 4000000000000000 + i, i FROM n`,
}

// knownAddress is the address of the n-th person who is on file.
func knownAddress(n int64) string { return fmt.Sprintf("old%d@example.org", n) }

// fill puts rows into every table that grows. SQLite does it without waiting
// for the disk; PostgreSQL looks at its tables afterwards, as it does by itself
// after a while.
func fill(t testing.TB, place *site, rows int) error {
	heaps := make([]heap, len(filling))
	for n, insert := range filling {
		heaps[n] = heap{rows, insert}
	}
	return fillHeaps(t, place, heaps)
}

// heap is a statement that puts so many rows on file: n holds their numbers.
type heap struct {
	rows   int
	insert string
}

func fillHeaps(t testing.TB, place *site, heaps []heap) error {
	dialect := strings.NewReplacer("RANDOM", "lower(hex(randomblob(16)))", "LETTER", "randomblob(1500)")
	numbers, pragmas := `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) SELECT`, []string{"synchronous(OFF)", "cache_size(-1000000)"}
	if place.cfg.Database.Postgres() {
		dialect = strings.NewReplacer("RANDOM || RANDOM || RANDOM", "decode(md5(random()::text) || md5(random()::text), 'hex')", "RANDOM", "md5(random()::text)", "LETTER", "decode(repeat(md5(random()::text), 94), 'hex')")
		numbers = `WITH n (i) AS (SELECT generate_series(1, %d)) SELECT`
	}
	db := place.sql(t, pragmas...)
	defer db.Close()
	var all []string
	id := regexp.MustCompile(`ID\((\w)(?:, ((?:[^()]|\([^()]*\))*))?\)`)
	for _, heap := range heaps {
		insert := id.ReplaceAllStringFunc(heap.insert, func(found string) string {
			part := id.FindStringSubmatch(found)
			return "'01900000-0000-7000-8" + part[1] + "00-' || substr(CAST(1000000000000 + " + cmp.Or(part[2], "i") + " AS TEXT), 2)"
		})
		all = append(all, strings.Replace(dialect.Replace(insert), "SELECT", fmt.Sprintf(numbers, heap.rows), 1))
	}
	list, last := `SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL`, `PRAGMA wal_checkpoint(TRUNCATE)`
	if place.cfg.Database.Postgres() {
		list, last = `SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT IN (SELECT conname FROM pg_constraint)`, `VACUUM ANALYZE`
	}
	names, made, err := indexes(t.Context(), db, list)
	if err != nil {
		return fmt.Errorf("list indexes: %w", err)
	}
	return fillBare(t.Context(), db, names, append(append(all, made...), last))
}

// fillBare runs statements while the tables have no index but those of their
// keys; the statements make the others: to sort once is cheaper than a million
// times.
func fillBare(ctx context.Context, db *sql.DB, names, statements []string) error {
	for _, name := range names {
		if err := do(ctx, db, "DROP INDEX "+name); err != nil {
			return err
		}
	}
	return do(ctx, db, statements...)
}

// indexes lists the indexes that belong to no key, and how each is made.
func indexes(ctx context.Context, db *sql.DB, list string) (names, made []string, err error) {
	rows, err := db.QueryContext(ctx, list)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name, statement string
		if err := rows.Scan(&name, &statement); err != nil {
			return nil, nil, err
		}
		names, made = append(names, name), append(made, statement)
	}
	return names, made, rows.Err()
}
