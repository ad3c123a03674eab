package testkit

import (
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

func (r *Room) absolute(address string) string {
	if strings.HasPrefix(address, "/") {
		return r.URL + address
	}
	return address
}

// Post presses a button that carries no fields: the page's own address gets
// an empty form, as the buttons of confirm pages send it.
func (r *Room) Post(t testing.TB, address string) Page {
	t.Helper()
	return r.PostForm(t, address, url.Values{})
}

// PostForm sends a form's fields to an address and follows the redirect.
func (r *Room) PostForm(t testing.TB, address string, fields url.Values) Page {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.absolute(address), strings.NewReader(fields.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return do(t, req)
}

// Submit opens a form's page, fills in the fields and sends it, with the
// hidden fields the page came with.
func (r *Room) Submit(t testing.TB, form string, fields url.Values) Page {
	t.Helper()
	page := r.Get(t, "/f/"+form)
	filled := page.Hidden()
	for name, values := range fields {
		filled[name] = values
	}
	return r.PostForm(t, "/f/"+form, filled)
}

var (
	input     = regexp.MustCompile(`<input\b[^>]*>`)
	attribute = regexp.MustCompile(`([a-z-]+)="([^"]*)"`)
)

// Hidden returns the fields that a page carries for its form.
func (p Page) Hidden() url.Values {
	fields := url.Values{}
	for _, tag := range input.FindAllString(p.Body, -1) {
		is := map[string]string{}
		for _, a := range attribute.FindAllStringSubmatch(tag, -1) {
			is[a[1]] = html.UnescapeString(a[2])
		}
		if is["type"] == "hidden" {
			fields.Set(is["name"], is["value"])
		}
	}
	return fields
}

// Ask sends a request as it stands.
func Ask(t testing.TB, req *http.Request) Page {
	t.Helper()
	return do(t, req)
}

func do(t testing.TB, req *http.Request) Page {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", req.Method, req.URL, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("read %s: %v", req.URL, err)
	}
	return Page{Status: resp.StatusCode, URL: resp.Request.URL.String(), Body: string(body), Header: resp.Header}
}
