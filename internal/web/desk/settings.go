package desk

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"postroom/internal/postroom"
	"postroom/internal/proof"
	"postroom/internal/store"
	"postroom/internal/wording"
)

// settingsRoutes lists the pages on which the post room itself is looked after.
// A coordinator opens most of them; what of a page they may change is asked per
// person, programme and letter.
func (d *Desk) settingsRoutes() []route {
	const person, programme, letter = "/desk/settings/people/{name}", "/desk/settings/programme/{name}", "/desk/settings/letter/{name}/{locale}"
	return []route{
		{"GET /desk/settings", readers(), d.showSettings},
		{"GET /desk/settings/people", readers(), d.showColleagues},
		{"POST /desk/settings/people", admins(), d.invite},
		{"GET " + person, readers(), d.showPerson},
		{"POST " + person + "/details", readers(), d.setDetails},
		{"POST " + person + "/grants", admins(), d.setGrants},
		{"POST " + person + "/away", readers(), d.setAway},
		{"POST " + person + "/back", readers(), d.setBack},
		{"POST " + person + "/agree", readers(), d.agreeAbsence},
		{"POST " + person + "/not-so", readers(), d.refuseAbsence},
		{"GET " + person + "/leaving", admins(), d.showLeaving},
		{"POST " + person + "/leaving", admins(), d.handOver},
		{"GET " + programme, readers(), d.showProgramme},
		{"POST " + programme + "/reply-time", readers(), d.setReplyTime},
		{"POST " + programme + "/coordinators", admins(), d.setCoordinators},
		{"POST " + programme + "/safeguarding", admins(), d.setSafeguarding},
		{"POST " + programme + "/reviewed", readers(), d.setReviewed},
		{"POST " + programme + "/area", admins(), d.addArea},
		{"POST " + programme + "/area/{area}", admins(), d.changeArea},
		{"POST " + programme + "/date/{event}/{session}", readers(), d.setDate},
		{"POST " + programme + "/form/{form}", readers(), d.switchForm},
		{"GET " + programme + "/words", readers(), d.showProgrammeWords},
		{"POST " + programme + "/words", readers(), d.setProgrammeWords},
		{"GET /desk/settings/form/{name}", readers(), d.showFormWords},
		{"POST /desk/settings/form/{name}", readers(), d.setFormWords},
		{"GET /desk/settings/letters", readers(), d.showLetters},
		{"GET " + letter, readers(), d.showLetter},
		{"POST " + letter, readers(), d.setLetter},
		{"GET /desk/settings/mailboxes", keepers(), d.showMailboxes},
		{"POST /desk/settings/mailboxes/{address}", keepers(), d.setMailbox},
		{"POST /desk/settings/restore", readers(), d.restore},
	}
}

// settingsPage lists what can be set.
type settingsPage struct {
	page
	Places []settingsPlace
	Own    []settingsPlace // programmes
}

type settingsPlace struct{ Name, Link, Says string }

func (d *Desk) showSettings(w http.ResponseWriter, r *request) error {
	p := settingsPage{page: d.page(r, d.say(postroom.Say("desk.settings.title")))}
	add := func(key, link string) {
		p.Places = append(p.Places, settingsPlace{d.say(postroom.Say("desk.settings." + key)), link, d.say(postroom.Say("desk.settings." + key + "_says"))})
	}
	add("you", colleagueLink(r.Who.Name))
	add("people", "/desk/settings/people")
	add("letters", "/desk/settings/letters")
	if mayAll(r.Who) {
		add("mailboxes", "/desk/settings/mailboxes")
	}
	for _, name := range d.programmes(r.Who) {
		if each, known := d.Programmes.Programme(name); known && mayWord(r.Who, name) {
			p.Own = append(p.Own, settingsPlace{each.Title.In(english), programmeLink(name), d.programmeSays(each)})
		}
	}
	return d.render(w, r, http.StatusOK, "settings.html", p)
}

// mayWord says whether a colleague may change what a programme says.
func mayWord(who postroom.Colleague, programme string) bool { return who.Reads(programme, "") }

