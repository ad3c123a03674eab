package queue

import (
	"cmp"
	"context"
	_ "embed" // the scripts
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"postroom/internal/config"
	"postroom/internal/postroom"
	"postroom/internal/store"
)

// A permit counts from the latest moment at which the mail server may have
// counted its message. It is given for lease: whoever has not said MAIL FROM by
// then must ask again. While a message is being sent its permit is held, a lease
// at a time, and when the answer is there it counts from then. So each window is
// full at most, whenever in between the provider counts, and whoever dies with a
// permit holds it up for a lease longer than its windows.
const (
	permitLease    = 5 * time.Second
	permitPatience = 10 * time.Second // after which a message that was told to ask again has lost its place
	permitFor      = 3 * time.Second  // one question to Redis
)

// A window is longer than its limit says by a thousandth: clocks are not set in
// steps as a rule, but run up to so much faster while they are put right. What is
// read from the database counts for a moment longer, because the clocks of the
// machines differ.
const (
	windowMargin = 1000
	clocksDiffer = time.Second
)

// keptFree says how much of a limit newsletters may not use: a tenth, and at
// least one.
func keptFree(most int) int {
	if most < 2 {
		return 0
	}
	return (most + 9) / 10
}

// PermitOptions is what permits are given by.
type PermitOptions struct {
	Servers []config.SMTPServer
	Domains config.DomainLimits
	Own     string        // domain of the organisation's own address
	Lease   time.Duration // 0 is five seconds; for tests in which a minute is short
}

// Permits give permits to send, for all processes together: their logs are in
// Redis, and Redis alone says what time it is. When Redis was lost they are filled
// anew from the database, after a lease in which nothing leaves: until then a
// permit from before may still become a message that the database does not know.
type Permits struct {
	redis    redis.UniversalClient
	embedded *miniredis.Miniredis
	trouble  func()
	store    *store.Store
	clock    postroom.Clock
	limits   PermitOptions
	alone    bool
	rules    string

	mu    sync.Mutex
	first bool   // nothing was given by this process yet
	owed  []note // that Redis did not hear
}

//go:embed lua/take.lua
var takeLua string

//go:embed lua/note.lua
var noteLua string

//go:embed lua/fill.lua
var fillLua string

//go:embed lua/look.lua
var lookLua string

// Permits returns what gives permits by these limits, or nil if there is no
// limit at all. It works also where Run does not.
func (q *Queue) Permits(o PermitOptions) *Permits {
	limited := len(o.Domains.From) > 0 || len(o.Domains.To) > 0
	for _, s := range o.Servers {
		limited = limited || len(s.Limits) > 0
	}
	if !limited {
		return nil
	}
	if o.Lease == 0 {
		o.Lease = permitLease
	}
	return &Permits{
		redis: q.control, embedded: q.embedded, trouble: func() { nudge(q.trouble) }, store: q.store, clock: q.clock,
		limits: o, alone: q.alone, rules: o.rules(), first: true,
	}
}

// rules names the limits, so that a process which begins with others is noticed:
// a log reaches back only as far as it had to.
func (o PermitOptions) rules() string {
	h := fnv.New64a()
	for _, s := range o.Servers {
		_, _ = fmt.Fprintf(h, "%q %v\n", s.Name, s.Limits)
	}
	_, _ = fmt.Fprintf(h, "%v %v", o.Domains.From, o.Domains.To) // maps are written in order
	return strconv.FormatUint(h.Sum64(), 36)
}

// lifeKey is where the life of Redis is known that the logs belong to. All keys
// have one tag, so that a cluster keeps them together.
const lifeKey = "postroom:{permits}:life"

// subject is a mail server or a domain with limits.
type subject struct {
	name   string // such as server:main or to:example.org
	limits []config.Limit
}

func (s subject) log() string { return "postroom:{permits}:" + s.name }

func (s subject) keys() []string { return []string{s.log(), s.log() + ":urgent", s.log() + ":other"} }

// subjects lists what an ask counts against. An ask without a reader's domain
// counts against no reader's domain.
func (p *Permits) subjects(a postroom.Ask) (list []subject) {
	if i := slices.IndexFunc(p.limits.Servers, func(s config.SMTPServer) bool { return s.Name == a.Server }); i >= 0 {
		list = append(list, subject{"server:" + a.Server, p.limits.Servers[i].Limits})
	}
	for _, d := range []struct {
		side, domain string
		limits       map[string][]config.Limit
	}{{"from:", a.From, p.limits.Domains.From}, {"to:", a.To, p.limits.Domains.To}} {
		name := strings.ToLower(d.domain)
		limits, named := d.limits[name]
		if !named {
			limits = d.limits[config.EachOther]
		}
		if name != "" {
			list = append(list, subject{d.side + name, limits})
		}
	}
	return slices.DeleteFunc(list, func(s subject) bool { return len(s.limits) == 0 })
}

// long is how long a message counts against a limit.
func long(l config.Limit) time.Duration { return l.Within + l.Within/windowMargin }

