package config_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"postroom/internal/config"
)

func TestWhatAMailServerLetsUsSendIsSet(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for written, want := range map[string][]config.Limit{
		"":                                       nil,
		"limits: 30/min":                         {{Most: 30, Within: time.Minute}},
		"limits: 2000/day, 30/min":               {{Most: 30, Within: time.Minute}, {Most: 2000, Within: day}},
		"limits: [1 / sec, 5/Hour]":              {{Most: 1, Within: time.Second}, {Most: 5, Within: time.Hour}},
		"preset: my web host":                    {{Most: 30, Within: time.Minute}},
		"preset: Microsoft 365":                  {{Most: 30, Within: time.Minute}, {Most: 10_000, Within: day}},
		"preset: Google Workspace":               {{Most: 2000, Within: day}},
		"preset: my web host; limits: 500/hour":  {{Most: 30, Within: time.Minute}, {Most: 500, Within: time.Hour}},
		"preset: my web host; limits: 10/minute": {{Most: 10, Within: time.Minute}},
		"provider: google":                       {{Most: 2000, Within: day}},
		"provider: google; preset: none":         nil,
	} {
		if got, err := serverWith(t, written); err != nil || !reflect.DeepEqual(got.Limits, want) {
			t.Errorf("%s: got %v, %v, want %v", written, got.Limits, err, want)
		}
	}
}

func TestAWrongLimitIsNamed(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"limits: 30":                 `"30" is not a limit`,
		"limits: many/min":           `"many/min" is not a limit`,
		"limits: 30/week":            `"30/week" is for no length of time that is known`,
		"limits: 0/min":              `"0/min" is not a number from 1 to 200000`,
		"limits: 30/min, 40/minute":  "limits has two limits for one min",
		"preset: my other web host":  "cannot be the preset",
		"limits: '30/min,'":          `"" is not a limit`,
		"limits: 9000000000000/hour": "is not a number from 1 to 200000",
	} {
		if _, err := serverWith(t, written); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", written, err, want)
		}
	}
}

func serverWith(t *testing.T, more string) (config.SMTPServer, error) {
	t.Helper()
	server := "smtp:\n  - name: main\n    host: smtp.a.example\n    " + strings.ReplaceAll(more, "; ", "\n    ") + "\n"
	c, err := load(t, strings.Replace(least, "smtp: [{name: main, host: smtp.a.example}]\n", server, 1), nil)
	if err != nil {
		return config.SMTPServer{}, err
	}
	return c.SMTP[0], nil
}

func TestLimitsOfDomainsAreSet(t *testing.T) {
	t.Parallel()
	got := mustLoad(t, least+"limits:\n  from: {Example.org: 100/hour}\n  to: {gmail.com: '20/min, 300/day', '*': 60/min}\n", nil).Limits
	want := config.DomainLimits{
		From: map[string][]config.Limit{"example.org": {{Most: 100, Within: time.Hour}}},
		To: map[string][]config.Limit{
			"gmail.com":      {{Most: 20, Within: time.Minute}, {Most: 300, Within: 24 * time.Hour}},
			config.EachOther: {{Most: 60, Within: time.Minute}},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for written, wrong := range map[string]string{
		"limits: {to: {gmail: 20/min}}":       "gmail is not a domain",
		"limits: {to: {a@gmail.com: 20/min}}": "a@gmail.com is not a domain",
		"limits: {to: {gmail.com: }}":         "gmail.com has no limit",
		"limits: {between: {a.org: 1/min}}":   "between is not a key here",
	} {
		if _, err := load(t, least+written+"\n", nil); err == nil || !strings.Contains(err.Error(), wrong) {
			t.Errorf("%s: got %v, want %s", written, err, wrong)
		}
	}
}
