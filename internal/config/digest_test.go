package config_test

import (
	"strings"
	"testing"

	"postroom/internal/config"
)

func TestSummariesComeAtEightUnlessSaidOtherwise(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]config.TimeOfDay{
		"":                       {Hour: 8},
		"digest_at: \"07:30\"\n": {Hour: 7, Minute: 30},
		"digest_at: 16:45\n":     {Hour: 16, Minute: 45},
	} {
		if got := mustLoad(t, least+written, nil).DigestAt; got == nil || *got != want {
			t.Errorf("%q: got %v, want %v", written, got, want)
		}
	}
	if got := mustLoad(t, least+"digest_at: never\n", nil).DigestAt; got != nil {
		t.Errorf("never is at %v", got)
	}
}

func TestATimeThatIsNoneIsNamedWithItsLine(t *testing.T) {
	t.Parallel()
	for _, written := range []string{"8am", "\"25:00\"", "08:00:00", "480"} {
		_, err := load(t, least+"digest_at: "+written+"\n", nil)
		if err == nil || !strings.Contains(err.Error(), `:4:12: digest_at is not a time of day; write digest_at: "08:00", or digest_at: never`) {
			t.Errorf("%s: %v", written, err)
		}
	}
}
