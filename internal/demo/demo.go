// Package demo runs a whole post room on one machine for somebody who has
// never seen it: nothing leaves the machine and nothing else is installed.
//
// The idea a newcomer needs: it is the real post room. The demo only brings
// the things around it that an organisation would have: settings, a mail
// server (which keeps every mail in memory instead of sending it on) and a
// page that shows both sides, the visitor's and the coordinator's. Its clock
// can be set forward, so that promises for next week are seen today.
package demo

import (
	"context"
	_ "embed" // settings and page
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"postroom/internal/app"
	"postroom/internal/config"
)

// Options are the flags of the demo command. Addresses are host:port; port 0
// takes a free one.
type Options struct {
	HTTP string
	SMTP string
	IMAP string // taken from the second door on
	Dir  string // folder for the database; "" is a temporary one, removed at the end
	Log  *slog.Logger
}

//go:embed postroom.yaml
var settings []byte

// Run runs the demo until ctx ends. When everything is up it prints one line,
// "ready http=URL smtp=HOST:PORT imap=- desk=URL", to out.
func Run(ctx context.Context, o Options, out io.Writer) (err error) {
	dir, remove, err := folder(o.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	pages, err := new(net.ListenConfig).Listen(ctx, "tcp", o.HTTP)
	if err != nil {
		return fmt.Errorf("listen for pages on %s: %w", o.HTTP, err)
	}
	mail, err := new(net.ListenConfig).Listen(ctx, "tcp", o.SMTP)
	if err != nil {
		return errors.Join(fmt.Errorf("listen for mail on %s: %w", o.SMTP, err), pages.Close())
	}
	room, clock, err := open(ctx, dir, pages.Addr(), mail.Addr(), o.Log)
	if err != nil {
		return errors.Join(err, pages.Close(), mail.Close())
	}
	defer func() { err = errors.Join(err, room.Close()) }()
	return serve(ctx, room, clock, pages, mail, out)
}

func serve(ctx context.Context, room *app.Room, clock *app.Clock, pages, mail net.Listener, out io.Writer) error {
	caught := newCatcher()
	page, err := newPage(room, caught, clock)
	if err != nil {
		return errors.Join(err, pages.Close(), mail.Close())
	}
	public, err := room.Web.Handler()
	if err != nil {
		return errors.Join(err, pages.Close(), mail.Close())
	}
	mux := http.NewServeMux()
	mux.Handle("/demo", page)
	mux.Handle("/demo/", page)
	mux.Handle("/", public)

	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return caught.serve(ctx, mail) })
	group.Go(func() error { return room.Run(ctx, pages, mux) })
	url := "http://" + pages.Addr().String()
	fmt.Fprintf(out, "ready http=%s smtp=%s imap=- desk=%s/demo\n", url, mail.Addr(), url)
	return group.Wait()
}

// open writes the demo's settings with the addresses that were taken, reads
// them as any post room reads its own, and opens the post room.
func open(ctx context.Context, dir string, pages, mail net.Addr, log *slog.Logger) (*app.Room, *app.Clock, error) {
	_, port, err := net.SplitHostPort(mail.String())
	if err != nil {
		return nil, nil, fmt.Errorf("read mail address: %w", err)
	}
	env := map[string]string{"HTTP": pages.String(), "SMTP_PORT": port}
	path := filepath.Join(dir, "demo.yaml")
	if err := os.WriteFile(path, settings, 0o600); err != nil {
		return nil, nil, fmt.Errorf("write settings: %w", err)
	}
	cfg, err := config.Load(path, func(name string) string { return env[name] })
	if err != nil {
		return nil, nil, err
	}
	clock := new(app.Clock)
	room, err := app.Open(ctx, app.Options{Config: cfg, Clock: clock, Log: log, Desk: cfg.Organisation.BaseURL + "/demo"})
	if err != nil {
		return nil, nil, err
	}
	clock.Advance(beforeTheEvents(room, clock.Now()))
	return room, clock, nil
}

// beforeTheEvents says how far to turn the clock back when the dates of the
// sample programmes are past, so that the demo can be booked in any year.
func beforeTheEvents(room *app.Room, now time.Time) time.Duration {
	first := now
	for _, p := range room.Programmes.Programmes() {
		for _, e := range p.Events {
			for _, s := range e.Sessions {
				if at := s.StartsAt.AddDate(0, 0, -21); at.Before(first) {
					first = at
				}
			}
		}
	}
	return first.Sub(now)
}

func folder(dir string) (string, func() error, error) {
	if _, err := os.Stat(filepath.Join(dir, "postroom.yaml")); dir != "" && err == nil {
		return "", nil, fmt.Errorf("%s holds the settings of a real post room; give the demo a folder of its own", dir)
	}
	if dir != "" {
		return dir, func() error { return nil }, os.MkdirAll(dir, 0o700)
	}
	dir, err := os.MkdirTemp("", "postroom-demo-")
	if err != nil {
		return "", nil, fmt.Errorf("make a folder for the demo: %w", err)
	}
	return dir, func() error { return os.RemoveAll(dir) }, nil
}
