package signin_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/signin"
	"postroom/internal/store"
)

func TestAMailedLinkSignsInOnce(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		h := open(t, url)
		b := h.browser(t)
		if a := b.get("/desk/"); a.to != "/desk/sign-in" {
			t.Errorf("a stranger is shown the desk: %+v", a)
		}
		path, _ := b.ask(" ANN@example.org ")
		m := h.post.sent[0]
		if m.To != "ann@example.org" || m.Template != "sign-in" || m.Lane != postroom.Urgent || m.Data["browser"] != "Firefox" || m.Data["system"] != "Windows" {
			t.Errorf("owed %+v", m)
		}
		for range 3 { // a mail scanner
			a := b.get(path)
			if a.status != http.StatusOK || !strings.Contains(a.body, `action="`+path+`"`) || a.header.Get("Cache-Control") != "no-store" {
				t.Fatalf("the link shows %d %v\n%s", a.status, a.header, a.body)
			}
		}
		if b.isIn("ann") {
			t.Fatal("looking at a link signs in")
		}
		if a := b.post(path); a.status != http.StatusSeeOther || a.to != "/desk/" {
			t.Fatalf("the button: %d %s\n%s", a.status, a.to, a.body)
		}
		if !b.isIn("ann") {
			t.Fatal("ann is not in")
		}
		if a := b.post(path); a.status != http.StatusGone {
			t.Errorf("a used link: %d", a.status)
		}
		other := h.browser(t)
		if a := other.post(path); a.status != http.StatusGone || other.isIn("ann") {
			t.Errorf("a used link elsewhere: %d", a.status)
		}
	})
}

func TestALinkOpensOnlyInTheBrowserThatAsked(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		h := open(t, url)
		b, other := h.browser(t), h.browser(t)
		path, _ := b.ask("ann@example.org")
		for _, a := range []answer{other.get(path), other.post(path)} {
			if a.status != http.StatusForbidden || !strings.Contains(a.body, "Open this link where you asked for it") || strings.Contains(a.body, "ann") {
				t.Errorf("in another browser: %d\n%s", a.status, a.body)
			}
		}
		if other.isIn("ann") {
			t.Error("another browser is in")
		}
		h.clock.pass(15 * time.Minute)
		if a := b.post(path); a.status != http.StatusGone || !strings.Contains(a.body, "Ask for another link") {
			t.Errorf("too late: %d\n%s", a.status, a.body)
		}
	})
}

func TestACodeSignsInWhereItWasAskedFor(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		h := open(t, url)
		b, other := h.browser(t), h.browser(t)
		path, code := b.ask("bea@example.org")
		other.get("/desk/sign-in")
		if a := other.post("/desk/sign-in/code", "code", code); a.status != http.StatusUnprocessableEntity || other.isIn("bea") {
			t.Errorf("in another browser: %d", a.status)
		}
		for _, wrong := range []string{"", "x", "000 00", code + "1", strings.Repeat("1", 10_000)} {
			if a := b.post("/desk/sign-in/code", "code", wrong); a.status != http.StatusUnprocessableEntity || b.isIn("bea") {
				t.Errorf("wrong code %.10q: %d", wrong, a.status)
			}
		}
		persian := strings.NewReplacer("0", "۰", "1", "۱", "2", "۲", "3", "۳", "4", "۴", "5", "۵", "6", "۶", "7", "۷", "8", "۸", "9", "۹").Replace(code)
		if a := b.post("/desk/sign-in/code", "code", persian); a.to != "/desk/" || !b.isIn("bea") {
			t.Errorf("the code: %d\n%s", a.status, a.body)
		}
		if a := b.post(path); a.status != http.StatusGone {
			t.Errorf("the link beside a used code: %d", a.status)
		}
	})
}

func TestGuessedCodesEnd(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		h := open(t, url)
		b := h.browser(t)
		_, code := b.ask("bea@example.org")
		for range 5 {
			b.post("/desk/sign-in/code", "code", "abc1")
		}
		if a := b.post("/desk/sign-in/code", "code", code); a.status != http.StatusUnprocessableEntity || b.isIn("bea") {
			t.Errorf("after five guesses the code still works: %d", a.status)
		}
	})
}

