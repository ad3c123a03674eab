package web

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"postroom/internal/plural"
	"postroom/templates"
)

func TestPartsOfAnAnswerAreOneGroup(t *testing.T) {
	t.Parallel()
	page := parsePage(t, open(t).get("/f/all").Body.String())
	for _, c := range []struct{ id, name, autocomplete, dir, legend string }{
		{"f-address", "address.line1", "address-line1", "auto", "Your address (optional)"},
		{"f-address-line2", "address.line2", "address-line2", "auto", "Your address (optional)"},
		{"f-address-town", "address.town", "address-level2", "auto", "Your address (optional)"},
		{"f-address-postcode", "address.postcode", "postal-code", "ltr", "Your address (optional)"},
		{"f-trusted_person", "trusted_person.name", "", "auto", "Somebody you trust, who can give you a message"},
		{"f-trusted_person-number", "trusted_person.number", "", "ltr", "Somebody you trust, who can give you a message"},
		{"f-guests", "guests.1.name", "", "auto", "Person 1"},
		{"f-guests-1-email", "guests.1.email", "off", "ltr", "Person 1"},
	} {
		in := page.with("id", c.id)
		if len(in) != 1 || in[0].attrs["name"] != c.name || in[0].attrs["autocomplete"] != c.autocomplete || in[0].attrs["dir"] != c.dir {
			t.Errorf("%s: %v", c.id, in)
			continue
		}
		group := in[0].parent
		for group.name != "fieldset" {
			group = group.parent
		}
		if got := group.named("legend")[0].words(); got != c.legend {
			t.Errorf("%s stands below %q, want %q", c.id, got, c.legend)
		}
	}
}

func TestNoneOfTheseIsLastAfterAnOr(t *testing.T) {
	t.Parallel()
	page := parsePage(t, open(t).get("/f/all").Body.String())
	boxes := page.with("name", "helper")
	if len(boxes) != 3 || boxes[2].attrs["value"] != "nobody" {
		t.Fatalf("boxes %v", boxes)
	}
	want(t, open(t).get("/f/all"), 200, `<p class="or">or</p>`)
	c := open(t)
	want(t, c.post("/f/all", url.Values{"helper": {"nobody", "family"}}), 422, "Choose either who helps you or the last answer alone, not both")
}

func TestEachDayOfAWeekIsAGroupOfItsOwn(t *testing.T) {
	t.Parallel()
	page := parsePage(t, open(t).get("/f/all").Body.String())
	var days []string
	for _, day := range page.with("class", "day") {
		days = append(days, day.named("legend")[0].words())
		if got := len(day.with("type", "checkbox")); got != 3 {
			t.Errorf("%s has %d boxes", days[len(days)-1], got)
		}
	}
	if !slices.Equal(days, []string{"Monday", "Saturday"}) {
		t.Errorf("days %q", days)
	}
}

func TestAListToSearchIsAPlainListWithoutAScript(t *testing.T) {
	t.Parallel()
	page := parsePage(t, open(t).get("/f/all?lang=fa").Body.String())
	list := page.with("id", "f-estate")
	if len(list) != 1 || list[0].name != "select" || len(list[0].named("option")) != 5 {
		t.Fatalf("list %v", list)
	}
	if first := list[0].named("option")[0]; first.attrs["value"] != "" {
		t.Error("something is chosen beforehand")
	}
	for _, script := range page.named("script") {
		if script.attrs["src"] == "" || script.attrs["type"] != "module" {
			t.Errorf("script %v is not a file of ours", script.attrs)
		}
	}
}

func TestPeopleAreAddedAndTakenOffWithoutAScript(t *testing.T) {
	t.Parallel()
	c := open(t)
	sent := url.Values{"name": {"Olena"}, "guests.1.name": {"Olena"}, "guests.1.letters": {"booker"}, "guests.more": {"1"}}
	w := c.post("/f/all", sent)
	page := parsePage(t, w.Body.String())
	if w.Code != 200 || len(page.with("class", "person")) != 2 || page.with("id", "f-guests")[0].attrs["value"] != "Olena" || page.with("id", "f-name")[0].attrs["value"] != "Olena" {
		t.Fatalf("%d, %d people", w.Code, len(page.with("class", "person")))
	}
	if _, ok := page.with("id", "f-guests-2-name")[0].attrs["autofocus"]; !ok {
		t.Error("the reader does not go on with the new person")
	}
	if got := c.rooms.did(); got != "" || len(c.rooms.entries) != 0 {
		t.Errorf("something was filed: %q", got)
	}
	sent.Del("guests.more")
	sent.Set("guests.2.name", "Amir")
	sent.Set("guests.1.fewer", "1")
	page = parsePage(t, c.post("/f/all", sent).Body.String())
	if people := page.with("class", "person"); len(people) != 1 || page.with("id", "f-guests")[0].attrs["value"] != "Amir" {
		t.Errorf("%d people are left", len(people))
	}
}

