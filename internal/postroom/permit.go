package postroom

import "time"

// Ask is what counts against a limit when one message leaves.
type Ask struct {
	Server  string // name of the mail server it is handed to
	From    string // domain of its sender
	To      string // domain of its reader
	Urgent  bool   // a person waits for it: it may use what is kept free of newsletters
	Message string // id of a message that waits by itself, so that its place is kept; "" for copies
}

// Permit lets one message leave. It is one of those that count until the window
// after it was used is over.
type Permit struct {
	ID    string
	Ask   Ask
	Until time.Time // MAIL FROM is said before this moment of the monotonic clock, or the permit is void
}