func TestNobodyLearnsWhoWorksHere(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		h := open(t, url)
		statements := func(address string) (list []string, a, sent answer) {
			b := h.browser(t)
			b.get("/desk/sign-in")
			h.said = func(s string) { list = append(list, strings.Fields(s)[0]) }
			a, sent = b.post("/desk/sign-in", "address", address), b.get("/desk/sign-in/sent")
			h.said = nil
			return list, a, sent
		}
		known, knownAnswer, knownPage := statements("ann@example.org")
		unknown, unknownAnswer, unknownPage := statements("stranger@example.org")
		if len(known) != len(unknown) {
			t.Errorf("a colleague takes %q, a stranger %q", known, unknown)
		}
		if knownAnswer.status != unknownAnswer.status || knownAnswer.to != unknownAnswer.to || knownAnswer.body != unknownAnswer.body || knownPage.body != unknownPage.body {
			t.Error("a stranger is answered differently")
		}
		if len(h.post.sent) != 1 {
			t.Errorf("%d mails are owed", len(h.post.sent))
		}
	})
}

func TestOddAddressesAreNobodys(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		h := open(t, url)
		for _, odd := range []string{
			"ann@example.org\r\nBcc: x@example.org", "ann@example.org\n", "ann@example.org,x@example.org", "Ann <ann@example.org>", "ann@example.org\x00",
			strings.Repeat("a", 10_000) + "@example.org", "@", "ann@example.org@example.org", "\xff\xfe@example.org", "' OR 1=1 --@example.org",
		} {
			h.from = h.from.Next().Next() // each is asked by itself
			b := h.browser(t)
			path, _ := b.ask(odd)
			if odd == "ann@example.org\n" {
				if path == "" {
					t.Error("a line break at the end of an address is not passed over")
				}
				continue
			}
			if path != "" {
				t.Errorf("%.40q is somebody's", odd)
			}
		}
		for _, m := range h.post.sent {
			if m.To != "ann@example.org" {
				t.Errorf("mail is owed to %q", m.To)
			}
		}
		if a := h.browser(t).post("/desk/sign-in", "address", ""); a.status != http.StatusUnprocessableEntity {
			t.Errorf("no address: %d", a.status)
		}
	})
}

func TestTooMuchIsNotAskedFor(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		h := open(t, url)
		for range 5 {
			h.browser(t).ask("ann@example.org")
		}
		if n := len(h.post.sent); n != 3 {
			t.Errorf("%d mails in an hour to one address", n)
		}
		for range 15 {
			h.browser(t).ask("stranger@example.org")
		}
		a := h.browser(t).post("/desk/sign-in", "address", "bea@example.org")
		if a.status != http.StatusTooManyRequests || len(h.post.sent) != 3 {
			t.Errorf("the 21st from one network: %d", a.status)
		}
		h.from = netip.MustParseAddr("2001:db8::1")
		if path, _ := h.browser(t).ask("bea@example.org"); path == "" {
			t.Error("another network is kept out, too")
		}
		h.from = netip.MustParseAddr("192.0.2.200")
		h.clock.pass(time.Hour + time.Second)
		if path, _ := h.browser(t).ask("ann@example.org"); path == "" {
			t.Error("an hour later nothing is owed")
		}
	})
}

func TestAStrangerCannotKeepAColleagueOutOfTheirOwnBrowser(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		h := open(t, url)
		own := h.browser(t)
		path, _ := own.ask("ann@example.org")
		own.post(path)
		h.clock.pass(13 * time.Hour)
		for range 4 {
			h.browser(t).ask("ann@example.org")
		}
		if n := len(h.post.sent); n != 4 {
			t.Fatalf("%d mails are owed", n)
		}
		for range 4 {
			path, _ = own.ask("ann@example.org")
			if path != "" {
				own.post(path)
			}
		}
		if n := len(h.post.sent); n != 7 || !own.isIn("ann") {
			t.Errorf("%d mails are owed", n)
		}
	})
}

func TestARequestFromNoBrowserOpensNothing(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		h := open(t, url)
		m := asked(t, h, "ann@example.org", "")
		for _, browser := range []string{"", "x"} {
			_, err := h.Enter(t.Context(), signin.Way{Token: m.Data["url"][strings.LastIndexByte(m.Data["url"], '/')+1:], Browser: browser})
			if postroom.KindOf(err) != postroom.Gone {
				t.Errorf("in browser %q: %v", browser, err)
			}
		}
	})
}

