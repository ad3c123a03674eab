package testkit

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"; SQLite's comes with the store
)

// Count returns how many submissions are on file.
func (r *Room) Count(t testing.TB) int {
	t.Helper()
	n, err := r.Store.Read(t.Context()).CountSubmissions()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Honeypot returns the name of the field of a form that only a machine fills
// in: the one text field that people are told to leave empty.
func (r *Room) Honeypot(t testing.TB, form string) string {
	t.Helper()
	for _, tag := range input.FindAllString(r.Get(t, "/f/"+form).Body, -1) {
		if strings.Contains(tag, `tabindex="-1"`) && strings.Contains(tag, `autocomplete="off"`) {
			for _, a := range attribute.FindAllStringSubmatch(tag, -1) {
				if a[1] == "name" {
					return a[2]
				}
			}
		}
	}
	t.Fatalf("form %s has no honeypot", form)
	return ""
}

// Rows returns every row of every table as text, but for the leases, which
// are renewed by themselves, and for the mark by which a submission is found to
// which a letter was added: that letter is among the rows.
func (r *Room) Rows(t testing.TB) string {
	t.Helper()
	driver, source, tables := "sqlite", r.Config.Database.Path, `SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'leases'`
	if r.Config.Database.Postgres() {
		driver, source = "pgx", r.Config.Database.URL.Reveal()
		tables = `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_name <> 'leases'`
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var all []string
	for _, table := range names(t, db, tables) {
		for _, row := range texts(t, db, `SELECT * FROM "`+table+`"`) {
			all = append(all, table+": "+row)
		}
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

func names(t testing.TB, db *sql.DB, query string) []string {
	t.Helper()
	var list []string
	for _, row := range texts(t, db, query) {
		list = append(list, strings.Trim(row, "[]"))
	}
	return list
}

func texts(t testing.TB, db *sql.DB, query string) (list []string) {
	t.Helper()
	rows, err := db.QueryContext(context.Background(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		row, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		if mark := slices.Index(columns, "wrote_again"); mark >= 0 {
			row = slices.Delete(row, mark, mark+1)
		}
		list = append(list, fmt.Sprint(row))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

// FirstDifference returns the first lines that stand in only one of two
// results of Rows.
func FirstDifference(before, after string) string {
	old, now := strings.Split(before, "\n"), strings.Split(after, "\n")
	for _, line := range now {
		if !slices.Contains(old, line) {
			return "now: " + line
		}
	}
	for _, line := range old {
		if !slices.Contains(now, line) {
			return "gone: " + line
		}
	}
	return ""
}
