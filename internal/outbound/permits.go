package outbound

import (
	"context"
	"strings"
	"sync"
	"time"

	"postroom/internal/postroom"
)

// Permits say how many messages may leave in a second, a minute, an hour and a
// day: providers shut out whoever sends more. All processes share them. A nil
// Permits sets no limit.
type Permits interface {
	// Take asks for a permit for each message, in this order, and says which got
	// one. Those that got none ask again at until. A permit that was given and
	// not used within seconds is void, and lost for its window: that errs on the
	// side of the provider.
	Take(ctx context.Context, asks []Ask) (granted []bool, until time.Time, err error)
}

// Ask is what counts against a limit when one message leaves.
type Ask = postroom.Ask

// Limiter gives permits, for all processes together.
type Limiter interface {
	// Take returns a permit for each ask, without ID where there is none before
	// until.
	Take(ctx context.Context, asks []Ask) (permits []postroom.Permit, until time.Time, err error)
	// Hold lets a permit count on while its message is being sent, and says until
	// when it does.
	Hold(ctx context.Context, p postroom.Permit) (until time.Time, err error)
	// End says that the message of a permit was sent or not, at this moment, or
	// that the permit was not used.
	End(ctx context.Context, p postroom.Permit, used bool)
	// When says when the last of n such messages would leave, asked for from now on.
	When(ctx context.Context, a Ask, n int) (time.Time, error)
}

// permits are what this process was given and has not used yet. Those for the
// same server and domains are as good as each other.
type permits struct {
	limiter Limiter

	mu    sync.Mutex
	given map[counted][]postroom.Permit
}

// counted is what a permit is good for.
type counted struct{ server, from, to string }

func countedFor(a Ask) counted {
	return counted{a.Server, strings.ToLower(a.From), strings.ToLower(a.To)}
}

// NewPermits returns the permits of one process.
func NewPermits(l Limiter) Permits {
	return &permits{limiter: l, given: make(map[counted][]postroom.Permit)}
}

// Take asks for permits and keeps those that were given until they are used.
func (p *permits) Take(ctx context.Context, asks []Ask) ([]bool, time.Time, error) {
	got, until, err := p.limiter.Take(ctx, asks)
	granted := make([]bool, len(asks))
	if err != nil {
		return granted, until, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, permit := range got {
		if granted[i] = permit.ID != ""; granted[i] {
			k := countedFor(permit.Ask)
			p.given[k] = append(p.given[k], permit)
		}
	}
	return granted, until, nil
}

// pick takes one out of those that were given and are not void. It takes the
// youngest, and forgets the void ones, which leaves nothing behind of a domain.
func (p *permits) pick(a Ask) (postroom.Permit, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := countedFor(a)
	list := p.given[k]
	defer func() {
		if len(p.given[k]) == 0 {
			delete(p.given, k)
		}
	}()
	if len(list) == 0 {
		return postroom.Permit{}, false
	}
	last := list[len(list)-1]
	if !time.Now().Before(last.Until) {
		p.given[k] = nil
		return postroom.Permit{}, false
	}
	p.given[k] = list[:len(list)-1]
	return last, true
}

// giveBack gives back a permit for a message that does not leave after all.
func (p *permits) giveBack(ctx context.Context, a Ask) {
	if permit, ok := p.pick(a); ok {
		p.limiter.End(context.WithoutCancel(ctx), permit, false)
	}
}

// use returns a permit that is good now: one that was given, or, if there is none
// or it came too late, a new one.
func (p *permits) use(ctx context.Context, a Ask) (*inUse, time.Time, error) {
	permit, ok := p.pick(a)
	if !ok {
		granted, until, err := p.Take(ctx, []Ask{a})
		if err != nil || !granted[0] {
			return nil, until, err
		}
		if permit, ok = p.pick(a); !ok {
			return nil, time.Time{}, nil // it took longer to get than it is good for
		}
	}
	u := &inUse{limiter: p.limiter, permit: permit, until: permit.Until}
	u.renewIn(time.Until(permit.Until) / 2)
	return u, time.Time{}, nil
}

// inUse is the permit of a message that is being sent. It counts on, however long
// that takes.
type inUse struct {
	limiter Limiter

	mu     sync.Mutex
	permit postroom.Permit
	until  time.Time
	timer  *time.Timer
	ended  bool
}

func (u *inUse) renewIn(d time.Duration) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.ended {
		u.timer = time.AfterFunc(d, u.renew)
	}
}