func TestOneOfManyAtOnceIsLetIn(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		h := open(t, url)
		m := asked(t, h, "ann@example.org", "the browser")
		token := m.Data["url"][strings.LastIndexByte(m.Data["url"], '/')+1:]
		var mu sync.Mutex
		var wg sync.WaitGroup
		in := 0
		for i := range 16 {
			way := signin.Way{Token: token, Browser: "the browser"}
			if i%2 == 1 {
				way = signin.Way{Code: m.Data["code"], Browser: "the browser"}
			}
			wg.Go(func() {
				_, err := h.Enter(t.Context(), way)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					in++
				} else if postroom.KindOf(err) != postroom.Gone {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if devices, err := h.Devices(t.Context(), "ann"); in != 1 || len(devices) != 1 || err != nil {
			t.Errorf("%d were let in, %d devices, %v", in, len(devices), err)
		}
	})
}

// asked asks for a link below the pages and returns what is owed.
func asked(t *testing.T, h *house, address, browser string) postroom.Message {
	t.Helper()
	if err := h.Ask(t.Context(), signin.Asking{Address: address, Browser: browser, From: h.from}); err != nil {
		t.Fatal(err)
	}
	return h.post.sent[len(h.post.sent)-1]
}

func TestTheLimitHoldsForManyAtOnce(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		h := open(t, url)
		var wg sync.WaitGroup
		for i := range 12 {
			wg.Go(func() {
				err := h.Ask(t.Context(), signin.Asking{Address: "ann@example.org", Browser: fmt.Sprint(i), From: h.from})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		n := 0
		err := h.store.Write(t.Context(), func(tx *store.Tx) error {
			asks, err := tx.CountSignInAsks(store.SignInAsk{Address: "ann@example.org"}, monday.Add(-time.Hour))
			n = asks.Mailed
			return err
		})
		if err != nil || n != 3 {
			t.Errorf("%d mails are owed, %v", n, err)
		}
	})
}

func TestWhoeverHasLeftIsSignedOutAtOnce(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		h := open(t, url)
		leaves := map[string]func(tx *store.Tx, c postroom.Colleague) error{
			"ann": func(tx *store.Tx, c postroom.Colleague) error { c.LeftAt = monday; return tx.ChangeColleague(c) },
			"bea": func(tx *store.Tx, c postroom.Colleague) error { return tx.SetGrants(c.Name, nil) },
		}
		for name, leave := range leaves {
			b, second := h.browser(t), h.browser(t)
			path, _ := b.ask(name + "@example.org")
			b.post(path)
			path, _ = second.ask(name + "@example.org")
			if !b.isIn(name) {
				t.Fatalf("%s is not in", name)
			}
			c, _ := h.team.Named(name)
			if err := h.team.Change(t.Context(), func(tx *store.Tx) error { return leave(tx, c) }); err != nil {
				t.Fatal(err)
			}
			if b.isIn(name) {
				t.Errorf("%s is still in", name)
			}
			if a := second.post(path); a.status != http.StatusGone || second.isIn(name) {
				t.Errorf("a link that %s asked for before: %d", name, a.status)
			}
			h.clock.pass(2 * time.Hour)
			if path, _ := second.ask(name + "@example.org"); path != "" {
				t.Errorf("%s is sent a link", name)
			}
		}
	})
}

func TestASignInLastsHalfADayWithoutALookAndAMonthWithMany(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		h := open(t, url)
		b := h.browser(t)
		in := func() { path, _ := b.ask("ann@example.org"); b.post(path) }
		in()
		h.clock.pass(12*time.Hour + time.Minute)
		if b.isIn("ann") {
			t.Error("a sign-in lasts more than twelve hours without a look")
		}
		in()
		days := 0
		for ; days < 40 && b.isIn("ann"); days++ {
			h.clock.pass(8 * time.Hour)
			if !b.isIn("ann") {
				break
			}
			h.clock.pass(8 * time.Hour)
			if !b.isIn("ann") {
				break
			}
			h.clock.pass(8 * time.Hour)
		}
		if days < 29 || days > 30 {
			t.Errorf("a sign-in lasts %d days", days)
		}
	})
}

