package outbound

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"postroom/internal/postroom"
	"postroom/internal/testserver"
)

// givenTokens hands out tokens in order and remembers which were refused.
type givenTokens struct {
	tokens  []string
	refused []string
}

func (g *givenTokens) token(_ context.Context, refused string) (string, error) {
	if refused != "" {
		g.refused = append(g.refused, refused)
		g.tokens = g.tokens[1:]
	}
	if len(g.tokens) == 0 {
		return "", errors.New("the client secret has expired")
	}
	return g.tokens[0], nil
}

// roomWithTokens sends through a server that takes one token.
func roomWithTokens(t *testing.T, given *givenTokens, good string) *room {
	return roomOn(t, filepath.Join(t.TempDir(), "post.db"), func(o *Options) {
		o.Servers[0].Username, o.Servers[0].Token = "office@example.org", given.token
	}, testserver.RequireToken("office@example.org", func(token string) bool { return token == good }))
}

func TestMailLeavesWithATokenAndAWithdrawnOneIsReplaced(t *testing.T) {
	t.Parallel()
	given := &givenTokens{tokens: []string{"old", "new"}}
	r := roomWithTokens(t, given, "new")
	m := r.owe(r.ann())
	r.deliver(m)
	r.expect(m, postroom.Sent, "")
	if len(given.refused) != 1 || given.refused[0] != "old" || r.sink.Connections() != 2 {
		t.Errorf("refused %q over %d connections", given.refused, r.sink.Connections())
	}
}

func TestMailWaitsWhereNoTokenHelps(t *testing.T) {
	t.Parallel()
	for name, tokens := range map[string][]string{"each is refused": {"old", "older"}, "the provider gives none": {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := roomWithTokens(t, &givenTokens{tokens: tokens}, "new")
			m := r.owe(r.ann())
			r.deliver(m)
			r.expect(m, postroom.Deferred, ReasonServerAway)
			if n := r.sink.Connections(); n > 2 {
				t.Errorf("the server was tried %d times", n)
			}
		})
	}
}
