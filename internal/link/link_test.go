package link

import (
	"bytes"
	"testing"
	"time"

	"postroom/internal/postroom"
)

type fixed time.Time

func (f fixed) Now() time.Time                  { return time.Time(f) }
func (f fixed) Until(time.Time) <-chan struct{} { return nil }

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func signer(t testing.TB, fills ...byte) *Signer {
	t.Helper()
	var keys []Key
	for _, f := range fills {
		keys = append(keys, Key{ID: string(f), Secret: bytes.Repeat([]byte{f}, 32)})
	}
	s, err := New(fixed(noon), keys)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestLinkOpensForItsPurposeOnlyAndInItsTime(t *testing.T) {
	t.Parallel()
	s := signer(t, 'a')
	good := s.Make(Confirm, "sub-1", noon.Add(time.Hour))
	for name, c := range map[string]struct {
		signer  *Signer
		token   string
		purpose Purpose
		kind    postroom.Kind
	}{
		"for another purpose":     {s, good, Unsubscribe, postroom.NotFound},
		"too old":                 {s, s.Make(Confirm, "sub-1", noon.Add(-time.Second)), Confirm, postroom.Gone},
		"damaged":                 {s, good[:len(good)-2] + "AA", Confirm, postroom.NotFound},
		"not a token":             {s, "hello world", Confirm, postroom.NotFound},
		"signed by somebody else": {signer(t, 'b'), good, Confirm, postroom.NotFound},
	} {
		if _, err := c.signer.Open(c.token, c.purpose); err == nil || postroom.KindOf(err) != c.kind {
			t.Errorf("%s: got %v, want %v", name, err, c.kind)
		}
	}
	if id, err := signer(t, 'b', 'a').Open(good, Confirm); err != nil || id != "sub-1" {
		t.Errorf("after a change of keys: got %q, %v", id, err)
	}
	if id, err := s.Open(s.Make(Unsubscribe, "x", time.Time{}), Unsubscribe); err != nil || id != "x" {
		t.Errorf("a link without an end: got %q, %v", id, err)
	}
}

func TestOwnMessageIDSurvivesANewDomainAndNewKeys(t *testing.T) {
	t.Parallel()
	s := signer(t, 'a')
	ours := s.MessageID("0199-aa", "charity.example")
	if again := s.MessageID("0199-aa", "charity.example"); again != ours {
		t.Errorf("the Message-ID changed from %q to %q", ours, again)
	}
	if id, ok := signer(t, 'b', 'a').OwnMessageID("<" + ours[:len(ours)-len("charity.example")] + "rewritten.example>"); !ok || id != "0199-aa" {
		t.Errorf("got %q, %v", id, ok)
	}
	for _, other := range []string{"", "x", "<a.b@c>", "0199-aa.00000000000000ab@charity.example"} {
		if _, ok := s.OwnMessageID(other); ok {
			t.Errorf("%q counts as ours", other)
		}
	}
}

func TestLinkEndsWhenAnswersGoToAnotherAddress(t *testing.T) {
	t.Parallel()
	old := signer(t, 'a').SentTo("sub-1", "typo@example.org")
	now := func(address string) func(string) (string, error) {
		return func(string) (string, error) { return address, nil }
	}
	if id, err := signer(t, 'b', 'a').Untie(old, now("typo@example.org")); err != nil || id != "sub-1" {
		t.Errorf("same address, new keys: got %q, %v", id, err)
	}
	if _, err := signer(t, 'a').Untie(old, now("person@example.org")); postroom.KindOf(err) != postroom.Gone {
		t.Errorf("another address: got %v, want Gone", err)
	}
	if id, err := signer(t, 'a').Untie("sub-1", now("person@example.org")); err != nil || id != "sub-1" {
		t.Errorf("never tied: got %q, %v", id, err)
	}
}

func FuzzOpen(f *testing.F) {
	s := signer(f, 'a')
	f.Add(s.Make(Confirm, "sub-1", noon.Add(time.Hour)))
	f.Add("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, token string) {
		if id, err := s.Open(token, Confirm); err == nil && id != "sub-1" {
			t.Errorf("%q opened as %q", token, id)
		}
		s.OwnMessageID(token)
	})
}
