package web

import (
	"bytes"
	"crypto/rand"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// png is how a picture begins.
const png = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"

type attached struct{ name, kind, content string }

// multi is a form as a browser sends it with files, which stand in the middle.
func multi(fields url.Values, files ...attached) (body []byte, kind string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	write := func(name string) {
		for _, v := range fields[name] {
			_ = w.WriteField(name, v)
		}
	}
	write("ticket")
	for _, f := range files {
		h := textproto.MIMEHeader{"Content-Disposition": {multipart.FileContentDisposition("photo", f.name)}, "Content-Type": {f.kind}}
		part, _ := w.CreatePart(h)
		_, _ = io.WriteString(part, f.content)
	}
	for name := range fields {
		if name != "ticket" {
			write(name)
		}
	}
	_ = w.Close()
	return b.Bytes(), w.FormDataContentType()
}

func (c *counter) upload(path string, fields url.Values, files ...attached) *httptest.ResponseRecorder {
	body, kind := multi(fields, files...)
	r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body))
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	w := httptest.NewRecorder()
	c.h.ServeHTTP(w, r)
	return w
}

var ticketShown = regexp.MustCompile(`name="ticket" value="([^"]+)"`)

func (c *counter) ticketOf(path string) string {
	return ticketShown.FindStringSubmatch(c.get(path).Body.String())[1]
}

func photo() attached { return attached{"a photo.png", "image/png", png} }

func TestAFileSurvivesAMistakeAndIsSentOnce(t *testing.T) {
	t.Parallel()
	for _, locale := range []string{"en", "fa"} {
		t.Run(locale, func(t *testing.T) {
			t.Parallel()
			c := open(t)
			page := c.get("/" + locale + "/f/send")
			want(t, page, 200, `enctype="multipart/form-data"`)
			said := url.Values{"lang": {locale}, "ticket": {ticketShown.FindStringSubmatch(page.Body.String())[1]}, "email": {"ann@example.org"}}
			want(t, c.upload("/f/send", said, photo()), 422, "a photo.png", `name="photo.remove"`, "ann@example.org")
			said.Set("note", "hello")
			w := c.upload("/f/send", said)
			if w.Code != http.StatusSeeOther {
				t.Fatalf("the file was asked for again: %d %s", w.Code, w.Body)
			}
			answers := c.rooms.entry().Answers["photo"]
			if len(answers) != 1 || !strings.HasSuffix(answers[0], "|a photo.png") || !strings.Contains(answers[0], "|image/png|") {
				t.Errorf("answers %q", answers)
			}
			if again := c.upload("/f/send", said, photo()); again.Header().Get("Location") == "" {
				t.Errorf("pressing twice: %d", again.Code)
			}
			if now := c.rooms.entry().Answers["photo"]; now[0] != answers[0] {
				t.Errorf("pressing twice is another file: %q", now)
			}
		})
	}
}

func TestAFileIsTakenAwayByItsButton(t *testing.T) {
	t.Parallel()
	c := open(t)
	said := url.Values{"ticket": {c.ticketOf("/f/send")}, "email": {"ann@example.org"}}
	page := c.upload("/f/send", said, photo())
	id := regexp.MustCompile(`name="photo.remove" value="([^"]+)"`).FindStringSubmatch(page.Body.String())[1]
	said.Set("photo.remove", id)
	w := c.upload("/f/send", said)
	want(t, w, 200, "ann@example.org")
	if strings.Contains(w.Body.String(), "a photo.png") {
		t.Error("it is still there")
	}
	said.Del("photo.remove")
	said.Set("note", "x")
	want(t, c.upload("/f/send", said), 422, "Select your photo")
}

// aLot is what a form may bring in tests, which need not send as much as a film.
const aLot = 4 << 20

