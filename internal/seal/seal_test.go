package seal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"testing"
)

func key(id string, fill byte) Key { return Key{ID: id, Secret: bytes.Repeat([]byte{fill}, 32)} }

func box(t *testing.T, keys ...Key) *Box {
	t.Helper()
	b, err := New(keys)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestOldKeyStillOpensAfterRotation(t *testing.T) {
	t.Parallel()
	sealed, err := box(t, key("k1", 1)).Seal("answers:1", []byte("uses a wheelchair"))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := box(t, key("k2", 2), key("k1", 1)).Open("answers:1", sealed)
	if err != nil || string(plain) != "uses a wheelchair" {
		t.Errorf("got %q, %v", plain, err)
	}
}

func TestValueDoesNotOpenElsewhereChangedOrWithoutItsKey(t *testing.T) {
	t.Parallel()
	b := box(t, key("k1", 1))
	sealed, err := b.Seal("answers:1", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Clone(sealed)
	changed[len(changed)-1] ^= 1
	for name, c := range map[string]struct {
		box    *Box
		place  string
		sealed []byte
	}{
		"moved to another row": {b, "answers:2", sealed},
		"changed":              {b, "answers:1", changed},
		"cut":                  {b, "answers:1", sealed[:20]},
		"empty":                {b, "answers:1", nil},
		"another organisation": {box(t, key("k1", 9)), "answers:1", sealed},
		"key is gone":          {box(t, key("k2", 1)), "answers:1", sealed},
	} {
		if _, err := c.box.Open(c.place, c.sealed); !errors.Is(err, ErrSealed) {
			t.Errorf("%s: got %v, want ErrSealed", name, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	b, err := New([]Key{key("k1", 1)})
	if err != nil {
		f.Fatal(err)
	}
	good, err := b.Seal("p", []byte("x"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte{1, 255})
	f.Fuzz(func(t *testing.T, sealed []byte) {
		if plain, err := b.Open("p", sealed); err == nil && string(plain) != "x" {
			t.Errorf("opened %x as %q", sealed, plain)
		}
	})
}

func BenchmarkSealAndOpen(b *testing.B) {
	s, err := New([]Key{key("k1", 1)})
	if err != nil {
		b.Fatal(err)
	}
	plain := bytes.Repeat([]byte("a"), 500)
	for b.Loop() {
		sealed, _ := s.Seal("p", plain)
		if _, err := s.Open("p", sealed); err != nil {
			b.Fatal(err)
		}
	}
}

func TestBlindIsTheSameOnlyForTheSameKeyPlaceAndValue(t *testing.T) {
	t.Parallel()
	b := box(t, key("k1", 1))
	code := b.Blind("a", []byte("bc"))
	if again := box(t, key("renamed", 1), key("k2", 2)).Blind("a", []byte("bc")); again != code {
		t.Errorf("the same key gave %s and %s", code, again)
	}
	plain := sha256.Sum256([]byte("bc"))
	for name, other := range map[string]string{
		"the plain hash": hex.EncodeToString(plain[:]),
		"another key":    box(t, key("k1", 2)).Blind("a", []byte("bc")),
		"another place":  b.Blind("ab", []byte("c")),
		"another value":  b.Blind("a", []byte("bd")),
	} {
		if other == code {
			t.Errorf("%s gives the same code", name)
		}
	}
}
