package store

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"postroom/internal/postroom"
)

// asks files a request to sign in that was made at a moment.
func asks(t testing.TB, s *Store, a SignInAsk) SignInAsk {
	t.Helper()
	if a.At.IsZero() {
		a.At = monday
	}
	if a.Until.IsZero() {
		a.Until = a.At.Add(15 * time.Minute)
	}
	write(t, s, func(tx *Tx) error { return tx.AddSignInAsk(a) })
	return a
}

func use(t testing.TB, s *Store, hash, browser string, at time.Time) (name string, err error) {
	t.Helper()
	err = s.Write(t.Context(), func(tx *Tx) error {
		name, _, err = tx.UseSignInLink(hash, browser, at)
		return err
	})
	return name, err
}

func TestASignInLinkOpensOnceInItsBrowserAndInTime(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		asks(t, s, SignInAsk{Hash: "hers", Colleague: "ann", Browser: "b1"})
		asks(t, s, SignInAsk{Hash: "nobodys", Browser: "b1"})
		asks(t, s, SignInAsk{Hash: "printed", Colleague: "ann"})
		asks(t, s, SignInAsk{Hash: "shown", Colleague: "ann", Many: true})
		for _, c := range []struct {
			name, hash, browser string
			after               time.Duration
			opens               bool
		}{
			{"in another browser", "hers", "b2", 0, false},
			{"in no browser", "hers", "", 0, false},
			{"too late", "hers", "b1", 15 * time.Minute, false},
			{"in its browser", "hers", "b1", 14 * time.Minute, true},
			{"a second time", "hers", "b1", 14 * time.Minute, false},
			{"one that is nobody's", "nobodys", "b1", 0, false},
			{"one that never was", "never", "b1", 0, false},
			{"a printed one anywhere", "printed", "b9", 0, true},
			{"a printed one twice", "printed", "b9", 0, false},
			{"the demo's", "shown", "b9", 0, true},
			{"the demo's twice", "shown", "b8", 0, true},
		} {
			name, err := use(t, s, c.hash, c.browser, monday.Add(c.after))
			if c.opens && (err != nil || name != "ann") {
				t.Errorf("%s: got %q, %v", c.name, name, err)
			}
			if !c.opens {
				wantKind(t, err, postroom.Gone)
			}
		}
	})
}

func TestOneOfManyWhoUseASignInLinkAtOnceIsFirst(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		asks(t, s, SignInAsk{Hash: "hers", Colleague: "ann", Browser: "b1"})
		won := 0
		for _, err := range together(20, func(int) error { _, err := use(t, s, "hers", "b1", monday); return err }) {
			if err == nil {
				won++
			} else {
				wantKind(t, err, postroom.Gone)
			}
		}
		if won != 1 {
			t.Errorf("%d of 20 were let in", won)
		}
	})
}

func tried(t testing.TB, s *Store, browser, code string, at time.Time) (hash string, was bool) {
	t.Helper()
	write(t, s, func(tx *Tx) (err error) {
		hash, was, err = tx.TrySignInCode(browser, code, at)
		return err
	})
	return hash, was
}

func TestFiveCodesMayBeTypedAndNoMore(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		asks(t, s, SignInAsk{Hash: "hers", Colleague: "ann", Address: "a", Browser: "b1", Code: "123456"})
		if hash, was := tried(t, s, "b2", "123456", monday); hash != "" || was {
			t.Error("a code was taken in another browser")
		}
		if hash, was := tried(t, s, "", "123456", monday); hash != "" || was {
			t.Error("a code was taken in no browser")
		}
		for i := range 4 {
			if hash, was := tried(t, s, "b1", fmt.Sprint("00000", i), monday); hash != "" || !was {
				t.Errorf("wrong code %d: %q %v", i, hash, was)
			}
		}
		if hash, _ := tried(t, s, "b1", "123456", monday); hash != "hers" {
			t.Error("the fifth code was not taken")
		}
		if hash, was := tried(t, s, "b1", "123456", monday); hash != "" || was {
			t.Error("a sixth code was taken")
		}
	})
}

func TestTwentyCodesADayMayBeTypedForOneAddress(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		n := 0
		for i := range 6 { // each in a browser of its own
			asks(t, s, SignInAsk{Hash: fmt.Sprint("h", i), Colleague: "ann", Address: "a", Browser: fmt.Sprint("b", i), Code: "123456"})
			for range 5 {
				if _, was := tried(t, s, fmt.Sprint("b", i), "000000", monday); was {
					n++
				}
			}
		}
		if n != 20 {
			t.Errorf("%d codes were tried", n)
		}
		asks(t, s, SignInAsk{Hash: "next", Colleague: "ann", Address: "a", Browser: "b", Code: "123456", At: monday.Add(25 * time.Hour)})
		if hash, _ := tried(t, s, "b", "123456", monday.Add(25*time.Hour)); hash != "next" {
			t.Error("the next day a code does not work")
		}
	})
}

