package web

import (
	"cmp"
	"container/list"
	"math"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"postroom/internal/postroom"
)

// limiter says how often one client may send something. It remembers the
// clients it saw last and forgets the others, so that nobody can fill the
// memory; who is forgotten starts afresh. What a client is known by is its network,
// or the token that a program shows.
type limiter[K comparable] struct {
	clock postroom.Clock
	every rate.Limit
	burst int

	mu      sync.Mutex
	clients map[K]*list.Element
	order   *list.List // the one seen last in front
}

type limited[K comparable] struct {
	client K
	bucket *rate.Limiter
}

// PostsPerMinute is how many forms one client address may send where nothing else
// is said.
const PostsPerMinute = 30

const mostClients = 10_000

func newLimiter[K comparable](clock postroom.Clock, perMinute int) *limiter[K] {
	if perMinute == 0 {
		perMinute = PostsPerMinute
	}
	l := &limiter[K]{clock: clock, clients: make(map[K]*list.Element), order: list.New()}
	l.every, l.burst = rate.Limit(float64(perMinute)/60), perMinute
	if perMinute < 0 {
		l.every = rate.Inf
	}
	return l
}

// allow counts one more of client and returns nil, or the error that says how
// long to wait.
func (l *limiter[K]) allow(client K) error {
	now := l.clock.Now()
	reservation := l.bucket(client).ReserveN(now, 1)
	wait := reservation.DelayFrom(now)
	if wait == 0 {
		return nil
	}
	reservation.CancelAt(now)
	return &tooSoon{wait: wait}
}

func (l *limiter[K]) bucket(client K) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e, ok := l.clients[client]; ok {
		l.order.MoveToFront(e)
		return e.Value.(*limited[K]).bucket
	}
	if l.order.Len() >= mostClients {
		last := l.order.Remove(l.order.Back()).(*limited[K])
		delete(l.clients, last.client)
	}
	fresh := &limited[K]{client, rate.NewLimiter(l.every, l.burst)}
	l.clients[client] = l.order.PushFront(fresh)
	return fresh.bucket
}

// tooSoon is the error of a client that has to wait.
type tooSoon struct {
	wait time.Duration
	say  string // key of what they are told; "" is what visitors are
}

func (e *tooSoon) Error() string { return "too many posts; wait " + e.wait.String() }

// Unwrap makes KindOf say TooMany.
func (e *tooSoon) Unwrap() error {
	return &postroom.Error{Kind: postroom.TooMany, Say: postroom.Say(cmp.Or(e.say, "page.error.too_many.text"))}
}

func (e *tooSoon) seconds() string { return strconv.Itoa(int(math.Ceil(e.wait.Seconds()))) }

// client says who sent a request, as far as limits go: an IPv4 address, or
// the /64 that one IPv6 household has.
func (s *Server) client(r *http.Request) netip.Prefix {
	addr := Visitor(s.TrustedProxies)(r)
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	prefix, err := addr.WithZone("").Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}

// Visitor returns what says who sent a request. X-Forwarded-For is read from the
// right, as far as our own proxies wrote it; what stands left of that is hearsay.
func Visitor(proxies []netip.Prefix) func(*http.Request) netip.Addr {
	ours := func(addr netip.Addr) bool {
		return slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(addr) })
	}
	return func(r *http.Request) netip.Addr {
		addr := remote(r)
		hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		for i := len(hops) - 1; i >= 0 && ours(addr); i-- {
			hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
			if err != nil {
				break
			}
			addr = hop.Unmap()
		}
		return addr
	}
}

// remote is the address of whoever opened the connection.
func remote(r *http.Request) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap()
}
