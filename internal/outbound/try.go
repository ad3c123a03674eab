package outbound

import (
	"context"

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
