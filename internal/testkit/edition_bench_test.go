package testkit_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"net/smtp"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"postroom/internal/campaign"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testkit"
)

// The environment by which the test binary becomes one side of a measurement,
// so that its work is not counted as the post room's.
const (
	beSink  = "POSTROOM_TEST_SINK"  // a mail server that counts and throws away
	beBlast = "POSTROOM_TEST_BLAST" // address, messages: net/smtp, five round trips a message
	people  = "POSTROOM_BENCH_PEOPLE"
)

// besides runs what the environment asks for, and says whether it asked.
func besides() (bool, error) {
	if os.Getenv(beSink) != "" {
		return true, countAndThrowAway()
	}
	if what := os.Getenv(beBlast); what != "" {
		addr, n, _ := strings.Cut(what, " ")
		messages, err := strconv.ParseInt(n, 10, 64)
		if err != nil {
			return true, err
		}
		return true, blast(addr, messages)
	}
	return false, nil
}

// countAndThrowAway is the cheapest mail server that is correct: it answers
// when the client has nothing more to say, which is what makes pipelining
// worth while. A line on its input is answered by how many messages it took.
func countAndThrowAway() error {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	var taken atomic.Int64
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go throwAway(c, &taken)
		}
	}()
	fmt.Println(l.Addr())
	for asked := bufio.NewScanner(os.Stdin); asked.Scan(); {
		fmt.Println(taken.Load())
	}
	return nil
}

func throwAway(c net.Conn, taken *atomic.Int64) {
	defer c.Close()
	r, w := bufio.NewReaderSize(c, 64<<10), bufio.NewWriter(c)
	answer := "220 sink ESMTP\r\n"
	for {
		_, _ = w.WriteString(answer)
		if r.Buffered() == 0 && w.Flush() != nil {
			return
		}
		line, err := r.ReadSlice('\n')
		if err != nil {
			return
		}
		switch verb, _, _ := strings.Cut(strings.ToUpper(string(bytes.TrimSpace(line))), " "); verb {
		case "EHLO":
			answer = "250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
		case "DATA":
			_, _ = w.WriteString("354 go on\r\n")
			if w.Flush() != nil || !skipMessage(r) {
				return
			}
			taken.Add(1)
			answer = "250 2.0.0 taken\r\n"
		case "QUIT":
			_, _ = w.WriteString("221 bye\r\n")
			_ = w.Flush()
			return
		default:
			answer = "250 2.0.0 ok\r\n"
		}
	}
}

func skipMessage(r *bufio.Reader) bool {
	for {
		line, err := r.ReadSlice('\n')
		if err != nil && err != bufio.ErrBufferFull { //nolint:errorlint // ReadSlice returns it bare
			return false
		}
		if len(line) == 3 && line[0] == '.' && line[1] == '\r' {
			return true
		}
	}
}

// blast is the bare limit: net/smtp over four connections, which waits for each
// of five answers (RSET, MAIL, RCPT, DATA, the final dot).
func blast(addr string, messages int64) error {
	body := []byte("From: News <news@example.org>\r\nSubject: A newsletter of the usual size\r\n\r\n" +
		strings.Repeat("The allotment society meets on Thursday evening, everyone is welcome.\r\n", 145))
	var next atomic.Int64
	errs := make(chan error, 4)
	begun := time.Now()
	for range cap(errs) {
		go func() { errs <- blastOver(addr, &next, messages, body) }()
	}
	for range cap(errs) {
		if err := <-errs; err != nil {
			return err
		}
	}
	fmt.Println(float64(messages) / time.Since(begun).Seconds())
	return nil
}

func blastOver(addr string, next *atomic.Int64, messages int64, body []byte) error {
	c, err := smtp.Dial(addr)
	if err != nil {
		return err
	}
	defer c.Close()
	for n := next.Add(1); n <= messages; n = next.Add(1) {
		if err := c.Reset(); err != nil {
			return err
		}
		if err := c.Mail("news@example.org"); err != nil {
			return err
		}
		if err := c.Rcpt(fmt.Sprintf("reader%d@example.org", n)); err != nil {
			return err
		}
		w, err := c.Data()
		if err != nil {
			return err
		}
		if _, err := w.Write(body); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
	}
	return c.Quit()
}

// beside starts the test binary as one side of a measurement.
func beside(b *testing.B, as string) (ask func() string) {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), os.Args[0])
	cmd.Env, cmd.Stderr = append(os.Environ(), as), os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = in.Close(); _ = cmd.Process.Kill(); _ = cmd.Wait() })
	lines := bufio.NewReader(out)
	first := true
	return func() string {
		if !first {
			_, _ = fmt.Fprintln(in)
		}
		first = false
		line, err := lines.ReadString('\n')
		if err != nil {
			b.Fatalf("%s: %v", as, err)
		}
		return strings.TrimSpace(line)
	}
}

