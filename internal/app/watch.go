package app

import (
	"context"
	"slices"
	"strings"

	"postroom/internal/mailbox"
	"postroom/internal/outbound"
	"postroom/internal/store"
	"postroom/internal/web"
	"postroom/internal/workflow"
)

// alarmOfMailbox tells the coordinators of a mailbox that it is not read.
func (r *Room) alarmOfMailbox(tx *store.Tx, s mailbox.State) error {
	return r.Outbox.AlarmOfMailbox(tx, s.AlarmKey(), s.Address, mailboxReason(s.Problem), s.Polled, r.coordinatorsAt(s.Address))
}

// mailboxReason is why a mailbox is not read, as coordinators are told.
func mailboxReason(problem string) string {
	switch problem {
	case mailbox.ProblemLogin:
		return outbound.ReasonMailboxLogin
	case mailbox.ProblemTrust:
		return outbound.ReasonMailboxTrust
	case mailbox.ProblemUnreachable, mailbox.ProblemSilent, mailbox.ProblemLost:
		return outbound.ReasonMailboxAway
	case mailbox.ProblemFolder:
		return outbound.ReasonMailboxFolder
	}
	return outbound.ReasonMailboxBroken
}

// coordinatorsAt lists who looks after the programmes that a mailbox takes
// letters for; where there is none, everybody does.
func (r *Room) coordinatorsAt(address string) (list []outbound.Reader) {
	for _, p := range r.Programmes.Programmes() {
		here := slices.ContainsFunc(p.Addresses, func(a string) bool { return strings.EqualFold(a, address) })
		if here {
			list = added(list, r.coordinators(p.Name))
		}
	}
	if len(list) == 0 {
		return r.watchers()
	}
	return list
}

// watchers lists who hears when something is wrong with the whole post room.
func (r *Room) watchers() []outbound.Reader { return added(nil, r.everybody()) }

// added is a list with those who are not in it yet.
func added(list []outbound.Reader, more []workflow.Coordinator) []outbound.Reader {
	for _, c := range more {
		if !slices.ContainsFunc(list, func(r outbound.Reader) bool { return r.Address == c.Address }) {
			list = append(list, outbound.Reader{Address: c.Address, Locale: c.Locale})
		}
	}
	return list
}

// mailboxStates is how the mailboxes are, for the pages that programs read.
func (r *Room) mailboxStates(ctx context.Context) ([]web.Mailbox, error) {
	states, err := mailbox.States(r.Store.Read(ctx), r.Wording.Boxes(), r.Clock.Now())
	list := make([]web.Mailbox, len(states))
	for i, s := range states {
		list[i] = web.Mailbox{
			Address: s.Address, Mode: string(s.Mode), State: string(s.Condition), Since: s.Since, Polled: s.Polled, Late: s.Late, Problem: s.Problem,
		}
	}
	return list, err
}
