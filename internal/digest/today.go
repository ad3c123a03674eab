package digest

import (
	"context"
	"time"

	"postroom/internal/postroom"
)

// mostAtDesk is how many lines a section has on the desk before it says "and N
// more".
const mostAtDesk = 200

// Sheet is everything that waits for one colleague and what is around it, as it
// was gathered at one moment. The mail is written from it, and the desk shows it.
// Unlike the mail it may name people; of what is held only the lead and the
// deputy hear more than the reference.
type Sheet struct {
	Colleague string
	At        time.Time
	Since     time.Time // what is new is counted from here

	Held    Section[Item] // somebody has to look before anything is sent
	Waiting Section[Item] // submissions that a person answers
	Letters Section[Item] // letters in triage, by Why
	Calls   Section[Item]
	PutOff  int // how much of all that is put off until later

	New     Section[Fresh]
	Due     Section[Due]
	Coming  Section[Date]
	Wrong   Section[Trouble]
	Unread  Section[Box]
	Ending  Section[Secret]
	GivenUp int          // pieces of work
	Watched Section[Box] // mailboxes that are only watched, with what would have been answered
}

// Waits is how much waits for the colleague, held or put off left aside.
func (s Sheet) Waits() int { return s.Waiting.All() + s.Letters.All() + s.Calls.All() }

// Oldest is since when the longest of it waits; zero if nothing does.
func (s Sheet) Oldest() (t time.Time) {
	for _, section := range []Section[Item]{s.Waiting, s.Letters, s.Calls} {
		for _, i := range section.Items {
			if t.IsZero() || i.Since.Before(t) {
				t = i.Since
			}
		}
	}
	return t
}

// Section is some lines, and how many more there would be.
type Section[T any] struct {
	Items []T
	More  int
}

// All is how many lines there would be.
func (s Section[T]) All() int { return len(s.Items) + s.More }

// Item is one thing that waits for a person.
type Item struct {
	Matter    postroom.Matter // submission, letter or call
	ID        string
	Number    int // the short number that commands name; 0 while it has none
	Reference string
	Programme string // name; "" where it belongs to none
	Title     string // of the form, in the reader's language
	Name      string // of the person
	Phone     string // of a call
	Since     time.Time
	Today     bool
	Days      int       // working days
	Overdue   bool      // an answer was promised by now
	AnswerBy  time.Time // the law wants an answer; zero where it says nothing
	Soon      bool      // that day is near
	Again     bool      // they wrote once more
	Open      bool      // there are questions that they have not answered yet
	Yours     bool      // it was given to this colleague by name
	Why       string    // why a letter needs a person: danger, unanswerable, unclear, stranger, leaving or ours
	Reason    string    // of a call, as a locale key
	Mailto    string    // link that begins an answer; "" where there is no address
	Owner     string    // name of the colleague in whose list it is
	For       string    // name of the colleague who is away and for whom the owner stands in
	ForUntil  time.Time

	secret bool   // no mail may name it
	copied string // who gets a copy of the answer; "" when nobody does
}

// Fresh is what is new in one programme.
type Fresh struct {
	Programme  string // title
	N          int
	Unfinished int // how many of them have questions open
	Dates      []FreshDate

	secret bool
}

// FreshDate is what is new for one date.
type FreshDate struct {
	Title     string
	Starts    time.Time
	Confirmed int
	Waiting   int
	Limited   bool
	Left      int
}

// Due is what will still be sent today by itself.
type Due struct {
	Programme string // title
	Kind      string // the letter that is sent, or chase
	N         int

	secret bool
}

// Date is something that takes place soon.
type Date struct {
	Session   string // id
	Today     bool
	Starts    time.Time
	Title     string
	Programme string // title
	Venue     string
	Booked    int

	secret bool
}

// Trouble is mail that went wrong.
type Trouble struct {
	Reference string // "" where it is not about a submission
	Programme string // title; "" where there is none
	Uncertain bool
	Reason    string // as a locale key
	N         int

	secret bool
}

// Box is one of the organisation's mailboxes, with when it was last read or how
// many letters of it there are.
type Box struct {
	Address string
	Since   time.Time
	N       int
}

// Secret is what opens a mailbox or a mail server, and comes to its end.
type Secret struct {
	Name string
	Day  time.Time
	Over bool
}

// Today returns what a colleague sees on the desk at a moment: what the mail of
// that moment would be made from, with names and more of it. It changes nothing.
func (d *Digests) Today(ctx context.Context, colleague postroom.Colleague, at time.Time) (Sheet, error) {
	g := d.begin(ctx, d.reading(colleague, at), at)
	g.desk, g.limit, g.language = true, mostAtDesk, d.words(localeOf(postroom.Colleague{}))
	return g.gather()
}
