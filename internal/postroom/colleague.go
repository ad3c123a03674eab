package postroom

import (
	"slices"
	"time"
)

// Role is what a colleague may do at the desk.
type Role string

// The roles, the most powerful first.
const (
	Admin         Role = "admin"       // everything, but for what a safeguarding hold closes
	IsCoordinator Role = "coordinator" // reads and answers what belongs to their programmes and areas
	Greeter       Role = "greeter"     // the door list of a date, and nothing else
	Viewer        Role = "viewer"      // figures that hold no person
)

// Roles lists every role, the most powerful first.
func Roles() []Role { return []Role{Admin, IsCoordinator, Greeter, Viewer} }

// Grant gives a colleague a role in one programme and one area of it; "" is
// every one.
type Grant struct {
	Role      Role
	Programme string
	Area      string
}

// covers says whether a grant reaches something of a programme and an area.
func (g Grant) covers(programme, area string) bool {
	return (g.Programme == "" || g.Programme == programme) && (g.Area == "" || g.Area == area)
}

// Absence is when a colleague is away. A zero From is never, a zero Until with
// a From is until they say that they are back.
type Absence struct {
	From, Until time.Time
	Proposed    bool // an automatic reply said so, and nobody has agreed yet: it does not count
}

// Colleague is somebody who may open the desk. A coordinator is one with that
// role.
type Colleague struct {
	Name     string // by which settings, programmes and assignments know them; it never changes
	Address  string // in small letters
	Locale   string
	Grants   []Grant
	Cover    string // name of the colleague who stands in, or ""
	Absence  Absence
	FromFile bool // the settings file named them first, and says that they are a coordinator
	AtDesk   bool // they were changed at the desk
	AddedAt  time.Time
	LeftAt   time.Time // zero while they are here
}

// Is says whether a colleague has a role anywhere.
func (c Colleague) Is(role Role) bool {
	return slices.ContainsFunc(c.Grants, func(g Grant) bool { return g.Role == role })
}

// Has says whether a colleague has a role for something of a programme and an
// area. "" is what belongs to no programme, or has no area, which only a grant
// for every one reaches.
func (c Colleague) Has(role Role, programme, area string) bool {
	return slices.ContainsFunc(c.Grants, func(g Grant) bool { return g.Role == role && g.covers(programme, area) })
}

// Reads says whether a colleague may read what somebody of a programme and an
// area sent.
func (c Colleague) Reads(programme, area string) bool {
	return c.Has(Admin, programme, area) || c.Has(IsCoordinator, programme, area)
}

// Answers says whether what waits may be in a colleague's list: of whoever looks
// after something, or may do everything, and of a coordinator of the settings
// file, also while no programme names them. Who is at the door or reads figures
// only must not see who waits.
func (c Colleague) Answers() bool { return c.Is(Admin) || c.Is(IsCoordinator) || c.FromFile }

// Follows says whether the settings file says how a colleague is known: until they
// are changed at the desk.
func (c Colleague) Follows() bool { return c.FromFile && !c.AtDesk }

// Here says whether a colleague has not left.
func (c Colleague) Here() bool { return c.LeftAt.IsZero() }

// Away says whether a colleague is away at a moment.
func (c Colleague) Away(at time.Time) bool {
	a := c.Absence
	return !a.From.IsZero() && !a.Proposed && !at.Before(a.From) && (a.Until.IsZero() || at.Before(a.Until))
}
