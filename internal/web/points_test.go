package web

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

// The list of forms-and-events.md §3 has 30 points. Where each is held:
//
//	 1  TestEveryPageSaysItsLanguage, TestControlsAreAsPeopleNeedThem
//	 2  TestEveryPageKeepsThePoints, TestTitleSaysErrorOnlyWhenThereIsOne
//	 3  TestEveryPageHasItsLandmarksAndHeadings, TestEveryStarterFormIsFilledInByKeyboard
//	 4  TestEveryPageHasItsLandmarksAndHeadings
//	 5  TestEveryPageKeepsThePoints, TestASecondClickAndTheBackButtonInARealBrowser
//	 6  TestASingleQuestionIsTheHeadingOfItsPage, TestAJourneyAsksOneThingAPageAndSendsOnce
//	 7  TestControlsAreAsPeopleNeedThem, TestEveryPageKeepsThePoints
//	 8  TestControlsAreAsPeopleNeedThem, TestNothingIsChosenBeforehandAndWhatIsOptionalSaysSo
//	 9  TestEveryPageKeepsThePoints
//	10  TestControlsAreAsPeopleNeedThem, TestNothingIsChosenBeforehandAndWhatIsOptionalSaysSo,
//	    TestNoneOfTheseIsLastAfterAnOr
//	11  TestDateIsThreeInputsOfOneName; months in letters: TestAnswersOfEachTypeAreCleaned of programme
//	12  TestEveryPageKeepsThePoints, TestPartsOfAnAnswerAreOneGroup
//	13  TestStraySpacesAndDashesAreNoMistake
//	14  TestEveryPageKeepsThePoints, TestSendingAFormTwiceIsOneSubmission
//	15  TestChangingAnAnswerAsksOnlyWhatBecameNew
//	16  TestPagesInARealBrowser, TestEveryStarterFormIsFilledInByKeyboard
//	17  TestMistakesKeepEveryAnswerAndAreSaidTwiceInTheSameWords
//	18  TestEveryPageKeepsThePoints
//	19  TestEveryStarterFormIsFilledInByKeyboard, TestASecondClickAndTheBackButtonInARealBrowser
//	20  TestTheSummaryLeadsToThePartThatIsWrong, TestEveryStarterFormIsFilledInByKeyboard
//	21  TestMistakesKeepEveryAnswerAndAreSaidTwiceInTheSameWords, TestMistakesStandInTheOrderOfThePage
//	22  TestEveryPageKeepsThePoints
//	23  TestNoTextBlamesInAnyLanguage, TestEveryMistakeHasWordsOfItsOwn
//	24  TestAClosedFormSaysSoAndWhatElseThereIs, TestAllDatesFullIsSaidFirst, TestTooEarlyIsAPageThatSaysWhen
//	25  TestAJourneyAsksOneThingAPageAndSendsOnce, TestChangingAnAnswerAsksOnlyWhatBecameNew
//	26  TestAnswersAboutEqualityLeadToNobody
//	27  TestReceiptSaysFirstWhatMattersMost, TestReceiptAnswersForADay, TestEveryPageKeepsThePoints
//	28  TestEveryPageKeepsThePoints
//	29  TestConfirmTwiceLeadsToTheSamePage, TestALinkToConfirmThatIsTooOldSaysHowToSignUpAgain,
//	    TestALinkEndsWhenTheAnswersGoToAnotherAddress
//	30  TestAPageCanBeLeftAtOnce, TestEveryPageKeepsThePoints

// points are those that can be read off any page.
var points = []struct {
	name  string
	check func(t *testing.T, page *node)
}{
	{"2: the title says Error if and only if errors are shown", errorInTitle},
	{"5: the way back stands before main, with mistakes too", wayBack},
	{"7: the browser leaves the checking to us", novalidate},
	{"9: a hint is one sentence, read out first", hints},
	{"12: what is asked about a person fills itself in", autocomplete},
	{"14: one button leads on", oneButton},
	{"18: the summary is first in main", summaryFirst},
	{"22: a mistake is said at its field", mistakesAtFields},
	{"27: a panel holds no link", panel},
	{"28: a notice stands before the heading, and never beside mistakes", noticed},
	{"30: the way out is above the page and has a skip link", wayOut},
}

