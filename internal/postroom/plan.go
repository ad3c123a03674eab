package postroom

import "time"

// Trigger is something that happened to a run and may make steps due.
type Trigger string

// The triggers a programme's workflow may name after "on:" or "after:".
const (
	OnReceived      Trigger = "received"       // a submission is on file
	OnAccepted      Trigger = "accepted"       // it stands: no click is awaited
	OnConfirmed     Trigger = "confirmed"      // a list subscription was confirmed
	OnBooked        Trigger = "booked"         // a place was taken
	OnWaiting       Trigger = "waiting"        // no place was free
	OnCancelled     Trigger = "cancelled"      // the booking ended
	OnFirstAttended Trigger = "first_attended" // came for the first time
	OnAttended      Trigger = "attended"       // came
	OnAnswered      Trigger = "answered"       // a person answered
	OnMoved         Trigger = "moved"          // the event's date or place is another
)

// Triggers lists every trigger.
func Triggers() []Trigger {
	return []Trigger{OnReceived, OnAccepted, OnConfirmed, OnBooked, OnWaiting, OnCancelled, OnFirstAttended, OnAttended, OnAnswered, OnMoved}
}

// Facts are what a plan is made from: everything a condition or a gap in the
// programme file may ask about one run. Times are moments; Zone says in which
// zone days begin.
type Facts struct {
	Programme string
	Form      string
	Kind      FormKind
	Locale    string
	At        time.Time            // when the trigger happened
	Answers   Answers              // special-category answers are left out
	Dates     map[string]time.Time // "event", "meeting", "answer_by": what before: and after: count from
	States    map[string]bool      // "answered", "cancelled", "confirmed": what unless: asks
	Zone      *time.Location
	Quiet     Quiet // when nobody is written to without need

	// Occurrence tells this time of a trigger that may come more than once
	// from the others; "" for one that comes once.
	Occurrence string
}

// Effect is one step of a programme falling due for one run: what to do, and
// when. The zero Due means at once.
type Effect struct {
	Step       string
	Occurrence string // what makes a repeated step distinct, such as a date; often ""
	Due        time.Time
	Send       string   // template
	AddTo      []string // forums
	Notify     []string // "coordinators"
	Unless     string   // state that makes the step needless when it falls due
}

// StepState is where a promised step stands.
type StepState string

// The states of a step.
const (
	StepPlanned   StepState = "planned"
	StepDone      StepState = "done"
	StepSkipped   StepState = "skipped"
	StepCancelled StepState = "cancelled"
)

// Run is one contact's way through one programme, begun by a submission.
type Run struct {
	ID         string
	Programme  string
	Form       string
	Submission string
	Contact    string
	CreatedAt  time.Time
}

// Step is a promise for later: unique by run, step and occurrence, so that no
// trigger, however often it fires, promises it twice.
type Step struct {
	ID         string
	Run        string
	Name       string
	Occurrence string
	State      StepState
	Reason     string
	DueAt      time.Time
	// PromisedFor is when it was to be done, however often it was put off
	// since.
	PromisedFor time.Time
}

// Event is something with dates that people register for.
type Event struct {
	ID        string
	Programme string
	Name      string // the key in the programme file
}

// Session is one date of an event. A nil capacity is no limit.
type Session struct {
	ID       string
	Event    string
	Name     string // the key in the programme file
	StartsAt time.Time
	EndsAt   time.Time
	Venue    string
	Capacity *int
	Moves    int // how often its date or venue was changed
}

// BookingState is where a booking stands.
type BookingState string

// The states of a booking. BookingHeld is a place offered to somebody waiting.
const (
	BookingConfirmed BookingState = "confirmed"
	BookingWaiting   BookingState = "waiting"
	BookingHeld      BookingState = "held"
	BookingCancelled BookingState = "cancelled"
	BookingExpired   BookingState = "expired"
	BookingAttended  BookingState = "attended"
)

// Booking is the place of one party in one session.
type Booking struct {
	ID         string
	Session    string
	Contact    string
	Submission string
	Party      int
	State      BookingState
	QueuedAt   time.Time
}
