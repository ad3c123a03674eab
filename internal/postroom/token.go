package postroom

import (
	"slices"
	"time"
)

// Scope is one thing that a program with a token may do. To read, to write and to
// send are three things: whoever may write a newsletter may not therefore send it.
type Scope string

// The scopes.
const (
	ListsRead     Scope = "lists:read"
	ContactsRead  Scope = "contacts:read"
	ContactsWrite Scope = "contacts:write"
	EditionsRead  Scope = "editions:read"
	EditionsWrite Scope = "editions:write"
	EditionsSend  Scope = "editions:send"
)

// Scopes are all of them.
func Scopes() []Scope {
	return []Scope{ListsRead, ContactsRead, ContactsWrite, EditionsRead, EditionsWrite, EditionsSend}
}

// Token lets a program of the organisation in. What the program shows is a secret
// that is nowhere on file.
type Token struct {
	ID        string
	Name      string // what the program is called; two that work never have the same
	Scopes    []Scope
	List      string // the one list that it is for; "" is every list
	MadeBy    string
	MadeAt    time.Time
	ExpiresAt time.Time
	UsedOn    time.Time // the last day on which it was; zero is never
	RevokedAt time.Time // zero is not
}

// May says whether a token has a scope.
func (t Token) May(s Scope) bool { return slices.Contains(t.Scopes, s) }

// Works says whether a token lets anybody in at a moment.
func (t Token) Works(now time.Time) bool { return t.RevokedAt.IsZero() && now.Before(t.ExpiresAt) }

// Actor is who acts, as it stands in the audit and as the author of what a program
// writes.
func (t Token) Actor() string { return "token: " + t.Name }
