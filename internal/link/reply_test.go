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
