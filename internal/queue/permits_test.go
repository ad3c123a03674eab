package queue

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"postroom/internal/config"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testserver"
)

// limited are permits for one mail server, in the Redis inside a queue.
func limited(t testing.TB, domains config.DomainLimits, limits ...config.Limit) (*room, *Permits) {
	t.Helper()
	r := newRoom(t, func(o *Options) { o.Alone = true })
	return r, r.Permits(PermitOptions{Servers: []config.SMTPServer{{Name: "main", Limits: limits}}, Domains: domains, Own: "example.org"})
}

// send asks for a permit and, if there is one, sends at once. It says in how long
// to ask again if there is none.
func (r *room) send(t testing.TB, p *Permits, a postroom.Ask) (sent bool, wait time.Duration) {
	t.Helper()
	got, until, err := p.Take(t.Context(), []postroom.Ask{a})
	if err != nil {
		t.Fatal(err)
	}
	if got[0].ID == "" {
		return false, until.Sub(r.clock.Now())
	}
	p.End(t.Context(), got[0], true)
	return true, 0
}

func to(domain string) postroom.Ask {
	return postroom.Ask{Server: "main", From: "example.org", To: domain}
}

func confirmation(id string) postroom.Ask {
	a := to("example.net")
	a.Urgent, a.Message = true, id
	return a
}

// most returns the largest number of moments in any half-open window.
func most(at []time.Time, within time.Duration) (n int) {
	slices.SortFunc(at, time.Time.Compare)
	first := 0
	for last := range at {
		for at[last].Sub(at[first]) >= within {
			first++
		}
		n = max(n, last-first+1)
	}
	return n
}

func TestNoWindowIsEverOverfull(t *testing.T) {
	t.Parallel()
	limits := []config.Limit{{Most: 3, Within: time.Second}, {Most: 30, Within: time.Minute}, {Most: 200, Within: time.Hour}}
	r, p := limited(t, config.DomainLimits{To: map[string][]config.Limit{"narrow.example": {{Most: 4, Within: time.Minute}}}}, limits...)
	chance := rand.New(rand.NewPCG(1, 2))
	var all, narrow []time.Time
	for range 700 {
		a := to("example.net")
		if chance.IntN(3) == 0 {
			a.To = "Narrow.example"
		}
		a.Urgent = chance.IntN(2) == 0
		if sent, _ := r.send(t, p, a); sent {
			all = append(all, r.clock.Now())
			if a.To != "example.net" {
				narrow = append(narrow, r.clock.Now())
			}
		}
		pause := time.Duration(chance.ExpFloat64() * float64(400*time.Millisecond))
		if chance.IntN(40) == 0 {
			pause = time.Duration(chance.Int64N(int64(3 * time.Minute)))
		}
		r.clock.Advance(pause)
	}
	for _, l := range limits {
		if n := most(all, l.Within); n > l.Most || l.Within < time.Hour && n < l.Most {
			t.Errorf("at most %d left in one %s, want %d", n, l.Unit(), l.Most)
		}
	}
	if n := most(narrow, time.Minute); n != 4 {
		t.Errorf("at most %d left in a minute to the narrow domain, want 4", n)
	}
}

func TestAPermitCountsFromWhenItWasUsed(t *testing.T) {
	t.Parallel()
	r, p := limited(t, config.DomainLimits{}, config.Limit{Most: 1, Within: time.Minute})
	got, _, err := p.Take(t.Context(), []postroom.Ask{to("example.net")})
	if err != nil || got[0].ID == "" {
		t.Fatal(got, err)
	}
	r.clock.Advance(4 * time.Second)
	if _, err := p.Hold(t.Context(), got[0]); err != nil {
		t.Fatal(err)
	}
	r.clock.Advance(4 * time.Second)
	p.End(t.Context(), got[0], true)
	r.clock.Advance(59 * time.Second)
	if sent, _ := r.send(t, p, to("example.net")); sent {
		t.Error("59 seconds after the first was sent another left")
	}
	r.clock.Advance(2 * time.Second)
	if sent, _ := r.send(t, p, to("example.net")); !sent {
		t.Error("the window is over and none may leave")
	}
}

