package testkit_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"postroom/internal/imports"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
	"postroom/internal/testkit"
)

// everyType is a programme with a form of every type of field that has no demand
// on the rest of the programme.
func everyType() string {
	var fields strings.Builder
	own := map[programme.FieldType]string{programme.NameField: "name", programme.EmailField: "email", programme.PhoneField: "phone"}
	for _, t := range programme.FieldTypes() {
		if t == programme.FileField {
			continue // goes through pages alone
		}
		name, more := "q_"+string(t), ""
		if own[t] != "" {
			name = own[t]
		}
		switch t {
		case programme.ChoiceField, programme.ChoicesField, programme.SelectField:
			more = ", options: {one: The first, two: The second}"
		case programme.AttendeesField:
			more = ", purpose: {en: a seat}, keep: {en: a year}"
		case programme.AccessNeedsField:
			more = ", purpose: {en: a ramp}, keep: {en: a year}, basis: explicit_consent, consent: {en: You may keep it}"
		}
		fmt.Fprintf(&fields, "      - {field: %s, type: %s, label: {en: Question %s}, error_label: {en: the %s}%s}\n", name, t, name, name, more)
	}
	return `programme: same
languages: [en]
name: {en: The same by every door}
privacy: {en: We keep what you write.}
coordinators: [office]
events:
  - event: fair
    name: {en: The fair}
    sessions:
      - {session: main, name: {en: The fair}, starts: 2027-03-13 10:00, ends: 2027-03-13 12:00}
forms:
  - form: same
    kind: enquiry
    event: fair
    title: {en: The same}
    reach: [email, phone]
    fields:
` + fields.String()
}

// someAnswers draws answers, right ones and wrong ones.
func someAnswers(draw *rand.Rand, form *programme.Form, n int) url.Values {
	sent := url.Values{}
	values := []string{
		"yes", "no", "one", "two", "three", "main", "7", "-3", "2027-03-13", "13/3/2027", "31/2/2027", "01908 123456", "12", "O'Brien & sons",
		"Оксана", "زهرا احمدی", "=1+1", "+44 1908 123456", "a, b; c", "two\nlines", strings.Repeat("x", 300), `"quoted"`, fmt.Sprintf("person%d@example.org", n), "x@y",
	}
	for _, f := range form.Fields {
		if draw.IntN(3) == 0 || form.CountsItself(&f) { // what no page asks
			continue
		}
		sent.Set(f.Name, values[draw.IntN(len(values))])
	}
	if draw.IntN(4) > 0 {
		sent.Set("name", fmt.Sprintf("Person %d", n))
		sent.Set("email", fmt.Sprintf("person%d@example.org", n))
		for _, f := range form.Fields { // so that enough of them are right
			if _, wrong := form.Check(postroom.Answers(sent)); slices.ContainsFunc(wrong, func(e programme.FieldError) bool { return e.Field == f.Name }) {
				sent.Del(f.Name)
			}
		}
	}
	return sent
}

// door puts answers in, and says which fields were refused.
type door func(t *testing.T, room *testkit.Room, form *programme.Form, sent url.Values) (refused []string)

// TestEveryDoorLeadsToTheSameSubmission sends what chance brings through the page,
// the API, a page of another website and a file, and looks at what is on file.
func TestEveryDoorLeadsToTheSameSubmission(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "same.yaml"), []byte(everyType()), 0o600); err != nil {
		t.Fatal(err)
	}
	setting := testkit.Setting("programmes: " + dir + "\nsites: [https://www.charity.example]")
	doors := map[string]door{"page": byPage, "API": byProgram, "website": byWebsite, "file": byFile}
	rooms := map[string]*testkit.Room{}
	for name := range doors {
		rooms[name] = testkit.New(t, setting)
	}
	draw, accepted := rand.New(rand.NewPCG(8, 4)), 0
	for n := range 25 {
		form, _ := rooms["page"].Programmes.Form("same")
		sent, before := someAnswers(draw, form, n), map[string]string{}
		for name, through := range doors {
			refused := through(t, rooms[name], form, sent)
			before[name] = strings.Join(refused, " ") + " " + onFile(t, rooms[name])
		}
		for name, got := range before {
			if got != before["page"] {
				t.Fatalf("%q by %s:\n%s\nby page:\n%s", sent, name, got, before["page"])
			}
		}
		if !strings.HasPrefix(before["page"], " ") {
			continue
		}
		accepted++
	}
	if accepted < 5 || accepted == 25 {
		t.Errorf("%d of 25 were accepted, which shows little", accepted)
	}
}