func TestTheSummaryLeadsToThePartThatIsWrong(t *testing.T) {
	t.Parallel()
	c := open(t)
	w := c.post("/f/all", url.Values{
		"born": {"3", "", "1990"}, "visit": {"3", "2", "99"}, "address.line1": {"1 High Street"}, "trusted_person.name": {"Sam"},
		"access_needs.text": {"a ramp"}, "guests.1.name": {"A"}, "guests.2.letters": {"both"},
	})
	want(t, w, 422,
		`<a href="#f-born-month">Your date of birth must include a month</a>`, `<a href="#f-visit-year">Year must include 4 numbers</a>`,
		`<a href="#f-address-town">Enter the town or city</a>`, `<a href="#f-trusted_person-number">Enter the phone number of the person you trust</a>`,
		`<a href="#f-access_needs-consent">Tick the box if we may keep what you wrote, or empty the text above it</a>`,
		`<a href="#f-guests-2-email">Enter the email address of person 2</a>`)
	page := parsePage(t, w.Body.String())
	invalid := func(id string) bool { return page.with("id", id)[0].attrs["aria-invalid"] == "true" }
	for id, want := range map[string]bool{"f-born": false, "f-born-month": true, "f-address": false, "f-address-town": true, "f-access_needs": false} {
		if invalid(id) != want {
			t.Errorf("%s is said to be wrong: %t", id, !want)
		}
	}
}

func TestTheAddressOfThePageBringsOnlyWhatIsOpenForIt(t *testing.T) {
	t.Parallel()
	c := open(t)
	w := c.get("/f/all?f.town=%3Cb%3EOlney&f.name=Ann&f.line=x&f.access_needs=y")
	want(t, w, 200, `value="&lt;b&gt;Olney"`)
	unwanted(t, w, "Ann", `value="x"`)
}

func TestSpecialAnswersSayWhyTheyMayBeKept(t *testing.T) {
	t.Parallel()
	want(t, open(t).get("/f/all"), 200, "We keep it because you say that we may.", "until 31 December 2027")
	want(t, open(t).get("/f/all?lang=fa"), 200, `lang="en" dir="ltr">You may keep what I wrote here`)
}

// blames are what no message says, in the languages besides English: please,
// sorry, valid, invalid, forbidden, illegal, oops, "an error occurred".
var blames = map[string]*regexp.Regexp{
	"uk":    regexp.MustCompile(`(?i)будь ласка|вибач|пробач|недійсн|дійсне значення|некоректн|неправильн|невірн|неприпустим|заборонен|незаконн|протизаконн|(^|\s)ой[,!]|сталася помилка|обов'язкове поле|поле обов'язкове`),
	"fa":    regexp.MustCompile(`لطفا|ببخشید|متأسف|متاسف|نامعتبر|معتبر|ممنوع|غیرقانونی|غیر قانونی|غیرمجاز|خطایی رخ|الزامی است|اجباری است`),
	"fa-AF": regexp.MustCompile(`لطفا|ببخشید|متأسف|متاسف|نامعتبر|معتبر|ممنوع|غیرقانونی|غیر قانونی|غیرمجاز|خطایی رخ|الزامی است|اجباری است`),
	"ps":    regexp.MustCompile(`مهرباني وکړئ|مهربانی|بخښنه|بښنه|ناسم|باوري نه|نامعتبر|معتبر|منع دی|منع دي|ناقانونه|غیرقانوني|تېروتنه رامنځته|اړین دی`),
}

func TestNoTextBlamesInAnyLanguage(t *testing.T) {
	t.Parallel()
	l, err := LoadLocales(templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range l.Tags() {
		rule := blames[tag]
		if tag == english {
			rule = blame
		}
		if rule == nil {
			t.Errorf("nobody has said what %s must not say", tag)
			continue
		}
		for key, text := range l.texts[tag] {
			if found := rule.FindString(text); found != "" {
				t.Errorf("%s: %s says %q: %s", tag, key, found, text)
			}
		}
	}
}

func TestEveryMistakeHasWordsOfItsOwn(t *testing.T) {
	t.Parallel()
	l, err := LoadLocales(templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range l.Tags() {
		said := map[string]string{}
		for key, text := range l.texts[tag] {
			if !strings.HasPrefix(key, "error.") {
				continue
			}
			if base, _, one := plural.Split(key); one { // the forms of one may say the same
				key = base
			}
			if other := said[text]; other != "" && other != key {
				t.Errorf("%s: %s and %s say the same: %s", tag, key, other, text)
			}
			said[text] = key
		}
	}
}

// TestAFormOffersOnlyTheOrganisationsThatItsProgrammeNames: those are public on
// purpose, and whoever cannot use a list of offers types as ever.
func TestAFormOffersOnlyTheOrganisationsThatItsProgrammeNames(t *testing.T) {
	t.Parallel()
	c := open(t)
	form, _ := c.Programmes.Form("join")
	field, ok := form.Field("organisation")
	if !ok {
		t.Fatal("the form asks for no organisation")
	}
	unwanted(t, c.get("/f/join"), "<datalist", "list=")
	field.Known = []string{"Riverside <Gardeners>", "انجمن زنان"}
	want(t, c.get("/f/join"), 200, `list="f-organisation-known"`, `<datalist id="f-organisation-known"><option value="Riverside &lt;Gardeners&gt;"></option><option value="انجمن زنان"></option></datalist>`)
}