// mayAll says whether a colleague may change what concerns everybody.
func mayAll(who postroom.Colleague) bool { return who.Has(postroom.Admin, "", "") }

func colleagueLink(name string) string { return "/desk/settings/people/" + url.PathEscape(name) }

func programmeLink(name string) string { return "/desk/settings/programme/" + url.PathEscape(name) }

func notFound(what string) error {
	return &postroom.Error{Kind: postroom.NotFound, Cause: fmt.Errorf("there is no %s", what)}
}

// problem is something on a form that has to be mended: where, and what.
type problem struct{ ID, Say string }

// problems are what is to be mended on one page.
type problems []problem

// At returns what is wrong with one input.
func (ps problems) At(id string) string { return ps.Of(id).Say }

// Of returns what is wrong with one input, with its id: the zero problem where
// nothing is.
func (ps problems) Of(id string) problem {
	i := slices.IndexFunc(ps, func(p problem) bool { return p.ID == id })
	if i < 0 {
		return problem{}
	}
	return ps[i]
}

// sorry makes what a work room did not take into something to mend beside an
// input. Any other error is not for mending.
func (d *Desk) sorry(err error, id string) (problems, error) {
	if found, ok := errors.AsType[proof.Mistakes](err); ok {
		var list problems
		for _, m := range found {
			list = append(list, problem{id, d.mistake(m)})
		}
		return list, nil
	}
	switch postroom.KindOf(err) {
	case postroom.Invalid, postroom.Conflict:
		return problems{{id, d.say(said(err))}}, nil
	}
	return nil, err
}

// mistake is what a room of ours says is wrong with a text, and what to write.
func (d *Desk) mistake(m proof.Mistake) string {
	say := strings.ToUpper(m.Say[:min(1, len(m.Say))]) + m.Say[min(1, len(m.Say)):]
	if m.Instead == "" {
		return say + "."
	}
	return d.say(postroom.Say("desk.settings.mistake", "say", say, "instead", m.Instead))
}

// A change of wording has no row of its own among the deeds: its version is what
// was done, and it was stored in one step with it. So its id says which it is.
const wordingDeed = "wording~"

func deedOfWording(kind store.WordingKind, name, locale string, version int) postroom.Deed {
	return postroom.Deed{ID: wordingDeed + strings.Join([]string{string(kind), strconv.Itoa(version), locale, name}, "~")}
}

type wordingRef struct {
	kind         store.WordingKind
	name, locale string
	version      int
}

func readWordingDeed(id string) (ref wordingRef, ok bool) {
	rest, ok := strings.CutPrefix(id, wordingDeed)
	parts := strings.SplitN(rest, "~", 4)
	if !ok || len(parts) != 4 {
		return ref, false
	}
	ref = wordingRef{kind: store.WordingKind(parts[0]), name: parts[3], locale: parts[2]}
	var err error
	ref.version, err = strconv.Atoi(parts[1])
	return ref, err == nil
}

// deed returns one thing that somebody did.
func (d *Desk) deed(ctx context.Context, id string) (postroom.Deed, error) {
	ref, ok := readWordingDeed(id)
	if !ok {
		return d.Store.Read(ctx).Deed(id)
	}
	list, err := d.Wording.History(ctx, ref.kind, ref.name, ref.locale)
	if err != nil {
		return postroom.Deed{}, err
	}
	i := len(list) - ref.version // the newest first, without gaps
	if i < 0 || i >= len(list) {
		return postroom.Deed{}, notFound("version " + id)
	}
	deed := postroom.Deed{ID: id, At: list[i].MadeAt, Actor: list[i].MadeBy, Act: "wording", Matter: postroom.AboutSetting, Subject: ref.name}
	if i > 0 {
		deed.UndoneAt = list[0].MadeAt
	}
	return deed, nil
}

