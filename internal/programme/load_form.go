package programme

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"postroom/internal/postroom"
	"postroom/internal/proof"
)

var (
	nameShape   = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`)
	fieldShape  = regexp.MustCompile(`^[a-z][a-z0-9_]{0,62}$`)
	optionShape = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)
)

// Kinds lists what a form may be for.
func Kinds() []postroom.FormKind {
	return []postroom.FormKind{postroom.SignUp, postroom.VolunteerOffer, postroom.EventRegistration, postroom.Enquiry,
		postroom.Concern, postroom.Referral, postroom.Feedback, postroom.DataRequest, postroom.DataComplaint}
}

func ways() []postroom.Reach {
	return []postroom.Reach{postroom.ReachEmail, postroom.ReachPhone, postroom.ReachPost, postroom.ReachPerson}
}

func (r *reader) forms(m proof.Map) []*Form {
	var forms []*Form
	for _, item := range m.Maps("forms") {
		forms = append(forms, r.form(item))
	}
	return forms
}

func (r *reader) form(m proof.Map) *Form {
	f := &Form{Programme: r.p, Name: r.name(m, "form")}
	m = m.As("form " + f.Name)
	m.Need("kind", "one of "+joined(Kinds()))
	f.Kind = postroom.FormKind(m.Choice("kind", "", texts(Kinds())...))
	f.Title = r.words(m, "title", true)
	f.Intro = r.words(m, "intro", false)
	f.Button = r.words(m, "button", false)
	f.List, f.Event = m.Text("list"), m.Text("event")
	r.takesLetters(m, f)
	f.Closed = r.closed(m)
	f.Sites = sites(m)
	f.Fields = r.fields(m, f)
	f.Reach = r.reach(m, f)
	f.Pages = r.pages(m, f)
	r.checkEvent(m, f)
	r.checkList(m, f)
	f.snapshot()
	return f
}

// sites reads which websites the form is for. An empty list is of none but our own.
func sites(m proof.Map) *Sites {
	if !m.Has("sites") {
		return nil
	}
	var s Sites
	for _, written := range m.Texts("sites") {
		at, err := url.Parse(written)
		if err != nil || at.Scheme != "https" && at.Scheme != "http" || at.Host == "" || strings.Trim(at.Path, "/") != "" || at.RawQuery != "" || at.Fragment != "" {
			m.Wrong("sites", fmt.Sprintf("%q is not the address of a website", written), "sites: [https://www.your-charity.example], one of those in postroom.yaml")
			continue
		}
		s.Only = append(s.Only, at.Scheme+"://"+strings.ToLower(at.Host))
	}
	return &s
}

// closed reads whether, and between which moments, the form takes no answers.
func (r *reader) closed(m proof.Map) Closed {
	c := Closed{Now: m.Bool("closed"), Words: r.words(m, "closed_words", false)}
	if m.Has("closed_from") {
		c.From = r.moment(m, "closed_from")
	}
	if m.Has("closed_until") {
		c.Until = r.moment(m, "closed_until")
	}
	if !c.From.IsZero() && !c.Until.IsZero() && !c.Until.After(c.From) {
		m.Wrong("closed_until", "the form opens again before it closes", "a later time")
	}
	return c
}

// reach reads the ways in which the form may be answered. Each must have a
// field of its name, or nobody could give it.
func (r *reader) reach(m proof.Map, f *Form) []postroom.Reach {
	var reach []postroom.Reach
	for _, way := range m.Texts("reach") {
		r.known(m, "reach", "way to reach somebody", way, texts(ways()))
		if _, ok := f.Field(way); !ok {
			m.Wrong("reach", fmt.Sprintf("form %s has no field called %s", f.Name, way), "- {field: "+way+", type: …} below fields:")
		}
		reach = append(reach, postroom.Reach(way))
	}
	if len(reach) == 0 {
		m.Lacks("reach", "[email, phone], the ways to answer the person")
	}
	return reach
}

func (r *reader) checkEvent(m proof.Map, f *Form) {
	var events []string
	for _, e := range r.p.Events {
		events = append(events, e.Name)
	}
	r.known(m, "event", "event", f.Event, events)
	if f.Kind == postroom.EventRegistration && f.Event == "" {
		m.Lacks("event", "the name of one of the events above")
	}
	asks := slices.ContainsFunc(f.Fields, func(field Field) bool { return field.Type == SessionField })
	if asks && f.Event == "" {
		m.Wrong("fields", "a field of type session needs an event to choose from", "event: name in form "+f.Name)
	}
	if !asks && len(f.Sessions()) > 1 {
		m.Wrong("event", fmt.Sprintf("event %s has several sessions and form %s does not ask which", f.Event, f.Name), "- {field: session, type: session, required: true}")
	}
}

// checkList waits for all files, because a form may subscribe to a list of
// another programme.
func (r *reader) checkList(m proof.Map, f *Form) {
	if f.List == "" {
		return
	}
	if _, ok := f.Field(string(postroom.ReachEmail)); !ok {
		m.Wrong("list", "a list needs an address and form "+f.Name+" does not ask for one", "- {field: email, type: email, required: true}")
	}
	r.later = append(r.later, func() { r.known(m, "list", "list", f.List, r.loader.lists) })
}

func (r *reader) fields(m proof.Map, f *Form) []Field {
	var fields []Field
	env := map[string]any{}
	derive := m.Maps("derive")
	for _, item := range m.Maps("fields") {
		field := r.field(item, env)
		if slices.ContainsFunc(fields, func(other Field) bool { return other.Name == field.Name }) {
			item.Wrong("field", fmt.Sprintf("form %s has two fields called %s", f.Name, field.Name), "another name")
		}
		fields = append(fields, r.withDerived(derive, field, env)...)
	}
	if len(fields) == 0 {
		m.Lacks("fields", "[{field: name, type: name}, {field: email, type: email}]")
	}
	r.checkDerived(derive, fields)
	return fields
}

// closedOptions reads which options are not offered any more. One must be left.
func (r *reader) closedOptions(m proof.Map, options []Option) {
	var values []string
	for _, o := range options {
		values = append(values, o.Value)
	}
	open := len(options)
	for _, value := range m.Texts("closed_options") {
		r.known(m, "closed_options", "option", value, values)
		if i := slices.Index(values, value); i >= 0 && !options[i].Closed {
			options[i].Closed = true
			open--
		}
	}
	if len(options) > 0 && open == 0 {
		m.Wrong("closed_options", "every option is closed, and nothing is left to choose", "one option less")
	}
}

// sameLabels notes two options that a reader could not tell apart.
func (r *reader) sameLabels(m proof.Map, options []Option) {
	for i, o := range options {
		for _, earlier := range options[:i] {
			for _, tag := range r.p.Languages {
				if o.Label[tag] != "" && o.Label[tag] == earlier.Label[tag] {
					m.Wrong(o.Value, fmt.Sprintf("options %s and %s read the same in %s", earlier.Value, o.Value, tag), "another text")
				}
			}
		}
	}
}

func (r *reader) condition(m proof.Map, key string, env map[string]any) (string, *condition) {
	text := m.Text(key)
	if text == "" {
		return "", nil
	}
	compiled, err := compile(text, env)
	if err != nil {
		m.Wrong(key, fmt.Sprintf("this condition cannot be read: %v", err), mayAsk(env))
	}
	return text, compiled
}

// mayAsk says what a condition may ask about.
func mayAsk(env map[string]any) string {
	names := slices.Sorted(maps.Keys(env))
	if len(names) == 0 {
		return "it below the field it asks about"
	}
	return `a comparison such as ` + names[0] + ` == "…" of ` + strings.Join(names, ", ")
}

// shownForm is what a person saw, in a shape whose JSON depends on nothing
// else: Go writes the keys of maps in order.
type shownForm struct {
	Programme, Form, Kind string
	Privacy               postroom.Words
	Title, Intro, Button  postroom.Words
	Reach                 []postroom.Reach
	List, Event           string
	Fields                []Field
	Pages                 *shownPages `json:",omitempty"` // left out where there are none, so that versions of before stay what they were
}

func (f *Form) snapshot() {
	shown := shownForm{f.Programme.Name, f.Name, string(f.Kind), f.Programme.Privacy, f.Title, f.Intro, f.Button, f.Reach, f.List, f.Event, f.Fields, f.shownPages()}
	data, err := json.Marshal(shown)
	if err != nil {
		panic(err) // texts and numbers always marshal
	}
	sum := sha256.Sum256(data)
	f.Snapshot, f.Version = data, hex.EncodeToString(sum[:8])
}

func texts[T ~string](values []T) []string {
	plain := make([]string, len(values))
	for i, v := range values {
		plain[i] = string(v)
	}
	return plain
}

func joined[T ~string](values []T) string { return strings.Join(texts(values), ", ") }
