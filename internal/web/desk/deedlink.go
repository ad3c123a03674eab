package desk

import (
	"context"
	"net/http"

	"postroom/internal/casework"
	"postroom/internal/link"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// deedRoutes are the pages behind the links of a summary. They open without a
// sign-in: the link is bound to one colleague and one act, and the page shows no
// more than the summary did.
func (d *Desk) deedRoutes() []route {
	return []route{
		{"GET /deed/{token}", strangers(), d.showDeed},
		{"POST /deed/{token}", strangers(), d.doDeed},
	}
}

// What a link of a summary may do.
const (
	deedTake     = "take"
	deedDone     = "done"
	deedSnooze   = "snooze"
	deedTomorrow = "snooze-tomorrow"
	deedAway     = "away"
	deedAgree    = "away-agree"
	deedNot      = "away-not"
)

// errand is what one link stands for.
type errand struct {
	act string
	ref casework.Ref
	by  postroom.Colleague
}

// deedPage has one button, or says what came of it.
type deedPage struct {
	page
	Asks    string // what the button will do
	For     string // as whom
	Waits   When
	Buttons []option
	Done    string // what was done; "" before
}

// errand reads a link. Whoever it was for must still work here.
func (d *Desk) errand(r *request) (e errand, err error) {
	subject, err := d.Links.Open(r.PathValue("token"), link.Deed)
	if err != nil {
		return e, err
	}
	act, matter, id, name, ok := link.ReadDeed(subject)
	if !ok {
		return e, &postroom.Error{Kind: postroom.NotFound, Say: postroom.Say("link.damaged")}
	}
	e.act, e.ref = act, casework.Ref{Matter: postroom.Matter(matter), ID: id}
	var here bool
	if e.by, here = d.Team.Named(name); !here {
		return e, &postroom.Error{Kind: postroom.Gone, Say: postroom.Say("desk.deedlink.left")}
	}
	return e, nil
}

// settled says whether nobody waits any more for what a link is about.
func (d *Desk) settled(r *request, ref casework.Ref) (bool, error) {
	switch read := r.read(d); ref.Matter {
	case postroom.AboutSubmission:
		sub, err := read.Submission(ref.ID)
		return sub.State == postroom.SubmissionAnswered || sub.State == postroom.SubmissionClosed, err
	case postroom.AboutLetter:
		l, err := read.Letter(ref.ID)
		return l.State != postroom.LetterTriage, err
	case postroom.AboutCall:
		c, err := read.Call(ref.ID)
		return c.Done, err
	}
	return false, nil
}

// about names what a link is about: by reference only.
func (d *Desk) about(r *request, ref casework.Ref) (name string, since When, err error) {
	read := r.read(d)
	switch ref.Matter {
	case postroom.AboutSubmission:
		sub, err := read.Submission(ref.ID)
		return sub.Reference, d.when(sub.ReceivedAt), err
	case postroom.AboutLetter:
		l, err := read.Letter(ref.ID)
		return l.Reference, d.when(l.ReceivedAt), err
	case postroom.AboutCall:
		c, err := read.Call(ref.ID)
		if c.Reference == "" {
			c.Reference = d.say(postroom.Say("desk.deedlink.call"))
		}
		return c.Reference, d.when(c.At), err
	case postroom.AboutColleague:
		if c, here := d.Team.Named(ref.ID); here {
			return c.Name, When{}, nil
		}
	}
	return "", When{}, &postroom.Error{Kind: postroom.NotFound}
}

// showDeed says what the button will do.
func (d *Desk) showDeed(w http.ResponseWriter, r *request) error {
	e, err := d.errand(r)
	if err != nil {
		return err
	}
	name, since, err := d.about(r, e.ref)
	if err != nil {
		return err
	}
	asks := d.keyed("desk.deedlink.asks_"+e.act, "name", name, "until", d.day(d.until(untilTomorrow, "")))
	if asks == "" {
		return &postroom.Error{Kind: postroom.NotFound, Say: postroom.Say("link.damaged")}
	}
	p := deedPage{page: d.page(r, d.say(postroom.Say("desk.deedlink.title"))), Asks: asks, For: e.by.Name, Waits: since}
	if over, err := d.settled(r, e.ref); err != nil {
		return err
	} else if over { // a button would do nothing
		p.Done = d.keyed("desk.deedlink.done_"+deedDone, "name", name)
	}
	p.Buttons = []option{{Value: e.act, Label: d.keyed("desk.deedlink.button_" + e.act)}}
	if e.act == deedAway {
		p.Buttons = []option{{Value: deedAgree, Label: d.keyed("desk.deedlink.button_" + deedAgree)}, {Value: deedNot, Label: d.keyed("desk.deedlink.button_" + deedNot)}}
	}
	return d.render(w, r, http.StatusOK, "deed.html", p)
}

// doDeed does what the button says, as the colleague for whom the link was made.
func (d *Desk) doDeed(w http.ResponseWriter, r *request) error {
	e, err := d.errand(r)
	if err != nil {
		return err
	}
	act := e.act
	if chosen := r.PostFormValue("act"); act == deedAway && (chosen == deedAgree || chosen == deedNot) {
		act = chosen
	}
	name, _, err := d.about(r, e.ref)
	if err != nil {
		return err
	}
	if err := d.doErrand(r.Context(), e, act); err != nil {
		return err
	}
	p := deedPage{page: d.page(r, d.say(postroom.Say("desk.deedlink.title"))), For: e.by.Name}
	p.Done = d.keyed("desk.deedlink.done_"+act, "name", name, "until", d.day(d.until(untilTomorrow, "")))
	return d.render(w, r, http.StatusOK, "deed.html", p)
}

func (d *Desk) doErrand(ctx context.Context, e errand, act string) (err error) {
	switch act {
	case deedTake:
		_, err = d.Casework.Take(ctx, e.by, e.ref)
	case deedDone:
		_, err = d.Casework.Done(ctx, e.by, e.ref)
	case deedSnooze, deedTomorrow:
		_, err = d.Casework.Snooze(ctx, e.by, e.ref, d.until(untilTomorrow, ""))
	case deedAgree, deedNot:
		return d.settleAbsence(ctx, e, act == deedAgree)
	default:
		return &postroom.Error{Kind: postroom.NotFound, Say: postroom.Say("link.damaged")}
	}
	return err
}

// settleAbsence agrees that a colleague is away, as their automatic reply said, or
// says that they are not. Doing it again changes nothing; once the other was said,
// it is over.
func (d *Desk) settleAbsence(ctx context.Context, e errand, agree bool) error {
	now := d.Clock.Now()
	return d.Team.Change(ctx, func(tx *store.Tx) error {
		all, err := tx.Colleagues()
		if err != nil {
			return err
		}
		for _, c := range all {
			if c.Name != e.ref.ID || !c.Here() {
				continue
			}
			if !c.Absence.Proposed {
				if agree == !c.Absence.From.IsZero() {
					return nil
				}
				return &postroom.Error{Kind: postroom.Gone, Say: postroom.Say("desk.deedlink.over")}
			}
			if c.Absence.Proposed = false; !agree {
				c.Absence = postroom.Absence{}
			}
			if err := tx.ChangeColleague(c); err != nil {
				return err
			}
			return tx.Audit(e.by.Name, e.act, c.Name, now)
		}
		return &postroom.Error{Kind: postroom.NotFound}
	})
}
