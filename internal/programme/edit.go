package programme

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	yaml "go.yaml.in/yaml/v3"

	"postroom/internal/postroom"
	"postroom/internal/proof"
)

// Edit is one change to a programme file. It works on the lines of the file, so
// that comments and order stay. What it says is judged by Load afterwards; an Edit
// itself only fails where there is nothing to change.
type Edit func(d *document) error

// Apply makes changes to a file, one after another, and returns the file as it is
// then. The error is proof.Mistakes where something to change is not there. The
// result is not checked: Load does that.
func Apply(file string, data []byte, edits ...Edit) ([]byte, error) {
	d, err := open(file, data)
	if err != nil {
		return nil, err
	}
	for _, edit := range edits {
		if err := edit(d); err != nil {
			return nil, err
		}
	}
	return d.bytes()
}

// SetText changes one text, which a path names as Texts does, in one language.
// Language "" is: one text for all of them, such as the name of a place. An empty
// text takes it out.
func SetText(path, locale, text string) Edit {
	return func(d *document) error {
		at, key, err := d.find(path)
		if err != nil {
			return err
		}
		d.setWords(at, key, locale, strings.TrimSpace(text))
		return nil
	}
}

// SetReplyWithin changes how soon a person is answered: "2 working days".
func SetReplyWithin(span string) Edit {
	return func(d *document) error { set(d.root, "reply_within", scalar(strings.TrimSpace(span))); return nil }
}

// SetCoordinators changes who looks after the programme, by their names.
func SetCoordinators(names ...string) Edit {
	return func(d *document) error { set(d.root, "coordinators", list(names)); return nil }
}

// SetSafeguarding changes who is called when somebody may be in danger. A
// programme that has no safeguarding gets none by this.
func SetSafeguarding(lead, deputy string) Edit {
	return func(d *document) error {
		s := value(d.root, "safeguarding")
		if s == nil || s.Kind != yaml.MappingNode {
			return d.lacks("safeguarding", "the programme says no words by which danger is known, so nobody can be called")
		}
		set(s, "lead", scalar(lead))
		set(s, "deputy", scalar(deputy))
		return nil
	}
}

// SetClosed closes a form, or opens it again: the zero Closed. Words that are nil
// stay what they were.
func SetClosed(form string, c Closed) Edit {
	return func(d *document) error {
		f, err := d.named(d.root, "forms", "form", form)
		if err != nil {
			return err
		}
		closed := ""
		if c.Now {
			closed = "true"
		}
		set(f, "closed", plainScalar(closed))
		set(f, "closed_from", plainScalar(writtenMoment(c.From)))
		set(f, "closed_until", plainScalar(writtenMoment(c.Until)))
		for _, tag := range languagesOf(c.Words) {
			d.setWords(f, "closed_words", tag, strings.TrimSpace(c.Words[tag]))
		}
		return nil
	}
}

// PutOption adds an option to a question, such as an area, or gives the one of that
// value another label: one text for all languages where it is the only one.
func PutOption(form, field, value string, label postroom.Words) Edit {
	return func(d *document) error {
		f, err := d.field(form, field)
		if err != nil {
			return err
		}
		options := d.group(f, "options")
		for _, tag := range languagesOf(label) {
			d.setWords(options, value, tag, strings.TrimSpace(label[tag]))
		}
		return nil
	}
}

// OrderOptions puts the options of a question in another order. Those that are not
// named come after, as they were.
func OrderOptions(form, field string, values ...string) Edit {
	return func(d *document) error {
		f, err := d.field(form, field)
		if err != nil {
			return err
		}
		options := d.group(f, "options")
		var sorted []*yaml.Node
		for _, v := range append(slices.Clone(values), keysOf(options)...) {
			if i := indexOf(options, v); i >= 0 {
				sorted = append(sorted, options.Content[i], options.Content[i+1])
				options.Content = slices.Delete(options.Content, i, i+2)
			}
		}
		options.Content = sorted
		return nil
	}
}

// CloseOption stops offering an option, or offers it again. It is never taken out
// of the file: what was answered before must still be read.
func CloseOption(form, field, option string, closed bool) Edit {
	return func(d *document) error {
		f, err := d.field(form, field)
		if err != nil {
			return err
		}
		if indexOf(d.group(f, "options"), option) < 0 {
			return d.lacks("option "+option, fmt.Sprintf("there is no option %s in field %s of form %s", option, field, form))
		}
		shut := slices.DeleteFunc(textsOf(value(f, "closed_options")), func(v string) bool { return v == option })
		if closed {
			shut = append(shut, option)
		}
		set(f, "closed_options", list(shut))
		return nil
	}
}

// SessionChange is what may change of one date of an event. A nil pointer leaves a
// thing as it is. Times are written on the organisation's clock.
type SessionChange struct {
	Starts, Ends *time.Time
	Venue        *string
	Capacity     *int // 0 is without a limit
}

