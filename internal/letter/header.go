package letter

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

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

// inCharset decodes values that were written without encoding them and not in
// UTF-8 (RFC 6532 allows that alone).
func (h Header) inCharset(charset string) Header {
	for i := range h {
		if !utf8.ValidString(h[i].Value) {
			h[i].Value = decode(charset, []byte(h[i].Value))
		}
	}
	return h
}

// fields gathers a header line by line. A field that is folded a thousand
// times is put together once.
type fields struct {
	list Header
	name string
	text []byte
}

const usualField = 200 // bytes of a field with its continuations

func (f *fields) begun() bool { return f.name != "" }

func (f *fields) begin(name string, value []byte) {
	f.close()
	if f.text == nil {
		f.text = make([]byte, 0, usualField)
	}
	f.name, f.text = name, append(f.text[:0], value...)
}

// fold adds a continuation line. White space at the fold is one blank,
// whatever it was.
func (f *fields) fold(line []byte) {
	line = bytes.TrimSpace(line)
	if len(f.text)+len(line) < maxFieldLength && len(line) > 0 {
		f.text = append(append(f.text, ' '), line...)
	}
}

func (f *fields) close() {
	if f.begun() {
		f.list = append(f.list, Field{f.name, string(f.text)})
	}
	f.name = ""
}

func (f *fields) end() Header {
	f.close()
	return f.list
}
