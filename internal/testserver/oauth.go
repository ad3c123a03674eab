package testserver

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TokenServer hands out tokens as a provider does (RFC 6749) and says which of
// them are good (RFC 7662), to the servers of the same test. It misbehaves on
// request and is safe for concurrent use.
type TokenServer struct {
	URL        string // where tokens are got
	Introspect string // where a server asks whether a token is good
	At         string // below which a tenant's addresses are, as at Microsoft

	mu      sync.Mutex
	apps    map[string]string // secrets by client id
	refresh map[string]string // client ids by refresh token that is good
	good    map[string]bool   // access tokens
	life    int               // seconds that a token is good for, as it says
	rotate  bool
	agreed  bool     // somebody has entered the code of a device
	asked   []string // grant types, in order
	answer  func(w http.ResponseWriter) bool
}

// OAuth starts a TokenServer that ends with the test. Its tokens are good for
// an hour.
func OAuth(t testing.TB) *TokenServer {
	t.Helper()
	s := &TokenServer{apps: map[string]string{}, refresh: map[string]string{}, good: map[string]bool{}, life: 3600}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", s.token)
	mux.HandleFunc("POST /introspect", s.introspect)
	mux.HandleFunc("POST /{tenant}/oauth2/v2.0/devicecode", s.device)
	mux.HandleFunc("POST /{tenant}/oauth2/v2.0/token", s.token)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	s.At = server.URL + "/"
	s.URL, s.Introspect = server.URL+"/token", server.URL+"/introspect"
	return s
}

// App makes an app with a secret, or gives one another secret.
func (s *TokenServer) App(id, secret string) { s.do(func() { s.apps[id] = secret }) }

// Agree makes a refresh token for an app, as when a person says yes.
func (s *TokenServer) Agree(id, refresh string) { s.do(func() { s.refresh[refresh] = id }) }

// Rotate makes every use of a refresh token give another in its place and
// forget the old one.
func (s *TokenServer) Rotate() { s.do(func() { s.rotate = true }) }

// Live says how many seconds tokens are good for from now on.
func (s *TokenServer) Live(seconds int) { s.do(func() { s.life = seconds }) }

// Revoke makes every token worthless that was handed out, as a provider does
// that cuts a session off.
func (s *TokenServer) Revoke() { s.do(func() { clear(s.good) }) }

// Fail makes the next requests for tokens fail with a status, a code and a
// description; "" as the code is over with that.
func (s *TokenServer) Fail(status int, code, description string) {
	s.do(func() {
		s.answer = nil
		if code != "" {
			s.answer = func(w http.ResponseWriter) bool { refuse(w, status, code, description); return true }
		}
	})
}

// Asked lists the grant types of all requests for tokens so far.
func (s *TokenServer) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// Good says whether an access token is good.
func (s *TokenServer) Good(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.good[token]
}

func (s *TokenServer) do(fn func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fn()
}

func (s *TokenServer) token(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, refresh := r.PostFormValue("client_id"), r.PostFormValue("refresh_token")
	grant := r.PostFormValue("grant_type")
	s.asked = append(s.asked, grant)
	secret, known := s.apps[id]
	switch {
	case s.answer != nil && s.answer(w):
	case !known:
		refuse(w, http.StatusBadRequest, "unauthorized_client", "AADSTS700016: Application with identifier '"+id+"' was not found in the directory.")
	case secret != r.PostFormValue("client_secret"):
		refuse(w, http.StatusUnauthorized, "invalid_client", "AADSTS7000215: Invalid client secret provided.")
	case grant == deviceGrant && !s.agreed:
		s.agreed = true
		refuse(w, http.StatusBadRequest, "authorization_pending", "AADSTS70016: Authorization is pending.")
	case grant == deviceGrant:
		s.refresh["refresh-token-of-a-person"] = id
		s.hand(w, id, "refresh-token-of-a-person")
	case grant == "refresh_token" && s.refresh[refresh] != id:
		refuse(w, http.StatusBadRequest, "invalid_grant", "AADSTS70000: The refresh token is not valid.")
	default:
		s.hand(w, id, refresh)
	}
}

// deviceGrant is asked for while a person signs in elsewhere (RFC 8628).
const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"

// device begins such a sign-in. The person enters the code after the app has
// asked for the first time.
func (s *TokenServer) device(w http.ResponseWriter, _ *http.Request) {
	reply(w, http.StatusOK, map[string]any{
		"device_code": "d", "user_code": "ABC123", "verification_uri": s.At + "devicelogin", "expires_in": 60, "interval": 1,
	})
}

// hand gives a token out, and another refresh token for one that was used.
func (s *TokenServer) hand(w http.ResponseWriter, id, refresh string) {
	access := "access-token-" + rand.Text()
	s.good[access] = true
	answer := map[string]any{"access_token": access, "token_type": "Bearer", "expires_in": s.life}
	if refresh == "refresh-token-of-a-person" {
		answer["refresh_token"] = refresh
	}
	if refresh != "" && s.rotate {
		delete(s.refresh, refresh)
		next := "refresh-token-" + rand.Text()
		s.refresh[next] = id
		answer["refresh_token"] = next
	}
	reply(w, http.StatusOK, answer)
}

// introspect answers whether a token is good. Every token opens every mailbox:
// the name that it is compared with is always the same.
func (s *TokenServer) introspect(w http.ResponseWriter, r *http.Request) {
	good := s.Good(r.PostFormValue("token"))
	reply(w, http.StatusOK, map[string]any{"active": good, "username": "anybody"})
}

func refuse(w http.ResponseWriter, status int, code, description string) {
	reply(w, status, map[string]any{"error": code, "error_description": description})
}

func reply(w http.ResponseWriter, status int, answer map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer) // a client that went away has its reasons
}

// oauthConf makes Dovecot take tokens and nothing else.
const oauthConf = `
passdb {
  driver = oauth2
  mechanisms = xoauth2
  args = {dir}/oauth2.conf
}
`

// oauthEndpoint says where Dovecot asks. The user is whom the client names, as
// with an app that may open many mailboxes.
const oauthEndpoint = `
introspection_mode = post
introspection_url = {introspect}
active_attribute = active
active_value = true
username_attribute = username
username_format = anybody
`

// TakeTokens makes the server offer XOAUTH2 alone, with the tokens of a
// TokenServer, as Microsoft 365 does. It restarts the server.
func (d *DovecotServer) TakeTokens(s *TokenServer) {
	d.t.Helper()
	fill := strings.NewReplacer("{dir}", d.Folder, "{introspect}", s.Introspect)
	write(d.t, d.Folder+"/oauth2.conf", fill.Replace(oauthEndpoint))
	before, rest, _ := strings.Cut(d.text, "passdb {")
	_, after, _ := strings.Cut(rest, "}\n")
	text := before + strings.TrimSpace(fill.Replace(oauthConf)) + "\n" + after
	write(d.t, d.Folder+"/dovecot.conf", strings.Replace(text, "auth_mechanisms = plain login", "auth_mechanisms = xoauth2", 1))
	d.Restart()
}
