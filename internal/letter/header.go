package letter

import "strings"

// Field is one line of a header as it came, unfolded and not decoded.
type Field struct{ Name, Value string }

// Header is the lines of a header in their order. Names are compared without
// regard to case.
type Header []Field

// Get returns the first value of a field, or "".
func (h Header) Get(name string) string {
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// All returns every value of a field in its order.
func (h Header) All(name string) []string {
	var values []string
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			values = append(values, f.Value)
		}
	}
	return values
}

// Has says whether a field is there, even if it is empty.
func (h Header) Has(name string) bool {
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			return true
		}
	}
	return false
}
