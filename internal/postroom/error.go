package postroom

import (
	"errors"
	"fmt"
)

// Kind sorts failures by what a program does about them.
type Kind int

// The kinds of failure. The zero value is Internal, so that a failure nobody
// has classified never leaks a detail.
const (
	Internal    Kind = iota // ours; say nothing but sorry-free plain words
	Invalid                 // the person can mend what they sent
	NotFound                // there is no such thing
	Gone                    // it was there; it is settled, ended or used up
	Conflict                // somebody else was first
	Forbidden               // not for this reader
	TooMany                 // slow down; later it will work
	Unavailable             // something we need is away; later it will work
)

// String returns the kind's name as it stands in logs.
func (k Kind) String() string {
	names := [...]string{"internal", "invalid", "not_found", "gone", "conflict", "forbidden", "too_many", "unavailable"}
	if int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("kind(%d)", int(k))
}

// Text is a sentence for a person that is not in any language yet: the key of
// a locale file and the values for its gaps.
type Text struct {
	Key  string
	Args map[string]string
}

// Say makes a Text from a key and pairs of name and value.
func Say(key string, pairs ...string) Text {
	t := Text{Key: key}
	for i := 0; i+1 < len(pairs); i += 2 {
		if t.Args == nil {
			t.Args = make(map[string]string, len(pairs)/2)
		}
		t.Args[pairs[i]] = pairs[i+1]
	}
	return t
}

// Error is one failure told to three readers: Kind is for the program, Say
// is what the person outside reads (a locale key and its arguments, put into
// words by web and outbound), and Cause is for the operator's log.
type Error struct {
	Kind  Kind
	Say   Text
	Cause error
}

// Error returns what the operator's log shows.
func (e *Error) Error() string {
	if e.Cause == nil {
		return e.Kind.String() + " " + e.Say.Key
	}
	return e.Cause.Error()
}

// Unwrap gives errors.Is and errors.As the cause.
func (e *Error) Unwrap() error { return e.Cause }

// KindOf returns the outermost Kind in err's chain. An error nobody has
// classified is Internal, so forgetting to classify never leaks a detail.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}
