package web

import (
	"errors"
	"net/http"
	"time"

	"postroom/internal/campaign"
	"postroom/internal/postroom"
	"postroom/internal/proof"
)

func editionRoutes() []programRoute {
	const editions, one = "/api/v1/editions", "/api/v1/editions/{edition}"
	return []programRoute{
		{
			method: http.MethodGet, path: editions, id: "listEditions", say: "Newsletters, the newest first",
			needs: scopes(postroom.EditionsRead), deed: gives((*call).editions),
			query: []parameter{limitParameter(), cursorParameter(), {name: "list", say: "Only those of this list"}},
		},
		{
			method: http.MethodPost, path: editions, id: "writeEdition", say: "File a newsletter as a draft. The same words to the same list are one draft",
			needs: scopes(postroom.EditionsWrite), made: true, deed: takes((*call).writeEdition),
		},
		{
			method: http.MethodPost, path: editions + "/check", id: "checkEdition", say: "Say what keeps a newsletter from being sent. Nothing is filed",
			needs: scopes(postroom.EditionsWrite), deed: takes((*call).checkEdition),
		},
		{
			method: http.MethodGet, path: one, id: "getEdition", say: "One newsletter, its words, and what became of its copies",
			needs: scopes(postroom.EditionsRead), deed: gives((*call).editionInFull),
		},
		{
			method: http.MethodPut, path: one + "/words", id: "rewordEdition", say: "Give a newsletter other words. What was approved is a draft again",
			needs: scopes(postroom.EditionsWrite), deed: takes((*call).rewordEdition),
		},
		{
			method: http.MethodGet, path: one + "/rows", id: "listCopies", say: "A line for each copy of a newsletter: for whom it was, what became of it, and why",
			needs: scopes(postroom.EditionsRead, postroom.ContactsRead), givesFile: tableType, deed: handsOver((*call).editionRows),
		},
	}
}

// editionView is a newsletter as programs are told of it.
type editionView struct {
	ID         string    `json:"id"`
	List       string    `json:"list"`
	Subject    string    `json:"subject"`
	Language   string    `json:"language"`
	State      string    `json:"state" enum:"draft approved scheduled sending paused sent cancelled"`
	CreatedAt  time.Time `json:"created_at"`
	Author     string    `json:"author,omitempty"`
	ApprovedBy string    `json:"approved_by,omitempty"`
	Markdown   string    `json:"markdown,omitempty" say:"As it was written; only of one newsletter"`

	BeginsAt     *time.Time    `json:"begins_at,omitempty"`
	NotLaterThan *time.Time    `json:"not_later_than,omitempty" say:"After that somebody is asked instead"`
	Account      *editionCount `json:"account,omitempty" say:"Only of one newsletter"`
}

// editionCount is what became of the copies: chosen is at every moment the sum of
// the six that follow it.
type editionCount struct {
	Chosen     int            `json:"chosen" say:"Always the sum of the six that follow"`
	Sent       int            `json:"sent"`
	Suppressed int            `json:"suppressed"`
	Held       int            `json:"held"`
	Failed     int            `json:"failed"`
	Uncertain  int            `json:"uncertain"`
	Waiting    int            `json:"waiting"`
	Choosing   bool           `json:"choosing" say:"Recipients are still being chosen, so chosen grows"`
	Bounced    int            `json:"bounced" say:"Of failed: they were sent, and came back"`
	Complaints int            `json:"complaints" say:"Of sent: somebody called it junk"`
	Reasons    []countedState `json:"reasons"`
	LastAt     *time.Time     `json:"last_at,omitempty" say:"When the last person will have it"`
	EndedAt    *time.Time     `json:"ended_at,omitempty"`
}

type countedState struct {
	State  string `json:"state"`
	Reason string `json:"reason"`
	Copies int    `json:"copies"`
}

type editionsView struct {
	Editions []editionView `json:"editions"`
	Next     string        `json:"next,omitempty" say:"The cursor of what follows; without it there is no more"`
}

func editionOf(c postroom.Campaign) editionView {
	return editionView{ID: c.ID, List: c.List, Subject: c.Subject, Language: c.Locale, State: string(c.State), CreatedAt: c.CreatedAt.UTC()}
}

func (c *call) editions() (answer editionsView, err error) {
	list := c.asked("list")
	if list != "" {
		if _, _, err := c.listNamed(list); err != nil {
			return answer, err
		}
	} else {
		list = c.by.List
	}
	limit, err := c.limit()
	if err != nil {
		return answer, err
	}
	found, err := c.read().CampaignsBefore(list, c.asked("cursor"), limit)
	answer.Editions = make([]editionView, len(found))
	for i, each := range found {
		answer.Editions[i] = editionOf(each)
	}
	if len(found) == limit {
		answer.Next = found[limit-1].ID
	}
	return answer, err
}

