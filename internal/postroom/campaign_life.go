package postroom

import "time"

// CampaignLife is how one edition comes to be sent. The zero value but for
// Campaign is one that an older version started.
type CampaignLife struct {
	Campaign     string
	Source       string // the file, as somebody wrote it
	Author       string // name of a colleague; "" is the command line
	Digest       string // of the list and the words: what an approval is for
	ApprovedBy   string
	ApprovedAt   time.Time
	StartsLocal  string // what a clock on the wall shows when it is to begin, as ClockLayout; "" is no such time
	Zone         string // where that clock hangs (IANA)
	StartsAt     time.Time
	NotLaterThan time.Time // after that somebody is asked instead; zero without StartsAt
	LateAt       time.Time // when it was too late to begin, and somebody was asked
	BeganAt      time.Time
	RestsSince   time.Time     // while it is paused
	Rested       time.Duration // how long it was paused before
	Settled      int           // copies, when somebody last looked
	MovedAt      time.Time     // when Settled was last another number
	StuckAt      time.Time     // when somebody was told that nothing moves
	ReportedAt   time.Time     // when its author was told the figures
	LeftOf       string        // id of the edition whose copies did not arrive; "" for any other
}

// ClockLayout is how a local time without its zone is written.
const ClockLayout = "2006-01-02T15:04"

// NewsletterTest is the mail that shows staff an edition, which they approve by
// replying to it. It is about the campaign.
const NewsletterTest = "newsletter-test"

// DataDigest is the key in Data under which such a mail names the words it shows:
// what is changed afterwards is not approved by a reply to it.
const DataDigest = "digest"
