package testserver

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// want describes a program that a server needs and how a person gets it.
type want struct {
	program string
	also    []string // places to look besides PATH; globs
	install string
	root    bool // the program refuses to work, or is of no use, for other users
}

// need returns the path of a program. Without it the test is skipped, or
// fails where POSTROOM_REAL=1 promises that everything is there.
func need(t testing.TB, w want) string {
	t.Helper()
	if testing.Short() {
		t.Skipf("%s is a real server, and -short leaves real servers out", w.program)
	}
	if w.root && os.Geteuid() != 0 {
		missing(t, w.program+" changes users and can only be started by root; run the tests as root (in a container, say)")
	}
	path := find(w)
	if path == "" {
		missing(t, w.program+" is not on this machine; get it with `"+w.install+"`, or run `make test` as root on Debian or Ubuntu")
	}
	return path
}

// missing ends the test: as a skip on a developer's machine, as a failure
// where all servers were promised.
func missing(t testing.TB, sentence string) {
	t.Helper()
	if os.Getenv("POSTROOM_REAL") == "1" {
		t.Fatalf("POSTROOM_REAL=1 promises every server: %s", sentence)
	}
	t.Skip(sentence)
}

func find(w want) string {
	if path, err := exec.LookPath(w.program); err == nil {
		return path
	}
	for _, glob := range w.also {
		paths, err := filepath.Glob(glob)
		if err == nil && len(paths) > 0 {
			return paths[len(paths)-1] // the newest version sorts last
		}
	}
	return ""
}
