package desk_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"postroom/internal/postroom"
	"postroom/internal/testkit"
)

var gap = regexp.MustCompile(`\{[^}]*\}`)

// TestEveryRouteKeepsItsRule asks for every route as a stranger and as somebody
// of each role. What the rule does not allow is refused before anything is looked
// up, so that an id of something that is not there does for all of them.
func TestEveryRouteKeepsItsRule(t *testing.T) {
	t.Parallel()
	room := testkit.New(t)
	people := map[postroom.Role]*testkit.Colleague{}
	for _, role := range postroom.Roles() {
		people[role] = room.Hire(t, string(role)+"-1", postroom.Grant{Role: role})
	}
	for _, p := range room.Desk.Patterns() {
		path := gap.ReplaceAllString(strings.ReplaceAll(p.Path, "{$}", ""), "nothing")
		ask := func(c *testkit.Colleague) testkit.Page {
			if p.Method == http.MethodPost {
				return c.Post(t, path, url.Values{})
			}
			return c.Get(t, path)
		}
		for role, c := range people {
			allowed := p.Stranger || slices.Contains(p.Roles, role)
			if got := ask(c); (got.Status == http.StatusForbidden) == allowed && !ownRule(got) {
				t.Errorf("%s %s as %s: status %d, want allowed: %t", p.Method, path, role, got.Status, allowed)
			}
		}
		stranger := room.Get
		if p.Method == http.MethodPost {
			stranger = room.Post
		}
		if got := stranger(t, path); !p.Stranger && !strings.Contains(got.URL, "/desk/sign-in") {
			t.Errorf("%s %s as a stranger: status %d at %s, want the sign-in page", p.Method, path, got.Status, got.URL)
		}
	}
}

// ownRule says whether a page refused by what it is about, and not by its route.
func ownRule(p testkit.Page) bool { return strings.Contains(p.Body, "data-refused-by=\"page\"") }
