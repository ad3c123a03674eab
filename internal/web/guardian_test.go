package web

import (
	"context"
	"net/url"
	"testing"
	"time"

	"postroom/internal/intake"
	"postroom/internal/link"
	"postroom/internal/store"
)

// GuardianAnswers notes the answer as intake does, without what follows.
func (f *rooms) GuardianAnswers(ctx context.Context, submission string, asked int, agrees bool) error {
	state := store.GuardianRefused
	if agrees {
		state = store.GuardianAgreed
	}
	return f.counter.Store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.AnswerGuardian(submission, asked, state, f.counter.clock.Now())
		return err
	})
}

func (f *rooms) AskGuardian(ctx context.Context, submission string) error {
	return f.counter.Store.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.AskGuardianAgain(submission, 5, time.Minute, f.counter.clock.Now())
		return err
	})
}

// minor files what somebody under 18 sent, and returns the link of their guardian.
func (c *counter) minor(name string) string {
	c.t.Helper()
	sub := c.submit("club", url.Values{"name": {name}, "email": {name + "@example.org"}, "club_age": {"under 18"}, "adult_name": {"Adult"}, "adult_email": {"adult@example.org"}})
	err := c.Store.Write(c.t.Context(), func(tx *store.Tx) error {
		_, err := tx.AddGuardian(store.Guardian{Submission: sub.ID, GuardianReach: store.GuardianReach{Name: "Adult", Address: "adult@example.org"}, Asked: 1, AskedAt: noon, ChaseAt: noon.AddDate(0, 0, 3)})
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return link.Path(link.Guardian, c.Links.Make(link.Guardian, sub.ID+"|1", time.Time{}))
}

func TestAGuardianSaysYesOrNoByAButtonOnly(t *testing.T) {
	t.Parallel()
	c := open(t)
	yes, no := c.minor("young"), c.minor("other")
	for range 2 {
		want(t, c.get(yes), 200, "Do you agree?", "The club meets on Fridays", "young", "Yes, I agree")
	}
	want(t, c.get(yes+"?lang=fa"), 200, `lang="en" dir="ltr">The club meets on Fridays`)
	want(t, c.post(yes, url.Values{}), 200, "Do you agree?")
	want(t, c.post(yes, url.Values{"answer": {"yes"}}), 303)
	want(t, c.get(yes), 200, "You have agreed")
	want(t, c.post(yes, url.Values{"answer": {"no"}}), 200, "You have agreed")
	want(t, c.post(no, url.Values{"answer": {"no"}}), 303)
	want(t, c.get(no), 200, "You have said no")
}

func TestAGuardiansLinkEndsAndCanBeSentAgain(t *testing.T) {
	t.Parallel()
	c := open(t)
	path := c.minor("young")
	c.clock.move(intake.GuardianLife + time.Hour)
	want(t, c.get(path), 200, "come to its end", "Send me a new link")
	want(t, c.post(path, url.Values{"answer": {"yes"}}), 200, "come to its end")
	want(t, c.post(path+"/again", url.Values{}), 200, "on its way")
	want(t, c.get(path), 200, "come to its end") // the newer link is the one that works
	want(t, c.post(path+"/again", url.Values{}), 429, "not long ago")
}
