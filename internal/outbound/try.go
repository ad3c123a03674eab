package outbound

import (
	"context"
	"fmt"

	"postroom/internal/postroom"
)

// Try connects to a mail server and logs in, as a message would, and hangs up
// again. It is for checking settings before anything depends on them.
func Try(ctx context.Context, settings Server, clock postroom.Clock) error {
	s, err := newServer(settings, clock)
	if err != nil {
		return err
	}
	c, err := s.dial(ctx)
	if err != nil {
		return err
	}
	c.leave()
	return nil
}

// SendTest hands one mail to a mail server, as it is, in an envelope of its
// own, past every gate: it is for a test letter of ours to ourselves. senderRefused
// says that the server did not take the envelope's sender.
func SendTest(ctx context.Context, settings Server, clock postroom.Clock, from, to string, body []byte) (senderRefused bool, err error) {
	s, err := newServer(settings, clock)
	if err != nil {
		return false, err
	}
	c, err := s.dial(ctx)
	if err != nil {
		return false, err
	}
	failed := c.converse(ctx, s.Patience, from, to, body)
	if failed == nil {
		c.leave()
		return false, nil
	}
	c.drop()
	return failed.at <= rcptTo && failed.code >= 500, fmt.Errorf("%s: %s", failed.at, failed.reason())
}
