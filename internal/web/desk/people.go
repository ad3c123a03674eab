package desk

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"

	"postroom/internal/casework"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// How much the page of people looks at and shows. Who may see what was found is
// decided afterwards, so more is looked for than is shown.
const (
	mostFoundPeople = 200
	mostListed      = 50
	mostNewest      = 20
)

// peopleRoutes are the pages of people and groups.
func (d *Desk) peopleRoutes() []route {
	return []route{
		{"GET /desk/people", readers(), d.findPeople},
		{"GET /desk/person/{id}", readers(), d.showContact},
		{"POST /desk/person/{id}/note", readers(), d.noteContact},
		{"GET /desk/person/{id}/merge", readers(), d.chooseTwin},
		{"GET /desk/person/{id}/merge/{other}", readers(), d.compareTwins},
		{"POST /desk/person/{id}/merge", readers(), d.mergeTwins},
		{"POST /desk/step/skip", readers(), d.skipStep},
		{"POST /desk/step/now", readers(), d.doStepNow},
		{"GET /desk/organisation/{id}", readers(), d.showGroup},
		{"POST /desk/organisation/{id}/note", readers(), d.noteGroup},
		{"GET /desk/organisation/{id}/merge/{other}", readers(), d.compareGroups},
		{"POST /desk/organisation/{id}/merge", readers(), d.mergeGroups},
		{"POST /desk/organisation/{id}/apart", readers(), d.tellGroupsApart},
	}
}

// findPage is where people are looked for.
type findPage struct {
	page
	Query string
	Found []foundRow
	More  bool
	Alike []alikeView // groups that may be one

	MayImport bool // people who signed up elsewhere
}

// foundRow is somebody or something that was found.
type foundRow struct {
	Name, Link string
	Kind       string // what it is, in words
	Detail     string // an address or a number
	Reference  string
	Tongue     string // the language they write in, if not English
	Discreet   bool
	Held       bool // it is closed to the reader: neither name nor detail are there
	Since      When
}

func contactLink(id string) string      { return "/desk/person/" + id }
func organisationLink(id string) string { return "/desk/organisation/" + id }

// submissionLink and letterLink are where the inbox shows them.
func submissionLink(id string) string  { return "/desk/submission/" + id }
func inboxLetterLink(id string) string { return "/desk/letter/" + id }

func (d *Desk) findPeople(w http.ResponseWriter, r *request) (err error) {
	p := findPage{page: d.page(r, d.say(postroom.Say("desk.people.title"))), Query: strings.TrimSpace(r.URL.Query().Get("q"))}
	p.MayImport = len(d.targets(r.Who)) > 0
	if p.Query == "" {
		if p.Alike, err = d.alike(r, ""); err != nil {
			return err
		}
		p.Found, err = d.newestPeople(r)
	} else {
		p.Found, err = d.found(r, p.Query)
	}
	if err != nil {
		return err
	}
	if most := mostListed; len(p.Found) > most {
		p.Found, p.More = p.Found[:most], true
	}
	return d.render(w, r, http.StatusOK, "people.html", p)
}

// newestPeople lists who wrote last to the programmes that the reader looks
// after. Of somebody who is known only by what is held it says no name.
func (d *Desk) newestPeople(r *request) (rows []foundRow, err error) {
	read := r.read(d)
	ids, err := read.LatestSenders(d.programmes(r.Who), 2*mostNewest)
	if err != nil {
		return nil, err
	}
	seen, err := d.Casework.SeeContacts(r.Context(), r.Who, ids)
	if err != nil {
		return nil, err
	}
	names, err := read.Names(ids)
	if err != nil {
		return nil, fmt.Errorf("name people: %w", err)
	}
	for _, id := range ids {
		switch s := seen[id]; {
		case len(rows) == mostNewest:
			return rows, nil
		case s.Sight == casework.Clear:
			rows = append(rows, d.personRow(names[id]))
		case s.Sight == casework.Closed:
			rows = append(rows, d.closedRow(s))
		}
	}
	return rows, nil
}