// edition is the newsletter that the address names, if the token is for its list.
func (c *call) edition() (campaign.Matter, error) {
	m, err := campaign.MatterOf(c.read(), c.PathValue("edition"))
	if err == nil && !c.may(m.List) {
		return m, c.otherList()
	}
	return m, err
}

func (c *call) editionInFull() (editionView, error) {
	m, err := c.edition()
	if err != nil {
		return editionView{}, err
	}
	return c.stands(m.ID)
}

// stands tells how a newsletter stands now.
func (c *call) stands(id string) (editionView, error) {
	read := c.read()
	m, err := campaign.MatterOf(read, id)
	if err != nil {
		return editionView{}, err
	}
	a, err := campaign.AccountOf(read, id)
	if err != nil {
		return editionView{}, err
	}
	view := editionOf(m.Campaign)
	view.Author, view.ApprovedBy, view.Markdown = a.Author, a.ApprovedBy, m.Life.Source
	view.BeginsAt, view.NotLaterThan = a.StartsAt, a.NotLaterThan
	view.Account = &editionCount{
		Chosen: a.Chosen, Sent: a.Sent, Suppressed: a.Suppressed, Held: a.Held, Failed: a.Failed, Uncertain: a.Uncertain, Waiting: a.Waiting,
		Choosing: a.Choosing, Bounced: a.Bounced, Complaints: a.Complaints, Reasons: []countedState{},
		LastAt: whenever(c.s.Programs.Newsletters.LastAt(c.Context(), a)), EndedAt: a.EndedAt,
	}
	for _, r := range a.Reasons {
		view.Account.Reasons = append(view.Account.Reasons, countedState{string(r.State), r.Reason, r.Copies})
	}
	return view, nil
}

// newEdition is a newsletter as somebody wrote it.
type newEdition struct {
	List     string `json:"list"`
	Markdown string `json:"markdown" say:"What a file of a newsletter holds: its subject between two lines of three dashes, then its text"`
}

func (c *call) draft(list, markdown string) (postroom.Campaign, error) {
	if _, _, err := c.listNamed(list); err != nil {
		return postroom.Campaign{}, err
	}
	return c.s.Programs.ReadDraft("line", []byte(markdown), list)
}

func (c *call) writeEdition(e newEdition) (editionView, error) {
	written, err := c.draft(e.List, e.Markdown)
	if err != nil {
		return editionView{}, err
	}
	filed, added, err := c.s.Programs.Newsletters.Draft(c.Context(), written, e.Markdown, c.by.Actor())
	if err != nil {
		return editionView{}, err
	}
	if added {
		c.status = http.StatusCreated
	}
	return c.stands(filed.ID)
}

// checkedEdition is what keeps a newsletter from being sent.
type checkedEdition struct {
	Sendable bool             `json:"sendable"`
	Mistakes []editionMistake `json:"mistakes"`
	Notes    []string         `json:"notes" say:"What does not keep it from being sent"`
}

type editionMistake struct {
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Say     string `json:"say"`
	Instead string `json:"instead,omitempty" say:"What to write"`
}

func (c *call) checkEdition(e newEdition) (answer checkedEdition, err error) {
	answer = checkedEdition{Mistakes: []editionMistake{}, Notes: []string{}}
	written, err := c.draft(e.List, e.Markdown)
	if found, ok := errors.AsType[proof.Mistakes](err); ok {
		for _, m := range found {
			answer.Mistakes = append(answer.Mistakes, editionMistake{m.Line, m.Column, m.Say, m.Instead})
		}
		return answer, nil
	}
	if err != nil {
		return answer, err
	}
	answer.Notes = append(answer.Notes, c.s.Programs.Untold(written)...)
	if c.s.Org.PostalAddress == "" {
		answer.Mistakes = append(answer.Mistakes, editionMistake{Say: "the organisation has no postal address, which every newsletter must have", Instead: "postal_address: under organisation: in the settings"})
	}
	answer.Sendable = len(answer.Mistakes) == 0
	return answer, nil
}

// newWords are what a newsletter is to say instead.
type newWords struct {
	Markdown string `json:"markdown"`
}

func (c *call) rewordEdition(w newWords) (editionView, error) {
	m, err := c.edition()
	if err != nil {
		return editionView{}, err
	}
	written, err := c.draft(m.List, w.Markdown)
	if err != nil {
		return editionView{}, err
	}
	if err := c.s.Programs.Newsletters.Edit(c.Context(), m.ID, c.by.Actor(), written, w.Markdown); err != nil {
		return editionView{}, err
	}
	return c.stands(m.ID)
}

func (c *call) editionRows(w http.ResponseWriter) error {
	m, err := c.edition()
	if err != nil {
		return err
	}
	if err := c.looked("newsletter:" + m.ID); err != nil {
		return err
	}
	c.s.patient(w)
	w.Header().Set("Content-Type", tableType+"; charset=utf-8")
	return campaign.WriteRows(c.read(), m.ID, w)
}
