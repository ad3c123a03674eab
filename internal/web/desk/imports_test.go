package desk_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"postroom/internal/postroom"
	"postroom/internal/testkit"
)

var (
	referenceOf = regexp.MustCompile(`\b[0-9A-Z]{3}-[0-9A-Z]{3}\b`)
	tokenOf     = regexp.MustCompile(`[A-Za-z0-9_-]{24,}(?:\.[A-Za-z0-9_-]+)*`)
)

// brings uploads a file to the page of imports.
func brings(t testing.TB, room *testkit.Room, who, to, file string) testkit.Page {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	_ = w.WriteField("to", to)
	part, err := w.CreateFormFile("file", "people.csv")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(part, file)
	_ = w.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, room.URL+"/desk/imports", &body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	req.AddCookie(&http.Cookie{Name: "as", Value: who})
	return testkit.Ask(t, req)
}

// fileOf is the page of a file, with nothing asked of it.
func fileOf(p testkit.Page) string {
	at, _ := url.Parse(p.URL)
	return at.Path
}

const spreadsheet = "Your name,Mail,Your question or message,Left over\n" +
	"Ann Bell,ann@example.org,Is there a list?,x\n" +
	"Amir,amir@example.org,When do you meet?,x\n" +
	"Nobody,,What?,x\n"

func TestAFileIsLookedAtImportedAndTakenBackOnTheDesk(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	boss := room.Hire(t, "boss", postroom.Grant{Role: postroom.Admin})
	before := room.Count(t)
	page := brings(t, room, "boss", "form:ask", spreadsheet)
	reads(t, page, []string{"Look before you import", "people.csv", "Row 2", "Ann Bell", "Is left out until you put it right"}, "Will be added")
	file := fileOf(page)
	asked := url.Values{"to": {"form:ask"}, "column-0": {"name"}, "column-1": {"email"}, "column-2": {"question"}, "column-3": {""}, "source": {"the May meeting"}}
	reads(t, boss.Get(t, file+"?"+asked.Encode()), []string{"2 : Will be added", "1 : Is left out until you put it right", "Row 4", "Nobody is written to", "Do it (rows: 2"})
	if room.Count(t) != before {
		t.Fatal("looking put something on file")
	}
	done := boss.Post(t, file, asked)
	reads(t, done, []string{"What was imported", "On file 2", "Done", "boss", "Take it back"})
	room.Work(t)
	if n := room.Count(t); n != before+2 || len(room.Sink.To("ann@example.org")) != 0 {
		t.Errorf("%d on file, %d before; mails to Ann: %d", n, before, len(room.Sink.To("ann@example.org")))
	}
	if p := boss.Post(t, file, asked); p.Status != http.StatusNotFound {
		t.Errorf("the file is kept after it was imported: %d", p.Status)
	}
	again := brings(t, room, "boss", "form:ask", spreadsheet)
	reads(t, boss.Get(t, fileOf(again)+"?"+asked.Encode()), []string{"2 : Is on file already and stays as it is", "There is nothing to do"}, "Do it (")
	reads(t, boss.Post(t, fileOf(done)+"/undo", url.Values{}), []string{"Rows taken back: 2", "Taken back"}, "Take it back")
	if n := room.Count(t); n != before {
		t.Errorf("taken back, %d are on file, %d before", n, before)
	}
	reads(t, boss.Get(t, "/desk/imports"), []string{"Imported before", "Taken back"})
}

const members = "email,name\nann@example.org,Ann Bell\nno address,Bo\nann@example.org,Ann again\n"

func TestPeopleAreImportedToAListOnTheirGroundOnly(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	boss := room.Hire(t, "boss", postroom.Grant{Role: postroom.Admin})
	page := brings(t, room, "boss", "list:newsletter", members)
	reads(t, page, []string{"Will be kept, but gets no newsletter", "Nothing says that they agreed", "This is not an email address", "Stands further up already"})
	file := fileOf(page)
	reads(t, boss.Get(t, file+"?to=list:newsletter&basis=consent"), []string{"Say where these people are from and how they agreed"}, "Do it (")
	asked := url.Values{"to": {"list:newsletter"}, "basis": {"consent"}, "source": {"sign-up sheet of May"}}
	reads(t, boss.Get(t, file+"?"+asked.Encode()), []string{"1 : Will be added, and gets the newsletter", "Do it (rows: 1"})
	done := boss.Post(t, file, asked)
	reads(t, done, []string{"On file 1"})
	room.Work(t)
	if n := len(room.Sink.To("ann@example.org")); n != 0 {
		t.Errorf("%d mails left because of an import", n)
	}
	reads(t, boss.Post(t, fileOf(done)+"/undo", url.Values{}), []string{"Rows taken back: 1"})
}

