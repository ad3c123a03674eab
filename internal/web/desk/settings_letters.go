package desk

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"postroom/internal/config"
	"postroom/internal/outbound"
	"postroom/internal/postroom"
	"postroom/internal/proof"
	"postroom/internal/store"
	"postroom/internal/wording"
)

// lettersPage lists every mail that the post room writes.
type lettersPage struct {
	page
	Groups []letterGroup
}

type letterGroup struct {
	Title, Says string
	Letters     []letterView
}

type letterView struct {
	Name, Title, When, Link string
	Languages               []tongue
	May                     bool
	Changed                 bool
}

// letterPage is one mail in one language.
type letterPage struct {
	page
	Name, When    string
	Action        string
	Languages     []tongue
	In, Dir       string
	InName        string
	English       bool
	Text          outbound.LetterText
	EnglishText   outbound.LetterText
	OwnDiscreet   bool
	Given         bool
	Marketing     bool
	Holding       bool
	ToColleagues  bool
	Gaps          []gapView
	Problems      problems
	Look          *outbound.Look
	Seen          int
	May           bool
	UsedBy        []string
	History       history
	SubjectWrong  []string
	DiscreetWrong []string
	BodyWrong     []string
}

// gapView is something that a letter can say of whoever it is for.
type gapView struct {
	Write, Means, Example string
	Must                  bool
}

func letterLink(name, locale string) string {
	return "/desk/settings/letter/" + url.PathEscape(name) + "/" + url.PathEscape(locale)
}

func (d *Desk) showLetters(w http.ResponseWriter, r *request) error {
	p := lettersPage{page: d.page(r, d.say(postroom.Say("desk.letters.title")))}
	views := d.letterViews(r.Who)
	group := func(title, says string, is func(l letterView) bool) {
		g := letterGroup{Title: title, Says: says}
		for _, l := range views {
			if is(l) {
				g.Letters = append(g.Letters, l)
			}
		}
		if len(g.Letters) > 0 {
			p.Groups = append(p.Groups, g)
		}
	}
	for _, name := range d.programmes(r.Who) {
		if each, known := d.Programmes.Programme(name); known {
			group(each.Title.In(english), "", func(l letterView) bool { used := d.usedBy(l.Name); return len(used) > 0 && slices.Contains(used, name) })
		}
	}
	for _, key := range []string{"people", "colleagues"} {
		group(d.say(postroom.Say("desk.letters."+key)), d.say(postroom.Say("desk.letters."+key+"_says")), func(l letterView) bool {
			letter, _ := d.Wording.Letter(l.Name, english)
			return len(d.usedBy(l.Name)) == 0 && (letter.ToCoordinators || d.words.Has("desk.letter."+l.Name+".to")) == (key == "colleagues")
		})
	}
	return d.render(w, r, http.StatusOK, "settings-letters.html", p)
}

// letterViews lists every letter once, with the languages that have it.
func (d *Desk) letterViews(who postroom.Colleague) (list []letterView) {
	for _, l := range d.Wording.Letters() {
		i := slices.IndexFunc(list, func(v letterView) bool { return v.Name == l.Name })
		if i < 0 {
			i, list = len(list), append(list, letterView{Name: l.Name, Title: d.letterTitle(l.Name), When: d.letterWhen(l.Name), May: d.mayReword(who, l.Name), Link: letterLink(l.Name, english)})
		}
		list[i].Languages = append(list[i].Languages, tongue{Tag: l.Locale, Name: d.Public.Text(l.Locale, postroom.Say("language.name")), Dir: direction(l.Locale), Link: letterLink(l.Name, l.Locale)})
		list[i].Changed = list[i].Changed || !l.Came
	}
	for i := range list {
		slices.SortStableFunc(list[i].Languages, func(a, b tongue) int { return first(b.Tag) - first(a.Tag) })
	}
	return list
}

// languagesWith lists the languages that have a letter.
func (d *Desk) languagesWith(l wording.Letter) (list []tongue) {
	for _, tag := range d.Public.Tags() {
		if _, has := d.Wording.Letter(l.Name, tag); has {
			list = append(list, tongue{Tag: tag, Name: d.Public.Text(tag, postroom.Say("language.name")), Dir: direction(tag), Link: letterLink(l.Name, tag), Current: tag == l.Locale})
		}
	}
	return list
}

func first(tag string) int {
	if tag == english {
		return 1
	}
	return 0
}

// letterTitle is the plain name of a letter.
func (d *Desk) letterTitle(name string) string {
	if key := "desk.letter." + name; d.words.Has(key) {
		return d.say(postroom.Say(key))
	}
	return name
}

