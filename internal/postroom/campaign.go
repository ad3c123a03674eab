package postroom

import (
	"fmt"
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
