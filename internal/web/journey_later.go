package web

import (
	"crypto/rand"
	"net/http"
	"strings"

	"postroom/internal/link"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// Mails owes a message, to be sent by the one door out.
type Mails interface {
	// Owe puts a message on file with the job that sends it.
	Owe(tx *store.Tx, m postroom.Message) (postroom.Message, error)
}

const (
	laterPageName = "later"
	finishLater   = "finish-later" // the template of the mail with the link
)

// How many mails with a link to a draft there may be: for one draft, and for
// one address in a day, whoever asks for them. The page says the same whether
// one was sent or not, or it would tell what else somebody asked for.
const (
	mostDraftMails = 3
	dailyDraftMail = 3
)

// laterPage offers a link by mail to whoever goes on another day.
type laterPage struct {
	page
	Form   run
	Action string
	Back   string
	Until  string // the day on which the answers are deleted
	Sent   string // the address a link was asked for
	Input  fieldView
}

func (s *Server) showLater(w http.ResponseWriter, r *http.Request) error {
	j, err := s.journey(r)
	if err != nil {
		return err
	}
	if j.draft.State != store.DraftOpen {
		return s.over(w, r, j)
	}
	return s.renderLater(w, r, http.StatusOK, j, j.draft.Answers.One("email"), "", "")
}

// mailLink sends the link to go on with, to an address that is kept nowhere but
// in the message.
func (s *Server) mailLink(w http.ResponseWriter, r *http.Request) error {
	j, err := s.journey(r)
	if err != nil {
		return err
	}
	if err := readBody(r); err != nil {
		return err
	}
	j.voice = s.voice(r, s.guess.of(j.form.Programme.Name), j.draft.Locale)
	if j.draft.State != store.DraftOpen {
		return s.over(w, r, j)
	}
	if err := s.limits.allow(s.client(r)); err != nil {
		return err
	}
	written := printable(r.PostForm.Get("email"))
	address, say := checkAddress(j.voice, addressForm(j.form), written)
	if say != "" {
		return s.renderLater(w, r, http.StatusUnprocessableEntity, j, written, say, "")
	}
	if s.Mails == nil {
		return &postroom.Error{Kind: postroom.Unavailable}
	}
	if err := s.Store.Write(r.Context(), func(tx *store.Tx) error { return s.oweLink(tx, j, address) }); err != nil {
		return err
	}
	return s.renderLater(w, r, http.StatusOK, j, address, "", address)
}

func (s *Server) oweLink(tx *store.Tx, j journey, address string) error {
	room, err := tx.MailDraft(j.draft.Hash, strings.ToLower(address), mostDraftMails, dailyDraftMail, j.at)
	if err != nil || !room {
		return err
	}
	until := j.at.Add(store.DraftLife)
	token := s.Links.Make(link.Draft, j.draft.Hash, until)
	_, err = s.Mails.Owe(tx, postroom.Message{
		Key: "later:" + rand.Text(), Programme: j.form.Programme.Name, To: strings.ToLower(address), Template: finishLater, Locale: j.voice.locale,
		Class: postroom.Service, Lane: postroom.Confirm, Discreet: j.form.Programme.Discreet || j.form.Exit != "", CreatedAt: j.at,
		Data: map[string]string{"url": s.Org.BaseURL + link.Path(link.Draft, token), "ends": until.UTC().Format("2006-01-02T15:04:05Z07:00")},
	})
	return err
}

// addressForm asks for an address and nothing else.
func addressForm(form *programme.Form) *programme.Form {
	email := programme.Field{Name: string(postroom.ReachEmail), Type: programme.EmailField, Required: true, MaxLength: 254}
	return &programme.Form{Programme: form.Programme, Name: form.Name, Fields: []programme.Field{email}}
}

func (s *Server) renderLater(w http.ResponseWriter, r *http.Request, status int, j journey, written, say, sent string) error {
	p := laterPage{
		page: s.page(r, j.voice, j.form.Programme.Name), Form: j.voice.of(j.form.Title), Action: j.path(laterPageName), Back: j.link(j.next()),
		Until: j.voice.day(j.draft.TouchedAt.Add(store.DraftLife).In(s.Org.Zone)), Sent: sent, Input: addressInput(j.voice, say),
	}
	p.Input.Label.Words = run{Text: j.voice.Say(programme.EmailField.LabelKey())}
	p.Input.Value = written
	title := "later.title"
	if sent != "" {
		title = "later.sent.title"
		p.Until = j.voice.day(j.at.Add(store.DraftLife).In(s.Org.Zone))
	}
	p.Title, p.Private, p.Exit = j.voice.Say(title)+" – "+p.Form.Text, true, exitOf(j.form)
	if say != "" {
		p.Mistakes = []mistake{{ID: p.Input.ID, Say: say}}
	}
	return s.render(w, status, j.voice, "later.html", p)
}
