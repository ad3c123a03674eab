package web

import (
	"net/http"
	"strings"

	"postroom/internal/link"
	"postroom/internal/postroom"
)

// showLeave asks whether an address shall leave every list: a letter asked for
// it, and nobody knows whose that was.
func (s *Server) showLeave(w http.ResponseWriter, r *http.Request) error {
	sub, v, err := s.subscription(r, link.Leave)
	if err != nil {
		return err
	}
	live, err := s.Store.Read(r.Context()).SubscriptionsAt(sub.Address, nil)
	if err != nil {
		return err
	}
	if len(live) > 0 {
		sub = live[0]
	}
	p := s.listPage(r, v, sub, link.Leave)
	if len(live) > 0 {
		p.List = run{Text: s.listTitles(v, live)}
	}
	p.Title = v.Say("unsubscribe.title")
	return s.render(w, http.StatusOK, v, "unsubscribe.html", p)
}

func (s *Server) leave(w http.ResponseWriter, r *http.Request) error {
	return s.press(w, r, link.Leave, s.Lists.LeaveAll, "/unsubscribed")
}

// left opens the link that undoes what a letter did: the message that told of
// it, and the subscriptions that it can put back.
func (s *Server) left(r *http.Request) (message string, subs []postroom.Subscription, err error) {
	if message, err = s.Links.Open(r.PathValue("token"), link.Undo); err != nil {
		return "", nil, err
	}
	read := s.Store.Read(r.Context())
	m, err := read.Message(message)
	if err != nil {
		return "", nil, err
	}
	for id := range strings.FieldsSeq(m.Data[postroom.DataLeft]) {
		sub, err := read.Subscription(id)
		if err != nil {
			return "", nil, err
		}
		subs = append(subs, sub)
	}
	if len(subs) == 0 {
		return "", nil, &postroom.Error{Kind: postroom.NotFound, Say: postroom.Say("link.damaged")}
	}
	return message, subs, nil
}

func (s *Server) showUndo(w http.ResponseWriter, r *http.Request) error {
	_, subs, err := s.left(r)
	if err != nil {
		return err
	}
	v := s.voice(r, s.guess.of(subs[0].Programme), subs[0].Locale)
	p := s.listPage(r, v, subs[0], link.Undo)
	p.List, p.Title = run{Text: s.listTitles(v, subs)}, v.Say("undo.title")
	if p.State == postroom.Confirmed {
		p.Title = v.Say("subscribed.title")
	}
	return s.render(w, http.StatusOK, v, "undo.html", p)
}

// undo puts an address back on what a letter took it off, and leads to the page
// that then says so.
func (s *Server) undo(w http.ResponseWriter, r *http.Request) error {
	if err := readBody(r); err != nil {
		return err
	}
	message, subs, err := s.left(r)
	if err != nil {
		return err
	}
	if err := s.remember(r, subscriber(subs[0])); err != nil {
		return err
	}
	if err := s.Lists.Return(r.Context(), message); err != nil {
		return err
	}
	v := s.voice(r, s.guess.of(subs[0].Programme), subs[0].Locale)
	http.Redirect(w, r, inLanguage(link.Path(link.Undo, r.PathValue("token")), v.locale), http.StatusSeeOther)
	return nil
}

// listTitles names the lists of some subscriptions.
func (s *Server) listTitles(v voice, subs []postroom.Subscription) string {
	var titles []string
	for _, sub := range subs {
		titles = append(titles, s.listTitle(v, sub.List).Text)
	}
	return strings.Join(titles, ", ")
}

func (s *Server) listTitle(v voice, name string) run {
	for _, p := range s.Programmes.Programmes() {
		for _, list := range p.Lists {
			if list.Name == name {
				return v.of(list.Title)
			}
		}
	}
	return run{Text: name}
}
