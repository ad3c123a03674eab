package web

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"postroom/internal/postroom"
)

const olena = `{"answers": {"name": "Olena", "email": "olena@example.org", "question": ["When?"]}, "locale": "uk"}`

func (c *counter) json(form, body string, header ...string) *httptest.ResponseRecorder {
	c.t.Helper()
	return c.ask("POST", "/api/v1/forms/"+form+"/submissions", body, append([]string{"Content-Type", "application/json"}, header...)...)
}

func TestAPITakesASubmission(t *testing.T) {
	t.Parallel()
	c := open(t)
	w := c.json("ask", olena, "Idempotency-Key", "k1")
	want(t, w, http.StatusCreated)
	var got accepted
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || len(got.Reference) != 7 || got.State != "received" {
		t.Errorf("%+v (%v)", got, err)
	}
	e := c.rooms.entry()
	if e.Channel != postroom.ByAPI || e.Key != "api:ask:k1" || e.Locale != "uk" || e.Answers.One("question") != "When?" {
		t.Errorf("entry %+v", e)
	}
	if again := c.json("ask", olena, "Idempotency-Key", "k1"); again.Body.String() != w.Body.String() || again.Code != w.Code {
		t.Errorf("the second time: %d %s", again.Code, again.Body)
	}
	want(t, c.json("register", `{"answers": {"session": "workshop", "places": "1", "name": "O", "email": "o@example.org"}}`), 201, `"state":"waiting"`)
	want(t, c.json("newsletter", `{"answers": {"email": "o@example.org"}}`), 201, `"state":"pending"`)
}

func TestAPISaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	c := open(t)
	for _, each := range []struct {
		name, form, body string
		header           []string
		status           int
		holds            []string
	}{
		{"an unknown form", "nothing", olena, nil, 404, []string{`"code":"not_found"`}},
		{"answers to mend", "ask", `{"answers": {"email": "x"}}`, nil, 422,
			[]string{`{"field":"name","code":"error.enter","detail":"Enter your name"}`, `"field":"email","code":"error.email"`}},
		{"in the program's language", "ask", `{"answers": {}}`, []string{"Accept-Language", "uk"}, 422, []string{"Напишіть: ваше ім’я"}},
		{"an unknown field", "ask", `{"answers": {"colour": "red"}}`, nil, 422, []string{`"field":"colour"`}},
		{"an unknown locale", "ask", `{"answers": {}, "locale": "xx"}`, nil, 422, []string{`"field":"locale"`}},
		{"an unknown member", "ask", `{"answers": {}, "colour": 1}`, nil, 400, []string{"colour"}},
		{"a number for an answer", "ask", `{"answers": {"name": 1}}`, nil, 400, nil},
		{"null for an answer", "ask", `{"answers": {"name": null}}`, nil, 400, nil},
		{"a list of numbers", "ask", `{"answers": {"name": [1]}}`, nil, 400, nil},
		{"two objects", "ask", olena + olena, nil, 400, nil},
		{"no JSON", "ask", `name=x`, nil, 400, nil},
		{"nothing", "ask", ``, nil, 400, nil},
		{"too much", "ask", `{"answers": {"name": "` + strings.Repeat("x", maxBody) + `"}}`, nil, 413, nil},
		{"another type", "ask", olena, []string{"Content-Type", "text/plain"}, 415, nil},
		{"a key that is too long", "ask", olena, []string{"Idempotency-Key", strings.Repeat("k", 201)}, 400, []string{"Idempotency-Key"}},
		{"a form that is closed", "past", `{"answers": {"email": "o@example.org"}}`, nil, 410, nil},
		{"a browser on another site", "ask", olena, []string{"Sec-Fetch-Site", "cross-site"}, 403, nil},
	} {
		w := c.json(each.form, each.body, each.header...)
		if w.Code != each.status {
			t.Errorf("%s: %d, want %d: %s", each.name, w.Code, each.status, w.Body)
			continue
		}
		want(t, w, each.status, each.holds...)
		checkProblem(t, each.name, w)
	}
}

func checkProblem(t *testing.T, name string, w *httptest.ResponseRecorder) {
	t.Helper()
	var p problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Status != w.Code || p.Type != "about:blank" || p.Title == "" || p.Detail == "" {
		t.Errorf("%s: %s (%v)", name, w.Body, err)
	}
	if kind := w.Header().Get("Content-Type"); kind != "application/problem+json" {
		t.Errorf("%s: Content-Type %q", name, kind)
	}
}

func TestAPIAnswersProgramsAlsoWhereThereIsNothing(t *testing.T) {
	t.Parallel()
	c := open(t, func(o *Options) { o.PostsPerMinute = 1 })
	for _, target := range []string{"/api/", "/api/v1/forms/ask/submissions", "/api/v2"} {
		w := c.get(target)
		want(t, w, http.StatusNotFound)
		checkProblem(t, target, w)
	}
	want(t, c.json("ask", olena), http.StatusCreated)
	w := c.json("ask", olena)
	want(t, w, http.StatusTooManyRequests)
	checkProblem(t, "too many", w)
	if w.Header().Get("Retry-After") != "60" {
		t.Errorf("Retry-After %q", w.Header().Get("Retry-After"))
	}
}

func FuzzAPI(f *testing.F) {
	f.Add(olena, "k")
	f.Add(`{"answers":{"name":["a","b",null]},"locale":"fa-AF"}`, "")
	f.Add(`{"answers":{"name":"\ud800"}} `, "\x00")
	f.Add(`[1]`, strings.Repeat("k", 300))
	c := open(f)
	f.Fuzz(func(t *testing.T, body, key string) {
		w := c.on(t).json("ask", body, "Idempotency-Key", key)
		if w.Code != http.StatusCreated && (w.Code < 400 || w.Code >= 500) {
			t.Errorf("status %d for %q", w.Code, body)
		}
		if !json.Valid(w.Body.Bytes()) {
			t.Errorf("%q is not JSON", w.Body)
		}
	})
}
