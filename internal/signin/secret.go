package signin

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"net/netip"
	"net/url"
	"strings"
	"unicode"
)

// secretBytes is how long what is in a link or a cookie is. Nobody guesses it, so
// a plain hash of it is safe to store.
const secretBytes = 32

// encoding is strict, so that one secret is written in one way only.
var encoding = base64.RawURLEncoding.Strict()

// secret is what is in a link or a cookie, and the hash by which it is on file.
type secret struct{ text, hash string }

func newSecret() secret {
	var b [secretBytes]byte
	rand.Read(b[:])
	text := encoding.EncodeToString(b[:])
	return secret{text, hashed(text)}
}

// secretOf returns the hash of a text that may be a secret, and whether it may.
func secretOf(text string) (hash string, ok bool) {
	if len(text) != encoding.EncodedLen(secretBytes) || strings.ContainsAny(text, "\r\n") { // the decoder passes over line breaks
		return "", false
	}
	if _, err := encoding.DecodeString(text); err != nil {
		return "", false
	}
	return hashed(text), true
}

// hashed is how something secret is stored; "" stays "".
func hashed(text string) string {
	if text == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// codeDigits is how long a code is.
const codeDigits = 6

func newCode() string {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		panic(err) // crypto/rand never fails (Go 1.24)
	}
	return fmt.Sprintf("%0*d", codeDigits, n.Int64())
}

// readable parts a code in two, as people read numbers.
func readable(code string) string { return code[:codeDigits/2] + " " + code[codeDigits/2:] }

// digits returns the digits of a typed code, whatever keyboard they come from.
// What is too long to be one is no code.
func digits(typed string) string {
	if len(typed) > 100 {
		return ""
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9':
			return r
		case r >= '٠' && r <= '٩': // Arabic
			return r - '٠' + '0'
		case r >= '۰' && r <= '۹': // Persian and Pashto
			return r - '۰' + '0'
		}
		return -1
	}, typed)
}

// maxAddress is the longest address there can be (RFC 5321, section 4.5.3.1).
const maxAddress = 254

// typed returns a typed address as it is looked up, or "" for what is none.
func typed(address string) string {
	address = strings.ToLower(strings.TrimSpace(address))
	odd := func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == unicode.ReplacementChar }
	if len(address) > maxAddress || strings.IndexFunc(address, odd) >= 0 || strings.Count(address, "@") != 1 {
		return ""
	}
	return address
}

// network is whose requests are counted together: what one household or one
// office has (a /24, or a /56 of IPv6).
func network(from netip.Addr) string {
	if !from.IsValid() {
		return "unknown"
	}
	from = from.Unmap().WithZone("")
	bits := 24
	if from.Is6() {
		bits = 56
	}
	return netip.PrefixFrom(from, bits).Masked().String()
}

// wanted returns the path of a page of the desk to which somebody may be sent
// on, or "". Only a path of ours is, so that nobody is led away.
func wanted(next string) string {
	u, err := url.Parse(next)
	switch {
	case err != nil, len(next) > 500, u.Scheme != "", u.Host != "", u.User != nil:
		return ""
	case !strings.HasPrefix(next, "/desk/"), strings.HasPrefix(next, "/desk/sign-"), strings.ContainsAny(next, "\\"), strings.Contains(next, "//"), strings.Contains(u.Path, ".."):
		return ""
	}
	return next
}
