package desk

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
	"postroom/internal/wording"
)

// wordsPage is the texts of a form, or of what a programme says besides, in one
// language, with the English beside them.
type wordsPage struct {
	page
	Programme     string // title
	ProgrammeLink string
	Action        string
	Public        string // the page that people see; "" is none
	Languages     []tongue
	In, Dir       string
	InName        string
	English       bool
	Reviewed      bool
	Groups        []wordGroup
	Problems      problems
	Seen          int
	Preview       string // the page as it would be; "" is none
	Previewed     bool
	Closed        bool
	HasPreview    bool
}

type tongue struct {
	Tag, Name, Dir, Link string
	Current, Reviewed    bool
}

type wordGroup struct {
	Title string
	ID    string
	Texts []wordView
}

// wordView is one text to change.
type wordView struct {
	ID, Name, Label, Hint string
	English               string // "" where the text is English
	Value                 string
	Long, Optional        bool
	Mistake               string
}

// words is what is being changed: some texts of a programme in one language.
type words struct {
	p     wording.Programme
	form  *programme.Form // nil is what the programme says besides its forms
	in    string
	texts []programme.Text
}

func (d *Desk) showProgrammeWords(w http.ResponseWriter, r *request) error {
	p, err := d.programmeOf(r)
	if err != nil {
		return err
	}
	return d.renderWords(w, r, http.StatusOK, d.wordsOf(r, p, nil), nil, "")
}

func (d *Desk) setProgrammeWords(w http.ResponseWriter, r *request) error {
	p, err := d.programmeOf(r)
	if err != nil {
		return err
	}
	return d.setWords(w, r, d.wordsOf(r, p, nil))
}

func (d *Desk) showFormWords(w http.ResponseWriter, r *request) error {
	p, f, err := d.formOf(r)
	if err != nil {
		return err
	}
	x := d.wordsOf(r, p, f)
	preview := ""
	if r.URL.Query().Get("look") != "" {
		if preview, err = d.Form(r.Request, f, x.in); err != nil {
			return err
		}
	}
	return d.renderWords(w, r, http.StatusOK, x, nil, preview)
}

func (d *Desk) setFormWords(w http.ResponseWriter, r *request) error {
	p, f, err := d.formOf(r)
	if err != nil {
		return err
	}
	return d.setWords(w, r, d.wordsOf(r, p, f))
}

// formOf is the form that the address names, if who looks may change it.
func (d *Desk) formOf(r *request) (wording.Programme, *programme.Form, error) {
	name := r.PathValue("name")
	for _, p := range d.Wording.Programmes() {
		for _, f := range p.Forms {
			if f.Name != name {
				continue
			}
			if !mayWord(r.Who, p.Name) {
				return p, nil, notYours()
			}
			return p, f, nil
		}
	}
	return wording.Programme{}, nil, notFound("form " + name)
}

// wordsOf gathers the texts of a form, or of what belongs to none.
func (d *Desk) wordsOf(r *request, p wording.Programme, f *programme.Form) words {
	x := words{p: p, form: f, in: r.FormValue("in")}
	if !slices.Contains(p.Languages, x.in) {
		x.in = english
	}
	for _, t := range p.Texts() {
		rest, ofForm := strings.CutPrefix(t.Path, "form/")
		name, _, _ := strings.Cut(rest, "/")
		if f == nil && !ofForm || f != nil && ofForm && name == f.Name {
			x.texts = append(x.texts, t)
		}
	}
	return x
}

// The longest texts, in characters.
const (
	longestText  = 300
	longestProse = 4000
)

