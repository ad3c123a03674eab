package desk

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
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
)

// Imports puts on file the people who signed up elsewhere.
type Imports interface {
	Plan(ctx context.Context, o imports.Order) (imports.Plan, error)
	Do(ctx context.Context, p imports.Plan, told func(done int)) (imports.Result, error)
	PlanMembers(ctx context.Context, o imports.MemberOrder) (imports.MemberPlan, error)
	DoMembers(ctx context.Context, p imports.MemberPlan, told func(done int)) (imports.MemberResult, error)
	Undo(ctx context.Context, id string) (imports.Undone, error)
	Says(locale string, form *programme.Form, row imports.Row) []imports.Said
}

const (
	takeImportPattern = "POST /desk/imports"
	// maxImport is the most that a file may hold: more is for the command line, where
	// nobody waits for a page.
	maxImport = 2 << 20
	// mostImported is how many rows one page puts on file.
	mostImported = 5000
	// mostRowsShown is how many rows a page shows: those to mend first.
	mostRowsShown = 200
	// mostImports is how many imports the page lists.
	mostImports = 30
	// importTime is how long putting a file on file may take.
	importTime = 5 * time.Minute
)

func (d *Desk) importRoutes() []route {
	return []route{
		{"GET /desk/imports", readers(), d.showImports},
		{takeImportPattern, readers(), d.takeImport},
		{"GET /desk/imports/{id}", readers(), d.showImport},
		{"POST /desk/imports/{id}/undo", readers(), d.undoImport},
		{"GET /desk/import/{token}", readers(), d.showImportFile},
		{"POST /desk/import/{token}", readers(), d.doImport},
	}
}

// importsPage is where a file is chosen, with what was imported before.
type importsPage struct {
	page
	Targets  []option
	Wrong    string // why the file will not do
	Imports  []importRow
	Megabyte int
	Rows     int
}

// importRow is one import that was done.
type importRow struct {
	Link, To, By, State string
	Rows                int
	At                  When
}

func importLink(id string) string { return "/desk/imports/" + url.PathEscape(id) }

// target is what a file is for: a form or a list, as "form:join" or "list:news".
type target struct {
	form *programme.Form
	list *programme.List
}

func (t target) value() string {
	if t.form != nil {
		return "form:" + t.form.Name
	}
	return "list:" + t.list.Name
}

func (t target) title() string {
	if t.form != nil {
		return t.form.Title.In(english)
	}
	return t.list.Title.In(english)
}

// targets are the forms and lists of what a colleague looks after.
func (d *Desk) targets(who postroom.Colleague) (list []target) {
	mine := d.programmes(who)
	for _, p := range d.Programmes.Programmes() {
		if slices.Contains(mine, p.Name) {
			for _, f := range p.Forms {
				list = append(list, target{form: f})
			}
			for _, l := range p.Lists {
				list = append(list, target{list: l})
			}
		}
	}
	return list
}

// target returns what a file is for, if it is the colleague's to say.
func (d *Desk) target(who postroom.Colleague, value string) (target, error) {
	for _, t := range d.targets(who) {
		if t.value() == value {
			return t, nil
		}
	}
	return target{}, notYours()
}

func (d *Desk) targetOptions(who postroom.Colleague, chosen string) (list []option) {
	for _, t := range d.targets(who) {
		key := "desk.import.to_form"
		if t.list != nil {
			key = "desk.import.to_list"
		}
		list = append(list, option{Value: t.value(), Label: d.keyed(key, "name", t.title()), Chosen: t.value() == chosen})
	}
	return list
}

func (d *Desk) showImports(w http.ResponseWriter, r *request) error {
	return d.renderImports(w, r, http.StatusOK, "")
}

func (d *Desk) renderImports(w http.ResponseWriter, r *request, status int, wrong string) error {
	p := importsPage{page: d.page(r, d.keyed("desk.import.title")), Wrong: wrong, Megabyte: maxImport >> 20, Rows: mostImported}
	p.Targets = d.targetOptions(r.Who, r.PostFormValue("to"))
	list, err := r.read(d).Imports(mostImports)
	if err != nil {
		return err
	}
	for _, i := range list {
		if _, mine := d.importTarget(r.Who, i); mine {
			p.Imports = append(p.Imports, d.importRow(r.Who, i))
		}
	}
	return d.render(w, r, status, "imports.html", p)
}

// importTarget is what an import was for, and whether it is the colleague's.
func (d *Desk) importTarget(who postroom.Colleague, i store.Import) (target, bool) {
	value := "form:" + i.Form
	if i.List != "" {
		value = "list:" + i.List
	}
	t, err := d.target(who, value)
	return t, err == nil
}

func (d *Desk) importRow(who postroom.Colleague, i store.Import) importRow {
	t, _ := d.importTarget(who, i)
	return importRow{importLink(i.ID), t.title(), i.MadeBy, d.keyed("desk.import.state_" + i.State), i.Rows, d.when(i.MadeAt)}
}

