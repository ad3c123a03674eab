package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"postroom/internal/link"
	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// newsPage is what somebody chose of one list, behind the link that was mailed to
// them. A link in a newsletter leads nowhere near it: whoever a newsletter is passed
// on to can stop it and do nothing else.
type newsPage struct {
	page
	Mailed  string
	List    run
	State   postroom.SubscriptionState
	Done    bool // what was chosen has just been saved
	Back    bool // they have just left, and can be put back
	Action  string
	All     string // the page with everything
	Choices []fieldView
}

// routeNews names the pages on which somebody says what news they want, and where.
func (s *Server) routeNews(page func(string, handler)) {
	page("GET /my/{token}/news/{list}", s.showNews)
	page("POST /my/{token}/news/{list}", s.saveNews)
	page("POST /my/{token}/news/{list}/stop", s.stopNews)
	page("POST /my/{token}/news/{list}/back", s.backToNews)
	page("POST /my/{token}/stop", s.stopAllNews)
	page("GET /my/{token}/address", s.askAddress)
	page("POST /my/{token}/address", s.moveNews)
	page("GET /my/{token}/address/sent", s.showMoveSent)
	page("GET /move/{token}", s.showMove)
	page("POST /move/{token}", s.agreeToMove)
	page("POST /move/{token}/no", s.refuseMove)
}

// news opens a link to what an address has with us, and finds one list of it.
func (s *Server) news(r *http.Request) (sub postroom.Subscription, v voice, err error) {
	address, locale, err := s.mine(r)
	if err != nil {
		return sub, v, err
	}
	sub, found, err := s.Store.Read(r.Context()).SubscriptionAt(r.PathValue("list"), address)
	if err == nil && !found {
		err = &postroom.Error{Kind: postroom.NotFound, Say: postroom.Say("link.damaged")}
	}
	return sub, s.voice(r, s.guess.of(sub.Programme), locale), err
}

// myPath is below the page with everything.
func myPath(r *http.Request, v voice, rest string) string {
	return inLanguage(link.Path(link.My, r.PathValue("token"))+rest, v.locale)
}

func (s *Server) showNews(w http.ResponseWriter, r *http.Request) error {
	sub, v, err := s.news(r)
	if err != nil {
		return err
	}
	return s.renderNews(w, r, http.StatusOK, v, sub, "")
}

func (s *Server) renderNews(w http.ResponseWriter, r *http.Request, status int, v voice, sub postroom.Subscription, wrongDay string) error {
	p := newsPage{page: s.page(r, v, sub.Programme), Mailed: sub.Address, List: s.listTitle(v, sub.List), State: sub.State}
	p.Title, p.Private = v.Say("news.title"), true
	p.Done = r.URL.Query().Get("done") == "saved"
	p.Action, p.All = myPath(r, v, "/news/"+sub.List), myPath(r, v, "")
	if sub.State == postroom.Unsubscribed {
		_, can, err := s.Store.Read(r.Context()).CanReturn(sub.ID, s.Clock.Now())
		if err != nil {
			return err
		}
		p.Back = can
		return s.render(w, status, v, "news.html", p)
	}
	if list, _, ok := s.Programmes.List(sub.List); ok {
		p.Choices = s.newsFields(v, list, sub, wrongDay)
	}
	if wrongDay != "" {
		p.Mistakes = []mistake{{ID: "f-until", Say: wrongDay}}
	}
	return s.render(w, status, v, "news.html", p)
}