func TestAPermitThatIsNotUsedIsFreeAgain(t *testing.T) {
	t.Parallel()
	r, p := limited(t, config.DomainLimits{}, config.Limit{Most: 1, Within: time.Minute})
	got, _, err := p.Take(t.Context(), []postroom.Ask{to("example.net")})
	if err != nil || got[0].ID == "" {
		t.Fatal(got, err)
	}
	p.End(t.Context(), got[0], false)
	if sent, _ := r.send(t, p, to("example.net")); !sent {
		t.Error("what was given back is not there")
	}
	// Of whoever died with a permit nobody hears again.
	r.clock.Advance(2 * time.Minute)
	if got, _, err = p.Take(t.Context(), []postroom.Ask{to("example.net")}); err != nil || got[0].ID == "" {
		t.Fatal(got, err)
	}
	r.clock.Advance(permitLease + 61*time.Second)
	if sent, _ := r.send(t, p, to("example.net")); !sent {
		t.Error("a permit that nobody used counts for ever")
	}
}

func TestConfirmationsOvertakeANewsletter(t *testing.T) {
	t.Parallel()
	r, p := limited(t, config.DomainLimits{}, config.Limit{Most: 30, Within: time.Minute})
	copies := 0
	for range 100 {
		if sent, _ := r.send(t, p, to("example.net")); sent {
			copies++
		}
	}
	if copies != 27 {
		t.Errorf("%d copies left in the first minute, want 27", copies)
	}
	for i := range 3 {
		if sent, _ := r.send(t, p, confirmation(fmt.Sprint("c", i))); !sent {
			t.Error("what is kept free of newsletters is not free")
		}
	}
	var last time.Duration
	for i := range 5 { // more than is kept free: each has a place before any copy
		sent, wait := r.send(t, p, confirmation(fmt.Sprint("d", i)))
		if sent || wait < last {
			t.Errorf("confirmation %d was sent (%t) or may leave before the one ahead of it: %s, %s", i, sent, wait, last)
		}
		last = wait
	}
	r.clock.Advance(last)
	for range 100 {
		if sent, _ := r.send(t, p, to("example.net")); sent {
			copies++
		}
	}
	for i := range 5 {
		if sent, _ := r.send(t, p, confirmation(fmt.Sprint("d", i))); !sent {
			t.Error("a copy has left in place of a confirmation that waited")
		}
	}
	if want := 27 + 30 - 3 - 5; copies != want {
		t.Errorf("%d copies have left, want %d", copies, want)
	}
}

func TestThoseThatWaitAreToldDifferentTimes(t *testing.T) {
	t.Parallel()
	r, p := limited(t, config.DomainLimits{}, config.Limit{Most: 10, Within: time.Minute})
	for i := range 10 {
		r.send(t, p, confirmation(fmt.Sprint("a", i)))
		r.clock.Advance(time.Second)
	}
	asked := make(map[time.Duration]int)
	for i := range 25 {
		_, wait := r.send(t, p, confirmation(fmt.Sprint("b", i)))
		asked[wait.Round(time.Second)]++
	}
	for wait, n := range asked {
		if n > 1 {
			t.Errorf("%d that wait are told to ask again in %s", n, wait)
		}
	}
	at, err := p.When(t.Context(), confirmation("c"), 1)
	if want := 171 * time.Second; err != nil || at.Sub(r.clock.Now()).Round(time.Second) < want-5*time.Second || at.Sub(r.clock.Now()) > want+5*time.Second {
		t.Errorf("the next is to leave in %s, %v, want about %s", at.Sub(r.clock.Now()), err, want)
	}
}