// takeImport keeps a file, sealed, for the page that shows what would become of it.
func (d *Desk) takeImport(w http.ResponseWriter, r *request) error {
	name, content, wrong := uploaded(w, r.Request)
	to, err := d.target(r.Who, r.PostFormValue("to"))
	switch {
	case wrong == "" && err != nil:
		wrong = "desk.import.no_target"
	case wrong == "" && len(content) == 0:
		wrong = "desk.import.no_file"
	}
	if wrong == "" {
		if _, err := imports.Headers(name, content); err != nil {
			wrong = "desk.import.no_table"
		}
	}
	if wrong != "" {
		return d.renderImports(w, r, http.StatusUnprocessableEntity, d.keyed(wrong))
	}
	token := rand.Text()
	err = d.Store.Write(r.Context(), func(tx *store.Tx) error {
		_, err := tx.AddFile(store.File{Holder: importHolder(r.Who, token), Field: "import", Type: "text/csv", CreatedAt: d.now(), FileFacts: store.FileFacts{Name: name}}, content)
		return err
	})
	if err != nil {
		return err
	}
	http.Redirect(w, r.Request, "/desk/import/"+token+"?"+url.Values{"to": {to.value()}}.Encode(), http.StatusSeeOther)
	return nil
}

// importHolder is what holds the file of one colleague, who alone sees it again.
func importHolder(who postroom.Colleague, token string) string {
	return store.HolderOfPage("import|" + who.Name + "|" + token)
}

// uploaded reads the one file of a request, and says why it will not do.
func uploaded(w http.ResponseWriter, r *http.Request) (name string, content []byte, wrong string) {
	patience := http.NewResponseController(w)
	_ = patience.SetReadDeadline(time.Now().Add(importTime)) // a server that cannot is no reason to take no file
	err := r.ParseMultipartForm(maxImport + maxBody)
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return "", nil, "desk.import.too_large"
	}
	if err != nil {
		return "", nil, "desk.import.no_file"
	}
	defer func() { _ = r.MultipartForm.RemoveAll() }()
	file, header, err := r.FormFile("file")
	if err != nil {
		return "", nil, "desk.import.no_file"
	}
	defer func() { _ = file.Close() }()
	content, err = io.ReadAll(io.LimitReader(file, maxImport+1))
	switch {
	case err != nil:
		return "", nil, "desk.import.no_file"
	case len(content) > maxImport:
		return "", nil, "desk.import.too_large"
	}
	return header.Filename, content, ""
}

// showImport shows one import, and lets it be taken back.
func (d *Desk) showImport(w http.ResponseWriter, r *request) error {
	i, err := d.imported(r)
	if err != nil {
		return err
	}
	p := importedPage{page: d.page(r, d.keyed("desk.import.done_title")), importRow: d.importRow(r.Who, i), ID: i.ID, Undone: i.State == store.ImportUndone}
	p.MayUndo = i.Rows > 0
	number := func(key string) int {
		n, err := strconv.Atoi(r.URL.Query().Get(key))
		if err != nil {
			return 0
		}
		return max(0, n)
	}
	p.Refused, p.Removed, p.Reverted, p.Kept = number("refused"), number("removed"), number("reverted"), number("kept")
	return d.render(w, r, http.StatusOK, "imported.html", p)
}

// importedPage is an import that was done.
type importedPage struct {
	page
	importRow
	ID                      string
	MayUndo, Undone         bool
	Refused                 int // rows that the form did not take after all
	Removed, Reverted, Kept int // by taking it back
}

// imported returns an import of something that the colleague looks after.
func (d *Desk) imported(r *request) (store.Import, error) {
	i, err := r.read(d).Import(r.PathValue("id"))
	if err != nil {
		return i, err
	}
	if _, mine := d.importTarget(r.Who, i); !mine {
		return i, notYours()
	}
	return i, nil
}

// undoImport takes back what an import added and nobody has touched since.
func (d *Desk) undoImport(w http.ResponseWriter, r *request) error {
	i, err := d.imported(r)
	if err != nil {
		return err
	}
	ctx, done := patient(w, r)
	defer done()
	undone, err := d.Imports.Undo(ctx, i.ID)
	if err != nil {
		return err
	}
	if err := d.auditImport(ctx, r, "undo import", i.ID); err != nil {
		return err
	}
	query := url.Values{"removed": {strconv.Itoa(undone.Removed)}, "reverted": {strconv.Itoa(undone.Reverted)}, "kept": {strconv.Itoa(len(undone.Kept))}}
	http.Redirect(w, r.Request, importLink(i.ID)+"?"+query.Encode(), http.StatusSeeOther)
	return nil
}

func (d *Desk) auditImport(ctx context.Context, r *request, what, id string) error {
	return d.Store.Write(ctx, func(tx *store.Tx) error { return tx.Audit(r.Who.Name, what, id, d.now()) })
}

// patient is a context for what takes long and is not to stop half way because
// somebody closed their window, and lets the answer come as late.
func patient(w http.ResponseWriter, r *request) (context.Context, context.CancelFunc) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(importTime + time.Minute))
	return context.WithTimeout(context.WithoutCancel(r.Context()), importTime)
}

// safeName is a name of a file as it may stand on a page.
func safeName(name string) string { return strings.ToValidUTF8(name, "") }
