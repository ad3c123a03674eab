package main

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"postroom/internal/testkit"
)

// What an attacker does, and what others must not notice of it.
const (
	attacksASecond = 200
	attackers      = 32 // connections
	manyVictims    = 40 // addresses that are written to besides the one
	victim         = "victim@victim.example"
	visitEvery     = 200 * time.Millisecond // of an ordinary person
)

// attack measures a flood: somebody sends 200 forms a second from ever new
// addresses of the internet, every other one with the address of one victim, while
// ordinary people send one now and then. It counts how many mails a day the victims
// are sent, how long the others wait, and what the post room keeps in memory.
func attack(t testing.TB, b *bench) {
	for _, e := range engines(t) {
		b.each(t, "attack "+e.name, func(t testing.TB) {
			sink := startChild(t, sinkRole)
			place := e.guarded(t, sink.said["smtp"])
			room := place.room(t, b.profileAt("attack_"+e.name))
			flood := &flood{url: room.said["http"]}
			took := flood.against(t, b.siege)
			db := place.sql(t)
			until(t, "everything to be done", time.Second, 10*time.Minute, func() bool { return nothingDue(t, db) })
			most, err := memory(room.pid, "VmHWM")
			if err != nil {
				t.Fatal(err)
			}
			room.stop()
			n := askSink(t, sink, http.MethodGet)
			on := count(t, db, `SELECT count(*) FROM submissions`)
			if want := int(flood.accepted.Load()) + len(took); on != want {
				t.Fatalf("%d forms were accepted and %d are on file", want, on)
			}
			if sent := count(t, db, `SELECT count(*) FROM messages WHERE state = 'sent'`); sent != n.Messages {
				t.Fatalf("%d mails arrived and %d are noted as sent", n.Messages, sent)
			}
			b.add("attack_"+e.name+"_rate", "forms/s", goal{}, float64(flood.sent.Load())/b.siege.Seconds())
			b.add("attack_"+e.name+"_mails", "mails/address", atMost(3), float64(mostTo(t, db, `NOT LIKE`)))
			b.add("attack_"+e.name+"_mails_staff", "mails/address", goal{}, float64(mostTo(t, db, `LIKE`)))
			b.add("attack_"+e.name+"_mails_all", "mails", goal{}, float64(n.Messages))
			b.add("attack_"+e.name+"_person_p50", "ms", goal{}, quantile(took, 0.50))
			b.add("attack_"+e.name+"_person_p99", "ms", atMost(250), quantile(took, 0.99))
			b.add("attack_"+e.name+"_memory", "MB", atMost(300), most)
		})
	}
}

// guarded is a site as it comes, with everything that keeps strangers in bounds.
func (e engine) guarded(t testing.TB, smtp string) *site {
	return e.siteWith(t, smtp, testkit.Setting("trusted_proxies: [127.0.0.1]"))
}

// nothingDue says whether the post room has nothing to do before tomorrow's work.
func nothingDue(t testing.TB, db *sql.DB) bool {
	return count(t, db, `SELECT count(*) FROM jobs WHERE state IN ('handed', 'running') OR (state = 'due' AND due_at <= $1)`, time.Now().UnixMicro()) == 0
}

// mostTo counts the mails that were sent to the one who got most of them: of
// strangers, or of those who work here.
func mostTo(t testing.TB, db *sql.DB, staff string) int {
	return count(t, db, `SELECT coalesce(max(n), 0) FROM (
		SELECT count(*) AS n FROM messages WHERE state = 'sent' AND address `+staff+` '%@riverside.example' GROUP BY address) AS each`)
}

// flood is one attacker. It writes HTTP by hand, as the crowd does.
type flood struct {
	url            string
	sent, accepted atomic.Int64
	hidden         map[string]string // by form
}

// against attacks for so long, and returns how long each ordinary person waited.
func (f *flood) against(t testing.TB, long time.Duration) (took []float64) {
	f.hidden = make(map[string]string)
	for _, form := range []string{"ask", "newsletter"} {
		page, err := fetch(t.Context(), http.MethodGet, f.url+"/f/"+form, nil)
		if err != nil {
			t.Fatal(err)
		}
		f.hidden[form] = hiddenFields(page).Encode()
	}
	ctx, stop := context.WithTimeout(t.Context(), long)
	defer stop()
	turns, errs := make(chan int64), make([]error, attackers)
	var all sync.WaitGroup
	for i := range attackers {
		all.Go(func() { errs[i] = f.one(ctx, turns) })
	}
	all.Go(func() { pace(ctx, turns) })
	took = f.visit(t, ctx)
	all.Wait()
	for _, err := range errs {
		if err != nil && ctx.Err() == nil {
			t.Fatalf("attack: %v", err)
		}
	}
	return took
}

// pace gives so many turns a second, and closes the turns at the end. Turns that
// nobody can take are not made up for: the attacker is as fast as its connections.
func pace(ctx context.Context, turns chan<- int64) {
	defer close(turns)
	tick := time.NewTicker(time.Second / attacksASecond)
	defer tick.Stop()
	for n := int64(0); ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		select {
		case <-ctx.Done():
			return
		case turns <- n:
		}
	}
}

// one is one connection, which is kept.
func (f *flood) one(ctx context.Context, turns <-chan int64) error {
	host := strings.TrimPrefix(f.url, "http://")
	wire, err := new(net.Dialer).DialContext(ctx, "tcp", host)
	if err != nil {
		return err
	}
	defer wire.Close()
	r := bufio.NewReader(wire)
	for n := range turns {
		if _, err := io.WriteString(wire, f.request(host, n)); err != nil {
			return err
		}
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			return err
		}
		f.sent.Add(1)
		switch resp.StatusCode {
		case http.StatusSeeOther:
			f.accepted.Add(1)
		case http.StatusTooManyRequests:
		default:
			return fmt.Errorf("a form was answered with %s", resp.Status)
		}
	}
	return nil
}

// request is the n-th of the attacker's: each from another place, with other words,
// and half of them with the address of the victim.
func (f *flood) request(host string, n int64) string {
	form, who := "ask", "x"+strconv.FormatInt(n, 10)
	address := victim
	if n%2 == 1 {
		address = fmt.Sprintf("v%d@v%d.example", n/2%manyVictims, n/2%manyVictims)
	}
	fields := askFields("x", n)
	if n%5 == 0 {
		form, fields = "newsletter", url.Values{"name": {"Ann " + who}}
	}
	fields.Set("email", address)
	body := f.hidden[form] + "&" + fields.Encode()
	return "POST /f/" + form + " HTTP/1.1\r\nHost: " + host + "\r\nContent-Type: application/x-www-form-urlencoded\r\n" +
		"X-Forwarded-For: " + from(n) + "\r\n" +
		"Content-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

// visit is ordinary people, one after the other, until the end.
func (f *flood) visit(t testing.TB, ctx context.Context) (took []float64) {
	tick := time.NewTicker(visitEvery)
	defer tick.Stop()
	for n := int64(0); ; n++ {
		select {
		case <-ctx.Done():
			return took
		case <-tick.C:
		}
		page, err := fetch(t.Context(), http.MethodGet, f.url+"/f/ask", nil)
		if err != nil {
			t.Fatal(err)
		}
		fields := hiddenFields(page)
		for key, value := range askFields("person", n) {
			fields[key] = value
		}
		begun := time.Now()
		post(t, f.url+"/f/ask", fmt.Sprintf("172.16.%d.%d", n>>8&255, n&255), fields)
		took = append(took, milliseconds(time.Since(begun)))
	}
}
