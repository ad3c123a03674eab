// Package seal locks what must not be readable in a stolen database: answers
// about health or refuge, raw letters, free text and notes.
//
// The idea a newcomer needs is the envelope. Every value gets a fresh key of
// its own; only that small key is locked with the organisation's key, whose id
// travels with the value. So the organisation's key can be changed without
// rewriting a value, and old values stay readable as long as their key is in
// the settings. Each value is bound to its place (table, column, row): copied
// elsewhere it does not open.
//
// What has to be found again by its content is blinded instead: the same value
// gives the same code, and without the key nobody can test a guess.
package seal

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"
)

// Key is one secret of the organisation, at least 32 random bytes long.
type Key struct {
	ID     string // 1 to 32 characters, stored beside every value it locks
	Secret []byte
}

// Box seals and blinds with its first key and opens with any of them.
type Box struct {
	first string
	keys  map[string]cipher.AEAD
	blind []byte // the key of Blind
}

const version = 1

// ErrSealed says that a value does not open: its key is missing, it was
// changed, or it was moved from its place.
var ErrSealed = errors.New("sealed value does not open")

// New returns a Box that seals with keys[0] and opens with all of keys.
func New(keys []Key) (*Box, error) {
	if len(keys) == 0 {
		return nil, errors.New("seal: no key given")
	}
	b := &Box{first: keys[0].ID, keys: make(map[string]cipher.AEAD, len(keys))}
	for _, k := range keys {
		if len(k.ID) == 0 || len(k.ID) > 32 || len(k.Secret) < 32 {
			return nil, fmt.Errorf("seal: key %q: the id needs 1 to 32 characters, the secret at least 32 bytes", k.ID)
		}
		derived, err := hkdf.Key(sha256.New, k.Secret, nil, "postroom seal v1", chacha20poly1305.KeySize)
		if err != nil {
			return nil, fmt.Errorf("derive seal key %q: %w", k.ID, err)
		}
		if b.keys[k.ID], err = chacha20poly1305.NewX(derived); err != nil {
			return nil, fmt.Errorf("make cipher for key %q: %w", k.ID, err)
		}
	}
	var err error
	if b.blind, err = hkdf.Key(sha256.New, keys[0].Secret, nil, "postroom blind v1", sha256.Size); err != nil {
		return nil, fmt.Errorf("derive blind key %q: %w", b.first, err)
	}
	return b, nil
}

// Blind returns a code for value that is the same every time for the same
// place, such as "submissions.natural_key", and says nothing about the value to
// whoever lacks the key. Under a new first key every code is another, so what
// was blinded before the change is not found by its content any more.
func (b *Box) Blind(place string, value []byte) string {
	h := hmac.New(sha256.New, b.blind)
	h.Write(binary.AppendUvarint(nil, uint64(len(place)))) // so that place and value do not run into each other
	h.Write([]byte(place))
	h.Write(value)
	return hex.EncodeToString(h.Sum(nil))
}

// Seal locks plain for place, such as "submissions.answers:<id>". The result
// is version, key id, locked envelope key, locked value.
func (b *Box) Seal(place string, plain []byte) ([]byte, error) {
	own := make([]byte, chacha20poly1305.KeySize)
	rand.Read(own)
	value, err := chacha20poly1305.NewX(own)
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", place, err)
	}
	out := append([]byte{version, byte(len(b.first))}, b.first...)
	out = lock(b.keys[b.first], out, own, place)
	return lock(value, out, plain, place), nil
}

// Open unlocks what Seal made for the same place, or returns ErrSealed.
func (b *Box) Open(place string, sealed []byte) ([]byte, error) {
	if len(sealed) < 2 || sealed[0] != version || len(sealed) < 2+int(sealed[1]) {
		return nil, fmt.Errorf("open %s: %w", place, ErrSealed)
	}
	id, rest := string(sealed[2:2+sealed[1]]), sealed[2+sealed[1]:]
	aead, envelope := b.keys[id], chacha20poly1305.NonceSizeX+chacha20poly1305.KeySize+chacha20poly1305.Overhead
	if aead == nil || len(rest) < envelope {
		return nil, fmt.Errorf("open %s with key %q: %w", place, id, ErrSealed)
	}
	own, err := unlock(aead, rest[:envelope], place)
	if err != nil {
		return nil, err
	}
	value, err := chacha20poly1305.NewX(own)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", place, err)
	}
	return unlock(value, rest[envelope:], place)
}

func lock(a cipher.AEAD, dst, plain []byte, place string) []byte {
	nonce := make([]byte, a.NonceSize())
	rand.Read(nonce)
	return a.Seal(append(dst, nonce...), nonce, plain, []byte(place))
}

func unlock(a cipher.AEAD, locked []byte, place string) ([]byte, error) {
	if len(locked) < a.NonceSize() {
		return nil, fmt.Errorf("open %s: %w", place, ErrSealed)
	}
	plain, err := a.Open(nil, locked[:a.NonceSize()], locked[a.NonceSize():], []byte(place))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", place, ErrSealed)
	}
	return plain, nil
}
