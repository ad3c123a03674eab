package testserver

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

// PostgresServer is a PostgreSQL cluster of the test's own, for tests that
// take the server away.
type PostgresServer struct {
	c *cluster
	t testing.TB
}

// cluster is a running PostgreSQL with its data folder.
type cluster struct {
	spec spec
	port *port
	run  *process

	mu   sync.Mutex
	made int // databases made so far; names the next

	once     sync.Once
	copied   string // how a database is made that is a copy of the template
	template error  // what went wrong when the template was made
}

// shared is the one cluster of this test process. It is made when the first
// test asks and outlives every test; the keeper stops it when the process
// ends, however it ends.
var shared = sync.OnceValues(func() (*cluster, error) { return newCluster() })

// pgWant looks where Debian keeps PostgreSQL's server programs: outside PATH.
func pgWant(program string) want {
	return want{program: program, also: []string{"/usr/lib/postgresql/*/bin/" + program}, install: "apt-get install postgresql"}
}

// Postgres returns the postgres:// address of a new, empty database. It is
// dropped when the test ends.
func Postgres(t testing.TB) string {
	t.Helper()
	need(t, pgWant("initdb"))
	c, err := shared()
	if err != nil {
		t.Fatalf("start PostgreSQL: %v", err)
	}
	return c.database(t, "")
}

// PostgresWith returns the postgres:// address of a new database that has the
// tables that prepare makes: it makes them once, in a template that the others are
// copied from, which is five times as quick. Everybody in a test process hands in
// the same prepare.
func PostgresWith(t testing.TB, prepare func(ctx context.Context, url string) error) string {
	t.Helper()
	need(t, pgWant("initdb"))
	c, err := shared()
	if err != nil {
		t.Fatalf("start PostgreSQL: %v", err)
	}
	c.once.Do(func() { c.template = c.prepare(prepare) })
	if c.template != nil {
		t.Fatalf("make the template of the tests' databases: %v", c.template)
	}
	return c.database(t, c.copied)
}

// templateName is the database that PostgresWith copies.
const templateName = "prepared"

// prepare makes the template. It may take longer than the test that asks first.
func (c *cluster) prepare(tables func(ctx context.Context, url string) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), readyWithin)
	defer cancel()
	if err := c.exec(ctx, "CREATE DATABASE "+templateName); err != nil {
		return err
	}
	c.copied = " TEMPLATE " + templateName
	if c.exec(ctx, "DO $$ BEGIN ASSERT current_setting('server_version_num')::int >= 150000; END $$") == nil {
		c.copied += " STRATEGY FILE_COPY" // older ones know no other way
	}
	return tables(ctx, c.dsn(templateName))
}

// PostgresAlone starts a cluster that belongs to this test alone. settings such
// as "fsync=on" win over the usual ones.
func PostgresAlone(t testing.TB, settings ...string) *PostgresServer {
	t.Helper()
	need(t, pgWant("initdb"))
	c, err := newCluster(settings...)
	if err != nil {
		t.Fatalf("start PostgreSQL: %v", err)
	}
	t.Cleanup(func() {
		c.run.stop()
		c.port.free()
		_ = os.RemoveAll(c.spec.folder)
	})
	return &PostgresServer{c: c, t: t}
}

// Database returns the address of a new, empty database on this server.
func (s *PostgresServer) Database() string {
	s.t.Helper()
	return s.c.database(s.t, "")
}

// PID is the process that started all others of the server.
func (s *PostgresServer) PID() int { return s.c.run.cmd.Process.Pid }

// Kill ends the server without a shutdown: it recovers from its log when
// started again.
func (s *PostgresServer) Kill() { s.c.run.end(syscall.SIGQUIT) }

// Restart kills the server if it runs and starts it again at the same
// address, with the same databases; it returns when the new one answers.
func (s *PostgresServer) Restart() {
	s.t.Helper()
	s.Kill()
	if err := s.c.start(); err != nil {
		s.t.Fatalf("restart PostgreSQL: %v", err)
	}
}

// newCluster makes a data folder and starts a server on it. Nothing is
// flushed to disk unless settings ask for it: a test's database need not
// survive the machine.
func newCluster(settings ...string) (*cluster, error) {
	as, err := serviceUser("postgres", "nobody")
	if err != nil {
		return nil, err
	}
	dir, err := makeFolder("postgres")
	if err != nil {
		return nil, err
	}
	if as != nil {
		if err := os.Chown(dir, int(as.Uid), int(as.Gid)); err != nil {
			return nil, err
		}
	}
	if err := initdb(dir, as); err != nil {
		return nil, err
	}
	p, err := holdPort()
	if err != nil {
		return nil, err
	}
	c := &cluster{port: p, spec: spec{name: "postgres", argv: pgArgs(dir, p, settings), folder: dir, as: as, quit: syscall.SIGQUIT}}
	return c, c.start()
}

// pgArgs is the command line of a server whose commits survive its own death
// but not the machine's, which makes them cheap, and which
// speaks only on its loopback port.
func pgArgs(dir string, p *port, settings []string) []string {
	argv := []string{find(pgWant("postgres")), "-D", filepath.Join(dir, "data"), "-p", strconv.Itoa(p.number)}
	usual := []string{
		"listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "full_page_writes=off",
		"max_connections=300", "shared_buffers=64MB", "autovacuum_naptime=1h", "logging_collector=off",
	}
	for _, setting := range append(usual, settings...) {
		argv = append(argv, "-c", setting)
	}
	return argv
}

func initdb(dir string, as *syscall.Credential) error {
	cmd := exec.Command(find(pgWant("initdb")), "-D", filepath.Join(dir, "data"), "-U", "postroom",
		"--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8")
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

// start runs the server on its data folder and waits until it takes queries.
func (c *cluster) start() error {
	run, err := launch(c.spec)
	if err != nil {
		return err
	}
	c.run = run
	return run.ready(func(ctx context.Context) error { return c.exec(ctx, "SELECT 1") })
}

// dsn is the address of one database of the cluster.
func (c *cluster) dsn(database string) string {
	return "postgres://postroom@" + c.port.addr() + "/" + database + "?sslmode=disable"
}

// exec runs one statement on the maintenance database.
func (c *cluster) exec(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, c.dsn("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, statement)
	return err
}

// database makes a database, in a way that CREATE DATABASE knows, that is dropped
// when the test ends, whoever may still be connected to it.
func (c *cluster) database(t testing.TB, as string) string {
	t.Helper()
	c.mu.Lock()
	c.made++
	name := fmt.Sprintf("test%d", c.made)
	c.mu.Unlock()
	if err := c.exec(t.Context(), "CREATE DATABASE "+name+as); err != nil {
		t.Fatalf("create a database for the test: %v; the server's log:\n%s", err, c.run.log())
	}
	t.Cleanup(func() {
		if !c.run.alive() {
			return // the test took its server away
		}
		if err := c.exec(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Logf("drop the test's database: %v", err)
		}
	})
	return c.dsn(name)
}
