package campaign_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"postroom/internal/campaign"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// hands is a clock that a test moves.
type hands struct {
	mu sync.Mutex
	at time.Time
}

func (h *hands) Now() time.Time                  { h.mu.Lock(); defer h.mu.Unlock(); return h.at }
func (h *hands) Until(time.Time) <-chan struct{} { return nil }
func (h *hands) move(d time.Duration)            { h.mu.Lock(); defer h.mu.Unlock(); h.at = h.at.Add(d) }

// desk steers editions, and keeps what it owes to staff.
type desk struct {
	*campaign.Life
	*room
	clock *hands
	mails *[]postroom.Message
}

type owed struct{ to *[]postroom.Message }

func (o owed) Owe(_ *store.Tx, m postroom.Message) (postroom.Message, error) {
	*o.to = append(*o.to, m)
	return m, nil
}

func onDesk(t *testing.T, test func(*testing.T, *desk)) {
	onBoth(t, func(t *testing.T, r *room) {
		clock, mails := &hands{at: monday}, &[]postroom.Message{}
		london, err := time.LoadLocation("Europe/London")
		if err != nil {
			t.Fatal(err)
		}
		err = r.store.Write(t.Context(), func(tx *store.Tx) error {
			for _, name := range []string{"ann", "ben"} {
				if _, err := tx.AddColleague(postroom.Colleague{Name: name, Address: name + "@riverside.example", Locale: "en", AddedAt: monday}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		r.Clock = clock
		life := campaign.NewLife(campaign.LifeOptions{
			Store: r.store, Mails: owed{mails}, Clock: clock, Zone: london, Alone: func(list string) bool { return list == "small" },
		})
		test(t, &desk{life, r, clock, mails})
	})
}

func (d *desk) draft(t *testing.T, list string) string {
	t.Helper()
	c, _, err := d.Draft(t.Context(), postroom.Campaign{List: list, Programme: "newsletter", Subject: "May", Markdown: "Hello.\n", Locale: "en"}, "source", "ann")
	if err != nil {
		t.Fatal(err)
	}
	return c.ID
}

// is checks how an edition stands.
func (d *desk) is(t *testing.T, id string, want postroom.CampaignState) campaign.Matter {
	t.Helper()
	m, err := campaign.MatterOf(d.store.Read(t.Context()), id)
	if err != nil || m.State != want {
		t.Fatalf("it is %s (%v), want %s", m.State, err, want)
	}
	return m
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func kind(t *testing.T, err error, want postroom.Kind) {
	t.Helper()
	if err == nil || postroom.KindOf(err) != want {
		t.Errorf("%v (%v), want %v", err, postroom.KindOf(err), want)
	}
}

// sending approves an edition and begins it.
func (d *desk) sending(t *testing.T) string {
	t.Helper()
	id := d.draft(t, "newsletter")
	must(t, d.Approve(t.Context(), id, "ben", ""))
	_, err := d.Send(t.Context(), id, "ann", campaign.When{})
	must(t, err)
	d.clock.move(campaign.UndoFor)
	must(t, d.Begin(t.Context(), d.clock.Now()))
	d.is(t, id, postroom.CampaignSending)
	return id
}

func TestAnEditionIsApprovedBySomebodyElseThanItsAuthor(t *testing.T) {
	t.Parallel()
	onDesk(t, func(t *testing.T, d *desk) {
		id, ctx := d.draft(t, "newsletter"), t.Context()
		if again := d.draft(t, "newsletter"); again != id {
			t.Error("the same words were filed twice")
		}
		seen := d.is(t, id, postroom.CampaignDraft).Life.Digest
		kind(t, d.Approve(ctx, id, "ann", ""), postroom.Forbidden)
		kind(t, d.Approve(ctx, id, "Ann", ""), postroom.Forbidden)
		must(t, d.Edit(ctx, id, "ann", postroom.Campaign{List: "newsletter", Programme: "newsletter", Subject: "June", Markdown: "Hello.\n", Locale: "en"}, "other"))
		kind(t, d.Approve(ctx, id, "ben", seen), postroom.Conflict) // he saw other words
		now := d.is(t, id, postroom.CampaignDraft).Life.Digest
		for range 2 {
			must(t, d.Approve(ctx, id, "ben", now))
		}
		m := d.is(t, id, postroom.CampaignApproved)
		if m.Subject != "June" || m.Life.ApprovedBy != "ben" || m.Life.Source != "other" {
			t.Errorf("%+v", m)
		}
		// Whoever changes it writes it, and it has to be approved again.
		must(t, d.Edit(ctx, id, "ben", postroom.Campaign{List: "newsletter", Programme: "newsletter", Subject: "July", Markdown: "Hello.\n", Locale: "en"}, "third"))
		d.is(t, id, postroom.CampaignDraft)
		kind(t, d.Approve(ctx, id, "ben", ""), postroom.Forbidden)
		must(t, d.Approve(ctx, id, "ann", ""))
		// Where one person does everything, they may.
		small := d.draft(t, "small")
		must(t, d.Approve(ctx, small, "ann", ""))
	})
}

func TestSendingCanBeTakenBackForFiveMinutes(t *testing.T) {
	t.Parallel()
	onDesk(t, func(t *testing.T, d *desk) {
		ctx, id := t.Context(), d.draft(t, "newsletter")
		_, err := d.Send(ctx, id, "ann", campaign.When{})
		kind(t, err, postroom.Conflict) // nobody has approved it
		must(t, d.Approve(ctx, id, "ben", ""))
		_, err = d.Send(ctx, id, "ann", campaign.When{})
		kind(t, err, postroom.Conflict) // nobody is on the list
		d.join(1, 3)
		at, err := d.Send(ctx, id, "ann", campaign.When{})
		must(t, err)
		d.clock.move(time.Minute)
		again, err := d.Send(ctx, id, "ann", campaign.When{})
		if must(t, err); !at.Equal(monday.Add(5*time.Minute)) || !again.Equal(at) {
			t.Errorf("it begins at %s and then at %s", at, again)
		}
		must(t, d.Begin(ctx, d.clock.Now()))
		d.is(t, id, postroom.CampaignScheduled)
		for range 2 {
			must(t, d.TakeBack(ctx, id, "ann"))
		}
		d.clock.move(time.Hour)
		must(t, d.Begin(ctx, d.clock.Now()))
		if m := d.is(t, id, postroom.CampaignApproved); !m.Life.StartsAt.IsZero() {
			t.Errorf("%+v", m.Life)
		}
		_, err = d.Send(ctx, id, "ann", campaign.When{AtOnce: true})
		must(t, err)
		for range 2 { // as two schedulers would
			must(t, d.Begin(ctx, d.clock.Now()))
		}
		d.is(t, id, postroom.CampaignSending)
		if job, err := d.store.Read(ctx).JobOf(postroom.JobCampaign, id); err != nil || job.Lane != postroom.Bulk {
			t.Errorf("%+v, %v", job, err)
		}
		kind(t, d.TakeBack(ctx, id, "ann"), postroom.Conflict)
	})
}

func TestALocalTimeIsMeantInItsZone(t *testing.T) {
	t.Parallel()
	onDesk(t, func(t *testing.T, d *desk) {
		d.join(1, 1)
		ctx, id := t.Context(), d.draft(t, "newsletter")
		must(t, d.Approve(ctx, id, "ben", ""))
		kabul, err := time.LoadLocation("Asia/Kabul")
		must(t, err)
		for _, c := range []struct {
			when campaign.When
			want string
		}{
			{campaign.When{Local: "2026-12-24T09:00"}, "2026-12-24T09:00:00Z"},
			{campaign.When{Local: "2027-06-24T09:00"}, "2027-06-24T08:00:00Z"}, // the clock is an hour ahead then
			{campaign.When{Local: "2026-12-24T09:00", Zone: kabul}, "2026-12-24T04:30:00Z"},
		} {
			at, err := d.Send(ctx, id, "ann", c.when)
			if err != nil || at.UTC().Format(time.RFC3339) != c.want {
				t.Errorf("%+v is %s (%v), want %s", c.when, at.UTC(), err, c.want)
			}
		}
		if next, err := d.Next(ctx); err != nil || next.UTC().Format(time.RFC3339) != "2026-12-24T04:30:00Z" {
			t.Errorf("the next is at %s (%v)", next, err)
		}
		for _, local := range []string{"?", "2026-11-23T09:00", "2030-01-01T09:00"} { // no time, past, far
			_, err := d.Send(ctx, id, "ann", campaign.When{Local: local})
			kind(t, err, postroom.Invalid)
		}
	})
}

func TestWhatIsTooLateIsAskedAboutAndNotSent(t *testing.T) {
	t.Parallel()
	onDesk(t, func(t *testing.T, d *desk) {
		d.join(1, 1)
		ctx, id := t.Context(), d.draft(t, "newsletter")
		must(t, d.Approve(ctx, id, "ben", ""))
		_, err := d.Send(ctx, id, "ann", campaign.When{Local: "2026-11-23T12:00", NotLaterThan: 2 * time.Hour})
		must(t, err)
		d.clock.move(4*time.Hour + 31*time.Minute) // 14:01
		for range 2 {
			must(t, d.Begin(ctx, d.clock.Now()))
		}
		if m := d.is(t, id, postroom.CampaignApproved); m.Life.LateAt.IsZero() {
			t.Errorf("%+v", m.Life)
		}
		if got := *d.mails; len(got) != 1 || got[0].Template != "newsletter-late" || got[0].To != "ann@riverside.example" || got[0].Data["starts"] != "2026-11-23T12:00:00Z" {
			t.Errorf("told: %+v", got)
		}
	})
}

func TestAnEditionIsPausedResumedAndCancelledAtAnyMoment(t *testing.T) {
	t.Parallel()
	onDesk(t, func(t *testing.T, d *desk) {
		d.join(1, 250)
		ctx, id := t.Context(), d.sending(t)
		for range 2 {
			must(t, d.Pause(ctx, id, "ben"))
		}
		must(t, d.Choose(ctx, id))
		if unchosen, paused, err := d.Unchosen(ctx, id); err != nil || !unchosen || !paused {
			t.Errorf("unchosen %t, paused %t: %v", unchosen, paused, err)
		}
		d.clock.move(time.Hour)
		for range 2 {
			must(t, d.Resume(ctx, id, "ben"))
		}
		if m := d.is(t, id, postroom.CampaignSending); m.Life.Rested != time.Hour {
			t.Errorf("it rested for %s", m.Life.Rested)
		}
		must(t, d.Choose(ctx, id))
		d.chosen(id, 250, 3)
		for range 2 {
			must(t, d.Cancel(ctx, id, "ben"))
		}
		kind(t, d.Resume(ctx, id, "ben"), postroom.Conflict)
		kind(t, d.Pause(ctx, id, "ben"), postroom.Conflict)
		_, err := d.Send(ctx, id, "ann", campaign.When{})
		kind(t, err, postroom.Conflict)
		if m := d.is(t, id, postroom.CampaignCancelled); m.SettledAt.IsZero() {
			t.Error("it has no end")
		}
	})
}

// fail gives up the copies of one part of an edition.
func (d *desk) fail(t *testing.T, id string, chunk int) {
	t.Helper()
	must(t, d.store.Write(t.Context(), func(tx *store.Tx) error {
		if _, err := tx.DropChunk(id, chunk, "550 no such person", d.clock.Now()); err != nil {
			return err
		}
		if _, err := tx.LockCampaign(id); err != nil {
			return err
		}
		return tx.EndCampaign(id, d.clock.Now())
	}))
}

func TestWhoeverWroteItIsToldTheFiguresOnceAndTheyAddUp(t *testing.T) {
	t.Parallel()
	onDesk(t, func(t *testing.T, d *desk) {
		d.join(1, 12)
		ctx, id := t.Context(), d.sending(t)
		must(t, d.Choose(ctx, id))
		must(t, d.Look(ctx, d.clock.Now()))
		if len(*d.mails) != 0 {
			t.Errorf("told too early: %+v", *d.mails)
		}
		d.clock.move(time.Minute)
		d.fail(t, id, 1)
		d.is(t, id, postroom.CampaignSent)
		for range 2 {
			must(t, d.Look(ctx, d.clock.Now()))
		}
		got := *d.mails
		if len(got) != 1 || got[0].Template != "newsletter-done" || got[0].To != "ann@riverside.example" ||
			got[0].Data["chosen"] != "12" || got[0].Data["failed"] != "12" || got[0].Data["sent"] != "" {
			t.Errorf("told: %+v", got)
		}
	})
}

func TestThoseLeftGetItOnceMoreAndNobodyElse(t *testing.T) {
	t.Parallel()
	onDesk(t, func(t *testing.T, d *desk) {
		d.join(1, 103)
		ctx, id := t.Context(), d.sending(t)
		must(t, d.Choose(ctx, id))
		d.fail(t, id, 2)
		_, _, err := d.Left(ctx, id, "ann", postroom.Failed)
		kind(t, err, postroom.Conflict) // it is not over yet
		must(t, d.Cancel(ctx, id, "ann"))
		next, n, err := d.Left(ctx, id, "ann", postroom.Failed)
		must(t, err)
		if again, _, err := d.Left(ctx, id, "ann", postroom.Failed); err != nil || again.ID != next.ID || n != 3 {
			t.Errorf("%d are left; asked twice it is %s and %s (%v)", n, next.ID, again.ID, err)
		}
		d.is(t, next.ID, postroom.CampaignApproved)
		kind(t, d.Edit(ctx, next.ID, "ann", postroom.Campaign{}, ""), postroom.Conflict)
		_, _, err = d.Left(ctx, id, "ann", postroom.Sent)
		kind(t, err, postroom.Invalid)

		failed, err := d.store.Read(ctx).CopiesIn(id, postroom.Failed, 10)
		must(t, err)
		must(t, d.store.Write(ctx, func(tx *store.Tx) error { // one of them has left the list since
			_, err := tx.Unsubscribe(failed[0].About, d.clock.Now())
			return err
		}))
		_, err = d.Send(ctx, next.ID, "ann", campaign.When{AtOnce: true})
		must(t, err)
		must(t, d.Begin(ctx, d.clock.Now()))
		for range 2 {
			must(t, d.ChooseLeft(ctx, next.ID))
		}
		copies, err := d.store.Read(ctx).CopiesIn(next.ID, postroom.Queued, 10)
		var to []string
		for _, c := range copies {
			to = append(to, c.To)
		}
		want := []string{failed[1].To, failed[2].To}
		slices.Sort(to)
		slices.Sort(want)
		if err != nil || !slices.Equal(to, want) {
			t.Errorf("it is for %q (%v), want %q", to, err, want)
		}
		var csv strings.Builder
		must(t, campaign.WriteRows(d.store.Read(ctx), id, &csv))
		if lines := strings.Count(csv.String(), "\n"); lines != 104 || strings.Count(csv.String(), ",failed,550 no such person,") != 3 {
			t.Errorf("%d lines:\n%s", lines, csv.String())
		}
	})
}

func TestWhatDoesNotMoveIsSaidOnce(t *testing.T) {
	t.Parallel()
	onDesk(t, func(t *testing.T, d *desk) {
		d.join(1, 12)
		ctx, id := t.Context(), d.sending(t)
		must(t, d.Choose(ctx, id))
		for range 40 {
			d.clock.move(time.Minute)
			must(t, d.Look(ctx, d.clock.Now()))
		}
		if got := *d.mails; len(got) != 1 || got[0].Template != "newsletter-stuck" || got[0].Data["waiting"] != "12" {
			t.Errorf("told: %+v", got)
		}
		must(t, d.Pause(ctx, id, "ben"))
		for range 40 {
			d.clock.move(time.Minute)
			must(t, d.Look(ctx, d.clock.Now()))
		}
		if got := *d.mails; len(got) != 1 {
			t.Errorf("told although it is paused: %+v", got)
		}
	})
}

func TestAnActThatDiesHalfWayLeavesNothing(t *testing.T) {
	t.Parallel()
	onDesk(t, func(t *testing.T, d *desk) {
		d.join(1, 1)
		ctx, id := t.Context(), d.draft(t, "newsletter")
		must(t, d.Approve(ctx, id, "ben", ""))
		_, err := d.Send(ctx, id, "ann", campaign.When{Local: "2026-11-23T12:00"})
		must(t, err)
		d.clock.move(6 * time.Hour)
		dead := errors.New("the process died")
		broken := campaign.NewLife(campaign.LifeOptions{Store: d.store, Mails: dies{dead}, Clock: d.clock})
		if err := broken.Begin(ctx, d.clock.Now()); !errors.Is(err, dead) {
			t.Fatal(err)
		}
		d.is(t, id, postroom.CampaignScheduled)
		must(t, d.Begin(ctx, d.clock.Now()))
		d.is(t, id, postroom.CampaignApproved)
		if len(*d.mails) != 1 {
			t.Errorf("told %d times", len(*d.mails))
		}
	})
}

type dies struct{ err error }

func (d dies) Owe(*store.Tx, postroom.Message) (postroom.Message, error) {
	return postroom.Message{}, d.err
}

func TestWhatTheCheckBlocksIsNeitherApprovedNorSentNorBegun(t *testing.T) {
	t.Parallel()
	onDesk(t, func(t *testing.T, d *desk) {
		wrong := errors.New("there is no postal address")
		d.join(1, 2)
		d.Check = func(postroom.Campaign) error { return wrong }
		id := d.draft(t, "newsletter")
		if err := d.Approve(t.Context(), id, "ben", ""); postroom.KindOf(err) != postroom.Conflict || !strings.Contains(err.Error(), wrong.Error()) {
			t.Errorf("approving: %v", err)
		}
		d.is(t, id, postroom.CampaignDraft)
		pass := func(postroom.Campaign) error { return nil }
		d.Check = pass
		if err := d.Approve(t.Context(), id, "ben", ""); err != nil {
			t.Fatal(err)
		}
		d.Check = func(postroom.Campaign) error { return wrong }
		if _, err := d.Send(t.Context(), id, "ann", campaign.When{}); postroom.KindOf(err) != postroom.Conflict {
			t.Errorf("sending: %v", err)
		}
		d.is(t, id, postroom.CampaignApproved)
		d.Check = pass
		if _, err := d.Send(t.Context(), id, "ann", campaign.When{}); err != nil {
			t.Fatal(err)
		}
		d.Check, *d.mails = func(postroom.Campaign) error { return wrong }, nil
		d.clock.move(campaign.UndoFor)
		if err := d.Begin(t.Context(), d.clock.Now()); err != nil {
			t.Fatal(err)
		}
		d.is(t, id, postroom.CampaignApproved)
		if got := *d.mails; len(got) != 1 || got[0].Template != "newsletter-late" || got[0].Data["reason"] != "reason.check_failed" {
			t.Errorf("the author is told %+v", got)
		}
	})
}

func TestATestIsOneMailForEachLanguageAndAllShowTheSameWords(t *testing.T) {
	t.Parallel()
	onDesk(t, func(t *testing.T, d *desk) {
		c, _, err := d.Draft(t.Context(), postroom.Campaign{
			List: "news", Programme: "newsletter", Subject: "May", Markdown: "Hello.\n", Locale: "en", Others: []postroom.EditionText{{Locale: "fa", Subject: "مه", Markdown: "سلام\n"}},
		}, "source", "ann")
		if err != nil {
			t.Fatal(err)
		}
		*d.mails = nil
		if _, err := d.Test(t.Context(), c.ID, "ann", "ben"); err != nil {
			t.Fatal(err)
		}
		got := *d.mails
		if len(got) != 2 || got[0].Data["markdown_locale"] != "en" || got[1].Data["markdown"] != "سلام\n" || got[0].Data["digest"] != got[1].Data["digest"] || got[0].Key == got[1].Key {
			t.Errorf("the tests are %+v", got)
		}
		c.Others[0].Markdown = "درود\n"
		if err := d.Edit(t.Context(), c.ID, "ann", c, "source 2"); err != nil {
			t.Fatal(err)
		}
		if m, err := campaign.MatterOf(d.store.Read(t.Context()), c.ID); err != nil || len(m.Others) != 1 || m.Others[0].Markdown != "درود\n" || m.Digest() != m.Life.Digest {
			t.Errorf("after a change it says %+v, %v", m, err)
		}
	})
}