func TestRequestsToSignInAreCountedByAddressAndNetwork(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		for i, a := range []SignInAsk{
			{Colleague: "ann", Address: "ann@x", Net: "n1", Browser: "b"},
			{Address: "ann@x", Net: "n1", Browser: "b"}, // over a limit: no mail
			{Address: "other@x", Net: "n1", Browser: "b"},
			{Colleague: "bea", Address: "bea@x", Net: "n2", Browser: "b"},
			{Colleague: "ann", Address: "ann@x", Net: "n2", Browser: "b", At: monday.Add(-time.Hour)},
			{Colleague: "ann", Address: "ann@x"}, // from the command line
		} {
			a.Hash = fmt.Sprint(i)
			asks(t, s, a)
		}
		write(t, s, func(tx *Tx) error {
			n, err := tx.CountSignInAsks(SignInAsk{Colleague: "ann", Address: "ann@x", Net: "n1", Browser: "b2"}, monday.Add(-time.Hour))
			if want := (SignInAsks{Mailed: 1, FromNet: 3, All: 2}); n != want {
				t.Errorf("counted %+v, want %+v", n, want)
			}
			return err
		})
	})
}

func TestWhatWasAskedForIsForgottenAfterADay(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		asks(t, s, SignInAsk{Hash: "old", Browser: "b"})
		asks(t, s, SignInAsk{Hash: "demo", Colleague: "ann", Many: true, Until: monday.AddDate(0, 0, 30)})
		asks(t, s, SignInAsk{Hash: "new", Browser: "b", At: monday.Add(25 * time.Hour)})
		if n := count(t, s, `SELECT count(*) FROM signin_links`); n != 2 {
			t.Errorf("%d are kept", n)
		}
	})
}

func TestTheTableOfLinksNamesNobodyWhoAsked(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		asks(t, s, SignInAsk{Hash: "h", Address: "ann@example.org", Net: "192.0.2.0/24", Browser: "b", Code: "123456"})
		var who, net, code string
		if err := s.Read(t.Context()).row(`SELECT who, net, code FROM signin_links`).Scan(&who, &net, &code); err != nil {
			t.Fatal(err)
		}
		for _, stored := range []string{who, net, code} {
			if stored == "" || strings.Contains(stored, "ann") || strings.Contains(stored, "192.0") || strings.Contains(stored, "123456") {
				t.Errorf("stored %q", stored)
			}
		}
	})
}

func signedIn(t testing.TB, s *Store, in SignIn) {
	t.Helper()
	in.ID = "id-" + in.Hash
	write(t, s, func(tx *Tx) error { return tx.AddSignIn(in, in.BeganAt.Add(-12*time.Hour)) })
}

func TestASignInEndsByItselfOrByAWord(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		for _, hash := range []string{"one", "two", "three"} {
			signedIn(t, s, SignIn{Hash: hash, Colleague: "ann", Device: "Firefox/Windows", Data: []byte("data"), BeganAt: monday, ExpiresAt: monday.AddDate(0, 0, 30)})
		}
		there := func(hash string, now time.Time) bool {
			t.Helper()
			in, found, err := s.Read(t.Context()).SignIn(hash, now, now.Add(-12*time.Hour))
			if err != nil || found && string(in.Data) != "data" {
				t.Fatal(in, err)
			}
			return found
		}
		if !there("one", monday.Add(12*time.Hour)) || there("one", monday.Add(12*time.Hour+1e6)) {
			t.Error("a sign-in does not end after 12 hours without a look")
		}
		write(t, s, func(tx *Tx) error { return tx.SeeSignIn("one", monday.Add(time.Hour)) })
		if !there("one", monday.Add(13*time.Hour)) {
			t.Error("a look at the desk does not keep a sign-in")
		}
		wantKind(t, s.Write(t.Context(), func(tx *Tx) error { return tx.EndSignInOf("bea", "id-one") }), postroom.NotFound)
		write(t, s, func(tx *Tx) error { return tx.EndSignInOf("ann", "id-two") })
		if there("two", monday) {
			t.Error("a revoked sign-in is there")
		}
		write(t, s, func(tx *Tx) error {
			n, err := tx.EndSignIns("ann", "id-one")
			if n != 1 {
				err = errors.Join(err, fmt.Errorf("ended %d", n))
			}
			return err
		})
		list := got(s.Read(t.Context()).SignInsOf("ann", monday.Add(time.Hour), monday))(t)
		if len(list) != 1 || list[0].Hash != "one" || !list[0].SeenAt.Equal(monday.Add(time.Hour)) {
			t.Errorf("left are %+v", list)
		}
		write(t, s, func(tx *Tx) error {
			if err := tx.KeepSignIn("two", []byte("data")); err != nil { // that has ended
				return err
			}
			ended, err := tx.EndSignIn("one")
			if ended.Colleague != "ann" {
				t.Errorf("ended %+v", ended)
			}
			return err
		})
		if n := count(t, s, `SELECT count(*) FROM sign_ins`); n != 0 {
			t.Errorf("%d sign-ins are kept", n)
		}
	})
}

func TestABrowserIsNewOnceAndTheFirstNever(t *testing.T) {
	onBoth(t, func(t *testing.T, s *Store) {
		for i, c := range []struct {
			colleague, browser string
			isNew              bool
		}{
			{"ann", "b1", false}, {"ann", "b1", false}, {"ann", "b2", true}, {"ann", "b2", false}, {"bea", "b1", false},
		} {
			write(t, s, func(tx *Tx) error {
				isNew, err := tx.NewBrowser(c.colleague, c.browser, monday)
				if isNew != c.isNew {
					t.Errorf("%d: %s in %s is new: %v", i, c.colleague, c.browser, isNew)
				}
				return err
			})
		}
	})
}
