package mailbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"postroom/internal/config"
)

// connectWithToken opens a connection with a token, and with another one if the
// server refuses the first: a provider may withdraw a token before its end.
func connectWithToken(ctx context.Context, box config.Mailbox, o Options) (*conn, error) {
	token, err := o.token(ctx, box, "")
	if err != nil {
		return nil, err
	}
	c, err := connectWith(ctx, box, o, token)
	if !errors.Is(err, errRefused) {
		return c, err
	}
	another, tokenErr := o.token(ctx, box, token)
	if tokenErr != nil {
		return nil, fmt.Errorf("%w (and then: %w)", err, tokenErr) // what comes first says what kind of trouble it is
	}
	return connectWith(ctx, box, o, another)
}

func (o Options) token(ctx context.Context, box config.Mailbox, refused string) (string, error) {
	if o.Token == nil {
		return "", errors.New("there is nobody to get a token from")
	}
	ctx, cancel := context.WithTimeout(ctx, o.Patience)
	defer cancel()
	token, err := o.Token(ctx, box, refused)
	var no interface {
		error
		Refused() bool // that the provider gives none, rather than that it is away
	}
	switch {
	case err == nil:
		return token, nil
	case errors.As(err, &no) && no.Refused():
		return "", fmt.Errorf("%w: %w", errRefused, err)
	}
	return "", fmt.Errorf("%w: %w", errUnreachable, err)
}

// xoauth2 says a token as Microsoft and Google want it; the library knows only
// OAUTHBEARER (RFC 7628), which Microsoft does not.
type xoauth2 struct{ username, token string }

// Start says who we are.
func (x *xoauth2) Start() (mechanism string, first []byte, err error) {
	return "XOAUTH2", []byte("user=" + x.username + "\x01auth=Bearer " + x.token + "\x01\x01"), nil
}

// Next is asked when the server has refused: the challenge says why. The empty
// line that would end the exchange is not sent, because the library sends it as
// "=": the connection is given up instead.
func (x *xoauth2) Next(challenge []byte) ([]byte, error) {
	return nil, &refusal{why: reason(challenge)}
}

// refusal is that a server did not take a token.
type refusal struct{ why string }

func (r *refusal) Error() string { return "token not accepted" + r.why }

// reason keeps of a server's reason what is known to hold no secret.
func reason(challenge []byte) string {
	var said struct{ Status, Scope string }
	if err := json.Unmarshal(challenge, &said); err != nil {
		return ""
	}
	var words string
	if said.Status != "" {
		words += ", status " + short(said.Status)
	}
	if said.Scope != "" {
		words += ", scope " + short(said.Scope)
	}
	return words
}

func short(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	return strings.ToValidUTF8(s[:min(len(s), 80)], "")
}
