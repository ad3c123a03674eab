package postroom

import (
	"fmt"
	"time"
)

// Matter is a kind of thing that colleagues work on at the desk.
type Matter string

// The matters.
const (
	AboutSubmission   Matter = "submission"
	AboutLetter       Matter = "letter"
	AboutCall         Matter = "call"
	AboutContact      Matter = "contact"
	AboutOrganisation Matter = "organisation"
	AboutStep         Matter = "step"
	AboutColleague    Matter = "colleague"
	AboutSetting      Matter = "setting"
)

// Deed is one thing that a colleague did, with what was there before, so that it
// can be undone. It holds states and names, never what somebody wrote.
type Deed struct {
	ID       string
	At       time.Time
	Actor    string // name of a colleague, or what acted
	Act      string // "take", "done", "snooze", …
	Matter   Matter
	Subject  string // id
	Before   map[string]string
	UndoneAt time.Time // zero while it stands
}

// DeedCause is the key in Before under which a deed names what it was done for,
// if that was not a button: a command in a letter.
const DeedCause = "cause"

// Note is what a colleague wrote beside a matter, for colleagues alone. Its text
// is sealed at rest.
type Note struct {
	ID      string
	Matter  Matter
	Subject string // id
	Text    string
	By      string // name of a colleague
	At      time.Time
}

// Item is something that waits for a person, under the short number by which a
// summary speaks of it. A number is never used again.
type Item struct {
	Number  int
	Matter  Matter // submission, letter or call
	Subject string // id
}

// Alarm is that somebody may be in danger: a submission that is held for that, or
// a letter that nobody has placed. The lead is called at once, the deputy and
// then the admins if nobody looks.
type Alarm struct {
	ID        string
	Matter    Matter // submission or letter
	Subject   string // id
	Programme string
	RaisedBy  string // name of a colleague; "" is a phrase in what came in
	RaisedAt  time.Time
	Stage     int       // who was told last: 0 the lead, 1 the deputy, 2 the admins
	NextAt    time.Time // when the next is told, unless somebody has looked; zero is never
	OpenedAt  time.Time
	OpenedBy  string
	ClosedAt  time.Time
	ClosedBy  string
	Reason    string    // why it was closed, sealed at rest
	KeepUntil time.Time // it is kept apart from all other retention
}

// CallKey is what the key of the message begins with by which somebody is called at
// a stage of an alarm; their address follows. One that was closed and rings anew
// has others.
func (a Alarm) CallKey(stage int) string {
	return fmt.Sprintf("alert:%s:%d:%d:", a.ID, stage, a.RaisedAt.UnixMicro())
}

// WordingKind is what a wording is of.
type WordingKind string

// The kinds of wording.
const (
	WordingOfProgramme WordingKind = "programme"
	WordingOfLetter    WordingKind = "letter"
	WordingOfMailbox   WordingKind = "mailbox"
)

// Wording is one version of something that was changed at the desk.
type Wording struct {
	Kind    WordingKind
	Name    string // of the programme, the letter or the mailbox
	Locale  string // of a letter
	Version int    // counted from 1
	Body    string // the whole of it; "" is as it came
	By      string // name of a colleague
	At      time.Time
}
