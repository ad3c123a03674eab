// Package link makes and opens the signed links in mails and pages, and the
// signed Message-IDs by which the post room knows its own mail.
//
// The idea a newcomer needs: a link is good for one purpose only. The purpose
// is under the signature but not in the link, so a link made to confirm cannot
// be used to erase, however it is edited. Nothing is stored for a link; what
// it may still do is decided by the row it names.
package link

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"postroom/internal/postroom"
)

// Purpose is the one thing a link may be used for.
type Purpose string

// The purposes. A link for one never opens another.
const (
	Confirm     Purpose = "confirm"     // subject: a subscription
	Unsubscribe Purpose = "unsubscribe" // subject: a subscription
	Manage      Purpose = "manage"      // subject: a submission
	Receipt     Purpose = "receipt"     // subject: a submission, for the page after a form
	Ticket      Purpose = "ticket"      // subject: a form's name, in the form itself
	Finish      Purpose = "finish"      // subject: a submission of which questions are open
	Leave       Purpose = "leave"       // subject: a subscription of the address that leaves every list
	Undo        Purpose = "undo"        // subject: the message that says which lists a letter left
	Draft       Purpose = "d"           // subject: the hash of a draft, for whoever goes on from a mail
	Guardian    Purpose = "guardian"    // subject: "submission|asked", for who has to agree to it
	My          Purpose = "my"          // subject: the message it stands in, for all that its address has with us
	Move        Purpose = "move"        // subject: "move|from" or "move|to", for one end of a change of address
	Deed        Purpose = "deed"        // subject: "act|matter|id|colleague", for the one button that a summary's link leads to
)

// Path returns where a link with this purpose leads, so that the room that
// writes links and the room that answers them agree.
func Path(p Purpose, token string) string { return "/" + string(p) + "/" + token }

// Key is one secret of the organisation, at least 32 random bytes long.
type Key struct {
	ID     string
	Secret []byte
}

// Signer makes links with its first key and opens links made with any.
type Signer struct {
	clock postroom.Clock
	keys  [][]byte
}

const (
	macSize = 16
	header  = 8 // expiry in Unix seconds, big endian; 0 is never
)

// New returns a Signer. It returns an error when there is no key or one is
// too short.
func New(clock postroom.Clock, keys []Key) (*Signer, error) {
	if len(keys) == 0 {
		return nil, fmt.Errorf("link: no key given")
	}
	s := &Signer{clock: clock}
	for _, k := range keys {
		if len(k.Secret) < 32 {
			return nil, fmt.Errorf("link: key %q: the secret needs at least 32 bytes", k.ID)
		}
		derived, err := hkdf.Key(sha256.New, k.Secret, nil, "postroom link v1", sha256.Size)
		if err != nil {
			return nil, fmt.Errorf("derive link key %q: %w", k.ID, err)
		}
		s.keys = append(s.keys, derived)
	}
	return s, nil
}

// Make returns the token for one purpose and subject, good until the given
// moment. The zero time makes a token that never expires.
func (s *Signer) Make(p Purpose, subject string, until time.Time) string {
	body := make([]byte, header, header+len(subject)+macSize)
	if !until.IsZero() {
		binary.BigEndian.PutUint64(body, uint64(until.Unix()))
	}
	body = append(body, subject...)
	return base64.RawURLEncoding.EncodeToString(append(body, sign(s.keys[0], string(p), body)...))
}

// Open returns the subject of a token made for p. It returns NotFound for a
// damaged token or one for another purpose, and Gone for one that is too old.
func (s *Signer) Open(token string, p Purpose) (string, error) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) < header+macSize || len(raw) > 256 {
		return "", damaged(err)
	}
	body, mac := raw[:len(raw)-macSize], raw[len(raw)-macSize:]
	if !s.signed(string(p), body, mac) {
		return "", damaged(nil)
	}
	until := binary.BigEndian.Uint64(body)
	if until != 0 && uint64(s.clock.Now().Unix()) > until {
		return "", &postroom.Error{Kind: postroom.Gone, Say: postroom.Say("link.expired")}
	}
	return string(body[header:]), nil
}

