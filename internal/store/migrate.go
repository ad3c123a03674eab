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

// migrate brings the schema up to date, one numbered file at a time, forward
// only. Two processes starting together are put in order by the database.
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

func (tx *Tx) migrateOne(path string) error {
	name := strings.TrimSuffix(strings.TrimPrefix(path, "migrations/"), ".sql")
	number, _, _ := strings.Cut(name, "_")
	version, err := strconv.Atoi(number)
	if err != nil {
		return fmt.Errorf("read its number: %w", err)
	}
	var applied int
	if err := tx.row(`SELECT count(*) FROM schema_migrations WHERE version = $1`, version).Scan(&applied); err != nil || applied > 0 {
		return err
	}
	text, err := migrations.ReadFile(path)
	if err != nil {
		return err
	}
	for _, statement := range strings.Split(string(text), ";\n") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if _, err := tx.exec(statement); err != nil {
			return fmt.Errorf("run %.60q: %w", strings.TrimSpace(statement), err)
		}
	}
	_, err = tx.exec(`INSERT INTO schema_migrations (version, name, applied_at) VALUES ($1, $2, $3)`, version, name, time.Now().UnixMicro())
	return err
}

// SchemaVersion returns the number of the newest migration applied.
func (r Reader) SchemaVersion() (version int, err error) {
	err = r.row(`SELECT max(version) FROM schema_migrations`).Scan(&version)
	return version, err
}