func TestImportsKeepToWhatSomebodyLooksAfter(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	room.Hire(t, "boss", postroom.Grant{Role: postroom.Admin})
	other := room.Hire(t, "other", postroom.Grant{Role: postroom.IsCoordinator, Programme: "networking-event"})
	viewer := room.Hire(t, "eyes", postroom.Grant{Role: postroom.Viewer})
	if p := viewer.Get(t, "/desk/imports"); p.Status != http.StatusForbidden {
		t.Errorf("somebody who only looks: %d", p.Status)
	}
	if p := other.Get(t, "/desk/imports"); strings.Contains(p.Body, `value="form:ask"`) || !strings.Contains(p.Body, `value="form:register"`) {
		t.Error("other people's forms are offered, or not one's own")
	}
	if p := brings(t, room, "other", "form:ask", spreadsheet); p.Status != http.StatusUnprocessableEntity {
		t.Errorf("a file for other people's form: %d", p.Status)
	}
	file := fileOf(brings(t, room, "boss", "form:ask", spreadsheet))
	if p := other.Get(t, file+"?to=form:register"); p.Status != http.StatusNotFound {
		t.Errorf("somebody else's file: %d", p.Status)
	}
	own := fileOf(brings(t, room, "other", "form:register", spreadsheet))
	if p := other.Post(t, own, url.Values{"to": {"form:ask"}}); p.Status != http.StatusNotFound && p.Status != http.StatusForbidden {
		t.Errorf("one's own file into other people's form: %d", p.Status)
	}
	boss := room.As(t, "boss")
	done := boss.Post(t, file, url.Values{"to": {"form:ask"}, "column-0": {"name"}, "column-1": {"email"}, "column-2": {"question"}, "column-3": {""}})
	for _, p := range []testkit.Page{other.Get(t, fileOf(done)), other.Post(t, fileOf(done)+"/undo", url.Values{})} {
		if p.Status != http.StatusNotFound && p.Status != http.StatusForbidden {
			t.Errorf("other people's import: %d at %s", p.Status, p.URL)
		}
	}
}

func TestFilesThatWillNotDoAreRefusedOnThePage(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	room.Hire(t, "boss", postroom.Grant{Role: postroom.Admin})
	for name, each := range map[string]struct{ to, file, says string }{
		"no file":   {"form:ask", "", "Choose a file first."},
		"no target": {"form:nothing", spreadsheet, "Choose what the file is for."},
		"too large": {"form:ask", strings.Repeat("a,b,c\n", 420_000), "too large for this page"},
		"no table":  {"form:ask", "\x1f\x8bnonsense", "not a table that we can read"},
	} {
		if p := brings(t, room, "boss", each.to, each.file); p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Body, each.says) {
			t.Errorf("%s: %d", name, p.Status)
		}
	}
	boss := room.As(t, "boss")
	many := "email\n" + strings.Repeat("ann@example.org\n", 5001)
	file := fileOf(brings(t, room, "boss", "list:newsletter", many))
	if p := boss.Post(t, file, url.Values{"to": {"list:newsletter"}}); p.Status != http.StatusUnprocessableEntity || !strings.Contains(p.Body, "too many rows") {
		t.Errorf("too many rows: %d", p.Status)
	}
	page := brings(t, room, "boss", "form:ask", "Name<script>alert(1)</script>,B\n<img src=x>,2\n")
	if strings.Contains(page.Body, "<script>alert") || strings.Contains(page.Body, "<img src=x") {
		t.Error("what stands in a file is taken for markup")
	}
}

func TestImportsInARealBrowser(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	room.Hire(t, "boss", postroom.Grant{Role: postroom.Admin})
	page := brings(t, room, "boss", "list:newsletter", members)
	look(t, room, "boss", "import-list", strings.TrimPrefix(page.URL, room.URL))
	page = brings(t, room, "boss", "form:ask", spreadsheet)
	look(t, room, "boss", "import-form", strings.TrimPrefix(page.URL, room.URL))
	asked := url.Values{"to": {"form:ask"}, "column-0": {"name"}, "column-1": {"email"}, "column-2": {"question"}, "column-3": {""}}
	done := room.As(t, "boss").Post(t, fileOf(page), asked)
	look(t, room, "boss", "imported", fileOf(done))
	look(t, room, "boss", "imports", "/desk/imports")
}
