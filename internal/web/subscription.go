package web

import (
	"context"
	"errors"
	"net/http"

	"postroom/internal/link"
	"postroom/internal/postroom"
)

// listPage asks about one address on one list: confirm.html whether it shall
// be on it, unsubscribe.html whether it shall leave.
type listPage struct {
	page
	List    run
	Mailed  string
	State   postroom.SubscriptionState
	Action  string
	Privacy prose
	Back    bool // they have just left, and can be put back
}

// subscription opens the link of a mail.
func (s *Server) subscription(r *http.Request, purpose link.Purpose) (postroom.Subscription, voice, error) {
	v := s.voice(r, s.guess.all, "")
	subject, err := s.Links.Open(r.PathValue("token"), purpose)
	if err != nil {
		return postroom.Subscription{}, v, err
	}
	var sub postroom.Subscription
	_, err = s.Links.Untie(subject, func(id string) (string, error) {
		sub, err = s.Store.Read(r.Context()).Subscription(id)
		return sub.Address, err
	})
	return sub, s.voice(r, s.guess.of(sub.Programme), sub.Locale), err
}

func (s *Server) showConfirm(w http.ResponseWriter, r *http.Request) error {
	sub, v, err := s.subscription(r, link.Confirm)
	if err != nil {
		return tooLate(err)
	}
	p := s.listPage(r, v, sub, link.Confirm)
	p.Title = v.Say("confirm.title." + string(sub.State))
	return s.render(w, http.StatusOK, v, "confirm.html", p)
}

// tooLate says of a link to confirm what its age means: an old link to
// anything else loses nobody a thing.
func tooLate(err error) error {
	if e, ok := errors.AsType[*postroom.Error](err); ok && e.Say.Key == "link.expired" {
		return &postroom.Error{Kind: e.Kind, Say: postroom.Say("link.expired_confirm"), Cause: e.Cause}
	}
	return err
}

// signUps lists the forms that put people on a list, for whom a link to
// confirm has come to its end.
func (s *Server) signUps(v voice) []homeForm {
	var forms []homeForm
	for _, p := range s.Programmes.Programmes() {
		for _, f := range p.Forms {
			if f.List != "" && f.Kind == postroom.SignUp {
				forms = append(forms, homeForm{Link: inLanguage("/f/"+f.Name, v.locale), Title: v.of(f.Title)})
			}
		}
	}
	return forms
}

func (s *Server) showUnsubscribe(w http.ResponseWriter, r *http.Request) error {
	sub, v, err := s.subscription(r, link.Unsubscribe)
	if err != nil {
		return err
	}
	p := s.listPage(r, v, sub, link.Unsubscribe)
	p.Title = v.Say("unsubscribe.title")
	if sub.State == postroom.Unsubscribed {
		p.Title = v.Say("unsubscribed.title")
		if _, p.Back, err = s.Store.Read(r.Context()).CanReturn(sub.ID, s.Clock.Now()); err != nil {
			return err
		}
	}
	return s.render(w, http.StatusOK, v, "unsubscribe.html", p)
}

func (s *Server) listPage(r *http.Request, v voice, sub postroom.Subscription, purpose link.Purpose) listPage {
	p := listPage{page: s.page(r, v, sub.Programme), Mailed: sub.Address, State: sub.State}
	p.Action = inLanguage(link.Path(purpose, r.PathValue("token")), v.locale)
	p.Private = true
	p.List = run{Text: sub.List}
	for _, each := range s.Programmes.Programmes() {
		for _, list := range each.Lists {
			if list.Name == sub.List {
				p.List, p.Privacy = v.of(list.Title), v.prose(each.Privacy, each.Reviewed)
			}
		}
	}
	return p
}

// confirm does what the button in the confirmation page asks. Only POST
// changes anything: mail scanners follow links with GET.
func (s *Server) confirm(w http.ResponseWriter, r *http.Request) error {
	return s.press(w, r, link.Confirm, s.Lists.Confirm, "/subscribed")
}

// notMe takes an address off a list that somebody else put on it.
func (s *Server) notMe(w http.ResponseWriter, r *http.Request) error {
	return s.press(w, r, link.Confirm, s.Lists.NotMe, "/not-me")
}

// unsubscribe takes an address off a list. Mail providers do it for their
// customers with a POST that says so (RFC 8058, section 3.1); they want an
// answer and no page. Whoever presses the button in the page may have been passed
// the mail on, so the address hears of it.
func (s *Server) unsubscribe(w http.ResponseWriter, r *http.Request) error {
	if err := readBody(r); err != nil {
		return err
	}
	if r.PostForm.Get("List-Unsubscribe") != "One-Click" {
		return s.press(w, r, link.Unsubscribe, s.Lists.Stop, link.Path(link.Unsubscribe, r.PathValue("token")))
	}
	sub, _, err := s.subscription(r, link.Unsubscribe)
	if err != nil {
		return err
	}
	if err := s.Lists.Unsubscribe(r.Context(), sub.ID); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// back puts an address on a list again that has just left it.
func (s *Server) back(w http.ResponseWriter, r *http.Request) error {
	return s.press(w, r, link.Unsubscribe, s.Lists.Back, link.Path(link.Unsubscribe, r.PathValue("token")))
}

// press does what a button asks about a subscription and leads to the page
// that says so.
func (s *Server) press(w http.ResponseWriter, r *http.Request, purpose link.Purpose, act func(context.Context, string) error, then string) error {
	if err := readBody(r); err != nil {
		return err
	}
	sub, v, err := s.subscription(r, purpose)
	if err != nil && purpose == link.Confirm {
		return tooLate(err)
	}
	if err != nil {
		return err
	}
	if err := s.remember(r, subscriber(sub)); err != nil {
		return err
	}
	if err := act(r.Context(), sub.ID); err != nil {
		return err
	}
	http.Redirect(w, r, inLanguage(then, v.locale), http.StatusSeeOther)
	return nil
}

// subscriber is whose subscription it is, as remember takes it.
func subscriber(sub postroom.Subscription) postroom.Submission {
	return postroom.Submission{ID: sub.Submission, Programme: sub.Programme, Contact: sub.Contact, Address: sub.Address, Locale: sub.Locale}
}

// donePage says that a button has done its work. It knows of nobody: its
// address is the same for all.
type donePage struct{ page }

func (s *Server) done(name, titleKey string) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		v := s.voice(r, s.guess.all, "")
		p := donePage{s.page(r, v, "")}
		p.Title, p.Private = v.Say(titleKey), true
		return s.render(w, http.StatusOK, v, name, p)
	}
}
