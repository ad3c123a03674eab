package desk

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"postroom/internal/casework"
	"postroom/internal/link"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/web"
)

// deedOf does one act on a matter, with what the form of its page carries.
type deedOf func(r *request, ref casework.Ref) (postroom.Deed, error)

// simply is a deed that needs to know no more than who does it to what.
func simply(do func(context.Context, postroom.Colleague, casework.Ref) (postroom.Deed, error)) deedOf {
	return func(r *request, ref casework.Ref) (postroom.Deed, error) { return do(r.Context(), r.Who, ref) }
}

// acts lists what can be done on the page of a submission and on that of a letter.
func (d *Desk) acts() map[string]deedOf {
	c := d.Casework
	return map[string]deedOf{
		"take": simply(c.Take), "done": simply(c.Done), "close": simply(c.Close), "spam": simply(c.Spam), "snooze": d.snooze,
		"pass": func(r *request, ref casework.Ref) (postroom.Deed, error) {
			return c.Pass(r.Context(), r.Who, ref, r.PostFormValue("to"))
		},
		"note": func(r *request, ref casework.Ref) (postroom.Deed, error) {
			return c.Note(r.Context(), r.Who, ref, r.PostFormValue("note"))
		},
		"reply": func(r *request, ref casework.Ref) (postroom.Deed, error) {
			return c.Reply(r.Context(), r.Who, ref, r.PostFormValue("text"), "")
		},
		"worry": func(r *request, ref casework.Ref) (postroom.Deed, error) {
			return c.Worry(r.Context(), r.Who, ref, strings.TrimSpace(r.PostFormValue("why")))
		},
	}
}

// submissionActs are the acts that only a submission knows.
func (d *Desk) submissionActs() map[string]deedOf {
	c, acts := d.Casework, d.acts()
	acts["reclassify"] = func(r *request, ref casework.Ref) (postroom.Deed, error) {
		return c.Reclassify(r.Context(), r.Who, ref, r.PostFormValue("form"))
	}
	acts["release"] = func(r *request, ref casework.Ref) (postroom.Deed, error) {
		return postroom.Deed{Act: letGo}, c.Release(r.Context(), r.Who, ref.ID, strings.TrimSpace(r.PostFormValue("reason")))
	}
	acts["skip"] = func(r *request, _ casework.Ref) (postroom.Deed, error) {
		return c.SkipStep(r.Context(), r.Who, r.PostFormValue("step"))
	}
	acts["now"] = func(r *request, _ casework.Ref) (postroom.Deed, error) {
		return c.DoStepNow(r.Context(), r.Who, r.PostFormValue("step"))
	}
	return acts
}

// actOnSubmission does what a button on the page of a submission says.
func (d *Desk) actOnSubmission(w http.ResponseWriter, r *request) error {
	ref := casework.Ref{Matter: postroom.AboutSubmission, ID: r.PathValue("id")}
	return d.act(w, r, ref, d.submissionActs(), d.showSubmission)
}

// again shows a page once more, with what was typed and what was wrong with it.
type again func(w http.ResponseWriter, r *request, status int, t typed, mistake string) error

// act does one act and goes back to where the button was. What cannot be done as
// it was asked is said on the page of the matter, with everything that was typed
// still there.
func (d *Desk) act(w http.ResponseWriter, r *request, ref casework.Ref, acts map[string]deedOf, show again) error {
	name := r.PathValue("act")
	if name == "open" {
		return d.open(w, r, ref)
	}
	do, known := acts[name]
	if !known {
		return d.nowhere(w, r)
	}
	if name == "reply" && r.PostFormValue("insert") != "" {
		return d.insert(w, r, ref, show)
	}
	deed, err := do(r, ref)
	if err == nil {
		return d.did(w, r, deed, matterLink(ref))
	}
	switch postroom.KindOf(err) {
	case postroom.Invalid, postroom.Conflict:
		return show(w, r, web.Status(err), typedIn(r), d.say(said(err)))
	case postroom.NotFound: // a colleague, perhaps; a matter that is not there fails once more
		if name == "pass" {
			return show(w, r, http.StatusUnprocessableEntity, typedIn(r), d.say(said(err)))
		}
	}
	return err
}

// looked is how the audit calls it that somebody said they want to look at what is
// held. That they look is noted at each page; this is what the page asks for first.
const looked = "look"

// open notes that somebody wants to look at what is held, and shows it.
func (d *Desk) open(w http.ResponseWriter, r *request, ref casework.Ref) error {
	if err := d.Casework.Open(r.Context(), r.Who, ref); err != nil {
		return err
	}
	err := d.Store.Write(r.Context(), func(tx *store.Tx) error { return tx.Audit(r.Who.Name, looked, ref.ID, d.Clock.Now()) })
	if err != nil {
		return err
	}
	http.Redirect(w, r.Request, matterLink(ref), http.StatusSeeOther)
	return nil
}

