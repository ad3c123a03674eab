package desk

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"postroom/internal/campaign"
	"postroom/internal/store"
)

// A page asks anew when a stream ends. One lasts less than what a process waits for
// pages when it is stopped.
const (
	liveFor  = 8 * time.Second
	liveEach = 2 * time.Second
)

// accounts keeps the accounts of editions for as long as pages ask for them no
// sooner: all copies are counted for one, and many may look on.
type accounts struct {
	mu   sync.Mutex
	last map[string]keptAccount
}

type keptAccount struct {
	campaign.Account
	at time.Time
}

// of returns the account of an edition, as it was a moment ago at the earliest.
func (k *accounts) of(read store.Reader, id string) (campaign.Account, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	if kept, ok := k.last[id]; ok && now.Sub(kept.at) < liveEach/2 {
		return kept.Account, nil
	}
	a, err := campaign.AccountOf(read, id)
	if err != nil {
		return a, err
	}
	maps.DeleteFunc(k.last, func(_ string, kept keptAccount) bool { return now.Sub(kept.at) > time.Minute })
	if k.last == nil {
		k.last = make(map[string]keptAccount)
	}
	k.last[id] = keptAccount{a, now}
	return a, nil
}

// liveNewsletter tells a page how an edition stands, as it changes (HTML, 9.2:
// server-sent events), until it has come to its end. Without JavaScript the page is
// loaded again instead.
func (d *Desk) liveNewsletter(w http.ResponseWriter, r *request) error {
	m, err := d.edition(r, false)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would keep it until it is full
	fmt.Fprint(w, "retry: 1000\n\n")
	stream, last := http.NewResponseController(w), ""
	tick := time.NewTicker(liveEach)
	defer tick.Stop()
	for until := time.After(liveFor); ; {
		a, err := d.accounts.of(r.read(d), m.ID)
		if err != nil {
			return nil //nolint:nilerr // the page was begun: it asks again, and is told then
		}
		is := d.live(r.Context(), a)
		var b bytes.Buffer
		if err := d.pages.ExecutePart(&b, english, "newsletter.html", "news-live", is); err != nil {
			d.Log.ErrorContext(r.Context(), "live page failed", "err", err)
			return nil
		}
		if text := b.String(); text != last {
			last = text
			fmt.Fprintf(w, "data: %s\n\n", strings.ReplaceAll(strings.TrimSpace(text), "\n", "\ndata: "))
		}
		if !is.Moves {
			fmt.Fprint(w, "event: end\ndata:\n\n")
		}
		if err := stream.Flush(); err != nil || !is.Moves {
			return nil //nolint:nilerr // the reader went away
		}
		select {
		case <-r.Context().Done():
			return nil
		case <-until:
			return nil
		case <-tick.C:
		}
	}
}
