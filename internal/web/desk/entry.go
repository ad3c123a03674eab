package desk

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"postroom/internal/intake"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/web"
)

// Intake is the one door in.
type Intake interface {
	Accept(ctx context.Context, e postroom.Entry) (intake.Receipt, error)
}

func (d *Desk) entryRoutes() []route {
	return []route{
		{"GET /desk/entry", readers(), d.chooseEntry},
		{"GET /desk/entry/{form}", readers(), d.showEntry},
		{"POST /desk/entry/{form}", readers(), d.putIn},
	}
}

// entriesPage lists the forms that a colleague may fill in for somebody.
type entriesPage struct {
	page
	Programmes []entryProgramme
}

type entryProgramme struct {
	Title string
	Forms []option
}

// entryPage is a form that a colleague fills in for somebody.
type entryPage struct {
	page
	Form      string
	Action    string
	Key       string // so that a second click is the same entry
	Version   string // of the form whose words stand in the page
	Ways      []option
	Way       string
	Date      string
	Today     string
	Source    string
	Languages []option
	Language  string
	NotByMail bool
	Questions template.HTML
	Mistakes  []web.Mistake
}

// The ways by which something comes that staff put in.
const (
	byPhone  = "phone"
	onPaper  = "paper"
	inPerson = "in_person"
)

func (d *Desk) chooseEntry(w http.ResponseWriter, r *request) error {
	p := entriesPage{page: d.page(r, d.keyed("desk.entry.title"))}
	mine := d.programmes(r.Who)
	for _, each := range d.Programmes.Programmes() {
		if !slices.Contains(mine, each.Name) || len(each.Forms) == 0 {
			continue
		}
		list := entryProgramme{Title: each.Title.In(english)}
		for _, form := range each.Forms {
			list.Forms = append(list.Forms, option{Value: "/desk/entry/" + url.PathEscape(form.Name), Label: form.Title.In(english)})
		}
		p.Programmes = append(p.Programmes, list)
	}
	return d.render(w, r, http.StatusOK, "entries.html", p)
}

// entryForm is the form of a page, if the colleague may fill it in for somebody.
func (d *Desk) entryForm(r *request) (*programme.Form, error) {
	form, ok := d.Programmes.Form(r.PathValue("form"))
	if !ok {
		return nil, &postroom.Error{Kind: postroom.NotFound} // which everybody may know: forms are public
	}
	if !slices.Contains(d.programmes(r.Who), form.Programme.Name) {
		return nil, notYours()
	}
	return form, nil
}

func (d *Desk) showEntry(w http.ResponseWriter, r *request) error {
	form, err := d.entryForm(r)
	if err != nil {
		return err
	}
	p := entryPage{Way: byPhone, Date: d.now().Format(time.DateOnly), Key: rand.Text(), Language: english}
	return d.renderEntry(w, r, http.StatusOK, form, p, postroom.Answers{}, nil)
}

func (d *Desk) renderEntry(w http.ResponseWriter, r *request, status int, form *programme.Form, p entryPage, answers postroom.Answers, refused []programme.FieldError) error {
	groups, err := d.groupsHeard(r)
	if err != nil {
		return err
	}
	sheet, err := d.Sheet(r.Request, form, english, answers, refused, groups)
	if err != nil {
		return err
	}
	p.page = d.page(r, d.keyed("desk.entry.form_title", "form", form.Title.In(english)))
	p.Form, p.Action, p.Version, p.Today = form.Title.In(english), "/desk/entry/"+url.PathEscape(form.Name), form.Version, d.now().Format(time.DateOnly)
	for _, way := range []string{byPhone, onPaper, inPerson} {
		p.Ways = append(p.Ways, option{Value: way, Label: d.keyed("desk.entry.way_" + way)})
	}
	for _, tag := range form.Programme.Languages {
		p.Languages = append(p.Languages, option{Value: tag, Label: d.language(tag)})
	}
	p.Questions, p.Mistakes = sheet.Questions, append(p.Mistakes, sheet.Mistakes...)
	return d.render(w, r, status, "entry.html", p)
}

// groupsHeard are the names of the organisations whose people have sent something to
// what a colleague looks after.
func (d *Desk) groupsHeard(r *request) (names []string, err error) {
	heard, err := r.read(d).OrganisationsHeard(d.programmes(r.Who))
	for _, h := range heard {
		if !slices.Contains(names, h.Name) && d.Casework.MayRead(r.Who, h.Programme, h.Area, false) {
			names = append(names, h.Name)
		}
	}
	return names, err
}

// putIn puts on file what somebody said on the phone, on paper or in person. It
// goes through the same door as everything else, with the same check.
func (d *Desk) putIn(w http.ResponseWriter, r *request) error {
	form, err := d.entryForm(r)
	if err != nil {
		return err
	}
	p, answers := d.entryTyped(r), web.Answered(form, r.PostForm)
	received, wrong := d.received(p.Date)
	if wrong != "" {
		p.Mistakes = append(p.Mistakes, web.Mistake{ID: "entry-date", Say: d.keyed(wrong)})
	}
	if strings.TrimSpace(p.Source) == "" {
		p.Mistakes = append(p.Mistakes, web.Mistake{ID: "entry-source", Say: d.keyed("desk.entry.source_missing")})
	}
	if len(p.Mistakes) > 0 {
		_, refused := form.Check(answers)
		return d.renderEntry(w, r, http.StatusUnprocessableEntity, form, p, answers, refused)
	}
	receipt, err := d.Intake.Accept(r.Context(), d.entryOf(r, form, p, answers, received))
	if refused, ok := errors.AsType[*intake.Refused](err); ok {
		return d.renderEntry(w, r, http.StatusUnprocessableEntity, form, p, answers, refused.Fields)
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r.Request, "/desk/submission/"+receipt.Submission.ID, http.StatusSeeOther)
	return nil
}

func (d *Desk) entryTyped(r *request) entryPage {
	v := r.PostFormValue
	return entryPage{Way: v("entry_way"), Date: v("entry_date"), Source: v("entry_source"), Language: v("entry_language"), NotByMail: v("entry_not_by_mail") != "", Key: v("entry_key")}
}

// received is when something came in: at noon of a day that has been, or now.
func (d *Desk) received(day string) (at time.Time, wrong string) {
	at, err := time.ParseInLocation(time.DateOnly, strings.TrimSpace(day), d.Org.Zone)
	if err != nil {
		return at, "desk.entry.date_wrong"
	}
	now := d.now()
	if at.After(now) || at.Before(now.AddDate(-10, 0, 0)) {
		return at, "desk.entry.date_when"
	}
	if at = at.Add(12 * time.Hour); at.After(now) {
		at = now
	}
	if day == now.Format(time.DateOnly) {
		at = now
	}
	return at, ""
}

func (d *Desk) entryOf(r *request, form *programme.Form, p entryPage, answers postroom.Answers, received time.Time) postroom.Entry {
	channel := postroom.ByPhone
	if p.Way == onPaper {
		channel = postroom.FromPaper
	}
	source := strings.ReplaceAll(p.Way, "_", " ") + ", " + strings.TrimSpace(p.Source)
	sum := sha256.Sum256([]byte(form.Name + "|" + r.Who.Name + "|" + p.Key + "|" + url.Values(answers).Encode()))
	return postroom.Entry{
		Channel: channel, Key: "desk:" + base64.RawURLEncoding.EncodeToString(sum[:16]), Form: form.Name, FormVersion: r.PostFormValue("entry_version"),
		Locale: p.Language, Answers: answers, At: received, Source: source, By: r.Who.Name, NotByMail: p.NotByMail,
	}
}
