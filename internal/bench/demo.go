package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// idle is how long the demo is left alone to see what doing nothing costs.
const idle = 10 * time.Second

// demo measures the demo as a newcomer meets it: how soon it is up, how soon
// a form is answered, and what it costs when nothing happens.
func demo(ctx context.Context, runs int) ([]figure, error) {
	dir, err := os.MkdirTemp("", "postroom-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "postroom")
	build := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/postroom")
	build.Env, build.Stderr = append(os.Environ(), "CGO_ENABLED=0"), os.Stderr
	if err := build.Run(); err != nil {
		return nil, fmt.Errorf("build postroom: %w", err)
	}
	var ready, answered, cpu, memory []float64
	for range runs {
		r, err := demoOnce(ctx, binary)
		if err != nil {
			return nil, err
		}
		ready, answered = append(ready, r.ready.Seconds()), append(answered, r.answered.Seconds()*1000)
		cpu, memory = append(cpu, r.cpu), append(memory, r.memory)
	}
	return []figure{
		{name: "demo_ready", value: median(ready), unit: "s", goal: 3},
		{name: "demo_form_to_mail", value: median(answered), unit: "ms", goal: 1000},
		{name: "demo_idle_cpu", value: median(cpu), unit: "%", goal: 2},
		{name: "demo_rss", value: median(memory), unit: "MB", goal: 80},
	}, nil
}

type demoRun struct {
	ready    time.Duration // start of the process to its ready line
	answered time.Duration // form sent to mail caught
	cpu      float64       // per cent of one core while idle
	memory   float64       // resident, in megabytes, after a form and a rest
}

func demoOnce(ctx context.Context, binary string) (r demoRun, err error) {
	started := time.Now()
	cmd := exec.CommandContext(ctx, binary, "demo", "--http", "127.0.0.1:0", "--smtp", "127.0.0.1:0", "--imap", "127.0.0.1:0")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return r, err
	}
	if err := cmd.Start(); err != nil {
		return r, fmt.Errorf("start the demo: %w", err)
	}
	defer func() {
		err = errors.Join(err, cmd.Process.Signal(syscall.SIGTERM), cmd.Wait())
	}()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return r, fmt.Errorf("wait for the demo: %w", err)
	}
	r.ready = time.Since(started)
	base := regexp.MustCompile(`http=(\S+)`).FindStringSubmatch(line)[1]
	if r.answered, err = ask(ctx, base); err != nil {
		return r, err
	}
	return r, rest(ctx, cmd.Process.Pid, &r)
}

// ask sends the enquiry form and waits until its answer is in the mailbox.
func ask(ctx context.Context, base string) (time.Duration, error) {
	page, err := fetch(ctx, http.MethodGet, base+"/f/ask", nil)
	if err != nil {
		return 0, err
	}
	fields := url.Values{}
	for _, hidden := range regexp.MustCompile(`type="hidden" name="([^"]*)" value="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		fields.Set(hidden[1], html.UnescapeString(hidden[2]))
	}
	fields.Set("name", "A Person")
	fields.Set("email", "person@example.org")
	fields.Set("question", "When is the next meeting?")
	sent := time.Now()
	if _, err := fetch(ctx, http.MethodPost, base+"/f/ask", fields); err != nil {
		return 0, err
	}
	for time.Since(sent) < 10*time.Second {
		body, err := fetch(ctx, http.MethodGet, base+"/demo/mail.json?to=person@example.org", nil)
		if err != nil {
			return 0, err
		}
		var mails []any
		if err := json.Unmarshal([]byte(body), &mails); err != nil {
			return 0, fmt.Errorf("read mail.json: %w", err)
		}
		if len(mails) > 0 {
			return time.Since(sent), nil
		}
		time.Sleep(2 * time.Millisecond)
	}
	return 0, errors.New("no answer arrived within 10 seconds")
}

// rest leaves the process alone and reads what it used.
func rest(ctx context.Context, pid int, r *demoRun) error {
	before, err := ticks(pid)
	if err != nil {
		return err
	}
	select {
	case <-time.After(idle):
	case <-ctx.Done():
		return ctx.Err()
	}
	after, err := ticks(pid)
	if err != nil {
		return err
	}
	r.cpu = float64(after-before) / idle.Seconds() // 100 ticks are a second of one core
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return err
	}
	kb, err := strconv.ParseFloat(regexp.MustCompile(`VmRSS:\s+(\d+)`).FindStringSubmatch(string(status))[1], 64)
	r.memory = kb / 1000
	return err
}

// ticks returns the CPU time a process has used, in hundredths of a second.
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

func fetch(ctx context.Context, method, address string, fields url.Values) (string, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(fields.Encode()))
	if err != nil {
		return "", err
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= 400 {
		err = fmt.Errorf("%s %s: %s", method, address, resp.Status)
	}
	return string(body), err
}
