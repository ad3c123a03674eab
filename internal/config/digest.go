package config

import (
	"fmt"
	"net/url"
	"time"

	"postroom/internal/proof"
)

// TimeOfDay is a time on the clock, in the organisation's zone.
type TimeOfDay struct{ Hour, Minute int }

// digestAt reads when coordinators get their summary: half past seven in the
// morning if left out.
func digestAt(m proof.Map) *TimeOfDay {
	written := or(m.Text("digest_at"), "07:30")
	if written == "never" {
		return nil
	}
	t, err := time.Parse("15:04", written)
	if err != nil {
		m.Wrong("digest_at", "digest_at is not a time of day", `digest_at: "07:30", or digest_at: never`)
	}
	return &TimeOfDay{Hour: t.Hour(), Minute: t.Minute()}
}

// SlackHost is where incoming webhooks are, and the only place to which counts
// are posted unless a test says otherwise.
const SlackHost = "hooks.slack.com"

// Slack says where the counts of each morning go besides the mails. A webhook
// lets whoever has it write into a channel, so each is a secret.
type Slack struct {
	Webhook      Secret            // for everything that waits; empty is none
	Coordinators map[string]Secret // by name, for what is in their list
	Programmes   map[string]Secret // by name, for what waits there
	Host         string            // that they must be at
}

// Configured says whether anything is posted at all.
func (s Slack) Configured() bool {
	return !s.Webhook.Empty() || len(s.Coordinators) > 0 || len(s.Programmes) > 0
}

func (r reader) slack(m proof.Map) Slack {
	s := Slack{Host: SlackHost}
	if !m.Has("slack") {
		return s
	}
	in := m.Map("slack")
	s.Host = or(in.Text("webhook_host"), SlackHost)
	s.Webhook = s.webhook(in, r.secret(in, "webhook"))
	s.Coordinators, s.Programmes = r.webhooks(in, "coordinators", s), r.webhooks(in, "programmes", s)
	return s
}

// webhooks reads a list such as coordinators: [{name: office, webhook_file: office.slack}].
func (r reader) webhooks(m proof.Map, key string, s Slack) map[string]Secret {
	list := make(map[string]Secret)
	for _, item := range m.Maps(key) {
		name := item.Text("name")
		if name == "" {
			item.Lacks("name", "the name as it stands elsewhere in the settings")
			continue
		}
		hook := s.webhook(item, r.secret(item, "webhook"))
		if hook.Empty() {
			item.Lacks("webhook_file", "the path of a file that holds the address Slack gave you")
			continue
		}
		list[name] = hook
	}
	return list
}

// webhook checks the address of a webhook without repeating it.
func (s Slack) webhook(m proof.Map, hook Secret) Secret {
	if hook.Empty() {
		return hook
	}
	u, err := url.Parse(hook.Reveal())
	if err != nil || u.Scheme != "https" || u.Host != s.Host || u.User != nil {
		m.Wrong("webhook", "webhook is not an address at "+s.Host, fmt.Sprintf("the address that Slack gave you, which begins with https://%s/", s.Host))
	}
	return hook
}
