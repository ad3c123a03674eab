package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// What a relay that takes its time is measured with.
const (
	relayTakes       = 20 * time.Millisecond
	relayReaders     = 10_000 // choosing them counts, as it does with five times as many
	relayConnections = 10
)

// campaigns measures a newsletter as it is sent to a large list, in turn with bare
// senders to the same server: net/smtp, a sender of our own that needs two round
// trips for a message, and Postfix's smtp-source where it is installed. Then once to
// four times as many readers, for memory, and to a relay that takes its time.
func campaigns(t testing.TB, b *bench) {
	for _, e := range engines(t) {
		name := "campaign_" + e.name
		b.each(t, "campaign "+e.name, func(t testing.TB) { b.campaign(t, e, name) })
		scope(t, func(t testing.TB) {
			fmt.Fprintf(os.Stderr, "  campaign %s to %d readers, once\n", e.name, 4*b.edited)
			more := b.edition(t, e, startChild(t, sinkRole), 4*b.edited)
			b.add(name+"_rss_4x", "MB", atMost(120), more.memory)
			b.add(name+"_cpu_4x", "s/1000", atMost(0.2), more.cpu)
			b.add(name+"_rate_4x", "messages/s", goal{}, more.rate)
		})
		b.each(t, "campaign over a slow relay, "+e.name, func(t testing.TB) { b.slowRelay(t, e, name) })
	}
}

func (b *bench) campaign(t testing.TB, e engine, name string) {
	sink := startChild(t, sinkRole)
	ours := b.edition(t, e, sink, b.edited)
	bare, err := blast(t, sink, b.edited, ours.size)
	if err != nil {
		t.Fatal(err)
	}
	direct, err := envelopes(t, sink, b.edited, ours.size, senders)
	if err != nil {
		t.Fatal(err)
	}
	b.add(name+"_rate", "messages/s", goal{}, ours.rate)
	b.add(name+"_netsmtp", "messages/s", goal{}, bare.rate)
	b.add(name+"_netsmtp_ratio", "x", atLeast(1.5), ours.rate/bare.rate)
	b.add(name+"_envelope", "messages/s", goal{}, direct.rate)
	b.add(name+"_envelope_ratio", "x", atLeast(0.4), ours.rate/direct.rate)
	b.add(name+"_cpu", "s/1000", atMost(0.2), ours.cpu)
	b.add(name+"_rss", "MB", atMost(120), ours.memory)
	b.add(name+"_first", "s", atMost(0.5), ours.first)
	b.add(name+"_all", "s", goal{}, float64(b.edited)/ours.rate)
	if rate, ok := postfixSource(t, b.edited, ours.size); ok {
		b.add(name+"_smtp_source", "messages/s", goal{}, rate)
	}
}

func (b *bench) slowRelay(t testing.TB, e engine, name string) {
	sink := startChild(t, sinkRole, "-takes", relayTakes.String())
	ours := b.edition(t, e, sink, relayReaders)
	bare, err := envelopes(t, sink, relayReaders, ours.size, relayConnections)
	if err != nil {
		t.Fatal(err)
	}
	b.compare(name+"_relay", "messages/s", atLeast(0.95), ours.rate, bare.rate)
}

// envelopes sends n messages over some connections, each in two round trips: the
// envelope in one, the message in the other.
func envelopes(t testing.TB, sink *child, n, size, connections int) (mailing, error) {
	b := &blaster{addr: sink.said["smtp"], n: int64(n)}
	b.write(size)
	b.tail = append(b.tail, ".\r\n"...)
	return b.over(t, sink, connections, b.sendEnvelopes)
}

// sendEnvelopes is one connection's work.
func (b *blaster) sendEnvelopes(t testing.TB) error {
	wire, err := new(net.Dialer).DialContext(t.Context(), "tcp", b.addr)
	if err != nil {
		return err
	}
	defer wire.Close()
	c := &bareClient{wire, bufio.NewReader(wire)}
	if err := errors.Join(c.hears("220"), c.says("EHLO bench.test\r\n", "250")); err != nil {
		return err
	}
	var whole []byte
	for i := b.next.Add(1); i <= b.n; i = b.next.Add(1) {
		to := fmt.Sprintf("bare%d@example.org", i)
		if err := c.says("MAIL FROM:<news@riverside.example>\r\nRCPT TO:<"+to+">\r\nDATA\r\n", "250", "250", "354"); err != nil {
			return err
		}
		whole = append(append(append(whole[:0], b.head...), to...), b.tail...)
		if _, err := wire.Write(whole); err != nil {
			return err
		}
		if err := c.hears("250"); err != nil {
			return err
		}
	}
	return c.says("QUIT\r\n", "221")
}

// bareClient is the least client of a mail server.
type bareClient struct {
	net.Conn
	r *bufio.Reader
}

func (c *bareClient) says(commands string, codes ...string) error {
	if _, err := c.Write([]byte(commands)); err != nil {
		return err
	}
	return c.hears(codes...)
}

func (c *bareClient) hears(codes ...string) error {
	for _, code := range codes {
		for {
			line, err := c.r.ReadSlice('\n')
			if err != nil {
				return err
			}
			if !strings.HasPrefix(string(line), code) {
				return fmt.Errorf("the server says %q, want %s", line, code)
			}
			if line[3] == ' ' {
				break
			}
		}
	}
	return nil
}

// postfixSource returns how many messages a second Postfix's own pair of test
// programs makes, and whether they are installed. They keep the connection (-d).
func postfixSource(t testing.TB, n, size int) (rate float64, installed bool) {
	source, err := exec.LookPath("smtp-source")
	if err != nil {
		return 0, false
	}
	drain, err := exec.LookPath("smtp-sink")
	if err != nil {
		return 0, false
	}
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close() // for smtp-sink
	args := []string{address, "100"}
	if os.Geteuid() == 0 { // it does not want to be root
		args = append([]string{"-u", "nobody"}, args...)
	}
	server := exec.CommandContext(t.Context(), drain, args...)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Process.Kill(); _ = server.Wait() }()
	until(t, "smtp-sink to listen", 10*time.Millisecond, 10*time.Second, func() bool {
		c, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	begun := time.Now()
	out, err := exec.CommandContext(t.Context(), source, "-d", "-s", strconv.Itoa(senders), "-m", strconv.Itoa(n), "-l", strconv.Itoa(size),
		"-f", "news@riverside.example", "-t", "reader@example.org", address).CombinedOutput()
	if err != nil {
		t.Fatalf("smtp-source: %v: %s", err, out)
	}
	return float64(n) / time.Since(begun).Seconds(), true
}

// databaseTicks is the processor time of all processes of the servers beside a post
// room, in hundredths of a second. Whatever else uses such servers on the machine is
// counted, too.
func databaseTicks() (n int) {
	all, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is a good one
	for _, path := range all {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		before, after, _ := strings.Cut(string(stat), ") ")
		if !strings.HasSuffix(before, "(postgres") && !strings.HasSuffix(before, "(redis-server") {
			continue
		}
		for _, field := range strings.Fields(after)[11:15] { // of it and of its children that have ended
			spent, _ := strconv.Atoi(field)
			n += spent
		}
	}
	return n
}
