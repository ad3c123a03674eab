package programme

import (
	"slices"
	"time"

	"postroom/internal/postroom"
)

// Programme is one checked programme file.
type Programme struct {
	File         string // name of the file in its folder
	Name         string
	Languages    []string // languages in which every text is there
	Reviewed     []string // those of them a person has read through
	Title        postroom.Words
	Privacy      postroom.Words // the notice beside each of its forms
	Addresses    []string       // where people write to it
	Coordinators []string       // names in postroom.yaml
	Discreet     bool           // nothing about it in subjects or summaries
	ReplyWithin  Span           // when a person answers; two working days if left out
	Safeguarding Safeguarding   // what makes the post room stop; the zero value never does
	Attachments  Attachments    // of letters, that staff are offered to open
	Forms        []*Form
	Events       []*Event
	Lists        []*List
	Segments     []*Segment // of those who are on a list, by name
	Workflow     []Step
}

// List is something people subscribe to. Its name is unique in a Set.
type List struct {
	Name        string
	Title       postroom.Words
	Topics      []Option // what its readers may choose to read about; none is no choice
	Areas       []Option // of which areas they may choose to read; none is no choice
	TopicsField string   // in which forms that subscribe to it ask for topics; "" is topics
	AreasField  string   // in which they ask for areas; "" is areas
	SoftOptIn   bool     // contacts that the charity collected itself may be on it without a "yes"
	Archive     bool     // anybody may read the editions that were sent to it
	Approval    Approval // who may agree that one is sent
}

// Approval says who may agree that an edition of a list is sent.
type Approval string

// Who may: a colleague of whoever wrote it, or, where one person does everything,
// its author.
const (
	ColleagueApproval Approval = "colleague"
	OwnApproval       Approval = "author"
)

// Event is something with dates that people register for.
type Event struct {
	Name     string
	Title    postroom.Words
	Sessions []*Session
}

// Session is one date of an event. A nil Capacity is no limit.
type Session struct {
	Name     string
	Title    postroom.Words
	StartsAt time.Time
	EndsAt   time.Time
	Venue    string
	Capacity *int
}

// Form is what people fill in.
type Form struct {
	Programme *Programme
	Name      string // unique in a Set; the form's page is /f/NAME
	Kind      postroom.FormKind
	Title     postroom.Words
	Intro     postroom.Words   // optional
	Button    postroom.Words   // optional; names the act, "Send your booking"
	Reach     []postroom.Reach // ways to answer, one of which is needed; each has a field of its name
	List      string           // the double opt-in list this form subscribes to, or ""
	Event     string           // the event of its programme this form books, or ""
	Keywords  Phrases          // by which a letter to the programme's address is taken for this form
	AnyLetter bool             // it takes a letter that has the keywords of no form
	Fields    []Field
	Closed    Closed // whether a person has closed it; the zero value is open
	Sites     *Sites // which of the websites of the settings it is for; nil is all of them
	Pages            // how it comes to a person; the zero value is one page
	Version   string // short hash of Snapshot
	Snapshot  []byte // what the person was shown, as canonical JSON
}

// Sites are the websites that may show a form, send to it and get people back from
// it. They can only be fewer than the settings name: who may edit a programme
// opens no door for anybody else.
type Sites struct{ Only []string }

// Among returns those of all that a form is for.
func (s *Sites) Among(all []string) []string {
	if s == nil {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), func(site string) bool { return !slices.Contains(s.Only, site) })
}

// Closed says that a form takes no answers, because somebody said so.
type Closed struct {
	Now         bool           // until it is opened again
	From, Until time.Time      // or only between these; zero is without a beginning or an end
	Words       postroom.Words // what people read instead of the form; optional
}

// ClosedAt says whether the form takes no answers at a moment, because somebody
// has closed it or it opens later. Whether the dates it books are over is
// another question.
func (f *Form) ClosedAt(at time.Time) bool {
	c := f.Closed
	if !f.OpenAt(at) {
		return true
	}
	if !c.Now && c.From.IsZero() && c.Until.IsZero() {
		return false
	}
	return !at.Before(c.From) && (c.Until.IsZero() || at.Before(c.Until))
}

// Field returns the field called name.
func (f *Form) Field(name string) (*Field, bool) {
	for i := range f.Fields {
		if f.Fields[i].Name == name {
			return &f.Fields[i], true
		}
	}
	return nil, false
}

