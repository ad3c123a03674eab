package config

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"postroom/internal/proof"
)

// Limit is how many messages may leave in any stretch of time of one length.
type Limit struct {
	Most   int
	Within time.Duration // a second, a minute, an hour or a day
}

// String writes a limit as the settings do.
func (l Limit) String() string { return strconv.Itoa(l.Most) + "/" + l.Unit() }

// Unit names the length of time as the settings do: sec, min, hour or day.
func (l Limit) Unit() string { return unitOf(l.Within) }

// DomainLimits are the limits of domains, whatever server the mail leaves by.
type DomainLimits struct {
	From map[string][]Limit // by the domain of the sender, in small letters
	To   map[string][]Limit // by the domain of the reader; EachOther is for each of the others
}

// EachOther stands for every domain that is not named, each by itself.
const EachOther = "*"

// mostInWindow bounds a limit: each message that counts is remembered until it
// counts no longer.
const mostInWindow = 200_000

// windows are the lengths of time that a limit may be for, the shortest first.
func windows() []time.Duration {
	return []time.Duration{time.Second, time.Minute, time.Hour, 24 * time.Hour}
}

func unitOf(d time.Duration) string {
	switch d {
	case time.Second:
		return "sec"
	case time.Minute:
		return "min"
	case time.Hour:
		return "hour"
	case 24 * time.Hour:
		return "day"
	}
	return d.String()
}

// presetLimits is what a provider lets one customer send, as it says itself:
// docs/mail.md has the addresses where it does. Of a web host nobody knows more
// than what most of them allow.
func presetLimits() map[string][]Limit {
	return map[string][]Limit{
		webHostLimits:   {{30, time.Minute}},
		microsoftLimits: {{30, time.Minute}, {10_000, 24 * time.Hour}},
		googleLimits:    {{2000, 24 * time.Hour}},
	}
}

// The names of presets, as people write them.
const (
	webHostLimits   = "my web host"
	microsoftLimits = "Microsoft 365"
	googleLimits    = "Google Workspace"
	noLimits        = "none"
)

// limits reads what one mail server lets us send: what is known of the provider,
// and over that what is written.
func limits(m proof.Map, usual string) []Limit {
	name := m.Choice("preset", usual, webHostLimits, microsoftLimits, googleLimits, noLimits)
	set := slices.Clone(presetLimits()[name])
	for _, l := range readLimits(m, "limits") {
		set = slices.DeleteFunc(set, func(known Limit) bool { return known.Within == l.Within })
		set = append(set, l)
	}
	slices.SortFunc(set, func(a, b Limit) int { return cmp.Compare(a.Within, b.Within) })
	return set
}

// readLimits reads limits such as 30/min, 2000/day.
func readLimits(m proof.Map, key string) (set []Limit) {
	for _, line := range m.Texts(key) {
		for written := range strings.SplitSeq(line, ",") {
			l, wrong := readLimit(strings.TrimSpace(written))
			switch {
			case wrong != "":
				m.Wrong(key, wrong, "30/min, 2000/day; each a number, a stroke, and sec, min, hour or day")
			case slices.ContainsFunc(set, func(other Limit) bool { return other.Within == l.Within }):
				m.Wrong(key, fmt.Sprintf("%s has two limits for one %s", key, unitOf(l.Within)), "the smaller of the two")
			default:
				set = append(set, l)
			}
		}
	}
	return set
}

// readLimit reads one limit, or says what is wrong with it.
func readLimit(written string) (l Limit, wrong string) {
	number, unit, parted := strings.Cut(written, "/")
	l.Within = windowOf(strings.ToLower(strings.TrimSpace(unit)))
	n, err := strconv.Atoi(strings.TrimSpace(number))
	switch {
	case !parted || err != nil:
		return l, fmt.Sprintf("%q is not a limit", written)
	case l.Within == 0:
		return l, fmt.Sprintf("%q is for no length of time that is known", written)
	case n < 1 || n > mostInWindow:
		return l, fmt.Sprintf("%q is not a number from 1 to %d", written, mostInWindow)
	}
	l.Most = n
	return l, ""
}

// windowOf returns the length of time that somebody named, or 0.
func windowOf(unit string) time.Duration {
	names := [][]string{{"s", "sec", "second"}, {"m", "min", "minute"}, {"h", "hour"}, {"d", "day"}}
	for i, names := range names {
		if slices.Contains(names, unit) {
			return windows()[i]
		}
	}
	return 0
}

// domainLimits reads the limits of senders' and readers' domains.
func domainLimits(m proof.Map) DomainLimits {
	m = m.Map("limits").As("limits")
	return DomainLimits{From: limitsByDomain(m, "from"), To: limitsByDomain(m, "to")}
}

func limitsByDomain(m proof.Map, key string) map[string][]Limit {
	m = m.Map(key).As("limits " + key)
	by := make(map[string][]Limit)
	for _, written := range m.Keys() {
		domain := strings.ToLower(written)
		if domain != EachOther && (!strings.Contains(domain, ".") || strings.ContainsAny(domain, "@ /*")) {
			m.Wrong(written, written+" is not a domain", `your-charity.example, or "*" for each of the others`)
		}
		if by[domain] = readLimits(m, written); by[domain] == nil {
			m.Wrong(written, written+" has no limit", written+": 30/min")
		}
	}
	return by
}
