package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"golang.org/x/oauth2"

	"postroom/internal/config"
)

// Invitation is where a person says yes to an app, and the code to enter there.
type Invitation struct{ URL, Code string }

// SignIn lets a person say yes in any browser, on any machine (RFC 8628), and
// returns the refresh token that comes of it. invite is called with what to tell
// them; it then waits until they have done it, the code is too old or ctx ends.
func SignIn(ctx context.Context, login config.OAuth, deviceURL string, invite func(Invitation)) (refresh string, err error) {
	app := oauth2.Config{
		ClientID: login.ClientID, Scopes: login.Scopes,
		Endpoint: oauth2.Endpoint{DeviceAuthURL: deviceURL, TokenURL: login.TokenURL, AuthStyle: oauth2.AuthStyleInParams},
	}
	ctx = context.WithValue(ctx, oauth2.HTTPClient, &http.Client{Timeout: patience})
	code, err := app.DeviceAuth(ctx)
	if err != nil {
		return "", explain(err, login)
	}
	invite(Invitation{URL: code.VerificationURI, Code: code.UserCode})
	got, err := app.DeviceAccessToken(ctx, code)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "", fmt.Errorf("nobody entered the code in time: %w", err)
	case err != nil:
		return "", explain(err, login)
	case got.RefreshToken == "":
		return "", errors.New("the provider gave no refresh token: the app needs the permission offline_access")
	}
	return got.RefreshToken, nil
}
