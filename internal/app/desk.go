package app

import (
	"fmt"
	"net/http"

	"postroom/internal/postroom"
	"postroom/internal/web/desk"
	"postroom/templates"
)

// makeDesk makes the pages of colleagues.
func (r *Room) makeDesk(o Options) (err error) {
	if o.SignIn == nil {
		o.SignIn = nobody{}
	}
	r.Desk, err = desk.New(desk.Options{
		Store: r.Store, Programmes: r.Programmes, Team: r.Team, Casework: r.Casework, SignIn: o.SignIn,
		Outbox: r.Outbox, Letters: r.Letters,
		Links: r.Links, Clock: r.Clock, Org: r.Config.Organisation, Templates: templates.FS, Public: r.locales, Log: r.Log,
	})
	if err != nil {
		return fmt.Errorf("make the desk: %w", err)
	}
	return nil
}

// nobody is a sign-in that lets nobody in.
type nobody struct{}

func (nobody) Wrap(next http.Handler) http.Handler          { return next }
func (nobody) Who(*http.Request) (postroom.Colleague, bool) { return postroom.Colleague{}, false }
