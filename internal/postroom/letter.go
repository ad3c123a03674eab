package postroom

import "time"

// LetterClass is what one letter is, decided before anything is done with it.
type LetterClass string

// The classes of letter. The order in which they are looked for is inbound's.
const (
	LetterBounce          LetterClass = "bounce"           // a delivery report: something we sent did not arrive (RFC 3464)
	LetterDeliveredNotice LetterClass = "delivered_notice" // relayed, expanded or delivered: nothing has failed
	LetterComplaint       LetterClass = "complaint"        // somebody pressed "junk" (RFC 5965)
	LetterReceipt         LetterClass = "receipt"          // it was read (RFC 8098), or a calendar reply
	LetterAutoReply       LetterClass = "auto_reply"       // out of office and its like (RFC 3834)
	LetterChallenge       LetterClass = "challenge"        // "prove that you are a person"
	LetterList            LetterClass = "list"             // mailing lists and bulk mail
	LetterUnsubscribe     LetterClass = "unsubscribe"      // asks to leave a list
	LetterReply           LetterClass = "reply"            // answers something of ours
	LetterSubmission      LetterClass = "submission"       // a person writes to us
	LetterUnknown         LetterClass = "unknown"          // none of these: a person has to look
)

// LetterState is where one letter stands.
type LetterState string

// The states of a letter. Triage is a letter that needs a person.
const (
	LetterReceived LetterState = "received"
	LetterDone     LetterState = "done"
	LetterIgnored  LetterState = "ignored"
	LetterTriage   LetterState = "triage"
)

// Folder is where in a mailbox a letter lay.
type Folder string

// The folders that are read.
const (
	Inbox      Folder = "inbox"
	SentFolder Folder = "sent" // what staff wrote with their own mail program
)

// Letter is one email that came in, or that a member of staff sent, as it
// stands on file. Its raw bytes are sealed beside it.
type Letter struct {
	ID         string
	Reference  string // drawn when it goes to triage; else ""
	Hash       string // hex SHA-256 of the raw bytes
	MessageID  string // without angle brackets; "" when it has none
	Mailbox    string // address of the mailbox that it was first seen in
	Folder     Folder
	Batch      string // the fetched batch it belongs to, subject of an inbound_read job
	Reads      int    // how often reading it was begun
	Class      LetterClass
	Address    string // whom it is from, in small letters; "" when that cannot be read
	Imported   bool   // it lay there before we came: nothing answers it
	Submission string // id of what it became, or was added to
	AssignedTo string // name of a coordinator
	State      LetterState
	Reason     string // why it is ignored or in triage
	Size       int
	ReceivedAt time.Time
	SettledAt  time.Time

	SnoozedUntil time.Time // zero when it is not put off
}