func (s *Server) newsFields(v voice, list *programme.List, sub postroom.Subscription, wrongDay string) (fields []fieldView) {
	for _, each := range []struct {
		name, chosen string
		offered      []programme.Option
	}{{"topics", sub.Topics, list.Topics}, {"areas", sub.Areas, list.Areas}} {
		if len(each.offered) == 0 {
			continue
		}
		view := fieldView{Part: "choices", Boxes: true, Name: each.name, ID: "f-" + each.name, Label: prose{Words: run{Text: v.text(postroom.Say("news." + each.name))}},
			Hint: run{Text: v.Say("news.all_hint")}, DescribedBy: "f-" + each.name + "-hint", Optional: true}
		chosen := strings.Fields(each.chosen)
		for _, o := range each.offered {
			view.Options = append(view.Options, optionView{ID: view.ID + "-" + o.Value, Value: o.Value, Label: prose{Words: v.of(o.Label)}, Checked: slices.Contains(chosen, o.Value)})
		}
		view.Options[0].ID = view.ID
		fields = append(fields, view)
	}
	often := radios(v, "often", "news.often", string(sub.Often), []radio{{string(postroom.EveryEdition), "news.every"}, {string(postroom.RoundUp), "news.monthly"}})
	look := radios(v, "look", "news.look", string(sub.Look), []radio{{"", "news.look_usual"}, {string(postroom.PlainText), "news.look_plain"}, {string(postroom.LargeText), "news.look_large"}})
	return append(fields, often, s.untilField(v, sub, wrongDay), s.languageField(v, sub), look)
}

// radio is one answer of a question with few.
type radio struct{ value, key string }

func radios(v voice, name, label, chosen string, offered []radio) fieldView {
	view := fieldView{Part: "choices", Name: name, ID: "f-" + name, Label: prose{Words: run{Text: v.text(postroom.Say(label))}}}
	for i, o := range offered {
		id := view.ID
		if i > 0 {
			id += "-" + o.value
		}
		view.Options = append(view.Options, optionView{ID: id, Value: o.value, Label: prose{Words: run{Text: v.text(postroom.Say(o.key))}}, Checked: o.value == chosen})
	}
	return view
}

func (s *Server) untilField(v voice, sub postroom.Subscription, wrong string) fieldView {
	view := fieldView{
		Part: "input", Name: "until", ID: "f-until", Type: "date", Dir: "ltr", Optional: true, Label: prose{Words: run{Text: v.Say("news.until")}},
		Hint: run{Text: v.Say("news.until_hint")}, DescribedBy: "f-until-hint", Mistake: wrong,
	}
	if wrong != "" {
		view.DescribedBy += " f-until-error"
	}
	if sub.PausedUntil.After(s.Clock.Now()) {
		view.Value = sub.PausedUntil.In(s.Org.Zone).Format(time.DateOnly)
	}
	return view
}

func (s *Server) languageField(v voice, sub postroom.Subscription) fieldView {
	view := fieldView{Part: "choices", Name: "speak", ID: "f-speak", Label: prose{Words: run{Text: v.Say("contact.language")}}}
	for i, tag := range s.guess.of(sub.Programme).tags {
		id := view.ID
		if i > 0 {
			id += "-" + tag
		}
		name := v.run(s.locales.Text(tag, postroom.Say("language.name")), tag)
		view.Options = append(view.Options, optionView{ID: id, Value: tag, Label: prose{Words: name}, Checked: v.best(sub.Locale) == tag})
	}
	return view
}

// longestPause is how far away the end of a pause may be.
const longestPause = 366 * 24 * time.Hour

// saveNews keeps what was chosen. What the page does not offer is left aside.
func (s *Server) saveNews(w http.ResponseWriter, r *http.Request) error {
	if err := readBody(r); err != nil {
		return err
	}
	sub, v, err := s.news(r)
	if err != nil {
		return err
	}
	list, _, ok := s.Programmes.List(sub.List)
	if !ok {
		return &postroom.Error{Kind: postroom.NotFound, Say: postroom.Say("link.damaged")}
	}
	sub.Topics, sub.Areas = offeredOf(r.PostForm["topics"], list.Topics), offeredOf(r.PostForm["areas"], list.Areas)
	if sub.Often = postroom.EveryEdition; r.PostForm.Get("often") == string(postroom.RoundUp) {
		sub.Often = postroom.RoundUp
	}
	if sub.Look = postroom.Look(r.PostForm.Get("look")); sub.Look != postroom.PlainText && sub.Look != postroom.LargeText {
		sub.Look = postroom.UsualLook
	}
	if tag := r.PostForm.Get("speak"); slices.Contains(s.guess.of(sub.Programme).tags, tag) {
		sub.Locale = tag
	}
	day := strings.TrimSpace(r.PostForm.Get("until"))
	sub.PausedUntil = time.Time{}
	if day != "" {
		until, err := time.ParseInLocation(time.DateOnly, day, s.Org.Zone)
		if now := s.Clock.Now(); err != nil || !until.After(now) || until.Sub(now) > longestPause {
			return s.renderNews(w, r, http.StatusUnprocessableEntity, v, sub, v.Say("news.until_wrong"))
		}
		sub.PausedUntil = until
	}
	if err := s.Lists.Choose(r.Context(), sub.ID, sub.Locale, sub.Choices); err != nil {
		return err
	}
	http.Redirect(w, r, myPath(r, v, "/news/"+sub.List)+"?done=saved", http.StatusSeeOther)
	return nil
}

