package web

import (
	"container/list"
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"postroom/internal/postroom"
	"postroom/internal/programme"
)

// trap is the name of an input that people do not see and programs fill in.
const trap = "fax_number"

// believable is the age below which nobody has read a form and typed into it. Alone
// it tells little: browsers fill in short forms at a touch.
const believable = 2 * time.Second

// signs are what looks automatic about the way a form was sent. What looks so in
// the answers is intake's to see. None of it refuses anything: who is wronged by
// a rule waits for a person, and who wrote the rule hears of it.
func (s *Server) signs(r *http.Request, a attempt) (found []postroom.Sign) {
	if r.PostForm.Get(trap) != "" {
		found = append(found, postroom.SignTrap)
	}
	switch age := s.Clock.Now().Sub(a.ticket.made); {
	case a.ticket.made.IsZero():
		found = append(found, postroom.SignNoTicket)
	case age < believable:
		found = append(found, postroom.SignFast)
	}
	return append(found, s.guard.signs(s.client(r), a.form, a.answers, s.Clock.Now())...)
}

// orSurging is what a page says about itself: what is wrong, or else that a person
// looks first, because so much comes in by the form.
func (s *Server) orSurging(r *http.Request, a attempt, why *notice) *notice {
	if why != nil {
		return why
	}
	surging, err := s.Intake.Surging(r.Context(), a.form.Name)
	if err != nil {
		s.note(r, err)
	}
	if !surging {
		return nil
	}
	return &notice{Title: a.voice.Say("form.surge.title"), Say: a.voice.Say("form.surge.text")}
}

// guard sees what one entry alone does not show: that very many come from one part
// of the internet, or that many send the same text. It knows what came to this
// process, forgets what is older than an hour or too much, and keeps neither
// addresses nor texts but their hashes.
type guard struct {
	crowds *limiter[netip.Prefix]

	mu    sync.Mutex
	salt  string
	texts map[[16]byte]*list.Element
	order *list.List // the one seen last in front
}

// echo is one text and who sent it.
type echo struct {
	text  [16]byte
	since time.Time
	from  map[netip.Prefix]bool
}

const (
	postsOfACrowd = 120 // a minute, from one part of the internet
	longText      = 40  // letters from which on two people do not write the same
	manySenders   = 6   // of the same text, after which it is an echo
	echoLasts     = time.Hour
	mostTexts     = 5_000
)

// newGuard returns a guard. Where one visitor may send without limit, so may many.
func newGuard(clock postroom.Clock, perVisitor int) *guard {
	crowd := postsOfACrowd
	if perVisitor < 0 {
		crowd = perVisitor
	}
	return &guard{crowds: newLimiter[netip.Prefix](clock, crowd), salt: rand.Text(), texts: make(map[[16]byte]*list.Element), order: list.New()}
}

func (g *guard) signs(client netip.Prefix, form *programme.Form, answers postroom.Answers, now time.Time) (found []postroom.Sign) {
	if g.crowds.allow(neighbourhood(client)) != nil {
		found = append(found, postroom.SignCrowd)
	}
	if text := longest(form, answers); len([]rune(text)) >= longText && g.echoes(text, client, now) {
		found = append(found, postroom.SignEcho)
	}
	return found
}

// neighbourhood is the part of the internet that one customer of a provider can
// have: 256 IPv4 addresses, or a /48.
func neighbourhood(client netip.Prefix) netip.Prefix {
	bits := 24
	if client.Addr().Is6() {
		bits = 48
	}
	wide, err := client.Addr().Prefix(bits)
	if err != nil {
		return client
	}
	return wide
}

// longest is the longest thing that somebody wrote in their own words.
func longest(form *programme.Form, answers postroom.Answers) (text string) {
	for name, values := range answers {
		f, known := form.Field(name)
		if !known || len(f.Options) > 0 {
			continue
		}
		if said := strings.Join(values, " "); len(said) > len(text) {
			text = said
		}
	}
	return strings.Join(strings.Fields(strings.ToLower(text)), " ")
}

// echoes notes that a client sent a text, and says whether many others have.
func (g *guard) echoes(text string, client netip.Prefix, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	e := g.echo(text, now)
	if len(e.from) < manySenders {
		e.from[client] = true
	}
	return len(e.from) >= manySenders
}

func (g *guard) echo(text string, now time.Time) *echo {
	sum := sha256.Sum256([]byte(g.salt + text))
	key := [16]byte(sum[:16])
	if found, ok := g.texts[key]; ok {
		g.order.MoveToFront(found)
		e := found.Value.(*echo)
		if now.Sub(e.since) > echoLasts {
			e.since, e.from = now, make(map[netip.Prefix]bool)
		}
		return e
	}
	if g.order.Len() >= mostTexts {
		last := g.order.Remove(g.order.Back()).(*echo)
		delete(g.texts, last.text)
	}
	fresh := &echo{text: key, since: now, from: make(map[netip.Prefix]bool)}
	g.texts[key] = g.order.PushFront(fresh)
	return fresh
}
