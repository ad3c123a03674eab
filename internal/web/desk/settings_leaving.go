package desk

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
	"postroom/internal/wording"
)

// leavingPage says what somebody has, before all of it goes to another.
type leavingPage struct {
	page
	Person      personView
	Heirs       []choice
	Submissions string // how many, in words; "" is none
	Letters     string
	Calls       string
	Covers      []string
	Programmes  []string // titles
	Safety      []string // titles of programmes of which they are lead or deputy
	Last        bool     // nobody else may do everything
	Problems    problems
	Nothing     bool
}

func (d *Desk) showLeaving(w http.ResponseWriter, r *request) error {
	c, err := d.colleague(r)
	if err != nil {
		return err
	}
	return d.renderLeaving(w, r, http.StatusOK, c, nil)
}

func (d *Desk) renderLeaving(w http.ResponseWriter, r *request, status int, c postroom.Colleague, wrong problems) error {
	p := leavingPage{page: d.page(r, d.say(postroom.Say("desk.leaving.title", "name", c.Name))), Person: d.person(r.Who, c), Last: !d.Team.MayLeave(c.Name), Problems: wrong}
	load, err := r.read(d).Assigned(c.Name)
	if err != nil {
		return err
	}
	p.Submissions, p.Letters = d.counted("desk.leaving.submission", len(load.Submissions)), d.counted("desk.leaving.letter", len(load.Letters))
	p.Calls = d.counted("desk.leaving.call", len(load.Calls))
	for _, each := range d.Team.All() {
		if each.Cover == c.Name {
			p.Covers = append(p.Covers, each.Name)
		}
	}
	for _, each := range d.Programmes.Programmes() {
		if slices.Contains(each.Coordinators, c.Name) || c.Has(postroom.IsCoordinator, each.Name, "") {
			p.Programmes = append(p.Programmes, each.Title.In(english))
		}
		if s := each.Safeguarding; s.Lead == c.Name || s.Deputy == c.Name {
			p.Safety = append(p.Safety, each.Title.In(english))
		}
	}
	p.Heirs = d.others(c.Name, or(r.PostFormValue("to"), c.Cover))
	p.Heirs[0].Label = d.say(postroom.Say("desk.leaving.choose"))
	p.Nothing = len(load.Submissions)+len(load.Letters)+len(load.Calls)+len(p.Covers)+len(p.Programmes)+len(p.Safety) == 0
	return d.render(w, r, status, "settings-leaving.html", p)
}

// counted says how many there are of something; none is "".
func (d *Desk) counted(key string, n int) string {
	switch {
	case n == 0:
		return ""
	case n > 1:
		key += "s"
	}
	return d.say(postroom.Say(key, "n", strconv.Itoa(n)))
}

// handOver gives everything of a colleague to another, and ends what they may do.
// Programmes come first: if we die before the rest, pressing again goes on.
func (d *Desk) handOver(w http.ResponseWriter, r *request) error {
	if !mayAll(r.Who) {
		return notYours()
	}
	c, err := d.colleague(r)
	if err != nil {
		return err
	}
	to, here := d.Team.Named(r.PostFormValue("to"))
	if !here || to.Name == c.Name {
		return d.renderLeaving(w, r, http.StatusUnprocessableEntity, c, problems{{"to", d.say(postroom.Say("desk.leaving.whom"))}})
	}
	if !d.Team.MayLeave(c.Name) {
		return d.renderLeaving(w, r, http.StatusConflict, c, problems{{"to", d.say(postroom.Say("desk.team.last_admin", "name", c.Name))}})
	}
	moved, err := d.renameInProgrammes(r.Context(), r.Who.Name, c.Name, to.Name)
	if err != nil {
		return err
	}
	deed, err := d.Team.HandOver(r.Context(), r.Who, c.Name, to.Name, map[string]string{"programmes": strings.Join(moved, "\n")})
	if err != nil {
		return err
	}
	return d.did(w, r, deed, "/desk/settings/people")
}

// renameInProgrammes puts one colleague in the place of another wherever a
// programme names them, and returns "name@version" of each that was changed.
func (d *Desk) renameInProgrammes(ctx context.Context, by, from, to string) (moved []string, err error) {
	for _, p := range d.Programmes.Programmes() {
		var edits []programme.Edit
		if slices.Contains(p.Coordinators, from) {
			edits = append(edits, programme.SetCoordinators(replaced(p.Coordinators, from, to)...))
		}
		if s := p.Safeguarding; s.Lead == from || s.Deputy == from {
			edits = append(edits, programme.SetSafeguarding(inPlace(s.Lead, from, to), inPlace(s.Deputy, from, to)))
		}
		if len(edits) == 0 {
			continue
		}
		version, err := d.Wording.Edit(ctx, wording.Hand{By: by, Seen: wording.Any}, p.Name, edits...)
		if err != nil {
			return moved, err
		}
		moved = append(moved, p.Name+"@"+strconv.Itoa(version))
	}
	return moved, nil
}

func inPlace(name, from, to string) string {
	if name == from {
		return to
	}
	return name
}

// replaced puts to in the place of from, and lists nobody twice.
func replaced(list []string, from, to string) (after []string) {
	for _, name := range list {
		if name = inPlace(name, from, to); !slices.Contains(after, name) {
			after = append(after, name)
		}
	}
	return after
}

// undoHandOver takes a hand-over back, and what it changed of programmes where
// nobody has changed them since.
func (d *Desk) undoHandOver(r *request, deed postroom.Deed) error {
	if err := d.Team.Undo(r.Context(), r.Who, deed.ID); err != nil {
		return err
	}
	for each := range strings.Lines(deed.Before["programmes"]) {
		name, version, _ := strings.Cut(strings.TrimSpace(each), "@")
		n, err := strconv.Atoi(version)
		if err != nil {
			continue
		}
		_, err = d.Wording.Undo(r.Context(), wording.Hand{By: r.Who.Name, Seen: n}, store.ProgrammeWording, name, "")
		if err != nil && postroom.KindOf(err) != postroom.Conflict {
			return err
		}
	}
	return nil
}