func (u *inUse) renew() {
	u.mu.Lock()
	if u.ended {
		u.mu.Unlock()
		return
	}
	until, err := u.limiter.Hold(context.Background(), u.permit)
	if err == nil {
		u.until = until
	}
	again := max(time.Until(u.until)/2, 100*time.Millisecond)
	u.mu.Unlock()
	u.renewIn(again)
}

// good says whether MAIL FROM may be said now. A nil one needs no permit.
func (u *inUse) good() bool {
	if u == nil {
		return true
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return time.Now().Before(u.until)
}

// end lets the permit count from now.
func (u *inUse) end(ctx context.Context) {
	if u == nil {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.ended = true
	u.timer.Stop()
	u.limiter.End(context.WithoutCancel(ctx), u.permit, true)
}

// noPermitRest is how long a message waits when nobody could say when it may leave.
const noPermitRest = 5 * time.Second

// ask is what a message counts against that leaves by the server of a name.
func (o *Outbox) ask(server string, m postroom.Message) Ask {
	a := Ask{Server: server, From: domain(o.sender(m)), To: domain(m.To), Message: m.ID}
	a.Urgent = m.Lane == postroom.Urgent || m.Lane == postroom.Confirm
	if m.Campaign != "" {
		a.Message = "" // its part waits, and asks for all of it
	}
	return a
}

// permitted asks for a permit for the message that a job delivers, and returns the
// ask if it was given. If not, the road says when to ask again.
func (o *Outbox) permitted(ctx context.Context, r road, job postroom.Job) (road, *Ask) {
	if o.permits == nil || r.away != nil {
		return r, nil
	}
	m, err := o.store.Read(ctx).Message(job.Subject)
	if err != nil {
		return r, nil // begin finds the same, and says so
	}
	a := o.ask(r.s.Name, m)
	granted, until, err := o.permits.Take(ctx, []Ask{a})
	if err == nil && granted[0] {
		return r, &a
	}
	if err != nil {
		o.log.WarnContext(ctx, "no permit can be had", "message", m.ID, "err", err)
		until = o.clock.Now().Add(noPermitRest)
	}
	r.away = &absence{until: until, why: ReasonNoPermit}
	return r, nil
}

// unused gives back what permitted returned for a message that stays.
func (o *Outbox) unused(ctx context.Context, a *Ask) {
	if p, ok := o.permits.(*permits); ok && a != nil {
		p.giveBack(ctx, *a)
	}
}

// permit returns the permit by which a message is sent now, or, as a failure, that
// there is none. It is the last look, for every message there is: whoever asked
// before and was given one finds it here.
func (o *Outbox) permit(ctx context.Context, s *server, m postroom.Message) (*inUse, *failure) {
	p, ok := o.permits.(*permits)
	if !ok {
		return nil, nil
	}
	u, until, err := p.use(ctx, o.ask(s.Name, m))
	switch {
	case u != nil:
		return u, nil
	case err != nil || until.IsZero():
		return nil, &failure{at: mailFrom, text: ReasonNoPermit, until: o.clock.Now().Add(noPermitRest)}
	}
	return nil, &failure{at: mailFrom, text: ReasonNoPermit, until: until}
}

// When says when the last of n copies of a newsletter would leave, given what has
// left and what waits; nothing is known of their readers' domains. Without limits
// that is now.
func (o *Outbox) When(ctx context.Context, n int) (time.Time, error) {
	p, ok := o.permits.(*permits)
	servers := o.route()
	if !ok || len(servers) == 0 {
		return o.clock.Now(), nil
	}
	return p.limiter.When(ctx, Ask{Server: servers[0].Name, From: domain(o.org.From.Address)}, n)
}