// offeredOf keeps the values that a list offers, in its order. All of them is the
// same as none: whatever comes is wanted.
func offeredOf(values []string, offered []programme.Option) string {
	var kept []string
	for _, o := range offered {
		if slices.Contains(values, o.Value) {
			kept = append(kept, o.Value)
		}
	}
	if len(kept) == len(offered) {
		return ""
	}
	return strings.Join(kept, " ")
}

// stopNews ends one list. Nothing is mailed: whoever has the link has the mailbox.
func (s *Server) stopNews(w http.ResponseWriter, r *http.Request) error {
	return s.pressNews(w, r, func(r *http.Request, sub postroom.Subscription) error {
		return s.Lists.Unsubscribe(r.Context(), sub.ID)
	})
}

func (s *Server) backToNews(w http.ResponseWriter, r *http.Request) error {
	return s.pressNews(w, r, func(r *http.Request, sub postroom.Subscription) error { return s.Lists.Back(r.Context(), sub.ID) })
}

func (s *Server) pressNews(w http.ResponseWriter, r *http.Request, act func(*http.Request, postroom.Subscription) error) error {
	if err := readBody(r); err != nil {
		return err
	}
	sub, v, err := s.news(r)
	if err != nil {
		return err
	}
	if err := act(r, sub); err != nil {
		return err
	}
	http.Redirect(w, r, myPath(r, v, "/news/"+sub.List), http.StatusSeeOther)
	return nil
}

// stopAllNews ends every list of the address; the page with everything offers each
// of them again for a while.
func (s *Server) stopAllNews(w http.ResponseWriter, r *http.Request) error {
	if err := readBody(r); err != nil {
		return err
	}
	address, locale, err := s.mine(r)
	if err != nil {
		return err
	}
	lists, err := s.Store.Read(r.Context()).ListsAt(address)
	if err != nil {
		return err
	}
	for _, sub := range lists {
		if err := s.Lists.Unsubscribe(r.Context(), sub.ID); err != nil {
			return err
		}
	}
	http.Redirect(w, r, myPath(r, s.voice(r, s.guess.all, locale), ""), http.StatusSeeOther)
	return nil
}

// justLeft lists what an address has left a moment ago and can be on again.
func (s *Server) justLeft(r *http.Request, v voice, address string) (left []myList, err error) {
	read := s.Store.Read(r.Context())
	for _, p := range s.Programmes.Programmes() {
		for _, l := range p.Lists {
			sub, found, err := read.SubscriptionAt(l.Name, address)
			if err != nil {
				return nil, err
			}
			if !found || sub.State != postroom.Unsubscribed {
				continue
			}
			_, can, err := read.CanReturn(sub.ID, s.Clock.Now())
			if err != nil {
				return nil, err
			}
			if can {
				left = append(left, myList{Title: v.of(l.Title), Back: myPath(r, v, "/news/"+l.Name+"/back")})
			}
		}
	}
	return left, nil
}

// addressPage asks where the news shall go from now on.
type addressPage struct {
	page
	Mailed string
	Action string
	All    string
	Input  fieldView
}

func (s *Server) askAddress(w http.ResponseWriter, r *http.Request) error {
	address, locale, err := s.mine(r)
	if err != nil {
		return err
	}
	return s.renderAddress(w, r, http.StatusOK, s.voice(r, s.guess.all, locale), address, "", "")
}

