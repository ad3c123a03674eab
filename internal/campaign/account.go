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

	// Of those that were sent, as was heard of them later.
	Bounced    int `json:"bounced"` // they came back, and are among Failed
	Complaints int `json:"complaints"`

	Author       string     `json:"author,omitempty"`
	ApprovedBy   string     `json:"approved_by,omitempty"`
	StartsAt     *time.Time `json:"starts_at,omitempty"`      // nil is no such time
	NotLaterThan *time.Time `json:"not_later_than,omitempty"` // after that somebody is asked instead
	LeftOf       string     `json:"left_of,omitempty"`        // the edition whose copies did not arrive
	EndedAt      *time.Time `json:"ended_at,omitempty"`

	began time.Time     // zero while it has not, or nobody wrote down when
	rests time.Duration // how long it was paused
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
		Choosing: c.State == postroom.CampaignSending && c.Chosen == 0, Reasons: []Reason{}, EndedAt: moment(c.SettledAt),
	}
	if err := a.live(read); err != nil {
		return Account{}, err
	}
	for _, n := range counts {
		a.add(n)
	}
	slices.SortStableFunc(a.Reasons, func(x, y Reason) int { return cmp.Compare(y.Copies, x.Copies) })
	return a, nil
}

// live adds how the campaign came to be sent.
func (a *Account) live(read store.Reader) error {
	life, err := read.CampaignLife(a.Campaign)
	if err != nil {
		return err
	}
	a.Author, a.ApprovedBy, a.LeftOf = life.Author, life.ApprovedBy, life.LeftOf
	a.StartsAt, a.NotLaterThan = moment(life.StartsAt), moment(life.NotLaterThan)
	if a.began, a.rests = life.BeganAt, life.Rested; !a.began.IsZero() {
		a.StartedAt = a.began.UTC()
	}
	if a.Complaints, err = read.Complaints(a.Campaign); err != nil {
		return fmt.Errorf("count complaints about campaign %s: %w", a.Campaign, err)
	}
	return nil
}

// moment is a time, or nil where there is none.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// reasonBounced is why a copy is failed that was sent and came back.
const reasonBounced = "reason.bounced"

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
		if c.Reason == reasonBounced {
			a.Bounced += c.N
		}
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
func (a Account) Ended() bool {
	return a.State == postroom.CampaignSent || a.State == postroom.CampaignCancelled && a.Waiting == 0
}

// Settled is how many copies nothing more will happen to by itself.
func (a Account) Settled() int { return a.Chosen - a.Waiting }

// PerMinute is how many copies were settled a minute, from when the campaign began
// until a moment, without the time it was paused. It is 0 where nothing is known.
func (a Account) PerMinute(now time.Time) float64 {
	took := now.Sub(a.began) - a.rests
	if a.began.IsZero() || took < time.Second {
		return 0
	}
	return float64(a.Settled()) / took.Minutes()
}

// LastAt is when the last person will have it, at the rate so far; zero where that
// is not known, or is not going to be.
func (a Account) LastAt(now time.Time) time.Time {
	rate := a.PerMinute(now)
	if a.State != postroom.CampaignSending || a.Choosing || a.Waiting == 0 || rate == 0 {
		return time.Time{}
	}
	return now.Add(time.Duration(float64(a.Waiting) / rate * float64(time.Minute)))
}

// Clean says whether every copy is where somebody wanted it to be: sent, or
// kept back for a reason of the reader's. What failed, is uncertain or is held
// needs a person.
func (a Account) Clean() bool { return a.Failed+a.Uncertain+a.Held == 0 }
