package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"postroom/internal/app"
	"postroom/internal/campaign"
	"postroom/internal/postroom"
	"postroom/internal/store"
	"postroom/internal/testkit"
)

// The load of one house for ten minutes; shorter runs have their share of it.
const (
	fullLength  = 10 * time.Minute
	fullForms   = 2000
	fullLetters = 2000
	fullReaders = 10_000
	stepOneIn   = 4  // forms that promise something for later: 500 of 2,000
	againOneIn  = 10 // people who press the button twice
	refuseOneIn = 50 // people whom the mail server does not know
)

// work is what people send while the faults are on, and what became of it as
// they saw it.
type work struct {
	seed    uint64
	length  time.Duration
	forms   []*form
	letters []*post
	readers []string
	news    postroom.Campaign

	mu      sync.Mutex
	edition string // id of the newsletter, once it is started
}

// form is one person's form.
type form struct {
	name    string // of the form
	address string
	at      time.Duration // after the beginning

	mu       sync.Mutex
	sent     time.Time // first tried
	accepted time.Time // the page said yes; zero if it never did
}

// post is one person's letter.
type post struct {
	address, box, messageID string
	at                      time.Duration
	mu                      sync.Mutex
	put                     time.Time
}

// newWork makes the load that belongs to a seed and a length, so many times.
func newWork(seed uint64, times float64, length time.Duration) *work {
	w := &work{seed: seed, length: length}
	dice := rand.New(rand.NewPCG(seed, 1))
	share := func(full int) int { return max(20, int(times*float64(full)*float64(length)/float64(fullLength))) }
	name := func(n int, kind string) string {
		if dice.IntN(refuseOneIn) == 0 {
			kind = refusedName + kind
		}
		return fmt.Sprintf("%s-%d", kind, n)
	}
	for n := range share(fullForms) {
		f := &form{name: "ask", address: name(n, "form") + "@forms.example", at: moment(dice, length)}
		if n%stepOneIn == 0 {
			f.name = []string{"soon", "later"}[n/stepOneIn%2]
		}
		w.forms = append(w.forms, f)
	}
	for n := range share(fullLetters) { // of a domain each: a domain has few answers a day
		who := name(n, "letter")
		w.letters = append(w.letters, &post{address: who + fmt.Sprintf("@letters-%d.example", n), box: boxes[n%len(boxes)], messageID: fmt.Sprintf("%s.%d@letters.example", who, seed), at: moment(dice, length)})
	}
	for n := range share(fullReaders) {
		w.readers = append(w.readers, name(n, "reader")+readerHost)
	}
	return w
}

// onlyNews makes a newsletter to so many readers nearly all of the work.
func (w *work) onlyNews(readers int) {
	w.forms, w.letters = w.forms[:min(len(w.forms), 20)], w.letters[:min(len(w.letters), 20)]
	w.readers = nil
	for n := range readers {
		kind := "reader"
		if n%refuseOneIn == refuseOneIn-1 {
			kind = refusedName + kind
		}
		w.readers = append(w.readers, fmt.Sprintf("%s-%d%s", kind, n, readerHost))
	}
}

// moment is some moment of the run, but for the very beginning and the end.
func moment(dice *rand.Rand, length time.Duration) time.Duration {
	return time.Duration((0.02 + 0.9*dice.Float64()) * float64(length))
}

func (w *work) steps() (n int) {
	for _, f := range w.forms {
		if f.promises() {
			n++
		}
	}
	return n
}

// promises says whether a form has a step that falls due later.
func (f *form) promises() bool { return f.name != "ask" }

// pace is the time between two copies of the newsletter at which it lasts
// through half of the run.
func (w *work) pace() time.Duration { return w.length / 2 / time.Duration(len(w.readers)) }

func (f *form) state() (sent, accepted time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sent, f.accepted
}

func (p *post) state() (put time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.put
}

