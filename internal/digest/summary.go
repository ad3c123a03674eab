package digest

import (
	"slices"
	"time"
)

// most is how many lines a section has before it says "and N more".
const most = 20

// Summary is everything that one summary says, ready to be printed. Sections
// that are empty are left out.
type Summary struct {
	Since time.Time // what is new is counted from here

	Held    section[wait]
	Waiting section[wait]
	Triage  []pile
	New     section[arrival]
	Due     section[due]
	Coming  section[date]
	Calls   section[call]
	Wrong   section[trouble]
	Unread  section[mailbox]
	Ending  section[ending]
	GivenUp int // pieces of work
	Watched section[mailbox]
}

// empty says whether there is nothing to say.
func (s Summary) empty() bool {
	return s.Held.none() && s.Waiting.none() && len(s.Triage) == 0 && s.New.none() && s.Due.none() && s.Coming.none() &&
		s.Calls.none() && !s.Trouble() && s.Watched.none()
}

// Trouble says whether anything went wrong.
func (s Summary) Trouble() bool {
	return !s.Wrong.none() || !s.Unread.none() || !s.Ending.none() || s.GivenUp > 0
}

// Copied says whether an answer that is begun in the summary has a copy line.
func (s Summary) Copied() bool {
	return slices.ContainsFunc(s.Waiting.Items, func(w wait) bool { return w.copied != "" })
}

// section is some lines, and how many more there would be.
type section[T any] struct {
	Items []T
	More  int
}

func (s section[T]) none() bool { return len(s.Items) == 0 }

// cut makes a section of what there is, of all in number.
func cut[T any](items []T, all int) section[T] {
	items = items[:min(len(items), most)]
	return section[T]{items, all - len(items)}
}

// age is since when somebody waits.
type age struct {
	Since time.Time
	Today bool
	Days  int // working days
}

// wait is somebody who waits: of a discreet one there are a reference and an
// age, and nothing else.
type wait struct {
	age
	Reference text
	Title     text   // of the form
	Name      text   // of the person
	Mailto    string // link that begins an answer; "" where there is no address
	Yours     bool   // a letter that this coordinator looks after
	Open      bool   // there are questions that they have not answered yet
	Again     bool   // they wrote once more

	copied string // who gets a copy of the answer; "" when nobody does
}

// arrival is what is new in one programme.
type arrival struct {
	Programme  text // "" stands for all that are not to be named
	N          int
	Unfinished int // how many of them have questions open
	Dates      []bookings
}

// bookings is what is new for one date.
type bookings struct {
	Title     text
	Starts    time.Time
	Confirmed int
	Waiting   int
	Limited   bool
	Left      int
}

// due is what will still be sent today by itself.
type due struct {
	Programme text   // "" stands for all that are not to be named
	Kind      string // the letter that is sent, or chase
	N         int
}

// date is something that takes place soon. One that is not to be named has
// only its time.
type date struct {
	Today     bool
	Starts    time.Time
	Title     text
	Programme text
	Venue     text
	Booked    int
}

// call is somebody to phone.
type call struct {
	age
	Reference text
	Reason    string // as a locale key
}

// trouble is mail that went wrong.
type trouble struct {
	Reference text // "" where it is not about a submission
	Programme text // "" where it is not to be named, or there is none
	Uncertain bool
	Reason    string // as a locale key
	N         int
}

// mailbox is one of the organisation's, with when it was last read or how many
// letters of it there are.
type mailbox struct {
	Address text
	Since   time.Time
	N       int
}

// ending is a secret that comes to its end, or has.
type ending struct {
	Name text // of the mailbox or the mail server
	Day  time.Time
	Over bool
}
