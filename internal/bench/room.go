package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"testing"

	"postroom/internal/app"
	"postroom/internal/config"
)

// roomRole is the word that makes this command a post room.
const roomRole = "room"

// beRoom does what serve does, until the standard input ends.
func beRoom(ctx context.Context, args []string) (err error) {
	flags := flag.NewFlagSet(roomRole, flag.ContinueOnError)
	path := flags.String("config", "", "the settings")
	roles := flags.String("roles", "", "what this process does, with commas between")
	profile := flags.String("profile", "", "where to write a processor profile")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, cancel := untilInputEnds(ctx)
	defer cancel()
	cfg, err := config.Load(*path, os.Getenv)
	if err != nil {
		return err
	}
	parsed, err := app.ParseRoles(strings.FieldsFunc(*roles, func(r rune) bool { return r == ',' }))
	if err != nil {
		return err
	}
	app.KeepSmall(os.Getenv) // as serve does
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelInfo}))
	room, err := app.Open(ctx, app.Options{Config: cfg, Clock: new(app.Clock), Log: log, Roles: parsed})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, room.Close()) }()
	stop, err := record(*profile)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	return serve(ctx, room, cfg.Listen)
}

func serve(ctx context.Context, room *app.Room, listen string) error {
	pages, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if err != nil {
		return fmt.Errorf("listen for pages: %w", err)
	}
	handler, err := room.Web.Handler()
	if err != nil {
		return err
	}
	fmt.Printf("ready http=http://%s\n", pages.Addr())
	return room.Run(ctx, pages, handler)
}

// record writes where processor time goes to a file until stop is called; ""
// writes nothing.
func record(path string) (stop func() error, err error) {
	if path == "" {
		return func() error { return nil }, nil
	}
	file, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("make a profile: %w", err)
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, errors.Join(fmt.Errorf("begin a profile: %w", err), file.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return file.Close()
	}, nil
}

// profileAt is where the profile of one measurement goes; of many runs it is
// the last one's. "" is nowhere.
func (b *bench) profileAt(name string) string {
	if b.profile == "" {
		return ""
	}
	return filepath.Join(b.profile, name+".pprof")
}

// recordHere records this process until the end of the scope.
func (b *bench) recordHere(t testing.TB, name string) {
	stop, err := record(b.profileAt(name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("end a profile: %v", err)
		}
	})
}

// here is a post room in this process.
type here struct{ *app.Room }

func openHere(t testing.TB, place *site) here {
	room, err := app.Open(t.Context(), app.Options{Config: place.cfg, Clock: new(app.Clock), Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if err != nil {
		t.Fatal(err)
	}
	return here{room}
}

// serve has a post room do its work until the scope ends, and returns the address of
// its pages.
func (room here) serve(t testing.TB, handler http.Handler) string {
	pages, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- room.Run(ctx, pages, handler) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run a post room: %v", err)
		}
		_ = room.Close() // its database goes with the folder
	})
	return "http://" + pages.Addr().String()
}
