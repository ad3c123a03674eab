package desk

import (
	"cmp"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"postroom/internal/casework"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// groupPage is all that is on file of a local group and may be seen by the
// reader.
type groupPage struct {
	page
	ID, Name  string
	Since     When
	Forums    []string
	Members   []foundRow
	MoreNames string // address of the page with more of them; "" where there are none
	Sent      []sentView
	Older     string // address of the page with what is older; "" where there is none
	Notes     []noteView
	WrongNote string
	Alike     []alikeView // groups that may be the same as this
}

type sentView struct {
	What, Link, Who, WhoLink, Reference, State string
	Held                                       bool
	At                                         When
}

func (d *Desk) showGroup(w http.ResponseWriter, r *request) error {
	return d.renderGroup(w, r, http.StatusOK, "")
}

func (d *Desk) renderGroup(w http.ResponseWriter, r *request, status int, wrongNote string) error {
	read := r.read(d)
	group, err := read.Organisation(r.PathValue("id"))
	if err != nil {
		return err
	}
	if group.MergedInto != "" {
		http.Redirect(w, r.Request, organisationLink(group.MergedInto), http.StatusSeeOther)
		return nil
	}
	if err := d.Casework.Open(r.Context(), r.Who, casework.Ref{Matter: postroom.AboutOrganisation, ID: group.ID}); err != nil {
		return err
	}
	p := groupPage{page: d.page(r, group.Name), ID: group.ID, Name: group.Name, Since: d.when(group.AddedAt), WrongNote: wrongNote}
	p.Wide, p.Here = true, organisationLink(group.ID)
	forums, err := read.ForumsOfGroup(group.ID)
	if err != nil {
		return err
	}
	for _, f := range forums {
		p.Forums = append(p.Forums, d.forumName(f))
	}
	if p.Alike, err = d.alike(r, group.ID); err != nil {
		return err
	}
	if err := d.members(r, &p); err != nil {
		return err
	}
	if err := d.sentByGroup(r, &p); err != nil {
		return err
	}
	notes, err := read.Notes(postroom.AboutOrganisation, group.ID)
	for i := len(notes) - 1; i >= 0; i-- {
		p.Notes = append(p.Notes, noteView{notes[i].By, notes[i].Text, d.when(notes[i].At)})
	}
	if err != nil {
		return err
	}
	return d.render(w, r, status, "organisation.html", p)
}

// members lists the people of a group whom the reader may see.
func (d *Desk) members(r *request, p *groupPage) error {
	var after store.Member
	after.ID, after.Name = r.URL.Query().Get("after"), r.URL.Query().Get("name")
	list, more, err := r.read(d).Members(p.ID, after)
	if err != nil {
		return err
	}
	ids := make([]string, len(list))
	for i, m := range list {
		ids[i] = m.ID
	}
	seen, err := d.Casework.SeeContacts(r.Context(), r.Who, ids)
	if err != nil {
		return err
	}
	for _, m := range list {
		if seen[m.ID].Sight == casework.Clear {
			p.Members = append(p.Members, foundRow{Name: d.nameOf(m.Name), Link: contactLink(m.ID), Detail: cmp.Or(m.Address, m.Phone), Tongue: d.tongueUnlessEnglish(m.Locale), Discreet: m.Discreet})
		}
	}
	if more {
		last := list[len(list)-1]
		p.MoreNames = pageLink(p.ID, "after", last.ID, "name", last.Name)
	}
	return nil
}

// sentByGroup lists what the people of a group sent and the reader may see.
func (d *Desk) sentByGroup(r *request, p *groupPage) error {
	place, _ := placeOf(r)
	rows, more, err := r.read(d).SubmissionsOfMembers(p.ID, place)
	if err != nil {
		return err
	}
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	seen, err := d.Casework.SeeSubmissions(r.Context(), r.Who, ids)
	if err != nil {
		return err
	}
	for _, row := range rows {
		switch seen[row.ID].Sight {
		case casework.Clear:
			if row.Held {
				if row.ContactName, _, err = r.read(d).Sender(row); err != nil {
					return err
				}
			}
			p.Sent = append(p.Sent, sentView{
				What: d.formTitle(row.Form), Link: submissionLink(row.ID), Who: d.nameOf(row.ContactName), WhoLink: contactLink(row.ContactID),
				Reference: row.Reference, State: d.rowState(row), At: d.when(row.ReceivedAt),
			})
		case casework.Closed:
			p.Sent = append(p.Sent, sentView{Held: true, Reference: row.Reference, At: d.when(row.ReceivedAt)})
		}
	}
	if more {
		p.Older = pageLink(p.ID, "before", strconv.FormatInt(rows[len(rows)-1].ReceivedAt.Add(time.Microsecond).UnixMicro(), 10))
	}
	return nil
}

func (d *Desk) noteGroup(w http.ResponseWriter, r *request) error {
	id := r.PathValue("id")
	deed, err := d.Casework.Note(r.Context(), r.Who, casework.Ref{Matter: postroom.AboutOrganisation, ID: id}, r.PostFormValue("text"))
	if postroom.KindOf(err) == postroom.Invalid {
		return d.renderGroup(w, r, http.StatusUnprocessableEntity, d.say(said(err)))
	}
	if err != nil {
		return err
	}
	return d.did(w, r, deed, organisationLink(id))
}

// pageLink is the page of a group, from a place on.
func pageLink(group string, pairs ...string) string {
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	return organisationLink(group) + "?" + values.Encode()
}
