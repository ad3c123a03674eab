package mailbox

import "errors"

// Refused says whether a server was reached and did not let us in.
func Refused(err error) bool { return errors.Is(err, errRefused) }

// Unreachable says whether there was no server to talk to.
func Unreachable(err error) bool { return errors.Is(err, errUnreachable) || errors.Is(err, errSilent) }

// Distrusted says whether the connection could not be made secure.
func Distrusted(err error) bool {
	return errors.Is(err, errDistrusted) || errors.Is(err, errNoStartTLS)
}
