package arrivals

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"postroom/internal/inbound"
	"postroom/internal/intake"
	"postroom/internal/letter"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// Why a letter is not filed as a person asks.
var (
	ErrNotWaiting = errors.New("the letter does not need a person")
	ErrOurs       = errors.New("the address is one of our own")
	ErrNobody     = errors.New("this is neither an address nor a telephone number")
	ErrNoForm     = errors.New("no form takes letters at this mailbox")
)

// As says whose letter it is, by a coordinator who has looked.
type As struct {
	Person string // their address, or their telephone number
	Name   string // "" is as the letter says
	Form   string // "" is the form that the words and the mailbox stand for
}

// Look reads a letter on file once more, for whoever looks at it: what is in it
// and who is behind it.
func (in *Arrivals) Look(ctx context.Context, l postroom.Letter) (letter.Letter, inbound.Verdict, error) {
	raw, err := in.Store.Read(ctx).LetterRaw(l.ID)
	if err != nil {
		return letter.Letter{}, inbound.Verdict{}, err
	}
	read := letter.Read(raw)
	return read, inbound.Classify(read, in.Ours().At(l.Mailbox), arrival{Letter: l, read: read, at: in.Clock.Now()}.asOf()), nil
}

// File files a letter that needs a person as what somebody sent, because a
// coordinator has said whose it is. Only then does anything go out, and to that
// person only. Filing it again as before changes nothing.
func (in *Arrivals) File(ctx context.Context, l postroom.Letter, as As, by string) (intake.Receipt, error) {
	a, err := in.asFiled(ctx, l, as)
	if err != nil {
		return intake.Receipt{}, err
	}
	form, err := in.formAs(ctx, a, as.Form)
	if err != nil {
		return intake.Receipt{}, err
	}
	receipt, err := in.Intake.Accept(ctx, in.entry(form, a))
	if err != nil {
		return receipt, fmt.Errorf("file letter %s: %w", l.ID, err)
	}
	return receipt, in.Store.Write(ctx, func(tx *store.Tx) error {
		placed, err := tx.PlaceLetter(l.ID, receipt.Submission.ID, reasonFiled, a.at)
		if err != nil || !placed {
			return err
		}
		filed := "it is filed as " + receipt.Submission.Reference // which has an alarm of its own where it gives cause
		if err := in.Workflow.CloseAlarm(tx, postroom.AboutLetter, l.ID, by, filed, a.at); err != nil {
			return err
		}
		return tx.Audit(by, "letter is filed as "+receipt.Submission.Reference, l.ID, a.at)
	})
}

// asFiled is a letter as the person sent it whose it is said to be.
func (in *Arrivals) asFiled(ctx context.Context, l postroom.Letter, as As) (arrival, error) {
	if l.State != postroom.LetterTriage {
		return arrival{}, ErrNotWaiting
	}
	read, v, err := in.Look(ctx, l)
	if err != nil {
		return arrival{}, err
	}
	b := v.Named(read, as.Person, as.Name)
	if b == nil {
		return arrival{}, ErrNobody
	}
	if in.Ours().At(l.Mailbox).Owns(b.Address) {
		return arrival{}, ErrOurs
	}
	v.Behind = b
	return arrival{Letter: l, read: read, verdict: v, at: in.Clock.Now()}.byThePersonBehind(), nil
}

// formAs is the form that a coordinator names, or that the letter's own words
// and its mailbox stand for.
func (in *Arrivals) formAs(ctx context.Context, a arrival, named string) (*programme.Form, error) {
	if named != "" {
		form, ok := in.Programmes.Form(named)
		if !ok {
			return nil, fmt.Errorf("there is no form called %s: %w", named, ErrNoForm)
		}
		return form, nil
	}
	form, ok, err := in.formFor(ctx, a)
	if err == nil && !ok {
		err = ErrNoForm
	}
	return form, err
}

// Offers says of each attachment of a letter why staff are not offered to open
// it; "" where they are. Until it is known whose a letter is, only what every
// programme at its mailbox keeps is offered.
func (in *Arrivals) Offers(ctx context.Context, l postroom.Letter, read letter.Letter) ([]programme.Refusal, error) {
	programmes, err := in.keepers(ctx, l)
	if err != nil {
		return nil, err
	}
	var list []programme.Refusal
	for i, attached := range read.Attachments {
		content, _ := Attached(read, i)
		list = append(list, refusal(programmes, attached, content))
	}
	return list, nil
}

func refusal(programmes []*programme.Programme, attached letter.Attachment, content []byte) programme.Refusal {
	kinds := programme.DefaultAttachments()
	if len(programmes) == 0 {
		return kinds.Refuses(attached.Name, attached.Sniffed, attached.Size, content)
	}
	for _, p := range programmes {
		if why := p.Attachments.Refuses(attached.Name, attached.Sniffed, attached.Size, content); why != "" {
			return why
		}
	}
	return ""
}

// keepers are the programmes that decide what is kept of a letter: that of the
// submission which it belongs to, or all at the mailbox it came to.
func (in *Arrivals) keepers(ctx context.Context, l postroom.Letter) (list []*programme.Programme, err error) {
	if l.Submission != "" {
		sub, err := in.Store.Read(ctx).Submission(l.Submission)
		if err != nil {
			return nil, fmt.Errorf("find submission of letter %s: %w", l.ID, err)
		}
		if p, ok := in.Programmes.Programme(sub.Programme); ok {
			return []*programme.Programme{p}, nil
		}
	}
	for _, p := range in.Programmes.Programmes() {
		if slices.ContainsFunc(p.Addresses, func(address string) bool { return strings.EqualFold(address, l.Mailbox) }) {
			list = append(list, p)
		}
	}
	return list, nil
}

// Attached returns the content of an attachment as it came, for whoever is
// offered to open it. It says false where it cannot be taken out of the letter.
func Attached(l letter.Letter, n int) ([]byte, bool) {
	if n < 0 || n >= len(l.Attachments) {
		return nil, false
	}
	return l.Parts[l.Attachments[n].Part].Body, true
}
