package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"postroom/internal/app"
	"postroom/internal/config"
)

// The environment by which this binary becomes a post room.
const (
	settingsFile = "POSTROOM_CHAOS_SETTINGS"
	rolesOf      = "POSTROOM_CHAOS_ROLES"
	aheadBy      = "POSTROOM_CHAOS_AHEAD" // by how much its clock is ahead at the start
	logLevel     = "POSTROOM_CHAOS_LOG"
)

// postRoom is a real post room. It ends with SIGTERM, and when whoever started
// it is gone.
func postRoom(settings string, in io.Reader, out io.Writer) error {
	signal.Ignore(syscall.SIGXFSZ) // a write past the limit is then an error, as on a full disk
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	cfg, err := config.Load(settings, os.Getenv)
	if err != nil {
		return err
	}
	roles, err := app.ParseRoles(strings.FieldsFunc(os.Getenv(rolesOf), func(r rune) bool { return r == ',' }))
	if err != nil {
		return err
	}
	clock := &movable{}
	if err := clock.set(os.Getenv(aheadBy)); err != nil {
		return err
	}
	room, err := app.Open(ctx, app.Options{Config: cfg, Clock: &clock.Clock, Roles: roles, Log: childLog()})
	if err != nil {
		return err
	}
	pages, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	handler, err := room.Web.Handler()
	if err != nil {
		return err
	}
	go func() {
		obey(in, clock, room)
		stop()
	}()
	fmt.Fprintf(out, "ready http://%s\n", pages.Addr())
	return errors.Join(room.Run(ctx, pages, handler), room.Close())
}

func childLog() *slog.Logger {
	level := slog.LevelError + 4 // faults are meant here, and there are many
	if os.Getenv(logLevel) != "" {
		level = slog.LevelWarn
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})).With("pid", os.Getpid())
}

// movable is a clock that is told how far ahead it is to be.
type movable struct {
	app.Clock
	mu    sync.Mutex
	ahead time.Duration
}

func (m *movable) set(written string) error {
	if written == "" {
		return nil
	}
	ahead, err := time.ParseDuration(written)
	if err != nil {
		return fmt.Errorf("set the clock: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.Advance(ahead - m.ahead)
	m.ahead = ahead
	return nil
}

// obey does what cannot be done to a process from outside, until in ends.
func obey(in io.Reader, clock *movable, room *app.Room) {
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		word, rest, _ := strings.Cut(lines.Text(), " ")
		switch word {
		case "clock":
			if err := clock.set(rest); err != nil {
				fmt.Fprintln(os.Stderr, "post room:", err)
			}
		case "flush":
			room.Queue.FlushEmbedded()
		}
	}
}