// letterWhen says when a letter is sent.
func (d *Desk) letterWhen(name string) string {
	if key := "desk.letter." + name + ".when"; d.words.Has(key) {
		return d.say(postroom.Say(key))
	}
	return ""
}

// usedBy lists the programmes whose steps send a letter. None is one that the
// post room sends for all of them.
func (d *Desk) usedBy(letter string) (names []string) {
	for _, p := range d.Programmes.Programmes() {
		for _, s := range p.Workflow {
			if s.Send == letter && !slices.Contains(names, p.Name) {
				names = append(names, p.Name)
			}
		}
	}
	return names
}

// mayReword says whether a colleague may change a letter: whoever may change
// every programme that sends it.
func (d *Desk) mayReword(who postroom.Colleague, letter string) bool {
	used := d.usedBy(letter)
	if len(used) == 0 {
		return mayAll(who)
	}
	return !slices.ContainsFunc(used, func(name string) bool { return !mayWord(who, name) })
}

func (d *Desk) letterOf(r *request) (wording.Letter, error) {
	l, known := d.Wording.Letter(r.PathValue("name"), r.PathValue("locale"))
	if !known {
		return l, notFound("letter " + r.PathValue("name"))
	}
	return l, nil
}

func (d *Desk) showLetter(w http.ResponseWriter, r *request) error {
	l, err := d.letterOf(r)
	if err != nil {
		return err
	}
	look, err := d.Wording.PreviewLetter(l.Name, l.Locale, l.Text)
	if err != nil {
		return err
	}
	return d.renderLetter(w, r, http.StatusOK, l, l.Text, &look, nil)
}

// setLetter shows how a letter would look, or changes it.
func (d *Desk) setLetter(w http.ResponseWriter, r *request) error {
	l, err := d.letterOf(r)
	if err != nil {
		return err
	}
	if !d.mayReword(r.Who, l.Name) {
		return notYours()
	}
	text := outbound.LetterText{Subject: oneLine(r.PostFormValue("subject")), Discreet: oneLine(r.PostFormValue("discreet")), Body: strings.ReplaceAll(r.PostFormValue("body"), "\r\n", "\n")}
	if !l.OwnDiscreet {
		text.Discreet = ""
	}
	look, err := d.Wording.PreviewLetter(l.Name, l.Locale, text)
	if err == nil && r.PostFormValue("do") == "preview" {
		return d.renderLetter(w, r, http.StatusOK, l, text, &look, nil)
	}
	version := l.Version
	if err == nil {
		version, err = d.Wording.SetLetter(r.Context(), wording.Hand{By: r.Who.Name, Seen: seen(r)}, l.Name, l.Locale, text)
	}
	if err != nil {
		wrong, err := d.letterWrong(err)
		if err != nil {
			return err
		}
		return d.renderLetter(w, r, http.StatusUnprocessableEntity, l, text, nil, wrong)
	}
	return d.reworded(w, r, store.LetterWording, l.Name, l.Locale, l.Version, version, letterLink(l.Name, l.Locale))
}

// letterWrong puts what is wrong with a letter beside the text in which it is.
func (d *Desk) letterWrong(err error) (wrong problems, _ error) {
	found, mistaken := errors.AsType[proof.Mistakes](err)
	if !mistaken {
		return d.sorry(err, "body")
	}
	for _, m := range found {
		id, say := m.File, d.mistake(m)
		switch m.File {
		case "subject":
		case "discreet_subject":
			id = "discreet"
		default:
			id = "body"
			if m.Line > 1 {
				say = d.say(postroom.Say("desk.letter_page.line", "line", strconv.Itoa(m.Line), "say", say))
			}
		}
		wrong = append(wrong, problem{id, say})
	}
	return wrong, nil
}

func (d *Desk) renderLetter(w http.ResponseWriter, r *request, status int, l wording.Letter, text outbound.LetterText, look *outbound.Look, wrong problems) error {
	p := letterPage{
		page: d.page(r, d.letterTitle(l.Name)), Name: l.Name, When: d.letterWhen(l.Name), Action: letterLink(l.Name, l.Locale),
		In: l.Locale, Dir: direction(l.Locale), InName: d.Public.Text(l.Locale, postroom.Say("language.name")), English: l.Locale == english,
		Text: text, OwnDiscreet: l.OwnDiscreet, Given: l.Given, Marketing: l.Class == postroom.Marketing, Holding: l.Holding, ToColleagues: l.ToCoordinators,
		Problems: wrong, Look: look, Seen: l.Version, May: d.mayReword(r.Who, l.Name),
	}
	p.Here = p.Action
	p.Languages = d.languagesWith(l)
	if english, known := d.Wording.Letter(l.Name, english); known && !p.English {
		p.EnglishText = english.Text
	}
	for _, name := range d.usedBy(l.Name) {
		if each, known := d.Programmes.Programme(name); known {
			p.UsedBy = append(p.UsedBy, each.Title.In(english))
		}
	}
	for _, g := range l.Gaps {
		p.Gaps = append(p.Gaps, gapView{g.Write, d.gapSays("desk." + g.Key), d.gapSays("desk." + g.Key + ".example"), g.Must})
	}
	for _, each := range wrong {
		switch each.ID {
		case "subject":
			p.SubjectWrong = append(p.SubjectWrong, each.Say)
		case "discreet":
			p.DiscreetWrong = append(p.DiscreetWrong, each.Say)
		default:
			p.BodyWrong = append(p.BodyWrong, each.Say)
		}
	}
	var err error
	if p.History, err = d.history(r, store.LetterWording, l.Name, l.Locale, l.Change, p.Action); err != nil {
		return err
	}
	allowInlineStyles(w)
	return d.render(w, r, status, "settings-letter.html", p)
}

