package intake

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
	"postroom/internal/workflow"
)

// Mails owes messages and lets those go that a hold kept back.
type Mails interface {
	Owe(tx *store.Tx, m postroom.Message) (postroom.Message, error)
	Release(tx *store.Tx, submission string) (sent int, err error)
}

const (
	guardianAsk       = "guardian-ask" // the template
	guardianMails     = 5              // to one guardian about one submission
	guardianMailApart = 10 * time.Minute
	// GuardianLife is how long the link in such a mail may be used. It can be sent
	// again.
	GuardianLife = 14 * 24 * time.Hour
)

// guard holds a submission until whoever has to agree to it has. They are asked at
// once, unless somebody has to look first: a mail to an address that a stranger
// typed is not for what a machine sent, nor for somebody in danger, nor for one that
// was asked often today, whoever typed it. It says whether a person has to ask them, and nobody has been told to look for another reason.
func (in *Intake) guard(tx *store.Tx, a arrival, c *workflow.Case) (byPerson bool, err error) {
	g := a.form.Guardian
	if !a.form.NeedsGuardian(a.submission.Answers) {
		return false, nil
	}
	reach := store.GuardianReach{
		Name: a.submission.Answers.One(g.Name), Address: strings.ToLower(a.submission.Answers.One(g.Email)), Phone: a.submission.Answers.One(g.Phone),
	}
	if reach.Address == "" && reach.Phone == "" {
		return false, nil // a letter left it open, and it is asked for
	}
	clear := c.Submission.State != postroom.SubmissionHeld
	byMail := clear && reach.Address != "" && in.Mails != nil
	if byMail {
		if byMail, err = tx.RoomToAsk(reach.Address, in.Strangers.ToAddress, a.at); err != nil {
			return false, err
		}
	}
	ask := store.Guardian{Submission: c.Submission.ID, GuardianReach: reach, AskedAt: a.at, ChaseAt: g.Chase.After(a.at, in.Workflow.Zone)}
	if byMail {
		ask.Asked = 1
	}
	added, err := tx.AddGuardian(ask)
	if err != nil || !added {
		return false, err
	}
	if err := tx.Hold(c.Submission.ID, workflow.HeldForGuardian, a.at); err != nil {
		return false, err
	}
	c.Submission.State = postroom.SubmissionHeld
	if !byMail {
		return clear, nil
	}
	return false, in.askGuardian(tx, a.form, c.Submission, ask, a.at)
}

// AskGuardianNow asks a guardian whom the door did not ask because somebody had to
// look first, and now has. Where there is no address a coordinator has to phone.
// Whoever was asked before, or has answered, is not asked again.
func (in *Intake) AskGuardianNow(tx *store.Tx, submission string, at time.Time) error {
	sub, form, g, err := in.guardian(tx, submission)
	if postroom.KindOf(err) == postroom.Gone {
		return nil
	}
	if err != nil || g.State != store.GuardianWaiting || g.Asked > 0 {
		return err
	}
	if g.Address == "" || in.Mails == nil {
		return in.Workflow.PhoneGuardian(tx, submission, at)
	}
	if fresh, err := tx.AskGuardianFirst(submission, at, form.Guardian.Chase.After(at, in.Workflow.Zone)); err != nil || !fresh {
		return err
	}
	g.Asked = 1
	return in.askGuardian(tx, form, sub, g, at)
}

func (in *Intake) askGuardian(tx *store.Tx, form *programme.Form, sub postroom.Submission, g store.Guardian, at time.Time) error {
	data := map[string]string{"url": in.GuardianLink(sub.ID, g.Asked), "ends": at.Add(GuardianLife).UTC().Format(time.RFC3339)}
	if workflow.Unreviewed(form.Programme, sub.Locale) {
		data["unreviewed"] = "yes"
	}
	_, err := in.Mails.Owe(tx, postroom.Message{
		Key: fmt.Sprintf("guardian:%s:%d", sub.ID, g.Asked), Programme: sub.Programme, Submission: sub.ID, About: sub.ID, To: g.Address,
		Template: guardianAsk, Locale: sub.Locale, Class: postroom.Service, Lane: postroom.Confirm, Discreet: form.Programme.Discreet, CreatedAt: at,
		Data: data,
	})
	return err
}

// AskGuardian asks a guardian once more, by a link that ends those of before. It
// returns Gone when they have answered, and TooMany when they were asked enough.
func (in *Intake) AskGuardian(ctx context.Context, submission string) error {
	return in.Store.Write(ctx, func(tx *store.Tx) error {
		sub, form, g, err := in.guardian(tx, submission)
		if err != nil {
			return err
		}
		if g.State != store.GuardianWaiting || g.Address == "" || in.Mails == nil {
			return gone(submission, "nobody is to be asked by mail")
		}
		now := in.Clock.Now()
		room, err := tx.RoomToAsk(g.Address, in.Strangers.ToAddress, now)
		if err != nil {
			return err
		}
		if !room {
			return &postroom.Error{Kind: postroom.TooMany, Say: postroom.Say("guardian.too_many"), Cause: errors.New("the address was asked enough today")}
		}
		if g.Asked, err = tx.AskGuardianAgain(submission, guardianMails, guardianMailApart, now); err != nil {
			return err
		}
		return in.askGuardian(tx, form, sub, g, now)
	})
}

func (in *Intake) guardian(tx *store.Tx, submission string) (sub postroom.Submission, form *programme.Form, g store.Guardian, err error) {
	if sub, err = tx.Submission(submission); err != nil {
		return sub, nil, g, err
	}
	g, there, err := tx.Guardian(submission)
	if err != nil {
		return sub, nil, g, err
	}
	form, ok := in.Programmes.Form(sub.Form)
	if !there || !ok || form.Guardian == nil {
		return sub, nil, g, gone(submission, "nobody has to agree to it")
	}
	return sub, form, g, nil
}

// GuardianAnswers does what a guardian said to the asking with this number: a yes
// lets go what waited for it, a no leaves it held and tells the coordinators. The
// same answer again changes nothing. Gone is what has been answered otherwise, or
// asked anew since.
func (in *Intake) GuardianAnswers(ctx context.Context, submission string, asked int, agrees bool) error {
	state := store.GuardianRefused
	if agrees {
		state = store.GuardianAgreed
	}
	return in.Store.Write(ctx, func(tx *store.Tx) error {
		now := in.Clock.Now()
		changed, err := tx.AnswerGuardian(submission, asked, state, now)
		if err != nil {
			return err
		}
		if !changed {
			g, there, err := tx.Guardian(submission)
			if err == nil && (!there || g.State != state || g.Asked != asked) {
				err = &postroom.Error{Kind: postroom.Gone, Say: postroom.Say("error.moved_on"), Cause: errors.New("the guardian has answered or was asked anew")}
			}
			return err
		}
		if err := tx.Audit("guardian", "guardian "+string(state), submission, now); err != nil {
			return err
		}
		if !agrees {
			return in.Workflow.GuardianRefused(tx, submission, now)
		}
		return in.letGo(tx, submission, now)
	})
}

// letGo takes the hold off that waited for a guardian. One that was placed for
// another reason stays.
func (in *Intake) letGo(tx *store.Tx, submission string, now time.Time) error {
	if released, err := tx.ReleaseFor(submission, workflow.HeldForGuardian, "guardian", now); err != nil || !released {
		return err
	}
	if in.Mails == nil {
		return nil
	}
	_, err := in.Mails.Release(tx, submission)
	return err
}