func damaged(cause error) error {
	return &postroom.Error{Kind: postroom.NotFound, Say: postroom.Say("link.damaged"), Cause: cause}
}

// SentTo ties a subject to the address its link is sent to, so that the link
// ends when the answers go to another address: whoever has the old mailbox
// may be a stranger.
func (s *Signer) SentTo(id, address string) string {
	return id + "|" + short(sign(s.keys[0], "sent-to", []byte(address)))
}

// Untie returns the id of a subject made by SentTo. address says where answers
// go now; Untie returns Gone if the link was sent elsewhere. A subject that
// was never tied is good for any address.
func (s *Signer) Untie(subject string, address func(id string) (string, error)) (id string, err error) {
	id, mark, tied := strings.Cut(subject, "|")
	now, err := address(id)
	if err != nil || !tied {
		return id, err
	}
	for _, k := range s.keys {
		if hmac.Equal([]byte(mark), []byte(short(sign(k, "sent-to", []byte(now))))) {
			return id, nil
		}
	}
	return "", &postroom.Error{Kind: postroom.Gone, Say: postroom.Say("link.moved")}
}

// MessageID returns the Message-ID (without angle brackets) of the message
// with this id. It is the same each time, and OwnMessageID knows it again.
func (s *Signer) MessageID(id, domain string) string {
	return id + "." + short(sign(s.keys[0], "message-id", []byte(id))) + "@" + domain
}

// OwnMessageID returns the id of our own message if this Message-ID (with or
// without angle brackets) is one that we signed, whatever its domain: mail
// providers rewrite the right side.
func (s *Signer) OwnMessageID(messageID string) (id string, ours bool) {
	left, _, _ := strings.Cut(strings.Trim(messageID, "<> \t"), "@")
	id, mac, found := strings.Cut(left, ".")
	if !found {
		return "", false
	}
	for _, k := range s.keys {
		if hmac.Equal([]byte(mac), []byte(short(sign(k, "message-id", []byte(id))))) {
			return id, true
		}
	}
	return "", false
}

// ReplyAddress returns the address of a mailbox to which replies about one
// submission come: support+k7m4qx.….@charity.example. Mailboxes take what
// follows the + as their own where the provider allows it (RFC 5233).
func (s *Signer) ReplyAddress(mailbox, reference string) string {
	local, domain, _ := strings.Cut(mailbox, "@")
	plain := plainReference(reference)
	return local + "+" + plain + "." + short(sign(s.keys[0], "reply", []byte(plain))) + "@" + domain
}

// RepliesTo returns the reference of the submission for which an address is
// the reply address, if we made it. Mail programs change the case of what they
// keep, so case means nothing.
func (s *Signer) RepliesTo(address string) (reference string, ours bool) {
	local, _, _ := strings.Cut(strings.ToLower(address), "@")
	_, detail, plus := strings.Cut(local, "+")
	plain, mac, dot := strings.Cut(detail, ".")
	if !plus || !dot || len(plain) != 6 {
		return "", false
	}
	for _, k := range s.keys {
		if hmac.Equal([]byte(mac), []byte(short(sign(k, "reply", []byte(plain))))) {
			return strings.ToUpper(plain[:3] + "-" + plain[3:]), true
		}
	}
	return "", false
}

// LeaveAddress returns the address of a mailbox to which a letter ends one
// subscription, whatever it says (RFC 2369, section 3.2), or "" where that would
// be longer than addresses may be (RFC 5321, section 4.5.3.1.1).
func (s *Signer) LeaveAddress(mailbox, subscription string) string {
	local, domain, _ := strings.Cut(mailbox, "@")
	id, err := hex.DecodeString(strings.ReplaceAll(subscription, "-", ""))
	if err != nil || len(id) != 16 {
		return ""
	}
	plain := strings.ToLower(idSigns.EncodeToString(id))
	if local += "+u." + plain + "." + short(sign(s.keys[0], "leave", []byte(plain))); len(local) > maxLocal {
		return ""
	}
	return local + "@" + domain
}