// onFile is all submissions, as far as every door is to leave the same.
func onFile(t *testing.T, room *testkit.Room) string {
	t.Helper()
	list, err := room.Store.Read(t.Context()).Submissions(1000)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, s := range list {
		contact, err := room.Store.Read(t.Context()).Contact(s.Contact)
		if err != nil {
			t.Fatal(err)
		}
		answers, err := json.Marshal(s.Answers)
		if err != nil {
			t.Fatal(err)
		}
		consents, _, err := room.Store.Read(t.Context()).ConsentsOf(s.Contact, store.InboxPlace{})
		if err != nil {
			t.Fatal(err)
		}
		var purposes []string
		for _, c := range consents {
			purposes = append(purposes, c.Purpose)
		}
		contact.ID = ""
		lines = append(lines, fmt.Sprintf("%s %+v %s %v", answers, contact, s.Address, purposes))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func byPage(t *testing.T, room *testkit.Room, form *programme.Form, sent url.Values) []string {
	return mistakesOn(form, room.Submit(t, form.Name, sent))
}

func mistakesOn(form *programme.Form, page testkit.Page) (fields []string) {
	for _, f := range form.Fields {
		if strings.Contains(page.Body, `id="f-`+f.Name+`-error"`) {
			fields = append(fields, f.Name)
		}
	}
	return fields
}

func byWebsite(t *testing.T, room *testkit.Room, form *programme.Form, sent url.Values) []string {
	fields := maps.Clone(sent)
	fields.Set("_version", form.Version)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, room.URL+"/f/"+form.Name+"/outside", strings.NewReader(fields.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", "https://www.charity.example")
	return mistakesOn(form, testkit.Ask(t, req))
}

func byProgram(t *testing.T, room *testkit.Room, form *programme.Form, sent url.Values) (fields []string) {
	body, err := json.Marshal(map[string]any{"answers": sent, "locale": "en", "form_version": form.Version})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, room.URL+"/api/v1/forms/"+form.Name+"/submissions", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	var answer struct{ Errors []struct{ Field string } }
	page := testkit.Ask(t, req)
	if err := json.Unmarshal([]byte(page.Body), &answer); err != nil {
		t.Fatalf("%d %s: %v", page.Status, page.Body, err)
	}
	for _, e := range answer.Errors {
		fields = append(fields, e.Field)
	}
	return fields
}

func byFile(t *testing.T, room *testkit.Room, form *programme.Form, sent url.Values) (fields []string) {
	var file bytes.Buffer
	out := csv.NewWriter(&file)
	names := slices.Sorted(maps.Keys(sent))
	var cells []string
	for _, name := range names {
		cells = append(cells, imports.Safe(sent.Get(name)))
	}
	if err := out.WriteAll([][]string{append(names, "left"), append(cells, "x")}); err != nil {
		t.Fatal(err)
	}
	order := imports.Order{Form: form.Name, File: file.Bytes(), Map: map[string]string{"left": ""}, Source: "a test"}
	plan, err := room.Imports.Plan(t.Context(), order)
	if len(names) == 0 { // a file without a column of the form is refused whole
		_, wrong := form.Check(nil)
		return []string{wrong[0].Field}
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range plan.Rows[0].Wrong {
		fields = append(fields, e.Field)
	}
	if len(fields) > 0 {
		return fields
	}
	if _, err := room.Imports.Do(t.Context(), plan, func(int) {}); err != nil {
		t.Fatal(err)
	}
	return nil
}
