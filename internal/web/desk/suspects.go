package desk

import (
	"context"
	"net/http"
	"strings"

	"postroom/internal/casework"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// Surges knows the forms by which far more comes in than is usual.
type Surges interface {
	// Surges lists those that are shut softly and not calm yet.
	Surges(ctx context.Context) ([]store.Surge, error)
	// OpenAgain opens one, because a colleague says that all is well.
	OpenAgain(ctx context.Context, by postroom.Colleague, form string) error
}

func (d *Desk) suspectRoutes() []route {
	return []route{
		{"POST /desk/held", readers(), d.settleSeveral},
		{"POST /desk/busy/{form}/open", readers(), d.openAgain},
	}
}

// surgeView is a form that is shut softly, on today's page.
type surgeView struct {
	Form, Title, Programme string
	Since                  When
}

// surging lists the forms that are shut softly of what a colleague looks after.
func (d *Desk) surging(r *request) (list []surgeView, err error) {
	if d.Surges == nil {
		return nil, nil
	}
	all, err := d.Surges.Surges(r.Context())
	for _, s := range all {
		if d.Casework.MayRead(r.Who, s.Programme, "", false) {
			list = append(list, surgeView{s.Form, d.formTitle(s.Form), d.programmeTitle(s.Programme), d.when(s.ShutAt)})
		}
	}
	return list, err
}

// openAgain opens a form that is shut softly. One that is open already stays so.
func (d *Desk) openAgain(w http.ResponseWriter, r *request) error {
	form, known := d.Programmes.Form(r.PathValue("form"))
	if d.Surges == nil || !known {
		return d.nowhere(w, r)
	}
	if !d.Casework.MayRead(r.Who, form.Programme.Name, "", false) {
		return notYours()
	}
	if err := d.Surges.OpenAgain(r.Context(), r.Who, form.Name); err != nil {
		return err
	}
	http.Redirect(w, r.Request, r.back("/desk/today"), http.StatusSeeOther)
	return nil
}

// settleSeveral lets several things go that look automatic, or puts them aside. Each
// is an act of its own, as on its page; what somebody else has just seen to is left
// as it is.
func (d *Desk) settleSeveral(w http.ResponseWriter, r *request) error {
	acts := map[string]func(id string) error{
		letGo: func(id string) error { return d.Casework.Release(r.Context(), r.Who, id, "") },
		"spam": func(id string) error {
			_, err := d.Casework.Spam(r.Context(), r.Who, casework.Ref{Matter: postroom.AboutSubmission, ID: id})
			return err
		},
	}
	do, known := acts[r.PostFormValue("act")]
	if !known {
		return d.nowhere(w, r)
	}
	chosen := r.PostForm["id"]
	for _, id := range chosen[:min(len(chosen), pageRows)] {
		switch err := do(id); postroom.KindOf(err) {
		case postroom.Gone, postroom.NotFound, postroom.Conflict:
		default:
			if err != nil {
				return err
			}
		}
	}
	http.Redirect(w, r.Request, r.back("/desk/inbox?which="+whichHeld), http.StatusSeeOther)
	return nil
}

// signs puts into words why something looks automatic; "" where nobody can say.
func (d *Desk) signs(reason string) string {
	var said []string
	for _, s := range postroom.SignsIn(reason) {
		if words := d.keyed("desk.sign." + string(s)); words != "" {
			said = append(said, words)
		}
	}
	if len(said) == 0 {
		return ""
	}
	return d.say(postroom.Say("desk.sign.all", "signs", strings.Join(said, "; ")))
}