func TestADeviceIsListedAndRevoked(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		h := open(t, url)
		desktop, phone := h.browser(t), h.browser(t)
		phone.agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
		for _, b := range []*browser{desktop, phone, desktop, phone} {
			path, _ := b.ask("ann@example.org")
			if path == "" {
				h.clock.pass(time.Hour + time.Second)
				path, _ = b.ask("ann@example.org")
			}
			b.post(path)
		}
		told := slices.DeleteFunc(slices.Clone(h.post.sent), func(m postroom.Message) bool { return m.Template != "signed-in-elsewhere" })
		if len(told) != 1 || told[0].Data["system"] != "iPhone" || told[0].To != "ann@example.org" {
			t.Errorf("ann is told of %+v", told)
		}
		page := desktop.get("/desk/devices").body
		if strings.Count(page, "<li>") != 2 || !strings.Contains(page, "Safari on iPhone") || !strings.Contains(page, "Firefox on Windows <small>(this browser)") {
			t.Errorf("the devices are\n%s", page)
		}
		devices, err := h.Devices(t.Context(), "ann")
		if err != nil {
			t.Fatal(err)
		}
		stranger := h.browser(t)
		path, _ := stranger.ask("bea@example.org")
		stranger.post(path)
		for _, d := range devices {
			stranger.post("/desk/devices/" + d.ID + "/revoke")
		}
		if !phone.isIn("ann") || !desktop.isIn("ann") {
			t.Fatal("bea has signed ann out")
		}
		i := slices.IndexFunc(devices, func(d signin.Device) bool { return d.System == "iPhone" })
		for range 2 {
			if a := desktop.post("/desk/devices/" + devices[i].ID + "/revoke"); a.to != "/desk/devices" {
				t.Errorf("revoking: %+v", a)
			}
		}
		if phone.isIn("ann") || !desktop.isIn("ann") {
			t.Error("revoking one device did not end just that one")
		}
	})
}

func TestEveryOtherDeviceIsRevokedAtOnceWithLinksOnTheirWay(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		h := open(t, url)
		desktop, phone, thief := h.browser(t), h.browser(t), h.browser(t)
		for _, b := range []*browser{desktop, phone} {
			path, _ := b.ask("ann@example.org")
			b.post(path)
		}
		path, _ := thief.ask("ann@example.org")
		desktop.post("/desk/devices/others/revoke")
		thief.post(path)
		if !desktop.isIn("ann") || phone.isIn("ann") || thief.isIn("ann") {
			t.Error("others are in, or the one that asked is out")
		}
		desktop.post("/desk/sign-out")
		if desktop.isIn("ann") {
			t.Error("ann has signed out and is in")
		}
		for _, path := range []string{"/desk/devices/x/revoke", "/desk/devices/others/revoke"} {
			if a := desktop.post(path); a.to != "/desk/sign-in" {
				t.Errorf("%s for a stranger: %+v", path, a)
			}
		}
	})
}

func TestSigningInTakesTheWantedPageAndANewToken(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		h := open(t, url)
		for next, to := range map[string]string{
			"/desk/inbox/x?y=1": "/desk/inbox/x?y=1", "https://evil.example/desk/": "/desk/", "//evil.example/desk/": "/desk/", "/desk//evil": "/desk/",
			"/desk/\\evil": "/desk/", "/desk/../f/x": "/desk/", "/desk/sign-out": "/desk/", "/desk/a\nb": "/desk/", "/f/join": "/desk/",
		} {
			h.clock.pass(time.Hour + time.Second)
			b := h.browser(t)
			b.post("/desk/sign-in", "address", "ann@example.org", "next", next)
			path := strings.TrimPrefix(h.post.sent[len(h.post.sent)-1].Data["url"], baseURL)
			if a := b.post(path); a.to != to {
				t.Errorf("%q leads to %q", next, a.to)
			}
			h.post.sent = nil
		}
	})
}

func TestASignInTakesThePlaceOfTheOneBefore(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		h := open(t, url)
		b := h.browser(t)
		for _, name := range []string{"ann", "bea", "bea"} {
			path, _ := b.ask(name + "@example.org")
			b.post(path)
			if !b.isIn(name) {
				t.Fatalf("%s is not in", name)
			}
		}
		for name, want := range map[string]int{"ann": 0, "bea": 1} {
			if devices, err := h.Devices(t.Context(), name); err != nil || len(devices) != want {
				t.Errorf("%s has %d devices, %v", name, len(devices), err)
			}
		}
	})
}

