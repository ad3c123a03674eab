package config

import (
	"fmt"
	"io"
	"log/slog"
)

const hidden = "[hidden]"

// Secret is a text that is shown nowhere unless Reveal is called. It sits
// behind a pointer because fmt prints unexported fields of other structs
// without asking them.
type Secret struct{ text *string }

// NewSecret hides text.
func NewSecret(text string) Secret { return Secret{&text} }

// Reveal returns the text itself, for the one place that needs it.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// Empty says whether there is no secret.
func (s Secret) Empty() bool { return s.Reveal() == "" }

// String returns a stand-in.
func (s Secret) String() string { return hidden }

// GoString returns a stand-in.
func (s Secret) GoString() string { return hidden }

// Format prints a stand-in whatever the verb.
func (s Secret) Format(w fmt.State, _ rune) { io.WriteString(w, hidden) }

// LogValue gives slog a stand-in.
func (s Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText gives JSON and YAML a stand-in.
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }
