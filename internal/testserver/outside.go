package testserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"testing"
)

// Outside runs fn with the servers of this package at hand, for a program that
// is not a test, such as a benchmark. What fn starts is stopped when fn
// returns, fails or is skipped; the first thing that went wrong is returned. To
// miss a server is an error, never a skip.
func Outside(ctx context.Context, fn func(t testing.TB)) error {
	testing.Init() // need asks for -short
	o := &outside{}
	o.ctx, o.cancel = context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer o.clean()
		fn(o)
	}()
	<-done
	return errors.Join(o.errs...)
}

// outside is a testing.TB without a test. The embedded one is nil: it is there
// for the method that only the testing package can write.
type outside struct {
	testing.TB
	ctx    context.Context
	cancel context.CancelFunc

	mu       sync.Mutex
	errs     []error
	cleanups []func()
}

func (o *outside) clean() {
	o.cancel()
	for {
		o.mu.Lock()
		n := len(o.cleanups)
		if n == 0 {
			o.mu.Unlock()
			return
		}
		last := o.cleanups[n-1]
		o.cleanups = o.cleanups[:n-1]
		o.mu.Unlock()
		last()
	}
}

func (o *outside) fail(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.errs = append(o.errs, err)
}

// Helper marks nothing: there are no lines to report.
func (o *outside) Helper() {}

// Name names the program.
func (o *outside) Name() string { return os.Args[0] }

// Context ends just before what was started is stopped.
func (o *outside) Context() context.Context { return o.ctx }

// Cleanup calls fn at the end, the last first.
func (o *outside) Cleanup(fn func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.cleanups = append(o.cleanups, fn)
}

// TempDir makes a folder that is removed at the end.
func (o *outside) TempDir() string {
	path, err := os.MkdirTemp("", "postroom-outside-")
	if err != nil {
		o.Fatal(err)
	}
	o.Cleanup(func() { _ = os.RemoveAll(path) })
	return path
}

// Log says something on standard error.
func (o *outside) Log(args ...any) { fmt.Fprintln(os.Stderr, args...) }

// Logf says something on standard error.
func (o *outside) Logf(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// Error remembers that something went wrong.
func (o *outside) Error(args ...any) { o.fail(errors.New(fmt.Sprint(args...))) }

// Errorf remembers that something went wrong.
func (o *outside) Errorf(format string, args ...any) { o.fail(fmt.Errorf(format, args...)) }

// Failed says whether anything went wrong so far.
func (o *outside) Failed() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.errs) > 0
}

// FailNow ends fn.
func (o *outside) FailNow() { runtime.Goexit() }

// Fatal ends fn with an error.
func (o *outside) Fatal(args ...any) {
	o.Error(args...)
	o.FailNow()
}

// Fatalf ends fn with an error.
func (o *outside) Fatalf(format string, args ...any) {
	o.Errorf(format, args...)
	o.FailNow()
}

// Skip ends fn with an error: outside of a test nobody reads of skips.
func (o *outside) Skip(args ...any) { o.Fatal(args...) }

// Skipf ends fn with an error.
func (o *outside) Skipf(format string, args ...any) { o.Fatalf(format, args...) }
