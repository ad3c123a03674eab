package desk

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"postroom/internal/imports"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
	"postroom/internal/web"
)

// planPage says what would become of a file, row by row, before anything is done.
type planPage struct {
	page
	Action   string
	File     string
	To       string // as a value
	Targets  []option
	ToList   bool
	Columns  []columnView
	Source   string
	AsOf     string
	Basis    []option
	Mistakes []web.Mistake
	Counts   []countedView
	Rows     []planRow
	More     int // rows that are not shown
	ToDo     int // rows that would change something
}

// columnView is one column of the file, and what it may be.
type columnView struct {
	ID, Header string
	Options    []option
}

type countedView struct {
	N   int
	Say string
}

// planRow is what would become of one row.
type planRow struct {
	Line     int
	Who      string
	Say, Why string
	Mend     bool
}

// planned is a file, what is asked of it, and what would become of it.
type planned struct {
	target  target
	file    store.File
	content []byte
	headers []string
	fields  []string // what each column was said or guessed to be
	form    imports.Plan
	members imports.MemberPlan
	ready   bool // there is a plan
	wrong   []web.Mistake
}

// asked is a value of the form of this page, which comes in the address while it is
// looked at and in the body when it is done.
func (r *request) asked(key string) string { return strings.TrimSpace(r.Form.Get(key)) }

// plan reads the file again and says what would become of it.
func (d *Desk) plan(r *request) (p planned, err error) {
	if p.file, p.content, err = r.read(d).HeldFile(importHolder(r.Who, r.PathValue("token"))); err != nil {
		return p, err
	}
	if p.target, err = d.target(r.Who, r.asked("to")); err != nil {
		return p, err
	}
	if p.headers, err = imports.Headers(p.file.Name, p.content); err != nil {
		return p, err
	}
	columns := map[string]string{}
	for i, head := range p.headers {
		field := r.asked("column-" + strconv.Itoa(i))
		p.fields = append(p.fields, field)
		if r.Form.Has("column-" + strconv.Itoa(i)) {
			columns[head] = field
		}
	}
	asOf, wrong := d.asOf(r.asked("as_of"))
	if wrong != "" {
		p.wrong = append(p.wrong, web.Mistake{ID: "as-of", Say: d.keyed(wrong)})
	}
	if err := d.makePlan(r, &p, columns, asOf); err != nil {
		if postroom.KindOf(err) != postroom.Invalid {
			return p, err
		}
		p.wrong = append(p.wrong, web.Mistake{ID: "column-0", Say: d.keyed("desk.import.no_columns")})
	}
	return p, nil
}

// asOf reads the day on which the people of a file agreed.
func (d *Desk) asOf(day string) (at time.Time, wrong string) {
	if day == "" {
		return at, ""
	}
	at, err := time.ParseInLocation(time.DateOnly, day, d.Org.Zone)
	switch {
	case err != nil:
		return time.Time{}, "desk.import.date_wrong"
	case at.After(d.now()):
		return time.Time{}, "desk.entry.date_when"
	}
	return at, ""
}

func (d *Desk) makePlan(r *request, p *planned, columns map[string]string, asOf time.Time) (err error) {
	source := r.asked("source")
	var read []imports.Column
	if p.target.form != nil {
		o := imports.Order{Form: p.target.form.Name, File: p.content, Map: columns, AsOf: asOf, Source: source, By: r.Who.Name}
		if p.form, err = d.Imports.Plan(r.Context(), o); err != nil {
			return err
		}
		read = p.form.Columns
	} else {
		o := imports.MemberOrder{List: p.target.list.Name, Name: p.file.Name, File: p.content, Map: columns, AsOf: asOf, Source: source, By: r.Who.Name}
		if basis := postroom.Basis(r.asked("basis")); slices.Contains(bases(p.target.list), basis) {
			o.Basis = basis
		}
		if o.Basis != "" && source == "" {
			p.wrong = append(p.wrong, web.Mistake{ID: "source", Say: d.keyed("desk.import.source_missing")})
			o.Basis = ""
		}
		if p.members, err = d.Imports.PlanMembers(r.Context(), o); err != nil {
			return err
		}
		read = p.members.Columns
	}
	for i := range min(len(read), len(p.fields)) {
		p.fields[i] = read[i].Field
	}
	if rows := len(p.form.Rows) + len(p.members.Rows); rows > mostImported {
		p.wrong = append(p.wrong, web.Mistake{ID: "to", Say: d.keyed("desk.import.too_many", "most", strconv.Itoa(mostImported))})
	}
	p.ready = len(p.wrong) == 0
	return nil
}