func TestWhatIsKeptIsTakenOnce(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		h := open(t, url)
		b := h.browser(t)
		path, _ := b.ask("ann@example.org")
		b.post(path)
		b.get("/desk/?keep=done")
		for _, want := range []string{" kept done", " kept "} {
			if got := b.get("/desk/?kept=1").body; !strings.HasSuffix(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		if !b.isIn("ann") {
			t.Error("keeping something signs out")
		}
	})
}

func TestAPrintedLinkWorksOnceAndTheDemosForEverybody(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		h := open(t, url)
		link, err := h.LinkFor(t.Context(), "ann")
		if err != nil {
			t.Fatal(err)
		}
		path := strings.TrimPrefix(link, baseURL)
		first, second := h.browser(t), h.browser(t)
		first.get(path)
		if first.isIn("ann") {
			t.Error("looking at a printed link signs in")
		}
		first.post(path)
		second.post(path)
		if !first.isIn("ann") || second.isIn("ann") {
			t.Error("a printed link does not work once")
		}
		if _, err := h.SignInFor(t.Context(), "nobody"); postroom.KindOf(err) != postroom.NotFound {
			t.Errorf("a link for nobody: %v", err)
		}
		demo := signin.New(signin.Options{Store: h.store, Team: h.team, Outbox: h.post, Clock: h.clock, BaseURL: baseURL, Demo: true})
		h.SignIn = demo
		h.pages = h.hang(t)
		if link, err = demo.LinkFor(t.Context(), "bea"); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			visitor := h.browser(t)
			if a := visitor.get(strings.TrimPrefix(link, baseURL)); a.to != "/desk/" || !visitor.isIn("bea") {
				t.Errorf("the demo's link: %d %s", a.status, a.to)
			}
		}
	})
}

func TestCookiesAreSafe(t *testing.T) {
	t.Parallel()
	h := open(t, t.TempDir()+"/x.db", func(o *signin.Options) { o.BaseURL = "https://desk.example.org" })
	r := h.browser(t)
	a := r.get("/desk/sign-in")
	for _, want := range []string{"__Host-desk-browser=", "; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"} {
		if !strings.Contains(a.header.Get("Set-Cookie"), want) {
			t.Errorf("%q is not in %q", want, a.header.Get("Set-Cookie"))
		}
	}
	if strings.Contains(a.header.Get("Set-Cookie"), "Domain") {
		t.Error("the cookie names a domain")
	}
}

func TestAnInvitationIsAMailAndAGrant(t *testing.T) {
	engines(t, func(t *testing.T, url string) {
		h := open(t, url)
		h.invite(t, signin.Invitation{Address: "Cy@Example.org", Role: postroom.Greeter})
		m := h.post.sent[0]
		if m.To != "cy@example.org" || m.Template != "invited" || m.Data["url"] != baseURL+"/desk/sign-in" {
			t.Errorf("owed %+v", m)
		}
		h.invite(t, signin.Invitation{Address: "cy@example.org", Role: postroom.Viewer})
		cy, _ := h.team.Named("cy")
		if !cy.Is(postroom.Greeter) || !cy.Is(postroom.Viewer) {
			t.Errorf("cy has %+v", cy.Grants)
		}
		cy.LeftAt = monday
		if err := h.team.Change(t.Context(), func(tx *store.Tx) error { return tx.ChangeColleague(cy) }); err != nil {
			t.Fatal(err)
		}
		h.invite(t, signin.Invitation{Address: "cy@example.org", Role: postroom.Viewer})
		if cy, here := h.team.Named("cy"); !here || cy.Is(postroom.Greeter) || !cy.Is(postroom.Viewer) {
			t.Errorf("cy is back with %+v", cy.Grants)
		}
		for _, c := range []struct {
			i    signin.Invitation
			kind postroom.Kind
		}{
			{signin.Invitation{Address: "x", Role: postroom.Admin}, postroom.Invalid},
			{signin.Invitation{Address: "x@example.org\r\nBcc: y@example.org", Role: postroom.Admin}, postroom.Invalid},
			{signin.Invitation{Address: "x@example.org", Role: "king"}, postroom.Invalid},
			{signin.Invitation{Address: "x@example.org", Name: "ann", Role: postroom.Admin}, postroom.Conflict},
			{signin.Invitation{Address: "ann@example.org", Name: "x", Role: postroom.Admin}, postroom.Conflict},
		} {
			if _, err := h.Invite(t.Context(), c.i); postroom.KindOf(err) != c.kind {
				t.Errorf("%+v: %v", c.i, err)
			}
		}
	})
}