// manyReaders puts n people on the list.
func manyReaders(b *testing.B, s *store.Store, n int) {
	b.Helper()
	now := time.Now()
	err := s.Write(b.Context(), func(tx *store.Tx) error {
		return tx.PutFormVersion("v1", "newsletter", "newsletter", []byte("{}"), now)
	})
	var wg sync.WaitGroup
	var next atomic.Int64
	for range 4 {
		wg.Go(func() {
			for at := int(next.Add(500)) - 500; at < n; at = int(next.Add(500)) - 500 {
				err := s.Write(b.Context(), func(tx *store.Tx) error {
					for i := at; i < min(at+500, n); i++ {
						if err := joinOne(tx, fmt.Sprintf("reader-%06d@example.org", i), now); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					b.Error(err)
				}
			}
		})
	}
	if wg.Wait(); err != nil {
		b.Fatal(err)
	}
}

func cpuSeconds() float64 {
	var ru syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &ru)
	return float64(ru.Utime.Sec+ru.Stime.Sec) + float64(ru.Utime.Usec+ru.Stime.Usec)/1e6
}

// highestRSS returns the most memory this process had since the last call, in
// megabytes.
func highestRSS() float64 {
	status, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kb, _ := strconv.ParseFloat(strings.Fields(rest + " 0")[0], 64)
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
	return kb / 1024
}

// article is a newsletter of which a copy is about ten kilobytes, in both
// parts.
func article() string {
	return strings.Repeat("## What is on\n\nThe allotment society meets on **Thursday evening**, everyone is welcome: "+
		"[see the dates](https://riverside.example/dates). Bring gloves, something to drink, and a friend who has not been before.\n\n", 12)
}

// BenchmarkEdition sends a newsletter to POSTROOM_BENCH_PEOPLE (2,000) through
// the whole post room, and in turns with it as many messages with nothing but
// net/smtp; ratio is the one's messages a second by the other's.
func BenchmarkEdition(b *testing.B) {
	n, err := strconv.Atoi(os.Getenv(people))
	if err != nil {
		n = 2000
	}
	for name, engine := range map[string]testkit.Option{"sqlite": testkit.In(b.TempDir()), "servers": testkit.OnServers} {
		b.Run(name, func(b *testing.B) { benchmarkEdition(b, n, engine) })
	}
}

func benchmarkEdition(b *testing.B, n int, engine testkit.Option) {
	sink := beside(b, beSink+"=yes")
	addr := sink()
	room := testkit.New(b, engine, testkit.Through(addr))
	manyReaders(b, room.Store, n)
	var ours, cpu time.Duration
	var bare float64
	editions := 0
	for b.Loop() {
		b.StopTimer()
		rate, err := strconv.ParseFloat(beside(b, fmt.Sprintf("%s=%s %d", beBlast, addr, n))(), 64)
		if err != nil {
			b.Fatal(err)
		}
		bare += rate
		before, used := sink(), cpuSeconds()
		highestRSS()
		b.StartTimer()
		begun := time.Now()
		sendToMany(b, room, n)
		ours += time.Since(begun)
		cpu += time.Duration((cpuSeconds() - used) * float64(time.Second))
		if after := sink(); after != strconv.Itoa(n+number(before)) {
			b.Fatalf("the mail server took %s and then %s, want %d more", before, after, n)
		}
		editions++
	}
	rate := float64(editions*n) / ours.Seconds()
	b.ReportMetric(rate, "copies/s")
	b.ReportMetric(bare/float64(editions), "bare/s")
	b.ReportMetric(rate/(bare/float64(editions)), "ratio")
	b.ReportMetric(cpu.Seconds()/float64(editions*n)*1000, "cpu-s/1000")
	b.ReportMetric(highestRSS(), "MB")
}

func number(s string) int { n, _ := strconv.Atoi(s); return n }

func sendToMany(b *testing.B, room *testkit.Room, n int) {
	b.Helper()
	c, _, err := room.Editions.Start(b.Context(), postroom.Campaign{List: "newsletter", Programme: "newsletter", Locale: "en", Subject: "What is on in December", Markdown: article()}, true)
	if err != nil {
		b.Fatal(err)
	}
	if err := room.WorkUntilIdle(b.Context()); err != nil {
		b.Fatal(err)
	}
	a, err := campaign.AccountOf(room.Store.Read(b.Context()), c.ID)
	if err != nil || a.Sent != n || !a.Ended() {
		b.Fatalf("%+v, %v", a, err)
	}
}