// bases are the grounds on which people may be put on a list.
func bases(l *programme.List) []postroom.Basis {
	list := []postroom.Basis{"", postroom.ByConsent}
	if l.SoftOptIn {
		list = append(list, postroom.BySoftOptIn)
	}
	return list
}

func (d *Desk) showImportFile(w http.ResponseWriter, r *request) error {
	p, err := d.plan(r)
	if err != nil {
		return err
	}
	return d.renderPlan(w, r, http.StatusOK, p)
}

func (d *Desk) renderPlan(w http.ResponseWriter, r *request, status int, p planned) error {
	page := planPage{
		page: d.page(r, d.keyed("desk.import.plan_title")), Action: "/desk/import/" + url.PathEscape(r.PathValue("token")), File: safeName(p.file.Name),
		To: p.target.value(), ToList: p.target.list != nil, Source: r.asked("source"), AsOf: r.asked("as_of"), Mistakes: p.wrong,
		Targets: d.targetOptions(r.Who, p.target.value()), Columns: d.columnViews(p),
	}
	if p.target.list != nil {
		for _, b := range bases(p.target.list) {
			page.Basis = append(page.Basis, option{Value: string(b), Label: d.keyed("desk.import.basis_" + cmp.Or(string(b), "unknown")), Chosen: string(b) == r.asked("basis")})
		}
	}
	if p.ready {
		d.tell(&page, p)
	}
	page.Wide = true
	return d.render(w, r, status, "import.html", page)
}

// columnViews lets each column be said to be something else.
func (d *Desk) columnViews(p planned) (list []columnView) {
	options := d.fieldOptions(p.target)
	for i, head := range p.headers {
		v := columnView{ID: "column-" + strconv.Itoa(i), Header: strings.TrimSpace(head), Options: slices.Clone(options)}
		for j := range v.Options {
			v.Options[j].Chosen = v.Options[j].Value == p.fields[i]
		}
		list = append(list, v)
	}
	return list
}

// fieldOptions are what a column may be.
func (d *Desk) fieldOptions(t target) []option {
	list := []option{{Value: "", Label: d.keyed("desk.import.column_none")}}
	if t.list != nil {
		for _, name := range imports.MemberColumns() {
			list = append(list, option{Value: name, Label: d.keyed("desk.import.column_" + name)})
		}
		return list
	}
	for _, f := range t.form.Fields {
		if f.Type == programme.FileField || f.Derived != nil {
			continue
		}
		label := f.Label.In(english)
		if len(f.Label) == 0 {
			label = d.say(postroom.Say(f.Type.LabelKey()))
		}
		list = append(list, option{Value: f.Name, Label: label})
	}
	for _, name := range []string{imports.DateColumn, imports.LocaleColumn, imports.SourceColumn} {
		list = append(list, option{Value: name, Label: d.keyed("desk.import.column_" + strings.TrimPrefix(name, "@"))})
	}
	return list
}

