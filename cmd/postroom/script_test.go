package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"postroom/internal/app"
	"postroom/internal/config"
	"postroom/internal/programme"
	"postroom/internal/store"
	"postroom/internal/wording"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"postroom": main})
}

// TestCommands runs testdata/script: what each command does, as a person at a
// terminal sees it.
func TestCommands(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Values[serverKey{}] = new(running)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"start": start, "stop": stop, "get": get, "post": post, "reference": reference, "waiting": waiting, "step": step, "called": called,
			"subscribed": subscribed, "capture": capture, "until": until, "provider": provider, "reworded": reworded, "changes": changes, "shows": shows},
	})
}

// serverKey is where a script keeps the server it has started.
type serverKey struct{}

type running struct {
	cmd *exec.Cmd
	out *bufio.Reader
}

// start runs "postroom ARGS" and waits for its ready line, whose parts become
// variables: http=URL is $http, and so on.
func start(ts *testscript.TestScript, _ bool, args []string) {
	path, err := exec.LookPath("postroom")
	ts.Check(err)
	cmd := exec.CommandContext(context.Background(), path, args...) // stopped by "stop" or by the end of the script
	cmd.Dir = ts.Getenv("WORK")
	cmd.Env = append(cmd.Environ(), "TMPDIR="+ts.Getenv("WORK"))
	pipe, err := cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	ts.Defer(func() { _ = cmd.Process.Kill() }) // already stopped when the script went well
	out := bufio.NewReader(pipe)
	line, err := out.ReadString('\n')
	ts.Check(err)
	for _, part := range regexp.MustCompile(`(\w+)=(\S+)`).FindAllStringSubmatch(line, -1) {
		ts.Setenv(part[1], part[2])
	}
	*ts.Value(serverKey{}).(*running) = running{cmd: cmd, out: out}
}

// stop ends the server as an operator would and fails if that takes longer
// than it may.
func stop(ts *testscript.TestScript, _ bool, _ []string) {
	server := ts.Value(serverKey{}).(*running)
	ts.Check(server.cmd.Process.Signal(syscall.SIGTERM))
	_, err := io.Copy(io.Discard, server.out)
	ts.Check(err)
	ts.Check(server.cmd.Wait())
}

// get prints a page.
func get(ts *testscript.TestScript, neg bool, args []string) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, args[0], nil)
	ts.Check(err)
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	if ok := resp.StatusCode < 400 && (len(args) < 2 || strings.Contains(string(body), args[1])); ok == neg {
		ts.Fatalf("GET %s: %s\n%s", args[0], resp.Status, body)
	}
}

// post sends a form.
func post(ts *testscript.TestScript, neg bool, args []string) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, args[0], strings.NewReader(strings.ReplaceAll(args[1], " ", "+")))
	ts.Check(err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer resp.Body.Close()
	if ok := resp.StatusCode < 400; ok == neg {
		ts.Fatalf("POST %s: %s", args[0], resp.Status)
	}
}

// reference puts the reference that was just printed into $reference.
func reference(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Setenv("reference", regexp.MustCompile(`(?m)^[0-9A-Z]{3}-[0-9A-Z]{3}`).FindString(ts.ReadFile("stdout")))
}

// waiting waits until a job of a kind was tried and waits again, and puts its
// id into $job.
func waiting(ts *testscript.TestScript, _ bool, args []string) {
	row := regexp.MustCompile(`(?m)^(\S+) +` + args[0] + ` +\S+ +due +[1-9]`)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); <-tick.C {
		ts.Check(ts.Exec("postroom", "jobs", "list"))
		if found := row.FindStringSubmatch(ts.ReadFile("stdout")); found != nil {
			ts.Setenv("job", found[1])
			return
		}
	}
	ts.Fatalf("no %s job waits", args[0])
}

// step waits until a step of $reference is in a state, and puts its id into
// $step.
func step(ts *testscript.TestScript, _ bool, args []string) {
	row := regexp.MustCompile(`(?m)^(\S+) .* ` + args[0] + ` +` + args[1] + ` `)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); <-tick.C {
		ts.Check(ts.Exec("postroom", "steps", "list", "--reference", ts.Getenv("reference")))
		if found := row.FindStringSubmatch(ts.ReadFile("stdout")); found != nil {
			ts.Setenv("step", found[1])
			return
		}
	}
	ts.Fatalf("step %s is not %s", args[0], args[1])
}