func (s *Server) renderAddress(w http.ResponseWriter, r *http.Request, status int, v voice, address, written, say string) error {
	p := addressPage{page: s.page(r, v, ""), Mailed: address, Action: myPath(r, v, "/address"), All: myPath(r, v, ""), Input: addressInput(v, say)}
	p.Title, p.Private = v.Say("move.title"), true
	p.Input.Label, p.Input.Value = prose{Words: run{Text: v.Say("move.new")}}, written
	if say != "" {
		p.Mistakes = []mistake{{ID: p.Input.ID, Say: say}}
	}
	return s.render(w, status, v, "news-address.html", p)
}

// moveNews asks both mailboxes. Nothing moves before both have answered.
func (s *Server) moveNews(w http.ResponseWriter, r *http.Request) error {
	if err := readBody(r); err != nil {
		return err
	}
	address, locale, err := s.mine(r)
	if err != nil {
		return err
	}
	v := s.voice(r, s.guess.all, locale)
	written := printable(r.PostForm.Get("email"))
	to, say := plainAddress(v, written)
	if say != "" {
		return s.renderAddress(w, r, http.StatusUnprocessableEntity, v, address, written, say)
	}
	if err := s.limits.allow(s.client(r)); err != nil {
		return err
	}
	if err := s.Lists.AskToMove(r.Context(), address, strings.ToLower(to), v.locale); err != nil {
		return err
	}
	http.Redirect(w, r, myPath(r, v, "/address/sent"), http.StatusSeeOther)
	return nil
}

func (s *Server) showMoveSent(w http.ResponseWriter, r *http.Request) error {
	address, locale, err := s.mine(r)
	if err != nil {
		return err
	}
	v := s.voice(r, s.guess.all, locale)
	p := addressPage{page: s.page(r, v, ""), Mailed: address, All: myPath(r, v, "")}
	p.Title, p.Private = v.Say("move.sent_title"), true
	return s.render(w, http.StatusOK, v, "news-address-sent.html", p)
}

// movePage asks one end of a change of address.
type movePage struct {
	page
	State  string // waiting, agreed, done or refused
	Action string
	Mailed string
}

// moving opens the link of one end.
func (s *Server) moving(r *http.Request) (p movePage, id string, newEnd bool, v voice, err error) {
	subject, err := s.Links.Open(r.PathValue("token"), link.Move)
	if err != nil {
		return p, "", false, v, err
	}
	id, end, _ := strings.Cut(subject, "|")
	move, err := s.Store.Read(r.Context()).Move(id)
	if err != nil {
		return p, "", false, v, err
	}
	newEnd = end == "to"
	v = s.voice(r, s.guess.all, move.Locale)
	p = movePage{page: s.page(r, v, ""), State: move.State, Mailed: move.From}
	if newEnd {
		p.Mailed = move.To
	}
	if agreed := newEnd && !move.ToAt.IsZero() || !newEnd && !move.FromAt.IsZero(); agreed && move.State == "waiting" {
		p.State = "agreed"
	}
	p.Title, p.Private = v.Say("move.ask_title"), true
	p.Action = inLanguage(link.Path(link.Move, r.PathValue("token")), v.locale)
	return p, id, newEnd, v, nil
}

func (s *Server) showMove(w http.ResponseWriter, r *http.Request) error {
	p, _, _, v, err := s.moving(r)
	if err != nil {
		return err
	}
	return s.render(w, http.StatusOK, v, "move.html", p)
}

func (s *Server) agreeToMove(w http.ResponseWriter, r *http.Request) error {
	return s.answerMove(w, r, func(r *http.Request, id string, newEnd bool) error {
		return s.Lists.AgreeToMove(r.Context(), id, newEnd)
	})
}

func (s *Server) refuseMove(w http.ResponseWriter, r *http.Request) error {
	return s.answerMove(w, r, func(r *http.Request, id string, _ bool) error { return s.Lists.RefuseMove(r.Context(), id) })
}

func (s *Server) answerMove(w http.ResponseWriter, r *http.Request, act func(*http.Request, string, bool) error) error {
	if err := readBody(r); err != nil {
		return err
	}
	p, id, newEnd, _, err := s.moving(r)
	if err != nil {
		return err
	}
	if err := act(r, id, newEnd); err != nil {
		return err
	}
	http.Redirect(w, r, p.Action, http.StatusSeeOther)
	return nil
}
