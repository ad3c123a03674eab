package web

import (
	"context"
	"net/http"
	"time"

	"postroom/internal/campaign"
	"postroom/internal/postroom"
)

// steeringRoutes are what is done with a newsletter that is written. None approves
// one: a program would agree to what it wrote itself, and a colleague is to read it.
func steeringRoutes() []programRoute {
	const one = "/api/v1/editions/{edition}"
	steer := func(act, say string, do func(*campaign.Life, context.Context, string, string) error) programRoute {
		return programRoute{
			method: http.MethodPost, path: one + "/" + act, id: act + "Edition", say: say,
			needs: scopes(postroom.EditionsSend), deed: gives(steered(do)),
		}
	}
	return []programRoute{
		{
			method: http.MethodPost, path: one + "/test", id: "testEdition", say: "Send a newsletter to one colleague, who can approve it by replying APPROVE",
			needs: scopes(postroom.EditionsWrite), keyed: true, deed: takes((*call).testEdition),
		},
		{
			method: http.MethodPost, path: one + "/send", id: "sendEdition",
			say:   "Send a newsletter that was approved: in five minutes, at once, or at a time. Asked for again it is not sent again",
			needs: scopes(postroom.EditionsSend), deed: takes((*call).sendEdition),
		},
		steer("undo", "Take a newsletter back that has not begun to be sent. It stays approved", (*campaign.Life).TakeBack),
		steer("pause", "Stop a newsletter that is being sent, until it is resumed", (*campaign.Life).Pause),
		steer("resume", "Go on with a newsletter that was paused", (*campaign.Life).Resume),
		steer("cancel", "Stop a newsletter for good: what has not left never will", (*campaign.Life).Cancel),
	}
}

// steered does one act, and tells how the newsletter stands then. Doing it again
// changes nothing.
func steered(do func(*campaign.Life, context.Context, string, string) error) func(*call) (editionView, error) {
	return func(c *call) (editionView, error) {
		m, err := c.edition()
		if err != nil {
			return editionView{}, err
		}
		if err := do(c.s.Programs.Newsletters, c.Context(), m.ID, c.by.Actor()); err != nil {
			return editionView{}, err
		}
		return c.stands(m.ID)
	}
}

// testOrder says to whom a test goes.
type testOrder struct {
	To string `json:"to" say:"The name or address of a colleague"`
}

type tested struct {
	To string `json:"to" say:"The name of the colleague to whom it is on its way"`
}

func (c *call) testEdition(o testOrder) (answer tested, err error) {
	m, err := c.edition()
	if err != nil {
		return answer, err
	}
	key, err := c.idempotent()
	if err != nil {
		return answer, err
	}
	who, err := c.s.Programs.Newsletters.TestOnce(c.Context(), m.ID, c.by.Actor(), o.To, key)
	return tested{who.Name}, err
}

// sendOrder says when a newsletter is to begin.
type sendOrder struct {
	At   string `json:"at,omitempty" say:"What the clock on the wall shows then, such as 2026-12-24T09:00; without it in five minutes"`
	Zone string `json:"zone,omitempty" say:"Of that clock, such as Europe/London (default: the organisation's)"`
	Late int    `json:"not_later_than_minutes,omitempty" say:"How late it may begin before somebody is asked instead (default: 60)"`
	Now  bool   `json:"now,omitempty" say:"At once, without the five minutes in which it can be taken back"`
}

// mostLate is how many minutes late a newsletter may be asked to begin.
const mostLate = 72 * 60

func (o sendOrder) when() (w campaign.When, err error) {
	w = campaign.When{Local: o.At, AtOnce: o.Now, NotLaterThan: time.Duration(o.Late) * time.Minute}
	switch {
	case o.Now && o.At != "":
		return w, refuse("now", "left out where at is said")
	case o.Late < 0 || o.Late > mostLate:
		return w, refuse("not_later_than_minutes", "a number from 1 to 4320")
	case o.Zone == "Local":
		return w, refuse("zone", "a place such as Europe/London")
	case o.Zone != "":
		if w.Zone, err = time.LoadLocation(o.Zone); err != nil {
			return w, refuse("zone", "a place such as Europe/London")
		}
	}
	return w, nil
}

// sendEdition sends what was approved. What is being sent already, or was, is as
// whoever asks for it without a time wants it.
func (c *call) sendEdition(o sendOrder) (editionView, error) {
	m, err := c.edition()
	if err != nil {
		return editionView{}, err
	}
	when, err := o.when()
	if err != nil {
		return editionView{}, err
	}
	begun := m.State == postroom.CampaignSending || m.State == postroom.CampaignSent
	if !begun || o.At != "" {
		if _, err := c.s.Programs.Newsletters.Send(c.Context(), m.ID, c.by.Actor(), when); err != nil {
			return editionView{}, err
		}
	}
	return c.stands(m.ID)
}
