package web

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
)

func TestTheDescriptionOfTheAPIIsTrue(t *testing.T) {
	t.Parallel()
	c := open(t, withSites)
	described := c.get("/api/openapi.json")
	want(t, described, 200)
	doc, err := libopenapi.NewDocument(described.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if doc.GetVersion() != "3.1.0" {
		t.Errorf("OpenAPI %s", doc.GetVersion())
	}
	v, errs := validator.NewValidator(doc)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	if ok, wrong := v.ValidateDocument(); !ok {
		for _, each := range wrong {
			t.Errorf("%s: %s", each.Message, each.Reason)
		}
	}
	for _, each := range []struct{ method, path, body string }{
		{"GET", "/api/openapi.json", ""},
		{"GET", "/api/v1/forms", ""},
		{"GET", "/api/v1/forms/ask", ""},
		{"GET", "/api/v1/forms/all", ""},
		{"GET", "/api/v1/forms/nothing", ""},
		{"POST", "/api/v1/forms/ask/submissions", olena},
		{"POST", "/api/v1/forms/register/submissions", `{"answers": {"session": "workshop", "places": "1", "name": "O", "email": "o@example.org"}}`},
		{"POST", "/api/v1/forms/newsletter/submissions", `{"answers": {"email": "o@example.org"}, "locale": "en", "form_version": "x"}`},
		{"POST", "/api/v1/forms/ask/submissions", `{"answers": {"email": "x", "name": "O", "question": "?"}}`},
		{"POST", "/api/v1/forms/past/submissions", `{"answers": {"email": "o@example.org"}}`},
	} {
		r := httptest.NewRequestWithContext(t.Context(), each.method, "https://post.example.org"+each.path, strings.NewReader(each.body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		c.h.ServeHTTP(w, r)
		r.Body = http.NoBody
		if each.body != "" {
			r = httptest.NewRequestWithContext(t.Context(), each.method, "https://post.example.org"+each.path, bytes.NewBufferString(each.body))
			r.Header.Set("Content-Type", "application/json")
			if ok, wrong := v.ValidateHttpRequest(r); !ok {
				t.Errorf("%s %s: the request is not as described: %v", each.method, each.path, wrong[0])
			}
		}
		if ok, wrong := v.ValidateHttpResponse(r, w.Result()); !ok {
			t.Errorf("%s %s answers %d %s: %v", each.method, each.path, w.Code, w.Body, wrong[0])
		}
	}
}

func TestFormsAreDescribedToProgramsInTheirLanguage(t *testing.T) {
	t.Parallel()
	c := open(t)
	form, _ := c.Programmes.Form("ask")
	want(t, c.ask("GET", "/api/v1/forms/ask", "", "Accept-Language", "uk"), 200, `"version":"`+form.Version+`"`, `"title":"Ваше ім’я"`, `"required":["name"`, `"anyOf":[{"required":["email"]}`)
	want(t, c.get("/api/v1/forms"), 200, `"name":"past"`, `"page":"https://post.example.org/f/ask"`)
	w := c.json("ask", `{"answers": {"name": "O", "email": "o@example.org", "question": "x"}, "form_version": "`+form.Version+`"}`)
	want(t, w, 201)
	if got := c.rooms.entry().FormVersion; got != form.Version {
		t.Errorf("version %q", got)
	}
}

func TestOnlyWebsitesThatAreNamedMayUseTheAPI(t *testing.T) {
	t.Parallel()
	c := open(t, withSites)
	for _, each := range []struct {
		origin  string
		allowed bool
	}{{charity, true}, {"https://evil.example", false}, {"null", false}, {"https://a.builder.example", false}} {
		pre := c.ask("OPTIONS", "/api/v1/forms/ask/submissions", "", "Origin", each.origin, "Access-Control-Request-Method", "POST")
		sent := c.json("ask", strings.Replace(olena, "When?", "When? "+each.origin, 1), "Origin", each.origin, "Sec-Fetch-Site", "cross-site")
		if (sent.Code == http.StatusCreated) != each.allowed {
			t.Errorf("%s sends: %d", each.origin, sent.Code)
		}
		for name, w := range map[string]*httptest.ResponseRecorder{"asks": pre, "sends": sent, "reads": c.ask("GET", "/api/v1/forms", "", "Origin", each.origin)} {
			if got := w.Header().Get("Access-Control-Allow-Origin"); (got == each.origin) != each.allowed || got != "" && !each.allowed {
				t.Errorf("%s %s: allowed %q", each.origin, name, got)
			}
			if w.Header().Get("Access-Control-Allow-Credentials") != "" {
				t.Error("nobody's cookies are wanted")
			}
		}
	}
}
