package web

import (
	"net/http"
	"time"

	"postroom/internal/link"
	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// myLinkPage asks for the address to which the link to everything is mailed.
type myLinkPage struct {
	page
	Input fieldView
}

func (s *Server) askMyLink(w http.ResponseWriter, r *http.Request) error {
	v := s.voice(r, s.guess.all, "")
	return s.renderMyLink(w, r, http.StatusOK, v, "", "")
}

func (s *Server) renderMyLink(w http.ResponseWriter, r *http.Request, status int, v voice, written, say string) error {
	p := myLinkPage{page: s.page(r, v, ""), Input: addressInput(v, say)}
	p.Title, p.Private = v.Say("my_link.title"), true
	p.Input.Label, p.Input.Value = prose{Words: run{Text: v.Say("field.email.label")}}, written
	if say != "" {
		p.Mistakes = []mistake{{ID: p.Input.ID, Say: say}}
	}
	return s.render(w, status, v, "my-link.html", p)
}

// sendMyLink asks for the link. Whatever the address is, the answer is the same,
// and so is the work until then: a job finds out later whether we know it.
func (s *Server) sendMyLink(w http.ResponseWriter, r *http.Request) error {
	if err := readBody(r); err != nil {
		return err
	}
	v := s.voice(r, s.guess.all, "")
	written := printable(r.PostForm.Get("email"))
	address, say := plainAddress(v, written)
	if say != "" {
		return s.renderMyLink(w, r, http.StatusUnprocessableEntity, v, written, say)
	}
	if err := s.limits.allow(s.client(r)); err != nil {
		return err
	}
	if err := s.Amendments.AskForLink(r.Context(), address, v.locale); err != nil {
		return err
	}
	http.Redirect(w, r, inLanguage("/my-link/sent", v.locale), http.StatusSeeOther)
	return nil
}

// plainAddress reads an address as a form does that asks for nothing else.
func plainAddress(v voice, written string) (address, say string) {
	const name = string(postroom.ReachEmail)
	form := &programme.Form{Fields: []programme.Field{{Name: name, Type: programme.EmailField, Required: true, MaxLength: longestAddress}}}
	return checkAddress(v, form, written)
}

// longestAddress is RFC 5321, section 4.5.3.1.3, without the brackets.
const longestAddress = 254

// myPage is everything that one address has with us.
type myPage struct {
	page
	Mailed  string
	Shared  bool // several people have something at the address
	People  []mine
	Lists   []myList
	Left    []myList // a moment ago, and can be undone
	Move    string   // where the news can be sent elsewhere
	StopAll string   // ends every list, where there are several; "" else
	Ask     string   // where somebody asks about their data; "" for nowhere
}

// mine is what one person has with us.
type mine struct {
	Name  string // "" where it need not or must not be said
	Items []myItem
}

// myItem is one thing that somebody sent.
type myItem struct {
	Title     run
	Reference string
	Received  string // day
	Stands    string
	Booking   *bookingView
	Link      string // "" where the mail about it has the only one
}

type myList struct {
	Title  run
	Choose string
	Stop   string
	Back   string
}

// shownFor is for how long what was settled is shown.
const shownFor = 365 * 24 * time.Hour

// showMine shows everything that the address has with us to which the link was
// mailed.
func (s *Server) showMine(w http.ResponseWriter, r *http.Request) error {
	address, locale, err := s.mine(r)
	if err != nil {
		return err
	}
	v := s.voice(r, s.guess.all, locale)
	read := s.Store.Read(r.Context())
	subs, err := read.SubmissionsAt(address, s.Clock.Now().Add(-shownFor))
	if err != nil {
		return err
	}
	lists, err := read.ListsAt(address)
	if err != nil {
		return err
	}
	p := myPage{page: s.page(r, v, ""), Mailed: address, Ask: s.formOfKind(v, postroom.DataRequest)}
	p.Title, p.Private = v.Say("my.title"), true
	if p.People, err = s.people(r, v, subs); err != nil {
		return err
	}
	p.Shared = len(p.People) > 1
	for _, sub := range lists {
		stop := link.Path(link.Unsubscribe, s.Links.Make(link.Unsubscribe, sub.ID, time.Time{}))
		p.Lists = append(p.Lists, myList{Title: s.listTitle(v, sub.List), Choose: myPath(r, v, "/news/"+sub.List), Stop: inLanguage(stop, v.locale)})
	}
	p.Move = myPath(r, v, "/address")
	if len(p.Lists) > 1 {
		p.StopAll = myPath(r, v, "/stop")
	}
	if p.Left, err = s.justLeft(r, v, address); err != nil {
		return err
	}
	return s.render(w, http.StatusOK, v, "my-page.html", p)
}

// mine opens the link in the mail: the address that it was mailed to, and the
// language of the mail.
func (s *Server) mine(r *http.Request) (address, locale string, err error) {
	id, err := s.Links.Open(r.PathValue("token"), link.My)
	if err != nil {
		return "", "", err
	}
	m, err := s.Store.Read(r.Context()).Message(id)
	if err != nil {
		return "", "", err
	}
	return m.To, m.Locale, nil
}

// people sorts what came in by whose it is. An address may be shared, and the link
// is for whoever reads its mail: names are said only where there are several, and
// of whoever is to be written to discreetly neither the name nor what it is about.
func (s *Server) people(r *http.Request, v voice, subs []postroom.Submission) (list []mine, err error) {
	read := s.Store.Read(r.Context())
	var whose []postroom.Contact
	at := make(map[string]int)
	for _, sub := range subs {
		if _, known := at[sub.Contact]; known {
			continue
		}
		contact, err := read.Contact(sub.Contact)
		if err != nil {
			return nil, err
		}
		at[sub.Contact] = len(whose)
		whose = append(whose, contact)
	}
	list = make([]mine, len(whose))
	for i, contact := range whose {
		if len(whose) > 1 && !contact.Discreet {
			list[i].Name = contact.Name
		}
	}
	for _, sub := range subs {
		i := at[sub.Contact]
		item, discreet, err := s.myItem(r, v, sub, whose[i], len(whose) > 1)
		if err != nil {
			return nil, err
		}
		if discreet {
			list[i].Name = ""
		}
		list[i].Items = append(list[i].Items, item)
	}
	return list, nil
}

// myItem is one thing that came in, and whether it is discreet: then it is named
// by its reference alone, and at an address that is shared it has no link.
func (s *Server) myItem(r *http.Request, v voice, sub postroom.Submission, contact postroom.Contact, shared bool) (item myItem, discreet bool, err error) {
	p, known := s.Programmes.Programme(sub.Programme)
	discreet = contact.Discreet || !known || p.Discreet || sub.Kind == postroom.Referral
	item = myItem{Title: run{Text: v.Say("my.something")}, Reference: sub.Reference, Received: v.day(sub.ReceivedAt.In(s.Org.Zone))}
	form, there := s.Programmes.Form(sub.Form)
	if there && (!discreet || !shared) {
		token := s.Links.Make(link.Manage, s.Links.SentTo(sub.ID, sub.Address), s.Clock.Now().Add(myLinksLast))
		item.Link = inLanguage(link.Path(link.Manage, token), v.locale)
	}
	if !there || discreet {
		return item, discreet, nil
	}
	item.Title, item.Stands = v.of(form.Title), v.Say("manage.state."+string(sub.State))
	file, err := s.onFile(r, sub.ID)
	if err != nil {
		return item, false, err
	}
	if file.booking != nil && file.booking.Submission == sub.ID {
		item.Booking = s.bookingView(v, file)
		item.Booking.StateSaid, item.Stands = v.Say("booking.state."+string(file.booking.State)), ""
	}
	return item, false, nil
}

// myLinksLast is how long the links on the page work, which can be opened anew.
const myLinksLast = 24 * time.Hour

// formOfKind is where the first open form of a kind is, or "".
func (s *Server) formOfKind(v voice, kind postroom.FormKind) string {
	for _, p := range s.Programmes.Programmes() {
		for _, f := range p.Forms {
			if f.Kind == kind && s.open(f) {
				return inLanguage("/f/"+f.Name, v.locale)
			}
		}
	}
	return ""
}
