package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"postroom/internal/testserver"
)

// fixture is one case of a component of govuk-frontend: options and the HTML that
// comes of them.
type fixture struct {
	Name    string
	Options json.RawMessage
	HTML    string
}

// options are those of govuk-frontend that have their like in our templates. An
// option that is not here is in unlike, with the reason.
type options struct {
	ID, IDPrefix, Name                               string
	Value                                            any
	Type, InputMode, Autocomplete                    string
	Classes, FormGroup, Spellcheck, Rows, NamePrefix any // looks, or ours by the type of question
	Label, Hint, ErrorMessage                        *said
	Fieldset                                         *struct {
		Legend  *said
		Classes any
	}
	Items []struct {
		ID, Name, Value, Text, Divider string
		Behaviour                      any // "none of these" is exclusive on the server
		Checked                        bool
		Hint                           *said
	}
	TitleText string
	ErrorList []struct{ Text, Href string }
}

type said struct {
	Text          string
	IsPageHeading bool
	Classes       any
}

// unlike says why what govuk-frontend can do is nothing of ours.
var unlike = map[string]string{
	"attributes":       "no attribute comes from outside our templates",
	"autocapitalize":   "a type of question says it, nobody else",
	"classes":          "the parts of a date are the same in every form",
	"conditional":      "what depends on an answer is a question that says so itself, and needs no script",
	"day":              "the parts of a date are the same in every form",
	"describedBy":      "nothing outside a question describes it",
	"descriptionHtml":  "the summary holds mistakes and nothing else",
	"descriptionText":  "the summary holds mistakes and nothing else",
	"disableAutoFocus": "the summary always takes the focus",
	"disabled":         "no control is ever shut",
	"html":             "what is said is text and never markup",
	"inputWrapper":     "it goes with a prefix",
	"label":            "the label of a choice is its words",
	"month":            "the parts of a date are the same in every form",
	"pattern":          "the browser checks nothing (point 7)",
	"prefix":           "no question of ours has a unit",
	"suffix":           "no question of ours has a unit",
	"titleHtml":        "what is said is text and never markup",
	"values":           "answers come with the question, and a date has one name",
	"year":             "the parts of a date are the same in every form",
}

// Our markup is that of govuk-frontend, which was tried with people and their screen
// readers: the same elements in the same order, with the same roles and relations.
// structure names where ours is another on purpose.
func TestMarkupIsThatOfGovukFrontend(t *testing.T) {
	t.Parallel()
	folder := testserver.Fixtures(t)
	c := open(t)
	for component, make := range map[string]func(*options) (string, any, string){
		"input": asInput, "textarea": asLong, "radios": asChoices, "checkboxes": asBoxes, "date-input": asDate, "error-summary": asSummary,
	} {
		for _, f := range fixtures(t, folder, component) {
			t.Run(component+"/"+f.Name, func(t *testing.T) {
				name, data, skip := make(f.options(t))
				if skip != "" {
					t.Skip(skip)
				}
				var b bytes.Buffer
				if err := c.pages.ExecutePart(&b, english, "form.html", name, data); err != nil {
					t.Fatal(err)
				}
				same(t, structure(parsePage(t, b.String()), false), structure(parsePage(t, strings.ReplaceAll(f.HTML, "-item-hint", "-when")), false))
			})
		}
	}
}