func (d *Desk) gapSays(key string) string {
	if d.words.Has(key) {
		return d.say(postroom.Say(key))
	}
	return ""
}

// allowInlineStyles lets a page show a mail as it looks: mails carry their styles
// with them, and the frame that shows one keeps the rules of the page it is on.
// Scripts stay forbidden there, and so does all that the frame's sandbox closes.
func allowInlineStyles(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Security-Policy", strings.Replace(h.Get("Content-Security-Policy"), "style-src 'self'", "style-src 'self' 'unsafe-inline'", 1))
}

// mailboxesPage says how much each mailbox does by itself.
type mailboxesPage struct {
	page
	Boxes []mailboxView
	Modes []choice
}

type mailboxView struct {
	Address, Link, Mode, Says string
	Modes                     []choice
	Seen                      int
	By                        string
	At                        When
	WrittenTo                 []string // titles of programmes
	ID                        string
}

func (d *Desk) showMailboxes(w http.ResponseWriter, r *request) error {
	p := mailboxesPage{page: d.page(r, d.say(postroom.Say("desk.mailboxes.title")))}
	for i, box := range d.Wording.Boxes() {
		p.Boxes = append(p.Boxes, d.mailbox(box, "mode-"+strconv.Itoa(i+1)))
	}
	p.Modes = d.modes("")
	return d.render(w, r, http.StatusOK, "settings-mailboxes.html", p)
}

// mailbox is what the page says of a mailbox. Its address would be no good id.
func (d *Desk) mailbox(box config.Mailbox, id string) mailboxView {
	c := d.Wording.Mailbox(strings.ToLower(box.Address))
	v := mailboxView{
		Address: box.Address, Link: "/desk/settings/mailboxes/" + url.PathEscape(box.Address), Mode: d.say(postroom.Say("desk.mode." + string(box.Mode))),
		Says: d.say(postroom.Say("desk.mode." + string(box.Mode) + "_says")), Modes: d.modes(box.Mode), Seen: c.Version, By: c.By, At: d.when(c.At), ID: id,
	}
	for i := range v.Modes {
		v.Modes[i].ID = v.ID + "-" + v.Modes[i].Value
	}
	for _, p := range d.Programmes.Programmes() {
		if slices.ContainsFunc(p.Addresses, func(a string) bool { return strings.EqualFold(a, box.Address) }) {
			v.WrittenTo = append(v.WrittenTo, p.Title.In(english))
		}
	}
	return v
}

func (d *Desk) modes(chosen config.MailboxMode) (list []choice) {
	for _, m := range []config.MailboxMode{config.Watch, config.Draft, config.Answer} {
		list = append(list, choice{Value: string(m), Label: d.say(postroom.Say("desk.mode." + string(m))), Says: d.say(postroom.Say("desk.mode." + string(m) + "_says")), Chosen: m == chosen})
	}
	return list
}

// setMailbox changes how much a mailbox does by itself.
func (d *Desk) setMailbox(w http.ResponseWriter, r *request) error {
	if !mayAll(r.Who) {
		return notYours()
	}
	address := strings.ToLower(r.PathValue("address"))
	was := d.Wording.Mailbox(address).Version
	version, err := d.Wording.SetMailboxMode(r.Context(), wording.Hand{By: r.Who.Name, Seen: seen(r)}, address, config.MailboxMode(r.PostFormValue("mode")))
	if found, mistaken := errors.AsType[proof.Mistakes](err); mistaken {
		return &postroom.Error{Kind: postroom.Invalid, Cause: found}
	}
	if err != nil {
		return err
	}
	return d.reworded(w, r, store.MailboxWording, address, "", was, version, "/desk/settings/mailboxes")
}
