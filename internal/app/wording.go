package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"postroom/internal/web"
	"postroom/internal/wording"
)

// makeWording makes the room that keeps what was changed on the desk, and puts it
// in the place of what came: the programmes and mails that every other room is
// handed are these.
func (r *Room) makeWording(ctx context.Context) error {
	files, err := programmes(r.Config)
	if err != nil {
		return err
	}
	r.Wording = wording.New(wording.Options{
		Store: r.Store, Programmes: r.Programmes, Letters: r.Letters, Files: files, Mailboxes: r.Config.Mailboxes,
		Zone: r.Config.Organisation.Zone, Us: r.Config.Organisation.Name, Clock: r.Clock, Log: r.Log,
		Known:   func(name string) bool { _, here := r.Team.Named(name); return here },
		Changed: r.afterWording,
	})
	return r.Wording.Load(ctx)
}

// Reread reads the folder of programmes anew, for whoever looks at a form while it
// is being written. Files with a mistake change nothing, and the error is
// proof.Mistakes.
func (r *Room) Reread(ctx context.Context) error { return r.Wording.Reread(ctx) }

// PagesOf are the public pages made of other templates than those in the program,
// and of translations of the organisation's own. They act for this room.
func (r *Room) PagesOf(from, own fs.FS) (*web.Server, error) {
	locales, err := web.LoadLocales(from)
	if err != nil {
		return nil, fmt.Errorf("read texts: %w", err)
	}
	o := r.pages()
	o.Templates, o.Mails, o.Guardians, o.Amendments = from, r.Outbox, r.Intake, r.Intake
	if o.Locales, err = locales.With(own); err != nil {
		return nil, fmt.Errorf("read translations of the organisation's own: %w", err)
	}
	return web.New(o)
}

// afterWording does what a start does with changed programmes: who looks after
// them is asked, and people hear of a date that has moved. A process that only
// works beside a server leaves that to the server.
func (r *Room) afterWording(ctx context.Context) error {
	err := r.Team.Sync(ctx)
	if r.Web != nil {
		err = errors.Join(err, r.Events.Sync(ctx))
	}
	return err
}
