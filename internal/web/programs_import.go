package web

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"postroom/internal/imports"
	"postroom/internal/postroom"
)

const importsPattern = "/api/v1/lists/{list}/imports"

// mostImport is the most that one file of people may have.
const mostImport = 16 << 20

// tableType is what a file of people is sent as.
const tableType = "text/csv"

func importRoute() programRoute {
	return programRoute{
		method: http.MethodPost, path: importsPattern, id: "importMembers",
		say:   "Say what would become of a file of people for a list, and with apply=true do it. The same file again changes nothing",
		needs: scopes(postroom.ContactsRead, postroom.ContactsWrite), takesFile: tableType, deed: gives((*call).importMembers),
		query: []parameter{
			{name: "apply", say: "true does it; anything else only says what would become of it", values: []string{"true", "false"}},
			{name: "basis", say: "The ground of the rows that do not say theirs; without it they are kept and not mailed", values: []string{string(postroom.ByConsent), string(postroom.BySoftOptIn)}},
			{name: "source", say: "Where the file has its people from, and how they agreed", required: true},
			{name: "as_of", say: "The day on which they agreed whose rows do not say so, such as 2026-05-01"},
			{name: "map", say: "What a column is, as column=name; nothing behind the = leaves it out", many: true},
		},
	}
}

// importView is what becomes of a file.
type importView struct {
	List    string         `json:"list"`
	Applied bool           `json:"applied"`
	Import  string         `json:"import,omitempty" say:"By which it can be taken back: postroom import undo"`
	Program string         `json:"program,omitempty" say:"That wrote the file, if it is known by its columns"`
	Rows    int            `json:"rows"`
	Plan    map[string]int `json:"plan" say:"How many rows have which outcome"`
	Columns []importColumn `json:"columns"`
	ToMend  []importRow    `json:"to_mend" say:"The first hundred rows that are no person's"`
	Added   int            `json:"added"`
	Agreed  int            `json:"ground_found"`
	Ended   int            `json:"left"`
}

type importColumn struct {
	Column string `json:"column"`
	Is     string `json:"is" say:"What it is taken for; nothing is left out"`
}

type importRow struct {
	Line int    `json:"line"`
	Why  string `json:"why"`
}

// mostToMend is how many rows that have to be mended are told.
const mostToMend = 100

func (c *call) importMembers() (answer importView, err error) {
	order, err := c.importOrder()
	if err != nil {
		return answer, err
	}
	plan, err := c.s.Programs.Imports.PlanMembers(c.Context(), order)
	if err != nil {
		return answer, err
	}
	answer = importOf(plan)
	if c.asked("apply") != "true" {
		return answer, nil
	}
	result, err := c.s.Programs.Imports.DoMembers(c.Context(), plan, func(int) {})
	answer.Applied, answer.Import, answer.Added, answer.Agreed, answer.Ended = true, result.ID, result.Added, result.Agreed, result.Ended
	return answer, err
}

func importOf(plan imports.MemberPlan) importView {
	view := importView{
		List: plan.List.Name, Program: plan.Program, Rows: len(plan.Rows), Plan: map[string]int{}, Columns: []importColumn{}, ToMend: []importRow{},
	}
	for _, outcome := range imports.MemberOutcomes() {
		view.Plan[outcomeOf(outcome)] = plan.Count(outcome)
	}
	for _, column := range plan.Columns {
		view.Columns = append(view.Columns, importColumn{column.Header, column.Field})
	}
	for _, row := range plan.Rows {
		if row.Outcome == imports.MemberToMend && len(view.ToMend) < mostToMend {
			view.ToMend = append(view.ToMend, importRow{row.Line, row.Why})
		}
	}
	return view
}

func (c *call) importOrder() (o imports.MemberOrder, err error) {
	l, _, err := c.list()
	if err != nil {
		return o, err
	}
	if kind, _, _ := mime.ParseMediaType(c.Header.Get("Content-Type")); kind != tableType {
		return o, &badRequest{status: http.StatusUnsupportedMediaType, say: postroom.Say("api.csv_type")}
	}
	o = imports.MemberOrder{List: l.Name, Name: "api", Basis: postroom.Basis(c.asked("basis")), Source: c.asked("source"), By: c.by.Actor(), Map: map[string]string{}}
	for _, each := range c.URL.Query()["map"] {
		column, is, ok := strings.Cut(each, "=")
		if !ok {
			return o, refuse("map", "column=name")
		}
		o.Map[column] = is
	}
	if day := c.asked("as_of"); day != "" {
		if o.AsOf, err = time.ParseInLocation(time.DateOnly, day, c.s.Org.Zone); err != nil {
			return o, refuse("as_of", "a day such as 2026-05-01")
		}
	}
	c.s.patient(c.w)
	o.File, err = io.ReadAll(c.Body)
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return o, &badRequest{status: http.StatusRequestEntityTooLarge, say: postroom.Say("error.too_large"), cause: tooLarge}
	}
	return o, err
}
