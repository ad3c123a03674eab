package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/proof"
)

// What programs send is read to the letter: what is misspelt, said twice or of the
// wrong kind is refused with its name, so that its author notices.

// readStrictly reads one JSON object into a struct of texts, numbers, yes or no, and
// lists of texts. A part is called as its json tag says and in no other way; one
// without omitempty has to be there. An enum tag names the values that it may have, a
// max tag how many characters.
func readStrictly[T any](from io.Reader) (T, error) {
	var body T
	into, d := reflect.ValueOf(&body).Elem(), json.NewDecoder(from)
	err := readObject(d, into)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("there is something after the object")
		}
	}
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return body, &badRequest{status: http.StatusRequestEntityTooLarge, say: postroom.Say("error.too_large"), cause: tooLarge}
	}
	if err == nil || postroom.KindOf(err) != postroom.Internal {
		return body, err
	}
	return body, &badRequest{say: postroom.Say("api.json", "what", err.Error()), cause: err}
}

func readObject(d *json.Decoder, into reflect.Value) error {
	start, err := d.Token()
	if err == nil && start != json.Delim('{') {
		err = errors.New("an object is expected")
	}
	if err != nil {
		return err
	}
	parts, seen := partsOf(into.Type()), map[string]bool{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		name := fmt.Sprint(key)
		i := slices.IndexFunc(parts, func(p part) bool { return p.name == name })
		if i < 0 {
			return &refusedField{field: misnamed(name), say: postroom.Say("api.no_part", "field", misnamed(name))}
		}
		if seen[name] {
			return &refusedField{field: name, say: postroom.Say("api.twice", "field", name)}
		}
		seen[name] = true
		if err := parts[i].read(d, into.Field(parts[i].index)); err != nil {
			return err
		}
	}
	for _, p := range parts {
		if p.required && !seen[p.name] {
			return &refusedField{field: p.name, say: postroom.Say("api.needs", "field", p.name)}
		}
	}
	_, err = d.Token()
	return err
}

// misnamed is a name that a stranger chose, short enough to be said.
func misnamed(name string) string {
	if runes := []rune(printable(name)); len(runes) > 60 {
		return string(runes[:60]) + "…"
	}
	return printable(name)
}

// part is one part of a body or of an answer.
type part struct {
	name     string
	index    int
	required bool
	values   []string // that it may have; none is any
	most     int      // characters; 0 is any
	say      string
	kind     reflect.Type
}

// partsOf are the parts of a struct, as its tags say.
func partsOf(t reflect.Type) (parts []part) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, more, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		most, _ := strconv.Atoi(f.Tag.Get("max")) // what is no number is no limit
		parts = append(parts, part{
			name: name, index: i, required: !strings.Contains(more, "omitempty"), values: strings.Fields(f.Tag.Get("enum")), most: most,
			say: f.Tag.Get("say"), kind: f.Type,
		})
	}
	return parts
}

// read reads the value of a part.
func (p part) read(d *json.Decoder, into reflect.Value) error {
	var raw json.RawMessage
	if err := d.Decode(&raw); err != nil {
		return err
	}
	if err := json.Unmarshal(raw, into.Addr().Interface()); err != nil || string(raw) == "null" {
		return p.refuse(kindOf(p.kind))
	}
	if text, ok := into.Interface().(string); ok {
		switch {
		case p.required && strings.TrimSpace(text) == "":
			return &refusedField{field: p.name, say: postroom.Say("api.needs", "field", p.name)}
		case len(p.values) > 0 && !slices.Contains(p.values, text):
			return p.refuse(strings.Join(p.values, ", "))
		case p.most > 0 && utf8.RuneCountInString(text) > p.most:
			return p.refuse("at most " + strconv.Itoa(p.most) + " characters")
		}
	}
	return nil
}

func (p part) refuse(what string) error { return refuse(p.name, what) }

// refuse says what a part has to be.
func refuse(name, what string) error {
	return &refusedField{field: name, say: postroom.Say("api.value", "field", name, "what", what)}
}

