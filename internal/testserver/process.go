package testserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// readyWithin bounds the wait for a server. It is long because a loaded
// machine with two cores may be starting several at once.
const readyWithin = 60 * time.Second

// spec says how a server is started and how it is asked to stop.
type spec struct {
	name   string
	argv   []string
	folder string              // everything it writes; removed with it
	as     *syscall.Credential // nil: as ourselves
	quit   syscall.Signal
}

// process is a running server and the keeper that ends it if we die first.
type process struct {
	spec
	cmd    *exec.Cmd
	keeper io.WriteCloser
	exited chan struct{} // closed once the server has been waited for
}

// keeperScript waits for the pipe from the test process. A line means the
// server was stopped in order; the end of the file means we died, by a panic,
// a time-out or a kill, and then the keeper cleans up in our place.
const keeperScript = `
read word && exit 0
kill -CONT -- "-$1"; kill -"$2" "$1"
n=0
while kill -0 "$1" && [ $n -lt 50 ]; do sleep 0.1; n=$((n+1)); done
kill -KILL -- "-$1"
rm -rf -- "$3"
`

// launch starts a server in a process group of its own, with its output in
// the file "log" of its folder.
func launch(s spec) (*process, error) {
	log, err := os.OpenFile(filepath.Join(s.folder, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p := &process{spec: s, cmd: exec.Command(s.argv[0], s.argv[1:]...), exited: make(chan struct{})}
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = s.folder, log, log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: s.as}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", s.name, err)
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is in its log
		close(p.exited)
	}()
	if err := p.keep(); err != nil {
		p.end(syscall.SIGKILL)
		return nil, fmt.Errorf("start the keeper of %s: %w", s.name, err)
	}
	return p, nil
}

// keep starts the keeper. It has its own process group, so that Ctrl-C ends
// the tests and not the one who cleans up after them.
func (p *process) keep() error {
	keeper := exec.Command("sh", "-c", keeperScript, "keeper",
		strconv.Itoa(p.cmd.Process.Pid), strconv.Itoa(int(p.quit)), p.folder)
	keeper.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	pipe, err := keeper.StdinPipe()
	if err != nil {
		return err
	}
	if err := keeper.Start(); err != nil {
		return err
	}
	p.keeper = pipe
	go func() { _ = keeper.Wait() }()
	return nil
}

// stop asks the server to end and insists after ten seconds. Stopping it
// again does nothing.
func (p *process) stop() { p.end(p.quit) }

// end sends a signal, waits, and lets the keeper go.
func (p *process) end(sig syscall.Signal) {
	p.signalAll(syscall.SIGCONT) // a stopped process hears nothing but SIGKILL
	p.signal(sig)
	select {
	case <-p.exited:
	case <-time.After(10 * time.Second):
	}
	if p.alive() {
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
		<-p.exited
	}
	if p.keeper != nil {
		_, _ = io.WriteString(p.keeper, "stopped\n")
		_ = p.keeper.Close()
		p.keeper = nil
	}
}

// signal reaches the server if it still runs.
func (p *process) signal(sig syscall.Signal) {
	if p.alive() {
		_ = p.cmd.Process.Signal(sig)
	}
}

// signalAll reaches the server and whatever it has started, if it still runs.
func (p *process) signalAll(sig syscall.Signal) {
	if p.alive() {
		_ = syscall.Kill(-p.cmd.Process.Pid, sig)
	}
}

// endGroup ends what a killed server has left running, and waits for it: a new
// one would find its sockets taken.
func (p *process) endGroup() {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); <-tick.C {
		if syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) != nil {
			return // none is left
		}
	}
}

func (p *process) alive() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// ready asks the server something until it answers. It gives up when the
// server has ended or readyWithin is over, and then returns its log too.
func (p *process) ready(probe func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), readyWithin)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ask(ctx, probe)
		if err == nil && p.alive() {
			return nil
		}
		select {
		case <-p.exited:
			return fmt.Errorf("%s ended instead of answering; its log:\n%s", p.name, p.log())
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready after %s: %w; its log:\n%s", p.name, readyWithin, err, p.log())
		case <-tick.C:
		}
	}
}

// ask bounds one probe, so that a server which accepts and says nothing is
// asked again.
func ask(ctx context.Context, probe func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return probe(ctx)
}

// log returns the end of what the server wrote.
func (p *process) log() string {
	b, err := os.ReadFile(filepath.Join(p.folder, "log"))
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-4000):])
}

// serve starts a server for one test: it is ready when serve returns, and
// stopped when the test ends. The log of a failed test's servers is shown.
func serve(t testing.TB, s spec, probe func(context.Context) error) *process {
	t.Helper()
	p, err := launch(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.stop()
		if t.Failed() {
			t.Logf("log of %s:\n%s", p.name, p.log())
		}
	})
	if err := p.ready(probe); err != nil {
		t.Fatal(err)
	}
	return p
}

// folder makes a folder that servers running as another user can enter;
// t.TempDir's parent cannot be entered by them. It lies directly in the
// temporary folder because the path of a unix socket may not pass 107 bytes.
func folder(t testing.TB, kind string) string {
	t.Helper()
	path, err := makeFolder(kind)
	if err != nil {
		t.Fatalf("make a folder for %s: %v", kind, err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(path) })
	return path
}

func makeFolder(kind string) (string, error) {
	path, err := os.MkdirTemp("", "postroom-"+kind+"-")
	if err != nil {
		return "", err
	}
	return path, os.Chmod(path, 0o755)
}

// serviceUser returns whom a server runs as when we are root, and nil when we
// are not. PostgreSQL refuses to run as root.
func serviceUser(names ...string) (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range names {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(uidErr, gidErr)
	}
	return nil, fmt.Errorf("none of the users %q exists here", names)
}

// write stores a server's configuration file.
func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
