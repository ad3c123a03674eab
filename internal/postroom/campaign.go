package postroom

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// CampaignState is where one edition of a newsletter stands.
type CampaignState string

// The states of a campaign.
const (
	CampaignDraft     CampaignState = "draft"
	CampaignApproved  CampaignState = "approved"
	CampaignScheduled CampaignState = "scheduled"
	CampaignSending   CampaignState = "sending"
	CampaignPaused    CampaignState = "paused"
	CampaignSent      CampaignState = "sent"
	CampaignCancelled CampaignState = "cancelled"
)

// Campaign is one edition of a newsletter. Its copies are messages, one for
// each address that was chosen when it began to be sent.
type Campaign struct {
	ID        string
	Key       string // the same key is the same campaign
	List      string
	Programme string
	Subject   string
	Markdown  string
	Locale    string
	State     CampaignState
	Chosen    int // how many copies there are in all
	Chunks    int // in how many parts they are sent
	CreatedAt time.Time
	SettledAt time.Time
	RoundUp   bool // it is for those who asked for one mail a month, and for nobody else

	Others   []EditionText // the same news in other languages than Locale
	Audience Audience      // who of the list gets it; the zero value is everybody
	Pictures []Picture     // in its texts, which name them
}

// EditionText is what an edition says in one language.
type EditionText struct {
	Locale   string
	Subject  string
	Markdown string // with gaps for what differs between readers
}

// gapForReaders is what stands in a text for what differs between readers.
var gapForReaders = regexp.MustCompile(`\{\{[^{}|\n]*\|\s*([^{}|\n]*?)\s*\}\}`)

var markdownSigns = regexp.MustCompile(`[!-/:-@\[-` + "`" + `{-~]`)

// ForAnybody is the Markdown for whoever nothing is known of.
func (t EditionText) ForAnybody() string {
	return gapForReaders.ReplaceAllStringFunc(t.Markdown, func(gap string) string {
		return markdownSigns.ReplaceAllString(gapForReaders.FindStringSubmatch(gap)[1], `\$0`)
	})
}

// Texts lists what an edition says in each of its languages, that in which it was
// written first.
func (c Campaign) Texts() []EditionText {
	return append([]EditionText{{Locale: c.Locale, Subject: c.Subject, Markdown: c.Markdown}}, c.Others...)
}

// In returns the text for a reader of a language: that in their own, or the
// nearest there is, or, where there is not even English, the one that the
// edition was written in.
func (c Campaign) In(locale string) EditionText {
	own := EditionText{Locale: c.Locale, Subject: c.Subject, Markdown: c.Markdown}
	for _, tag := range Fallbacks(locale) {
		if tag == own.Locale {
			return own
		}
		for _, other := range c.Others {
			if other.Locale == tag {
				return other
			}
		}
	}
	return own
}

// Same says whether two campaigns are the same one and say the same.
func (c Campaign) Same(other Campaign) bool {
	return c.ID == other.ID && slices.Equal(c.parts(), other.parts())
}

// Digest returns a code of what a campaign says and to whom. One in a single
// language, to everybody, has the code that it had before there were others.
func (c Campaign) Digest() string {
	h := sha256.New()
	for _, part := range c.parts() {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func (c Campaign) parts() []string {
	parts := []string{c.List, c.Locale, c.Subject, c.Markdown}
	for _, other := range c.Others {
		parts = append(parts, other.Locale, other.Subject, other.Markdown)
	}
	if c.RoundUp { // the same words to others are another newsletter
		parts = append(parts, "round-up")
	}
	if !c.Audience.Everybody() {
		parts = append(append(parts, "to"), c.Audience.To...)
		parts = append(append(parts, "except"), c.Audience.Except...)
	}
	if len(c.Audience.Topics) > 0 {
		parts = append(append(parts, "topics"), c.Audience.Topics...)
	}
	return parts
}

// Audience says who of a list gets an edition: whoever at least one of To is
// true of, or everybody where it is empty, and none of Except. Each is a
// condition that can be read without the programme file of the day it was
// written. Of those, whoever chose topics must have chosen one of Topics.
type Audience struct {
	To     []string `json:"to,omitempty"`
	Except []string `json:"except,omitempty"`
	Topics []string `json:"topics,omitempty"` // what it is about, as the list offers it; none is everything
}

// Everybody says whether nobody who is on the list is left out by a condition.
func (a Audience) Everybody() bool { return len(a.To) == 0 && len(a.Except) == 0 }

// Wanted says whether somebody who chose topics, with spaces between, wants to read
// it. Who chose none wants everything, and what is about nothing is for everybody.
func (a Audience) Wanted(chosen string) bool {
	if len(a.Topics) == 0 || chosen == "" {
		return true
	}
	return slices.ContainsFunc(strings.Fields(chosen), func(topic string) bool { return slices.Contains(a.Topics, topic) })
}

// ChunkSubject names one part of a campaign's copies, as the subject of its
// job. Parts count from 1.
func ChunkSubject(campaign string, chunk int) string { return campaign + "/" + strconv.Itoa(chunk) }

// ParseChunk reads what ChunkSubject wrote.
func ParseChunk(subject string) (campaign string, chunk int, err error) {
	campaign, digits, _ := strings.Cut(subject, "/")
	chunk, err = strconv.Atoi(digits)
	if err != nil || campaign == "" || chunk < 1 {
		return "", 0, fmt.Errorf("%q names no part of a campaign", subject)
	}
	return campaign, chunk, nil
}