func TestFilesThatWillNotDoAreRefusedWithWords(t *testing.T) {
	t.Parallel()
	large := make([]byte, 1<<20)
	_, _ = rand.Read(large)
	var parts []attached
	for range maxParts {
		parts = append(parts, attached{"", "application/octet-stream", ""})
	}
	for _, tc := range []struct {
		name  string
		files []attached
		says  string
	}{
		{"nothing was chosen", []attached{{"", "application/octet-stream", ""}}, "Select your photo"},
		{"an empty one", []attached{{"a.png", "image/png", ""}}, "Your photo is empty"},
		{"one that is too large", []attached{{"a.png", "image/png", png + string(large)}}, "Your photo must be smaller than 1 MB"},
		{"a page that is called a picture", []attached{{"a.png", "image/png", "<html><script>alert(1)</script>"}}, "Your photo must be a photo or a PDF"},
		{"a program that is called a picture", []attached{{"a.png", "image/png", "MZ\x90\x00\x03"}}, "Your photo must be a photo or a PDF"},
		{"a picture that is called a program", []attached{{"a.png.exe", "image/png", png}}, "Your photo must be a photo or a PDF"},
		{"a picture that holds scripts", []attached{{"a.png", "image/png", `<svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>`}}, "Your photo must be a photo or a PDF"},
		{"a packed archive", []attached{{"a.pdf", "application/pdf", "PK\x03\x04" + string(large[:1000])}}, "Your photo must be a photo or a PDF"},
		{"three where two are enough", []attached{photo(), {"b.png", "image/png", png + "b"}, {"c.png", "image/png", png + "c"}}, "Choose no more than 2 files for your photo"},
		{"a thousand parts", parts, "That is more than we can take at once"},
		{"more than a form may bring", []attached{{"a.png", "image/png", strings.Repeat("x", aLot)}}, "That is more than we can take at once"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := open(t)
			c.uploads.most = aLot
			w := c.upload("/f/send", url.Values{"ticket": {c.ticketOf("/f/send")}, "email": {"ann@example.org"}, "note": {"hello"}}, tc.files...)
			if w.Code < 400 || w.Code >= 500 {
				t.Fatalf("status %d", w.Code)
			}
			want(t, w, w.Code, tc.says, `enctype="multipart/form-data"`)
			if cut := strings.Contains(tc.says, "at once"); !cut {
				want(t, w, w.Code, "ann@example.org", "hello")
			}
			c.room.mu.Lock()
			defer c.room.mu.Unlock()
			if c.room.all != 0 || len(c.room.each) != 0 {
				t.Errorf("%d bytes of memory are not given back", c.room.all)
			}
		})
	}
}

func TestADoorWithoutFilesTakesNone(t *testing.T) {
	t.Parallel()
	c := open(t)
	said := url.Values{"email": {"ann@example.org"}, "photo": {"id|image/png|5|x|a.png"}, "note": {"x"}}
	want(t, c.post("/f/send", said), 422, "Select your photo")
	r := httptest.NewRequest(http.MethodPost, "/api/v1/forms/send/submissions", strings.NewReader(`{"answers":{"email":"a@example.org","note":"x","photo":"id|image/png|5|x|a.png"}}`))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	c.h.ServeHTTP(w, r)
	want(t, w, 422, "files can only be sent from our own page")
	if body := c.get("/f/ask").Body.String(); strings.Contains(body, "multipart") {
		t.Error("a form without files is multipart")
	}
}

func TestAnotherSiteMaySendAFile(t *testing.T) {
	t.Parallel()
	c := open(t)
	w := c.upload("/f/send/outside", url.Values{"email": {"ann@example.org"}}, photo())
	want(t, w, 422, "a photo.png")
	said := url.Values{"ticket": {ticketShown.FindStringSubmatch(w.Body.String())[1]}, "email": {"ann@example.org"}, "note": {"x"}}
	if w := c.upload("/f/send/outside", said); w.Code != http.StatusSeeOther {
		t.Errorf("sent from our page: %d", w.Code)
	}
}

func TestFilesOfSomebodyElseCannotBeTaken(t *testing.T) {
	t.Parallel()
	c := open(t)
	first := url.Values{"ticket": {c.ticketOf("/f/send")}, "email": {"ann@example.org"}}
	page := c.upload("/f/send", first, photo())
	id := regexp.MustCompile(`name="photo.remove" value="([^"]+)"`).FindStringSubmatch(page.Body.String())[1]
	c.upload("/f/send", url.Values{"ticket": {c.ticketOf("/f/send")}, "email": {"bob@example.org"}, "photo.remove": {id}})
	first.Set("note", "x")
	if w := c.upload("/f/send", first); w.Code != http.StatusSeeOther {
		t.Errorf("somebody took it away: %d", w.Code)
	}
}