func TestEveryPageKeepsThePoints(t *testing.T) {
	everyPage(t, func(t *testing.T, _ view, _ string, page *node) {
		for _, p := range points {
			t.Run(p.name, func(t *testing.T) { p.check(t, page) })
		}
	})
}

// place is where an element stands in a page, counted from the top.
func (n *node) place(of *node) int {
	return slices.Index(n.all(func(*node) bool { return true }), of)
}

func (n *node) main() *node { return n.with("id", "main")[0] }

func errorInTitle(t *testing.T, page *node) {
	says := slices.ContainsFunc([]string{"Error: ", "خطا", "تېروتنه"}, func(prefix string) bool {
		return strings.HasPrefix(page.named("title")[0].words(), prefix)
	})
	if shown := len(page.class("summary")) > 0; says != shown {
		t.Errorf("the title is %q, and mistakes are shown: %t", page.named("title")[0].words(), shown)
	}
}

func wayBack(t *testing.T, page *node) {
	if len(page.class("card")) > 0 && len(page.class("summary")) > 0 && len(page.class("panel")) == 0 && len(page.class("back")) == 0 {
		t.Error("the way back is lost where there are mistakes")
	}
	for _, back := range page.class("back") {
		if page.place(back) > page.place(page.main()) {
			t.Error("the way back is not before main")
		}
	}
}

func novalidate(t *testing.T, page *node) {
	for _, f := range page.named("form") {
		asks := slices.ContainsFunc(f.named("input", "textarea", "select"), func(n *node) bool { return n.attrs["type"] != "hidden" })
		if _, ok := f.attrs["novalidate"]; asks && !ok {
			t.Errorf("the form to %s is checked by the browser", f.attrs["action"])
		}
	}
}

func hints(t *testing.T, page *node) {
	for _, n := range page.class("hint") {
		id := n.attrs["id"]
		if !strings.HasSuffix(id, "-hint") {
			continue
		}
		if words := n.words(); strings.HasSuffix(words, ".") || strings.HasSuffix(words, "۔") || len(n.named("a")) > 0 {
			t.Errorf("the hint %q ends in a full stop or holds a link", words)
		}
		first := func(n *node) bool { return strings.HasPrefix(n.attrs["aria-describedby"]+" ", id+" ") }
		if len(page.all(first)) == 0 {
			t.Errorf("%s is not read out first", id)
		}
	}
}

func autocomplete(t *testing.T, page *node) {
	for id, token := range map[string]string{"f-name": "name", "f-organisation": "organization", "f-group": "organization", "f-postcode": "postal-code"} {
		for _, n := range page.with("id", id) {
			if n.attrs["autocomplete"] != token {
				t.Errorf("%s has autocomplete %q, want %q", id, n.attrs["autocomplete"], token)
			}
			if id == "f-name" && n.attrs["spellcheck"] != "false" {
				t.Error("a name is spell checked")
			}
		}
	}
}

func oneButton(t *testing.T, page *node) {
	for _, f := range page.named("form") {
		var primary []string
		for _, b := range f.named("button") {
			if !strings.Contains(b.attrs["class"], "second") {
				primary = append(primary, b.words())
			}
		}
		if len(primary) > 1 || slices.Contains(primary, "Next") || slices.Contains(primary, "Submit") {
			t.Errorf("buttons %q", primary)
		}
	}
}

func summaryFirst(t *testing.T, page *node) {
	for _, s := range page.class("summary") {
		if page.main().named("div", "p", "h1", "h2", "form", "section", "nav")[0] != s {
			t.Error("the summary is not first in main")
		}
		if s.attrs["role"] != "" || s.attrs["aria-labelledby"] != "" || len(s.with("role", "alert")) != 1 || s.with("role", "alert")[0].named("h2")[0].words() == "" {
			t.Error("the alert is not the child of the summary, with its heading")
		}
	}
}

