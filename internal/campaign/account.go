package campaign

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/store"
)

// Account is what became of a campaign's copies. At every moment Chosen is the
// sum of the six that follow it: it is one look at the rows themselves.
type Account struct {
	Campaign   string                 `json:"campaign"`
	List       string                 `json:"list"`
	Subject    string                 `json:"subject"`
	State      postroom.CampaignState `json:"state"`
	Chosen     int                    `json:"chosen"`
	Sent       int                    `json:"sent"`
	Suppressed int                    `json:"suppressed"`
	Held       int                    `json:"held"`
	Failed     int                    `json:"failed"`
	Uncertain  int                    `json:"uncertain"`
	Waiting    int                    `json:"waiting"`
	Choosing   bool                   `json:"choosing"` // recipients are still being chosen, so Chosen grows
	Reasons    []Reason               `json:"reasons"`
	StartedAt  time.Time              `json:"started_at"`
}

// Reason is why copies have not been sent, and how many. What a mail server
// said stands there in its own words.
type Reason struct {
	State  postroom.MessageState `json:"state"`
	Reason string                `json:"reason"`
	Copies int                   `json:"copies"`
}

// AccountOf returns the account of a campaign, or NotFound.
func AccountOf(read store.Reader, id string) (Account, error) {
	c, err := read.Campaign(id)
	if err != nil {
		return Account{}, err
	}
	counts, err := read.CopyCounts(id)
	if err != nil {
		return Account{}, fmt.Errorf("count copies of campaign %s: %w", id, err)
	}
	a := Account{
		Campaign: c.ID, List: c.List, Subject: c.Subject, State: c.State, StartedAt: c.CreatedAt.UTC(),
		Choosing: c.State == postroom.CampaignSending && c.Chosen == 0, Reasons: []Reason{},
	}
	for _, n := range counts {
		a.add(n)
	}
	slices.SortStableFunc(a.Reasons, func(x, y Reason) int { return cmp.Compare(y.Copies, x.Copies) })
	return a, nil
}

func (a *Account) add(c store.CopyCount) {
	a.Chosen += c.N
	switch c.State {
	case postroom.Sent:
		a.Sent += c.N
		return
	case postroom.Suppressed:
		a.Suppressed += c.N
	case postroom.Held:
		a.Held += c.N
	case postroom.Failed:
		a.Failed += c.N
	case postroom.Uncertain:
		a.Uncertain += c.N
	default:
		a.Waiting += c.N
	}
	if c.Reason != "" {
		a.Reasons = append(a.Reasons, Reason{c.State, c.Reason, c.N})
	}
}

// Ended says whether nothing more will happen by itself.
func (a Account) Ended() bool { return a.State == postroom.CampaignSent }

// Clean says whether every copy is where somebody wanted it to be: sent, or
// kept back for a reason of the reader's. What failed, is uncertain or is held
// needs a person.
func (a Account) Clean() bool { return a.Failed+a.Uncertain+a.Held == 0 }
