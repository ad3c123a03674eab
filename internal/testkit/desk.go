package testkit

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// Colleague is one who has opened the desk, and acts there as a browser does.
type Colleague struct {
	room *Room
	name string
}

// As opens the desk as a colleague.
func (r *Room) As(t testing.TB, name string) *Colleague {
	t.Helper()
	if _, here := r.Team.Named(name); !here {
		t.Fatalf("%s does not work here", name)
	}
	return &Colleague{r, name}
}

// Hire adds somebody who works here, with what they may do.
func (r *Room) Hire(t testing.TB, name string, grants ...postroom.Grant) *Colleague {
	t.Helper()
	c := postroom.Colleague{Name: name, Address: name + "@riverside.example", Locale: "en", Grants: grants, AddedAt: r.Clock.Now()}
	err := r.Team.Change(t.Context(), func(tx *store.Tx) error { _, err := tx.AddColleague(c); return err })
	if err != nil {
		t.Fatal(err)
	}
	return r.As(t, name)
}

// Get opens a page of the desk.
func (c *Colleague) Get(t testing.TB, address string) Page {
	t.Helper()
	return c.do(t, http.MethodGet, address, nil)
}

// Post presses a button, with the fields it carries, and follows the redirect.
func (c *Colleague) Post(t testing.TB, address string, fields url.Values) Page {
	t.Helper()
	return c.do(t, http.MethodPost, address, fields)
}

func (c *Colleague) do(t testing.TB, method, address string, fields url.Values) Page {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, c.room.absolute(address), strings.NewReader(fields.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.AddCookie(&http.Cookie{Name: asCookie, Value: c.name})
	return do(t, req)
}

// asCookie says in a test who opens the desk. That a real one has to sign in, the
// stories of the sign-in prove.
const asCookie = "as"

// named is a sign-in that believes the cookie.
type named struct{ room *Room }

func (n named) Wrap(next http.Handler) http.Handler { return next }

func (n named) Who(r *http.Request) (postroom.Colleague, bool) {
	cookie, err := r.Cookie(asCookie)
	if err != nil {
		return postroom.Colleague{}, false
	}
	return n.room.Team.Named(cookie.Value)
}