// maxLocal is how long the part of an address before the @ may be.
const maxLocal = 64

var idSigns = base32.HexEncoding.WithPadding(base32.NoPadding)

// Leaves returns the subscription that a letter to an address ends, if we made
// the address. Case means nothing.
func (s *Signer) Leaves(address string) (subscription string, ours bool) {
	local, _, _ := strings.Cut(strings.ToLower(address), "@")
	_, detail, _ := strings.Cut(local, "+u.")
	plain, mac, _ := strings.Cut(detail, ".")
	id, err := idSigns.DecodeString(strings.ToUpper(plain))
	if err != nil || len(id) != 16 {
		return "", false
	}
	for _, k := range s.keys {
		if hmac.Equal([]byte(mac), []byte(short(sign(k, "leave", []byte(plain))))) {
			h := hex.EncodeToString(id)
			return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-"), true
		}
	}
	return "", false
}

// CommandAddress returns the address of a mailbox at which a letter gives one
// colleague's commands, as their summary explains them, or "" where that would be
// longer than addresses may be (RFC 5321, section 4.5.3.1.1). Having the address
// is not enough: who wrote the letter is checked besides.
func (s *Signer) CommandAddress(mailbox, colleague string) string {
	local, domain, _ := strings.Cut(mailbox, "@")
	if colleague == "" {
		return ""
	}
	plain := strings.ToLower(idSigns.EncodeToString([]byte(colleague)))
	if local += "+d." + plain + "." + short(sign(s.keys[0], "command", []byte(plain))); len(local) > maxLocal {
		return ""
	}
	return local + "@" + domain
}

// CommandsTo returns the colleague whose commands come to an address, if we made
// the address. Case means nothing.
func (s *Signer) CommandsTo(address string) (colleague string, ours bool) {
	local, _, _ := strings.Cut(strings.ToLower(address), "@")
	_, detail, _ := strings.Cut(local, "+d.")
	plain, mac, _ := strings.Cut(detail, ".")
	name, err := idSigns.DecodeString(strings.ToUpper(plain))
	if err != nil || len(name) == 0 {
		return "", false
	}
	for _, k := range s.keys {
		if hmac.Equal([]byte(mac), []byte(short(sign(k, "command", []byte(plain))))) {
			return string(name), true
		}
	}
	return "", false
}

// DeedSubject is the subject of a Deed link. A name may hold any sign, so it
// stands last.
func DeedSubject(act, matter, id, colleague string) string {
	return strings.Join([]string{act, matter, id, colleague}, "|")
}

// ReadDeed takes the subject of a Deed link apart.
func ReadDeed(subject string) (act, matter, id, colleague string, ok bool) {
	parts := strings.SplitN(subject, "|", 4)
	if len(parts) != 4 {
		return "", "", "", "", false
	}
	return parts[0], parts[1], parts[2], parts[3], true
}

func plainReference(reference string) string {
	return strings.ToLower(strings.ReplaceAll(reference, "-", ""))
}

func (s *Signer) signed(purpose string, body, mac []byte) bool {
	for _, k := range s.keys {
		if hmac.Equal(mac, sign(k, purpose, body)) {
			return true
		}
	}
	return false
}

// sign is over the purpose's length, the purpose and the body, so that no
// part can be pushed into its neighbour.
func sign(key []byte, purpose string, body []byte) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte{byte(len(purpose))})
	m.Write([]byte(purpose))
	m.Write(body)
	return m.Sum(nil)[:macSize]
}

func short(mac []byte) string {
	return strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(mac[:10]))
}
