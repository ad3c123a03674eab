package workflow

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// callsApart is for how long after somebody was called whatever else rings is
// gathered for them. The first call is sent at once; a flood of phrases must not
// become one of calls, in which the one that is true is lost.
const callsApart = 10 * time.Minute

// ring calls each of a list about an alarm: at once, or, where they were called a
// moment before, together with whatever else rings until then.
func (w *Workflow) ring(tx *store.Tx, c *Case, list []Coordinator, a postroom.Alarm, n news, at time.Time) error {
	for _, who := range list {
		last, err := tx.CalledAt(who.Address)
		if err != nil {
			return err
		}
		if last.IsZero() || !at.Before(last.Add(callsApart)) {
			err = w.tellThese(tx, c, []Coordinator{who}, n, at)
		} else {
			err = w.callLater(tx, who, a, n.key, last.Add(callsApart), at)
			c.told = true
		}
		if err != nil {
			return fmt.Errorf("call somebody about alarm %s: %w", a.ID, err)
		}
	}
	return nil
}

// callLater gathers a call, and promises that it is made.
func (w *Workflow) callLater(tx *store.Tx, who Coordinator, a postroom.Alarm, key string, due, at time.Time) error {
	due, err := tx.GatherCall(store.AlarmCall{Key: key + ":" + who.Address, Alarm: a, Address: who.Address, Locale: who.locale(), DueAt: due})
	if err != nil {
		return err
	}
	return tx.OweJob(postroom.JobAlarms, strconv.FormatInt(due.UnixMicro(), 10), postroom.Urgent, due, at)
}

// TellAlarms makes the calls that were gathered and are due: one mail to each who
// is called, which lists by reference whatever nobody has looked at yet.
func (w *Workflow) TellAlarms(tx *store.Tx, at time.Time) error {
	due, err := tx.TakeCalls(at)
	if err != nil {
		return err
	}
	for len(due) > 0 {
		n := slices.IndexFunc(due, func(c store.AlarmCall) bool { return c.Address != due[0].Address })
		if n < 0 {
			n = len(due)
		}
		if err := w.callTogether(tx, due[:n], at); err != nil {
			return fmt.Errorf("call somebody about %d alarms: %w", n, err)
		}
		due = due[n:]
	}
	return nil
}

// callTogether calls one colleague about what was gathered for them.
func (w *Workflow) callTogether(tx *store.Tx, calls []store.AlarmCall, at time.Time) error {
	var first *Case
	var references []string
	for _, call := range calls {
		if over, err := w.over(tx, call.Alarm); err != nil || over {
			if err != nil {
				return err
			}
			continue
		}
		c, err := w.caseOfAlarm(tx, call.Alarm)
		if err != nil {
			return err
		}
		if first == nil {
			first = c
		}
		if !slices.Contains(references, c.Submission.Reference) { // it rang twice
			references = append(references, c.Submission.Reference)
		}
	}
	if first == nil {
		return nil
	}
	who := Coordinator{Address: calls[0].Address, Locale: calls[0].Locale}
	if len(references) == 1 {
		return w.tellThese(tx, first, []Coordinator{who}, news{key: strings.TrimSuffix(calls[0].Key, ":"+who.Address), template: alert}, at)
	}
	together := w.CaseOf(postroom.Run{Programme: first.Run.Programme}, postroom.Submission{Programme: first.Run.Programme, ReceivedAt: at}, postroom.Contact{})
	told := map[string]string{"references": strings.Join(references, ", "), "waiting": strconv.Itoa(len(references))}
	key := "alerts:" + strconv.FormatInt(calls[0].DueAt.UnixMicro(), 10)
	return w.tellThese(tx, together, []Coordinator{who}, news{key: key, template: alerts, data: told}, at)
}
