package desk

import (
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"postroom/internal/casework"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// contactPage is all that is on file of one person and may be seen by the reader.
type contactPage struct {
	page
	contactView
	Next      []promiseView
	Lines     []lineView
	Older     string // address of the page after this one; "" where there is none
	IsOlder   bool   // it is not the first page
	Elsewhere bool   // something is left out that the reader may not see
	WrongNote string
}

// contactView is who a person is and how to reach them.
type contactView struct {
	ID, Name  string
	Reach     string // how they asked to be reached, in words
	Addresses []addressView
	Phone     string
	Call      template.URL // the number as a link
	Tongue    string
	Discreet  bool
	Groups    []groupLink
	Forums    []string
	Since     When
}

type addressView struct {
	Address string
	State   string // in words; "" when mail arrives
	Dead    bool
}

type groupLink struct{ Name, Link string }

// promiseView is one step that is promised.
type promiseView struct {
	ID, What, Because, Waits string
	Due                      When
}

// noContact is the answer where a contact is not there.
func noContact(id string) error {
	return &postroom.Error{Kind: postroom.NotFound, Cause: absentContact(id)}
}

type absentContact string

func (id absentContact) Error() string { return "there is no contact " + string(id) }

// sight refuses whoever may not see a contact. The refusal is the same whether it
// is there or not, but where it is held.
func (d *Desk) sight(r *request, contact string) error {
	seen, err := d.Casework.SeeContacts(r.Context(), r.Who, []string{contact})
	switch whole := seen[contact]; {
	case err != nil:
		return err
	case whole.Sight == casework.Closed:
		return &postroom.Error{Kind: postroom.Forbidden, Say: postroom.Say("desk.held_for_lead", "reference", whole.Reference), Cause: absentContact(contact)}
	case whole.Sight == casework.Nothing:
		return noContact(contact)
	}
	return nil
}

func (d *Desk) showContact(w http.ResponseWriter, r *request) error {
	return d.renderContact(w, r, http.StatusOK, "")
}

func (d *Desk) renderContact(w http.ResponseWriter, r *request, status int, wrongNote string) error {
	id := r.PathValue("id")
	into, err := r.read(d).MergedInto(id)
	if err != nil {
		return err
	}
	if into != "" {
		http.Redirect(w, r.Request, contactLink(into), http.StatusSeeOther)
		return nil
	}
	if err := d.sight(r, id); err != nil {
		return err
	}
	if err := d.Casework.Open(r.Context(), r.Who, casework.Ref{Matter: postroom.AboutContact, ID: id}); err != nil {
		return err
	}
	view, err := d.contactView(r, id)
	if err != nil {
		return err
	}
	p := contactPage{page: d.page(r, view.Name), contactView: view, WrongNote: wrongNote}
	p.Wide, p.Here = true, contactLink(id)
	if p.Next, err = d.promises(r, id); err != nil {
		return err
	}
	if err := d.timeline(r, &p); err != nil {
		return err
	}
	return d.render(w, r, status, "person.html", p)
}

// contactView reads who a person is.
func (d *Desk) contactView(r *request, id string) (v contactView, err error) {
	person, err := r.read(d).Person(id)
	if err != nil {
		return v, err
	}
	v = contactView{ID: id, Name: d.nameOf(person.Name), Phone: person.Phone, Call: telLink(person.Phone), Tongue: d.tongueOf(person.Locale), Discreet: person.Discreet, Since: d.when(person.CreatedAt)}
	if person.Reach != "" {
		v.Reach = d.say(postroom.Say("desk.reach." + string(person.Reach)))
	}
	for _, a := range person.Addresses {
		one := addressView{Address: a.Address, Dead: a.Dead}
		if a.Dead {
			one.State = d.say(postroom.Say("desk.person.address.dead"))
			if when := d.when(a.MailedAt); when.Said != "" {
				one.State = d.say(postroom.Say("desk.person.address.dead_since", "when", when.Said))
			}
		}
		v.Addresses = append(v.Addresses, one)
	}
	for _, g := range person.Organisations {
		v.Groups = append(v.Groups, groupLink{g.Name, organisationLink(g.ID)})
	}
	forums, err := r.read(d).ForumsOf(id)
	for _, f := range forums {
		v.Forums = append(v.Forums, d.forumName(f))
	}
	return v, err
}

// telLink is a telephone number as phones understand it.
func telLink(phone string) template.URL {
	number := strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' || c == '+' {
			return c
		}
		return -1
	}, phone)
	if len(number) < 5 {
		return ""
	}
	return template.URL("tel:" + number) // digits and a plus, nothing else
}

// promises lists what will happen next for a person and is not closed to the
// reader.
func (d *Desk) promises(r *request, contact string) (list []promiseView, err error) {
	steps, err := r.read(d).PromisesTo(contact)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(steps))
	for i, s := range steps {
		ids[i] = s.Submission
	}
	seen, err := d.Casework.SeeSubmissions(r.Context(), r.Who, ids)
	if err != nil {
		return nil, err
	}
	for _, s := range steps {
		if seen[s.Submission].Sight == casework.Clear {
			what, because := d.stepWords(s.Programme, s.Name)
			list = append(list, promiseView{ID: s.ID, What: what, Because: because, Waits: d.waits(s.Reason), Due: d.when(s.DueAt)})
		}
	}
	return list, nil
}

func (d *Desk) skipStep(w http.ResponseWriter, r *request) error {
	deed, err := d.Casework.SkipStep(r.Context(), r.Who, r.PostFormValue("step"))
	if err != nil {
		return err
	}
	return d.did(w, r, deed, "/desk/people")
}

func (d *Desk) doStepNow(w http.ResponseWriter, r *request) error {
	deed, err := d.Casework.DoStepNow(r.Context(), r.Who, r.PostFormValue("step"))
	if err != nil {
		return err
	}
	return d.did(w, r, deed, "/desk/people")
}

func (d *Desk) noteContact(w http.ResponseWriter, r *request) error {
	id := r.PathValue("id")
	if err := d.sight(r, id); err != nil {
		return err
	}
	deed, err := d.Casework.Note(r.Context(), r.Who, casework.Ref{Matter: postroom.AboutContact, ID: id}, r.PostFormValue("text"))
	if postroom.KindOf(err) == postroom.Invalid {
		return d.renderContact(w, r, http.StatusUnprocessableEntity, d.say(said(err)))
	}
	if err != nil {
		return err
	}
	return d.did(w, r, deed, contactLink(id))
}

// place is where a page of the timeline begins: the moment of the oldest thing
// on the page before, and the last mail on it, as mails are in the order of their
// ids.
func placeOf(r *request) (at store.InboxPlace, mail string) {
	us, err := strconv.ParseInt(r.URL.Query().Get("before"), 10, 64)
	if err != nil || us <= 0 {
		return store.InboxPlace{}, ""
	}
	return store.InboxPlace{At: time.UnixMicro(us), ID: "0"}, r.URL.Query().Get("mail") // no id begins so low
}

func olderLink(contact string, before time.Time, mail string) string {
	return contactLink(contact) + "?" + url.Values{"before": {strconv.FormatInt(before.UnixMicro(), 10)}, "mail": {mail}}.Encode() + "#timeline"
}
