package config_test

import (
	"strings"
	"testing"

	"postroom/internal/config"
)

func TestSummariesComeAtHalfPastSevenUnlessSaidOtherwise(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]config.TimeOfDay{
		"":                       {Hour: 7, Minute: 30},
		"digest_at: \"08:00\"\n": {Hour: 8},
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
		if err == nil || !strings.Contains(err.Error(), `:4:12: digest_at is not a time of day; write digest_at: "07:30", or digest_at: never`) {
			t.Errorf("%s: %v", written, err)
		}
	}
}

func TestAWebhookIsAtSlackAndIsNeverRepeated(t *testing.T) {
	t.Parallel()
	const hook = "https://hooks.slack.com/services/T0/B0/very-secret"
	got := mustLoad(t, least+"slack:\n  webhook: "+hook+"\n  coordinators: [{name: office, webhook: "+hook+"1}]\n  programmes: [{name: questions, webhook: "+hook+"2}]\n", nil).Slack
	if !got.Configured() || got.Webhook.Reveal() != hook || got.Coordinators["office"].Reveal() != hook+"1" || got.Programmes["questions"].Reveal() != hook+"2" || got.Host != config.SlackHost {
		t.Errorf("read as %v with %d and %d", got.Host, len(got.Coordinators), len(got.Programmes))
	}
	if none := mustLoad(t, least, nil).Slack; none.Configured() {
		t.Error("something is posted though nothing was said")
	}
	for _, wrong := range []string{
		"http://hooks.slack.com/services/very-secret", "https://hooks.slack.com.evil.example/very-secret", "https://a:b@hooks.slack.com/very-secret", "very-secret", "https://127.0.0.1:1/very-secret",
	} {
		_, err := load(t, least+"slack:\n  webhook: "+wrong+"\n", nil)
		if err == nil || !strings.Contains(err.Error(), "webhook is not an address at hooks.slack.com") || strings.Contains(err.Error(), "very-secret") {
			t.Errorf("%s: %v", wrong, err)
		}
	}
	if got := mustLoad(t, least+"slack:\n  webhook_host: 127.0.0.1:1\n  webhook: https://127.0.0.1:1/x\n", nil).Slack; got.Webhook.Empty() {
		t.Error("a test may not name another host")
	}
	if _, err := load(t, least+"slack:\n  coordinators: [{name: office}]\n", nil); err == nil {
		t.Error("a coordinator without a webhook is no mistake")
	}
}
