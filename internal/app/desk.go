package app

import (
	"fmt"
	"net/http"

	"postroom/internal/config"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/web"
	"postroom/internal/web/desk"
	"postroom/templates"
)

// DeskAt is where colleagues find the desk.
func DeskAt(cfg config.Config) string { return cfg.Organisation.BaseURL + "/desk" }

// makeDesk makes the pages of colleagues.
func (r *Room) makeDesk(o Options) (err error) {
	demo := ""
	if o.Demo {
		demo = "/demo"
	}
	r.Desk, err = desk.New(desk.Options{
		Store: r.Store, Programmes: r.Programmes, Team: r.Team, Links: r.Links, Clock: r.Clock, Org: r.Config.Organisation,
		Templates: templates.FS, Texts: r.deskTexts, Public: r.locales, Log: r.Log,
		SignIn: o.SignIn, Door: r.SignIn, From: web.Visitor(r.Config.TrustedProxies),
		Demo: demo, Casework: r.Casework, Digests: r.Digests,
		Engine:  &engine{room: r, up: r.Clock.Now()},
		Wording: r.Wording, Inviter: r.SignIn, Surges: r.Intake,
		Form: func(req *http.Request, form *programme.Form, locale string) (string, error) {
			return r.Web.Preview(req, form, locale) // which is made after the desk
		},
		Newsletters: r.Newsletter, ReadDraft: func(file string, data []byte, list string, pictures []postroom.Picture) (postroom.Campaign, error) {
			return r.Draft(file, data, list, PicturesOf(pictures))
		},
		Intake: r.Intake, Imports: r.Imports,
		Sheet: func(req *http.Request, form *programme.Form, locale string, answers postroom.Answers, refused []programme.FieldError, groups []string) (web.Sheet, error) {
			return r.Web.Sheet(req, form, locale, answers, refused, groups)
		},
		Letters: r.Arrivals,
		Outbox:  r.Outbox, Mails: r.Letters,
	})
	if err != nil {
		return fmt.Errorf("make the desk: %w", err)
	}
	return nil
}
