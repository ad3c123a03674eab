package programme

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"postroom/internal/postroom"
)

// Plan says what p promises a run to which t has happened, in the order of
// the workflow. It looks at nothing but its arguments, so planning twice
// promises the same: a step is one promise per run, name and occurrence.
//
// A step that counts from a date is planned by its "on:", or without one by
// every trigger that brings a person nearer, once the date is known. Its
// occurrence is the day of that date, so that each meeting has its agenda. What should have happened
// already happens at once, except before a date that is past. What is sent to
// a person later than at once is due outside the quiet hours.
func Plan(p *Programme, t postroom.Trigger, f postroom.Facts) []postroom.Effect {
	var effects []postroom.Effect
	env := sync.OnceValue(func() map[string]any { return p.stepEnv("", f) })
	for i := range p.Workflow {
		step := &p.Workflow[i]
		if !step.applies(f, env) {
			continue
		}
		if due, occurrence, planned := step.due(t, f); planned {
			effects = append(effects, step.effect(due, occurrence, f))
		}
	}
	return effects
}

func (s *Step) applies(f postroom.Facts, env func() map[string]any) bool {
	if s.Form != "" && s.Form != f.Form || s.Unless != "" && f.States[s.Unless] {
		return false
	}
	return s.when == nil || s.when.holds(env())
}

// due returns when the step is due and which occurrence of it that is, and
// whether t promises it at all. The zero time means at once.
func (s *Step) due(t postroom.Trigger, f postroom.Facts) (due time.Time, occurrence string, planned bool) {
	switch {
	case s.On != "" && s.On != t:
		return due, "", false
	case s.Before == "" && s.After == "":
		return due, f.Occurrence, true
	case s.After == string(t):
		return soonest(s.dueAfter(f.At, f), f), f.Occurrence, true
	case s.On == "" && (t == postroom.OnCancelled || t == postroom.OnWaiting || t == postroom.OnMoved):
		return due, "", false // the first two come to nothing with a date, and who moves it moves its steps
	case s.Before != "":
		return s.before(f)
	}
	if date, known := f.Dates[s.After]; known {
		return soonest(s.dueAfter(date, f), f), dayOf(date, f), true
	}
	return s.orAfter(f)
}

func (s *Step) before(f postroom.Facts) (due time.Time, occurrence string, planned bool) {
	date, known := f.Dates[s.Before]
	if !known || !date.After(f.At) {
		return due, "", false
	}
	due = soonest(s.dueBefore(date, f), f)
	return due, dayOf(date, f), !due.IsZero() || s.Late != LateSkip
}

// orAfter is the second chance of a step whose trigger has not come. Its
// occurrence is the trigger's, so that whichever comes first is the only one.
func (s *Step) orAfter(f postroom.Facts) (due time.Time, occurrence string, planned bool) {
	if s.OrAfter == nil {
		return due, "", false
	}
	date, known := f.Dates[s.OrAfter.Date]
	return soonest(s.forward(s.OrAfter.By, s.OrAfter.By.After(date, zoneOf(f)), f), f), "", known
}

func (s *Step) effect(due time.Time, occurrence string, f postroom.Facts) postroom.Effect {
	return postroom.Effect{
		Step: s.Name, Occurrence: occurrence, Due: due, Unless: s.Unless,
		Send: s.Send, AddTo: fillAll(s.AddTo, f.Answers), Notify: slices.Clone(s.Notify),
	}
}

// soonest turns a moment that has come into "at once".
func soonest(due time.Time, f postroom.Facts) time.Time {
	if due.After(f.At) {
		return due
	}
	return time.Time{}
}

func dayOf(date time.Time, f postroom.Facts) string { return date.In(zoneOf(f)).Format(time.DateOnly) }

func zoneOf(f postroom.Facts) *time.Location {
	if f.Zone == nil {
		return time.UTC
	}
	return f.Zone
}

var gapShape = regexp.MustCompile(`\{\{ *([a-z][a-z0-9_]*) *\}\}`)

// fillAll puts answers into gaps. An answer of several values makes several
// forums; a forum whose gap has no answer is left out.
func fillAll(forums []string, answers postroom.Answers) []string {
	var filled []string
	for _, forum := range forums {
		filled = append(filled, fill(forum, answers)...)
	}
	return filled
}

func fill(forum string, answers postroom.Answers) []string {
	gap := gapShape.FindStringSubmatch(forum)
	if gap == nil {
		return []string{forum}
	}
	var filled []string
	for _, value := range answers[gap[1]] {
		filled = append(filled, strings.ReplaceAll(forum, gap[0], value))
	}
	return filled
}