// longest is for how long anything counts.
func (p *Permits) longest() (d time.Duration) {
	note := func(limits []config.Limit) {
		for _, l := range limits {
			d = max(d, long(l))
		}
	}
	for _, s := range p.limits.Servers {
		note(s.Limits)
	}
	for _, by := range []map[string][]config.Limit{p.limits.Domains.From, p.limits.Domains.To} {
		for _, limits := range by {
			note(limits)
		}
	}
	return d
}

// keep is for how many milliseconds a log is kept that nothing is added to.
func (p *Permits) keep() int64 { return (p.longest() + p.limits.Lease + time.Minute).Milliseconds() }

// plan is what take.lua is told.
type plan struct {
	Embedded bool         `json:"embedded"`
	First    bool         `json:"first"`
	Rules    string       `json:"rules"`
	Rest     int64        `json:"rest"` // how long nothing leaves after Redis was lost
	Lease    int64        `json:"lease"`
	Patience int64        `json:"patience"`
	Keep     int64        `json:"keep"`
	Subjects [][][3]int64 `json:"subjects"` // windows: how many, how many of them kept free, how long
	Asks     []planned    `json:"asks"`
}

type planned struct {
	ID      string `json:"id"`
	Message string `json:"message"`
	Urgent  bool   `json:"urgent"`
	On      []int  `json:"on"` // subjects, counted from 1
}

// Take asks for a permit for each message, in this order. Those that got none
// have no ID, and ask again at until. An error says that Redis or the database
// could not be asked.
func (p *Permits) Take(ctx context.Context, asks []postroom.Ask) (permits []postroom.Permit, until time.Time, err error) {
	if err := p.settleOwed(ctx); err != nil {
		return nil, until, err
	}
	void := time.Now().Add(p.limits.Lease) // from before Redis is asked
	plan, keys := p.plan(asks)
	delays, rest, err := p.ask(ctx, plan, keys)
	permits = make([]postroom.Permit, len(asks))
	if err != nil || rest > 0 {
		return permits, p.clock.Now().Add(rest), err
	}
	var least time.Duration
	for i, d := range delays {
		switch {
		case d == 0:
			permits[i] = postroom.Permit{ID: plan.Asks[i].ID, Ask: asks[i], Until: void}
		case least == 0 || d < least:
			least = d
		}
	}
	return permits, p.clock.Now().Add(least), nil
}

func (p *Permits) plan(asks []postroom.Ask) (plan, []string) {
	pl := plan{
		Embedded: p.embedded != nil, First: p.isFirst(), Rules: p.rules, Rest: p.rest().Microseconds(), Lease: p.limits.Lease.Microseconds(),
		Patience: permitPatience.Microseconds(), Keep: p.keep(), Subjects: [][][3]int64{},
	}
	keys, known := []string{lifeKey}, make(map[string]int)
	call := uuid.NewString()
	for i, a := range asks {
		ask := planned{ID: call + "/" + strconv.Itoa(i), Message: a.Message, Urgent: a.Urgent, On: []int{}}
		for _, s := range p.subjects(a) {
			if known[s.name] == 0 {
				keys, pl.Subjects = append(keys, s.keys()...), append(pl.Subjects, s.windows())
				known[s.name] = len(pl.Subjects)
			}
			ask.On = append(ask.On, known[s.name])
		}
		pl.Asks = append(pl.Asks, ask)
	}
	return pl, keys
}

func (s subject) windows() (list [][3]int64) {
	for _, l := range s.limits {
		list = append(list, [3]int64{int64(l.Most), int64(keptFree(l.Most)), long(l).Microseconds()})
	}
	return list
}

func (p *Permits) isFirst() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.first
}

// rest is how long nothing leaves after Redis was lost. Nobody else can hold a
// permit of a process that is alone, and that has been given none itself.
func (p *Permits) rest() time.Duration {
	if p.alone && p.isFirst() {
		return 0
	}
	return p.limits.Lease
}

// ask runs take.lua, and fills the logs first if they have to be. It returns how
// long each ask waits, or for how long nothing leaves at all.
func (p *Permits) ask(ctx context.Context, pl plan, keys []string) (delays []time.Duration, rest time.Duration, err error) {
	written, err := json.Marshal(pl)
	if err != nil {
		return nil, 0, fmt.Errorf("write plan of permits: %w", err)
	}
	for range 2 {
		answer, err := p.run(ctx, takeLua, keys, string(written)).StringSlice()
		switch {
		case err != nil:
			return nil, 0, err
		case len(answer) < 2:
			return nil, 0, fmt.Errorf("take permits: redis answered %q", answer)
		case answer[0] == "ok":
			p.mu.Lock()
			p.first = false
			p.mu.Unlock()
			delays, err = micros(answer[1:])
			return delays, 0, err
		case answer[0] == "cold":
			rests, err := micros(answer[1:])
			if err != nil {
				return nil, 0, err
			}
			return nil, rests[0], nil
		}
		if err := p.fill(ctx, answer[1]); err != nil {
			return nil, 0, err
		}
	}
	return nil, p.limits.Lease, nil // lost again meanwhile
}

