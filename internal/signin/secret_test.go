package signin

import (
	"net/netip"
	"strings"
	"testing"
)

func FuzzSecretOf(f *testing.F) {
	f.Add(newSecret().text)
	f.Add("")
	f.Add(strings.Repeat("A", 43))
	f.Add(strings.Repeat("A", 42) + "B") // the same bytes, written another way
	f.Add(strings.Repeat("A", 41) + "\n" + "A")
	f.Add("../../../../../../../../../../../../../../etc")
	f.Fuzz(func(t *testing.T, text string) {
		hash, ok := secretOf(text)
		if ok != (hash != "") {
			t.Fatalf("%q: %q %v", text, hash, ok)
		}
		if !ok {
			return
		}
		b, err := encoding.DecodeString(text)
		if err != nil || len(b) != secretBytes || encoding.EncodeToString(b) != text {
			t.Fatalf("%q is a secret that is written another way", text)
		}
	})
}

func FuzzWanted(f *testing.F) {
	for _, next := range []string{"/desk/", "//x/desk/", "/desk/\\x", "https://x/desk/", "/desk/%2e%2e/x", "/desk/?next=//x"} {
		f.Add(next)
	}
	f.Fuzz(func(t *testing.T, next string) {
		got := wanted(next)
		if got != "" && (got != next || !strings.HasPrefix(got, "/desk/") || strings.ContainsAny(got, "\r\n\\") || strings.HasPrefix(got, "//")) {
			t.Fatalf("%q leads to %q", next, got)
		}
	})
}

func TestACodeIsSixDigits(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 200 {
		code := newCode()
		if digits(code) != code || len(code) != codeDigits || digits(readable(code)) != code {
			t.Fatalf("code %q", code)
		}
		seen[code] = true
	}
	if len(seen) < 190 {
		t.Errorf("of 200 codes %d differ", len(seen))
	}
}

func TestWhoIsCountedTogether(t *testing.T) {
	t.Parallel()
	for from, want := range map[string]string{
		"192.0.2.7": "192.0.2.0/24", "::ffff:192.0.2.9": "192.0.2.0/24", "2001:db8:1:2ff::1": "2001:db8:1:200::/56", "fe80::1%eth0": "fe80::/56",
	} {
		if got := network(netip.MustParseAddr(from)); got != want {
			t.Errorf("%s is counted in %s, want %s", from, got, want)
		}
	}
	if got := network(netip.Addr{}); got != "unknown" {
		t.Errorf("nobody knows who is counted in %s", got)
	}
}

func TestDevicesHaveNamesThatPeopleKnow(t *testing.T) {
	t.Parallel()
	for agent, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0":                      "Edge/Windows",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15":                              "Safari/Mac",
		"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36":                                    "Chrome/Android",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/140.0 Mobile/15E148 Safari/605.1.15":          "Firefox/iPhone",
		"Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-A536B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36": "Samsung Internet/Android",
		"curl/8": "/", "": "/",
	} {
		if got := deviceOf(agent).String(); got != want {
			t.Errorf("%s is %s, want %s", agent, got, want)
		}
	}
}
