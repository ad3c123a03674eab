package postroom

import "strings"

// Sign is one thing about an entry by which it looks as if a machine, or somebody
// who means no good, had sent it. None is a reason to refuse it.
type Sign string

// The signs. The last three are about what else comes in at the time.
const (
	SignTrap      Sign = "trap"       // something was filled in that people do not see
	SignFast      Sign = "fast"       // it came back sooner than anybody types
	SignNoTicket  Sign = "no_ticket"  // the form it came from was not shown by us
	SignLink      Sign = "link"       // there is a web address in it
	SignLinks     Sign = "links"      // there are many
	SignOnlyLinks Sign = "only_links" // there is nothing else in an answer
	SignNameLink  Sign = "name_link"  // the name has one
	SignNoise     Sign = "noise"      // letters of several alphabets stand in one word
	SignEcho      Sign = "echo"       // the same text came from many
	SignCrowd     Sign = "crowd"      // very many came from one part of the internet
	SignBusy      Sign = "busy"       // the address has been written to enough for a day
	SignSurge     Sign = "surge"      // far more comes in by this form than is usual
)

// HeldAsSuspect begins the reason of a hold that signs placed.
const HeldAsSuspect = "suspect"

// SuspectReason is the reason of a hold for such signs.
func SuspectReason(signs []Sign) string {
	names := make([]string, len(signs))
	for i, s := range signs {
		names[i] = string(s)
	}
	return strings.TrimSpace(HeldAsSuspect + " " + strings.Join(names, ","))
}

// SignsIn reads the signs in the reason of a hold, or returns none.
func SignsIn(reason string) (signs []Sign) {
	names, found := strings.CutPrefix(reason, HeldAsSuspect+" ")
	if !found {
		return nil
	}
	for name := range strings.SplitSeq(names, ",") {
		signs = append(signs, Sign(name))
	}
	return signs
}