// edits makes changes of what was typed, and says what is wrong with it.
func (d *Desk) edits(r *request, x words) (edits []programme.Edit, wrong problems) {
	for _, t := range x.texts {
		typed, sent := r.PostForm["t/"+t.Path]
		if !sent {
			continue
		}
		is := strings.TrimSpace(strings.ReplaceAll(typed[0], "\r\n", "\n"))
		most := longestText
		if t.Long {
			most = longestProse
		} else {
			is = oneLine(is)
		}
		switch {
		case is == strings.TrimSpace(t.Words[x.in]):
		case is == "" && t.Must:
			wrong = append(wrong, problem{inputID(t.Path), d.say(postroom.Say("desk.words.empty"))})
		case utf8.RuneCountInString(is) > most:
			wrong = append(wrong, problem{inputID(t.Path), d.say(postroom.Say("desk.words.long", "most", strconv.Itoa(most)))})
		case is == "": // it is left out in every language, or it would be half there
			for tag := range t.Words {
				edits = append(edits, programme.SetText(t.Path, tag, ""))
			}
		case len(t.Words) == 0:
			edits = append(edits, programme.SetText(t.Path, "", is))
		default:
			edits = append(edits, programme.SetText(t.Path, x.in, is))
		}
	}
	return edits, wrong
}

func inputID(path string) string { return "t-" + strings.ReplaceAll(path, "/", "-") }

// setWords shows how a change would look, or makes it.
func (d *Desk) setWords(w http.ResponseWriter, r *request, x words) error {
	edits, wrong := d.edits(r, x)
	if len(wrong) > 0 {
		return d.renderWords(w, r, http.StatusUnprocessableEntity, x, wrong, "")
	}
	if r.PostFormValue("do") == "preview" {
		return d.previewWords(w, r, x, edits)
	}
	version, err := d.Wording.Edit(r.Context(), wording.Hand{By: r.Who.Name, Seen: seen(r)}, x.p.Name, edits...)
	if err != nil {
		return d.sayWrong(w, r, x, err)
	}
	return d.reworded(w, r, store.ProgrammeWording, x.p.Name, "", x.p.Version, version, x.link())
}

func (d *Desk) previewWords(w http.ResponseWriter, r *request, x words, edits []programme.Edit) error {
	p, _, err := d.Wording.Try(r.Context(), x.p.Name, edits...)
	if err != nil {
		return d.sayWrong(w, r, x, err)
	}
	for _, f := range p.Forms {
		if x.form == nil || f.Name == x.form.Name {
			page, err := d.Form(r.Request, f, x.in)
			if err != nil {
				return err
			}
			return d.renderWords(w, r, http.StatusOK, x, nil, page)
		}
	}
	return d.renderWords(w, r, http.StatusOK, x, nil, "")
}

// sayWrong shows the texts again, as they were typed, with what is wrong.
func (d *Desk) sayWrong(w http.ResponseWriter, r *request, x words, err error) error {
	wrong, err := d.sorry(err, "words")
	if err != nil {
		return err
	}
	return d.renderWords(w, r, http.StatusUnprocessableEntity, x, wrong, "")
}

func (x words) link() string {
	at := programmeLink(x.p.Name) + "/words"
	if x.form != nil {
		at = formLink(x.form.Name)
	}
	return at + "?" + url.Values{"in": {x.in}}.Encode()
}

func (d *Desk) renderWords(w http.ResponseWriter, r *request, status int, x words, wrong problems, preview string) error {
	title := d.say(postroom.Say("desk.words.of", "name", x.p.Title.In(english)))
	if x.form != nil {
		title = d.say(postroom.Say("desk.words.form", "name", x.form.Title.In(english)))
	}
	p := wordsPage{
		page: d.page(r, title), Programme: x.p.Title.In(english), ProgrammeLink: programmeLink(x.p.Name), In: x.in, Dir: direction(x.in),
		InName: d.Public.Text(x.in, postroom.Say("language.name")), English: x.in == english, Reviewed: slices.Contains(x.p.Reviewed, x.in),
		Problems: wrong, Seen: x.p.Version, Preview: preview, Previewed: preview != "", HasPreview: len(x.p.Forms) > 0,
	}
	p.Here = x.link()
	p.Action, _, _ = strings.Cut(p.Here, "?")
	if x.form != nil {
		p.Public, p.Closed = "/f/"+url.PathEscape(x.form.Name)+"?"+url.Values{"lang": {x.in}}.Encode(), x.form.ClosedAt(d.now())
	}
	for _, l := range d.languagesOf(x.p.Programme) {
		other := x
		other.in = l.Tag
		p.Languages = append(p.Languages, tongue{Tag: l.Tag, Name: l.Name, Dir: l.Dir, Link: other.link(), Current: l.Tag == x.in, Reviewed: l.Reviewed})
	}
	p.Groups = d.groups(r, x, wrong)
	return d.render(w, r, status, "settings-words.html", p)
}

