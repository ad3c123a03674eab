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
	"cmp"
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
	"strings"
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
	IMAP string // on this machine only; "" is a free port
	Dir  string // folder for the database; "" is a temporary one, removed at the end
	Log  *slog.Logger

	// Programmes is a folder of programme files, in place of the sample ones. It is
	// watched: what changes there is on the pages at once.
	Programmes string
	Changes    *slog.Logger // hears of what changed there; nil is Log
}

//go:embed postroom.yaml
var settings []byte

// Run runs the demo until ctx ends. When everything is up it prints one line,
// "ready http=URL smtp=HOST:PORT imap=HOST:PORT desk=URL", to out.
func Run(ctx context.Context, o Options, out io.Writer) (err error) {
	dir, remove, err := folder(o.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	d, err := listen(ctx, o)
	if err != nil {
		return err
	}
	room, clock, err := o.open(ctx, dir, d)
	if err != nil {
		return errors.Join(err, d.close())
	}
	defer func() { err = errors.Join(err, room.Close()) }()
	follow, err := o.follow(ctx, room)
	if err != nil {
		return errors.Join(err, d.close())
	}
	return serve(ctx, room, clock, d, follow, out)
}

// doors are where the demo can be reached.
type doors struct{ pages, mail, boxes net.Listener }

// listen opens all doors or none.
func listen(ctx context.Context, o Options) (d doors, err error) {
	for _, door := range []struct {
		what, address string
		to            *net.Listener
	}{{"pages", o.HTTP, &d.pages}, {"mail", o.SMTP, &d.mail}, {"mailboxes", cmp.Or(o.IMAP, "127.0.0.1:0"), &d.boxes}} {
		if *door.to, err = new(net.ListenConfig).Listen(ctx, "tcp", door.address); err != nil {
			return d, errors.Join(fmt.Errorf("listen for %s on %s: %w", door.what, door.address, err), d.close())
		}
	}
	if at, ok := d.boxes.Addr().(*net.TCPAddr); !ok || !at.IP.IsLoopback() {
		return d, errors.Join(fmt.Errorf("mailboxes on %s could be opened from elsewhere, and their password is on the page; use --imap 127.0.0.1:1143", o.IMAP), d.close())
	}
	return d, nil
}

func (d doors) close() (err error) {
	for _, l := range []net.Listener{d.pages, d.mail, d.boxes} {
		if l != nil {
			err = errors.Join(err, l.Close())
		}
	}
	return err
}

func serve(ctx context.Context, room *app.Room, clock *app.Clock, d doors, follow *following, out io.Writer) error {
	boxes, err := newMailboxes(room.Config.Mailboxes, clock)
	if err != nil {
		return errors.Join(err, d.close())
	}
	desk, err := openDesk(ctx, room)
	if err != nil {
		return errors.Join(err, d.close())
	}
	caught := newCatcher(boxes, clock)
	page := pageOptions{
		Room: room, Caught: caught, Clock: clock, SMTP: d.mail.Addr().String(), IMAP: d.boxes.Addr().String(),
		Sweep: sweep(room), Tomorrow: tomorrow(room), Desk: desk,
	}
	handler, err := pages(page, follow)
	if err != nil {
		return errors.Join(err, d.close())
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return caught.serve(ctx, d.mail) })
	group.Go(func() error { return boxes.serve(ctx, d.boxes) })
	group.Go(func() error { return room.Run(ctx, d.pages, handler) })
	group.Go(func() error { follow.run(ctx); return nil })
	meet(ctx, page.Sweep)
	url := "http://" + d.pages.Addr().String()
	fmt.Fprintf(out, "ready http=%s smtp=%s imap=%s desk=%s\n", url, d.mail.Addr(), d.boxes.Addr(), desk)
	return group.Wait()
}

// meet waits until the post room has opened every mailbox once. What lies in
// one before that is from before its time, and nobody would answer it.
func meet(ctx context.Context, sweep func(context.Context) error) {
	if sweep == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	_ = sweep(ctx) // a mailbox that cannot be read is tried again
}

// pages puts the demo's page beside those of the post room.
func pages(o pageOptions, follow *following) (http.Handler, error) {
	page, err := newPage(o)
	if err != nil {
		return nil, err
	}
	public, err := o.Room.Web.Handler()
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/demo", page)
	mux.Handle("/demo/", page)
	mux.Handle("/", public)
	return follow.around(mux), nil
}

// filled are the settings with the addresses that were taken, so that every
// command can be run beside the demo with them.
func filled(d doors, programmes string) []byte {
	at := strings.NewReplacer("${HTTP}", d.pages.Addr().String(), "${SMTP_PORT}", port(d.mail), "${IMAP_PORT}", port(d.boxes))
	return []byte(at.Replace(withProgrammes(string(settings), programmes)))
}

// open writes the demo's settings with the addresses that were taken, reads
// them as any post room reads its own, and opens the post room.
func (o Options) open(ctx context.Context, dir string, d doors) (*app.Room, *app.Clock, error) {
	programmes, err := absolute(o.Programmes)
	if err != nil {
		return nil, nil, err
	}
	path := filepath.Join(dir, "demo.yaml")
	if err := os.WriteFile(path, filled(d, programmes), 0o600); err != nil {
		return nil, nil, fmt.Errorf("write settings: %w", err)
	}
	cfg, err := config.Load(path, func(string) string { return "" })
	if err != nil {
		return nil, nil, err
	}
	clock := new(app.Clock)
	room, err := app.Open(ctx, app.Options{Config: cfg, Clock: clock, Log: o.Log, Desk: app.DeskAt(cfg), Demo: true})
	if err != nil {
		return nil, nil, err
	}
	clock.Advance(beforeTheEvents(room, clock.Now()))
	return room, clock, nil
}

func port(l net.Listener) string {
	_, port, _ := net.SplitHostPort(l.Addr().String()) // an address that is listened on has one
	return port
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
