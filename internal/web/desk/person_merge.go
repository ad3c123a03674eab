package desk

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"postroom/internal/casework"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// twinPage is where somebody looks for the same person under another name.
type twinPage struct {
	page
	contactView
	Query string
	Found []foundRow
}

// mergePage shows two people side by side.
type mergePage struct {
	page
	Keep, Drop twinView
	Swap       string // address of the same page the other way round
}

type twinView struct {
	contactView
	Sent []string
}

// chooseTwin looks for the contact that is the same person.
func (d *Desk) chooseTwin(w http.ResponseWriter, r *request) error {
	id := r.PathValue("id")
	if err := d.sight(r, id); err != nil {
		return err
	}
	view, err := d.contactView(r, id)
	if err != nil {
		return err
	}
	query := strings.TrimSpace(r.URL.Query().Get("q"))
	asked := query
	if query == "" {
		asked = view.Name
	}
	found, err := d.found(r, asked)
	if err != nil {
		return err
	}
	p := twinPage{page: d.page(r, d.say(postroom.Say("desk.merge.title", "name", view.Name))), contactView: view, Query: query}
	for _, f := range found {
		other, isPerson := strings.CutPrefix(f.Link, "/desk/person/")
		if isPerson && other != id {
			f.Link = contactLink(id) + "/merge/" + url.PathEscape(other)
			p.Found = append(p.Found, f)
		}
	}
	return d.render(w, r, http.StatusOK, "person-merge.html", p)
}

func (d *Desk) compareTwins(w http.ResponseWriter, r *request) (err error) {
	id, other := r.PathValue("id"), r.PathValue("other")
	p := mergePage{Swap: contactLink(other) + "/merge/" + url.PathEscape(id)}
	if p.Keep, err = d.twin(r, id); err != nil {
		return err
	}
	if p.Drop, err = d.twin(r, other); err != nil {
		return err
	}
	p.page = d.page(r, d.say(postroom.Say("desk.merge.compare")))
	p.Wide = true
	return d.render(w, r, http.StatusOK, "person-compare.html", p)
}

func (d *Desk) twin(r *request, id string) (v twinView, err error) {
	if err := d.sight(r, id); err != nil {
		return v, err
	}
	if err := d.Casework.Open(r.Context(), r.Who, casework.Ref{Matter: postroom.AboutContact, ID: id}); err != nil {
		return v, err
	}
	if v.contactView, err = d.contactView(r, id); err != nil {
		return v, err
	}
	rows, more, err := r.read(d).SubmissionsOf(id, store.InboxPlace{})
	if err != nil {
		return v, err
	}
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	seen, err := d.Casework.SeeSubmissions(r.Context(), r.Who, ids)
	if err != nil {
		return v, err
	}
	const most = 6
	left := 0
	for _, row := range rows {
		switch {
		case seen[row.ID].Sight != casework.Clear:
		case len(v.Sent) < most:
			v.Sent = append(v.Sent, d.formTitle(row.Form)+", "+d.when(row.ReceivedAt).Said)
		default:
			left++
		}
	}
	if left > 0 && !more {
		v.Sent = append(v.Sent, d.say(postroom.Say("desk.merge.more", "n", strconv.Itoa(left))))
	}
	return v, nil
}

// mergeTwins makes one person of two.
func (d *Desk) mergeTwins(w http.ResponseWriter, r *request) error {
	keep, drop := r.PathValue("id"), r.PostFormValue("other")
	for _, id := range []string{keep, drop} {
		if err := d.sight(r, id); err != nil {
			return err
		}
	}
	deed, err := d.Casework.Merge(r.Context(), r.Who, keep, drop)
	if err != nil {
		return err
	}
	return d.did(w, r, deed, contactLink(keep))
}