func TestWhenTheLastCopyLeavesIsKnown(t *testing.T) {
	t.Parallel()
	r, p := limited(t, config.DomainLimits{}, config.Limit{Most: 30, Within: time.Minute}, config.Limit{Most: 100, Within: time.Hour})
	ask := postroom.Ask{Server: "main", From: "example.org"}
	for n, want := range map[int]time.Duration{1: 0, 27: 0, 28: time.Minute, 81: 2 * time.Minute, 90: 3 * time.Minute, 91: time.Hour, 181: 2 * time.Hour} {
		at, err := p.When(t.Context(), ask, n)
		if got := at.Sub(r.clock.Now()); err != nil || got < want || got > want+want/500 {
			t.Errorf("%d copies are forecast to take %s, %v, want %s", n, got, err, want)
		}
	}
	// The forecast is what then happens.
	at, err := p.When(t.Context(), ask, 60)
	if err != nil {
		t.Fatal(err)
	}
	for sent := 0; sent < 60; {
		ok, wait := r.send(t, p, ask)
		if ok {
			sent++
		}
		r.clock.Advance(wait)
	}
	if off := r.clock.Now().Sub(at).Abs(); off > time.Second {
		t.Errorf("the last left %s from when it was forecast", off)
	}
}

// TestWhatWasSentCountsAfterRedisWasLost loses the Redis inside the process after
// some messages are on file as sent.
func TestWhatWasSentCountsAfterRedisWasLost(t *testing.T) {
	t.Parallel()
	r, p := limited(t, config.DomainLimits{}, config.Limit{Most: 10, Within: time.Minute})
	for i := range 8 {
		if sent, _ := r.send(t, p, confirmation(fmt.Sprint("m", i))); !sent {
			t.Fatal("not sent")
		}
		r.file(t, fmt.Sprint("m", i))
	}
	r.clock.Advance(20 * time.Second)
	r.FlushEmbedded()
	sent, wait := r.send(t, p, confirmation("n"))
	if sent || wait != permitLease {
		t.Errorf("right after the loss one was sent (%t) or waits %s, want the lease of those given before", sent, wait)
	}
	r.clock.Advance(wait)
	left := 0
	for range 10 {
		if sent, _ := r.send(t, p, confirmation("n")); sent {
			left++
		}
	}
	if left != 2 {
		t.Errorf("%d left beside the 8 that the database knows of, want 2", left)
	}
}

// file puts a message on file as sent at this moment.
func (r *room) file(t testing.TB, id string) {
	t.Helper()
	err := r.db.Write(context.Background(), func(tx *store.Tx) error {
		now := r.clock.Now()
		m := postroom.Message{ID: id, Key: id, MessageID: id + "@example.org", To: "ann@example.net", Template: "t", Locale: "en", Class: postroom.Service, Lane: postroom.Confirm, CreatedAt: now}
		if _, err := tx.AddMessage(m); err != nil {
			return err
		}
		if err := tx.StartSending(id, 1, now); err != nil {
			return err
		}
		return tx.EndSending(id, 1, postroom.Sent, "", 0, now)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestALossOfTheLastSecondIsNoticed restarts a Redis that keeps its data: its last
// second may be missing, so the logs are read anew all the same.
func TestALossOfTheLastSecondIsNoticed(t *testing.T) {
	t.Parallel()
	redis := testserver.Redis(t, testserver.AOF)
	r := newRoom(t, func(o *Options) { o.Redis, o.Clock = realRedis(t, redis), wall{} })
	p := r.Permits(PermitOptions{
		Servers: []config.SMTPServer{{Name: "main", Limits: []config.Limit{{Most: 10, Within: time.Hour}}}}, Lease: 300 * time.Millisecond,
	})
	for range 3 {
		refused := 0
		for {
			got, until, err := p.Take(t.Context(), []postroom.Ask{confirmation("x")})
			if err == nil && got[0].ID != "" {
				p.End(t.Context(), got[0], true)
				break
			}
			if err == nil {
				refused++
			}
			<-wall{}.Until(until)
		}
		if refused == 0 {
			t.Error("a permit was given at once by a Redis that may have lost the last ones")
		}
		redis.Restart()
	}
}
