package testserver

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strconv"
	"syscall"
	"testing"
)

// RedisOption changes how Redis is started.
type RedisOption string

// AOF keeps the data in an append-only file, so that it survives Restart.
// Without it a restarted Redis is empty, which the design allows at any time.
const AOF RedisOption = "append-only file"

// RedisServer is a redis-server of the test's own.
type RedisServer struct {
	URL  string // redis://127.0.0.1:PORT/0
	Addr string // 127.0.0.1:PORT

	t    testing.TB
	spec spec
	run  *process
}

// Redis starts a redis-server that never evicts and, unless AOF is given,
// keeps nothing on disk.
func Redis(t testing.TB, options ...RedisOption) *RedisServer {
	t.Helper()
	path := need(t, want{program: "redis-server", install: "apt-get install redis-server"})
	p := takePort(t)
	dir := folder(t, "redis")
	argv := []string{path, "--bind", "127.0.0.1", "--port", strconv.Itoa(p.number), "--dir", dir,
		"--save", "", "--maxmemory-policy", "noeviction", "--appendfsync", "everysec", "--daemonize", "no"}
	for _, option := range options {
		if option == AOF {
			argv = append(argv, "--appendonly", "yes")
		}
	}
	r := &RedisServer{
		URL: "redis://" + p.addr() + "/0", Addr: p.addr(), t: t,
		spec: spec{name: "redis-server", argv: argv, folder: dir, quit: syscall.SIGTERM},
	}
	r.run = serve(t, r.spec, r.ping)
	return r
}

// Kill ends the server at once, as a crash would (SIGKILL).
func (r *RedisServer) Kill() { r.run.end(syscall.SIGKILL) }

// Stop freezes the server: connections stay open and nobody answers.
func (r *RedisServer) Stop() { r.run.signal(syscall.SIGSTOP) }

// Cont lets a frozen server go on.
func (r *RedisServer) Cont() { r.run.signal(syscall.SIGCONT) }

// Restart kills the server if it runs and starts it again at the same
// address; it returns when the new one answers.
func (r *RedisServer) Restart() {
	r.t.Helper()
	r.Kill()
	r.run = serve(r.t, r.spec, r.ping)
}

// ping speaks just enough RESP to tell a loading server from a ready one.
func (r *RedisServer) ping(ctx context.Context) error {
	line, err := say(ctx, r.Addr, "PING\r\n")
	if err == nil && line != "+PONG\r\n" {
		return fmt.Errorf("redis answered PING with %q", line)
	}
	return err
}

// say connects, sends a text (none if empty) and returns the first line of
// the answer.
func say(ctx context.Context, addr, text string) (string, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return "", err
		}
	}
	if _, err := conn.Write([]byte(text)); err != nil {
		return "", err
	}
	return bufio.NewReader(conn).ReadString('\n')
}