func typedIn(r *request) typed {
	v := r.PostFormValue
	return typed{Act: r.PathValue("act"), Text: v("text"), To: v("to"), Why: v("why"), Note: v("note"), Reason: v("reason"), Date: v("date"), Person: v("person"), Name: v("name"), Form: v("form")}
}

// Until when something can be put off.
const (
	untilTomorrow = "tomorrow"
	untilFriday   = "friday"
	untilWeek     = "week"
	untilDate     = "date"

	morning = 7 // o'clock, when what was put off is back: before the summaries are written
)

// days lists until when something can be put off.
func (d *Desk) days() (list []option) {
	for _, until := range []string{untilTomorrow, untilFriday, untilWeek, untilDate} {
		list = append(list, option{Value: until, Label: d.keyed("desk.until." + until)})
	}
	return list
}

// until is the moment that a choice stands for; the zero time where it stands for
// none.
func (d *Desk) until(choice, date string) time.Time {
	now := d.now()
	day := time.Date(now.Year(), now.Month(), now.Day(), morning, 0, 0, 0, d.Org.Zone)
	next := func(weekday time.Weekday) time.Time {
		return day.AddDate(0, 0, (int(weekday)-int(day.Weekday())+6)%7+1)
	}
	switch choice {
	case untilTomorrow:
		return day.AddDate(0, 0, 1)
	case untilFriday:
		return next(time.Friday)
	case untilWeek:
		return next(time.Monday)
	case untilDate:
		if t, err := time.ParseInLocation(time.DateOnly, date, d.Org.Zone); err == nil {
			return t.Add(morning * time.Hour)
		}
	}
	return time.Time{}
}

func (d *Desk) snooze(r *request, ref casework.Ref) (postroom.Deed, error) {
	choice := r.PostFormValue("until")
	if r.PostFormValue("date") != "" {
		choice = untilDate
	}
	until := d.until(choice, r.PostFormValue("date"))
	if until.IsZero() {
		return postroom.Deed{}, &postroom.Error{Kind: postroom.Invalid, Say: postroom.Say("desk.until.which")}
	}
	return d.Casework.Snooze(r.Context(), r.Who, ref, until)
}

// Texts that can be put into a reply.
const (
	readyGreeting = "greeting"
	readyThanks   = "thanks"
	readyPlace    = "manage"
	readyForm     = "form"
)

// replyTo is the form by which somebody is answered.
func (d *Desk) replyTo(sub postroom.Submission, contact postroom.Contact, text string) replyForm {
	f := replyForm{To: sub.Address, Lang: sub.Locale, Text: text}
	f.Possible = sub.Address != "" && (contact.Reach == "" || contact.Reach == postroom.ReachEmail)
	if sub.Locale != english {
		f.Language = d.language(sub.Locale)
	}
	ready := []string{readyGreeting, readyThanks, readyForm}
	if sub.Kind == postroom.EventRegistration {
		ready = slices.Insert(ready, 2, readyPlace)
	}
	for _, name := range ready {
		f.Ready = append(f.Ready, option{Value: name, Label: d.keyed("desk.ready." + name)})
	}
	return f
}

// insert puts a ready text behind what somebody has written so far, and shows the
// page again. Nothing is sent.
func (d *Desk) insert(w http.ResponseWriter, r *request, ref casework.Ref, show again) error {
	t := typedIn(r)
	ready, err := d.ready(r, ref, r.PostFormValue("ready"))
	if err != nil {
		return err
	}
	t.Text = strings.TrimLeft(strings.TrimRight(t.Text, " \n\r")+"\n\n"+ready, "\n")
	return show(w, r, http.StatusOK, t, "")
}

// ready is a ready text with what it says of this person.
func (d *Desk) ready(r *request, ref casework.Ref, name string) (string, error) {
	read := r.read(d)
	if ref.Matter != postroom.AboutSubmission {
		return d.keyed("desk.ready."+name+"_text", "name", "", "organisation", d.Org.Name, "me", r.Who.Name), nil
	}
	if may, err := d.Casework.May(r.Context(), r.Who, ref); err != nil || !may {
		return "", cmp.Or(err, notYours())
	}
	sub, err := read.Submission(ref.ID)
	if err != nil {
		return "", err
	}
	contact, err := read.Contact(sub.Contact)
	if err != nil {
		return "", err
	}
	to := ""
	switch name {
	case readyForm:
		to = d.Org.BaseURL + "/f/" + sub.Form
	case readyPlace:
		to = d.Org.BaseURL + link.Path(link.Manage, d.Links.Make(link.Manage, d.Links.SentTo(sub.ID, sub.Address), d.Clock.Now().AddDate(1, 0, 0)))
	}
	return d.keyed("desk.ready."+name+"_text", "name", contact.Name, "organisation", d.Org.Name, "link", to, "me", r.Who.Name), nil
}
