package postroom

import "time"

// Class says by what right a message is sent. Unsubscribing from news never
// silences a service message.
type Class string

// The classes of message.
const (
	Service   Class = "service"
	Marketing Class = "marketing"
)

// Lane is a queue of its own with its own workers, so that a newsletter never
// delays an acknowledgement.
type Lane string

// The lanes, most urgent first.
const (
	Urgent    Lane = "urgent"
	Confirm   Lane = "confirm"
	Followup  Lane = "followup"
	DigestRun Lane = "digest"
	Bulk      Lane = "bulk"
	Inbound   Lane = "inbound"
)

// Lanes lists every lane, most urgent first.
func Lanes() []Lane { return []Lane{Urgent, Confirm, Followup, DigestRun, Bulk, Inbound} }

// MessageState is where one message stands.
type MessageState string

// The states of a message. Sending is committed before MAIL FROM; uncertain
// means the answer to the final dot was never read.
const (
	Queued     MessageState = "queued"
	Deferred   MessageState = "deferred"
	Sending    MessageState = "sending"
	Sent       MessageState = "sent"
	Failed     MessageState = "failed"
	Suppressed MessageState = "suppressed"
	Held       MessageState = "held"
	Uncertain  MessageState = "uncertain"
)

// Message is one email owed or sent. It is a row before anything is sent, and
// its Message-ID is fixed at that moment, so that a rare second copy can be
// recognised by the reader's program.
type Message struct {
	ID         string
	Key        string // owed once per key; empty means the ID is the key
	MessageID  string // RFC 5322 msg-id without the angle brackets
	Programme  string
	Form       string // for the cool-down; "" when no form caused it
	Submission string
	Contact    string // "" for a coordinator
	About      string // id that links in the mail are bound to (subscription, booking, submission)
	To         string // address; "" means nobody can be mailed and a call is owed
	Template   string // name in templates/email, or "" when Raw is set
	Data       map[string]string
	Raw        []byte // stored bytes, for mails that are not made from a template
	Locale     string
	Look       Look // of a copy of a newsletter, as its reader chose it
	Class      Class
	Lane       Lane
	Discreet   bool
	InReplyTo  string
	References string
	Sender     string // address it is from; "" is the organisation's own
	Letter     string // id of the letter that it answers; "" when it answers none
	Campaign   string // id of the newsletter that it is a copy of; "" for any other mail
	Chunk      int    // which part of the newsletter's copies it belongs to, from 1
	State      MessageState
	Reason     string // why it is suppressed, held, failed or deferred
	Doubts     int    // how often the answer to the final dot was lost
	CreatedAt  time.Time
	SentAt     time.Time
}

// Call is a message to give by phone or on paper because no email can.
type Call struct {
	ID         string
	Message    string
	Contact    string
	Submission string
	Reason     string
	Done       bool
	At         time.Time

	AssignedTo   string    // name of a colleague; "" is whoever looks after what it is about
	SnoozedUntil time.Time // zero when it is not put off
}

// DataLeft is the key in Data under which a message names, with blanks between,
// the subscriptions that its link to undo puts back: those that were confirmed
// when a letter ended them, at the moment the message was owed.
const DataLeft = "left"
