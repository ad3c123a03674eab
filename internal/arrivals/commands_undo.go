package arrivals

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"postroom/internal/inbound"
	"postroom/internal/postroom"
)

// mostDeeds is how many of a colleague's deeds are looked through for those that
// they want to take back.
const mostDeeds = 300

// undo takes back what a colleague did last: about what they name, or by the
// letter whose answer they reply to, or whatever it was. Which deeds those are
// does not depend on when and how often the letter is read: what was done later,
// or by the letter itself, is none of them, and what is undone already is still
// the last that was done.
func (in *Arrivals) undo(ctx context.Context, a arrival, who postroom.Colleague, cmd inbound.Command) ([]Outcome, error) {
	deeds, err := in.Store.Read(ctx).DeedsBy(who.Name, mostDeeds)
	if err != nil {
		return nil, err
	}
	deeds = slices.DeleteFunc(deeds, func(d postroom.Deed) bool { return !a.follows(d) })
	if len(cmd.Aims) > 0 {
		return in.undoAbout(ctx, who, cmd, deeds)
	}
	group, err := in.lastOf(ctx, a, who, deeds)
	if err != nil {
		return nil, err
	}
	if len(group) == 0 {
		return []Outcome{{Verb: inbound.VerbUndo, Why: "nothing"}}, nil
	}
	var list []Outcome
	for _, d := range group { // the newest first
		o := Outcome{Verb: inbound.VerbUndo}
		if err := in.nameOf(ctx, d, &o); err != nil {
			return list, err
		}
		if err := o.tell(in.Desk.Undo(ctx, who, d.ID)); err != nil {
			return list, fmt.Errorf("undo deed %s: %w", d.ID, err)
		}
		list = append(list, o)
	}
	return list, nil
}

// follows says whether a deed was done before a letter came. What an earlier
// letter asked for was, also if it was read late.
func (a arrival) follows(d postroom.Deed) bool {
	if letter, _, is := strings.Cut(strings.TrimPrefix(d.Before[postroom.DeedCause], causePrefix), "/"); is {
		return letter < a.ID
	}
	return !d.At.After(a.ReceivedAt)
}

func doneFor(d postroom.Deed, cause string) bool {
	return strings.HasPrefix(d.Before[postroom.DeedCause], cause)
}

// undoAbout takes back the last deed about each thing that is named.
func (in *Arrivals) undoAbout(ctx context.Context, who postroom.Colleague, cmd inbound.Command, deeds []postroom.Deed) (list []Outcome, err error) {
	for _, aim := range cmd.Aims {
		o, act := Outcome{Verb: cmd.Verb}, Act{}
		found, err := in.aimed(ctx, aim, &act, &o)
		if err != nil {
			return list, err
		}
		i := slices.IndexFunc(deeds, func(d postroom.Deed) bool { return d.Matter == act.Matter && d.Subject == act.ID })
		switch {
		case !found:
			o.Why = "unknown"
		case cmd.Fault != "":
			o.Why = cmd.Fault
		case i < 0:
			o.Why = "nothing"
		default:
			err = o.tell(in.Desk.Undo(ctx, who, deeds[i].ID))
		}
		if err != nil {
			return list, err
		}
		list = append(list, o)
	}
	return list, nil
}

// lastOf lists what a colleague did by the letter whose answer they reply to, or
// else last: one deed, or all of one letter.
func (in *Arrivals) lastOf(ctx context.Context, a arrival, who postroom.Colleague, deeds []postroom.Deed) ([]postroom.Deed, error) {
	cause := ""
	for _, id := range slices.Backward(a.read.Refs()) {
		m, theirs, err := in.toColleague(ctx, id, who)
		if err != nil {
			return nil, err
		}
		if letter, is := strings.CutPrefix(m.Key, commandsOfLetter); theirs && is {
			cause = causeOf(letter)
			break
		}
	}
	if cause == "" && len(deeds) > 0 {
		before, _, byLetter := strings.Cut(deeds[0].Before[postroom.DeedCause], "/")
		if !byLetter {
			return deeds[:1], nil
		}
		cause = before + "/"
	}
	return slices.DeleteFunc(deeds, func(d postroom.Deed) bool { return cause == "" || !doneFor(d, cause) }), nil
}

// nameOf says what a deed was about.
func (in *Arrivals) nameOf(ctx context.Context, d postroom.Deed, o *Outcome) (err error) {
	r := in.Store.Read(ctx)
	if o.Number, err = numberOf(r, d.Matter, d.Subject); err != nil {
		return err
	}
	o.Reference, err = referenceOf(r, d.Matter, d.Subject)
	return ignoreNotFound(err)
}