// groups puts the texts of each question together.
func (d *Desk) groups(r *request, x words, wrong problems) (list []wordGroup) {
	for _, t := range x.texts {
		title, id := d.groupOf(x, t.Path)
		if len(list) == 0 || list[len(list)-1].ID != id {
			list = append(list, wordGroup{Title: title, ID: id})
		}
		last := &list[len(list)-1]
		last.Texts = append(last.Texts, d.word(r, x, t, wrong))
	}
	return list
}

// groupOf says to what a text belongs: to a question, a date, a list, or to the
// whole.
func (d *Desk) groupOf(x words, path string) (title, id string) {
	parts := strings.Split(path, "/")
	for i := len(parts) - 2; i >= 0; i-- {
		switch parts[i] {
		case "field":
			if f, ok := x.form.Field(parts[i+1]); ok {
				return d.questionOf(f), "group-" + f.Name
			}
		case "event", "session", "list":
			return d.say(postroom.Say("desk.words.names")), "group-names"
		}
	}
	return d.say(postroom.Say("desk.words.whole")), "group-whole"
}

// questionOf is what a question is called, in English.
func (d *Desk) questionOf(f *programme.Field) string {
	if label := f.Label.In(english); label != "" {
		return label
	}
	return d.Public.Text(english, postroom.Say(f.Type.LabelKey()))
}

func (d *Desk) word(r *request, x words, t programme.Text, wrong problems) wordView {
	parts := strings.Split(t.Path, "/")
	kind := parts[len(parts)-1]
	if len(parts) > 1 && parts[len(parts)-2] == "option" {
		kind = "option"
	}
	v := wordView{ID: inputID(t.Path), Name: "t/" + t.Path, Label: d.say(postroom.Say("desk.words." + kind)), Value: t.Words[x.in], Long: t.Long, Optional: !t.Must, Mistake: wrong.At(inputID(t.Path))}
	if len(parts) > 2 && kind == "name" {
		v.Label = d.say(postroom.Say("desk.words." + parts[len(parts)-3]))
	}
	if x.in != english {
		v.English = t.Words[english]
	}
	if hint := "desk.words." + kind + "_hint"; d.words.Has(hint) {
		v.Hint = d.say(postroom.Say(hint))
	}
	if f := x.fieldOf(t.Path); f != nil && f.Type.WellKnown() && (kind == "label" || kind == "error_label") && len(t.Words) == 0 {
		key := f.Type.LabelKey()
		if kind == "error_label" {
			key = f.Type.ErrorLabelKey()
		}
		v.Hint = d.say(postroom.Say("desk.words.own", "text", d.Public.Text(x.in, postroom.Say(key))))
	}
	if typed, sent := r.PostForm[v.Name]; sent {
		v.Value = strings.ReplaceAll(typed[0], "\r\n", "\n")
	}
	return v
}

// fieldOf is the question that a text belongs to; nil is none.
func (x words) fieldOf(path string) *programme.Field {
	if parts := strings.Split(path, "/"); x.form != nil && len(parts) > 3 && parts[2] == "field" {
		f, _ := x.form.Field(parts[3])
		return f
	}
	return nil
}