// The components that stand in pages and not in parts of them.
func TestPagesHaveTheMarkupOfGovukFrontend(t *testing.T) {
	t.Parallel()
	folder := testserver.Fixtures(t)
	c := open(t)
	w := c.begin("visit", "en")
	date := parsePage(t, c.get(w.at).Body.String())
	check := parsePage(t, c.get(w.toCheck().at).Body.String())
	views := c.views()
	phoned := views[slices.IndexFunc(views, func(v view) bool { return v.name == "receipt-phone" })]
	receipt := parsePage(t, c.get(phoned.path).Body.String())
	var b bytes.Buffer
	if err := c.pages.ExecutePart(&b, english, "form.html", "notice", &notice{"Note", "Words"}); err != nil {
		t.Fatal(err)
	}
	row := func(dl *node, n int) *node {
		return dl.all(func(d *node) bool { return d.name == "div" && d.parent == dl })[n]
	}
	for _, each := range []struct {
		component, fixture string
		ours               *node
		theirs             func(*node) *node
	}{
		{"skip-link", "default", date.class("skip")[0], func(n *node) *node { return n.named("a")[0] }},
		{"back-link", "default", date.class("back")[0].named("a")[0], func(n *node) *node { return n.named("a")[0] }},
		{"button", "default", date.named("button")[0], func(n *node) *node { return n.named("button")[0] }},
		{"fieldset", "as page heading l", date.named("legend")[0], func(n *node) *node { return n.named("legend")[0] }},
		{"panel", "default", receipt.class("panel")[0], func(n *node) *node { return n.children[0] }},
		{"summary-list", "with actions", row(check.class("answers")[0], 0), func(n *node) *node { return row(n.named("dl")[0], 1) }},
		{"notification-banner", "default", parsePage(t, b.String()), func(n *node) *node { return n }},
	} {
		t.Run(each.component, func(t *testing.T) {
			all := fixtures(t, folder, each.component)
			f := all[slices.IndexFunc(all, func(f fixture) bool { return f.Name == each.fixture })]
			same(t, structure(each.ours, true), structure(each.theirs(parsePage(t, f.HTML)), true))
		})
	}
}

func fixtures(t *testing.T, folder, component string) []fixture {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder, component, "fixtures.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Fixtures []fixture }
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	return file.Fixtures
}

// options reads what the fixture asks for, or skips it with the reason.
func (f fixture) options(t *testing.T) *options {
	t.Helper()
	var o options
	d := json.NewDecoder(bytes.NewReader(f.Options))
	d.DisallowUnknownFields()
	err := d.Decode(&o)
	if field := regexp.MustCompile(`unknown field "(\w+)"`).FindStringSubmatch(fmt.Sprint(err)); field != nil && unlike[field[1]] != "" {
		t.Skip(field[1] + ": " + unlike[field[1]])
	}
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
		t.Skip("an option has a value that only JavaScript takes for nothing")
	}
	if err != nil {
		t.Fatal(err)
	}
	return &o
}

// question is what all questions have.
func (o *options) question(part string) fieldView {
	v := fieldView{Part: part, ID: o.ID, Name: o.Name, Type: "text", Dir: "auto", Spelling: true, InputMode: o.InputMode, Autocomplete: o.Autocomplete}
	if v.ID == "" {
		v.ID = o.Name
	}
	if o.IDPrefix != "" {
		v.ID = o.IDPrefix
	}
	if o.Type != "" {
		v.Type = o.Type
	}
	if o.Value != nil {
		v.Value = fmt.Sprint(o.Value)
	}
	if o.Label != nil {
		v.Label, v.Heading = prose{Words: run{Text: o.Label.Text}}, o.Label.IsPageHeading
	}
	if o.Fieldset != nil && o.Fieldset.Legend != nil {
		v.Label, v.Heading = prose{Words: run{Text: o.Fieldset.Legend.Text}}, o.Fieldset.Legend.IsPageHeading
	}
	var told []string
	if o.Hint != nil {
		v.Hint, told = run{Text: o.Hint.Text}, append(told, v.ID+"-hint")
	}
	if o.ErrorMessage != nil {
		v.Mistake, told = o.ErrorMessage.Text, append(told, v.ID+"-error")
	}
	v.DescribedBy = strings.Join(told, " ")
	return v
}

func asInput(o *options) (string, any, string) { return "field", o.question("input"), "" }

func asLong(o *options) (string, any, string) {
	if o.Rows != nil {
		return "", nil, "every long answer has the same room"
	}
	if o.Autocomplete != "" {
		return "", nil, "the browser fills in lines, not long answers"
	}
	return "field", o.question("long"), ""
}

func asBoxes(o *options) (string, any, string) {
	name, data, skip := asChoices(o)
	if v, ok := data.(fieldView); ok {
		v.Boxes = true
		data = v
	}
	return name, data, skip
}

