package postroom

import "time"

// Rule is what a coordinator has said about letters like one that they looked
// at. It is there until it is removed, and its number is never used again.
type Rule struct {
	ID      int
	Mailbox string // it is about letters to this mailbox
	By      RuleBy
	Who     string // the address, the domain or the List-Id, in small letters; "" once it is removed
	Words   string // stand in the subject; "" is any subject
	Says    RuleSays
	Target  string // the form, or the coordinator; "" where it names none

	MadeBy    string // name of a coordinator
	MadeAt    time.Time
	RemovedBy string
	RemovedAt time.Time // zero while it stands
}

// RuleBy is by what a rule knows its letters.
type RuleBy string

// By what letters may be known.
const (
	RuleByAddress RuleBy = "address"
	RuleByDomain  RuleBy = "domain"
	RuleByList    RuleBy = "list"
)

// RuleSays is what a rule says that its letters are.
type RuleSays string

// What letters may be said to be.
const (
	RuleBulk        RuleSays = "bulk"        // they go to many
	RuleAutomatic   RuleSays = "automatic"   // nobody writes them
	RuleEnquiry     RuleSays = "enquiry"     // a person writes them, on the form in Target
	RuleWebsite     RuleSays = "website"     // the form of a website sends them
	RuleCoordinator RuleSays = "coordinator" // they are for the coordinator in Target
)

// PutsAside says whether nobody gets to see what the rule is about.
func (r Rule) PutsAside() bool { return r.Says == RuleBulk || r.Says == RuleAutomatic }