func mistakesAtFields(t *testing.T, page *node) {
	for _, m := range page.class("mistake") {
		id := m.attrs["id"]
		if m.name != "p" || !strings.HasSuffix(id, "-error") || len(m.class("away")) != 1 || m.class("away")[0].words() == "" {
			t.Errorf("the mistake %q is not said as one", m.words())
		}
		if hint := page.with("id", strings.TrimSuffix(id, "-error")+"-hint"); len(hint) > 0 && page.place(hint[0]) > page.place(m) {
			t.Errorf("%s stands before its hint", id)
		}
		told := func(n *node) bool { return slices.Contains(strings.Fields(n.attrs["aria-describedby"]), id) }
		if len(page.all(told)) == 0 {
			t.Errorf("%s is not read out", id)
		}
	}
}

func panel(t *testing.T, page *node) {
	for _, p := range page.class("panel") {
		if len(p.named("a", "button")) > 0 {
			t.Error("there is a link in the panel")
		}
	}
}

func noticed(t *testing.T, page *node) {
	for _, n := range page.class("notice") {
		if page.place(n) > page.place(page.named("h1")[0]) || n.attrs["aria-labelledby"] == "" || len(page.class("summary")) > 0 {
			t.Errorf("the notice %q stands wrong", n.words())
		}
	}
}

func wayOut(t *testing.T, page *node) {
	out := page.class("leave-now")
	if len(out) == 0 {
		return
	}
	skips := page.class("skip")
	if len(skips) != 2 || skips[1].attrs["href"] != out[0].attrs["href"] || page.place(out[0]) > page.place(page.main()) {
		t.Error("the way out is not above the page with a skip link of its own")
	}
}

// Point 2: a title tells a step from every other.
func TestEveryStepHasATitleOfItsOwn(t *testing.T) {
	t.Parallel()
	c := open(t)
	w := c.begin("visit", "en")
	seen := map[string]string{}
	look := func() {
		title := parsePage(t, c.get(w.at).Body.String()).named("title")[0].words()
		if other := seen[title]; other != "" {
			t.Errorf("%s and %s are both called %q", w.at, other, title)
		}
		seen[title] = w.at
	}
	for _, pairs := range [][]string{{"born", "1", "born", "2", "born", "2015"}, {"school", "The hill"}, {"pets", "no"}, {"needs", "a lift"}, {"name", "Olena", "email", "olena@example.org"}, {}} {
		look()
		w.send(pairs...)
	}
	look() // the questions after sending
}

// Point 13: what a hand or a telephone adds is no mistake.
func TestStraySpacesAndDashesAreNoMistake(t *testing.T) {
	t.Parallel()
	c := open(t)
	for _, sent := range []url.Values{
		{"name": {"  Olena\u200b "}, "email": {" olena@example.org\u00a0"}, "question": {"May I come?"}},
		{"name": {"Olena"}, "phone": {"\u200e(01908) 123-456 "}, "question": {"May I come?"}},
		{"name": {"Olena"}, "phone": {"+44 1908 – 123 456"}, "question": {"May I come?"}},
	} {
		want(t, c.post("/f/ask", sent), 303)
	}
	for _, code := range []string{" mk9 3qa", "MK93QA", "MK9-3QA", "(MK9 3QA)"} {
		unwanted(t, c.post("/f/all", url.Values{"postcode": {code}}), `href="#f-postcode"`)
	}
}

// Point 21: whoever goes down the summary goes down the page.
func TestMistakesStandInTheOrderOfThePage(t *testing.T) {
	t.Parallel()
	page := parsePage(t, open(t).post("/f/all", url.Values{"age": {"old"}, "born": {"31", "2", "1990"}, "hour": {"x"}}).Body.String())
	last := 0
	for _, a := range page.class("summary")[0].named("a") {
		at := page.place(page.with("id", strings.TrimPrefix(a.attrs["href"], "#"))[0])
		if at < last {
			t.Errorf("%q comes too late", a.words())
		}
		last = at
	}
	if last == 0 {
		t.Error("nothing was said")
	}
}
