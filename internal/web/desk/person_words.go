package desk

import (
	"cmp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// because puts the reason of a message or a call into words, as half a sentence.
func (d *Desk) because(reason string) string {
	return d.Mails.Words(english, d.Org.Zone).Because(reason)
}

// why is because as a sentence of its own. What a mail server said, or the program,
// is shown as it is: whoever helps needs it.
func (d *Desk) why(reason string) string {
	switch {
	case reason == "":
		return ""
	case strings.HasPrefix(reason, store.Dropped):
		return d.say(postroom.Say("desk.why.dropped"))
	case serverSaid(reason) != "":
		return d.say(postroom.Say("desk.why.said", "words", reason))
	}
	return sentence(d.because(reason))
}

// sentence makes a whole sentence of a half one.
func sentence(half string) string {
	first, size := utf8.DecodeRuneInString(half)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(first)) + half[size:] + "."
}

// letterNamed is the plain name of a letter: what the settings call it, or else
// its own name with blanks.
func (d *Desk) letterNamed(template string) string {
	if key := "desk.letter." + template; d.words.Has(key) {
		return d.say(postroom.Say(key))
	}
	return cmp.Or(plainName(template), d.say(postroom.Say("desk.mail.unnamed")))
}

// mailName is what a mail was.
func (d *Desk) mailName(m store.PersonMessage) string {
	if m.Campaign != "" {
		return d.say(postroom.Say("desk.mail.newsletter"))
	}
	return d.letterNamed(m.Template)
}

// mailCause says by which rule a mail was owed.
func (d *Desk) mailCause(m store.PersonMessage) string {
	switch {
	case m.Step != "":
		_, because := d.stepWords(m.Programme, m.Step)
		return because
	case m.Campaign != "":
		return d.say(postroom.Say("desk.mail.because.newsletter", "programme", d.programmeTitle(m.Programme)))
	case strings.HasPrefix(m.Key, "reply:"):
		return d.say(postroom.Say("desk.mail.because.reply"))
	case m.Letter != "" || strings.HasPrefix(m.Key, "kept:"):
		return d.say(postroom.Say("desk.mail.because.letter"))
	}
	if key := "desk.letter." + m.Template + ".when"; d.words.Has(key) {
		return d.say(postroom.Say("desk.mail.because.rule", "rule", d.say(postroom.Say(key))))
	}
	return ""
}

// stepWords says what a step of a programme does, and why: of which programme,
// and when it falls due. The names of steps are for who writes programme files.
func (d *Desk) stepWords(programmeName, step string) (what, because string) {
	p, known := d.Programmes.Programme(programmeName)
	if known {
		for i := range p.Workflow {
			if s := &p.Workflow[i]; s.Name == step {
				return d.stepDoes(s), d.say(postroom.Say("desk.step.because", "programme", p.Title.In(english), "timing", d.stepTiming(s)))
			}
		}
	}
	return d.say(postroom.Say("desk.step.other", "step", plainName(step))), d.say(postroom.Say("desk.step.gone", "programme", d.programmeTitle(programmeName)))
}

// stepDoes says what happens when a step is done.
func (d *Desk) stepDoes(s *programme.Step) string {
	var does []string
	if s.Send != "" {
		does = append(does, d.say(postroom.Say("desk.step.send", "mail", d.letterNamed(s.Send))))
	}
	if len(s.AddTo) > 0 {
		does = append(does, d.say(postroom.Say("desk.step.add_to")))
	}
	if len(s.Notify) > 0 {
		does = append(does, d.say(postroom.Say("desk.step.notify")))
	}
	if len(does) == 0 {
		return d.say(postroom.Say("desk.step.other", "step", plainName(s.Name)))
	}
	return strings.Join(does, " ")
}

// stepTiming says when a step falls due: "3 days before the meeting".
func (d *Desk) stepTiming(s *programme.Step) string {
	switch {
	case s.Before != "":
		return d.say(postroom.Say("desk.timing.before", "span", d.spanWords(s.By), "date", d.dateNoun(s.Before)))
	case s.After != "" && s.By == (programme.Span{}):
		return d.say(postroom.Say("desk.timing.at", "date", d.dateNoun(s.After)))
	case s.After != "":
		return d.say(postroom.Say("desk.timing.after", "span", d.spanWords(s.By), "date", d.dateNoun(s.After)))
	}
	return d.say(postroom.Say("desk.timing.at", "date", d.dateNoun(string(s.On))))
}

// dateNoun is a date or a trigger of a programme file in words: "the meeting",
// "somebody came for the first time".
func (d *Desk) dateNoun(name string) string {
	if key := "desk.date." + name; d.words.Has(key) {
		return d.say(postroom.Say(key))
	}
	return name
}

// spanWords says a stretch of time.
func (d *Desk) spanWords(s programme.Span) string {
	say := func(unit string, n int) string {
		if n != 1 {
			unit += "s"
		}
		return d.say(postroom.Say("desk.span."+unit, "n", strconv.Itoa(n)))
	}
	switch {
	case s.Working > 0:
		return say("working_day", s.Working)
	case s.Days > 0:
		return say("day", s.Days)
	case s.Clock >= time.Hour:
		return say("hour", int(s.Clock/time.Hour))
	}
	return say("minute", int(s.Clock/time.Minute))
}

// waits says why a step that is due has not been done, or "".
func (d *Desk) waits(reason string) string {
	if reason == "" {
		return ""
	}
	word, _, _ := strings.Cut(reason, ":")
	if key := "desk.step.waits." + word; d.words.Has(key) {
		return d.say(postroom.Say(key))
	}
	return d.say(postroom.Say("desk.step.waits.problem"))
}

func (d *Desk) listTitle(programmeName, list string) string {
	if p, known := d.Programmes.Programme(programmeName); known {
		for _, l := range p.Lists {
			if l.Name == list {
				return l.Title.In(english)
			}
		}
	}
	return list
}

// dateTitle is what a date of an event is called.
func (d *Desk) dateTitle(programmeName, event, session string) string {
	p, known := d.Programmes.Programme(programmeName)
	if !known {
		return event
	}
	for _, e := range p.Events {
		if e.Name != event {
			continue
		}
		for _, s := range e.Sessions {
			if title := s.Title.In(english); s.Name == session && title != "" && len(e.Sessions) > 1 {
				return e.Title.In(english) + ", " + title
			}
		}
		return e.Title.In(english)
	}
	return event
}

// purpose is what somebody said "yes" to: the title of a list, or its own name
// with blanks.
func (d *Desk) purpose(name string) string {
	for _, p := range d.Programmes.Programmes() {
		for _, l := range p.Lists {
			if l.Name == name {
				return l.Title.In(english)
			}
		}
	}
	return strings.NewReplacer("-", " ", "_", " ").Replace(name)
}

// forumName is a forum as people call it: the area that it is for, where the
// name ends in one.
func (d *Desk) forumName(forum string) string {
	for _, f := range d.Programmes.Forms() {
		for _, field := range f.Fields {
			for _, o := range field.Options {
				if strings.HasSuffix(forum, "-"+o.Value) {
					return o.Label.In(english)
				}
			}
		}
	}
	return strings.NewReplacer("-", " ", "_", " ").Replace(forum)
}

// rowState says how something stands that somebody sent.
func (d *Desk) rowState(row store.InboxRow) string {
	if row.State == string(postroom.SubmissionReceived) && !d.awaits(row.Programme, row.FormKind, row.Form) && !row.Open {
		return d.say(postroom.Say("desk.state.filed"))
	}
	return d.say(postroom.Say("desk.person.state." + row.State))
}
