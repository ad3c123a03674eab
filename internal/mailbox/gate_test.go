package mailbox_test

import (
	"io"
	"net"
	"sync"
	"testing"
)

// gate stands in front of a server and can be shut: then connections break and
// new ones are refused a word.
type gate struct {
	addr, to string
	mu       sync.Mutex
	closed   bool
	wires    []net.Conn
}

func newGate(t testing.TB, to string) *gate {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{addr: l.Addr().String(), to: to}
	t.Cleanup(func() { _ = l.Close(); g.shut() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			g.pass(in)
		}
	}()
	return g
}

func (g *gate) pass(in net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	out, err := net.Dial("tcp", g.to)
	if g.closed || err != nil {
		_ = in.Close()
		return
	}
	g.wires = append(g.wires, in, out)
	for _, pair := range [][2]net.Conn{{in, out}, {out, in}} {
		go func() {
			_, _ = io.Copy(pair[0], pair[1])
			_ = pair[0].Close()
		}()
	}
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	for _, wire := range g.wires {
		_ = wire.Close()
	}
	g.wires = nil
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = false
}
