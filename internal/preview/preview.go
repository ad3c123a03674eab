// Package preview shows a form that is being written as the public would see it:
// every page, every mistake, the answers once more, the confirmation.
//
// The idea a newcomer needs: it is the real post room in a folder that is thrown
// away, and only its pages run. What is filled in is filed there and nowhere else,
// what is owed for it is never sent, and no mailbox is read: of the organisation's
// settings nothing is taken but how its pages look. The programme files are copied
// into that folder each time they change, those with a mistake left out; if the form
// is in one of them, the mistakes are shown in its place.
package preview

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"postroom/internal/app"
	"postroom/internal/config"
	"postroom/internal/live"
	"postroom/internal/programme"
	"postroom/internal/proof"
	"postroom/internal/web"
	"postroom/templates"
)

// Source reads the programme files that can be used, by name, and what is wrong with
// those that the form may be in. Its error is that they cannot be read at all.
type Source func() (files map[string][]byte, wrong proof.Mistakes, err error)

// Options say what is shown.
type Options struct {
	Source Source
	Folder string // of the programme files, which is watched

	Org          config.Organisation // how the pages look
	Translations string              // folder of the organisation's own; may be missing
	Templates    string              // folder of templates that is read in place of those in the program; "" is none
	At           time.Time           // the moment it is in the preview; zero is now
	HTTP         string              // host:port; port 0 is a free one
	Log          *slog.Logger
	// Turned hears of the programmes each time that they were read anew, or of what
	// is wrong with them; nil is nobody.
	Turned func(set *programme.Set, err error)
}

// Preview is a form that follows its file.
type Preview struct {
	o     Options
	dir   string // which is thrown away
	room  *app.Room
	live  *live.Pages
	pages atomic.Pointer[http.Handler]
}

// Run shows the form until ctx ends. Once pages can be asked for it calls ready with
// their address and the programmes that could be read.
func Run(ctx context.Context, o Options, ready func(base string, set *programme.Set)) (err error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", o.HTTP)
	if err != nil {
		return fmt.Errorf("listen for pages on %s: %w", o.HTTP, err)
	}
	if at, ok := listener.Addr().(*net.TCPAddr); !ok || !at.IP.IsLoopback() {
		return errors.Join(fmt.Errorf("a preview on %s could be seen from elsewhere; use --http 127.0.0.1:8081", o.HTTP), listener.Close())
	}
	p := &Preview{o: o}
	if p.dir, err = os.MkdirTemp("", "postroom-preview-"); err != nil {
		return errors.Join(fmt.Errorf("make a folder for the preview: %w", err), listener.Close())
	}
	defer func() { err = errors.Join(err, p.close()) }()
	if p.o.Translations == "" {
		p.o.Translations = filepath.Join(p.dir, "translations") // where there is none
	}
	p.o.Org.BaseURL = "http://" + listener.Addr().String()
	if p.live, err = live.New(ctx, live.Options{Instead: true}); err != nil {
		return errors.Join(err, listener.Close())
	}
	if err := p.turn(ctx); err != nil && p.room == nil && !mistaken(err) {
		return errors.Join(err, listener.Close())
	}
	ready(p.o.Org.BaseURL, p.set())
	return p.serve(ctx, listener)
}

func (p *Preview) close() (err error) {
	if p.room != nil {
		err = p.room.Close()
	}
	return errors.Join(err, os.RemoveAll(p.dir))
}

// mistaken says whether an error is something to be mended in the files.
func mistaken(err error) bool {
	_, ok := errors.AsType[proof.Mistakes](err)
	return ok
}

func (p *Preview) serve(ctx context.Context, listener net.Listener) error {
	server := web.NewHTTPServer(listener.Addr().String(), p.live.Around(http.HandlerFunc(p.page)), p.o.Log)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve pages: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		live.Watch(ctx, p.watched(), func(ctx context.Context) { _ = p.turn(ctx) }) // the pages say what is wrong
		return server.Close()
	})
	return group.Wait()
}

// watched are the folders from which pages and forms are made.
func (p *Preview) watched() []string {
	list := []string{p.o.Folder, p.o.Translations}
	if p.o.Templates != "" {
		list = append(list, p.o.Templates)
	}
	return list
}

// page answers with what the public would see.
func (p *Preview) page(w http.ResponseWriter, r *http.Request) {
	if pages := p.pages.Load(); pages != nil {
		(*pages).ServeHTTP(w, r)
		return
	}
	http.NotFound(w, r) // mistakes are shown instead
}

// turn reads everything anew and has open pages follow.
func (p *Preview) turn(ctx context.Context) error {
	err := p.read(ctx)
	p.live.Turn(err)
	if p.o.Turned != nil {
		p.o.Turned(p.set(), err)
	}
	return err
}

// set is the programmes as they were read last.
func (p *Preview) set() *programme.Set {
	if p.room == nil {
		return &programme.Set{}
	}
	return p.room.Programmes
}

func (p *Preview) read(ctx context.Context) error {
	files, wrong, err := p.o.Source()
	if err != nil {
		return err
	}
	if err := wrong.AsError(); err != nil {
		return err
	}
	if err := p.lay(files); err != nil {
		return err
	}
	if p.room == nil {
		err = p.open(ctx)
	} else {
		err = p.room.Reread(ctx)
	}
	if err != nil {
		return err
	}
	return p.paint()
}

// lay puts the files where the room reads them.
func (p *Preview) lay(files map[string][]byte) error {
	folder := p.programmes()
	if err := os.RemoveAll(folder); err != nil {
		return fmt.Errorf("clear the folder of the preview: %w", err)
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		return fmt.Errorf("make the folder of the preview: %w", err)
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o600); err != nil {
			return fmt.Errorf("copy %s for the preview: %w", name, err)
		}
	}
	return nil
}

func (p *Preview) programmes() string { return filepath.Join(p.dir, "programmes") }

// open opens the room. It has no mail server and no mailbox, and nothing but its
// pages will run.
func (p *Preview) open(ctx context.Context) (err error) {
	cfg := config.Config{
		Organisation: p.o.Org, Programmes: p.programmes(), Data: p.dir,
		Database: config.Database{Path: filepath.Join(p.dir, "postroom.db")},
		Redis:    config.Redis{Mode: config.RedisEmbedded},
	}
	clock := new(app.Clock)
	if !p.o.At.IsZero() {
		clock.Advance(time.Until(p.o.At))
	}
	p.room, err = app.Open(ctx, app.Options{Config: cfg, Clock: clock, Log: p.o.Log, Roles: []app.Role{app.RoleWeb}})
	if err != nil {
		p.room = nil
		return err
	}
	return nil
}

// paint makes the pages from the templates and translations as they are now.
func (p *Preview) paint() error {
	server, err := p.room.PagesOf(p.templates(), os.DirFS(p.o.Translations))
	if err != nil {
		return err
	}
	pages, err := server.Handler()
	if err != nil {
		return err
	}
	p.pages.Store(&pages)
	return nil
}

func (p *Preview) templates() fs.FS {
	if p.o.Templates != "" {
		return os.DirFS(p.o.Templates)
	}
	return templates.FS
}
