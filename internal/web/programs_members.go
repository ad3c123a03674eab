package web

import (
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"net/http"
	"slices"
	"strings"
	"time"

	"postroom/internal/imports"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

func memberRoutes() []programRoute {
	const members = "/api/v1/lists/{list}/members"
	states := []string{string(postroom.Pending), string(postroom.Confirmed), string(postroom.Unsubscribed)}
	return []programRoute{
		{
			method: http.MethodGet, path: members, id: "listMembers", say: "Who is or was on a list, in the order of addresses",
			needs: scopes(postroom.ContactsRead), deed: gives((*call).members),
			query: []parameter{limitParameter(), cursorParameter(), {name: "state", say: "Only those in this state", values: states}},
		},
		{
			method: http.MethodGet, path: members + "/{address}", id: "getMember", say: "Who is or was on a list under an address",
			needs: scopes(postroom.ContactsRead), deed: gives((*call).member),
		},
		{
			method: http.MethodPost, path: members, id: "addMember", say: "Put somebody on a list. Who has left it, or wants no news at all, stays away",
			needs: scopes(postroom.ContactsWrite), keyed: true, deed: takes((*call).addMember),
		},
		{
			method: http.MethodDelete, path: members + "/{address}", id: "removeMember", say: "Take somebody off a list; no import puts them back",
			needs: scopes(postroom.ContactsWrite), deed: done((*call).removeMember),
		},
		importRoute(),
	}
}

// memberView is somebody on a list as programs are told of them.
type memberView struct {
	Address     string     `json:"address"`
	Name        string     `json:"name"`
	State       string     `json:"state" enum:"pending confirmed unsubscribed"`
	Basis       string     `json:"basis" enum:"consent soft_opt_in unknown"`
	Source      string     `json:"source" say:"Where we have them from, if it was no form of ours"`
	Language    string     `json:"language"`
	Topics      []string   `json:"topics" say:"What they chose to read about; none is everything"`
	Areas       []string   `json:"areas" say:"Of which areas they chose to read; none is all"`
	Often       string     `json:"often" enum:"every round_up"`
	PausedUntil *time.Time `json:"paused_until,omitempty"`
	AskedAt     time.Time  `json:"asked_at"`
	ConfirmedAt *time.Time `json:"confirmed_at,omitempty"`
	EndedAt     *time.Time `json:"ended_at,omitempty"`
	Stopped     string     `json:"stopped,omitempty" say:"Why no news goes to the address, from any list"`
}

type membersView struct {
	Members []memberView `json:"members"`
	Next    string       `json:"next,omitempty" say:"The cursor of what follows; without it there is no more"`
}

func memberOf(m store.MemberRow) memberView {
	return memberView{
		Address: m.Address, Name: m.Name, State: string(m.State), Basis: string(m.Basis), Source: m.Source, Language: m.Locale,
		Topics: fieldsOf(m.Topics), Areas: fieldsOf(m.Areas), Often: string(m.Often), PausedUntil: whenever(m.PausedUntil),
		AskedAt: m.AskedAt.UTC(), ConfirmedAt: whenever(m.ConfirmedAt), EndedAt: whenever(m.EndedAt), Stopped: m.Stopped,
	}
}

func fieldsOf(values string) []string { return append([]string{}, strings.Fields(values)...) }

// whenever is a moment, or nil where there is none.
func whenever(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func (c *call) members() (answer membersView, err error) {
	l, _, err := c.list()
	if err != nil {
		return answer, err
	}
	limit, err := c.limit()
	if err != nil {
		return answer, err
	}
	after, err := base64.RawURLEncoding.DecodeString(c.asked("cursor"))
	if err != nil {
		return answer, refuse("cursor", "what an answer before called next")
	}
	rows, err := c.read().MembersAfter(l.Name, postroom.SubscriptionState(c.asked("state")), string(after), limit)
	if err != nil {
		return answer, err
	}
	answer.Members = make([]memberView, len(rows))
	for i, m := range rows {
		answer.Members[i] = memberOf(m)
	}
	if len(rows) == limit {
		answer.Next = base64.RawURLEncoding.EncodeToString([]byte(rows[limit-1].Address))
	}
	return answer, c.looked("list:" + l.Name)
}

func (c *call) member() (answer memberView, err error) {
	l, _, err := c.list()
	if err != nil {
		return answer, err
	}
	m, found, err := c.read().MemberAt(l.Name, c.address())
	if err == nil && !found {
		err = notOnList()
	}
	if err != nil {
		return answer, err
	}
	return memberOf(m), c.looked("list:" + l.Name)
}

func (c *call) address() string { return strings.ToLower(strings.TrimSpace(c.PathValue("address"))) }

func notOnList() error {
	return &postroom.Error{Kind: postroom.NotFound, Say: postroom.Say("api.not_on_list")}
}

// byAsking is the basis of somebody who is asked by a mail, and on the list once
// they have pressed its button.
const byAsking = "ask"

// newMember is somebody whom a program puts on a list.
type newMember struct {
	Address  string   `json:"address" max:"254"`
	Basis    string   `json:"basis" enum:"ask consent soft_opt_in unknown" say:"Why they may be mailed. ask: they get a mail with a button first. unknown: they are kept and not mailed"`
	Source   string   `json:"source" max:"200" say:"Where and how they said so"`
	Name     string   `json:"name,omitempty" max:"200"`
	Language string   `json:"language,omitempty" say:"In which they are written to"`
	AgreedOn string   `json:"agreed_on,omitempty" say:"The day on which they said so, such as 2026-05-01"`
	Topics   []string `json:"topics,omitempty"`
	Areas    []string `json:"areas,omitempty"`
}

// addedMember is what became of it. A program that may not see who is on a list is
// not told whether somebody was.
type addedMember struct {
	Outcome string `json:"outcome" enum:"received asked new not_mailed ground_found known left_before wants_no_news"`
	Why     string `json:"why,omitempty"`
}

func (c *call) addMember(m newMember) (answer addedMember, err error) {
	l, of, err := c.list()
	if err != nil {
		return answer, err
	}
	for _, chosen := range []struct {
		part    string
		values  []string
		offered []programme.Option
	}{{"topics", m.Topics, l.Topics}, {"areas", m.Areas, l.Areas}} {
		for _, value := range chosen.values {
			if offered := valuesOf(chosen.offered); !slices.Contains(offered, value) {
				return answer, refuse(chosen.part, "some of: "+strings.Join(offered, ", "))
			}
		}
	}
	if m.Language != "" && !c.s.inLanguages(of, m.Language) {
		return answer, &refusedField{field: "language", say: postroom.Say("api.locale", "known", strings.Join(c.s.guess.of(of).tags, ", "))}
	}
	if m.Basis == byAsking {
		return c.askMember(l, m)
	}
	order, err := c.orderOf(l, m)
	if err != nil {
		return answer, err
	}
	return c.putOnList(order)
}

// orderOf makes the same order of one member as of a file of many.
func (c *call) orderOf(l *programme.List, m newMember) (o imports.MemberOrder, err error) {
	o = imports.MemberOrder{List: l.Name, Name: "api", Source: m.Source, By: c.by.Actor()}
	if m.Basis != string(postroom.UnknownBasis) {
		o.Basis = postroom.Basis(m.Basis)
	}
	if m.AgreedOn != "" {
		if o.AsOf, err = time.ParseInLocation(time.DateOnly, m.AgreedOn, c.s.Org.Zone); err != nil || o.AsOf.After(c.s.Clock.Now()) {
			return o, refuse("agreed_on", "a day that has been, such as 2026-05-01")
		}
	}
	var file bytes.Buffer
	w := csv.NewWriter(&file)
	w.Write([]string{"email", "name", "language", "topics", "areas"})
	w.Write([]string{m.Address, m.Name, m.Language, strings.Join(m.Topics, ";"), strings.Join(m.Areas, ";")})
	w.Flush()
	o.File = file.Bytes()
	return o, w.Error()
}

func (c *call) putOnList(order imports.MemberOrder) (answer addedMember, err error) {
	plan, err := c.s.Programs.Imports.PlanMembers(c.Context(), order)
	if err != nil {
		return answer, err
	}
	row := plan.Rows[0]
	switch row.Outcome {
	case imports.MemberToMend:
		return answer, refuse("address", "an email address")
	case imports.MemberNew, imports.MemberUnknown, imports.MemberAgreed, imports.MemberStopped:
		if _, err := c.s.Programs.Imports.DoMembers(c.Context(), plan, func(int) {}); err != nil {
			return answer, err
		}
	}
	if !c.by.May(postroom.ContactsRead) {
		return addedMember{Outcome: "received"}, nil
	}
	return addedMember{Outcome: outcomeOf(row.Outcome), Why: row.Why}, nil
}

// outcomeOf is an outcome as programs are told of it.
func outcomeOf(o imports.MemberOutcome) string { return strings.ReplaceAll(string(o), " ", "_") }

// signUp is the form by which somebody signs up to a list, or nil.
func (s *Server) signUp(list string) *programme.Form {
	for _, f := range s.everyForm() {
		if f.List == list && f.Kind == postroom.SignUp && s.open(f) {
			return f
		}
	}
	return nil
}

// askMember asks somebody by a mail with a button, as the form of the list does: it
// goes in by the same door, and what holds there holds here.
func (c *call) askMember(l *programme.List, m newMember) (answer addedMember, err error) {
	form := c.s.signUp(l.Name)
	if form == nil {
		return answer, &postroom.Error{Kind: postroom.Conflict, Say: postroom.Say("api.no_sign_up")}
	}
	key, err := c.idempotent()
	if err != nil {
		return answer, err
	}
	answers := postroom.Answers{}
	for name, values := range map[string][]string{
		string(postroom.ReachEmail): {m.Address}, "name": {m.Name}, l.TopicsField: m.Topics, l.AreasField: m.Areas, store.Purpose(l.Name): {"yes"},
	} {
		if _, asked := form.Field(name); asked && strings.Join(values, "") != "" {
			answers[name] = values
		}
	}
	c.SetPathValue("form", form.Name) // for what it says is wrong with the answers
	now, tags := c.s.Clock.Now(), c.s.guess.of(form.Programme.Name).tags
	if m.Language == "" {
		m.Language = tags[0]
	}
	_, err = c.s.Intake.Accept(c.Context(), postroom.Entry{
		Channel: postroom.ByAPI, Key: "api:" + form.Name + ":" + key, Form: form.Name, Locale: m.Language, Answers: answers, Source: m.Source, At: now,
	})
	if err != nil {
		return answer, err
	}
	c.s.metrics.accepted(form.Name, postroom.ByAPI)
	return addedMember{Outcome: "asked"}, nil
}

// removeMember takes somebody off a list. A program that may not see who is on it is
// not told whether they were.
func (c *call) removeMember() error {
	l, _, err := c.list()
	if err != nil {
		return err
	}
	sub, found, err := c.read().SubscriptionAt(l.Name, c.address())
	if err != nil {
		return err
	}
	if found {
		return c.s.Programs.Lists.Remove(c.Context(), sub.ID, c.by.Actor())
	}
	if c.by.May(postroom.ContactsRead) {
		return notOnList()
	}
	return nil
}
