package web

import (
	"net/http"
	"net/url"

	"postroom/internal/campaign"
	"postroom/internal/postroom"
	"postroom/internal/programme"
)

func listRoutes() []programRoute {
	return []programRoute{
		{
			method: http.MethodGet, path: "/api/v1/lists", id: "listLists", say: "The lists that the token is for",
			needs: scopes(postroom.ListsRead), deed: gives((*call).lists),
		},
		{
			method: http.MethodGet, path: "/api/v1/lists/{list}", id: "getList", say: "One list, and how many are on it",
			needs: scopes(postroom.ListsRead), deed: gives((*call).listInFull),
		},
		{
			method: http.MethodGet, path: "/api/v1/lists/{list}/segment", id: "countSegment", say: "How many of a list a newsletter would be for, and the first ten of them",
			needs: scopes(postroom.ContactsRead), query: []parameter{
				{name: "to", say: "Whom it is for: the name of a segment, or a condition; without it the whole list", many: true},
				{name: "except", say: "Whom it is not for", many: true},
			}, deed: gives((*call).segment),
		},
	}
}

// listView is a list as programs are told of it.
type listView struct {
	Name      string   `json:"name"`
	Title     string   `json:"title"`
	Programme string   `json:"programme"`
	Languages []string `json:"languages"`
	Topics    []string `json:"topics" say:"What its readers may choose to read about"`
	Areas     []string `json:"areas" say:"Of which areas they may choose to read"`
	SoftOptIn bool     `json:"soft_opt_in" say:"Somebody may be on it without having said yes"`
	Form      string   `json:"form,omitempty" say:"The form by which somebody signs up to it"`
	Archive   string   `json:"archive,omitempty" say:"Where anybody reads what was sent to it"`
}

type listsView struct {
	Lists []listView `json:"lists"`
}

// countedList is a list with how many are on it.
type countedList struct {
	List  listView           `json:"list"`
	Count campaign.ListCount `json:"count"`
}

func (c *call) listView(v voice, l *programme.List, of string) listView {
	view := listView{
		Name: l.Name, Title: v.of(l.Title).Text, Programme: of, Languages: c.s.guess.of(of).tags,
		Topics: valuesOf(l.Topics), Areas: valuesOf(l.Areas), SoftOptIn: l.SoftOptIn,
	}
	if form := c.s.signUp(l.Name); form != nil {
		view.Form = form.Name
	}
	if l.Archive {
		view.Archive = c.s.Org.BaseURL + "/" + v.locale + "/news/" + url.PathEscape(l.Name)
	}
	return view
}

func valuesOf(options []programme.Option) []string {
	values := make([]string, len(options))
	for i, o := range options {
		values[i] = o.Value
	}
	return values
}

func (c *call) lists() (listsView, error) {
	v, answer := c.s.voice(c.Request, c.s.guess.all, ""), listsView{Lists: []listView{}}
	for _, p := range c.s.Programmes.Programmes() {
		for _, l := range p.Lists {
			if c.may(l.Name) {
				answer.Lists = append(answer.Lists, c.listView(v, l, p.Name))
			}
		}
	}
	return answer, nil
}

func (c *call) listInFull() (countedList, error) {
	l, of, err := c.list()
	if err != nil {
		return countedList{}, err
	}
	counts, err := c.read().MemberCounts(l.Name, c.s.Clock.Now())
	v := c.s.voice(c.Request, c.s.guess.all, "")
	return countedList{c.listView(v, l, of), campaign.CountList(l.Name, counts)}, err
}

// segmentView is how many of a list a newsletter would be for.
type segmentView struct {
	List     string    `json:"list"`
	Of       int       `json:"of" say:"How many are on the list"`
	Count    int       `json:"count" say:"How many of them are meant"`
	Examples []example `json:"examples"`
}

type example struct {
	Address  string `json:"address"`
	Name     string `json:"name"`
	Language string `json:"language"`
}

// mostExamples is how many of those who are meant are shown.
const mostExamples = 10

func (c *call) segment() (answer segmentView, err error) {
	l, _, err := c.list()
	if err != nil {
		return answer, err
	}
	said := c.URL.Query()
	n, err := c.s.Programs.Audiences.Count(c.read(), l.Name, postroom.Audience{To: said["to"], Except: said["except"]}, mostExamples)
	if err != nil {
		return answer, err
	}
	answer = segmentView{List: n.List, Of: n.Of, Count: n.Count, Examples: []example{}}
	for _, m := range n.Examples {
		answer.Examples = append(answer.Examples, example{m.Address, m.Name, m.Locale})
	}
	return answer, c.looked("list:" + l.Name)
}
