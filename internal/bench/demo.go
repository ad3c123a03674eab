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
	"strings"
	"syscall"
	"testing"
	"time"
)

// idle is how long the demo is left alone to see what doing nothing costs.
const idle = 10 * time.Second

// demo measures the demo as a newcomer meets it: how soon it is up, how soon
// a form is answered, and what it costs when nothing happens. It is the real
// command, not this one.
func demo(t testing.TB, b *bench) {
	binary := filepath.Join(t.TempDir(), "postroom")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, "./cmd/postroom")
	build.Env, build.Stderr = append(os.Environ(), "CGO_ENABLED=0"), os.Stderr
	if err := build.Run(); err != nil {
		t.Fatalf("build postroom: %v", err)
	}
	b.each(t, "demo", func(t testing.TB) {
		r, err := demoOnce(t.Context(), binary)
		if err != nil {
			t.Fatal(err)
		}
		b.add("demo_ready", "s", atMost(3), r.ready.Seconds())
		b.add("demo_form_to_mail", "ms", atMost(1000), r.answered.Seconds()*1000)
		b.add("demo_idle_cpu", "%", atMost(2), r.cpu)
		b.add("demo_rss", "MB", atMost(80), r.memory)
	})
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
	fields := hiddenFields(page)
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
	r.memory, err = memory(pid, "VmRSS")
	return err
}

// hiddenFields are the fields of a form that nobody fills in.
func hiddenFields(page string) url.Values {
	fields := url.Values{}
	for _, hidden := range regexp.MustCompile(`type="hidden" name="([^"]*)" value="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		fields.Set(hidden[1], html.UnescapeString(hidden[2]))
	}
	return fields
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
