package outbound

import (
	"context"
	"time"
)

// Permits say how many messages may leave in a second, a minute, an hour and a
// day: providers shut out whoever sends more. All processes share them. A nil
// Permits sets no limit.
type Permits interface {
	// Take asks for a permit for each message, in this order, and says which got
	// one. Those that got none ask again at until. A permit that was given and
	// not used is lost for its window: that errs on the side of the provider.
	Take(ctx context.Context, asks []Ask) (granted []bool, until time.Time, err error)
}

// Ask is what counts against a limit when one message leaves.
type Ask struct {
	Server string // name of the mail server it is handed to
	From   string // domain of its sender
	To     string // domain of its reader
	Urgent bool   // a person waits for it: it may use what is kept free of newsletters
}
