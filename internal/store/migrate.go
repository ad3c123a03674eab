package store

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed migrations/*.sql
var migrations embed.FS

// schema is everything that the migrations make, in one file.
//
//go:embed schema.sql
var schema string

// migrate brings the schema up to date, one numbered file at a time, forward
// only. A new database gets all of it at once. Two processes starting together
// are put in order by the database.
func (s *Store) migrate(ctx context.Context) error {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	slices.Sort(names)
	return s.do(ctx, func(tx *Tx) error {
		if err := s.lockSchema(tx); err != nil {
			return err
		}
		var applied int
		if err := tx.row(`SELECT count(*) FROM schema_migrations`).Scan(&applied); err != nil {
			return err
		}
		if applied == 0 && !s.replay {
			return tx.makeSchema(names)
		}
		for _, name := range names {
			if err := tx.migrateOne(name); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		return nil
	})
}

// lockSchema keeps other processes out until the transaction ends. SQLite's
// writer has the whole database already.
func (s *Store) lockSchema(tx *Tx) error {
	if s.name == "postgres" {
		if _, err := tx.exec(`SELECT pg_advisory_xact_lock(7266786)`); err != nil {
			return fmt.Errorf("lock schema: %w", err)
		}
	}
	_, err := tx.exec(`CREATE TABLE IF NOT EXISTS schema_migrations (
		version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)`)
	return err
}

// makeSchema makes everything in a new database and notes every migration.
func (tx *Tx) makeSchema(names []string) error {
	if err := tx.run(schema); err != nil {
		return fmt.Errorf("schema.sql: %w", err)
	}
	for _, name := range names {
		version, what, err := numbered(name)
		if err == nil {
			err = tx.noteMigration(version, what)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (tx *Tx) migrateOne(path string) error {
	version, name, err := numbered(path)
	if err != nil {
		return err
	}
	var applied int
	if err := tx.row(`SELECT count(*) FROM schema_migrations WHERE version = $1`, version).Scan(&applied); err != nil || applied > 0 {
		return err
	}
	text, err := migrations.ReadFile(path)
	if err != nil {
		return err
	}
	if err := tx.run(string(text)); err != nil {
		return err
	}
	if name == "0010_search" { // its words are cut and folded here, not in SQL
		if err := tx.findEverybody(); err != nil {
			return err
		}
	}
	if name == "0034_organisation_names" { // they are folded here as well
		if err := tx.knowGroups(); err != nil {
			return err
		}
	}
	return tx.noteMigration(version, name)
}

// numbered takes the name of a migration apart: migrations/0001_first_door.sql.
func numbered(path string) (version int, name string, err error) {
	name = strings.TrimSuffix(strings.TrimPrefix(path, "migrations/"), ".sql")
	number, _, _ := strings.Cut(name, "_")
	if version, err = strconv.Atoi(number); err != nil {
		return 0, "", fmt.Errorf("read its number: %w", err)
	}
	return version, name, nil
}

// run runs the statements of a file. One ends with a semicolon at the end of a
// line: those inside a trigger stand in the middle of one. A comment line
// "-- only: sqlite" or "-- only: postgres" above a statement leaves it out on
// the other engine.
func (tx *Tx) run(text string) error {
	for _, statement := range strings.Split(text, ";\n") {
		if strings.TrimSpace(statement) == "" || !meantFor(tx.on, statement) {
			continue
		}
		if _, err := tx.exec(statement); err != nil {
			return fmt.Errorf("run %.60q: %w", strings.TrimSpace(statement), err)
		}
	}
	return nil
}

// meantFor says whether a statement is one for this engine.
func meantFor(engine, statement string) bool {
	for line := range strings.Lines(statement) {
		if only, found := strings.CutPrefix(line, "-- only: "); found {
			return strings.TrimSpace(only) == engine
		}
	}
	return true
}

func (tx *Tx) noteMigration(version int, name string) error {
	_, err := tx.exec(`INSERT INTO schema_migrations (version, name, applied_at) VALUES ($1, $2, $3)`, version, name, time.Now().UnixMicro())
	return err
}

// SchemaVersion returns the number of the newest migration applied.
func (r Reader) SchemaVersion() (version int, err error) {
	err = r.row(`SELECT max(version) FROM schema_migrations`).Scan(&version)
	return version, err
}
