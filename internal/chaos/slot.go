package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// slot is a place where a post room process runs, and is started again however
// it ended, as an init system does.
type slot struct {
	name     string
	settings string
	roles    string
	verbose  bool
	output   *tail

	fuse     atomic.Int64 // nanoseconds after ready until it is killed; 0 lets it live
	mine     atomic.Bool  // the next end is ours
	starts   atomic.Int64
	kills    atomic.Int64
	badEnds  atomic.Int64 // by itself, or with an error
	wanted   atomic.Bool
	finished chan struct{} // closed when the slot is given up

	mu    sync.Mutex
	ahead time.Duration
	stdin io.WriteCloser
	pid   int
	url   string
	bell  chan struct{} // closed and replaced whenever a process is ready or ends
}

const restartAfter = 300 * time.Millisecond

func newSlot(name, settings, roles string, ahead time.Duration, verbose bool) *slot {
	s := &slot{name: name, settings: settings, roles: roles, verbose: verbose, output: &tail{aloud: verbose}, ahead: ahead,
		finished: make(chan struct{}), bell: make(chan struct{})}
	s.wanted.Store(true)
	go s.run()
	return s
}

func (s *slot) run() {
	defer close(s.finished)
	for s.wanted.Load() {
		err := s.once()
		if !s.mine.Swap(false) && s.wanted.Load() {
			s.badEnds.Add(1)
			fmt.Fprintf(s.output, "%s ended by itself: %v\n", s.name, err)
		}
		pause(restartAfter)
	}
}

// once runs one process to its end.
func (s *slot) once() error {
	cmd := exec.Command(os.Args[0])
	cmd.Stderr = struct{ io.Writer }{s.output}            // by a pipe: on a full disk it could not write to a file
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for us, who then stop it
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := s.start(cmd); err != nil {
		return err
	}
	line, _ := bufio.NewReader(out).ReadString('\n') // one that ended says nothing
	if url, is := strings.CutPrefix(strings.TrimSpace(line), "ready "); is {
		s.starts.Add(1)
		s.set(url, cmd.Process.Pid)
		if fuse := time.Duration(s.fuse.Load()); fuse > 0 {
			defer time.AfterFunc(fuse, func() { s.kill(cmd.Process) }).Stop()
		}
	}
	err = cmd.Wait()
	s.set("", 0)
	return err
}

// start starts the process with the clock as it stands at this moment: from
// then on it hears of every change.
func (s *slot) start(cmd *exec.Cmd) (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.wanted.Load() {
		return errors.New("the slot was given up")
	}
	cmd.Env = append(os.Environ(), settingsFile+"="+s.settings, rolesOf+"="+s.roles, aheadBy+"="+s.ahead.String())
	if s.verbose {
		cmd.Env = append(cmd.Env, logLevel+"=warn")
	}
	if s.stdin, err = cmd.StdinPipe(); err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	s.pid = cmd.Process.Pid
	return nil
}

func (s *slot) kill(p *os.Process) {
	s.mine.Store(true)
	s.kills.Add(1)
	_ = p.Kill() // it may have ended
}

func (s *slot) set(url string, pid int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.url, s.pid = url, pid
	close(s.bell)
	s.bell = make(chan struct{})
}

// look returns where the slot's pages are, "" while it is not ready, and a
// channel that is closed at the next change.
func (s *slot) look() (url string, pid int, bell <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.url, s.pid, s.bell
}

// signal sends a signal to the process, if there is one.
func (s *slot) signal(sig syscall.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pid != 0 {
		s.mine.Store(true)
		if sig == syscall.SIGKILL {
			s.kills.Add(1)
		}
		_ = syscall.Kill(s.pid, sig)
	}
}

// tell writes a command to the process.
func (s *slot) tell(command string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.say(command)
}

func (s *slot) say(command string) {
	if s.stdin != nil {
		_, _ = io.WriteString(s.stdin, command+"\n") // one that has ended hears nothing
	}
}

// setClock sets the clock of this process and of those that follow it.
func (s *slot) setClock(ahead time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead = ahead
	s.say("clock " + ahead.String())
}

// waitReady returns when the slot has a process that is ready, and false if
// that takes too long.
func (s *slot) waitReady(within time.Duration) bool {
	late := time.After(within)
	for {
		url, _, bell := s.look()
		if url != "" {
			return true
		}
		select {
		case <-bell:
		case <-late:
			return false
		}
	}
}

// leave ends the slot as an operator does, and insists after half a minute.
func (s *slot) leave() {
	s.wanted.Store(false)
	s.signal(syscall.SIGTERM)
	select {
	case <-s.finished:
	case <-time.After(30 * time.Second):
		s.badEnds.Add(1)
		s.signal(syscall.SIGKILL)
		<-s.finished
	}
}

// tail keeps the end of what was written to it.
type tail struct {
	aloud bool // standard error gets all of it
	mu    sync.Mutex
	kept  []byte
}

// Write never fails.
func (t *tail) Write(text []byte) (int, error) {
	const most = 2000
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, text...)
	t.kept = t.kept[max(0, len(t.kept)-most):]
	if t.aloud {
		_, _ = os.Stderr.Write(text)
	}
	return len(text), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.kept)
}

// pause waits.
func pause(d time.Duration) { <-time.After(d) }
