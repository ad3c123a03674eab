package link

import (
	"strings"
	"testing"
)

func TestAReplyAddressNamesItsSubmissionInAnyCase(t *testing.T) {
	t.Parallel()
	s := signer(t, 'a')
	address := s.ReplyAddress("volunteering@charity.example", "K7M-4QX")
	if local, _, _ := strings.Cut(address, "@"); len(local) > 64 {
		t.Errorf("%s is longer than mail allows (RFC 5321, section 4.5.3.1.1)", local)
	}
	for _, written := range []string{address, strings.ToUpper(address)} {
		if got, ours := s.RepliesTo(written); !ours || got != "K7M-4QX" {
			t.Errorf("%s: %q, %t", written, got, ours)
		}
	}
	for _, forged := range []string{
		"", "volunteering@charity.example", "volunteering+k7m4qx@charity.example", "volunteering+k7m4qx.0000000000000000@charity.example",
		strings.Replace(address, "k7m4qx", "k7m4qy", 1), "+.@", "a+b.c@d",
	} {
		if got, ours := s.RepliesTo(forged); ours {
			t.Errorf("%q is taken for ours: %q", forged, got)
		}
	}
}

func TestALeaveAddressNamesItsSubscriptionInAnyCase(t *testing.T) {
	t.Parallel()
	const id = "0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"
	s, old := signer(t, 'b', 'a'), signer(t, 'a')
	address := old.LeaveAddress("newsletter@charity.example", id)
	if local, _, _ := strings.Cut(address, "@"); address == "" || len(local) > 64 {
		t.Errorf("%q is no address (RFC 5321, section 4.5.3.1.1)", address)
	}
	for _, written := range []string{address, strings.ToUpper(address)} {
		if got, ours := s.Leaves(written); !ours || got != id {
			t.Errorf("%s: %q, %t", written, got, ours)
		}
	}
	for _, forged := range []string{"", "newsletter@charity.example", "newsletter+u.x.y@charity.example", strings.Replace(address, "+u.0", "+u.1", 1), old.ReplyAddress("newsletter@charity.example", "K7M-4QX")} {
		if got, ours := s.Leaves(forged); ours {
			t.Errorf("%q is taken for ours: %q", forged, got)
		}
	}
	if got := s.LeaveAddress("a-mailbox-with-a-very-long-name-of-its-own@charity.example", id); got != "" {
		t.Errorf("%s is longer than mail allows", got)
	}
	if _, ours := s.RepliesTo(address); ours {
		t.Error("a leave address is taken for a reply address: one purpose each")
	}
}

func TestACommandAddressNamesItsColleagueInAnyCase(t *testing.T) {
	t.Parallel()
	s, old := signer(t, 'b', 'a'), signer(t, 'a')
	for _, name := range []string{"office", "Олена", "Sam / garden"} {
		address := old.CommandAddress("support@charity.example", name)
		if local, _, _ := strings.Cut(address, "@"); address == "" || len(local) > 64 {
			t.Errorf("%q is no address (RFC 5321, section 4.5.3.1.1)", address)
		}
		for _, written := range []string{address, strings.ToUpper(address)} {
			if got, ours := s.CommandsTo(written); !ours || got != name {
				t.Errorf("%s: %q, %t", written, got, ours)
			}
		}
		for _, purpose := range []func(string) (string, bool){s.RepliesTo, s.Leaves} {
			if got, ours := purpose(address); ours {
				t.Errorf("a command address is taken for another: %q", got)
			}
		}
	}
	address := old.CommandAddress("support@charity.example", "office")
	for _, forged := range []string{
		"", "support@charity.example", "support+d.x.y@charity.example", "support+d.@charity.example", strings.Replace(address, "+d.", "+u.", 1),
		old.CommandAddress("support@charity.example", "cag")[:14] + address[14:], old.LeaveAddress("support@charity.example", "0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"),
		signer(t, 'z').CommandAddress("support@charity.example", "office"),
	} {
		if got, ours := s.CommandsTo(forged); ours {
			t.Errorf("%q is taken for ours: %q", forged, got)
		}
	}
	if got := s.CommandAddress("support@charity.example", "a colleague with a very long name of their own"); got != "" {
		t.Errorf("%s is longer than mail allows", got)
	}
	if got := s.CommandAddress("support@charity.example", ""); got != "" {
		t.Errorf("nobody has the address %s", got)
	}
}

func TestADeedIsReadBackWhateverAColleagueIsCalled(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"office", "a|b", ""} {
		act, matter, id, who, ok := ReadDeed(DeedSubject("done", "submission", "0193", name))
		if !ok || act != "done" || matter != "submission" || id != "0193" || who != name {
			t.Errorf("%q came back as %q %q %q %q %t", name, act, matter, id, who, ok)
		}
	}
	if _, _, _, _, ok := ReadDeed("done|submission|0193"); ok {
		t.Error("a part is missing, and nobody minds")
	}
}

func FuzzCommandsTo(f *testing.F) {
	s := signer(f, 'a')
	f.Add(s.CommandAddress("support@charity.example", "office"))
	f.Add("support+d.x.y@charity.example")
	f.Fuzz(func(t *testing.T, address string) {
		if name, ours := s.CommandsTo(address); ours && !strings.EqualFold(strings.Split(s.CommandAddress("support@charity.example", name), "@")[0], strings.Replace(strings.Split(address, "@")[0], address[:strings.Index(strings.ToLower(address), "+d.")], "support", 1)) {
			t.Errorf("%q commands for %q", address, name)
		}
	})
}
