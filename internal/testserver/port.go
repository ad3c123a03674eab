package testserver

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// Ports are taken below the range from which the kernel gives ports to
// outgoing connections, so that a server can be stopped and started again
// without finding its port taken.
const (
	firstPort = 20000
	lastPort  = 32000
)

// port is a loopback port held by a lock file for as long as the test needs
// it. The lock keeps test processes that run side by side from being given
// the same one; "listen on port 0, close, and hope" does not.
type port struct {
	number int
	lock   *os.File
}

// addr returns the port as host:port.
func (p *port) addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(p.number)) }

// free gives the port up.
func (p *port) free() { _ = p.lock.Close() }

// takePort holds a free loopback port until the test ends.
func takePort(t testing.TB) *port {
	t.Helper()
	p, err := holdPort()
	if err != nil {
		t.Fatalf("hold a loopback port: %v", err)
	}
	t.Cleanup(p.free)
	return p
}

func holdPort() (*port, error) {
	folder := filepath.Join(os.TempDir(), fmt.Sprintf("postroom-ports-%d", os.Getuid()))
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	for range 200 {
		number := firstPort + rand.IntN(lastPort-firstPort)
		p, err := tryPort(folder, number)
		if p != nil || err != nil {
			return p, err
		}
	}
	return nil, errors.New("200 ports tried and every one is taken")
}

// tryPort returns nil without an error when somebody else has the port.
func tryPort(folder string, number int) (*port, error) {
	lock, err := os.OpenFile(filepath.Join(folder, strconv.Itoa(number)), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	p := &port{number: number, lock: lock}
	if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		p.free()
		return nil, nil
	}
	l, err := net.Listen("tcp", p.addr())
	if err != nil {
		p.free()
		return nil, nil
	}
	return p, l.Close()
}
