package desk

import (
	"net/http"
	"net/url"

	"postroom/internal/casework"
	"postroom/internal/postroom"
)

// mostAlike is how many groups one page asks about.
const mostAlike = 10

// alikeView is a local group and another that may be the same.
type alikeView struct {
	ID, Name       string
	Other, OtherID string
	Compare        string // where both stand side by side
}

// alike lists the groups that may be one: those that may be the same as one, or any
// of which the reader sees a page.
func (d *Desk) alike(r *request, group string) (list []alikeView, err error) {
	doubts, err := r.read(d).Doubts(group, mostAlike)
	for _, doubt := range doubts {
		// The one that was there first is the one that stays.
		keep, drop := doubt.Other, doubt.Group
		list = append(list, alikeView{ID: keep.ID, Name: keep.Name, Other: drop.Name, OtherID: drop.ID, Compare: mergeGroupsLink(keep.ID, drop.ID)})
	}
	return list, err
}

func mergeGroupsLink(keep, drop string) string {
	return organisationLink(keep) + "/merge/" + url.PathEscape(drop)
}

// groupsPage shows two local groups side by side.
type groupsPage struct {
	page
	Keep, Drop groupView
	Swap       string // address of the same page the other way round
}

type groupView struct {
	ID, Name string
	Since    When
	People   []string // whom the reader may see
	Sent     []string
}

func (d *Desk) compareGroups(w http.ResponseWriter, r *request) (err error) {
	id, other := r.PathValue("id"), r.PathValue("other")
	p := groupsPage{page: d.page(r, d.keyed("desk.groups.compare")), Swap: mergeGroupsLink(other, id)}
	if p.Keep, err = d.groupView(r, id); err != nil {
		return err
	}
	if p.Drop, err = d.groupView(r, other); err != nil {
		return err
	}
	p.Wide = true
	return d.render(w, r, http.StatusOK, "organisation-compare.html", p)
}

// groupView is what tells a local group from another.
func (d *Desk) groupView(r *request, id string) (v groupView, err error) {
	group, err := r.read(d).Organisation(id)
	if err != nil {
		return v, err
	}
	if group.MergedInto != "" {
		return v, &postroom.Error{Kind: postroom.Gone, Say: postroom.Say("desk.groups_merged")}
	}
	if err := d.Casework.Open(r.Context(), r.Who, casework.Ref{Matter: postroom.AboutOrganisation, ID: id}); err != nil {
		return v, err
	}
	full := groupPage{ID: id}
	if err := d.members(r, &full); err != nil {
		return v, err
	}
	if err := d.sentByGroup(r, &full); err != nil {
		return v, err
	}
	v = groupView{ID: id, Name: group.Name, Since: d.when(group.AddedAt)}
	const most = 6
	for _, m := range full.Members[:min(len(full.Members), most)] {
		v.People = append(v.People, m.Name)
	}
	for _, s := range full.Sent {
		if !s.Held && len(v.Sent) < most {
			v.Sent = append(v.Sent, s.What+", "+s.At.Said)
		}
	}
	return v, nil
}

// mergeGroups makes one local group of two.
func (d *Desk) mergeGroups(w http.ResponseWriter, r *request) error {
	keep := r.PathValue("id")
	deed, err := d.Casework.MergeGroups(r.Context(), r.Who, keep, r.PostFormValue("other"))
	if err != nil {
		return err
	}
	return d.did(w, r, deed, organisationLink(keep))
}

// tellGroupsApart says of two local groups that they are two.
func (d *Desk) tellGroupsApart(w http.ResponseWriter, r *request) error {
	id := r.PathValue("id")
	if err := d.Casework.TellGroupsApart(r.Context(), r.Who, id, r.PostFormValue("other")); err != nil {
		return err
	}
	http.Redirect(w, r.Request, r.back(organisationLink(id)), http.StatusSeeOther)
	return nil
}