// undoWording brings back what was there before a change, if nothing has changed
// since.
func (d *Desk) undoWording(r *request, id string) error {
	ref, ok := readWordingDeed(id)
	if !ok {
		return notFound("deed " + id)
	}
	if err := d.mayBring(r, ref.kind, ref.name, ref.version-1); err != nil {
		return err
	}
	_, err := d.Wording.Undo(r.Context(), wording.Hand{By: r.Who.Name, Seen: ref.version}, ref.kind, ref.name, ref.locale)
	return err
}

// mayChange says whether a colleague may change something that has versions.
func (d *Desk) mayChange(who postroom.Colleague, kind store.WordingKind, name string) bool {
	switch kind {
	case store.ProgrammeWording:
		return mayWord(who, name)
	case store.LetterWording:
		return d.mayReword(who, name)
	}
	return mayAll(who)
}

// mayBring returns Forbidden unless a colleague may bring a version back. One of a
// programme says who looks after it and who is called when somebody may be in
// danger: whoever may not change that does not change it by going back, either.
func (d *Desk) mayBring(r *request, kind store.WordingKind, name string, version int) error {
	if !d.mayChange(r.Who, kind, name) {
		return notYours()
	}
	if kind != store.ProgrammeWording || mayAll(r.Who) {
		return nil
	}
	is, known := d.Programmes.Programme(name)
	if !known {
		return notFound("programme " + name)
	}
	was, err := d.Wording.Past(r.Context(), name, version)
	if _, mistaken := errors.AsType[proof.Mistakes](err); mistaken {
		return nil // it cannot be brought back, which is said next
	}
	if err != nil {
		return err
	}
	if !slices.Equal(was.Coordinators, is.Coordinators) || was.Safeguarding.Lead != is.Safeguarding.Lead || was.Safeguarding.Deputy != is.Safeguarding.Deputy {
		return notYours()
	}
	return nil
}

// restore brings an older version back.
func (d *Desk) restore(w http.ResponseWriter, r *request) error {
	kind, name, locale := store.WordingKind(r.PostFormValue("kind")), r.PostFormValue("name"), r.PostFormValue("locale")
	version, err := strconv.Atoi(r.PostFormValue("version"))
	if err != nil || !slices.Contains([]store.WordingKind{store.ProgrammeWording, store.LetterWording, store.MailboxWording}, kind) {
		return notFound("version")
	}
	if err := d.mayBring(r, kind, name, version); err != nil {
		return err
	}
	is, err := d.Wording.Restore(r.Context(), wording.Hand{By: r.Who.Name, Seen: seen(r)}, kind, name, locale, version)
	if found, ok := errors.AsType[proof.Mistakes](err); ok {
		return &postroom.Error{Kind: postroom.Invalid, Say: postroom.Say("desk.settings.cannot_restore"), Cause: found}
	}
	if err != nil {
		return err
	}
	return d.did(w, r, deedOfWording(kind, name, locale, is), "/desk/settings")
}

// seen is the version that was looked at when a button was pressed.
func seen(r *request) int {
	n, err := strconv.Atoi(r.PostFormValue("seen"))
	if err != nil || n < 0 {
		return wording.Any
	}
	return n
}

// history lists the versions of something.
type history struct {
	Kind, Name, Locale string
	Seen               int
	List               []pastVersion
	Back               string
	AsItCame           bool // it is as it came, and was never changed or was put back
	Newest             string
	Aside              string // why the newest version is not used
}

type pastVersion struct {
	Version int
	By      string
	At      When
	Current bool
}

// mostVersions is how many versions a page lists; the older ones stay on file.
const mostVersions = 12

func (d *Desk) history(r *request, kind store.WordingKind, name, locale string, c wording.Change, back string) (history, error) {
	h := history{Kind: string(kind), Name: name, Locale: locale, Seen: c.Version, Back: back, AsItCame: c.Came}
	if c.Problem != nil {
		h.Aside = d.say(postroom.Say("desk.settings.aside"))
	}
	list, err := d.Wording.History(r.Context(), kind, name, locale)
	if err != nil {
		return h, err
	}
	for i, each := range list[:min(len(list), mostVersions)] {
		h.List = append(h.List, pastVersion{each.Version, each.MadeBy, d.when(each.MadeAt), i == 0})
	}
	return h, nil
}