// tell puts a plan into words: how many rows of which kind, and what becomes of each,
// those to mend first.
func (d *Desk) tell(page *planPage, p planned) {
	counts := map[string]int{}
	var order []string
	add := func(outcome, prefix string, row planRow, changes bool) {
		key := prefix + strings.ReplaceAll(outcome, " ", "_")
		row.Say = d.keyed(key)
		if counts[key]++; counts[key] == 1 {
			order = append(order, key)
		}
		if changes {
			page.ToDo++
		}
		page.Rows = append(page.Rows, row)
	}
	for _, row := range p.form.Rows {
		mend := row.Outcome == imports.ToMend
		var why []string
		for _, said := range d.Imports.Says(english, p.target.form, row) {
			why = append(why, said.Say)
		}
		add(string(row.Outcome), "desk.import.row_", planRow{Line: row.Line, Who: whoIn(p.form.Columns, row.Cells), Why: strings.Join(why, ". "), Mend: mend}, row.Outcome == imports.IsNew)
	}
	for _, row := range p.members.Rows {
		add(string(row.Outcome), "desk.import.member_", planRow{Line: row.Line, Who: row.Address, Why: d.memberWhy(row), Mend: row.Outcome == imports.MemberToMend}, row.Changes())
	}
	for _, key := range order {
		page.Counts = append(page.Counts, countedView{counts[key], d.keyed(key)})
	}
	slices.SortStableFunc(page.Rows, func(a, b planRow) int {
		switch {
		case a.Mend == b.Mend:
			return 0
		case a.Mend:
			return -1
		}
		return 1
	})
	if n := len(page.Rows); n > mostRowsShown {
		page.Rows, page.More = page.Rows[:mostRowsShown], n-mostRowsShown
	}
}

// memberWhy is why a row of people is to be mended, or not mailed; of others what
// becomes of them says it.
func (d *Desk) memberWhy(row imports.MemberPlanRow) string {
	if row.Outcome != imports.MemberToMend && row.Outcome != imports.MemberUnknown {
		return ""
	}
	return d.keyed(map[string]string{
		imports.WhyNoAddress: "desk.import.why_no_address", imports.WhyNotAllowed: "desk.import.why_not_allowed",
		imports.WhyTooEarly: "desk.import.why_too_early", imports.WhyNoGround: "desk.import.why_no_ground",
	}[row.Why])
}

// whoIn is by what a person knows a row again: what it says in the columns of a name
// and an address, or else in its first cell.
func whoIn(columns []imports.Column, cells []string) string {
	var found []string
	for i, c := range columns {
		if i < len(cells) && (c.Field == "name" || c.Field == string(postroom.ReachEmail)) && strings.TrimSpace(cells[i]) != "" {
			found = append(found, strings.TrimSpace(cells[i]))
		}
	}
	if len(found) == 0 && len(cells) > 0 {
		found = cells[:1]
	}
	return strings.Join(found, ", ")
}

// doImport does what the page said. What has changed on file since is looked at
// again by the door, row by row.
func (d *Desk) doImport(w http.ResponseWriter, r *request) error {
	p, err := d.plan(r)
	if err != nil {
		return err
	}
	if !p.ready {
		return d.renderPlan(w, r, http.StatusUnprocessableEntity, p)
	}
	ctx, done := patient(w, r)
	defer done()
	id, refused, err := d.putOnFile(ctx, p)
	if err != nil {
		return err
	}
	if err := d.Store.Write(ctx, func(tx *store.Tx) error { return tx.TakeFileAway(p.file.Holder, p.file.ID) }); err != nil {
		return err
	}
	if p.target.form != nil { // that of a list is noted with what it did
		if err := d.auditImport(ctx, r, "import to form "+p.target.form.Name, id); err != nil {
			return err
		}
	}
	to := importLink(id)
	if refused > 0 {
		to += "?refused=" + strconv.Itoa(refused)
	}
	http.Redirect(w, r.Request, to, http.StatusSeeOther)
	return nil
}

func (d *Desk) putOnFile(ctx context.Context, p planned) (id string, refused int, err error) {
	if p.target.form != nil {
		result, err := d.Imports.Do(ctx, p.form, func(int) {})
		return result.ID, len(result.Wrong), err
	}
	result, err := d.Imports.DoMembers(ctx, p.members, func(int) {})
	return result.ID, 0, err
}
