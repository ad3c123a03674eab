package main

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"postroom/internal/app"
	"postroom/internal/config"
	"postroom/internal/store"
	"postroom/internal/testkit"
	"postroom/internal/testserver"
)

// engine is what a post room can stand on.
type engine struct {
	name string // as it stands in the names of figures
	// servers makes a database and a Redis and returns the lines of the settings
	// that name them; nil is SQLite and the Redis inside the process.
	servers func(t testing.TB) string
}

// engines are the two. PostgreSQL is as it comes, and waits for the disk as
// SQLite does.
func engines(t testing.TB) []engine {
	pg := testserver.PostgresAlone(t, "fsync=on", "full_page_writes=on", "shared_buffers=128MB", "autovacuum_naptime=1min")
	return []engine{{name: "embedded"}, {"servers", func(t testing.TB) string {
		return fmt.Sprintf("database: %q\nredis: %q", pg.Database(), testserver.Redis(t).URL)
	}}}
}

// site is where one post room keeps its things. Its database is there, and
// empty.
type site struct {
	settings string
	cfg      config.Config
}

// site makes the place for a post room whose mail goes to smtp. However many forms
// come at once, it takes them for people's.
func (e engine) site(t testing.TB, smtp string, options ...testkit.Option) *site {
	return e.siteWith(t, smtp, append(options, testkit.Setting("trusted_proxies: [127.0.0.1]\nstrangers: {surge: 0}"))...)
}

// siteWith is site with no other settings than those.
func (e engine) siteWith(t testing.TB, smtp string, options ...testkit.Option) *site {
	if e.servers != nil {
		options = append(options, testkit.Setting(e.servers(t)))
	}
	s := &site{settings: testkit.WriteSettings(t, filepath.Join(t.TempDir(), "postroom.yaml"), smtp, options...)}
	var err error
	if s.cfg, err = config.Load(s.settings, os.Getenv); err != nil {
		t.Fatal(err)
	}
	if err := s.open(t).Close(); err != nil {
		t.Fatal(err)
	}
	return s
}

// open opens the database beside the post room.
func (s *site) open(t testing.TB) *store.Store {
	db, err := app.OpenStore(t.Context(), s.cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// sql opens the database as bare as it can be, with the same promises about
// the disk. pragmas are SQLite's, and win.
func (s *site) sql(t testing.TB, pragmas ...string) *sql.DB {
	driver, address := "pgx", s.cfg.Database.URL.Reveal()
	if !s.cfg.Database.Postgres() {
		query := url.Values{"_txlock": {"immediate"}, "_pragma": append([]string{"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)"}, pragmas...)}
		driver, address = "sqlite", (&url.URL{Scheme: "file", Opaque: url.PathEscape(s.cfg.Database.Path), RawQuery: query.Encode()}).String()
	}
	db, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// count returns the one number that a query asks for.
func count(t testing.TB, db *sql.DB, query string, args ...any) (n int) {
	if err := db.QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// room starts the post room in a process of its own.
func (s *site) room(t testing.TB, profile string, roles ...app.Role) *child {
	args := []string{"-config", s.settings, "-profile", profile}
	var words []string
	for _, role := range roles {
		words = append(words, string(role))
	}
	return startChild(t, roomRole, append(args, "-roles", strings.Join(words, ","))...)
}

// do runs statements one after the other.
func do(ctx context.Context, db *sql.DB, statements ...string) error {
	for _, s := range statements {
		if _, err := db.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%.60s: %w", strings.Join(strings.Fields(s), " "), err)
		}
	}
	return nil
}

// column returns the one column of texts that a query asks for.
func column(ctx context.Context, db *sql.DB, query string, args ...any) (list []string, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("%.60s: %w", strings.Join(strings.Fields(query), " "), err)
	}
	defer rows.Close()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, rows.Err()
}
