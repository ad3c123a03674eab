package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// mutation is a defence that is taken away, to see that the auditor notices.
type mutation struct {
	name, what string
	edits      []edit
	only       string // the house in which it shows
	faults     string // by which it shows
}

// edit replaces a text that stands in a file so many times.
type edit struct {
	file, old, now string
	times          int
}

func mutations() []mutation {
	return []mutation{
		{
			name: "turn", what: "a job is claimed without looking at its turn", only: postgresHouse, faults: "redis-stop,smtp-slow",
			edits: []edit{{"internal/store/jobs.go", "WHERE id = $1 AND turn = $2 AND (state = 'handed' OR (state = 'running' AND held_by = $3))",
				"WHERE id = $1 AND $2 >= 0 AND (state = 'handed' OR (state = 'running' AND held_by = $3))", 1}},
		},
		{
			name: "sending", what: "a message is not marked as being sent before the mail server hears of it", only: sqliteHouse, faults: "sigkill-after-ready",
			edits: []edit{
				{"internal/store/messages.go", "UPDATE messages SET state = 'sending', turn = $2, sending_at = $3, reason = ''\n		WHERE", "UPDATE messages SET turn = $2, sending_at = $3, reason = ''\n		WHERE", 1},
				{"internal/store/messages.go", "WHERE id = $1 AND state = 'sending' AND turn = $2 RETURNING id`, turn, to,", "WHERE id = $1 AND state IN ('queued', 'deferred', 'sending') AND turn = $2 RETURNING id`, turn, to,", 1},
				{"internal/outbound/journal.go", "b.write(append(lines, sealed(\"began \"+strconv.Itoa(next))+\"\\n\"...))", "b.write(lines)", 1},
			},
		},
		{
			name: "key", what: "a form that is sent again is not known by its key, nor by its answers", only: sqliteHouse, faults: "disk-full",
			edits: []edit{
				{"internal/web/ticket.go", "base64.RawURLEncoding.EncodeToString(sum[:16])", "base64.RawURLEncoding.EncodeToString(sum[:16]) + rand.Text()", 1},
				{"internal/intake/arrival.go", "NaturalKey: naturalKey(form.Name, a.contact, clean, e.Words),", "NaturalKey: naturalKey(form.Name, a.contact, clean, e.Words) + now(e.At, time.Now()).String(),", 1},
			},
		},
	}
}

// mutate runs one mutation, or all of them, and returns an error if one is not
// caught.
func mutate(ctx context.Context, name string, p plan, out io.Writer) error {
	tried := 0
	var errs []error
	for _, m := range mutations() {
		if name != "all" && m.name != name {
			continue
		}
		tried++
		errs = append(errs, m.run(ctx, p, out))
	}
	if tried == 0 {
		return fmt.Errorf("there is no mutation %q", name)
	}
	return errors.Join(errs...)
}

// run builds the harness with the mutation and expects it to find the
// requirement broken: exit code 1, and the last line of a run that went to its
// end.
func (m mutation) run(ctx context.Context, p plan, out io.Writer) error {
	dir, err := os.MkdirTemp("", "postroom-chaos-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program, err := m.build(ctx, dir)
	if err != nil {
		return fmt.Errorf("mutation %s: %w", m.name, err)
	}
	fmt.Fprintf(out, "mutation %s: %s\n", m.name, m.what)
	args := []string{"-minutes", strconv.FormatFloat(p.minutes, 'g', -1, 64), "-seed", strconv.FormatUint(p.seed, 10), "-only", m.only, "-faults", m.faults}
	cmd := exec.CommandContext(ctx, program, args...)
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = io.MultiWriter(out, &said), os.Stderr
	err = cmd.Run()
	ended := strings.Contains(said.String(), "\nchaos: accepted=")
	switch failed, is := errors.AsType[*exec.ExitError](err); {
	case err == nil:
		return fmt.Errorf("%w: mutation %s was not caught", errBroken, m.name)
	case is && failed.ExitCode() == 1 && ended:
		fmt.Fprintf(out, "mutation %s: caught\n\n", m.name)
		return nil
	}
	return fmt.Errorf("mutation %s: the run did not come to its end: %w", m.name, err)
}

// overlay writes the edited files, and the list by which the compiler takes
// them for the source. The source itself stays as it is.
func (m mutation) overlay(ctx context.Context, dir string) (list string, err error) {
	top, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("find the source: %w", err)
	}
	instead := struct{ Replace map[string]string }{make(map[string]string)}
	for _, e := range m.edits {
		file := filepath.Join(strings.TrimSpace(string(top)), e.file)
		if err := e.lay(file, dir, instead.Replace); err != nil {
			return "", err
		}
	}
	text, err := json.Marshal(instead)
	if err != nil {
		return "", err
	}
	list = filepath.Join(dir, "overlay.json")
	return list, os.WriteFile(list, text, 0o600)
}

// build makes the harness with the defence taken away.
func (m mutation) build(ctx context.Context, dir string) (program string, err error) {
	program = filepath.Join(dir, "chaos")
	return program, m.compile(ctx, dir, "-o", program, "postroom/internal/chaos")
}

// fits says whether what it changes is still there and can be compiled.
func (m mutation) fits(ctx context.Context, dir string) error {
	var packages []string
	for _, e := range m.edits {
		packages = append(packages, "postroom/"+filepath.Dir(e.file))
	}
	return m.compile(ctx, dir, packages...)
}

func (m mutation) compile(ctx context.Context, dir string, what ...string) error {
	list, err := m.overlay(ctx, dir)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", append([]string{"build", "-overlay", list}, what...)...)
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w\n%s", err, said)
	}
	return nil
}

// lay writes the edited file into dir. A text that is not there any more is an
// error: the mutation has to be written anew.
func (e edit) lay(file, dir string, replace map[string]string) error {
	from := file
	if before, is := replace[file]; is {
		from = before
	}
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if n := strings.Count(string(text), e.old); n != e.times {
		return fmt.Errorf("%s has %d times, and should have %d times: %s", e.file, n, e.times, e.old)
	}
	to := filepath.Join(dir, strings.ReplaceAll(e.file, "/", "_"))
	replace[file] = to
	return os.WriteFile(to, []byte(strings.ReplaceAll(string(text), e.old, e.now)), 0o600)
}