// load sends everything at its time. The channel is closed when nothing more
// is tried: whoever was not heard by a while after the end goes away.
func (h *house) load(ctx context.Context, w *work, end time.Time) <-chan struct{} {
	const patience = 30 * time.Second
	ctx, cancel := context.WithDeadline(ctx, end.Add(patience))
	begun := end.Add(-w.length)
	var all sync.WaitGroup
	client := &http.Client{
		Timeout:       15 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	for n, f := range w.forms {
		all.Go(func() {
			if at(ctx, begun.Add(f.at)) {
				h.fillIn(ctx, client, n, f)
			}
		})
	}
	for _, p := range w.letters {
		all.Go(func() {
			if at(ctx, begun.Add(p.at)) {
				h.deliver(p)
			}
		})
	}
	all.Go(func() {
		if at(ctx, begun.Add(w.length/50)) {
			h.startEdition(ctx, w)
		}
	})
	done := make(chan struct{})
	go func() {
		defer close(done)
		all.Wait()
		cancel()
	}()
	return done
}

// at waits for a moment and says whether it came.
func at(ctx context.Context, t time.Time) bool {
	select {
	case <-time.After(time.Until(t)):
		return true
	case <-ctx.Done():
		return false
	}
}

const tryAgainAfter = 500 * time.Millisecond

// fillIn opens the form and sends it, the same fields again and again, until a
// page says yes or ctx ends. Some go back then and press the button once more.
func (h *house) fillIn(ctx context.Context, client *http.Client, n int, f *form) {
	from := fmt.Sprintf("10.%d.%d.1", n>>8&255, n&255) // a person each, and a neighbourhood each, as a proxy says
	var fields url.Values
	for try := n; ctx.Err() == nil; try++ {
		if try > n && !at(ctx, time.Now().Add(tryAgainAfter)) {
			return
		}
		base := h.door(try)
		if base == "" {
			continue
		}
		if fields == nil {
			fields = open(ctx, client, base+"/f/"+f.name, from)
			if fields == nil {
				continue
			}
			fields.Set("name", "A Person")
			fields.Set("email", f.address)
			fields.Set("question", "Is the garden open on Saturday?")
		}
		if !h.send(ctx, client, base, f, fields, from) {
			continue
		}
		if n%againOneIn == 0 {
			h.send(ctx, client, base, f, fields, from) // whatever comes of it
		}
		return
	}
}

// door is the address of a process that answers pages, the next one if the one
// whose turn it is does not.
func (h *house) door(try int) string {
	var doors []*slot
	for _, s := range h.slots {
		if s.roles == "" || s.roles == "web" {
			doors = append(doors, s)
		}
	}
	for n := range doors {
		if url, _, _ := doors[(try+n)%len(doors)].look(); url != "" {
			return url
		}
	}
	return ""
}

var hiddenField = regexp.MustCompile(`type="hidden" name="([^"]*)" value="([^"]*)"`)

// open gets a form and returns its hidden fields, or nil if there was no page.
func open(ctx context.Context, client *http.Client, page, from string) url.Values {
	status, body, err := call(ctx, client, http.MethodGet, page, from, nil)
	if err != nil || status != http.StatusOK {
		return nil
	}
	fields := url.Values{}
	for _, hidden := range hiddenField.FindAllStringSubmatch(body, -1) {
		fields.Set(hidden[1], hidden[2])
	}
	return fields
}

// send posts the form once. Only "see other" is a yes.
func (h *house) send(ctx context.Context, client *http.Client, base string, f *form, fields url.Values, from string) bool {
	f.mu.Lock()
	if f.sent.IsZero() {
		f.sent = time.Now()
	}
	f.mu.Unlock()
	status, _, err := call(ctx, client, http.MethodPost, base+"/f/"+f.name, from, fields)
	if err != nil || status != http.StatusSeeOther {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.accepted = time.Now()
	return true
}

func call(ctx context.Context, client *http.Client, method, to, from string, fields url.Values) (status int, body string, err error) {
	req, err := http.NewRequestWithContext(ctx, method, to, strings.NewReader(fields.Encode()))
	if err != nil {
		return 0, "", err
	}
	req.Header.Set("X-Forwarded-For", from)
	if fields != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text), err
}

// deliver puts a letter into its mailbox as a mail server does that writes the
// Maildir itself: it lies there whole, or not at all, whether or not the IMAP
// server runs. So it is known to have been put there once.
func (h *house) deliver(p *post) {
	letter := testkit.Mail{
		From: "A Person <" + p.address + ">", To: p.box, Subject: "Opening hours", ID: p.messageID, At: time.Now(),
		Header: []string{"Return-Path: <" + p.address + ">"}, Text: "Hello,\n\nwhen are you open on Saturdays?\n\nKind regards\nA Person\n",
	}
	if err := putLetter(filepath.Join(h.imap.Folder, "mail", p.box), p.messageID, letter.Bytes()); err != nil {
		fmt.Fprintln(os.Stderr, "chaos: a letter was not put into its mailbox:", err)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.put = time.Now()
}

func putLetter(mailbox, name string, text []byte) error {
	owner, err := user.Lookup("nobody")
	if err != nil {
		return err
	}
	uid, uidErr := strconv.Atoi(owner.Uid)
	gid, gidErr := strconv.Atoi(owner.Gid)
	tmp := filepath.Join(mailbox, "tmp", name)
	err = errors.Join(uidErr, gidErr, os.WriteFile(tmp, text, 0o600))
	if err == nil {
		err = os.Chown(tmp, uid, gid)
	}
	if err != nil {
		return err
	}
	return os.Rename(tmp, filepath.Join(mailbox, "new", name))
}

const editionFile = "---\nsubject: What is on this month\n---\nThe garden opens again on **Saturday**.\n\n[See the dates](https://www.riverside.example/dates)\n"

// newsletter reads the newsletter that will be sent, and with it the programme.
func (h *house) newsletter() (postroom.Campaign, error) {
	letters, set, err := app.Load(h.cfg)
	if err != nil {
		return postroom.Campaign{}, err
	}
	return app.Newsletter(letters, set, "news.md", []byte(editionFile), "news")
}

// startEdition starts the newsletter beside the post room, as the command does,
// again and again until it is told that it is started: the same words are
// started once.
func (h *house) startEdition(ctx context.Context, w *work) {
	for try := 0; ctx.Err() == nil; try++ {
		if try > 0 && !at(ctx, time.Now().Add(tryAgainAfter)) {
			return
		}
		var filed postroom.Campaign
		err := h.withStore(ctx, func(st *store.Store) (err error) {
			filed, _, err = campaign.NewEditions(campaign.EditionOptions{Store: st, Clock: new(app.Clock)}).Start(ctx, w.news, false)
			return err
		})
		if err == nil {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.edition = filed.ID
			return
		}
	}
}
