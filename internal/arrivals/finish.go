package arrivals

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"postroom/internal/inbound"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
	"postroom/internal/workflow"
)

// finish fills in what a letter left open, from the reply to our questions, and
// says whether the letter is dealt with by that. Where nothing is understood it
// changes nothing, and a person reads the letter like any other; and they hear
// of each that is understood as well, because a letter says more than a form
// asks.
func (in *Arrivals) finish(ctx context.Context, a arrival, sub postroom.Submission) (done bool, err error) {
	if len(sub.Open) == 0 || sub.State != postroom.SubmissionReceived {
		return false, nil
	}
	entry, h, err := in.filled(ctx, a, sub)
	if err != nil || len(entry.Answers) == 0 {
		return false, err
	}
	err = in.Store.Write(ctx, func(tx *store.Tx) error {
		done = false
		if err := a.settle(tx, postroom.LetterDone, reasonAdded); err != nil {
			return err
		}
		heard, err := in.Intake.Fill(tx, sub.ID, entry)
		if err != nil {
			return fmt.Errorf("fill in submission %s: %w", sub.ID, err)
		}
		done = len(heard.Fields) > 0
		return in.wroteAgain(tx, a, sub, h)
	})
	if err != nil && notOpen(err) {
		return false, nil // what it asks for is over; a person answers, unless somebody was faster
	}
	return true, err
}

// filled is what a reply says to what is open, as the one door in takes it. It
// is empty where nothing may be read from the letter: nobody has shown that the
// person wrote it, a person has to see it first, or nothing may answer it.
func (in *Arrivals) filled(ctx context.Context, a arrival, sub postroom.Submission) (e postroom.Entry, h heard, err error) {
	form, ok := in.Programmes.Form(sub.Form)
	h = in.heard(a, sub)
	if !ok || h.worrying || h.silent {
		return e, h, nil
	}
	asked, proven, err := in.asked(ctx, a, sub)
	if err != nil || !proven {
		return e, h, err
	}
	return postroom.Entry{
		Channel: postroom.ByLetter, Form: sub.Form, Letter: a.ID, Subject: a.read.Subject, At: a.ReceivedAt,
		Answers: inbound.Asked(form, asked, conditional(form, sub), a.read, a.verdict, a.at.In(in.Workflow.Zone)),
	}, h, nil
}

// conditional lists what an answer may bring up that was not asked before.
func conditional(form *programme.Form, sub postroom.Submission) (names []string) {
	for _, f := range form.Fields {
		if f.If != "" && f.Required && len(sub.Answers[f.Name]) == 0 && !slices.Contains(sub.Open, f.Name) {
			names = append(names, f.Name)
		}
	}
	return names
}

// asked returns the fields that the numbers in a reply stand for, those that
// are answered already left empty; and whether it is shown that the person
// wrote it.
func (in *Arrivals) asked(ctx context.Context, a arrival, sub postroom.Submission) (fields []string, proven bool, err error) {
	m, proven, err := in.proven(ctx, a, sub)
	if err != nil || !proven {
		return nil, proven, err
	}
	fields = workflow.AskedIn(m)
	if len(fields) == 0 {
		if fields, err = in.lastAsked(ctx, sub); err != nil {
			return nil, proven, err
		}
	}
	for i, name := range fields {
		if !slices.Contains(sub.Open, name) {
			fields[i] = ""
		}
	}
	for _, name := range sub.Open { // without a number, if it became open since
		if !slices.Contains(fields, name) {
			fields = append(fields, name)
		}
	}
	return fields, proven, nil
}

// lastAsked returns what we asked last: a reply to a signed address need not
// say which letter it answers.
func (in *Arrivals) lastAsked(ctx context.Context, sub postroom.Submission) ([]string, error) {
	list, err := in.Store.Read(ctx).MessagesAbout(sub.ID)
	if err != nil {
		return nil, fmt.Errorf("list messages about submission %s: %w", sub.ID, err)
	}
	for _, m := range slices.Backward(list) {
		if fields := workflow.AskedIn(m); len(fields) > 0 && m.Contact != "" {
			return fields, nil
		}
	}
	return slices.Clone(sub.Open), nil
}

// proven says whether it is shown that a letter on a conversation was written
// by the person whose it is, and to us: our provider vouches for the address, or
// it answers a mail or came to an address that nobody else was given. Both are
// bearer secrets of this one conversation, and count only from the person's own
// address. What answers a letter of staff is for staff, whatever else it names.
// The message of ours that it answers comes with it, if it names one.
func (in *Arrivals) proven(ctx context.Context, a arrival, sub postroom.Submission) (m postroom.Message, proven bool, err error) {
	if a.Address == "" || !strings.EqualFold(a.Address, sub.Address) {
		return m, false, nil
	}
	token := a.verdict.Reference != "" && strings.EqualFold(a.verdict.Reference, sub.Reference)
	direct := a.answersDirectly()
	if id, ours := in.own(direct); ours {
		m, err := in.Store.Read(ctx).Message(id)
		if err != nil && postroom.KindOf(err) != postroom.NotFound {
			return m, false, fmt.Errorf("read message %s: %w", id, err)
		}
		known := err == nil
		theirs := known && m.Contact != "" && m.Submission == sub.ID && strings.EqualFold(m.To, a.Address)
		if !theirs {
			m = postroom.Message{}
		}
		return m, theirs || known && m.Submission == sub.ID && (token || a.verdict.Verified), nil
	}
	if direct == "" || token {
		staffs, err := in.ofStaff(ctx, direct)
		return m, !staffs && (token || a.verdict.Verified), err
	}
	letters, err := in.Store.Read(ctx).LettersNamed(direct)
	own := err == nil && slices.ContainsFunc(letters, func(l postroom.Letter) bool {
		return l.Folder == postroom.Inbox && l.Submission == sub.ID && strings.EqualFold(l.Address, a.Address)
	})
	return m, own && a.verdict.Verified, err
}

// ofStaff says whether a Message-ID is that of a letter that staff sent.
func (in *Arrivals) ofStaff(ctx context.Context, id string) (bool, error) {
	if id == "" {
		return false, nil
	}
	letters, err := in.Store.Read(ctx).LettersNamed(id)
	return slices.ContainsFunc(letters, func(l postroom.Letter) bool { return l.Folder == postroom.SentFolder }), err
}

// answersDirectly is the Message-ID of what a letter answers (RFC 5322, 3.6.4),
// without what came before that; "" where it names nothing.
func (a arrival) answersDirectly() string {
	if ids := a.read.InReplyTo; len(ids) > 0 {
		return ids[0]
	}
	if ids := a.read.References; len(ids) > 0 {
		return ids[len(ids)-1]
	}
	return ""
}
