package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// child is this command, started once more in a role. It ends when its
// standard input does, so that it cannot outlive us.
type child struct {
	pid  int
	said map[string]string // what its ready line told, as key=value
	stop func()
}

// startChild starts a child and waits until it is ready.
func startChild(t testing.TB, role string, args ...string) *child {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, append([]string{role}, args...)...)
	log, err := os.Create(filepath.Join(t.TempDir(), role+".log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd.Stderr = log
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Cancel, cmd.WaitDelay = in.Close, 30*time.Second
	if err := cmd.Start(); err != nil {
		t.Fatalf("start a %s: %v", role, err)
	}
	c := &child{pid: cmd.Process.Pid, said: make(map[string]string)}
	c.stop = sync.OnceFunc(func() {
		_ = in.Close()
		_ = cmd.Wait() // how it ended is looked at next
		if code := cmd.ProcessState.ExitCode(); code != 0 {
			t.Errorf("the %s ended with %d; the end of its log:\n%s", role, code, tail(log.Name()))
		}
	})
	t.Cleanup(c.stop)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the %s was not ready: %v; its log:\n%s", role, err, tail(log.Name()))
	}
	for _, pair := range strings.Fields(line) {
		key, value, _ := strings.Cut(pair, "=")
		c.said[key] = value
	}
	return c
}

// untilInputEnds is the context of a child.
func untilInputEnds(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		_, _ = io.Copy(io.Discard, os.Stdin) // whatever ends it, the parent is gone
	}()
	return ctx, cancel
}

// tail returns the end of a file.
func tail(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-3000):])
}

// ticks returns the processor time the child has used, in hundredths of a
// second.
func (c *child) ticks(t testing.TB) int {
	n, err := ticks(c.pid)
	if err != nil {
		t.Fatalf("read the processor time of a child: %v", err)
	}
	return n
}

// ticks returns the processor time a process has used, in hundredths of a
// second.
func ticks(pid int) (int, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(after)
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		return 0, err
	}
	system, err := strconv.Atoi(fields[12])
	return user + system, err
}

// memory returns what a line of a process's status says, in megabytes: VmRSS
// is what it has now, VmHWM the most it ever had.
func memory(pid int, line string) (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	found := regexp.MustCompile(line + `:\s+(\d+)`).FindStringSubmatch(string(status))
	if found == nil {
		return 0, fmt.Errorf("process %d has no %s", pid, line)
	}
	kb, err := strconv.ParseFloat(found[1], 64)
	return kb / 1000, err
}

// until looks every so often until something holds.
func until(t testing.TB, what string, every, limit time.Duration, holds func() bool) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for deadline := time.Now().Add(limit); !holds(); <-tick.C {
		if t.Context().Err() != nil || time.Now().After(deadline) {
			t.Fatalf("waited %s for %s", limit, what)
		}
	}
}