// called waits until somebody has to be phoned, and puts the sign of that call
// into $call.
func called(ts *testscript.TestScript, _ bool, _ []string) {
	row := regexp.MustCompile(`(?m)^([0-9a-f]{8}) `)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); <-tick.C {
		ts.Check(ts.Exec("postroom", "calls", "list"))
		if found := row.FindStringSubmatch(ts.ReadFile("stdout")); found != nil {
			ts.Setenv("call", found[1])
			return
		}
	}
	ts.Fatalf("nobody has to be phoned")
}

// until runs "postroom ARGS" until a pattern stands in its output, because a
// server does the work.
func until(ts *testscript.TestScript, _ bool, args []string) {
	pattern := regexp.MustCompile(args[0])
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); <-tick.C {
		ts.Check(ts.Exec("postroom", args[1:]...))
		if pattern.MatchString(ts.ReadFile("stdout")) {
			return
		}
	}
	ts.Fatalf("%s never stands in the output of %v", args[0], args[1:])
}

// capture puts what the first group of a pattern finds in the last output into
// a variable.
func capture(ts *testscript.TestScript, _ bool, args []string) {
	found := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if found == nil {
		ts.Fatalf("%s is not in the output", args[1])
	}
	ts.Setenv(args[0], found[1])
}

// subscribed puts somebody on a list: the form of a page, and then what the
// button in the mail would do, because these post rooms send no mail.
func subscribed(ts *testscript.TestScript, _ bool, args []string) {
	post(ts, false, []string{args[0], "email=person@example.org"})
	cfg, err := config.Load(filepath.Join(ts.Getenv("WORK"), "postroom.yaml"), func(string) string { return "" })
	ts.Check(err)
	st, err := app.OpenStore(context.Background(), cfg, nil)
	ts.Check(err)
	err = st.Write(context.Background(), func(tx *store.Tx) error {
		list, err := tx.Submissions(1)
		if err != nil {
			return err
		}
		sub, _, err := tx.SubscriptionOf(list[0].ID)
		if err != nil {
			return err
		}
		_, _, err = tx.ConfirmSubscription(sub.ID, time.Now())
		return err
	})
	ts.Check(errors.Join(err, st.Close()))
}

// reworded changes the title of a form, as the desk would.
func reworded(ts *testscript.TestScript, _ bool, args []string) {
	cfg, err := config.Load(filepath.Join(ts.Getenv("WORK"), "postroom.yaml"), func(string) string { return "" })
	ts.Check(err)
	room, err := app.Beside(context.Background(), cfg, new(app.Clock), slog.New(slog.DiscardHandler))
	ts.Check(err)
	hand := wording.Hand{By: "office", Seen: wording.Any}
	_, err = room.Wording.Edit(context.Background(), hand, args[0], programme.SetText("form/"+args[1]+"/title", "en", args[2]))
	ts.Check(errors.Join(err, room.Close()))
}

// changes waits until a text stands on a page no more, because a server follows
// what another process has changed.
func changes(ts *testscript.TestScript, _ bool, args []string) { awaitPage(ts, args, false) }

// shows waits until a text stands on a page.
func shows(ts *testscript.TestScript, _ bool, args []string) { awaitPage(ts, args, true) }

func awaitPage(ts *testscript.TestScript, args []string, there bool) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); <-tick.C {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, args[0], nil)
		ts.Check(err)
		resp, err := http.DefaultClient.Do(req)
		ts.Check(err)
		body, err := io.ReadAll(resp.Body)
		ts.Check(errors.Join(err, resp.Body.Close()))
		if strings.Contains(string(body), args[1]) == there {
			return
		}
	}
	ts.Fatalf("%s says %s: still %v", args[0], args[1], !there)
}

// provider answers every request for a token with a status and a file, at
// $provider.
func provider(ts *testscript.TestScript, _ bool, args []string) {
	answer, err := os.ReadFile(ts.MkAbs(args[1]))
	ts.Check(err)
	status, err := strconv.Atoi(args[0])
	ts.Check(err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write(answer) // a client that went away has its reasons
	}))
	ts.Defer(server.Close)
	ts.Setenv("provider", server.URL)
}
