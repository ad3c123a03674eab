package web

import (
	"crypto/rand"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"postroom/internal/link"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// journey is one request to the pages of a draft.
type journey struct {
	draft  store.Draft
	form   *programme.Form
	voice  voice
	token  string // as it stands in the address
	byMail bool   // whoever has the mail has the link, so answers of a special category are not shown
	at     time.Time
}

// begin keeps a new draft and leads to its first page. A draft is made by a
// button only: pages are opened by many programs that nobody sits at.
func (s *Server) begin(w http.ResponseWriter, r *http.Request, a attempt, seen []string) (journey, error) {
	token, now := rand.Text(), s.Clock.Now()
	j := journey{form: a.form, voice: a.voice, token: token, at: now.In(s.Org.Zone)}
	j.draft = store.Draft{
		Hash: store.HashOfDraft(token), Form: a.form.Name, Locale: a.voice.locale, State: store.DraftOpen, BegunAt: now, TouchedAt: now,
		DraftBody: store.DraftBody{Key: rand.Text(), Answers: a.answers, Seen: seen, Version: a.ticket.version, Suspect: a.suspect || slices.Contains(a.signs, postroom.SignTrap)},
	}
	if len(a.form.FilesIn(a.answers)) > 0 {
		j.draft.Holder = a.holder
	}
	if !a.ticket.made.IsZero() {
		j.draft.BegunAt = a.ticket.made
	}
	if err := s.Store.Write(r.Context(), func(tx *store.Tx) error { return tx.BeginDraft(j.draft) }); err != nil {
		return j, err
	}
	http.Redirect(w, r, j.link(j.next()), http.StatusSeeOther)
	return j, nil
}

// journey opens the draft of a request. Its token is either the one that was
// drawn for it, or the signed link of a mail, which names the row alone.
func (s *Server) journey(r *http.Request) (j journey, err error) {
	j.token, j.at = r.PathValue("token"), s.Clock.Now().In(s.Org.Zone)
	hash := store.HashOfDraft(j.token)
	if j.byMail = len(j.token) != len(rand.Text()); j.byMail {
		if hash, err = s.Links.Open(j.token, link.Draft); err != nil {
			return j, endedDraft(err)
		}
	}
	if j.draft, err = s.Store.Read(r.Context()).Draft(hash, j.at); err != nil {
		if postroom.KindOf(err) == postroom.NotFound {
			err = &postroom.Error{Kind: postroom.NotFound, Say: postroom.Say("draft.unknown"), Cause: err}
		}
		return j, err
	}
	var ok bool
	if j.form, ok = s.Programmes.Form(j.draft.Form); !ok {
		return j, &postroom.Error{Kind: postroom.Gone, Say: postroom.Say("error.no_form")}
	}
	j.voice = s.voice(r, s.guess.of(j.form.Programme.Name), j.draft.Locale)
	return j, nil
}

// endedDraft says of a link that came to its end what has become of the answers: unlike
// what was sent, they end with it.
func endedDraft(err error) error {
	if postroom.KindOf(err) != postroom.Gone {
		return err
	}
	return &postroom.Error{Kind: postroom.Gone, Say: postroom.Say("draft.ended.text"), Cause: err}
}

// onlyPage is the name of the page of a form that has a single one.
const onlyPage = "form"

// sections are the pages with questions, those without a question among them.
func (j journey) sections() []programme.Section {
	if j.form.Layout == programme.OnePerPage {
		return j.form.Sections
	}
	all := programme.Section{Name: onlyPage}
	for _, f := range j.form.Fields {
		if f.Derived == nil {
			all.Fields = append(all.Fields, f.Name)
		}
	}
	return []programme.Section{all}
}

// route are the pages on which somebody with these answers is asked something.
func (j journey) route() []programme.Section {
	asked := j.form.Asked(j.draft.Answers, j.at)
	return slices.DeleteFunc(slices.Clone(j.sections()), func(s programme.Section) bool { return !meet(s.Fields, asked) })
}

func meet(a, b []string) bool {
	return slices.ContainsFunc(a, func(name string) bool { return slices.Contains(b, name) })
}

// next is the first page with a question that was not asked yet, or else the
// page that shows the answers.
func (j journey) next() string {
	asked := slices.DeleteFunc(j.form.Asked(j.draft.Answers, j.at), func(name string) bool { return slices.Contains(j.draft.Seen, name) })
	for _, s := range j.sections() {
		if meet(s.Fields, asked) {
			return s.Name
		}
	}
	return checkPageName
}

// after is the page that follows one, as long as there are questions.
func (j journey) after(name string) string {
	route := j.route()
	i := slices.IndexFunc(route, func(s programme.Section) bool { return s.Name == name })
	if i >= 0 && i+1 < len(route) {
		return route[i+1].Name
	}
	return j.next()
}

// before is where the link back leads.
func (j journey) before(name string) string {
	route := j.route()
	i := slices.IndexFunc(route, func(s programme.Section) bool { return s.Name == name })
	switch {
	case name == checkPageName && len(route) > 0:
		return j.link(route[len(route)-1].Name)
	case i > 0:
		return j.link(route[i-1].Name)
	}
	return inLanguage("/f/"+url.PathEscape(j.form.Name), j.voice.locale)
}

func (j journey) path(page string) string {
	path := "/d/" + url.PathEscape(j.token)
	if page != "" {
		path += "/" + url.PathEscape(page)
	}
	return path
}

func (j journey) link(page string) string { return inLanguage(j.path(page), j.voice.locale) }

// shown are the answers that a page may show.
func (j journey) shown() postroom.Answers {
	if j.byMail {
		return shown(j.form, j.draft.Answers)
	}
	return j.draft.Answers
}

// merged are the answers of a draft with those that a page sent in the place of
// its own. What a page could not show is kept as long as it is left empty.
func (j journey) merged(kept, sent postroom.Answers, s programme.Section) postroom.Answers {
	all := maps.Clone(kept)
	if all == nil {
		all = postroom.Answers{}
	}
	for _, name := range s.Fields {
		f, ok := j.form.Field(name)
		if !ok || j.byMail && f.SpecialCategory && len(kept[name]) > 0 && blank(sent[name]) {
			continue
		}
		delete(all, name)
		if len(sent[name]) > 0 {
			all[name] = sent[name]
		}
	}
	return all
}

func blank(values []string) bool {
	return !slices.ContainsFunc(values, func(value string) bool { return value != "" })
}

// tidied puts the answers of a page in the shape in which they are kept: those
// that will do, and of what is never kept only what is told from it.
func (j journey) tidied(all postroom.Answers, s programme.Section) postroom.Answers {
	clean, _ := j.form.CheckAt(all, j.at)
	for _, f := range j.form.Fields {
		own := slices.Contains(s.Fields, f.Name) || f.Derived != nil && slices.Contains(s.Fields, f.Derived.From)
		if !own {
			continue
		}
		delete(all, f.Name)
		if len(clean[f.Name]) > 0 {
			all[f.Name] = clean[f.Name]
		}
	}
	return all
}

// draftPage says what became of a draft that has no pages any more.
type draftPage struct {
	page
	Form  run
	Say   string
	Again string // "" where there is nothing to begin again
	Link  string // what the button says
}

// over answers for a draft that is not open: it was sent, or came to its end.
func (s *Server) over(w http.ResponseWriter, r *http.Request, j journey) error {
	if j.draft.State == store.DraftSent && !j.byMail && j.draft.Receipt != "" && j.at.Before(j.draft.TouchedAt.Add(receiptLife)) {
		http.Redirect(w, r, s.receiptLink(r, j.draft.Receipt, j.voice.locale), http.StatusSeeOther)
		return nil
	}
	p := draftPage{page: s.page(r, j.voice, j.form.Programme.Name), Form: j.voice.of(j.form.Title)}
	status := http.StatusOK
	p.Private, p.Again = true, inLanguage("/f/"+url.PathEscape(j.form.Name), j.voice.locale)
	p.Title, p.Say, p.Link = j.voice.Say("draft.sent.title"), j.voice.Say("draft.sent.text"), j.voice.Say("receipt.another")
	if j.draft.State == store.DraftEnded {
		status = http.StatusGone
		p.Title, p.Say, p.Link = j.voice.Say("draft.ended.title"), j.voice.Say("draft.ended.text"), j.voice.Say("draft.ended.again")
	}
	return s.render(w, status, j.voice, "draft.html", p)
}