func micros(written []string) (list []time.Duration, err error) {
	for _, w := range written {
		n, err := strconv.ParseInt(w, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("read how long to wait for a permit: %w", err)
		}
		list = append(list, time.Duration(n)*time.Microsecond)
	}
	return list, nil
}

// run runs a script. The Redis inside this process goes by the clock of the post
// room, which a test moves.
func (p *Permits) run(ctx context.Context, script string, keys []string, args ...any) *redis.Cmd {
	ctx, cancel := context.WithTimeout(ctx, permitFor)
	defer cancel()
	if p.embedded != nil {
		p.embedded.SetTime(p.clock.Now())
	}
	cmd := redis.NewScript(script).Run(ctx, p.redis, keys, args...)
	if err := cmd.Err(); err != nil && !errors.Is(err, context.Canceled) {
		p.trouble()
	}
	return cmd
}

// fill fills the logs from what the database knows was sent. What is being sent
// counts on for a lease, and who sends it says when it is over.
func (p *Permits) fill(ctx context.Context, since string) error {
	now := p.clock.Now()
	sent, err := p.store.Read(ctx).SentSince(now.Add(-p.longest() - clocksDiffer))
	if err != nil {
		return fmt.Errorf("read what was sent: %w", err)
	}
	logs := make(map[string][][2]any)
	for _, m := range sent {
		age := -p.limits.Lease
		if !m.Ended.IsZero() {
			age = now.Sub(m.Ended) - clocksDiffer
		}
		for _, s := range p.anyServer(m) {
			logs[s.log()] = append(logs[s.log()], [2]any{m.ID, age.Microseconds()})
		}
	}
	keys, args := []string{lifeKey}, []any{since, p.keep()}
	for key, log := range logs {
		written, err := json.Marshal(log)
		if err != nil {
			return fmt.Errorf("write log of permits: %w", err)
		}
		keys, args = append(keys, key), append(args, string(written))
	}
	if err := p.run(ctx, fillLua, keys, args...).Err(); err != nil {
		return fmt.Errorf("fill logs of permits: %w", err)
	}
	return nil
}

// anyServer lists what a message that was sent counts against. The database does
// not say by which server it left, so it counts against each that may have had it.
func (p *Permits) anyServer(m store.Sent) (list []subject) {
	ask := postroom.Ask{From: cmp.Or(m.From, p.limits.Own), To: m.To}
	for _, s := range p.limits.Servers {
		ask.Server = s.Name
		list = append(list, p.subjects(ask)...)
	}
	if len(list) == 0 {
		list = p.subjects(ask)
	}
	slices.SortFunc(list, func(a, b subject) int { return strings.Compare(a.name, b.name) })
	return slices.CompactFunc(list, func(a, b subject) bool { return a.name == b.name })
}

// note is something that Redis did not hear of yet.
type note struct {
	permit postroom.Permit
	used   bool
	at     time.Time
}

// Hold lets a permit count on while its message is being sent. It returns until
// when it does.
func (p *Permits) Hold(ctx context.Context, permit postroom.Permit) (time.Time, error) {
	until := time.Now().Add(p.limits.Lease)
	return until, p.note(ctx, permit, "held", p.limits.Lease)
}

// End says that a message was sent or not, at this moment, or that its permit was
// not used at all. It never fails: what Redis does not hear now it hears before
// this process gets another permit.
func (p *Permits) End(ctx context.Context, permit postroom.Permit, used bool) {
	n := note{permit, used, time.Now()}
	if err := p.settle(ctx, n); err != nil {
		p.mu.Lock()
		p.owed = append(p.owed, n)
		p.mu.Unlock()
	}
}

func (p *Permits) settle(ctx context.Context, n note) error {
	word := "back"
	if n.used {
		word = "used"
	}
	return p.note(ctx, n.permit, word, time.Since(n.at))
}

func (p *Permits) settleOwed(ctx context.Context) error {
	p.mu.Lock()
	owed := p.owed
	p.owed = nil
	p.mu.Unlock()
	for i, n := range owed {
		if err := p.settle(ctx, n); err != nil {
			p.mu.Lock()
			p.owed = append(p.owed, owed[i:]...)
			p.mu.Unlock()
			return err
		}
	}
	return nil
}

func (p *Permits) note(ctx context.Context, permit postroom.Permit, word string, d time.Duration) error {
	var keys []string
	for _, s := range p.subjects(permit.Ask) {
		keys = append(keys, s.log())
	}
	if len(keys) == 0 {
		return nil
	}
	err := p.run(ctx, noteLua, keys, word, permit.ID, permit.Ask.Message, d.Microseconds(), p.keep()).Err()
	if err != nil {
		return fmt.Errorf("note that a permit is %s: %w", word, err)
	}
	return nil
}