func asChoices(o *options) (string, any, string) {
	if o.Fieldset == nil || o.Fieldset.Legend == nil {
		return "", nil, "choices of ours always have a legend"
	}
	v := o.question("choices")
	or := false
	for i, item := range o.Items {
		if item.Divider != "" {
			or = true
			continue
		}
		if item.Name != "" {
			return "", nil, "the choices of a question have one name"
		}
		id := v.ID
		if i > 0 {
			id = fmt.Sprintf("%s-%d", v.ID, i+1)
		}
		if item.ID != "" {
			id = item.ID
		}
		option := optionView{ID: id, Value: item.Value, Label: prose{Words: run{Text: item.Text}}, Checked: item.Checked || o.Value == item.Value, Or: or}
		if item.Hint != nil {
			option.Hints = []run{{Text: item.Hint.Text}}
		}
		v.Options = append(v.Options, option)
		or = false
	}
	return "field", v, ""
}

func asDate(o *options) (string, any, string) {
	if o.Fieldset == nil || o.Items != nil || o.NamePrefix != nil {
		return "", nil, "a date is always three inputs of one name below a legend"
	}
	v := o.question("group")
	for _, part := range []string{"day", "month", "year"} {
		v.Inputs = append(v.Inputs, fieldView{Part: "input", ID: o.ID + "-" + part, Name: part, Type: "text", InputMode: "numeric", Spelling: true})
	}
	return "field", v, ""
}

func asSummary(o *options) (string, any, string) {
	var list []mistake
	for _, e := range o.ErrorList {
		id, ok := strings.CutPrefix(e.Href, "#")
		if !ok {
			return "", nil, "every mistake leads to its field"
		}
		list = append(list, mistake{id, e.Text})
	}
	if len(list) == 0 {
		return "", nil, "without mistakes there is no summary"
	}
	return "summary", list, ""
}

// structure is what a screen reader and a browser take from markup: an element a
// line. Known differences, which it passes over:
//   - div, span, p and bdi that say nothing of themselves: they are for looks;
//   - a hint is a p of ours and a div of theirs;
//   - role=group of a date's fieldset, which a fieldset has by itself;
//   - value="" of an empty input, and attributes that are ours alone: dir,
//     aria-required, aria-invalid, spellcheck (points 1, 12 and 22);
//   - a section with a name is a region by itself, where theirs is a div with a role.
//
// Bare, it leaves out names and addresses too.
func structure(n *node, bare bool) []string {
	var lines []string
	for _, child := range n.children {
		lines = append(lines, structure(child, bare)...)
	}
	id := n.attrs["id"]
	told := strings.HasSuffix(id, "-hint") || strings.HasSuffix(id, "-error") || strings.HasSuffix(id, "-when")
	name, role := n.name, n.attrs["role"]
	switch {
	case name == "section" && n.attrs["aria-labelledby"] != "":
		name, role = "div", "region"
	case name == "fieldset" && role == "group":
		role = ""
	case told:
		name = "told"
	}
	if slices.Contains([]string{"", "div", "span", "p", "bdi", "br", "strong"}, name) && role == "" {
		return lines
	}
	line := name
	if role != "" {
		line += " role=" + role
	}
	if !bare {
		for _, attr := range []string{"id", "for", "name", "type", "value", "href", "rows", "inputmode", "autocomplete", "aria-describedby"} {
			if value := n.attrs[attr]; value != "" {
				line += " " + attr + "=" + value
			}
		}
		if _, ok := n.attrs["checked"]; ok {
			line += " checked"
		}
	}
	for i := range lines {
		lines[i] = "  " + lines[i]
	}
	return append([]string{line}, lines...)
}

func same(t *testing.T, ours, theirs []string) {
	t.Helper()
	if !slices.Equal(ours, theirs) {
		t.Errorf("ours:\n%s\ntheirs:\n%s", strings.Join(ours, "\n"), strings.Join(theirs, "\n"))
	}
}
