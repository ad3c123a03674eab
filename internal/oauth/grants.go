package oauth

import (
	"encoding/base64"
	"encoding/json"
	"strings"
)

// Grants returns what an access token says it may do, or nothing where it
// cannot be read: it is for its server and not for us, so this is a hint to a
// person and decides nothing. Microsoft's tell the permissions of an app as
// roles and those of a person as scp (RFC 7519).
func Grants(access string) []string {
	parts := strings.Split(access, ".")
	if len(parts) != 3 {
		return nil
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil
	}
	var said struct {
		Roles []string `json:"roles"`
		Scp   string   `json:"scp"`
	}
	if json.Unmarshal(payload, &said) != nil {
		return nil
	}
	return append(said.Roles, strings.Fields(said.Scp)...)
}

// Readable says whether Grants can read a token at all: then what it does not
// name is not granted.
func Readable(access string) bool {
	return strings.Count(access, ".") == 2 && strings.HasPrefix(access, "eyJ")
}
