package desk_test

import (
	"bytes"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/testkit"
)

// picture is how a picture begins, with something in it that no page may run.
const picture = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00<script>alert(1)</script>"

// withPhoto lets a question bring a photo.
func withPhoto(t *testing.T) testkit.Option {
	t.Helper()
	const words = `{en: Your photo, uk: Ваше фото, fa: عکس شما, fa-AF: عکس شما, ps: ستاسو عکس}`
	return changed(t, "enquiries.yaml", "    reach: [email, phone, trusted_person]\n    fields:\n",
		"    reach: [email, phone, trusted_person]\n    fields:\n"+
			"      - {field: photo, type: file, accept: [image, pdf], size: 1MB, label: "+words+", error_label: "+words+"}\n")
}

// sendsPhoto sends a question with a file, as a browser does.
func sendsPhoto(t *testing.T, room *testkit.Room, name, content string) postroom.Submission {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	fields := room.Get(t, "/f/ask").Hidden()
	fields.Set("name", "Olena")
	fields.Set("email", "olena@example.org")
	fields.Set("question", "Is this the fair?")
	for field, values := range fields {
		_ = form.WriteField(field, values[0])
	}
	part, err := form.CreateFormFile("photo", name)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = part.Write([]byte(content))
	_ = form.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, room.URL+"/f/ask", &body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	if page := testkit.Ask(t, req); page.Status != http.StatusOK || !strings.Contains(page.URL, "/receipt/") {
		t.Fatalf("the form is answered with %d at %s:\n%s", page.Status, page.URL, page.Body)
	}
	room.Work(t)
	list, err := room.Store.Read(t.Context()).Submissions(1)
	if err != nil || len(list) != 1 {
		t.Fatalf("on file is %d, %v", len(list), err)
	}
	return list[0]
}

// fileLink is where the page of a submission hands out its file.
func fileLink(t *testing.T, c *testkit.Colleague, base string) string {
	t.Helper()
	_, after, found := strings.Cut(c.Get(t, base).Body, `href="`+base+`/file/`)
	if !found {
		t.Fatal("its page names no file")
	}
	id, _, _ := strings.Cut(after, `"`)
	return base + "/file/" + id
}

func TestAFileThatCameWithAFormIsHandedOutAsAFile(t *testing.T) {
	t.Parallel()
	room := testkit.New(t, withPhoto(t))
	sub := sendsPhoto(t, room, `мій "постер".png`, picture)
	other := asked(t, room, "Person One", "one@example.org", "Why?")
	office, base := room.As(t, "office"), "/desk/submission/"+sub.ID
	has(t, office.Get(t, base), "image/png", "постер")
	path := fileLink(t, office, base)
	p := office.Get(t, path)
	if p.Status != http.StatusOK || p.Body != picture {
		t.Fatalf("%d, %d bytes", p.Status, len(p.Body))
	}
	for header, want := range map[string]string{
		"Content-Type": "application/octet-stream", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox",
	} {
		if got := p.Header.Get(header); got != want {
			t.Errorf("%s is %q, want %q", header, got, want)
		}
	}
	kind, params, err := mime.ParseMediaType(p.Header.Get("Content-Disposition"))
	if err != nil || kind != "attachment" || params["filename"] != "мій постер.png" {
		t.Errorf("Content-Disposition is %q: %q (%v)", p.Header.Get("Content-Disposition"), params, err)
	}
	if n, err := room.Store.Read(t.Context()).AuditedBy("office", "view file "+path[strings.LastIndex(path, "/")+1:], sub.ID, time.Time{}); err != nil || n != 1 {
		t.Errorf("noted %d times (%v)", n, err)
	}
	for _, wrong := range []string{base + "/file/x", strings.Replace(path, sub.ID, other.ID, 1), strings.Replace(path, sub.ID, "nothing", 1)} {
		if p := office.Get(t, wrong); p.Status != http.StatusNotFound {
			t.Errorf("%s: %d", wrong, p.Status)
		}
	}
}

func TestAFileIsForWhoeverMayReadWhatItCameWith(t *testing.T) {
	t.Parallel()
	room := testkit.New(t, withPhoto(t))
	sub := sendsPhoto(t, room, "poster.png", picture)
	office, base := room.As(t, "office"), "/desk/submission/"+sub.ID
	second := room.Hire(t, "second", postroom.Grant{Role: postroom.IsCoordinator, Programme: "enquiries"})
	path := fileLink(t, second, base)
	hands := func(who string, c *testkit.Colleague, want int) testkit.Page {
		t.Helper()
		p := c.Get(t, path)
		if p.Status != want || (p.Body == picture) != (want == http.StatusOK && !strings.Contains(p.Header.Get("Content-Type"), "html")) {
			t.Errorf("%s is answered with %d and %s", who, p.Status, p.Header.Get("Content-Type"))
		}
		return p
	}
	hands("who looks after it", second, http.StatusOK)
	for _, grant := range []postroom.Grant{{Role: postroom.Greeter}, {Role: postroom.Viewer}, {Role: postroom.IsCoordinator, Programme: "newsletter"}} {
		c := room.Hire(t, "other-"+string(grant.Role)+grant.Programme, grant)
		hands(string(grant.Role)+" of "+grant.Programme, c, http.StatusForbidden)
	}
	if p := room.Get(t, path); !strings.Contains(p.URL, "/desk/sign-in") {
		t.Errorf("a stranger is at %s", p.URL)
	}
	second.Post(t, base+"/worry", nil)
	hands("whoever is not called when somebody may be in danger", second, http.StatusForbidden)
	if p := hands("the lead who has not said that they look", office, http.StatusOK); !strings.HasSuffix(p.URL, base) {
		t.Errorf("they are at %s", p.URL)
	}
	office.Post(t, base+"/open", nil)
	if p := hands("the lead who looks", office, http.StatusOK); p.Body != picture {
		t.Error("they read no file")
	}
}
