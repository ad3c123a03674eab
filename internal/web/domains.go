package web

import "strings"

// commonDomains are those that most people here write to us from.
func commonDomains() []string {
	return []string{
		"gmail.com", "googlemail.com", "hotmail.com", "hotmail.co.uk", "outlook.com", "live.com", "live.co.uk", "msn.com",
		"yahoo.com", "yahoo.co.uk", "ymail.com", "icloud.com", "me.com", "mac.com", "aol.com", "btinternet.com", "sky.com",
		"virginmedia.com", "ntlworld.com", "talktalk.net", "blueyonder.co.uk", "proton.me", "protonmail.com", "gmx.com",
		"mail.com", "ukr.net", "i.ua", "meta.ua", "nhs.net",
	}
}

// didYouMean returns the address with the common domain that its own domain
// is a slip of the finger away from, or "". It is only ever a suggestion:
// there are people at gmial.com.
func didYouMean(address string) string {
	local, domain, found := strings.Cut(address, "@")
	domain = strings.ToLower(domain)
	if !found || domain == "" {
		return ""
	}
	best, nearest := "", 3
	for _, common := range commonDomains() {
		if common == domain {
			return ""
		}
		if d := slips(domain, common); d <= mostSlips(common) && d < nearest {
			best, nearest = common, d
		}
	}
	if best == "" {
		best = oneEnding(domain)
	}
	if best == "" {
		return ""
	}
	return local + "@" + best
}

// mostSlips is how many slips still look like one: short domains are close to
// each other by nature, so those are never guessed at.
func mostSlips(common string) int {
	switch {
	case len(common) < 8:
		return 0
	case len(common) < 10:
		return 1
	}
	return 2
}

// oneEnding knows the providers that have one ending only: there is no
// gmail.co.uk.
func oneEnding(domain string) string {
	name, _, _ := strings.Cut(domain, ".")
	for _, common := range []string{"gmail.com", "icloud.com", "btinternet.com", "virginmedia.com"} {
		if strings.TrimSuffix(common, ".com") == name {
			return common
		}
	}
	return ""
}

// slips counts the letters to add, drop, change or swap with the next one to
// get from a to b (optimal string alignment).
func slips(a, b string) int {
	before, last, this := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		this[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			this[j] = min(last[j]+1, this[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				this[j] = min(this[j], before[j-2]+1)
			}
		}
		before, last, this = last, this, before
	}
	return last[len(b)]
}