// Sessions returns the dates this form books, in the file's order. Whether a
// date is still open is for the caller, who has a clock.
func (f *Form) Sessions() []*Session {
	for _, e := range f.Programme.Events {
		if f.Event != "" && e.Name == f.Event {
			return e.Sessions
		}
	}
	return nil
}

// Field is one question.
type Field struct {
	Name            string
	Type            FieldType
	Label           postroom.Words // nil for a well-known type: use Type.LabelKey
	ErrorLabel      postroom.Words // how a mistake names it, "your area"; nil: use Type.ErrorLabelKey
	Hint            postroom.Words
	Options         []Option // of every type that chooses among answers of its own
	Required        bool
	SpecialCategory bool           // UK GDPR Article 9: sealed, and never in a condition of the workflow
	Purpose         postroom.Words // what the answer is for; there when SpecialCategory
	Keep            postroom.Words // how long it is kept; there when SpecialCategory
	If              string         // the condition under which it is asked; "" is always
	OnlyIf          postroom.Words // If as the reader is told it, "only if you translate"; optional
	Autocomplete    string         // HTML autocomplete token
	MaxLength       int            // in characters
	Counted         bool           // people are told how many there may be: the programme says so itself
	Min, Max        int            // of number, places and attendees; of file the most files

	// What came later is left out of the JSON where it is not used, so that
	// versions of before stay what they were.
	None    string         `json:",omitempty"` // of choice and choices: the option that goes with no other
	Basis   Basis          `json:",omitempty"` // why an answer of a special category may be kept
	Consent postroom.Words `json:",omitempty"` // beside the box by which somebody says that it may
	After   string         `json:",omitempty"` // of date: "today"
	Before  string         `json:",omitempty"`
	Prefill bool           `json:",omitempty"` // the address of the page may bring an answer
	Known   []string       `json:",omitempty"` // of organisation: names that anybody may read, and is offered
	Derived *Derived       `json:",omitempty"` // it is told from another answer and never asked
	Dropped bool           `json:",omitempty"` // another is told from it, and it is never kept
	Accept  []string       `json:",omitempty"` // of file: kinds, such as pdf, or media types
	Size    int            `json:",omitempty"` // of file: the most bytes one may have

	shown *condition // nil when If is ""
}

// Option is one answer to choose. One without a label is known by its field's
// type, and shown by the locale key that Field.OptionKey returns. A closed one is not offered any more; it stays
// in the file for what was answered before, and for somebody whose page is older.
type Option struct {
	Value  string
	Label  postroom.Words
	Closed bool `json:",omitempty"` // left out where it is open, so that versions of before stay what they were
}

// Step is one promise of a workflow. Exactly one of On alone, Before and
// After says when it falls due.
type Step struct {
	Name    string           // unique in its programme
	Form    string           // only for runs begun by this form; "" is any
	When    string           // condition over the answers, form, kind and locale; "" is always
	On      postroom.Trigger // at once; with Before or After: only then is the step planned
	Before  string           // a date: "event", "meeting", "answer_by"
	After   string           // a date or a trigger
	By      Span             // how long before or after
	Late    Late             // what becomes of a before: step that was due before anybody asked for it
	OrAfter *OrAfter         // what else may make it due
	Unless  string           // a state that makes it needless: "answered"
	// NotLaterThan is how long after the moment it was promised for the step
	// may still be done; nil is as long as it makes sense.
	NotLaterThan *Span
	Otherwise    Otherwise
	Send         string   // template
	AddTo        []string // forums; {{area}} stands for the answer to area
	Notify       []string // "coordinators"

	when *condition // nil when When is ""
}

// Late says what becomes of a step before a date for somebody who joins when
// it should already have happened.
type Late string

// What may become of a late step: an agenda is still wanted, a reminder a
// minute after the booking is not.
const (
	LateSend Late = "send" // at once; what is meant if nothing is said
	LateSkip Late = "skip"
)

// OrAfter makes a step due some time after a date even if its trigger never
// comes.
type OrAfter struct {
	Date string
	By   Span
}

// Dates lists the dates that steps may count from, the keys of Facts.Dates.
func Dates() []string { return []string{"event", "meeting", AnswerByDate} }

// AnswerByDate is the date by which a person must have answered, so that somebody
// is reminded before it: "before: answer_by, by: 7d, unless: answered".
const AnswerByDate = "answer_by"

// States lists the states that unless: may ask, the keys of Facts.States.
func States() []string { return []string{"answered", "cancelled", "confirmed"} }