func (d *Desk) personRow(n store.Named) foundRow {
	return foundRow{
		Name: d.nameOf(n.Name), Link: contactLink(n.ID), Kind: d.say(postroom.Say("desk.people.kind.contact")),
		Detail: cmp.Or(n.Address, n.Phone), Tongue: d.tongueUnlessEnglish(n.Locale), Discreet: n.Discreet,
	}
}

func (d *Desk) closedRow(s casework.Seen) foundRow {
	return foundRow{Kind: d.say(postroom.Say("desk.people.kind.held")), Reference: s.Reference, Held: true, Since: d.when(s.Since)}
}

// nameOf is a name, or the words for somebody who has not said theirs.
func (d *Desk) nameOf(name string) string {
	if strings.TrimSpace(name) == "" {
		return d.say(postroom.Say("desk.people.nameless"))
	}
	return name
}

// found lists what a search finds and the reader may see. Somebody who is found
// by name and closed to the reader is left out: a row without a name would say
// whose it is. One that is found by its reference says that it is held.
func (d *Desk) found(r *request, query string) (rows []foundRow, err error) {
	list, err := r.read(d).Search(query, mostFoundPeople)
	if err != nil {
		return nil, err
	}
	ids := map[store.FoundKind][]string{}
	for _, f := range list {
		ids[f.Kind] = append(ids[f.Kind], f.ID)
	}
	contacts, err := d.Casework.SeeContacts(r.Context(), r.Who, ids[store.FoundContact])
	if err != nil {
		return nil, err
	}
	submissions, err := d.Casework.SeeSubmissions(r.Context(), r.Who, ids[store.FoundSubmission])
	if err != nil {
		return nil, err
	}
	for _, f := range list {
		row, shown, err := d.foundRow(r, f, contacts[f.ID], submissions[f.ID])
		if err != nil {
			return nil, err
		}
		if shown {
			rows = append(rows, row)
		}
	}
	return rows, nil
}

func (d *Desk) foundRow(r *request, f store.Found, contact, submission casework.Seen) (row foundRow, shown bool, err error) {
	row = foundRow{Name: d.nameOf(f.Name), Detail: f.Detail, Discreet: f.Discreet, Reference: f.Reference, Kind: d.say(postroom.Say("desk.people.kind." + string(f.Kind)))}
	switch f.Kind {
	case store.FoundContact:
		row.Link, shown = contactLink(f.ID), contact.Sight == casework.Clear
	case store.FoundOrganisation:
		row.Link, shown = organisationLink(f.ID), true
	case store.FoundSubmission:
		row.Link, shown = submissionLink(f.ID), submission.Sight == casework.Clear
		if shown && f.Name+f.Detail == "" { // it is held, and the reader may open it
			name, address, err := r.read(d).Sender(store.InboxRow{Matter: postroom.AboutSubmission, ID: f.ID})
			if err != nil {
				return row, false, err
			}
			row.Name, row.Detail = d.nameOf(name), address
		}
		if submission.Sight == casework.Closed {
			return d.closedRow(submission), true, nil
		}
	case store.FoundLetter:
		row.Name, row.Link = d.say(postroom.Say("desk.people.a_letter")), inboxLetterLink(f.ID)
		shown, err = d.Casework.May(r.Context(), r.Who, casework.Ref{Matter: postroom.AboutLetter, ID: f.ID})
	}
	return row, shown, err
}

// tongue is a language by its English name.
func (d *Desk) tongueOf(locale string) string {
	if key := "desk.tongue." + locale; d.words.Has(key) {
		return d.say(postroom.Say(key))
	}
	return locale
}

func (d *Desk) tongueUnlessEnglish(locale string) string {
	if locale == "" || locale == english {
		return ""
	}
	return d.tongueOf(locale)
}
