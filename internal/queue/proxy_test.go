package queue

import (
	"bytes"
	"errors"
	"net"
	"net/url"
	"sync"
	"testing"

	"postroom/internal/store"
	"postroom/internal/testserver"
)

// proxy stands between a room and its PostgreSQL and is bad at it when told.
type proxy struct {
	listener net.Listener
	server   string // address
	url      string

	mu     sync.Mutex
	match  string // a connection that has sent this statement loses its commit's answer
	lost   chan struct{}
	frozen chan struct{} // nothing passes before it is closed
}

func newProxy(t testing.TB) *proxy {
	t.Helper()
	dsn, err := url.Parse(testserver.PostgresWith(t, store.Prepare))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	p := &proxy{listener: listener, server: dsn.Host, frozen: make(chan struct{})}
	close(p.frozen)
	dsn.Host = listener.Addr().String()
	p.url = dsn.String()
	go p.accept()
	return p
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.server)
		if err != nil {
			_ = client.Close()
			continue
		}
		w := &wire{proxy: p, client: client, server: server}
		go w.pass(server, client, w.ask)
		go w.pass(client, server, w.answer)
	}
}

// loseAnswer lets the server commit the next transaction that holds such a
// statement and the client not hear of it. The channel is closed then.
func (p *proxy) loseAnswer(statement string) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.match, p.lost = statement, make(chan struct{})
	return p.lost
}

// freeze lets connections stay open and nothing pass, until thaw.
func (p *proxy) freeze() (thaw func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	frozen := make(chan struct{})
	p.frozen = frozen
	return sync.OnceFunc(func() { close(frozen) })
}

// wire is one connection through the proxy.
type wire struct {
	*proxy
	client, server net.Conn
	chosen         bool // the client has sent the statement; guarded by proxy.mu
}

var errCut = errors.New("cut")

func (w *wire) pass(to, from net.Conn, look func([]byte) error) {
	defer w.client.Close()
	defer w.server.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		w.mu.Lock()
		frozen := w.frozen
		w.mu.Unlock()
		<-frozen
		if look(buffer[:n]) != nil {
			return
		}
		if _, werr := to.Write(buffer[:n]); werr != nil || err != nil {
			return
		}
	}
}

// ask watches for the statement.
func (w *wire) ask(sent []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.chosen = w.chosen || w.match != "" && bytes.Contains(sent, []byte(w.match))
	return nil
}

// answer keeps the answer to the commit after it to itself and hangs up.
func (w *wire) answer(said []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.chosen || w.match == "" || !bytes.Contains(said, []byte("COMMIT\x00")) {
		return nil
	}
	w.match = ""
	close(w.lost)
	return errCut
}
