package web

import (
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"postroom/internal/access"
	"postroom/internal/campaign"
	"postroom/internal/imports"
	"postroom/internal/postroom"
	"postroom/internal/programme"
	"postroom/internal/store"
)

// Programs are the rooms that a program of the organisation may ask, with a token.
// They are those that the desk and the command line ask: there is no other way in.
type Programs struct {
	Access      *access.Access
	Imports     *imports.Imports
	Lists       *campaign.Lists
	Newsletters *campaign.Life
	Audiences   *campaign.Audiences
	// ReadDraft reads an edition as somebody wrote it, and Untold says which of its
	// readers get it in another language.
	ReadDraft func(file string, data []byte, list string) (postroom.Campaign, error)
	Untold    func(postroom.Campaign) []string
	// PerMinute is how many requests a token is good for in a minute; 0 is
	// RequestsPerMinute.
	PerMinute int
}

// RequestsPerMinute is how many requests a token is good for in a minute where
// nothing else is said.
const RequestsPerMinute = 120

// straysPerMinute is how many requests of one client with a token that does not work
// are told so; then it has to wait.
const straysPerMinute = 30

// call is one request of a program that was let in.
type call struct {
	*http.Request
	s      *Server
	by     postroom.Token
	status int
	w      http.ResponseWriter // for how long it may take
}

func (c *call) read() store.Reader { return c.s.Store.Read(c.Context()) }

// may says whether the token is for a list.
func (c *call) may(list string) bool { return c.by.List == "" || c.by.List == list }

// list is the list that the address names, with the programme that keeps it.
func (c *call) list() (*programme.List, string, error) { return c.listNamed(c.PathValue("list")) }

func (c *call) listNamed(name string) (*programme.List, string, error) {
	if !c.may(name) {
		return nil, "", c.otherList()
	}
	l, of, err := c.s.Programs.Imports.ListNamed(name)
	if postroom.KindOf(err) == postroom.NotFound {
		err = &postroom.Error{Kind: postroom.NotFound, Say: postroom.Say("error.not_found"), Cause: err}
	}
	return l, of, err
}

func (c *call) otherList() error {
	return &postroom.Error{Kind: postroom.Forbidden, Say: postroom.Say("api.other_list", "list", c.by.List)}
}

// looked notes that a program was told people's addresses, once a day for what it
// looked at: a program that goes through a list in pages has looked once.
func (c *call) looked(at string) error {
	now := c.s.Clock.Now()
	return c.s.Store.Write(c.Context(), func(tx *store.Tx) error {
		return tx.NoteLook(c.by.Actor(), "view", at, now, now.AddDate(0, 0, -1))
	})
}

// deed is what a route does, with the shape of what it takes and gives: the same
// types that its handler reads and writes are described to programs.
type deed struct {
	takes, gives reflect.Type // nil is nothing, or no JSON
	do           func(c *call, w http.ResponseWriter) error
}

// gives is a deed that answers with a T.
func gives[T any](do func(*call) (T, error)) deed {
	return deed{gives: reflect.TypeFor[T](), do: func(c *call, w http.ResponseWriter) error {
		answer, err := do(c)
		if err != nil {
			return err
		}
		return c.s.writeJSON(w, c.status, answer)
	}}
}

// takes is a deed that reads a B and answers with a T.
func takes[B, T any](do func(*call, B) (T, error)) deed {
	d := gives(func(c *call) (answer T, err error) {
		if err := isJSON(c.Request); err != nil {
			return answer, err
		}
		body, err := readStrictly[B](c.Body)
		if err != nil {
			return answer, err
		}
		return do(c, body)
	})
	d.takes = reflect.TypeFor[B]()
	return d
}

// programRoute is one thing that programs with a token may ask for. One without a
// scope is a mistake, and lets nobody in.
type programRoute struct {
	method, path string
	id, say      string
	needs        []postroom.Scope // all of them
	query        []parameter
	keyed        bool   // it heeds Idempotency-Key
	made         bool   // it answers 201 for what was not there before
	takesFile    string // what it takes that is no JSON, as a media type
	givesFile    string
	deed
}

// withToken lets a program in that shows a token with the scopes of a route. Nothing
// else does, a cookie least of all.
func (s *Server) withToken(route programRoute) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		t, err := s.tokenOf(r)
		if err != nil {
			w.Header().Set("WWW-Authenticate", `Bearer realm="postroom"`)
			return err
		}
		if err := s.pace.allow(t.ID); err != nil {
			if soon, ok := errors.AsType[*tooSoon](err); ok {
				soon.say = "api.too_often"
			}
			return err
		}
		if missing := missingOf(route, t); missing != "" {
			w.Header().Set("WWW-Authenticate", `Bearer realm="postroom", error="insufficient_scope", scope="`+missing+`"`)
			return &postroom.Error{Kind: postroom.Forbidden, Say: postroom.Say("api.scope", "scope", missing)}
		}
		if err := knownQuery(r, route.query); err != nil {
			return err
		}
		return inPlainWords(route.do(&call{Request: r, s: s, by: t, status: http.StatusOK, w: w}, w))
	}
}

// missingOf lists the scopes of a route that a token lacks.
func missingOf(route programRoute, t postroom.Token) string {
	if len(route.needs) == 0 {
		return "?"
	}
	var missing []string
	for _, scope := range route.needs {
		if !t.May(scope) {
			missing = append(missing, string(scope))
		}
	}
	return strings.Join(missing, " ")
}

// tokenOf is the token that a request shows (RFC 6750, section 2.1).
func (s *Server) tokenOf(r *http.Request) (postroom.Token, error) {
	shown := r.Header.Values("Authorization")
	if len(shown) == 0 {
		return postroom.Token{}, unlet("api.token_missing")
	}
	kind, secret, _ := strings.Cut(shown[0], " ")
	if len(shown) == 1 && strings.EqualFold(kind, "Bearer") {
		t, works, err := s.Programs.Access.Open(r.Context(), strings.TrimSpace(secret))
		if err != nil || works {
			return t, err
		}
	}
	if err := s.strays.allow(s.client(r)); err != nil {
		return postroom.Token{}, err
	}
	return postroom.Token{}, unlet("api.token_wrong")
}

func unlet(say string) error {
	return &badRequest{status: http.StatusUnauthorized, code: "unauthorized", say: postroom.Say(say)}
}

// nothing is the answer where there is nothing to tell.
type nothing struct{}

// done is a deed that answers 204.
func done(do func(*call) error) deed {
	return deed{gives: reflect.TypeFor[nothing](), do: func(c *call, w http.ResponseWriter) error {
		if err := do(c); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}}
}

// handsOver is a deed that answers with a file.
func handsOver(do func(*call, http.ResponseWriter) error) deed { return deed{do: do} }

// scopes puts scopes into a list.
func scopes(list ...postroom.Scope) []postroom.Scope { return list }

// programRoutes lists what programs with a token may ask for. What is let in and
// what is described are made from it.
func (s *Server) programRoutes() []programRoute {
	if s.Programs.Access == nil {
		return nil
	}
	return slices.Concat(listRoutes(), memberRoutes(), editionRoutes(), steeringRoutes())
}

// inLanguages says whether a programme speaks a language.
func (s *Server) inLanguages(of, tag string) bool { return slices.Contains(s.guess.of(of).tags, tag) }

// idempotent is the key of a request, apart from those of other tokens.
func (c *call) idempotent() (string, error) {
	key, err := idempotencyKey(c.Request)
	return c.by.ID + ":" + key, err
}
