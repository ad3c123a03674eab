package testserver_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"

	"postroom/internal/testserver"
)

func pgConnect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	return conn
}

func pgExec(t *testing.T, dsn, statement string) {
	t.Helper()
	if _, err := pgConnect(t, dsn).Exec(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func TestEachTestGetsADatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	one, other := testserver.Postgres(t), testserver.Postgres(t)
	pgExec(t, one, "CREATE TABLE things (id TEXT)")
	pgExec(t, other, "CREATE TABLE things (id TEXT)")
}

func TestACopiedDatabaseHasTheTablesAndIsOfItsOwn(t *testing.T) {
	t.Parallel()
	tables := func(ctx context.Context, url string) error {
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			return err
		}
		_, err = conn.Exec(ctx, "CREATE TABLE things (id TEXT PRIMARY KEY)")
		return errors.Join(err, conn.Close(ctx))
	}
	for range 2 {
		pgExec(t, testserver.PostgresWith(t, tables), "INSERT INTO things (id) VALUES ('one')")
	}
}

func TestRestartedPostgresKeepsWhatWasCommitted(t *testing.T) {
	t.Parallel()
	server := testserver.PostgresAlone(t)
	dsn := server.Database()
	pgExec(t, dsn, "CREATE TABLE things AS SELECT 7 AS id")
	server.Kill()
	if _, err := pgx.Connect(t.Context(), dsn); err == nil {
		t.Error("a killed PostgreSQL still answers")
	}
	server.Restart()
	var id int
	if err := pgConnect(t, dsn).QueryRow(t.Context(), "SELECT id FROM things").Scan(&id); err != nil || id != 7 {
		t.Errorf("after the restart: id %d, %v", id, err)
	}
}