// kindOf names a type as JSON does.
func kindOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	case reflect.Slice:
		return "a list of texts"
	}
	return "a text"
}

// parameter is what may be said behind the question mark of an address.
type parameter struct {
	name, say string
	values    []string // that it may have; none is any
	number    bool
	many      bool // it may stand there more than once
	required  bool
}

// knownQuery refuses what a route does not know, and what it knows but not like this.
func knownQuery(r *http.Request, known []parameter) error {
	sent := r.URL.Query()
	for name, values := range sent {
		i := slices.IndexFunc(known, func(p parameter) bool { return p.name == name })
		if i < 0 {
			return &refusedField{field: misnamed(name), say: postroom.Say("api.no_parameter", "name", misnamed(name))}
		}
		switch p := known[i]; {
		case len(values) > 1 && !p.many:
			return &refusedField{field: name, say: postroom.Say("api.twice", "field", name)}
		case len(p.values) > 0 && !slices.Contains(p.values, values[0]):
			return refuse(name, strings.Join(p.values, ", "))
		case len(values) > mostValues:
			return refuse(name, "at most "+strconv.Itoa(mostValues)+" of them")
		}
	}
	for _, p := range known {
		if p.required && sent.Get(p.name) == "" {
			return &refusedField{field: p.name, say: postroom.Say("api.needs", "field", p.name)}
		}
	}
	return nil
}

func (c *call) asked(name string) string { return c.URL.Query().Get(name) }

// The most of one answer, and how many where nothing is said.
const (
	mostAtOnce  = 1000
	usualAtOnce = 100
)

func limitParameter() parameter {
	return parameter{name: "limit", say: "At most so many, up to 1000 (default: 100)", number: true}
}

func cursorParameter() parameter {
	return parameter{name: "cursor", say: "What the answer before called next; without it from the beginning"}
}

// limit is how many are asked for.
func (c *call) limit() (int, error) {
	if c.asked("limit") == "" {
		return usualAtOnce, nil
	}
	n, err := strconv.Atoi(c.asked("limit"))
	if err != nil || n < 1 || n > mostAtOnce {
		return 0, refuse("limit", "a number from 1 to "+strconv.Itoa(mostAtOnce))
	}
	return n, nil
}

// refusedText is a text with mistakes, each at its place.
type refusedText struct{ fields []problemField }

func (*refusedText) Error() string { return "the text has mistakes" }

// Unwrap makes KindOf say Invalid.
func (*refusedText) Unwrap() error {
	return &postroom.Error{Kind: postroom.Invalid, Say: postroom.Say("api.mistakes")}
}

// inPlainWords says to a program what a room said to the desk, whose words these
// pages do not have, and what is wrong with what somebody wrote for us.
func inPlainWords(err error) error {
	if found, ok := errors.AsType[proof.Mistakes](err); ok {
		return &refusedText{mistakesOf(found)}
	}
	if wrong, ok := errors.AsType[*programme.SegmentError](err); ok {
		return &refusedText{[]problemField{{Field: "to", Code: "mistake", Detail: instead(wrong.Say, wrong.Instead), Line: wrong.Line, Column: wrong.Column}}}
	}
	e, ok := errors.AsType[*postroom.Error](err)
	if !ok || e.Cause == nil || e.Kind == postroom.Internal {
		return err
	}
	if strings.HasPrefix(e.Say.Key, "desk.") || e.Say.Key == "error.unreadable" {
		return &postroom.Error{Kind: e.Kind, Say: postroom.Say("api.refused", "what", e.Cause.Error()), Cause: err}
	}
	return err
}

func mistakesOf(found proof.Mistakes) (fields []problemField) {
	for _, m := range found {
		fields = append(fields, problemField{Field: "markdown", Code: "mistake", Detail: instead(m.Say, m.Instead), Line: m.Line, Column: m.Column})
	}
	return fields
}

func instead(say, instead string) string {
	if instead == "" {
		return say
	}
	return say + "; write " + instead
}