// SetSession changes one date of an event.
func SetSession(event, session string, c SessionChange) Edit {
	return func(d *document) error {
		s, err := d.session(event, session)
		if err != nil {
			return err
		}
		if c.Starts != nil {
			set(s, "starts", plainScalar(writtenMoment(*c.Starts)))
		}
		if c.Ends != nil {
			set(s, "ends", plainScalar(writtenMoment(*c.Ends)))
		}
		if c.Venue != nil {
			set(s, "venue", scalar(strings.TrimSpace(*c.Venue)))
		}
		if c.Capacity != nil {
			capacity := ""
			if *c.Capacity != 0 {
				capacity = fmt.Sprint(*c.Capacity)
			}
			set(s, "capacity", plainScalar(capacity))
		}
		return nil
	}
}

func writtenMoment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("2006-01-02 15:04")
}

// document is a programme file while it is changed.
type document struct {
	file string
	doc  yaml.Node
	root *yaml.Node
}

// open reads a file for changing. What Load would not read is not changed either.
func open(file string, data []byte) (*document, error) {
	sheet := proof.Open(file, data)
	if !sheet.Root().Given() {
		return nil, sheet.Mistakes()
	}
	d := &document{file: file}
	if err := yaml.Unmarshal(keepBlankLines(data), &d.doc); err != nil {
		return nil, proof.Mistakes{{File: file, Line: 1, Column: 1, Say: "this is not YAML: " + err.Error()}}
	}
	d.root = d.doc.Content[0]
	below(&d.doc)
	return d, nil
}

func (d *document) bytes() ([]byte, error) {
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(&d.doc); err != nil {
		return nil, fmt.Errorf("write %s: %w", d.file, err)
	}
	return giveBackBlankLines(b.Bytes()), nil
}

// lacks is the mistake that what is to be changed is not there.
func (d *document) lacks(what, say string) error {
	return proof.Mistakes{{File: d.file, Line: 1, Column: 1, Say: say, Instead: "the " + what + " first, in the programme's file"}}
}

// find returns the group and the key that a path of Texts names.
func (d *document) find(path string) (at *yaml.Node, key string, err error) {
	parts := strings.Split(path, "/")
	at = d.root
	kind := ""
	for ; len(parts) > 2; parts = parts[2:] {
		if !slices.Contains([]string{"form", "field", "event", "session", "list"}, parts[0]) {
			return nil, "", d.lacks(path, "there is no text "+path)
		}
		if at, err = d.named(at, parts[0]+"s", parts[0], parts[1]); err != nil {
			return nil, "", err
		}
		kind = parts[0]
	}
	if len(parts) == 1 && slices.Contains(textKeys(kind), parts[0]) {
		return at, parts[0], nil
	}
	if len(parts) != 2 || parts[0] != "option" || indexOf(value(at, "options"), parts[1]) < 0 {
		return nil, "", d.lacks(path, "there is no text "+path)
	}
	return value(at, "options"), parts[1], nil
}

// named returns the item of a list that is called name.
func (d *document) named(at *yaml.Node, list, kind, name string) (*yaml.Node, error) {
	if items := value(at, list); items != nil && items.Kind == yaml.SequenceNode {
		for _, item := range items.Content {
			if v := value(item, kind); v != nil && v.Value == name {
				return item, nil
			}
		}
	}
	return nil, d.lacks(kind+" "+name, "there is no "+kind+" "+name)
}

func (d *document) field(form, field string) (*yaml.Node, error) {
	f, err := d.named(d.root, "forms", "form", form)
	if err != nil {
		return nil, err
	}
	return d.named(f, "fields", "field", field)
}

func (d *document) session(event, session string) (*yaml.Node, error) {
	e, err := d.named(d.root, "events", "event", event)
	if err != nil {
		return nil, err
	}
	return d.named(e, "sessions", "session", session)
}

// group returns the group of keys at key, which it makes where there is none.
func (d *document) group(at *yaml.Node, key string) *yaml.Node {
	g := value(at, key)
	if g == nil || g.Kind != yaml.MappingNode {
		g = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		set(at, key, g)
	}
	return g
}

// setWords changes a text in one language. One text that stood for all of them is
// spread first.
func (d *document) setWords(at *yaml.Node, key, locale, text string) {
	old := value(at, key)
	if locale == "" {
		set(at, key, scalar(text))
		return
	}
	if old == nil || old.Kind != yaml.MappingNode {
		words := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		if old != nil && old.Kind == yaml.ScalarNode && old.Value != "" {
			for _, tag := range textsOf(value(d.root, "languages")) {
				set(words, tag, scalar(old.Value))
			}
		}
		set(at, key, words)
		old = words
	}
	set(old, locale, scalar(text))
	if len(old.Content) == 0 {
		set(at, key, nil)
	}
}

// languagesOf lists the languages of a text in the order of their tags, so that a
// change always writes the same.
func languagesOf(w postroom.Words) []string {
	var tags []string
	for tag := range w {
		tags = append(tags, tag)
	}
	slices.Sort(tags)
	return tags
}
