package desk_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"postroom/internal/postroom"
	"postroom/internal/testkit"
	"postroom/templates"
)

// changed is where the starter programmes lie, one of them with something put in
// the place of something else.
func changed(t *testing.T, file, old, now string) testkit.Option {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, templates.FS); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "programme", file)
	text, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(text), old) {
		t.Fatalf("%s does not hold %q, %v", file, old, err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), old, now, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	return testkit.Setting("programmes: " + filepath.Join(dir, "programme"))
}

// askedByPost asks for where letters go.
func askedByPost(t *testing.T) testkit.Option {
	words := func(en string) string {
		return `{en: "` + en + `", uk: "` + en + `", fa: "` + en + `", fa-AF: "` + en + `", ps: "` + en + `"}`
	}
	return changed(t, "enquiries.yaml", "    reach: [email, phone, trusted_person]\n    fields:\n",
		"    reach: [email, phone, post]\n    fields:\n"+
			"      - {field: post, type: long_text, label: "+words("Your postal address")+", error_label: "+words("your postal address")+"}\n")
}

// callOf returns the id of the call in a page whose item says something.
func callOf(t *testing.T, p testkit.Page, says string) string {
	t.Helper()
	for _, item := range strings.Split(p.Body, `<li class="item`)[1:] {
		if strings.Contains(item, says) {
			return regexp.MustCompile(`/desk/calls/([0-9a-f-]+)/`).FindStringSubmatch(item)[1]
		}
	}
	t.Fatalf("no call says %q:\n%s", says, p.Body)
	return ""
}

func TestWhoHasNoEmailIsCalled(t *testing.T) {
	t.Parallel()
	room := testkit.New(t, askedByPost(t))
	office := room.As(t, "office")
	reads(t, office.Get(t, "/desk/calls"), []string{"Nobody has to be called just now"})
	room.Submit(t, "ask?lang=fa-AF", url.Values{"name": {"مریم احمدی"}, "phone": {"07700 900456"}, "safe_message": {"no"}, "question": {"باغ چه وقت باز است؟"}})
	room.Submit(t, "ask", url.Values{"name": {"Joan Post"}, "post": {"3 Mill Lane\nExampleton EX1 1EX"}, "question": {"When is the garden open?"}})
	room.Work(t)

	page := office.Get(t, "/desk/calls")
	reads(t, page, []string{"Calls to make", "مریم احمدی", "Language: Dari", "Do not leave a message.", "We have your message", "Letters to print", "Joan Post", "we have no email address for them"}, "reason.", "://127", "/manage/")
	if !strings.Contains(page.Body, `href="tel:&#43;447700900456"`) && !strings.Contains(page.Body, `href="tel:+447700900456"`) {
		t.Error("the number is no link")
	}
	call, letter := callOf(t, page, "مریم"), callOf(t, page, "Joan Post")
	reads(t, office.Get(t, "/desk/calls/"+letter+"/print"), []string{"Riverside Community Centre", "2 Bridge Street", "Joan Post 3 Mill Lane Exampleton EX1 1EX", "We have your message."}, "/manage/")

	if p := office.Post(t, "/desk/calls/"+call+"/done", url.Values{"outcome": {"what"}}); p.Status != http.StatusUnprocessableEntity {
		t.Errorf("an outcome that there is not: status %d", p.Status)
	}
	later := office.Post(t, "/desk/calls/"+call+"/later", url.Values{"days": {"3"}, "back": {"/desk/calls"}})
	reads(t, later, []string{"Put off. It will be back", "Letters to print"}, "مریم")
	undone(t, office, later)
	done := office.Post(t, "/desk/calls/"+call+"/done", url.Values{"outcome": {"reached"}, "text": {"She comes on Friday."}, "back": {"/desk/calls"}})
	reads(t, done, nil, "مریم")
	reads(t, office.Get(t, "/desk/person/"+personNamed(t, room, "مریم احمدی")), []string{"They were called or written to on paper", "office: I spoke to them She comes on Friday."})
	undone(t, office, done)
	reads(t, office.Get(t, "/desk/calls"), []string{"مریم"})

	other := room.Hire(t, "other", postroom.Grant{Role: postroom.IsCoordinator, Programme: "networking-event"})
	reads(t, other.Get(t, "/desk/calls"), nil, "مریم", "Joan")
	if p := other.Get(t, "/desk/calls/"+letter+"/print"); p.Status != http.StatusForbidden || strings.Contains(p.Body, "Joan") {
		t.Errorf("somebody else's letter: status %d", p.Status)
	}
	if p := other.Post(t, "/desk/calls/"+letter+"/done", url.Values{"outcome": {"letter"}}); p.Status != http.StatusForbidden {
		t.Errorf("ticking somebody else's letter: status %d", p.Status)
	}
}

func TestACallThatIsHeldIsForTheLead(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	boss := room.Hire(t, "boss", postroom.Grant{Role: postroom.Admin})
	room.Submit(t, "ask", url.Values{"name": {"Greta Quiet"}, "phone": {"07700 900456"}, "question": {"Hello?"}})
	room.Work(t)
	subs, err := room.Store.Read(t.Context()).Submissions(1)
	if err != nil || len(subs) != 1 {
		t.Fatal(subs, err)
	}
	call := callOf(t, boss.Get(t, "/desk/calls"), "Greta")
	worryAbout(t, room, subs[0].ID)
	reads(t, boss.Get(t, "/desk/calls"), []string{"Nobody has to be called"}, "Greta", subs[0].Reference)
	if p := boss.Get(t, "/desk/calls/"+call+"/print"); p.Status != http.StatusForbidden || strings.Contains(p.Body, "Greta") {
		t.Errorf("the letter of somebody who is held: status %d", p.Status)
	}
	lead := room.As(t, "office")
	reads(t, lead.Get(t, "/desk/calls"), []string{subs[0].Reference + " is held", "Look at what came in"}, "Greta", "900456")
	reads(t, lead.Get(t, "/desk/calls/"+call+"/print"), []string{"Greta Quiet"})
}

func TestCallsInARealBrowser(t *testing.T) {
	t.Parallel()
	room := testkit.New(t, askedByPost(t))
	look(t, room, "office", "calls-empty", "/desk/calls")
	room.Submit(t, "ask?lang=fa-AF", url.Values{"name": {"مریم احمدی"}, "phone": {"07700 900456"}, "safe_message": {"no"}, "question": {"باغ چه وقت باز است؟"}})
	room.Submit(t, "ask", url.Values{"name": {"Joan Post"}, "post": {"3 Mill Lane\nExampleton EX1 1EX"}, "question": {"When is the garden open?"}})
	room.Work(t)
	look(t, room, "office", "calls", "/desk/calls")
	page := room.As(t, "office").Get(t, "/desk/calls")
	look(t, room, "office", "call-print", "/desk/calls/"+callOf(t, page, "Joan Post")+"/print")
	look(t, room, "office", "call-print-dari", "/desk/calls/"+callOf(t, page, "مریم")+"/print")
}
