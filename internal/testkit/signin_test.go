package testkit_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"postroom/internal/postroom"
	"postroom/internal/signin"
	"postroom/internal/testkit"
)

// The mail that lets a colleague in must leave whatever else does not, and read
// well in each language.
func TestAColleagueIsInvitedAndSignsInByMail(t *testing.T) {
	t.Parallel()
	testkit.Engines(t, func(t *testing.T, engine testkit.Option) {
		room := testkit.New(t, engine)
		from := netip.MustParseAddr("192.0.2.7")
		for _, locale := range []string{"en", "uk", "fa", "fa-AF", "ps"} {
			address := strings.ToLower(locale) + "@desk.example"
			who, err := room.SignIn.Invite(t.Context(), signin.Invitation{Address: address, Role: postroom.IsCoordinator, Locale: locale, By: "test"})
			if err != nil {
				t.Fatal(err)
			}
			room.Work(t)
			if links := room.Letter(t, address).Links(); !slices.Equal(links, []string{room.Config.Organisation.BaseURL + "/desk/sign-in"}) {
				t.Errorf("%s: the invitation leads to %q", locale, links)
			}
			if err := room.SignIn.Ask(t.Context(), signin.Asking{Address: address, Browser: "theirs", From: from}); err != nil {
				t.Fatal(err)
			}
			room.Work(t)
			letters := room.Letters(t, address)
			links := letters[len(letters)-1].Links()
			if len(letters) != 2 || len(links) != 1 {
				t.Fatalf("%s: %d letters, links %q", locale, len(letters), links)
			}
			token := links[0][strings.LastIndexByte(links[0], '/')+1:]
			if _, err := room.SignIn.Enter(t.Context(), signin.Way{Token: token, Browser: "theirs"}); err != nil {
				t.Errorf("%s: %v", locale, err)
			}
			if _, err := room.SignIn.Enter(t.Context(), signin.Way{Token: token, Browser: "theirs"}); postroom.KindOf(err) != postroom.Gone {
				t.Errorf("%s: a used link: %v", locale, err)
			}
			if devices, err := room.SignIn.Devices(t.Context(), who.Name); err != nil || len(devices) != 1 {
				t.Errorf("%s: devices %+v, %v", locale, devices, err)
			}
		}
	})
}
